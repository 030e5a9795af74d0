"""From a region's boxes and distances to its smooth positions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..regions.protocol import Region
from ..scene import Vector
from .pinhole import directions
from .smooth import smooth_track

#: Standard deviation in time, seconds: of the place in the picture, which is well known, and
#: of the distance, which is not.
PLACE_SECONDS = 0.12
DISTANCE_SECONDS = 0.4


def positions_of(
    region: Region,
    distances: NDArray[np.float64],
    horizontal_fov: float,
    size: tuple[int, int],
) -> tuple[Vector, ...]:
    """Positions of a region at its times.

    Azimuth and elevation are exactly those of the smoothed centre of its boxes, the
    distance is the smoothed one. A region with an azimuth of its own stands there, at
    elevation 0.

    Parameters
    ----------
    region : Region
    distances : (T,) array
        Metres along the line of sight, above 0.
    horizontal_fov : float
        Degrees.
    size : (int, int)
        Width and height of the picture in pixels.

    Returns
    -------
    tuple of T (x, y, z)
        Metres in the listener's frame.
    """
    if region.azimuth is not None:
        # Not in the picture: level with the listener, at its distance.
        angle = np.radians(region.azimuth)
        return tuple(
            (float(-np.sin(angle) * d), float(np.cos(angle) * d), 0.0)
            for d in np.asarray(distances, float)
        )
    boxes = np.asarray(region.boxes, float)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    centres = smooth_track(region.times, centres, region.presence, PLACE_SECONDS)
    logs = np.log(np.asarray(distances, float))[:, None]
    metres = np.exp(smooth_track(region.times, logs, region.presence, DISTANCE_SECONDS))
    positions = directions(centres, size, horizontal_fov) * metres
    return tuple((float(x), float(y), float(z)) for x, y, z in positions)
