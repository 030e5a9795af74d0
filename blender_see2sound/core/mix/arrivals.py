"""How sound arrives at the listener, and the filters that play it on a layout.

The one description that every layout is fed from: each arrival has a direction,
a delay and a gain, and either stands alone (a point: direct sound, a
reflection) or is spread over an arc and decorrelated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..sounds.protocol import SAMPLE_RATE
from . import decorrelation
from .layouts import Layout
from .panning import point_gains, ring_gains, spread_gains, spread_share

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
    """

    positions: Array
    delays: Array
    gains: Array


def point_filters(arrivals: Arrivals, layout: Layout, length: int) -> NDArray[np.float32]:
    """Filters (M, length), a row per main channel, that play arrivals, each from its direction."""
    filters = np.zeros((len(layout.mains), length))
    taps = LATENCY + np.rint(arrivals.delays * SAMPLE_RATE).astype(int)
    heard = taps < length
    gains = point_gains(arrivals.positions, layout) * arrivals.gains[:, None]
    for row, column in zip(filters, gains.T, strict=True):
        row += np.bincount(taps[heard], column[heard], length)
    return filters.astype(np.float32)


def spread_filters(
    position: Array, gain: float, spread: float, layout: Layout, length: int
) -> NDArray[np.float32]:
    """Filters (M, length) that play the spread share of a sound around its direction (3,)."""
    gains = spread_gains(position[None], spread, layout)[0]
    return _decorrelated(gain * np.sqrt(spread_share(spread)) * gains, length)


def bed_filters(layout: Layout, length: int) -> NDArray[np.float32]:
    """Filters (M, length) that play a sound from all around at its own level."""
    return _decorrelated(ring_gains(layout), length)


def _decorrelated(gains: Array, length: int) -> NDArray[np.float32]:
    filters = np.zeros((len(gains), length), np.float32)
    start = LATENCY - decorrelation.CENTRE
    copies = decorrelation.decorrelators(len(gains))
    filters[:, start : start + decorrelation.LENGTH] = copies * gains[:, None].astype(np.float32)
    return filters
