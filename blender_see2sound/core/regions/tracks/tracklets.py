"""What is known of one thing in one stretch of a shot, however its pixels were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..outline import Mask


@dataclass
class Tracklet:
    """One thing in one stretch.

    Attributes
    ----------
    shot : int
        Number of the shot.
    times : (T,) float array
    boxes : (T, 4) float array
        x0 y0 x1 y1, pixels at analysis size.
    areas : (T,) float array
        Pixels that belong to it.
    speeds : (T,) float array
        Relative to the background, pixels a second.
    colours : (256,) float array
        Histogram of `look.bins_of`, adding up to 1.
    velocity_in, velocity_out : (2,) float array
        Relative to the background, pixels a second, at its begin and end.
    mean : (3,) float array
        Mean 8-bit Lab.
    texture : float
        Mean gradient of L (0 to 1).
    flicker : float
        Mean temporal standard deviation of grey values (0 to 1) where it is.
    unsteady : float
        How little of its outline is kept from frame to frame, its motion removed, 0 to 1.
    """

    shot: int
    times: NDArray[np.float64]
    boxes: NDArray[np.float64]
    areas: NDArray[np.float64]
    speeds: NDArray[np.float64]
    colours: NDArray[np.float64]
    velocity_in: NDArray[np.float64]
    velocity_out: NDArray[np.float64]
    mean: NDArray[np.float64]
    texture: float
    flicker: float
    unsteady: float


def kept_of(before: Mask, after: Mask) -> float:
    """Intersection over union of two outlines, the first moved onto the second."""
    away = np.round(centre(after) - centre(before)).astype(int)
    shift = np.array([[1, 0, away[0]], [0, 1, away[1]]], np.float64)
    h, w = before.shape
    onto = cv2.warpAffine(before.astype(np.uint8), shift, (w, h), flags=cv2.INTER_NEAREST) > 0
    either = np.count_nonzero(onto | after)
    return float(np.count_nonzero(onto & after)) / max(either, 1)


def centre(mask: NDArray[Any]) -> NDArray[np.float64]:
    """The middle of what is set, x and y; NaN where nothing is."""
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    if moments["m00"] == 0:
        return np.full(2, np.nan)
    return np.array([moments["m10"], moments["m01"]]) / moments["m00"]
