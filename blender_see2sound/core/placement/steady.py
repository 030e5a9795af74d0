"""How depth maps of one shot go together: a model judges each picture anew, and wavers.

Between neighbouring pictures the same places are found again by optical flow
(Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016), and
the scale, and for relative maps the shift, between their depths is fitted
robustly. What changes from picture to picture without lasting is the model's
wavering; what lasts is the camera's way.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .smooth import smooth_track

Map = NDArray[np.float32]
Grey = NDArray[np.uint8]
Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Width and height of the grid on which maps are compared, and of the pictures flow is found in.
GRID = (64, 36)
SMALL = (192, 108)
#: Pictures that still differ so much on average (of 255) after flow are of another shot.
CUT = 28.0
#: Flow below this, pixels of the small picture, is none: the camera stands still.
STILL = 0.35
#: Standard deviation in time, seconds, of what is taken for the camera's way.
WAY_SECONDS = 0.6


@dataclass(frozen=True)
class Link:
    """How a map goes together with the one before: ``now = scale * before + shift``.

    Attributes
    ----------
    scale, shift : float
    moved : float
        Median flow of what does not move by itself, pixels of the small picture.
    cut : bool
        It is of another shot: scale and shift tell nothing.
    """

    scale: float = 1.0
    shift: float = 0.0
    moved: float = 0.0
    cut: bool = False


def coarse(values: Map) -> Values:
    """A map at the middles of the grid's cells, (36, 64)."""
    y = ((np.arange(GRID[1]) + 0.5) * values.shape[0] / GRID[1]).astype(int)
    x = ((np.arange(GRID[0]) + 0.5) * values.shape[1] / GRID[0]).astype(int)
    return values[np.ix_(y, x)].astype(float)


def small_grey(image: NDArray[np.uint8]) -> Grey:
    """A picture as flow is found in."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, SMALL, interpolation=cv2.INTER_AREA), np.uint8)


def link(
    before: tuple[Grey, Values, Flags], now: tuple[Grey, Values, Flags], relative: bool
) -> Link:
    """How two maps in a row go together.

    Parameters
    ----------
    before, now : (grey picture, coarse map, which cells stand still by themselves)
        The coarse maps are logarithms of metres, or relative inverse depths.
    relative : bool
        Fit a scale and a shift of inverse depths, else the shift of logarithms alone.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(now[0], before[0], None)
    x, y = np.meshgrid(np.arange(SMALL[0], dtype=np.float32), np.arange(SMALL[1], dtype=np.float32))
    back_x, back_y = x + flow[..., 0], y + flow[..., 1]
    seen_before = cv2.remap(before[0], back_x, back_y, cv2.INTER_LINEAR, borderValue=0)
    inside = (back_x >= 0) & (back_x < SMALL[0]) & (back_y >= 0) & (back_y < SMALL[1])
    if inside.mean() < 0.3 or np.abs(seen_before.astype(int) - now[0])[inside].mean() > CUT:
        return Link(cut=True)
    # The grid's cells now, and where they were.
    rows = ((np.arange(GRID[1]) + 0.5) * SMALL[1] / GRID[1]).astype(int)
    columns = ((np.arange(GRID[0]) + 0.5) * SMALL[0] / GRID[0]).astype(int)
    cells = np.ix_(rows, columns)
    was_x = np.floor(back_x[cells] * GRID[0] / SMALL[0]).astype(int)
    was_y = np.floor(back_y[cells] * GRID[1] / SMALL[1]).astype(int)
    there = (was_x >= 0) & (was_x < GRID[0]) & (was_y >= 0) & (was_y < GRID[1]) & now[2]
    old = before[1][was_y.clip(0, GRID[1] - 1), was_x.clip(0, GRID[0] - 1)]
    there &= before[2][was_y.clip(0, GRID[1] - 1), was_x.clip(0, GRID[0] - 1)]
    there &= np.isfinite(old) & np.isfinite(now[1])
    moved = np.hypot(flow[..., 0], flow[..., 1])[cells]
    if there.sum() < 20:
        return Link(moved=float(np.median(moved)))
    a, b, shifted = old[there], now[1][there], float(np.median(moved[there]))
    if not relative:
        return Link(1.0, float(np.median(b - a)), shifted)
    return Link(*_line(a, b), shifted)


def _line(a: Values, b: Values) -> tuple[float, float]:
    """The line b = scale * a + shift through most pairs, the same whichever is the cause."""
    good = np.ones(len(a), bool)
    scale, shift = 1.0, float(np.median(b - a))
    for _ in range(4):
        spread_a, spread_b = float(np.std(a[good])), float(np.std(b[good]))
        if min(spread_a, spread_b) < 1e-6 * max(1.0, float(np.abs(b).max())):
            break  # nothing but one value
        scale = float(np.clip(spread_b / spread_a, 0.5, 2.0))
        shift = float(np.median(b[good] - scale * a[good]))
        rest = np.abs(b - scale * a - shift)
        good = rest <= 2.5 * max(float(np.median(rest)), 1e-9)
    return scale, shift


def shots_of(links: list[Link]) -> list[slice]:
    """Which maps belong together; `links` has one for each map, the first's is of no use."""
    starts = [0, *(k for k, one in enumerate(links) if k > 0 and one.cut), len(links)]
    return [slice(a, b) for a, b in itertools.pairwise(starts)]


def stands_still(links: list[Link]) -> bool:
    """Whether the camera does, during the maps of a shot."""
    return all(one.moved < STILL for one in links[1:])


def wavering(times: Values, links: list[Link]) -> Values:
    """By how much the logarithms of each of a shot's maps of metres are too large, (N,)."""
    # What one map differs from the next by is wavering and the camera's way.
    sums = np.cumsum([0.0, *(one.shift for one in links[1:])])
    if stands_still(links):
        return np.asarray(sums - np.median(sums))
    way = smooth_track(times, sums[:, None], np.ones(len(times)), WAY_SECONDS)[:, 0]
    return np.asarray(sums - way)


def common(links: list[Link]) -> tuple[Values, Values]:
    """What brings a shot's relative maps to the units of its first: (scale, shift), each (N,).

    ``(map - shift) / scale`` is in those units.
    """
    scale, shift = [1.0], [0.0]
    for one in links[1:]:
        scale.append(one.scale * scale[-1])
        shift.append(one.scale * shift[-1] + one.shift)
    return np.array(scale), np.array(shift)
