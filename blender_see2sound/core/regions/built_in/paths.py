"""From joined tracklets to one smooth path on the clip's times: boxes and presence.

Outlines flicker, limbs swing. An edge of the box is therefore a local line
through the edges measured around each moment, fitted so that most of what was
measured lies inside (quantile regression by iterated reweighting; Koenker &
Bassett 1978): exact for what moves steadily, the full extent of what stands.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress
from ..tracks.linking import BRIDGED, at_border
from ..tracks.tracklets import Tracklet

#: Half the time that an edge is fitted over, seconds: for a thing that stands, and for one
#: that crosses the picture within a second.
STEADY = 0.8
SWIFT = 0.25
#: Over which it leaves a straight line by no more than this share of its size.
BENT = 0.18
#: Share of the measured edges that lies inside the fitted one.
INSIDE = 0.75


def path_of(
    chain: Sequence[Tracklet],
    times: NDArray[np.float64],
    size: tuple[int, int],
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One thing's boxes and presence.

    Parameters
    ----------
    chain : sequence of Tracklet
        In order of time.
    times : (T,) float array
        All times of the clip that were looked at.
    size : (int, int)
        Width and height of the pictures that the tracklets were found in.
    progress : Progress
        Called for each tracklet.

    Returns
    -------
    boxes : (T, 4) float array
        While it is out of the picture the last box is held.
    presence : (T,) float array
        0 to 1.
    """
    seen = np.concatenate([t.times for t in chain])
    smooth = []
    for number, tracklet in enumerate(chain):
        progress("Choosing the most prominent", number / len(chain))
        smooth.append(smooth_boxes(tracklet, size))
    raw = np.concatenate(smooth)
    presence = np.zeros(len(times))
    at = np.searchsorted(times, seen - 1e-6)
    presence[at] = 1.0
    for before, after in itertools.pairwise(chain):
        if _bridged(before, after, size):
            a, b = np.searchsorted(times, (before.times[-1] - 1e-6, after.times[0] + 1e-6))
            presence[a:b] = 1.0
    boxes = np.empty((len(times), 4))
    previous = np.clip(np.searchsorted(seen, times + 1e-6) - 1, 0, len(seen) - 1)
    for edge in range(4):
        between = np.interp(times, seen, raw[:, edge])
        boxes[:, edge] = np.where(presence > 0, between, raw[previous, edge])
    return boxes, presence


def _bridged(before: Tracklet, after: Tracklet, size: tuple[int, int]) -> bool:
    if before.shot != after.shot:
        return False
    gap = after.times[0] - before.times[-1]
    out = at_border(before.boxes[-1], size) and at_border(after.boxes[0], size)
    if out:
        # Between two stretches of one shot only a frame's time passes.
        return bool(gap <= 2.5 * float(np.median(np.diff(before.times))))
    stayed = np.linalg.norm(before.boxes[-1] - after.boxes[0]) < 0.1 * size[0]
    return bool(gap <= BRIDGED or stayed)


def smooth_boxes(tracklet: Tracklet, size: tuple[int, int]) -> NDArray[np.float64]:
    """The edges of a tracklet's boxes, fitted over a time that fits how fast it goes."""
    times, boxes = tracklet.times, tracklet.boxes
    if len(times) < 3:
        return boxes.copy()
    swiftness = np.clip(tracklet.speeds / size[0] / 0.5, 0.0, 1.0)
    swiftness = np.convolve(np.pad(swiftness, 2, mode="edge"), np.full(5, 0.2), "valid")
    half = STEADY + (SWIFT - STEADY) * swiftness
    size_of_it = float(np.sqrt(np.median(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))))
    smooth = np.empty_like(boxes)
    for k, t in enumerate(times):
        near, wide = _straight_around(times - t, boxes, half[k], BENT * size_of_it)
        smooth[k] = _local_quantiles(times[near] - t, boxes[near], wide)
    w, h = size
    smooth[:, [0, 2]] = np.clip(smooth[:, [0, 2]], 0, w)
    smooth[:, [1, 3]] = np.clip(smooth[:, [1, 3]], 0, h)
    smooth[:, 2:] = np.maximum(smooth[:, 2:], smooth[:, :2] + 1.0)
    return smooth


def _straight_around(
    away: NDArray[np.float64], boxes: NDArray[np.float64], half: float, bent: float
) -> tuple[NDArray[np.int64], float]:
    """The boxes around a moment over which the path is straight, and half that time, seconds.

    The time is halved until the middles are off a line by no more than `bent` pixels (root of
    the mean square): what bounces, swings or turns has left the line of a longer time.
    """
    while True:
        near = np.flatnonzero(np.abs(away) <= half + 1e-9)
        if len(near) < 3:
            return np.array([np.argmin(np.abs(away))]), half
        middles = (boxes[near, :2] + boxes[near, 2:]) / 2
        x = away[near] - away[near].mean()
        off = middles - middles.mean(0)
        off -= x[:, None] * (x @ off) / (x @ x)
        if np.sqrt((off**2).sum(1).mean()) <= bent:
            return near, half
        half /= 2


def _local_quantiles(
    away: NDArray[np.float64], edges: NDArray[np.float64], half: float
) -> NDArray[np.float64]:
    """The values at 0 of the lines that leave `INSIDE` of the edges around within the box.

    Parameters
    ----------
    away : (M,) float array
        Seconds from the moment.
    edges : (M, 4) float array
        x0 y0 x1 y1.
    half : float
        Seconds, half the time that is looked at.
    """
    if len(edges) < 3:
        return np.median(edges, 0)
    quantile = np.array([1.0 - INSIDE, 1.0 - INSIDE, INSIDE, INSIDE])
    x = away[:, None]
    near = (1.0 - 0.7 * np.abs(x) / half) * np.ones(4)
    weight = near
    intercept = np.zeros(4)
    for _ in range(8):
        total, first, second = weight.sum(0), (weight * x).sum(0), (weight * x * x).sum(0)
        value, mixed = (weight * edges).sum(0), (weight * x * edges).sum(0)
        determinant = total * second - first * first
        slope = (total * mixed - first * value) / np.maximum(determinant, 1e-12)
        intercept = (value - slope * first) / total
        rest = edges - intercept - slope * x
        weight = near * np.where(rest > 0, quantile, 1.0 - quantile) / np.maximum(np.abs(rest), 0.5)
    return intercept
