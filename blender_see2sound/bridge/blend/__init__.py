"""Blender's data as such, with nothing of See2Sound in it.

`versions` what differs between Blenders; `dna` what only Blender's memory tells; `files` where
files go beside the .blend; `found` data again after a pause.
"""
