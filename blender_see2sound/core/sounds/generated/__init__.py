"""Sounds that pipelines of `diffusers` generate from words: one maker per family of models.

What they share is here too: a pipeline that is loaded (`loaded`), the words that a model is told
(`wording`), batches (`generating`), takes in the order of how well they fit (`ranking`), and the
maker around these (`maker`). No module imports torch before it works.
"""
