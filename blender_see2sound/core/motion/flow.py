"""What moves in each region between one picture and the next, the camera's own motion taken out.

The camera's motion is an affine model, fitted by iterated reweighting (Tukey's biweight) to a
coarse flow of what lies outside the regions. What moves otherwise is measured in each region by
dense optical flow (DIS; Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016),
fine enough for small things. What goes farther than half its size from one picture to the
next is beyond a flow: there the middle of what differs from both neighbours counts (three-frame
differences; Collins et al., "A System for Video Surveillance and Monitoring", 2000).

A pixel belongs to the smallest region whose box it lies in, or next to which it lies: boxes
are smoothed over time, and what is swift may leave them. Of a region with an outline only that
counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..regions.protocol import Region

Grey = NDArray[np.uint8]
Values = NDArray[np.float64]
Window = tuple[slice, slice]

#: Slower than this a pixel stands still, pixels a picture at this size; where the camera moves
#: also what is slower than so many times what its model leaves.
STILL, LEFT = 0.3, 4.0
#: A pixel that moves has changed by this much, of 255, in the mean around it: noise has less.
CHANGED = 7.0
#: A box is looked at this much beyond its edges, as a share of its size and in pixels at least:
#: what moves there counts where it hangs together with what moves in the box.
AROUND, AT_LEAST = 0.35, 8.0
#: Of a region with an outline what lies in it counts, and so many pixels around it.
RIM = 5
#: The lowest part of a region, where feet are: the share of its height.
LOW = 0.22
#: Fewer pixels than this are none.
FEWEST = 6
#: What stands is no longer seen by a finder of what moves: it is measured so long before and
#: after, seconds.
LINGERS = 0.35
#: A flow sees as far as its widest scale, which needs a window of this side, pixels.
ROOM = 112
#: What went farther than this, pixels, is also looked for where it would be if it went on.
FAST = 3.0
#: Regions narrower than this are measured at full fineness, pixels; those twice as wide at half
#: of it, others at a quarter.
SMALL = 40.0
#: The camera's motion is fitted at points so far apart, where something can be seen.
SPARSE, STRUCTURE, FEWEST_POINTS = 6, 10, 24
#: A camera that moves the picture less than this, pixels, rests; as does one that changes less
#: than this share of what lies outside the regions.
RESTS, STIRS = 0.08, 0.01
#: Pictures differ by this much on average where the shot is cut, and the flow explains all but
#: this share of it where it is not.
CUT_CHANGE, UNEXPLAINED = 14.0, 0.45
#: A picture that differs from the last by less than this, of 255, everywhere is the same again;
#: or by less than this share of the difference before, as codecs touch up what is repeated.
SAME, TOUCHED_UP, MOST_TOUCHED_UP = 1.2, 0.15, 6.0
#: What moved farther than this share of its size is followed by its middle, where that is the
#: middle of one body: of which about as much is seen each time, and which fills its box.
SWIFT, ALIKE, COMPACT = 0.15, 0.6, 0.5
#: Specks are no body: that is at least this share of the box.
BODY = 0.1


@dataclass
class Flowing:
    """What moved in one region, a row for each pair of pictures.

    Attributes
    ----------
    rows : list of tuple
        seen (1: it was there), area (pixels that moved), x, y (their mean
        displacement, pixels, weighted by its length), far (the mean length of that), low (the sum of the lengths
        in the lowest part, in the region's heights), edge (1: it reaches the picture's edge),
        box (pixels of its box).
    middles : list of (x, y, area)
        Of what differs from both neighbours, for each picture; area 0 where that is no one body.
    """

    rows: list[tuple[float, ...]] = field(default_factory=list)
    middles: list[tuple[float, float, float]] = field(default_factory=list)

    def table(self) -> Values:
        """The rows (K, 8), displacements of what is swift taken from its middles."""
        table = np.array(self.rows, np.float64).reshape(-1, 8)
        middles = np.array(self.middles, np.float64).reshape(-1, 3)
        count = min(len(table), len(middles) - 1)
        if count < 1:
            return table
        a, b = middles[:count], middles[1 : count + 1]
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
    times : list of float
        Of the pictures that were told apart; the pairs lie between them.
    cuts : list of bool
        For each pair, whether a cut lies in it.
    flowing : list of Flowing
        For each region.
    """

    def __init__(self, regions: Sequence[Region], scale: float) -> None:
        self.times: list[float] = []
        self.cuts: list[bool] = []
        self.flowing = [Flowing() for _ in regions]
        self._regions = regions
        self._boxes = [region.boxes * scale for region in regions]
        self._coarse = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        # An engine keeps a guess for what follows, of whatever size: those that get guesses
        # always do.
        self._engines = [_engine(scale) for scale in (0, 1, 2)]
        self._guessing = [_engine(scale) for scale in (0, 1, 2)]
        self._last: Grey | None = None
        self._most = 0.0
        self._changed: Grey | None = None

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
        boxes = [self._box(k, start, end) for k in range(len(self._regions))]
        here = [k for k, box in enumerate(boxes) if box is not None]
        jumped = cv2.mean(change)[0] > CUT_CHANGE
        windows = [None if box is None else _window(box, before.shape) for box in boxes]
        owner = _owners(before.shape, boxes, windows)
        stirs = jumped or (bool(here) and _stirs(change, owner))
        coarse = self._coarse.calc(_half(before), _half(after), None) if stirs else None
        cut = jumped and coarse is not None and _unexplained(_half(before), _half(after), coarse)
        self.cuts.append(cut)
        if cut or not here:
            for flowing in self.flowing:
                flowing.rows.append((0.0,) * 8)
                flowing.middles.append((0.0, 0.0, 0.0))
            self._changed = None
            return
        camera, left = (None, 0.0) if coarse is None else _camera(coarse, before, owner)
        if camera is not None:
            size = before.shape[::-1]
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            after = cv2.warpAffine(
                after, camera, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
            )
            change = cv2.absdiff(before, after)
        changed = (cv2.blur(change, (3, 3)) > CHANGED).astype(np.uint8)
        both = changed if self._changed is None else changed & self._changed
        each = zip(self.flowing, boxes, windows, strict=True)
        for number, (flowing, box, window) in enumerate(each):
            if box is None or window is None:
                flowing.rows.append((0.0,) * 8)
                flowing.middles.append((0.0, 0.0, 0.0))
                continue
            own = owner[window] == number
            outline = self._outline(number, 0.5 * (start + end), box, window, before.shape)
            if outline is not None:
                own &= outline
            mine = _joined(own & (changed[window] > 0), box, window)
            flowing.middles.append(_middle(mine & (both[window] > 0), window))
            if cv2.countNonZero(mine.view(np.uint8)) < FEWEST:
                flowing.rows.append(_at_rest(box))
                continue
            narrow = min(box[2] - box[0], box[3] - box[1])
            scale = int(narrow > SMALL) + int(narrow > 2 * SMALL)
            room, inner = _room(window, before.shape)
            pair = before[room].copy(), after[room].copy()
            if flowing.rows and flowing.rows[-1][4] > FAST:
                # It is also looked for where it would be if it went on as it did.
                guess = np.zeros((*pair[0].shape, 2), np.float32)
                guess[inner][mine] = flowing.rows[-1][2:4]
                flow = self._guessing[scale].calc(*pair, cv2.blur(guess, (5, 5)))
            else:
                flow = self._engines[scale].calc(*pair, None)
            flow = flow[inner]
            flowing.rows.append(_measure(box, window, mine, flow, before.shape, max(STILL, left)))
        if camera is not None:  # what changed, as the next picture sees it
            changed = cv2.warpAffine(changed, camera, before.shape[::-1], flags=cv2.INTER_NEAREST)
        self._changed = changed

    def _outline(
        self, number: int, time: float, box: Values, window: Window, shape: tuple[int, ...]
    ) -> NDArray[np.bool_] | None:
        """Where a region's mask, gone along with its box, lies in a window; None without one."""
        region = self._regions[number]
        if region.outline is None:
            return None
        index = int(np.abs(region.times - time).argmin())
        mask = region.outline.mask(index).view(np.uint8)
        if not mask.any():
            return None
        then = self._boxes[number][index]
        gone = 0.5 * (box[:2] + box[2:] - then[:2] - then[2:])
        across, down = shape[1] / mask.shape[1], shape[0] / mask.shape[0]
        to = np.array(
            [[across, 0, gone[0] - window[1].start], [0, down, gone[1] - window[0].start]]
        )
        size = (window[1].stop - window[1].start, window[0].stop - window[0].start)
        here = cv2.warpAffine(mask, to, size, flags=cv2.INTER_NEAREST)
        # Swift parts leave a mask that is some pictures old.
        return cv2.dilate(here, np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)).view(bool)

    def _box(self, number: int, start: float, end: float) -> Values | None:
        """Where a region is between two pictures; None where it is not seen then."""
        region, boxes = self._regions[number], self._boxes[number]
        if region.kind != "point" or region.azimuth is not None:
            return None
        times = region.times
        around = (start - LINGERS, start, end, end + LINGERS)
        if max(np.interp(around, times, region.presence)) < 0.5:
            return None
        middle = 0.5 * (start + end)
        return np.array([np.interp(middle, times, boxes[:, k]) for k in range(4)])


