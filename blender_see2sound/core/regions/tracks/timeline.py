"""When the pictures were and how the camera moved, and how things move against the background."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .camera import inverse

#: A thing's path is smoothed over so many frames before its speed is taken.
SMOOTH = 5
#: Its velocity at either end is the median over so many frames: what goes behind
#: something seems to slow down at last.
END = 10


@dataclass
class Timeline:
    """Frames in the order of time, as the camera saw them.

    Attributes
    ----------
    times : (N,) float array
        Seconds.
    to_shot : (N, 3, 3) float array
        From a frame's pixels to those of its shot's first frame.
    """

    times: NDArray[np.float64]
    to_shot: NDArray[np.float64]


def motion_of(
    timeline: Timeline, there: list[int], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Velocity relative to the background in each frame, (T, 2) pixels a second.

    Parameters
    ----------
    timeline : Timeline
    there : list of int
        The frames, at least two.
    centres : (T, 2) float array
        Where it was in them, pixels.
    """
    pad = SMOOTH // 2
    if len(there) > SMOOTH:
        ends = np.pad(centres, ((pad, pad), (0, 0)), mode="reflect", reflect_type="odd")
        kernel = np.full(SMOOTH, 1.0 / SMOOTH)
        centres = np.column_stack([np.convolve(ends[:, k], kernel, "valid") for k in (0, 1)])
    steps = []
    for k, (i, j) in enumerate(itertools.pairwise(there)):
        rest = moved(timeline, i, j, centres[k])
        steps.append((centres[k + 1] - rest) / (timeline.times[j] - timeline.times[i]))
    return np.array([steps[0], *steps])


def velocity_at(
    timeline: Timeline, there: list[int], boxes: NDArray[np.float64], end: int
) -> NDArray[np.float64]:
    """Velocity at the begin (0) or end (-1), relative to the background, (2,) pixels a second.

    That of the swifter of two opposite edges: what comes out from behind something
    or goes there shows one edge that stands still.
    """
    chosen = slice(0, END + 1) if end == 0 else slice(-END - 1, None)
    corners = (boxes[chosen, :2], boxes[chosen, 2:])
    speeds = np.array([np.median(motion_of(timeline, there[chosen], c), axis=0) for c in corners])
    return speeds[np.argmax(np.abs(speeds), axis=0), [0, 1]]


def moved(timeline: Timeline, i: int, j: int, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a point at rest in frame i is in frame j, the camera having moved."""
    if (timeline.to_shot[i] == timeline.to_shot[j]).all():
        return point
    view = inverse(timeline.to_shot[j]) @ timeline.to_shot[i]
    return np.asarray(cv2.perspectiveTransform(point.reshape(1, 1, 2), view)[0, 0], np.float64)
