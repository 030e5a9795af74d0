"""Logic on masks: what they cover, how they overlap, which are the same; numpy only.

Stacks of masks are (N, h, w) bool arrays, all of one size.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..outline import Mask

Masks = NDArray[np.bool_]

#: Pieces smaller than this share of a mask's largest one are specks.
SPECK = 0.1
#: A mask of which this share vanishes when a pixel is taken off its rim is a sliver.
THIN = 0.9


def intersections(a: Masks, b: Masks) -> NDArray[np.float64]:
    """How many pixels each mask of `a` shares with each of `b`: (A, B)."""
    flat_a, flat_b = (m.reshape(len(m), -1).astype(np.float32) for m in (a, b))
    return np.asarray(flat_a @ flat_b.T, np.float64)


def areas_of(masks: Masks) -> NDArray[np.float64]:
    """Pixels of each mask."""
    return masks.reshape(len(masks), -1).sum(1).astype(np.float64)


def ious(a: Masks, b: Masks) -> NDArray[np.float64]:
    """Intersection over union of each mask of `a` with each of `b`: (A, B)."""
    shared = intersections(a, b)
    either = areas_of(a)[:, None] + areas_of(b)[None, :] - shared
    return shared / np.maximum(either, 1.0)


def contained(a: Masks, b: Masks) -> NDArray[np.float64]:
    """Which share of each mask of `a` lies in each of `b`: (A, B)."""
    return intersections(a, b) / np.maximum(areas_of(a), 1.0)[:, None]


def best_of_alike(
    overlaps: NDArray[np.float64], scores: NDArray[np.float64], alike: float
) -> list[int]:
    """Of things that overlap by more than `alike` only the best-scored (greedy suppression).

    Parameters
    ----------
    overlaps : (N, N) array
    scores : (N,) array
    alike : float

    Returns
    -------
    list of int
        Indices of those that stay, the best first; of equal ones the first.
    """
    left = np.ones(len(scores), bool)
    best = []
    for index in np.argsort(-scores, kind="stable"):
        if left[index]:
            best.append(int(index))
            left &= overlaps[index] <= alike
    return best


def without_specks(mask: Mask) -> Mask:
    """A mask without its stray small pieces."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count <= 2:
        return mask
    large = stats[:, cv2.CC_STAT_AREA] >= SPECK * stats[1:, cv2.CC_STAT_AREA].max()
    large[0] = False
    return large[labels]


def is_sliver(mask: Mask) -> bool:
    """Whether a mask is a thin line, such as an outline or a wire."""
    core = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return bool(core.sum() < (1.0 - THIN) * mask.sum())


def box_of(mask: Mask) -> NDArray[np.float64]:
    """x0 y0 x1 y1 of what is set, in pixels of the mask; the mask is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)


def borders_touched(mask: Mask) -> int:
    """On how many of the picture's four sides a mask lies."""
    sides = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return sum(bool(side.any()) for side in sides)
