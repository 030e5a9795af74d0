"""Which loudspeakers carry a sound from a direction, and how much of it.

Pair-wise amplitude panning on the horizontal ring of loudspeakers (vector base
amplitude panning; Pulkki 1997), the same that the polar point-source panner of
ITU-R BS.2127 does there: the velocity vector points exactly at the source and
power does not depend on direction. Height, nearness and spread are ways of
leaving the pair for the whole ring, all of them smooth.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .layouts import Layout

Array = NDArray[np.float64]

#: Closer than this, in metres, a source begins to surround the listener, so that one that
#: passes through the head crosses over instead of jumping from one side to the other.
NEAR = 0.5

#: Up to this elevation, in degrees, a direction keeps its pair; above, as in BS.2127 for a
#: layout without upper loudspeakers, the zenith (all of them alike) takes over.
KEPT_ELEVATION = 30.0


@cache
def _pairs(ring: tuple[float, ...]) -> tuple[Array, NDArray[np.intp], Array]:
    """The ring cut into pairs: where each begins, its two loudspeakers, its inverse base."""
    azimuths = np.mod(np.asarray(ring), 360.0)
    order = np.argsort(azimuths)
    speakers = np.stack([order, np.roll(order, -1)], axis=1)
    bases = unit_vectors(azimuths)[speakers]  # (pairs, 2 loudspeakers, xy)
    return azimuths[order], speakers, np.linalg.inv(np.swapaxes(bases, 1, 2))


def unit_vectors(azimuths: Array | float) -> Array:
    """Horizontal unit vectors (..., 2) in x right, y forward of azimuths in degrees."""
    radians = np.radians(azimuths)
    return np.stack([-np.sin(radians), np.cos(radians)], axis=-1)


def _on_ring(horizontal: Array, ring: tuple[float, ...]) -> Array:
    """Amplitudes (N, R) whose weighted loudspeaker vectors sum to unit vectors (N, 2)."""
    begins, speakers, inverse = _pairs(ring)
    azimuths = np.mod(np.degrees(np.arctan2(-horizontal[:, 0], horizontal[:, 1])), 360.0)
    pair = (np.searchsorted(begins, azimuths, side="right") - 1) % len(begins)
    two = np.einsum("nij,nj->ni", inverse[pair], horizontal)
    gains = np.zeros((len(horizontal), len(ring)))
    np.put_along_axis(gains, speakers[pair], np.maximum(two, 0.0), axis=1)
    return gains


def _unit_power(gains: Array) -> Array:
    return gains / np.sqrt(np.sum(gains**2, axis=1, keepdims=True))


def _folded(gains: Array, layout: Layout) -> Array:
    """Fold the ring of a narrow layout into its main channels.

    Power is kept, except that what lies behind ends 3 dB lower, as in a fold-down of 5.0
    (ITU-R BS.2127-1, 6.1.2.4).
    """
    if layout.fold is None:
        return gains
    behind = np.abs(np.asarray(layout.ring)) > 90.0
    front = gains[:, ~behind].max(axis=1, keepdims=True)
    rear = gains[:, behind].max(axis=1, keepdims=True)
    lowered = 0.5 ** (0.5 * rear / (front + rear))
    return _unit_power(gains @ np.asarray(layout.fold).T) * lowered


def _leaving(positions: Array, ring: tuple[float, ...]) -> tuple[Array, Array]:
    """Unit-power gains (N, R) on the ring and how far each left its pair for all of it (N,)."""
    distance = np.linalg.norm(positions, axis=1)
    rho = np.hypot(positions[:, 0], positions[:, 1])
    count = len(ring)
    ahead = np.array([0.0, 1.0])
    safe = np.where(rho > 0.0, rho, 1.0)
    horizontal = np.where(rho[:, None] > 0.0, positions[:, :2] / safe[:, None], ahead)
    pair = _on_ring(horizontal, ring)
    # The triangle of the pair, raised to the kept elevation, and the zenith.
    tilt = np.arctan2(np.abs(positions[:, 2]), rho)
    kept = np.radians(KEPT_ELEVATION)
    lift = np.where(tilt > kept, np.cos(tilt) / np.cos(kept), 1.0)
    zenith = np.where(tilt > kept, np.sin(tilt) - np.sin(kept) * lift * pair.sum(axis=1), 0.0)
    zenith = np.maximum(zenith, 0.0)
    gains = _unit_power(lift[:, None] * pair + zenith[:, None] / np.sqrt(count))
    near = np.maximum(1.0 - distance / NEAR, 0.0)
    gains = _unit_power((1.0 - near)[:, None] * gains + near[:, None] / np.sqrt(count))
    left = zenith**2 / (zenith**2 + np.sum((lift[:, None] * pair) ** 2, axis=1))
    return gains, np.maximum(left, near)


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
        to as little as 1/2 behind the listener.
    """
    gains, _ = _leaving(positions, layout.ring)
    return _folded(gains, layout)


@cache
def _power_so_far(layout: Layout) -> Array:
    """Power of each main channel (721, M), summed over azimuth from -360 to 360 degrees."""
    azimuths = np.arange(-360.0, 360.0) + 0.5
    power = _folded(_unit_power(_on_ring(unit_vectors(azimuths), layout.ring)), layout) ** 2
    return np.concatenate([np.zeros((1, power.shape[1])), np.cumsum(power, axis=0)])


def ring_gains(layout: Layout) -> Array:
    """Gains (M,) of sound that comes from all around alike, decorrelated between channels."""
    so_far = _power_so_far(layout)
    return np.sqrt((so_far[360] - so_far[0]) / 360.0)


def spread_gains(positions: Array, spread: float, layout: Layout) -> Array:
    """Gains of the spread share of a source: power averaged over an arc around its azimuth.

    The channels of this share carry decorrelated copies of the sound (see
    `core.mix.decorrelation`), so that powers, not amplitudes, add.

    Parameters
    ----------
    positions : (N, 3) array
    spread : float
        0 to 1: the arc reaches ``180 x spread`` degrees to either side.

    Returns
    -------
    (N, M) array
    """
    _, left = _leaving(positions, layout.ring)
    half = max(180.0 * spread, 1.0)
    azimuth = np.degrees(np.arctan2(-positions[:, 0], positions[:, 1]))
    so_far = _power_so_far(layout)
    steps = np.arange(-360.0, 361.0)
    arc = np.stack(
        [
            np.interp(azimuth + half, steps, column) - np.interp(azimuth - half, steps, column)
            for column in so_far.T
        ],
        axis=1,
    ) / (2.0 * half)
    power = (1.0 - left)[:, None] * arc + left[:, None] * ring_gains(layout) ** 2
    return np.sqrt(power)


def spread_share(spread: float) -> float:
    """The share of a source's power, 0 to 1, that its spread takes from the point."""
    return float(np.sin(0.5 * np.pi * spread) ** 2)
