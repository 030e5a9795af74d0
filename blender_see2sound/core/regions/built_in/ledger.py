"""Which pixel belongs to which track, and what the pictures show there.

A blob that several tracks claim is shared out pixel by pixel, by nearness to each
one's predicted outline and by likeness to its colours (merge and split as in
McKenna et al. 2000, "Tracking groups of people").
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..outline import Mask
from ..tracks.look import bins_of
from .foreground import Evidence, Stretch
from .measuring import extent

#: Sharing out a blob: so many pixels from an outline count as much as a likeness of one in e,
#: up to the second figure.
NEARNESS = 5.0
FAR = 28.0
LIKENESS = 1.0
#: A ghost, where the background holds a thing that stood there for long: it does not move by
#: more than this (pixels a frame), and its outline is sharper by this in the background.
GHOST_FLOW = 0.4
GHOST_EDGE = 1.15
#: A change of this much (0 to 255) where a thing stood means that it is gone.
GONE = 14.0
#: Tracks of a stretch, numbered by a byte.
MOST_TRACKS = 255

#: 1 where a track is or should be, 0 elsewhere.
Outline = NDArray[np.uint8]
#: x and y.
Vector = NDArray[np.float64]


@dataclass
class Track:
    """One thing while it is followed.

    Attributes
    ----------
    velocity : (2,) float array
        Of its last step, pixels a frame, the camera's motion taken off.
    pace : float
        The length of its longest recent steps.
    size : float
        Its usual pixels.
    lost : int
        Frames since it was last seen.
    """

    number: int
    birth: int
    outline: Outline
    colours: NDArray[np.float64]
    velocity: Vector = field(default_factory=lambda: np.zeros(2))
    lost: int = 0
    last: int = 0
    alive: bool = True
    apart: list[float] = field(default_factory=list)
    size: float = 0.0
    seen: int = 1
    start: Vector = field(default_factory=lambda: np.zeros(2))
    thing: bool = False
    pace: float = 0.0


class Ledger:
    """The tracks of a stretch and, per frame, which pixel belongs to which.

    Parameters
    ----------
    stretch : Stretch
    evidence : Evidence
        Its foreground and background.
    smallest : float
        Pixels of the smallest blob.
    """

    def __init__(self, stretch: Stretch, evidence: Evidence, smallest: float) -> None:
        self.stretch = stretch
        still = np.allclose(stretch.to_shot, stretch.to_shot[0], atol=1e-6)
        self.background = evidence.background if still else None
        n, self.h, self.w, _ = stretch.frames.shape
        self.labels = np.zeros((n, self.h, self.w), np.uint8)
        self.bins = np.stack([bins_of(frame) for frame in stretch.frames])
        self.tracks: list[Track] = []
        self.smallest = smallest * self.h * self.w

    def is_ghost(self, i: int, blob: Mask) -> bool:
        """Whether the background, not the frame, has a thing where they differ."""
        if self.background is None:
            return False
        flow = self.stretch.flow[i][blob]
        if float(np.median(np.hypot(flow[:, 0], flow[:, 1]))) > GHOST_FLOW:
            return False
        y0, y1, x0, x1 = extent(blob)
        window = np.s_[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4]
        solid = blob[window].astype(np.uint8)
        rim = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8)) > 0
        now, ground = (
            cv2.morphologyEx(p[window], cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))[rim].mean()
            for p in (self.stretch.frames[i], self.background)
        )
        return bool(ground > GHOST_EDGE * now)

    def colours(self, i: int, where: Mask) -> NDArray[np.float64]:
        counts = np.bincount(self.bins[i][where], minlength=256).astype(np.float64)
        return counts / max(counts.sum(), 1.0)

    def share(self, i: int, blob: Mask, owners: list[Track], outlines: list[Outline]) -> None:
        """Give each pixel of a blob to the owner it is nearest to and most like."""
        y0, y1, x0, x1 = extent(blob)
        inside = blob[y0:y1, x0:x1]
        bins = self.bins[i][y0:y1, x0:x1]
        total = sum(t.colours for t in owners) + 1e-3
        costs = []
        for track, outline in zip(owners, outlines, strict=True):
            away = cv2.distanceTransform(1 - np.minimum(outline, 1), cv2.DIST_L2, 3)[y0:y1, x0:x1]
            unlike = -np.log((track.colours + 1e-3) / total)[bins]
            colour = cv2.blur(unlike.astype(np.float32), (5, 5))
            cost = np.minimum(away, FAR) / NEARNESS + LIKENESS * colour
            costs.append(cost)
        best = np.argmin(costs, axis=0)
        numbers = np.array([t.number for t in owners], np.uint8)
        self.labels[i][y0:y1, x0:x1][inside] = numbers[best][inside]

    def taken(self, i: int, track: Track) -> Mask:
        return (self.labels[i] > 0) & (self.labels[i] != track.number)

    def stands(self, i: int, last: int, outline: Outline, taken: Mask) -> bool:
        """Whether the picture in an outline is still what it was in the frame `last`."""
        where = (outline > 0) & ~taken
        if np.count_nonzero(where) < 0.3 * max(np.count_nonzero(outline), 1):
            return False
        now = self.stretch.frames[i][where].astype(np.int16)
        then = self.stretch.frames[last][where].astype(np.int16)
        change = float(np.abs(now - then).max(1).mean())
        if change >= GONE:
            return False
        if self.background is None:
            return True
        # It is gone where the picture now shows the background and did not then.
        ground = self.background[where].astype(np.int16)
        uncovered = float(np.abs(now - ground).max(1).mean())
        covered = float(np.abs(then - ground).max(1).mean())
        return not (uncovered < change and uncovered < 0.7 * covered and covered > GONE / 2)
