"""What flat ground and a camera above it tell: the row at which a height at a distance is seen.

What stands on the ground is seen from the eye's height; where its foot and its
head are seen tells its distance, its height and the camera's tilt together
(Hoiem, Efros and Hebert, "Putting objects in perspective", IJCV 80, 2008). The
camera may be tilted but not rolled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

#: Metres from the ground to the camera, and the standard deviation of its logarithm.
EYE_HEIGHT = 1.6
EYE_SPREAD = 0.2
#: Degrees by which a camera is tilted, standard deviation: people rarely hold one quite level.
TILT_SPREAD = 3.0
#: Lines of sight farther than this from the optical axis are none, radians.
STEEPEST = 1.4
#: A box is cut off where its edge is nearer to the picture's than the first, and whole where
#: it is farther than the second; in picture heights.
CUT_MARGIN = (0.008, 0.03)


def wholeness(boxes: Values, size: tuple[int, int]) -> tuple[Values, Values, Values]:
    """How surely the picture's edges do not cut boxes off.

    Returns
    -------
    (below, above, aside) : three (T,) arrays
        At the picture's lower edge, its upper edge, its left or right edge: 0 where it does,
        1 where it does not, smooth between.
    """
    low, high = (margin * size[1] for margin in CUT_MARGIN)

    def smooth(gap: Values) -> Values:
        share = np.clip((gap - low) / (high - low), 0.0, 1.0)
        return share * share * (3.0 - 2.0 * share)

    below = smooth(size[1] - boxes[:, 3])
    above = smooth(boxes[:, 1])
    aside = smooth(np.minimum(boxes[:, 0], size[0] - boxes[:, 2]))
    return below, above, aside


def row_of(
    distance: Values, height: Values, tilt: float, size: tuple[int, int], focal: float
) -> tuple[Values, Values, Values, Values]:
    """Where in the picture a height above the camera is seen, and how that changes.

    Parameters
    ----------
    distance : (T,) array
        Logarithm of the metres, level, from the camera.
    height : (T,) array
        Metres above the camera.
    tilt : float
        Radians by which the camera looks down.
    size : (int, int)
        Width and height of the picture.
    focal : float
        Pixels.

    Returns
    -------
    (rows, by_distance, by_height, by_tilt) : four (T,) arrays
        Pixels from the picture's upper edge, and their derivatives by `distance`, `height`
        and `tilt`.
    """
    level = np.exp(distance)
    up = np.clip(np.arctan2(height, level) + tilt, -STEEPEST, STEEPEST)
    tangent = np.tan(up)
    per_angle = -focal * (1.0 + tangent**2)
    turn = level / (level**2 + height**2)
    return (
        size[1] / 2 - focal * tangent,
        -per_angle * turn * height,
        per_angle * turn,
        per_angle,
    )


def depth_of(
    distance: Values, rows: Values, tilt: float, size: tuple[int, int], focal: float
) -> Values:
    """Metres along the optical axis of what is seen in these rows at these log distances."""
    up = np.arctan((size[1] / 2 - rows) / focal) - tilt
    up = np.clip(up, -STEEPEST, STEEPEST)
    return np.exp(distance) * (np.cos(tilt) - np.tan(up) * np.sin(tilt))
