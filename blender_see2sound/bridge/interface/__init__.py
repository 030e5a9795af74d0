"""What the panels show.

`view` prepares it, `watch` looks a few times a second whether it is still true, `handlers` hear
from Blender what has changed.
"""
