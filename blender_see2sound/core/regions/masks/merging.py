"""From many mask tracks to those of whole things: slivers dropped, duplicates and parts joined.

A model that finds everything also finds a shirt, a sleeve and a head, each twice. Two tracks
are the same when their masks are; one is part of another when it lies in it and goes where it
goes; two that touch and move as one are one. What a model has recognised as different things
stays apart.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...progress import Progress
from ..outline import Mask
from ..tracks.timeline import moved
from .geometry import box_of, contained, ious
from .tracks import MaskTrack, MaskTracks, Sighting

#: A thing is seen for this long at least (seconds, or this share of a short clip).
SEEN = 0.5
SEEN_SHARE = 0.25
#: A thing's least median share of the picture.
LEAST_AREA = 0.0008
#: A track is a sliver's when more than this share of its masks are slivers.
SLIVERS = 0.5
#: Two tracks are compared in so many pictures at most, of which they share this part.
COMPARED = 8
SHARED = 0.5
#: Masks that overlap by more than this are the same.
ALIKE = 0.6
#: A part lies in the whole by this share, and the whole is larger by this factor at least.
INSIDE = 0.85
WHOLE = 1.1
#: What is larger than this share of the picture and does not move has no parts: it is where
#: other things are.
GROUND = 0.35
#: Two go the same way when the difference of their steps is below this share of the step, or
#: this share of the width.
SAME_WAY = 0.25
SAME_PLACE = 0.012
#: What goes this far (picture widths) while it is compared moves.
MOVES = 0.04
#: Masks this near to each other touch, pixels.
TOUCHING = 3

Way = NDArray[np.float64]


def worthwhile(track: MaskTrack, found: MaskTracks, duration: float) -> bool:
    """Whether a track is seen long and large enough, and is no line."""
    pictures = len(track.seen)
    if not pictures:
        return False
    period = duration / max(len(found.times), 1)
    least = min(SEEN, SEEN_SHARE * duration)
    width, height = found.size
    return (
        pictures * period >= least - 1e-6
        and track.median_area() >= LEAST_AREA * width * height
        and track.slivers <= SLIVERS * pictures
    )


def merged(tracks: Sequence[MaskTrack], found: MaskTracks, progress: Progress) -> list[MaskTrack]:
    """Join tracks that are the same thing or parts of one, the largest kept.

    Parameters
    ----------
    tracks : sequence of MaskTrack
    found : MaskTracks
        Where they are from.
    progress : Progress
        Called for each track.
    """
    left = sorted(tracks, key=lambda t: (t.median_area() * len(t.seen), t.number))
    total, whole = len(left), []
    while left:
        progress("Joining what belongs together", 1.0 - len(left) / total)
        small = left.pop(0)
        for k in reversed(range(len(left))):
            joined = _joined(left[k], small, found)
            if joined is not None:
                left[k] = joined
                break
        else:
            whole.append(small)
    return sorted(whole, key=lambda t: t.number)


def _joined(large: MaskTrack, small: MaskTrack, found: MaskTracks) -> MaskTrack | None:
    """Both as one track; None where they are two things."""
    if large.shot != small.shot or large.stuff != small.stuff:
        return None
    if large.label != small.label and large.label and small.label:
        return None
    if large.stuff:
        return _united(large, small, found) if large.label == small.label else None
    common = sorted(large.seen.keys() & small.seen.keys())
    if len(common) < max(1.0, SHARED * min(len(large.seen), len(small.seen))):
        return None
    sample = [common[k] for k in _spread(len(common))]
    of_large, of_small = (
        np.stack([found.mask(track, k) for k in sample]) for track in (large, small)
    )
    pairs = range(len(sample))
    alike = np.mean([ious(of_small[k : k + 1], of_large[k : k + 1])[0, 0] for k in pairs])
    if alike > ALIKE:
        return _filled(large, small)
    way = _steps(large, sample, found)
    together = _same_way(way, _steps(small, sample, found), found.size[0])
    gone = float(np.linalg.norm(way.sum(0))) > MOVES * found.size[0]
    inside = np.mean([contained(of_small[k : k + 1], of_large[k : k + 1])[0, 0] for k in pairs])
    ground = large.median_area() > GROUND * of_large[0].size and not gone
    if inside > INSIDE and together and not ground:
        larger = large.median_area() > WHOLE * small.median_area()
        return _filled(large, small) if larger else None
    if together and gone and not large.label and _touch(of_large, of_small):
        enough = len(common) >= 0.6 * max(len(large.seen), len(small.seen))
        return _united(large, small, found) if enough else None
    return None


def _spread(count: int) -> list[int]:
    """Indices evenly spread over a sequence, at most `COMPARED`."""
    return sorted({round(k) for k in np.linspace(0, count - 1, min(count, COMPARED))})


def _steps(track: MaskTrack, sample: Sequence[int], found: MaskTracks) -> Way:
    """How a track goes from picture to picture, the camera's motion taken off: (n - 1, 2)."""
    timeline = found.timeline()
    steps = [
        track.seen[j].centre - moved(timeline, i, j, track.seen[i].centre)
        for i, j in itertools.pairwise(sample)
    ]
    return np.array(steps) if steps else np.zeros((0, 2))


def _same_way(a: Way, b: Way, width: int) -> bool:
    """Whether two go the same way at nearly every step."""
    if not len(a):
        return True
    apart = np.linalg.norm(a - b, axis=1)
    long = np.maximum(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return bool(np.mean(apart <= np.maximum(SAME_WAY * long, SAME_PLACE * width)) >= 0.75)


def _touch(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> bool:
    near = np.ones((2 * TOUCHING + 1,) * 2, np.uint8)
    touching = [
        bool((cv2.dilate(x.astype(np.uint8), near) > 0)[y].any()) for x, y in zip(a, b, strict=True)
    ]
    return float(np.mean(touching)) > 0.6


def _filled(large: MaskTrack, small: MaskTrack) -> MaskTrack:
    """The larger one, with its label or the other's."""
    return replace(large, label=large.label or small.label)


def _united(large: MaskTrack, small: MaskTrack, found: MaskTracks) -> MaskTrack:
    """Both masks where both are seen, else the one that is."""
    seen = dict(small.seen) | dict(large.seen)
    for picture in large.seen.keys() & small.seen.keys():
        mask = found.mask(large, picture) | found.mask(small, picture)
        seen[picture] = _sum(large.seen[picture], small.seen[picture], mask)
    return replace(large, seen=seen, colours=large.colours + small.colours)


def _sum(a: Sighting, b: Sighting, mask: Mask) -> Sighting:
    """What is known of two masks together."""

    def mean(x: NDArray[np.float64] | float, y: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray((a.area * np.asarray(x) + b.area * np.asarray(y)) / (a.area + b.area))

    return Sighting(
        packed=np.packbits(mask),
        box=box_of(mask),
        centre=mean(a.centre, b.centre),
        area=float(mask.sum()),
        mean=mean(a.mean, b.mean),
        texture=float(mean(a.texture, b.texture)),
        change=float(mean(a.change, b.change)),
        score=max(a.score, b.score),
    )
