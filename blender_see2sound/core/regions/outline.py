"""The outline of a region in time: small masks, packed, so that a long clip's fit in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

#: Long side of the masks that are kept, pixels.
KEPT = 256


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
        width, height = self.size
        bits = np.unpackbits(self.packed[index], count=width * height)
        return bits.reshape(height, width).view(bool)


def outline_of(masks: Sequence[Mask]) -> Outline:
    """Pack masks (height, width), all of one size, in the order of time."""
    height, width = masks[0].shape
    return Outline((width, height), np.stack([np.packbits(mask) for mask in masks]))
