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

from .linking import at_border
from .tracklets import Tracklet

#: Half the time that an edge is fitted over, seconds: for a thing that stands, and for one
#: that crosses the picture within a second.
STEADY = 0.8
SWIFT = 0.25
#: Share of the measured edges that lies inside the fitted one.
INSIDE = 0.75
#: A gap this long, seconds, is bridged: what is hidden for so short a time still sounds.
BRIDGE = 2.5


def path_of(
    chain: Sequence[Tracklet], times: NDArray[np.float64], size: tuple[int, int]
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

    Returns
    -------
    boxes : (T, 4) float array
        While it is out of the picture the last box is held.
    presence : (T,) float array
        0 to 1.
    """
    seen = np.concatenate([t.times for t in chain])
    raw = np.concatenate([smooth_boxes(t, size) for t in chain])
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
    return bool(gap <= BRIDGE or stayed)


def smooth_boxes(tracklet: Tracklet, size: tuple[int, int]) -> NDArray[np.float64]:
    """The edges of a tracklet's boxes, fitted over a time that fits how fast it goes."""
    times, boxes = tracklet.times, tracklet.boxes
    if len(times) < 3:
        return boxes.copy()
    swiftness = np.clip(tracklet.speeds / size[0] / 0.5, 0.0, 1.0)
    swiftness = np.convolve(np.pad(swiftness, 2, mode="edge"), np.full(5, 0.2), "valid")
    half = STEADY + (SWIFT - STEADY) * swiftness
    smooth = np.empty_like(boxes)
    for k, t in enumerate(times):
        near = np.flatnonzero(np.abs(times - t) <= half[k] + 1e-9)
        for edge in range(4):
            inside = 1.0 - INSIDE if edge < 2 else INSIDE
            smooth[k, edge] = _local_quantile(times[near] - t, boxes[near, edge], half[k], inside)
    w, h = size
    smooth[:, [0, 2]] = np.clip(smooth[:, [0, 2]], 0, w)
    smooth[:, [1, 3]] = np.clip(smooth[:, [1, 3]], 0, h)
    smooth[:, 2:] = np.maximum(smooth[:, 2:], smooth[:, :2] + 1.0)
    return smooth


def _local_quantile(
    away: NDArray[np.float64], values: NDArray[np.float64], half: float, quantile: float
) -> float:
    """The value at 0 of the line that leaves `quantile` of the nearby values below it."""
    if len(values) < 3 or np.ptp(values) < 1e-9:
        return float(np.median(values))
    near = 1.0 - 0.7 * np.abs(away) / half
    weight = near.copy()
    intercept = slope = 0.0
    for _ in range(8):
        total, x, y = weight.sum(), weight @ away, weight @ values
        xx, xy = weight @ away**2, weight @ (away * values)
        determinant = total * xx - x * x
        slope = (total * xy - x * y) / determinant if determinant > 1e-12 else 0.0
        intercept = (y - slope * x) / total
        rest = values - intercept - slope * away
        tilt = np.where(rest > 0, quantile, 1.0 - quantile)
        weight = near * tilt / np.maximum(np.abs(rest), 0.5)
    return float(intercept)
