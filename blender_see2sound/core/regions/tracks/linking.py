"""Which tracklets are the same thing: identity through gaps, exits and cuts.

A tracklet that ends is joined to one that begins later when they look alike
(Bhattacharyya distance of their colours) and the second begins where the first
was heading, or both happen at the picture's border, or at the same place, or so soon
and so near that it may have turned. All joins are chosen together, at the
least total cost (Hungarian assignment; Kuhn 1955, as in Huang, Wu & Nevatia 2008 for
tracklets). Across a cut only looks count.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ...progress import Progress
from .look import unlikeness
from .timeline import END
from .tracklets import Tracklet

#: The largest difference in colours (0 to 1) that one thing may show after a gap, and across a cut.
UNLIKE = 0.55
UNLIKE_CUT = 0.25
#: Seconds that a thing may be hidden while it moves on, and while it stays in its place.
HIDDEN = 2.5
HIDDEN_IN_PLACE = 20.0
#: Seconds within which a thing that is seen again may have turned, and what that costs.
TURNING = 0.35
TURNED = 0.3
#: What has turned is as large as it was, give or take this factor, in colours no more unlike than
#: this, ...
ALIKE_SIZE = 2.0
ALIKE_COLOURS = 0.45
#: ... may have got so much swifter, and be off by so many of its own sizes.
SWIFTER = 1.5
SLACK = 1.0
#: A gap this long, seconds, is bridged: what is hidden for so short a time still sounds.
BRIDGED = 2.5
#: A box this near to the border touches it, as a share of the width.
BORDER = 0.02
#: What a join may cost.
DEAREST = 1.0


def link(
    tracklets: Sequence[Tracklet], size: tuple[int, int], progress: Progress
) -> list[list[Tracklet]]:
    """Join the tracklets that are one thing.

    Parameters
    ----------
    tracklets : sequence of Tracklet
    size : (int, int)
        Width and height of the pictures that they were found in.
    progress : Progress
        Told up to a half.

    Returns
    -------
    list of list of Tracklet
        Each thing's tracklets in order of time, not overlapping.
    """
    whole = sorted(tracklets, key=lambda t: (t.times[0], t.times[-1], tuple(t.boxes[0])))
    n = len(whole)
    if n == 0:
        return []
    costs = np.full((n, n), 1e3)
    for i, before in enumerate(whole):
        progress("Choosing the most prominent", 0.5 * i / n)
        for j, after in enumerate(whole):
            if before.times[-1] < after.times[0]:
                costs[i, j] = join_cost(before, after, size)
    rows, columns = linear_sum_assignment(costs)
    after_of = {int(i): int(j) for i, j in zip(rows, columns, strict=True) if costs[i, j] < DEAREST}
    starts = [i for i in range(n) if i not in after_of.values()]
    chains = []
    for start in starts:
        chain, i = [whole[start]], start
        while i in after_of:
            i = after_of[i]
            chain.append(whole[i])
        chains.append(chain)
    return chains


def join_cost(before: Tracklet, after: Tracklet, size: tuple[int, int]) -> float:
    """What it costs to take two tracklets for one thing; 1000 where they cannot be."""
    unlike = unlikeness(before.colours, after.colours)
    gap = float(after.times[0] - before.times[-1])
    if before.shot != after.shot:
        sizes = abs(np.log(np.median(before.areas) / np.median(after.areas)))
        return 0.6 + unlike if unlike < UNLIKE_CUT and sizes < 1.4 else 1e3
    if unlike > UNLIKE:
        return 1e3
    last, first = before.boxes[-1], after.boxes[0]
    if at_border(last, size) and at_border(first, size):
        other_side = float(np.linalg.norm(_middle(last) - _middle(first))) / size[0]
        return unlike + 0.2 * min(other_side, 1.0) + 0.002 * min(gap, 50.0)
    # Its usual size: when it went behind something, the last of it was small.
    extent = float(np.hypot(*np.median(before.boxes[:, 2:] - before.boxes[:, :2], axis=0)))
    expected = _middle(last) + before.velocity_out * min(gap, HIDDEN)
    missed = min(
        float(np.linalg.norm(expected - _middle(first))), _missed_front(before, after, gap)
    )
    stayed = float(np.linalg.norm(_middle(last) - _middle(first)))
    if gap <= HIDDEN and missed < extent * 0.6 + 0.25 * np.linalg.norm(expected - _middle(last)):
        return unlike + 0.3 * missed / max(extent, 1.0) + 0.1 * gap / HIDDEN
    if gap <= HIDDEN_IN_PLACE and stayed < 0.7 * extent:
        return unlike + 0.3 * stayed / max(extent, 1.0) + 0.2 * gap / HIDDEN_IN_PLACE
    if gap <= TURNING and unlike <= ALIKE_COLOURS and stayed <= _reach(before, after, gap):
        return unlike + TURNED + 0.1 * gap / TURNING
    return 1e3


def _reach(before: Tracklet, after: Tracklet, gap: float) -> float:
    """How far a thing may have gone in a gap in which it turned, pixels; 0 if the sizes differ."""
    ends = ((before, slice(-END, None)), (after, slice(0, END)))
    sizes = [float(np.median(tracklet.areas[near])) for tracklet, near in ends]
    if max(sizes) > ALIKE_SIZE * min(sizes):
        return 0.0
    pace = 0.0
    for tracklet, near in ends:
        middles = (tracklet.boxes[near, :2] + tracklet.boxes[near, 2:]) / 2
        steps = np.linalg.norm(np.diff(middles, axis=0), axis=1) / np.diff(tracklet.times[near])
        pace = max(pace, float(steps.max(initial=0.0)))
    return SWIFTER * pace * gap + SLACK * float(np.sqrt(min(sizes)))


def _missed_front(before: Tracklet, after: Tracklet, gap: float) -> float:
    """How far the front that comes out is from where it should be, pixels.

    What goes behind something shows its tail last, and its front first when it
    comes out: the front is its usual length ahead of the tail.
    """
    last, first = before.boxes[-1], after.boxes[0]
    sides = np.percentile(before.boxes[:, 2:] - before.boxes[:, :2], 80, axis=0)
    along = int(np.argmax(np.abs(before.velocity_out)))
    way = before.velocity_out[along]
    tail, front = (along, along + 2) if way > 0 else (along + 2, along)
    expected = last[tail] + np.sign(way) * sides[along] + way * min(gap, HIDDEN)
    aside = _middle(last)[1 - along] - _middle(first)[1 - along]
    return float(np.hypot(expected - first[front], aside))


def at_border(box: NDArray[np.float64], size: tuple[int, int]) -> bool:
    """Whether a box touches the picture's border."""
    w, h = size
    margin = BORDER * w
    x0, y0, x1, y1 = box
    return bool(x0 <= margin or y0 <= margin or x1 >= w - margin or y1 >= h - margin)


def _middle(box: NDArray[np.float64]) -> NDArray[np.float64]:
    return (box[:2] + box[2:]) / 2
