"""Blender's data and windows as such.

`versions` what differs between Blenders; `dna` what only Blender's memory tells; `files` where
files go beside the .blend; `found` data again after a pause; `windows` what they show and do.
"""
