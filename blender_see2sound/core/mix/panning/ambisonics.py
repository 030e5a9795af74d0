"""Ambisonics: spherical harmonics of a direction, in AmbiX's order (ACN) and scale (SN3D).

Nachbar et al. (2011), "AmbiX: a suggested Ambisonics format". Its axes are front, left
and up; the first channel is the sound itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def harmonics(directions: Array, order: int) -> Array:
    """Harmonics (N, (order + 1)²) of unit vectors (N, 3) in x right, y forward, z up.

    Parameters
    ----------
    directions : (N, 3) array
    order : int
        1 to 3.
    """
    x, y, z = directions[:, 1], -directions[:, 0], directions[:, 2]
    degrees = [
        [np.ones_like(x)],
        [y, z, x],
        [
            3**0.5 * x * y,
            3**0.5 * y * z,
            0.5 * (3.0 * z**2 - 1.0),
            3**0.5 * x * z,
            0.75**0.5 * (x**2 - y**2),
        ],
        [
            0.625**0.5 * y * (3.0 * x**2 - y**2),
            15**0.5 * x * y * z,
            0.375**0.5 * y * (5.0 * z**2 - 1.0),
            0.5 * z * (5.0 * z**2 - 3.0),
            0.375**0.5 * x * (5.0 * z**2 - 1.0),
            3.75**0.5 * z * (x**2 - y**2),
            0.625**0.5 * x * (x**2 - 3.0 * y**2),
        ],
    ]
    return np.stack([values for degree in degrees[: order + 1] for values in degree], axis=1)