def _engine(finest: int) -> cv2.DISOpticalFlow:
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    engine.setFinestScale(finest)
    engine.setPatchStride(5)
    engine.setGradientDescentIterations(12)
    engine.setVariationalRefinementIterations(0)
    return engine


def _brought(picture: Grey, flow: NDArray[np.float32]) -> Grey:
    """The picture before, as the one after and the flow tell it."""
    h, w = picture.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    brought = cv2.remap(picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
    return np.asarray(brought, np.uint8)


def _half(picture: Grey) -> Grey:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def _unexplained(before: Grey, after: Grey, flow: NDArray[np.float32]) -> bool:
    change = cv2.mean(cv2.absdiff(before, after))[0]
    return cv2.mean(cv2.absdiff(before, _brought(after, flow)))[0] > UNEXPLAINED * change


def _window(box: Values, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The part of the picture around a box."""
    sides = []
    for start, stop, length in ((box[1], box[3], shape[0]), (box[0], box[2], shape[1])):
        grow = max(AROUND * (stop - start), AT_LEAST)
        # A flow needs some room.
        low = max(min(math.floor(start - grow), length - 24), 0)
        sides.append(slice(low, max(min(math.ceil(stop + grow), length), min(low + 24, length))))
    return sides[0], sides[1]


def _room(
    window: tuple[slice, slice], shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """A window wide enough for a flow's coarse scales, and where the first one lies in it."""
    room, inner = [], []
    for side, length in zip(window, shape[:2], strict=True):
        more = max(ROOM - (side.stop - side.start), 0)
        start = max(min(side.start - more // 2, length - ROOM, side.start), 0)
        room.append(slice(start, min(max(start + ROOM, side.stop), length)))
        inner.append(slice(side.start - start, side.stop - start))
    return (room[0], room[1]), (inner[0], inner[1])


def _joined(mask: NDArray[np.bool_], box: Values, window: tuple[slice, slice]) -> NDArray[np.bool_]:
    """What of a window's mask hangs together with what lies in the box."""
    near = cv2.dilate(mask.view(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8, ltype=cv2.CV_16U)
    if count < 2:
        return mask
    corner = np.array([window[1].start, window[0].start])
    x0, y0 = np.maximum(np.floor(box[:2] - corner), 0).astype(int)
    x1, y1 = np.maximum(np.ceil(box[2:] - corner), 0).astype(int)
    inside = np.bincount(labels[y0:y1, x0:x1].ravel(), minlength=count) > 0
    inside[0] = False
    if inside[1:].all():
        return mask
    return mask & inside[labels]


def _owners(
    shape: tuple[int, ...],
    boxes: Sequence[Values | None],
    windows: Sequence[tuple[slice, slice] | None],
) -> NDArray[np.int16]:
    """The number of the region that each pixel belongs to, -1 for none."""
    owner = np.full(shape, -1, np.int16)
    present = [(k, box) for k, box in enumerate(boxes) if box is not None]
    present.sort(key=lambda one: -_size(one[1]))
    for number, _ in present:
        owner[windows[number]] = number
    for number, box in present:
        x0, y0 = np.maximum(np.floor(box[:2]), 0).astype(int)
        x1, y1 = np.maximum(np.ceil(box[2:]), 0).astype(int)
        owner[y0:y1, x0:x1] = number
    return owner


def _stirs(change: Grey, owner: NDArray[np.int16]) -> bool:
    """Whether so much changes outside the regions that the camera may have moved."""
    step = (slice(None, None, SPARSE),) * 2
    ground = change[step][owner[step] < 0]
    return not len(ground) or float(np.mean(ground > CHANGED)) > STIRS


def _camera(
    coarse: NDArray[np.float32], picture: Grey, owner: NDArray[np.int16]
) -> tuple[Values | None, float]:
    """Where the camera brings each pixel, a (2, 3) affine matrix; None where it rests.

    And how fast a pixel must be to be known to move otherwise.
    """
    small = picture[::2, ::2].astype(np.int16)
    h, w = (min(a, b) for a, b in zip(small.shape, coarse.shape, strict=False))
    rows = np.arange(SPARSE, h - 1, SPARSE)[:, None]
    columns = np.arange(SPARSE, w - 1, SPARSE)[None]
    slope = abs(small[rows, columns + 1] - small[rows, columns - 1])
    slope += abs(small[rows + 1, columns] - small[rows - 1, columns])
    ground = owner[2 * rows, 2 * columns] < 0
    use = ground & (slope > STRUCTURE)
    if use.sum() < FEWEST_POINTS:
        use = ground if ground.sum() >= FEWEST_POINTS else np.ones_like(ground)
    at = np.nonzero(use)
    y, x = rows[at[0], 0], columns[0, at[1]]
    found = 2.0 * coarse[y, x].astype(np.float64)
    terms = np.stack([2.0 * x - w, 2.0 * y - h, np.full(len(x), float(w))], 1) / w
    model = np.zeros((3, 2))
    model[2] = np.median(found, axis=0)
    for _ in range(4):
        rest = np.linalg.norm(found - terms @ model, axis=1)
        spread = max(4.0 * float(np.median(rest)), 0.1)
        weighted = terms * (np.maximum(1.0 - (rest / spread) ** 2, 0.0) ** 2)[:, None]
        model = np.linalg.lstsq(weighted.T @ terms, weighted.T @ found, rcond=None)[0]
    if np.abs(terms @ model).max(initial=0.0) < RESTS:
        return None, 0.0
    camera = np.eye(2, 3)
    camera[:, :2] += model[:2].T / w
    camera[:, 2] = model[2] - model[:2].T @ np.array([1.0, h / w])
    return camera, LEFT * float(np.median(rest))


def _middle(mask: NDArray[np.bool_], window: tuple[slice, slice]) -> tuple[float, float, float]:
    bits = mask.view(np.uint8)
    area = cv2.countNonZero(bits)
    if area < FEWEST:
        return 0.0, 0.0, 0.0
    middle, filled = [], float(area)
    for side, axis in zip(window, (1, 0), strict=True):
        counts = cv2.reduce(bits, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
        low, high = np.searchsorted(np.cumsum(counts), (0.03 * area, 0.97 * area))
        filled /= float(high - low + 1)
        middle.append(float(counts @ np.arange(len(counts))) / area + side.start)
    return (middle[1], middle[0], float(area)) if filled >= COMPACT else (0.0, 0.0, 0.0)


def _size(box: Values) -> float:
    return float(np.prod(np.maximum(box[2:] - box[:2], 1.0)))


def _at_rest(box: Values) -> tuple[float, ...]:
    return 1.0, *(0.0,) * 6, _size(box)


def _measure(
    box: Values,
    window: tuple[slice, slice],
    mine: NDArray[np.bool_],
    flow: NDArray[np.float32],
    shape: tuple[int, ...],
    still: float,
) -> tuple[float, ...]:
    """A row of `Flowing`; what is slower than `still`, pixels, stands."""
    length = cv2.magnitude(*cv2.split(flow))
    moves = (mine & (length > still)).view(np.uint8)
    area = cv2.countNonZero(moves)
    if area < FEWEST:
        return _at_rest(box)
    # Shadows and what else stirs beside it are slower: each pixel counts by how far it goes.
    at = moves > 0
    far, way = length[at], flow[at]
    x, y = (far @ way / float(far.sum())).tolist()
    height = max(float(box[3] - box[1]), 1.0)
    feet = max(int(np.floor(box[3] - LOW * height)) + 1 - window[0].start, 0)
    low = length[feet:]
    least, top, wide, high = cv2.boundingRect(moves)
    left, top = least + window[1].start, top + window[0].start
    edge = top < 2 or left < 2 or top + high > shape[0] - 2 or left + wide > shape[1] - 2
    return (
        1.0,
        float(area),
        x,
        y,
        float(far.mean()),
        float(low[at[feet:]].sum()) / height,
        float(edge),
        _size(box),
    )
