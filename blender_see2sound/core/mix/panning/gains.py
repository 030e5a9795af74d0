"""How much of a sound each channel carries: points, spread sources and sound from all around.

A point is panned as by ITU-R BS.2127's polar point-source panner (`core.mix.panning.regions`):
where loudspeakers surround it, the velocity vector points exactly at it, and power
does not depend on direction. Nearness and spread are ways of leaving the point for
all directions, both of them smooth.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..layouts.layout import Layout
from .ambisonics import harmonics
from .regions import surrounding, unit_vectors

Array = NDArray[np.float64]

#: Closer than this, in metres, a source begins to surround the listener, so that one that
#: passes through the head crosses over instead of jumping from one side to the other.
NEAR = 0.5

#: A layout without upper loudspeakers spreads over the horizontal ring. From this elevation, in
#: degrees, up to the zenith a source leaves its arc for all of it.
_KEPT_ELEVATION = 30.0

#: Degrees over which the share of a direction falls at the end of a spread, and the least
#: spread to either side, so that it holds some directions always.
_EDGE, _NARROWEST = 10.0, 10.0


def _directions(positions: Array) -> tuple[Array, Array]:
    """Unit vectors (N, 3) and how near the listener (N,): 1 in the head, 0 from `NEAR` on."""
    distances = np.linalg.norm(positions, axis=1)
    there = (distances > 1e-9)[:, None]
    safe = np.where(there, distances[:, None], 1.0)
    directions = np.where(there, positions / safe, [0.0, 1.0, 0.0])
    return directions, np.maximum(1.0 - distances / NEAR, 0.0)


def _folded(gains: Array, layout: Layout) -> Array:
    """Fold the loudspeakers of a narrow layout into its main channels.

    Power is kept, except that what lies behind ends 3 dB lower, as in a fold-down of 5.0
    (ITU-R BS.2127-1, 6.1.2.4).
    """
    if layout.fold is None:
        return gains
    behind = np.array([abs(azimuth) > 90.0 for azimuth, _ in layout.loudspeakers])
    front = gains[:, ~behind].max(axis=1, keepdims=True)
    rear = gains[:, behind].max(axis=1, keepdims=True)
    lowered = 0.5 ** (0.5 * rear / (front + rear))
    return _unit_power(gains @ np.asarray(layout.fold).T) * lowered


def _unit_power(gains: Array) -> Array:
    return gains / np.linalg.norm(gains, axis=1, keepdims=True)


def point_gains(positions: Array, layout: Layout) -> Array:
    """Gains of a point source.

    Parameters
    ----------
    positions : (N, 3) array
        Metres, listener's frame.

    Returns
    -------
    (N, M) array
        A gain per main channel, never negative. Their squares sum to 1; in mono and stereo
        to as little as 1/2 behind the listener. In ambisonics the harmonics.
    """
    directions, near = _directions(positions)
    if layout.coding == "ambisonics":
        gains = harmonics(directions, layout.order)
        gains[:, 1:] *= (1.0 - near)[:, None]
        return gains
    gains = surrounding(layout.loudspeakers).gains(directions)
    if near.any():
        everywhere = near[:, None] / np.sqrt(gains.shape[1])
        gains = _unit_power((1.0 - near)[:, None] * gains + everywhere)
    return _folded(gains, layout)


@cache
def _around(layout: Layout) -> tuple[Array, Array, Array]:
    """The directions (Q, 3) that spread sound comes from, their weights (Q,) and powers (Q, M).

    The whole sphere where there are upper loudspeakers, else the horizontal ring. Weights sum
    to 1.
    """
    high = any(elevation > 0.0 for _, elevation in layout.loudspeakers)
    step = 4.0 if high else 0.5
    elevations = np.arange(-90.0 + step / 2.0, 90.0, step) if high else np.zeros(1)
    azimuths = np.arange(-180.0 + step / 2.0, 180.0, step)
    columns, rows = (grid.ravel() for grid in np.meshgrid(azimuths, elevations))
    directions = unit_vectors(columns, rows)
    weights = np.cos(np.radians(rows))
    weights /= weights.sum()
    powers = point_gains(directions, layout) ** 2
    return directions, weights, powers


def diffuse_gains(layout: Layout) -> Array:
    """Gains (M,) of what many points all around come to: softer where a layout folds them."""
    _, weights, powers = _around(layout)
    return np.sqrt(weights @ powers)


def ring_gains(layout: Layout) -> Array:
    """Gains (M,) of a bed: from all around alike, decorrelated between channels, power 1."""
    return _unit_power(diffuse_gains(layout)[None])[0]


def spread_gains(positions: Array, spread: float, layout: Layout) -> Array:
    """Gains of the spread share of a source: power averaged over the directions around its own.

    The channels of this share carry decorrelated copies of the sound (see
    `core.mix.panning.decorrelation`), so that powers, not amplitudes, add.

    Parameters
    ----------
    positions : (N, 3) array
    spread : float
        0 to 1: it reaches ``180 x spread`` degrees to either side.

    Returns
    -------
    (N, M) array
        Their squares sum to what those of `point_gains` do, so that spread leaves the level.
    """
    own = np.linalg.norm(point_gains(positions, layout), axis=1, keepdims=True)
    middle, left = _directions(positions)
    around, weights, powers = _around(layout)
    if not around[:, 2].any():
        tilt = np.degrees(np.arcsin(np.abs(middle[:, 2])))
        left = np.maximum(left, np.maximum(tilt / _KEPT_ELEVATION - 1.0, 0.0) / 2.0)
        middle = unit_vectors(np.degrees(np.arctan2(-middle[:, 0], middle[:, 1])))
    half = max(180.0 * spread, _NARROWEST)
    angles = np.degrees(np.arccos(np.clip(middle @ around.T, -1.0, 1.0)))
    share = np.clip((half - angles) / _EDGE + 0.5, 0.0, 1.0) * weights
    arc = share @ powers / np.sum(share, axis=1, keepdims=True)
    wide = (1.0 - left)[:, None] * arc + left[:, None] * (weights @ powers)
    return own * _unit_power(np.sqrt(wide))


def spread_share(spread: float) -> float:
    """The share of a source's power, 0 to 1, that its spread takes from the point."""
    return float(np.sin(0.5 * np.pi * spread) ** 2)
