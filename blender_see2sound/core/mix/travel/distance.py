"""How level falls with distance: as the pressure of a point source does, by 1/d.

A sound is as loud as its file at `REFERENCE_DISTANCE`, twice (6 dB) at half of it,
and no louder than at `NEAREST`. The same law in a room sets the level of the
reflections, so that the direct-to-reverberant ratio falls as distance grows.
An ambience has no distance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .air import Air

#: Metres at which a sound has the level of its file. The middle of what film shows: nearer
#: things are lifted above a bed of the same level, farther ones sink below it.
REFERENCE_DISTANCE = 3.0

#: Metres below which level grows no more: +9.5 dB at most. Blender's speakers do the same
#: with their default "Distance Reference" of 1.
NEAREST = 1.0


def distance_gain(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """The gain of direct sound at distances in metres."""
    return REFERENCE_DISTANCE / np.maximum(distances, NEAREST)


def metres_of_air(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres of air that colour direct sound: those beyond where it sounds as its file does."""
    return np.maximum(distances - REFERENCE_DISTANCE, 0.0)


@dataclass(frozen=True)
class Travel:
    """What its way does to a sound, besides making it softer.

    Attributes
    ----------
    air : Air or None
        None absorbs nothing.
    propagation : bool
        Whether sound takes its time, with Doppler; by default it is in time with the picture.
    """

    air: Air | None = field(default_factory=Air)
    propagation: bool = False
