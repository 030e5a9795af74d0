"""Masks that are found picture by picture become tracks: linked by overlap, motion and colour.

Each track says where it should be now: where it was, the camera's motion and its own last
motion added. A mask that overlaps it there is its next one; of a thing that went too far to
overlap, one of its size and colours that is near. All links of a picture are chosen together
at the least total cost (Kuhn 1955). What a model recognised keeps its name: only equal labels
are linked, and stuff by its label alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ..outline import Mask
from ..tracks.look import bins_of, unlikeness
from ..tracks.timeline import moved
from ..tracks.tracklets import centre
from .looking import Looked
from .tracks import MaskTracks

#: Seconds that a track waits for its next mask.
WAITS = 2.5
#: What overlaps by more than this is linked by it; the cost of the least overlap.
OVERLAPS = 0.3
#: Else: the largest difference of colours, ratio of areas, and way in a second (picture widths).
UNLIKE = 0.35
RATIO = 2.0
FAR = 0.5
#: What a link may cost.
DEAREST = 1.0


@dataclass(frozen=True)
class Segment:
    """A mask found in a picture.

    Attributes
    ----------
    mask : (h, w) bool array
        At the size that is kept.
    score : float
        0 to 1.
    label : str
        Empty where the model tells none.
    stuff : bool
    """

    mask: Mask
    score: float
    label: str = ""
    stuff: bool = False


@dataclass
class _Live:
    """A track that waits for its next mask."""

    number: int
    segment: Segment
    index: int
    time: float
    centre: NDArray[np.float64]
    velocity: NDArray[np.float64]  # pixels a second, the camera's motion taken off
    colours: NDArray[np.float64]


class MaskLinks:
    """Links the masks of one picture after the other into tracks."""

    def __init__(self, found: MaskTracks) -> None:
        self._found = found
        self._live: list[_Live] = []
        self._shot = -1

    def take(self, picture: Looked, segments: Sequence[Segment]) -> None:
        """Link the masks of the next picture; `found` has noted the picture already."""
        if picture.shot != self._shot:
            self._live, self._shot = [], picture.shot
        self._live = [one for one in self._live if picture.time - one.time <= WAITS]
        fresh = [self._live_of(picture, segment) for segment in segments if segment.mask.any()]
        costs = np.full((len(self._live), len(fresh)), 1e3)
        for i, old in enumerate(self._live):
            expected = self._expected(old, picture)
            for j, new in enumerate(fresh):
                costs[i, j] = _cost(old, new, expected)
        rows, columns = linear_sum_assignment(costs)
        linked = {
            int(j): int(i) for i, j in zip(rows, columns, strict=True) if costs[i, j] < DEAREST
        }
        taken = set(linked.values())
        kept = [one for i, one in enumerate(self._live) if i not in taken]
        for j, new in enumerate(fresh):
            if j in linked:
                old = self._live[linked[j]]
                new.number = old.number
                rest = moved(self._found.timeline(), old.index, new.index, old.centre)
                new.velocity = (new.centre - rest) / (new.time - old.time)
            else:
                segment = new.segment
                new.number = self._found.begin(picture.shot, segment.label, segment.stuff).number
            if self._found.see(new.number, picture, new.segment.mask, new.segment.score):
                kept.append(new)
        self._live = kept

    def _live_of(self, picture: Looked, segment: Segment) -> _Live:
        own = picture.lab[segment.mask]
        colours = np.bincount(bins_of(own), minlength=256) / len(own)
        return _Live(
            -1, segment, picture.index, picture.time, centre(segment.mask), np.zeros(2), colours
        )

    def _expected(self, old: _Live, picture: Looked) -> NDArray[np.float64]:
        """Where a track's centre should be now."""
        rest = moved(self._found.timeline(), old.index, picture.index, old.centre)
        return np.asarray(rest + old.velocity * (picture.time - old.time))


def _cost(old: _Live, new: _Live, expected: NDArray[np.float64]) -> float:
    """What it costs to take a mask for a track's next one; 1000 where it cannot be."""
    if old.segment.label != new.segment.label or old.segment.stuff != new.segment.stuff:
        return 1e3
    if old.segment.stuff:
        return 0.0
    h, w = old.segment.mask.shape
    away = expected - old.centre
    shift = np.array([[1, 0, away[0]], [0, 1, away[1]]], np.float64)
    there = cv2.warpAffine(
        old.segment.mask.astype(np.uint8), shift, (w, h), flags=cv2.INTER_NEAREST
    )
    either = np.count_nonzero(there.astype(bool) | new.segment.mask)
    overlap = np.count_nonzero(there.astype(bool) & new.segment.mask) / max(either, 1)
    unlike = unlikeness(old.colours, new.colours)
    if overlap > OVERLAPS:
        return float(0.7 * (1.0 - overlap) + 0.2 * unlike)
    areas = sorted((float(old.segment.mask.sum()), float(new.segment.mask.sum())))
    far = float(np.linalg.norm(new.centre - expected)) / (w * FAR * (new.time - old.time))
    if unlike > UNLIKE or areas[1] > RATIO * areas[0] or far > 1.0:
        return 1e3
    return 0.7 + 0.15 * far + 0.15 * unlike
