"""The spherical head.

The exact series of Duda and Martens (1998), "Range dependence of the response of a
spherical head model", Journal of the Acoustical Society of America 104, ears at 90
degrees to the sides; the delay that is taken out is that of the wave's front (Woodworth).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ..panning.gains import NEAR
from ..travel.distance import REFERENCE_DISTANCE
from ..travel.propagation import SPEED_OF_SOUND
from .head import COMPARED, Array, Head, Responses, frequencies

#: Metres.
HEAD_RADIUS = 0.0875


def sphere_responses(angles: Array, at: Array) -> Responses:
    """Pressure at a point of a rigid sphere relative to that in its middle without it.

    Parameters
    ----------
    angles : (D,) array
        Between point and source as seen from the middle, radians.
    at : (F,) array
        Frequencies, Hz, above 0.

    Returns
    -------
    (D, F) array
        For a source at `distance.REFERENCE_DISTANCE`.
    """
    from scipy.special import eval_legendre, spherical_jn, spherical_yn

    reach = REFERENCE_DISTANCE / HEAD_RADIUS
    size = 2.0 * np.pi * at * HEAD_RADIUS / SPEED_OF_SOUND
    orders = np.arange(int(size.max()) + 30)
    column = orders[:, None]
    with np.errstate(invalid="ignore", over="ignore"):
        arriving = spherical_jn(column, size * reach) - 1j * spherical_yn(column, size * reach)
        slope = spherical_jn(column, size, True) - 1j * spherical_yn(column, size, True)
        terms = (2.0 * column + 1.0) * arriving / slope
    # High orders at low frequencies overflow, where there is nothing left of them.
    terms[~np.isfinite(terms)] = 0.0
    series = eval_legendre(orders, np.cos(angles)[:, None]) @ terms
    responses: Responses = -reach / size * np.exp(1j * size * reach) * series
    return responses


@cache
def sphere_head() -> Head:
    """The spherical head."""
    angles = np.radians(np.arange(181.0))
    front = np.where(angles < np.pi / 2, -np.cos(angles), angles - np.pi / 2)
    delays = HEAD_RADIUS / SPEED_OF_SOUND * front * SAMPLE_RATE

    def without_delays(at: Array) -> Responses:
        early = np.exp(2j * np.pi * at * delays[:, None] / SAMPLE_RATE)
        return sphere_responses(angles, at) * early

    def locate(positions: Array) -> tuple[NDArray[np.intp], Array]:
        # Near the middle both ears come to hear the same.
        right = positions[:, 0] / np.maximum(np.linalg.norm(positions, axis=1), NEAR)
        place = np.degrees(np.arccos(np.clip(np.stack([-right, right], axis=1), -1.0, 1.0)))
        below = np.minimum(place.astype(np.intp), 179)
        share = place - below
        return np.stack([below, below + 1], axis=2), np.stack([1.0 - share, share], axis=2)

    return Head(without_delays(COMPARED), without_delays(frequencies()), delays, locate)
