"""Blobs of a foreground mask: joined, filled, numbered, and told apart again."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

#: Specks closer than this share of the width are one blob.
CLOSE = 0.012
#: The largest hole in a blob that is filled, as a share of the picture.
HOLE = 0.02
#: Parts farther apart than this share of the width stand apart.
APART = 0.05
#: The smaller part's least size, as a share of the larger one's.
PART = 0.15


def joiner_for(width: int) -> NDArray[np.uint8]:
    """The structuring element that joins specks in pictures of this width."""
    side = max(3, round(CLOSE * width) | 1)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def blobs_of(
    mask: NDArray[np.bool_], joiner: NDArray[np.uint8], smallest: float
) -> tuple[NDArray[np.int32], int]:
    """Number the blobs of a mask.

    Parameters
    ----------
    mask : (h, w) bool array
    joiner : structuring element
    smallest : float
        Pixels that a blob has at least.

    Returns
    -------
    blobs : (h, w) int32 array
        0 where there is none.
    count : int
        How many numbers there are, 0 included.
    """
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, joiner)
    # What a thing surrounds is its plain inside.
    _, labels, stats, _ = cv2.connectedComponentsWithStats(1 - solid, connectivity=4)
    inner = stats[:, cv2.CC_STAT_AREA] < HOLE * mask.size
    inner[0] = False
    solid |= inner[labels].astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= smallest
    large[0] = False
    numbers = np.cumsum(large) * large
    return numbers[labels].astype(np.int32), int(large.sum()) + 1


def parts_of(
    outline: NDArray[np.uint8], between: NDArray[np.bool_], smallest: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """The rest and the second largest part of an outline that has fallen apart.

    None where its parts are near each other or small, or where what stands
    between them (other things) may hide what joins them.

    Parameters
    ----------
    outline : (h, w) uint8 array
    between : (h, w) bool array
    smallest : float
        Pixels that a part has at least.
    """
    side = max(3, round(APART * outline.shape[1]) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    joined = cv2.dilate(outline, kernel) | between.astype(np.uint8)
    count, labels = cv2.connectedComponents(joined)
    if count < 3:
        return None
    sizes = np.bincount(labels[outline > 0], minlength=count)
    sizes[0] = 0
    first, second = np.argsort(-sizes, kind="stable")[:2]
    if sizes[second] < max(PART * sizes[first], smallest):
        return None
    part = ((labels == second) & (outline > 0)).astype(np.uint8)
    return (outline > 0).astype(np.uint8) - part, part


def at_border(mask: NDArray[Any]) -> bool:
    """Whether anything is set in the two outermost rows or columns."""
    edges = (mask[:2], mask[-2:], mask[:, :2], mask[:, -2:])
    return any(bool(edge.any()) for edge in edges)
