"""The finders with models: each a segmentation model, and how it is asked.

`sam2` follows masks through the clip with its memory (`sam2_memory`): `slots` says what is
followed, `resting` holds the rest; `sam` looks at each picture alone. Both are asked for
everything by `prompts`. `panoptic` models know names: `segments` reads their answers.
"""
