"""Keyframes in bulk.

`actions` layered actions and their curves; `curves` matrices over many frames from keyframes
alone; `knots` only those that straight lines between the others do not tell.
"""
