"""Where models are, how they are loaded, on what they compute, and how long they stay.

Shared by every part that has weights. `checkpoints` and `folder` need only the
standard library, so that Blender's side can list what is here; torch is imported
by `devices`, `loading` and `keeper` when a model is really needed.
"""
