"""How sound arrives at the listener, and the filters that play it on a layout.

The one description that every layout is fed from: each arrival has a direction,
a delay and a gain, and either stands alone (a point: direct sound, a
reflection) or is spread over an arc and decorrelated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..sounds.protocol import SAMPLE_RATE
from . import decorrelation
from .convolution import STEP, Spectra, spectra_of
from .layouts import Layout
from .panning import point_gains

Array = NDArray[np.float64]

#: Samples by which every filter is late, so that it may begin before the sound does: filters
#: with a delay of their own (decorrelation, the LFE's low-pass) stay in time with the rest.
LATENCY = 3072


@dataclass(frozen=True)
class Arrivals:
    """Points that sound reaches the listener from.

    Attributes
    ----------
    positions : (N, 3) array
        Their directions from the listener, in metres (a mirror image's own place).
    delays : (N,) array
        Seconds after the direct sound, at least 0.
    gains : (N,) array
    moments : (N,) array of int
        Which moment of a moving source they belong to, from 0.
    """

    positions: Array
    delays: Array
    gains: Array
    moments: NDArray[np.intp]


def point_filters(arrivals: Arrivals, moments: int, layout: Layout) -> NDArray[np.float32]:
    """Filters (moments, M, STEP) that play arrivals, each from its own direction.

    A row per main channel; delays are rounded to samples, and what would come after a step
    is left out.
    """
    mains = len(layout.mains)
    taps = LATENCY + np.rint(arrivals.delays * SAMPLE_RATE).astype(np.intp)
    gains = point_gains(arrivals.positions, layout) * arrivals.gains[:, None]
    rows = arrivals.moments[:, None] * mains + np.arange(mains)
    used = (gains > 0.0) & (taps < STEP)[:, None]
    places = (rows * STEP + taps[:, None])[used]
    filters = np.bincount(places, gains[used], moments * mains * STEP)
    return filters.astype(np.float32).reshape(moments, mains, STEP)


@cache
def decorrelated(layout: Layout) -> Spectra:
    """Transforms (M, F) of the filters that give each main channel its own copy of a sound."""
    copies = decorrelation.decorrelators(len(layout.mains))
    filters = np.zeros((len(copies), STEP), np.float32)
    start = LATENCY - decorrelation.BEGIN
    filters[:, start : start + decorrelation.LENGTH] = copies
    return spectra_of(filters)
