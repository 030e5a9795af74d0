"""How level falls with distance: as the pressure of a point source does, by 1/d.

A sound is as loud as its file at `REFERENCE_DISTANCE`, twice (6 dB) at half of it,
and no louder than at `NEAREST`. The same law in a room sets the level of the
reflections, so that the direct-to-reverberant ratio falls as distance grows.
An ambience has no distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Metres at which a sound has the level of its file. The middle of what film shows: nearer
#: things are lifted above a bed of the same level, farther ones sink below it.
REFERENCE_DISTANCE = 3.0

#: Metres below which level grows no more: +9.5 dB at most. Blender's speakers do the same
#: with their default "Distance Reference" of 1.
NEAREST = 1.0


def distance_gain(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gain of direct sound at distances in metres."""
    return REFERENCE_DISTANCE / np.maximum(distances, NEAREST)
