"""What the ground tells about distance: the horizon, and where a thing touches the ground.

A level camera at eye height sees a point of flat ground at the depth
``eye height * focal length / (y - horizon)`` (Hoiem, Efros and Hebert, "Putting
objects in perspective", IJCV 80, 2008). A thing of one size that comes nearer
tells where the horizon is: its lower edge moves away from the horizon in
proportion to its height in the picture.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Metres from the ground to the camera.
EYE_HEIGHT = 1.6
#: Standard deviation of the horizon's place in picture heights: taken from the picture's
#: middle (people rarely hold a camera quite level), and found from things that come nearer.
HORIZON_GUESSED = 0.06
HORIZON_FOUND = 0.015
#: A found horizon farther than this from the picture's middle, in picture heights, is a mistake.
FARTHEST_HORIZON = 0.3
#: A thing that is so many times as high as usual, or as low, is seen wrongly.
UNUSUAL = 1.5
#: A box whose edge is this near the picture's edge, in picture heights, is cut off there.
CUT_MARGIN = 0.012


def cut_edges(boxes: Values, size: tuple[int, int]) -> tuple[Flags, Flags, Flags]:
    """Which boxes the picture's edges cut off.

    Returns
    -------
    (below, above, aside) : three (T,) bool arrays
        At the picture's lower edge, its upper edge, its left or right edge.
    """
    margin = CUT_MARGIN * size[1]
    below = boxes[:, 3] >= size[1] - margin
    above = boxes[:, 1] <= margin
    aside = (boxes[:, 0] <= margin) | (boxes[:, 2] >= size[0] - margin)
    return below, above, aside


def find_horizon(
    tracks: Iterable[tuple[Values, Values, float | None]], size: tuple[int, int]
) -> tuple[float, float]:
    """Where the horizon is, from things that stand on the ground and come nearer or go.

    Parameters
    ----------
    tracks : iterable of ((T, 4) boxes, (T,) presence, height or None)
        Of things that stand on the ground, with their usual height in metres where they
        have one: what passes behind something shrinks too, but not as its size would.
    size : (int, int)
        Width and height of the picture.

    Returns
    -------
    (y, deviation)
        Pixels; the picture's middle where nothing tells better.
    """
    middle, height = size[1] / 2, size[1]
    found: list[float] = []
    for boxes, presence, usual in tracks:
        below, above, _ = cut_edges(boxes, size)
        rows = boxes[(presence > 0.5) & ~below & ~above]
        tall = rows[:, 3] - rows[:, 1]
        if len(rows) < 8 or np.percentile(tall, 95) < 1.3 * np.percentile(tall, 5):
            continue
        slope, foot = np.polyfit(tall, rows[:, 3], 1)
        rest = float(np.std(rows[:, 3] - slope * tall - foot))
        # The slope is the eye height in heights of the thing: that must be its usual height,
        # or between knee height and four metres where that is not known.
        low, high = (0.4, 4.0) if usual is None else (usual / UNUSUAL, usual * UNUSUAL)
        plausible = EYE_HEIGHT / high < slope < EYE_HEIGHT / low
        farthest = FARTHEST_HORIZON if usual is not None else 2.5 * HORIZON_GUESSED
        if plausible and rest < 0.015 * height and abs(foot - middle) < farthest * height:
            found.append(float(foot))
    if not found:
        return middle, HORIZON_GUESSED * height
    return float(np.median(found)), HORIZON_FOUND * height


def contact_depth(bottom: Values, horizon: float, focal: float) -> Values:
    """Depth along the optical axis at which flat ground is seen at these heights of the picture.

    Parameters
    ----------
    bottom : (T,) array
        Pixels from the picture's upper edge.
    horizon, focal : float
        Pixels.

    Returns
    -------
    (T,) array
        Metres; infinite at and above the horizon.
    """
    under = bottom - horizon
    with np.errstate(divide="ignore"):
        return np.where(under > 0.0, EYE_HEIGHT * focal / np.maximum(under, 1e-9), np.inf)
