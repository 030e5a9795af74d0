"""Telling apart two things that were taken for one, also in the frames before.

When two parts of one track go apart for good, they are two things, and the frames
before are shared out again backwards. When its colours become others for good,
another thing came out where the first went behind something.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from ..tracks.look import unlikeness
from ..tracks.tracklets import centre
from .blobs import parts_of
from .ledger import MOST_TRACKS, Ledger, Track

#: Two parts that stay apart for so many frames (in other colours: the second figure), while the
#: gap grows or shrinks by this share of the width, are two things.
APART_FRAMES = 5
APART_UNLIKE = 4
APART_CHANGE = 0.025
#: Colours that are more unlike than this are another thing's.
OTHER_COLOURS = 0.65
#: So many frames' colours are compared with those of as many before.
CHANGE_FRAMES = 8


def split(ledger: Ledger, i: int, track: Track) -> None:
    """Make two tracks of one whose parts stay apart and move apart or together."""
    if track.last != i or track.lost:
        return
    parts = parts_of(track.outline, ledger.taken(i, track), 2 * ledger.smallest)
    if parts is None:
        track.apart.clear()
        return
    away = cv2.distanceTransform(1 - parts[0], cv2.DIST_L2, 3)
    track.apart.append(float(away[parts[1] > 0].min()))
    change = max(track.apart) - min(track.apart)
    colours = [ledger.colours(i, part > 0) for part in parts]
    enough = APART_UNLIKE if unlikeness(*colours) > OTHER_COLOURS else APART_FRAMES
    if len(track.apart) < enough or change < APART_CHANGE * ledger.w:
        return
    if len(ledger.tracks) >= MOST_TRACKS:
        return
    track.apart.clear()
    rest, gone = parts
    if ledger.is_ghost(i, gone > 0) or ledger.is_ghost(i, rest > 0):
        track.outline = rest if ledger.is_ghost(i, gone > 0) else gone
        ledger.labels[i][(ledger.labels[i] == track.number) & (track.outline == 0)] = 0
        track.size = float(np.count_nonzero(track.outline))
        return
    ledger.labels[i][rest > 0] = track.number
    flow = ledger.stretch.flow[i]
    other = Track(
        len(ledger.tracks) + 1, i, gone, ledger.colours(i, gone > 0),
        np.median(flow[gone > 0].astype(np.float64), 0), 0, i,
    )  # fmt: skip
    ledger.labels[i][gone > 0] = other.number
    track.outline = rest
    track.colours = ledger.colours(i, rest > 0)
    track.velocity = np.median(flow[rest > 0].astype(np.float64), 0)
    other.start, other.thing, other.seen = centre(gone), track.thing, APART_FRAMES
    other.size, track.size = float(np.count_nonzero(gone)), float(np.count_nonzero(rest))
    ledger.tracks.append(other)
    _share_back(ledger, i, track, other)


def _share_back(ledger: Ledger, i: int, track: Track, other: Track) -> None:
    """Share the frames before a split out between the two, going backwards."""
    outlines = [track.outline, other.outline]
    for j in range(i - 1, track.birth - 1, -1):
        blob = ledger.labels[j] == track.number
        if not blob.any():
            return
        ledger.share(j, blob, [track, other], outlines)
        new = [(ledger.labels[j] == t.number).astype(np.uint8) for t in (track, other)]
        sizes = [int(np.count_nonzero(o)) for o in new]
        if min(sizes) < 0.08 * sum(sizes):
            # They were one here, or one of them was not there yet.
            winner = track if sizes[0] >= sizes[1] else other
            _give_back(ledger, j, track, other, winner)
            return
        outlines = new
        other.birth = j


def _give_back(ledger: Ledger, j: int, track: Track, other: Track, winner: Track) -> None:
    for k in range(track.birth, j + 1):
        both = (ledger.labels[k] == track.number) | (ledger.labels[k] == other.number)
        ledger.labels[k][both] = winner.number
    if winner is other:
        other.birth, track.birth = track.birth, j + 1


def cut_where_it_changes(ledger: Ledger, track: Track) -> None:
    """Make two tracks of one whose colours become others for good.

    What goes behind something where another thing comes out just then looks like one.
    """
    there = [i for i in range(len(ledger.labels)) if (ledger.labels[i] == track.number).any()]
    if len(there) < 2 * CHANGE_FRAMES or len(ledger.tracks) >= MOST_TRACKS:
        return
    counts = np.stack(
        [
            np.bincount(ledger.bins[i][ledger.labels[i] == track.number], minlength=256)
            for i in there
        ]
    )
    sums = np.vstack([np.zeros(256), np.cumsum(counts, 0)])
    changes = []
    for k in range(CHANGE_FRAMES, len(there) - CHANGE_FRAMES + 1):
        sides = sums[k] - sums[k - CHANGE_FRAMES], sums[k + CHANGE_FRAMES] - sums[k]
        changes.append(unlikeness(sides[0] / sides[0].sum(), sides[1] / sides[1].sum()))
    if max(changes) < OTHER_COLOURS:
        return
    first = there[CHANGE_FRAMES + int(np.argmax(changes))]
    later = ledger.labels[first:]
    other = dataclasses.replace(track, number=len(ledger.tracks) + 1, birth=first)
    later[later == track.number] = other.number
    ledger.tracks.append(other)
