"""What is known of one thing in one stretch, measured on the pixels that are its own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .camera import inverse
from .foreground import Stretch

#: Bins of L, a and b of the colours that a thing is known by.
BINS = (4, 8, 8)
#: Its path is smoothed over so many frames before its speed is taken.
SMOOTH = 5
#: Its velocity at either end is the median over so many frames: what goes behind
#: something seems to slow down at last.
END = 10

#: It is restless when more than this share of its outline changes from frame to frame, or its
#: middle ranges over less than this share of its size.
RESTLESS = 0.4
STAYS = 0.5

Mask = NDArray[np.bool_]


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
        Histogram of `bins_of`, adding up to 1.
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
        `bins_of` the frames.
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


def motion_of(
    stretch: Stretch, there: list[int], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Velocity relative to the background in each frame, (T, 2) pixels a second.

    Parameters
    ----------
    stretch : Stretch
        Of which only `times` and `to_shot` are read.
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
        rest = moved(stretch, i, j, centres[k])
        steps.append((centres[k + 1] - rest) / (stretch.times[j] - stretch.times[i]))
    return np.array([steps[0], *steps])


def velocity_at(
    stretch: Stretch, there: list[int], boxes: NDArray[np.float64], end: int
) -> NDArray[np.float64]:
    """Velocity at the begin (0) or end (-1), relative to the background, (2,) pixels a second.

    That of the swifter of two opposite edges: what comes out from behind something
    or goes there shows one edge that stands still.
    """
    chosen = slice(0, END + 1) if end == 0 else slice(-END - 1, None)
    corners = (boxes[chosen, :2], boxes[chosen, 2:])
    speeds = np.array([np.median(motion_of(stretch, there[chosen], c), axis=0) for c in corners])
    return speeds[np.argmax(np.abs(speeds), axis=0), [0, 1]]


def moved(stretch: Stretch, i: int, j: int, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a point at rest in frame i is in frame j, the camera having moved."""
    if (stretch.to_shot[i] == stretch.to_shot[j]).all():
        return point
    view = inverse(stretch.to_shot[j]) @ stretch.to_shot[i]
    return np.asarray(cv2.perspectiveTransform(point.reshape(1, 1, 2), view)[0, 0], np.float64)


def kept_of(before: Mask, after: Mask) -> float:
    """Intersection over union of two outlines, the first moved onto the second."""
    away = np.round(centre(after) - centre(before)).astype(int)
    shift = np.array([[1, 0, away[0]], [0, 1, away[1]]], np.float64)
    h, w = before.shape
    onto = cv2.warpAffine(before.astype(np.uint8), shift, (w, h), flags=cv2.INTER_NEAREST) > 0
    either = np.count_nonzero(onto | after)
    return float(np.count_nonzero(onto & after)) / max(either, 1)


def bins_of(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colour bin of each pixel of an 8-bit Lab picture, 0 to 255.

    Colours of real pictures crowd around grey, so a and b are binned over the
    middle of their range.
    """
    light = frame[..., 0].astype(np.int32) * BINS[0] // 256
    a = np.clip((frame[..., 1].astype(np.int32) - 80) * BINS[1] // 96, 0, BINS[1] - 1)
    b = np.clip((frame[..., 2].astype(np.int32) - 80) * BINS[2] // 96, 0, BINS[2] - 1)
    return ((light * BINS[1] + a) * BINS[2] + b).astype(np.uint8)


def unlikeness(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Bhattacharyya (Hellinger) distance of two histograms that add up to 1: 0 alike, 1 disjoint."""
    return float(np.sqrt(max(0.0, 1.0 - float(np.sqrt(a * b).sum()))))


def extent(mask: Mask) -> tuple[int, int, int, int]:
    """First and last-plus-one row and column of what is set."""
    rows = np.flatnonzero(mask.any(1))
    columns = np.flatnonzero(mask.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def centre(mask: NDArray[Any]) -> NDArray[np.float64]:
    """The middle of what is set, x and y; NaN where nothing is."""
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    if moments["m00"] == 0:
        return np.full(2, np.nan)
    return np.array([moments["m10"], moments["m01"]]) / moments["m00"]


def box_of(mask: Mask) -> NDArray[np.float64]:
    """The box of what is set, less stray specks: all but 1 % of the pixels on each side."""
    columns, rows = np.cumsum(mask.sum(0)), np.cumsum(mask.sum(1))
    low, high = 0.01 * columns[-1], 0.99 * columns[-1]
    x0, x1 = np.searchsorted(columns, low, "right"), np.searchsorted(columns, high) + 1
    y0, y1 = np.searchsorted(rows, low, "right"), np.searchsorted(rows, high) + 1
    return np.array([x0, y0, x1, y1], np.float64)
