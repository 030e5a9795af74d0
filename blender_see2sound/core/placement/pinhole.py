"""The pinhole camera: pixels to directions and back, exact for a horizontal field of view.

The listener's frame: x right, y forward (the optical axis), z up. Pixels are
continuous: (0, 0) is the picture's upper left corner, (width, height) its lower
right one, and square. Azimuth is positive to the left, elevation positive up
(Recommendation ITU-R BS.2051), both in degrees.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vectors = NDArray[np.float64]


def focal_length(width: float, horizontal_fov: float) -> float:
    """Focal length in pixels of a camera that sees `horizontal_fov` degrees over `width` pixels."""
    return width / 2 / math.tan(math.radians(horizontal_fov) / 2)


def directions(pixels: ArrayLike, size: tuple[int, int], horizontal_fov: float) -> Vectors:
    """Unit vectors along the lines of sight of pixels.

    Parameters
    ----------
    pixels : (..., 2) array
        x to the right, y downwards.
    size : (int, int)
        Width and height of the picture in pixels.
    horizontal_fov : float
        Degrees, above 0, below 180.

    Returns
    -------
    (..., 3) array
        In the listener's frame.
    """
    rays = rays_of(pixels, size, horizontal_fov)
    return np.asarray(rays / np.linalg.norm(rays, axis=-1, keepdims=True))


def rays_of(pixels: ArrayLike, size: tuple[int, int], horizontal_fov: float) -> Vectors:
    """Vectors along the lines of sight that reach one metre forward; as `directions` else."""
    xy = np.asarray(pixels, float)
    focal = focal_length(size[0], horizontal_fov)
    across = (xy[..., 0] - size[0] / 2) / focal
    up = (size[1] / 2 - xy[..., 1]) / focal
    return np.stack([across, np.ones_like(across), up], axis=-1)


def pixels_of(positions: ArrayLike, size: tuple[int, int], horizontal_fov: float) -> Vectors:
    """Where positions in front of the camera are seen.

    Parameters
    ----------
    positions : (..., 3) array
        In the listener's frame, y above 0; the length does not matter.

    Returns
    -------
    (..., 2) array
        Pixels; outside the picture where it does not show the position.
    """
    x, y, z = np.moveaxis(np.asarray(positions, float), -1, 0)
    focal = focal_length(size[0], horizontal_fov)
    return np.stack([size[0] / 2 + focal * x / y, size[1] / 2 - focal * z / y], axis=-1)


def angles_of(positions: ArrayLike) -> tuple[Vectors, Vectors]:
    """Azimuth (-180 to 180) and elevation (-90 to 90) of (..., 3) positions, in degrees."""
    x, y, z = np.moveaxis(np.asarray(positions, float), -1, 0)
    return np.degrees(np.arctan2(-x, y)), np.degrees(np.arctan2(z, np.hypot(x, y)))
