"""Which pixels of a picture belong to which region between two pictures.

A pixel belongs to the smallest region whose box it lies in, or next to which it lies: boxes
are smoothed over time, and what is swift may leave them. Of a region with an outline only that
counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..regions.protocol import Region

#: x0 y0 x1 y1 in pixels of the pictures that are measured.
Box = tuple[float, float, float, float]
#: Rows and columns.
Window = tuple[slice, slice]
Mask = NDArray[np.uint8]

#: A box is looked at this much beyond its edges, as a share of its size and in pixels at least:
#: what moves there counts where it hangs together with what moves in the box.
AROUND, AT_LEAST = 0.35, 8.0
#: A window is at least so wide and high, pixels.
NARROWEST = 24
#: Of a region with an outline what lies in it counts, and so many pixels around it.
RIM = 5
#: What stands is no longer seen by a finder of what moves: it is measured so long before and
#: after, seconds.
LINGERS = 0.35
#: No region's.
NOBODY = -1

_NEAR = np.ones((3, 3), np.uint8)
_RIM = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)


class Place:
    """Where a region is at any time.

    Parameters
    ----------
    region : Region
    scale : float
        Pixels of the pictures that are measured per pixel of the clip.
    """

    def __init__(self, region: Region, scale: float) -> None:
        self._region = region
        self._boxes = region.boxes * scale
        self._counts = region.kind == "point" and region.azimuth is None

    def box(self, start: float, end: float) -> Box | None:
        """Its box between two pictures; None where it is not seen then, or does not count."""
        times = self._region.times
        around = (start - LINGERS, start, end, end + LINGERS)
        if not self._counts or np.interp(around, times, self._region.presence).max() < 0.5:
            return None
        middle = 0.5 * (start + end)
        after = int(np.searchsorted(times, middle))
        if after in (0, len(times)):
            x0, y0, x1, y1 = self._boxes[min(after, len(times) - 1)].tolist()
        else:
            part = (middle - times[after - 1]) / (times[after] - times[after - 1])
            both = self._boxes[after - 1 : after + 1]
            x0, y0, x1, y1 = (both[0] + part * (both[1] - both[0])).tolist()
        return x0, y0, x1, y1

    def outline(self, time: float, box: Box, window: Window, shape: tuple[int, ...]) -> Mask | None:
        """Where its mask, gone along with its box, lies in a window; None without one."""
        region = self._region
        if region.outline is None:
            return None
        index = int(np.abs(region.times - time).argmin())
        mask = region.outline.mask(index).view(np.uint8)
        if not mask.any():
            return None
        then = self._boxes[index]
        gone = 0.5 * (np.add(box[:2], box[2:]) - then[:2] - then[2:])
        across, down = shape[1] / mask.shape[1], shape[0] / mask.shape[0]
        to = np.array(
            [[across, 0, gone[0] - window[1].start], [0, down, gone[1] - window[0].start]]
        )
        size = (window[1].stop - window[1].start, window[0].stop - window[0].start)
        here = cv2.warpAffine(mask, to, size, flags=cv2.INTER_NEAREST)
        # Swift parts leave a mask that is some pictures old.
        return np.asarray(cv2.dilate(here, _RIM), np.uint8)


def size_of(box: Box) -> float:
    """Pixels of a box."""
    return max(box[2] - box[0], 1.0) * max(box[3] - box[1], 1.0)


def window_of(box: Box, shape: tuple[int, ...]) -> Window:
    """The part of the picture around a box."""
    sides = []
    for start, stop, length in ((box[1], box[3], shape[0]), (box[0], box[2], shape[1])):
        grow = max(AROUND * (stop - start), AT_LEAST)
        low = max(min(math.floor(start - grow), length - NARROWEST), 0)
        high = max(min(math.ceil(stop + grow), length), min(low + NARROWEST, length))
        sides.append(slice(low, high))
    return sides[0], sides[1]


def owners_of(shape: tuple[int, ...], seen: Sequence[tuple[int, Box, Window]]) -> NDArray[np.int8]:
    """The number of the region that each pixel belongs to, `NOBODY` for none.

    Parameters
    ----------
    shape : (h, w)
    seen : sequence of (number, box, window)
    """
    owner = np.full(shape, NOBODY, np.int8)
    falling = sorted(seen, key=lambda one: -size_of(one[1]))
    for number, _, window in falling:
        owner[window] = number
    for number, box, _ in falling:
        owner[_inside(box)] = number
    return owner


def joined(mask: Mask, box: Box, corner: tuple[int, int]) -> Mask:
    """What of a mask hangs together with what lies in the box.

    Parameters
    ----------
    mask : (h, w) uint8 array
    box : Box
    corner : (int, int)
        The row and the column at which the mask begins.
    """
    near = cv2.dilate(mask, _NEAR)
    count, labels = cv2.connectedComponents(near, connectivity=8, ltype=cv2.CV_16U)
    if count < 2:
        return mask
    rows, columns = _inside(
        (box[0] - corner[1], box[1] - corner[0], box[2] - corner[1], box[3] - corner[0])
    )
    inside = np.zeros(count, np.uint8)
    inside[labels[rows, columns]] = 1
    inside[0] = 0
    if inside[1:].all():
        return mask
    return mask & inside[labels]


def _inside(box: Box) -> Window:
    return (
        slice(max(math.floor(box[1]), 0), max(math.ceil(box[3]), 0)),
        slice(max(math.floor(box[0]), 0), max(math.ceil(box[2]), 0)),
    )
