"""What moves in each region between one picture and the next, the camera's own motion taken out.

It is measured in each region by dense optical flow (DIS; Kroeger et al., "Fast Optical Flow using
Dense Inverse Search", 2016), fine enough for small things, and only where something has changed.
What goes farther than half its size from one picture to the next is beyond a flow: there the middle
of what differs from both neighbours counts (three-frame differences; Collins et al., "A System for
Video Surveillance and Monitoring", 2000).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..regions.protocol import Region
from .camera import CUT_CHANGE, Flow, Grey, camera_between, half, is_cut, stirs
from .windows import Box, Mask, Place, Window, joined, owners_of, size_of, window_of

Values = NDArray[np.float64]

#: Slower than this a pixel stands still, pixels a picture at this size.
STILL = 0.3
#: A pixel that moves has changed by this much, of 255, in the mean around it: noise has less.
CHANGED = 7.0
#: The lowest part of a region, where feet are: the share of its height.
LOW = 0.22
#: Fewer pixels than this are none.
FEWEST = 6
#: A flow is measured so far around what has changed, and sees as far as its widest scale, which
#: needs a window of this side, at whole and half size; pixels of the pictures it is measured in.
MARGIN, ROOM = 8, (112, 64)
#: OpenCV finds no flow in pictures with a shorter side, pixels.
LEAST_SIDE = 12
#: What went farther than this, pixels, is also looked for where it would be if it went on.
FAST = 3.0
#: Regions narrower than this are measured at full fineness, pixels; up to twice as wide ones at
#: half of it, others at a quarter.
SMALL = 40.0
#: A picture that differs from the last by less than this, of 255, everywhere is the same again;
#: or by less than this share of the difference before, as codecs touch up what is repeated.
SAME, TOUCHED_UP, MOST_TOUCHED_UP = 1.2, 0.15, 6.0
#: What moved farther than this share of its size is followed by its middle, where that is the
#: middle of one body: of which about as much is seen each time, and which fills its box.
SWIFT, ALIKE, COMPACT = 0.15, 0.6, 0.5
#: Specks are no body: that is at least this share of the box.
BODY = 0.1

Row = tuple[float, float, float, float, float, float, float, float]
Middle = tuple[float, float, float]
_NO_ROW: Row = (0.0,) * 8
_NO_MIDDLE: Middle = (0.0,) * 3


class Flowing:
    """What moved in one region, a row for each pair of pictures; 44 bytes each.

    Attributes
    ----------
    displacement : (float, float)
        Of the last row.
    far : float
        Of the last row.
    """

    def __init__(self) -> None:
        self._rows, self._middles = array("f"), array("f")
        self.displacement, self.far = (0.0, 0.0), 0.0

    def take(self, row: Row = _NO_ROW, middle: Middle = _NO_MIDDLE) -> None:
        """Add a pair of pictures.

        Parameters
        ----------
        row : tuple of float
            seen (1: it was there), area (pixels that moved), x, y (their mean displacement,
            pixels, weighted by its length), far (the mean length of that), low (the sum of the
            lengths in the lowest part, in the region's heights), edge (1: it reaches the
            picture's edge), box (pixels of its box).
        middle : (x, y, area)
            Of what in the first picture differs from both neighbours; area 0 where that is no
            one body.
        """
        self._rows.extend(row)
        self._middles.extend(middle)
        self.displacement, self.far = (row[2], row[3]), row[4]

    def table(self) -> Values:
        """The rows (K, 8), displacements of what is swift taken from its middles."""
        table = np.array(self._rows, np.float64).reshape(-1, 8)
        middles = np.array(self._middles, np.float64).reshape(-1, 3)
        count = len(table) - 1
        if count < 1:
            return table
        a, b = middles[:-1], middles[1:]
        jump = b[:, :2] - a[:, :2]
        size = np.sqrt(np.minimum(a[:, 2], b[:, 2]))
        alike = np.minimum(a[:, 2], b[:, 2]) > ALIKE * np.maximum(a[:, 2], b[:, 2])
        far = np.linalg.norm(jump, axis=1)
        body = (size**2 > np.maximum(BODY * table[:count, 7], 4.0)) & (table[:count, 0] > 0)
        swift = np.flatnonzero(alike & body & (far > SWIFT * size))
        table[swift, 2:4] = jump[swift]
        table[swift, 4] = np.maximum(table[swift, 4], far[swift])
        table[swift, 1] = np.maximum(table[swift, 1], size[swift] ** 2)
        return table


class Meter:
    """Measures regions picture by picture.

    Parameters
    ----------
    regions : sequence of Region
    scale : float
        Pixels of the pictures given per pixel of the clip.

    Attributes
    ----------
    times : array of float
        Of the pictures that were told apart; the pairs lie between them.
    cuts : bytearray
        For each pair, whether a cut lies in it.
    flowing : list of Flowing
        For each region.
    """

    def __init__(self, regions: Sequence[Region], scale: float) -> None:
        self.times = array("d")
        self.cuts = bytearray()
        self.flowing = [Flowing() for _ in regions]
        self._places = [Place(region, scale) for region in regions]
        self._coarse: cv2.DISOpticalFlow | None = None
        # An engine keeps a guess for what follows, of whatever size: those that get guesses
        # always do.
        self._engines = [_engine(finest) for finest in (0, 1)]
        self._guessing = [_engine(finest) for finest in (0, 1)]
        self._last: Grey | None = None
        self._most = 0.0
        self._changed: Mask | None = None

    def take(self, time: float, grey: Grey, longest: float) -> None:
        """Take the next picture.

        Parameters
        ----------
        grey : (h, w) uint8 array
        longest : float
            Seconds within which a picture that shows nothing new is taken for a repeated one.
        """
        last = self._last
        if last is not None:
            change = cv2.absdiff(grey, last)
            most = cv2.minMaxLoc(cv2.blur(change, (5, 5)))[1]
            same = max(SAME, min(TOUCHED_UP * self._most, MOST_TOUCHED_UP))
            if most < same and time - self.times[-1] < longest:
                return
            self._most = most
            self._pair(last, grey, change, self.times[-1], time)
        self.times.append(time)
        self._last = grey

    def _pair(self, before: Grey, after: Grey, change: Grey, start: float, end: float) -> None:
        shape = before.shape
        boxes = [(number, place.box(start, end)) for number, place in enumerate(self._places)]
        seen = [(n, box, window_of(box, shape)) for n, box in boxes if box is not None]
        owner = owners_of(shape, seen)
        jumped = cv2.mean(change)[0] > CUT_CHANGE
        cut, camera, left = False, None, 0.0
        if jumped or (seen and stirs(change, owner, CHANGED)):
            small = half(before), half(after)
            coarse = self._coarse_flow(*small)
            cut = jumped and is_cut(*small, coarse)
            if seen and not cut:
                camera, left = camera_between(coarse, small[0], owner)
        self.cuts.append(cut)
        if cut or not seen:
            for flowing in self.flowing:
                flowing.take()
            self._changed = None
            return
        if camera is not None:
            size = shape[::-1]
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            after = cv2.warpAffine(
                after, camera, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
            )
            change = cv2.absdiff(before, after)
        _, changed = cv2.threshold(cv2.blur(change, (3, 3)), CHANGED, 1, cv2.THRESH_BINARY)
        both = changed if self._changed is None else changed & self._changed
        pictures = _Pictures(before, after)
        measured = {}
        for number, box, window in seen:
            mine = changed[window] * (owner[window] == number)
            outline = self._places[number].outline(0.5 * (start + end), box, window, shape)
            if outline is not None:
                mine &= outline
            measured[number] = self._measure(
                number, box, window, mine, both, pictures, max(STILL, left)
            )
        for number, flowing in enumerate(self.flowing):
            flowing.take(*measured.get(number, ()))
        if camera is not None:  # what changed, as the next picture sees it
            changed = cv2.warpAffine(changed, camera, shape[::-1], flags=cv2.INTER_NEAREST)
        self._changed = changed

    def _coarse_flow(self, before: Grey, after: Grey) -> Flow:
        """How all that is seen moves between two pictures."""
        h, w = before.shape
        lacking = max(LEAST_SIDE - h, 0), max(LEAST_SIDE - w, 0)
        if any(lacking):  # what lies at the edge goes on beyond it
            before, after = (
                np.pad(picture, [(0, more) for more in lacking], "edge")
                for picture in (before, after)
            )
        if self._coarse is None:
            self._coarse = _coarse_engine(before.shape)
        return np.asarray(self._coarse.calc(before, after, None)[:h, :w], np.float32)

    def _measure(
        self,
        number: int,
        box: Box,
        window: Window,
        mine: Mask,
        both: Mask,
        pictures: _Pictures,
        still: float,
    ) -> tuple[Row, Middle]:
        """What moved in one region; what is slower than `still`, pixels, stands."""
        rest: Row = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, size_of(box))
        mine, window = _cropped(mine, window)
        if not mine.size:
            return rest, _NO_MIDDLE
        mine = joined(mine, box, (window[0].start, window[1].start))
        middle = _middle(mine & both[window], window)
        mine, window = _cropped(mine, window)
        if cv2.countNonZero(mine) < FEWEST:
            return rest, middle
        narrow = min(box[2] - box[0], box[3] - box[1])
        # The finest scale of pictures half as large is half as fine.
        halved, finest = int(narrow > SMALL), int(narrow > 2 * SMALL)
        before, after = pictures.at(halved)
        if halved:
            mine, window = _halved(mine, window, before.shape)
        flowing = self.flowing[number]
        guess = flowing.displacement if flowing.far > FAST else None
        room, inner = _room(window, before.shape, ROOM[halved])
        pair = before[room].copy(), after[room].copy()
        if guess is None:
            flow = self._engines[finest].calc(*pair, None)
        else:  # it is also looked for where it would be if it went on as it did
            ahead = np.zeros((*pair[0].shape, 2), np.float32)
            ahead[inner][mine > 0] = np.divide(guess, 1 + halved)
            flow = self._guessing[finest].calc(*pair, cv2.blur(ahead, (5, 5)))
        rows, columns = np.nonzero(mine)
        way = (1 + halved) * flow[inner][rows, columns]
        rows, columns = (
            (at + side.start) * (1 + halved)
            for at, side in zip((rows, columns), window, strict=True)
        )
        return _row(box, rows, columns, way, both.shape, still, (1 + halved) ** 2) or rest, middle


class _Pictures:
    """Two pictures, and their halves once they are needed."""

    def __init__(self, before: Grey, after: Grey) -> None:
        self._pairs = [(before, after)]

    def at(self, level: int) -> tuple[Grey, Grey]:
        """The pair, each `level` times halved."""
        while len(self._pairs) <= level:
            before, after = self._pairs[-1]
            self._pairs.append((half(before), half(after)))
        return self._pairs[level]


def _coarse_engine(shape: tuple[int, ...]) -> cv2.DISOpticalFlow:
    """An engine for whole pictures of one shape."""
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    engine.setVariationalRefinementIterations(0)
    # OpenCV ends the process where a picture at the finest scale is smaller than a patch.
    fits = int(math.log2(max(min(shape) / engine.getPatchSize(), 1.0)))
    engine.setFinestScale(min(engine.getFinestScale(), fits))
    return engine


def _engine(finest: int) -> cv2.DISOpticalFlow:
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    engine.setFinestScale(finest)
    engine.setPatchStride(5)
    engine.setGradientDescentIterations(12)
    engine.setVariationalRefinementIterations(0)
    return engine


def _cropped(mask: Mask, window: Window) -> tuple[Mask, Window]:
    """What is set of a mask, and the window around that; empty where nothing is."""
    left, top, wide, high = cv2.boundingRect(mask)
    y, x = window[0].start + top, window[1].start + left
    cropped = mask[top : top + high, left : left + wide]
    return cropped, (slice(y, y + high), slice(x, x + wide))


def _halved(mask: Mask, window: Window, shape: tuple[int, ...]) -> tuple[Mask, Window]:
    """A window and its mask in pictures half as large, of that shape."""
    sides, picked = [], []
    for side, length in zip(window, shape, strict=True):
        low, high = (side.start + 1) // 2, min((side.stop + 1) // 2, length)
        sides.append(slice(low, high))
        picked.append(slice(2 * low - side.start, 2 * high - side.start, 2))
    return mask[picked[0], picked[1]], (sides[0], sides[1])


def _room(window: Window, shape: tuple[int, ...], least: int) -> tuple[Window, Window]:
    """A window at least so wide around another, and where that lies in it."""
    room, inner = [], []
    for side, length in zip(window, shape, strict=True):
        wide = max(side.stop - side.start + 2 * MARGIN, least)
        start = max(min((side.start + side.stop - wide) // 2, length - wide), 0)
        room.append(slice(start, min(start + wide, length)))
        inner.append(slice(side.start - start, side.stop - start))
    return (room[0], room[1]), (inner[0], inner[1])


def _middle(mask: Mask, window: Window) -> Middle:
    area = cv2.countNonZero(mask)
    if area < FEWEST:
        return _NO_MIDDLE
    middle, filled = [], float(area)
    for side, axis in zip(window, (1, 0), strict=True):
        counts = cv2.reduce(mask, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
        low, high = np.searchsorted(np.cumsum(counts), (0.03 * area, 0.97 * area))
        filled /= float(high - low + 1)
        middle.append(float(counts @ np.arange(len(counts))) / area + side.start)
    return (middle[1], middle[0], float(area)) if filled >= COMPACT else _NO_MIDDLE


def _row(
    box: Box,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    way: Flow,
    shape: tuple[int, ...],
    still: float,
    each: int,
) -> Row | None:
    """A row of `Flowing` from where pixels go that have changed; None where they stand.

    Parameters
    ----------
    box : Box
    rows, columns : (N,) int array
    way : (N, 2) float32 array
        Pixels.
    shape : (h, w)
    still : float
        What is slower stands, pixels.
    each : int
        How many pixels each of them stands for.
    """
    length = np.hypot(way[:, 0], way[:, 1])
    moves = length > still
    rows, columns, way, far = rows[moves], columns[moves], way[moves], length[moves]
    if each * len(far) < FEWEST:
        return None
    # Shadows and what else stirs beside it are slower: each pixel counts by how far it goes.
    total = float(far.sum())
    x, y = (far @ way / total).tolist()
    height = max(box[3] - box[1], 1.0)
    low = float(far[rows > math.floor(box[3] - LOW * height)].sum())
    ends = rows.min(), columns.min(), shape[0] - 1 - rows.max(), shape[1] - 1 - columns.max()
    return (
        1.0, float(each * len(far)), x, y, total / len(far), each * low / height,
        float(min(ends) < 2), size_of(box),
    )  # fmt: skip
