"""The sequencer's strips.

`strips` what part of which media a strip shows, as data for the worker; `timing` which picture
when; `mix_strip` the strip that plays the mix.
"""
