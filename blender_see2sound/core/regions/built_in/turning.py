"""Finding again what is swift and has turned: a ball that bounces is not where it was heading.

A thing that goes far between two frames and turns lies neither where it was nor where it
is predicted, and the flow does not know it. Whatever turned it, it is no farther from where
it was than it is swift. Within that reach it is looked for by its size and colours. Things
and blobs are matched one to one at the least total cost (Hungarian assignment; Kuhn 1955), in
which whatever goes straight on keeps its own blob, so that two alike that pass each other do
not take each other's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ..tracks.linking import ALIKE_COLOURS, ALIKE_SIZE, SLACK, SWIFTER
from ..tracks.look import unlikeness
from ..tracks.timeline import moved
from ..tracks.tracklets import centre
from .ledger import Ledger, Outline, Track, Vector

#: Swift is what goes so many times its own size from frame to frame: when it turns, what is
#: predicted hardly overlaps it.
SWIFT = 0.4
#: It goes straight on when it is so near to the prediction, in its own sizes, ...
STRAIGHT = 0.7
#: ... and else has turned, which costs this more than going straight on.
TURNED = 0.5
#: Frames for which it may have been lost when it is found again.
LOST = 1
NONE = 1e3


def extent(track: Track) -> float:
    """The side of a square as large as a track, pixels."""
    return max(float(np.sqrt(track.size)), 1.0)


def is_swift(track: Track) -> bool:
    """Whether it goes too far in a frame for its outline to overlap itself when it turns."""
    return track.pace > SWIFT * extent(track)


def turned(
    ledger: Ledger,
    i: int,
    blobs: NDArray[np.int32],
    sizes: NDArray[np.int64],
    alive: Sequence[Track],
    outlines: dict[int, Outline],
) -> dict[int, Outline]:
    """Where swift things are that are not where they were predicted.

    Parameters
    ----------
    ledger : Ledger
    i : int
        The frame.
    blobs : (h, w) int32 array
        Its blobs, as of `blobs.blobs_of`.
    sizes : (K,) int array
        Pixels of each number in `blobs`.
    alive : sequence of Track
    outlines : dict
        Predicted outlines by the tracks' numbers.

    Returns
    -------
    dict
        By the numbers of the tracks that have turned: outlines where they are.
    """
    if len(sizes) < 2 or not any(is_swift(t) and t.lost <= LOST for t in alive):
        return {}
    places = _centres(blobs, len(sizes))
    colours: dict[int, NDArray[np.float64]] = {}
    tracks = [t for t in alive if (t.thing or is_swift(t)) and outlines[t.number].any()]
    costs = np.full((len(tracks), len(sizes) - 1), NONE)
    straight = np.zeros(costs.shape, bool)
    for row, track in enumerate(tracks):
        ahead = centre(outlines[track.number])
        here = _last_place(ledger, i, track)
        seeks = is_swift(track) and track.lost <= LOST
        reach = _reach(track)
        for j in range(1, len(sizes)):
            if not 1.0 / ALIKE_SIZE <= sizes[j] / track.size <= ALIKE_SIZE:
                continue
            missed = float(np.linalg.norm(places[j] - ahead)) / extent(track)
            straight[row, j - 1] = missed <= STRAIGHT
            within = seeks and np.linalg.norm(places[j] - here) <= reach
            if missed > STRAIGHT and not within:
                continue
            if seeks:
                turn = TURNED + _off_mirrored(places[j] - here, track) / extent(track)
                missed = min(missed, turn)
            if j not in colours:
                colours[j] = ledger.colours(i, blobs == j)
            unlike = unlikeness(colours[j], track.colours)
            if unlike <= ALIKE_COLOURS:
                costs[row, j - 1] = unlike + missed
    rows, columns = linear_sum_assignment(costs)
    found, missing = {}, [t for t in tracks if is_swift(t) and t.lost <= LOST]
    for row, j in zip(rows, columns, strict=True):
        if costs[row, j] < NONE:
            missing = [t for t in missing if t is not tracks[row]]
            if not straight[row, j]:
                found[tracks[row].number] = (blobs == j + 1).astype(np.uint8)
    for track in missing:
        here, reach = _last_place(ledger, i, track), _reach(track)
        near = [j for j in range(1, len(sizes)) if np.linalg.norm(places[j] - here) <= reach]
        others = {t.number: outlines[t.number] for t in alive if t is not track} | found
        rest = _rest_of_one(ledger, blobs, sizes, near, track, others)
        if rest is not None:
            found[track.number] = rest
    return found


def _rest_of_one(
    ledger: Ledger,
    blobs: NDArray[np.int32],
    sizes: NDArray[np.int64],
    near: Sequence[int],
    track: Track,
    others: dict[int, Outline],
) -> Outline | None:
    """What others leave of a blob that is too large for them: two that touch are one blob."""
    for j in near:
        blob = blobs == j
        inside = [
            number
            for number, outline in others.items()
            if 2 * np.count_nonzero(blob & (outline > 0)) > np.count_nonzero(outline) > 0
        ]
        spare = sizes[j] - sum(ledger.tracks[number - 1].size for number in inside)
        if not inside or spare * ALIKE_SIZE < track.size:
            continue
        for number in inside:
            blob &= others[number] == 0
        if np.count_nonzero(blob) > 0:
            return blob.astype(np.uint8)
    return None


def _reach(track: Track) -> float:
    """How far from where it was last seen a track may be, pixels."""
    return SWIFTER * track.pace * (track.lost + 1) + SLACK * extent(track)


def _off_mirrored(way: Vector, track: Track) -> float:
    """How far a way is from those that end on a floor or a wall, pixels.

    Those turn one part of the velocity only: the other goes on as it did.
    """
    return float(np.abs(way - (track.lost + 1) * track.velocity).min())


def _last_place(ledger: Ledger, i: int, track: Track) -> Vector:
    """Where a track's middle would be in frame i had it stayed where it was last seen."""
    # While it is lost, its outline goes on as predicted.
    seen = centre(track.outline) - track.lost * track.velocity
    return moved(ledger.stretch, max(i - 1, 0), i, seen)


def _centres(blobs: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """The middle of each blob, (count, 2), x and y."""
    rows, columns = np.nonzero(blobs)
    numbers = blobs[rows, columns]
    total = np.maximum(np.bincount(numbers, minlength=count), 1)
    return np.column_stack(
        [np.bincount(numbers, weights=side, minlength=count) / total for side in (columns, rows)]
    )
