"""Sources become samples of all channels, batch by batch.

`lane` one source on its way; `renderer` all of them at once; `memory` kept for the next batch.
"""
