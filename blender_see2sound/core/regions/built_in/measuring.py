"""What the pixels of one thing tell of it: its tracklet, measured in the frames of a stretch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..outline import Mask
from ..tracks.timeline import motion_of, velocity_at
from ..tracks.tracklets import Tracklet, kept_of
from .foreground import Stretch

#: It is restless when more than this share of its outline changes from frame to frame, or its
#: middle ranges over less than this share of its size.
RESTLESS = 0.4
STAYS = 0.5


def measure(
    stretch: Stretch,
    labels: NDArray[np.uint8],
    number: int,
    bins: NDArray[np.uint8],
    flicker: NDArray[np.float64],
    shot: int,
) -> Tracklet | None:
    """Measure the thing that bears a number; None when it is in fewer than two frames.

    Parameters
    ----------
    stretch : Stretch
    labels : (N, h, w) uint8 array
        Which thing each pixel belongs to.
    number : int
    bins : (N, h, w) uint8 array
        `look.bins_of` the frames.
    flicker : (h, w) float array
        As in `foreground.Evidence`.
    shot : int
    """
    there = [i for i in range(len(labels)) if (labels[i] == number).any()]
    if len(there) < 2:
        return None
    boxes, areas, centres, means, textures, flickers, kept = [], [], [], [], [], [], []
    colours = np.zeros(256)
    before: Mask | None = None
    for i in there:
        own = labels[i] == number
        frame = stretch.frames[i]
        y0, y1, x0, x1 = extent(own)
        light = frame[y0:y1, x0:x1, 0].astype(np.float32)
        boxes.append(box_of(own))
        areas.append(np.count_nonzero(own))
        centres.append((boxes[-1][:2] + boxes[-1][2:]) / 2)
        means.append(frame[own].mean(0))
        textures.append(np.abs(np.diff(light, axis=1)).mean() / 255.0 if x1 - x0 > 1 else 0.0)
        flickers.append(flicker[own].mean())
        colours += np.bincount(bins[i][own], minlength=256)
        if before is not None:
            kept.append(kept_of(before, own))
        before = own
    times = stretch.times[there]
    motion = motion_of(stretch, there, np.array(centres))
    first, last = (velocity_at(stretch, there, np.array(boxes), end) for end in (0, -1))
    return Tracklet(
        shot=shot,
        times=times,
        boxes=np.array(boxes),
        areas=np.array(areas, np.float64),
        speeds=np.hypot(motion[:, 0], motion[:, 1]),
        colours=colours / colours.sum(),
        velocity_in=first,
        velocity_out=last,
        mean=np.mean(means, axis=0),
        texture=float(np.mean(textures)),
        flicker=float(np.mean(flickers)),
        unsteady=1.0 - float(np.mean(kept)),
    )


def is_restless(tracklet: Tracklet) -> bool:
    """Whether it stirs without keeping its outline or going anywhere, as stuff in motion does."""
    middles = (tracklet.boxes[:, :2] + tracklet.boxes[:, 2:]) / 2
    size = np.median(tracklet.boxes[:, 2:] - tracklet.boxes[:, :2], axis=0)
    gone = float(np.linalg.norm(np.ptp(middles, axis=0)))
    return tracklet.unsteady > RESTLESS or gone < STAYS * float(np.linalg.norm(size))


def extent(mask: Mask) -> tuple[int, int, int, int]:
    """First and last-plus-one row and column of what is set."""
    rows = np.flatnonzero(mask.any(1))
    columns = np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def box_of(mask: Mask) -> NDArray[np.float64]:
    """The box of what is set, less stray specks: all but 1 % of the pixels on each side."""
    columns, rows = np.cumsum(mask.sum(0)), np.cumsum(mask.sum(1))
    low, high = 0.01 * columns[-1], 0.99 * columns[-1]
    x0, x1 = np.searchsorted(columns, low, "right"), np.searchsorted(columns, high) + 1
    y0, y1 = np.searchsorted(rows, low, "right"), np.searchsorted(rows, high) + 1
    return np.array([x0, y0, x1, y1], np.float64)
