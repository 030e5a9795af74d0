"""How each region of a clip moves in itself: its speed, and the moments at which it strikes.

A finder's tracks tell where a thing is, a few times a second and smoothed. Sounds need more: when
a foot is set down, and how fast a ball is between two boxes. This room looks at every picture of
the clip again, at the clip's own times, in the regions that a finder has found.

`measuring` makes a `core.scene.Motion` of each region; `flow` measures what moves in the regions
between two pictures, `camera` what the camera does, `windows` says which pixels are whose, and
`impacts` finds blows and steps in what was measured.
"""

from .measuring import MEASURED, motions_of

__all__ = ["MEASURED", "motions_of"]
