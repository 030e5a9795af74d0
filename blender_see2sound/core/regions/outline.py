"""The outline of a region in time: small masks, packed, so that a long clip's fit in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

#: Long side of the masks that are kept, pixels.
KEPT = 256


def kept_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the masks that are kept of a picture of this size."""
    scale = KEPT / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def unpack(packed: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    """A mask of a width and height from its bits, as of `numpy.packbits`."""
    width, height = size
    return np.unpackbits(packed, count=width * height).reshape(height, width).view(bool)


@dataclass(frozen=True)
class Outline:
    """Masks at each of a region's times.

    Attributes
    ----------
    size : (int, int)
        Width and height of the masks, which cover the whole picture.
    packed : (T, ceil(width * height / 8)) uint8 array
        Bits as of `numpy.packbits`, row by row.
    """

    size: tuple[int, int]
    packed: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.packed)

    def mask(self, index: int) -> Mask:
        """The mask (height, width) at the region's time of this index; empty where it is not seen."""
        return unpack(self.packed[index], self.size)


def outline_of(masks: Sequence[Mask]) -> Outline:
    """Pack masks (height, width), all of one size, in the order of time."""
    height, width = masks[0].shape
    return Outline((width, height), np.stack([np.packbits(mask) for mask in masks]))
