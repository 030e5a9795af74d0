"""A strip's speakers, as the document keeps them.

`document` which collection belongs to which strip, and what is in it; `record` what the steps
made of a speaker and what a person changed since; `selection` which strip and speaker a person
is at; `monitor` whether the speakers or the mix are heard.
"""
