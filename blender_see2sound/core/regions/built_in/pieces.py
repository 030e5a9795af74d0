"""Small pieces that always stay at a larger thing, such as a limb, are taken into it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..tracks.tracklets import Tracklet

#: A piece: smaller than this share of the larger thing, inside its box (grown by a share of
#: the picture's width) for this share of its time.
PIECE_SIZE = 0.45
PIECE_MARGIN = 0.05
PIECE_TIME = 0.75


def absorb_pieces(tracklets: Sequence[Tracklet], size: tuple[int, int]) -> list[Tracklet]:
    """Take small pieces that stay at a larger thing into it, the smallest first."""
    left = sorted(tracklets, key=lambda t: (float(t.areas.sum()), t.times[0]))
    whole = []
    while left:
        piece = left.pop(0)
        for k, large in enumerate(left):
            if _is_piece(piece, large, size):
                left[k] = _united(large, piece)
                break
        else:
            whole.append(piece)
    return whole


def _is_piece(piece: Tracklet, large: Tracklet, size: tuple[int, int]) -> bool:
    if piece.shot != large.shot or np.median(piece.areas) > PIECE_SIZE * np.median(large.areas):
        return False
    _, a, b = np.intersect1d(piece.times, large.times, return_indices=True)
    if len(a) < PIECE_TIME * len(piece.times):
        return False
    middle = (piece.boxes[a, :2] + piece.boxes[a, 2:]) / 2
    margin = PIECE_MARGIN * size[0]
    inside = ((middle > large.boxes[b, :2] - margin) & (middle < large.boxes[b, 2:] + margin)).all(
        1
    )
    return bool(inside.sum() >= PIECE_TIME * len(piece.times))


def _united(large: Tracklet, piece: Tracklet) -> Tracklet:
    """The larger thing, its boxes and areas grown by the piece's where both are seen."""
    _, a, b = np.intersect1d(piece.times, large.times, return_indices=True)
    boxes, areas = large.boxes.copy(), large.areas.copy()
    boxes[b, :2] = np.minimum(boxes[b, :2], piece.boxes[a, :2])
    boxes[b, 2:] = np.maximum(boxes[b, 2:], piece.boxes[a, 2:])
    areas[b] += piece.areas[a]
    return dataclasses.replace(large, boxes=boxes, areas=areas)
