"""From relative inverse depth to metres: what ground, usual sizes and the farthest seen tell.

Models of relative depth give ``d = (1 / Z - shift) / scale`` with unknown scale and
shift (Ranftl et al., "Towards robust monocular depth estimation", TPAMI 44, 2022).
A plane in space is a plane in (x, y, d) too, so the ground can be found there
(Labayrade, Aubert and Tarel, "Real time obstacle detection through v-disparity",
IV 2002): its slope gives the scale for a known eye height, and its horizon,
near the middle of a level camera's picture, the shift. Things of usual size tell of both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .ground import EYE_HEIGHT

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Standard deviations: of the eye height's logarithm, of the camera's tilt in degrees.
EYE_SPREAD, TILT_SPREAD = 0.2, 3.0
#: The farthest thing seen is rarely nearer: metres, and the standard deviation of the logarithm.
FARTHEST_SEEN, FARTHEST_SPREAD = 25.0, 1.5
#: Where a residual, in standard deviations, starts to pull no harder.
BEND = 1.2
#: A plane's points lie within this share of the map's range; ground has at least this share of
#: the cells, and leans to the side by less than this share of its slope.
NEAR_PLANE, LEAST_GROUND, MOST_LEAN = 0.02, 0.06, 0.25
#: How many planes are tried, on every so manieth cell.
_TRIALS, _SKIP = 200, 5
#: The shifts that are tried: from right beyond the farthest seen value to far beyond, as shares
#: of the map's range.
_SHIFTS = np.geomspace(1e-4, 30.0, 240)


@dataclass(frozen=True)
class Ground:
    """The ground in a relative map: ``d = slope * y + level`` in a picture's column.

    Attributes
    ----------
    slope, level : float
        y is (row - middle row) / focal length, downwards.
    share : float
        How much of the picture it is, 0 to 1.
    """

    slope: float
    level: float
    share: float


@dataclass(frozen=True)
class Sized:
    """A thing of usual size in a relative map.

    Attributes
    ----------
    thing : int
        Which; one thing tells once, however often it is seen.
    value : float
        Its relative inverse depth.
    inverse : float
        1 / Z that its usual size tells.
    spread : float
        Standard deviation of that's logarithm.
    """

    thing: int
    value: float
    inverse: float
    spread: float


@dataclass(frozen=True)
class Seen:
    """What one relative map tells; `low` and `high` are its farthest and nearest values."""

    time: float
    low: float
    high: float
    ground: Ground | None = None
    sized: tuple[Sized, ...] = ()

    def in_units(self, scale: float, shift: float) -> Seen:
        """The same in other units: ``(d - shift) / scale``."""
        ground = self.ground
        if ground is not None:
            level = (ground.level - shift) / scale
            ground = Ground(ground.slope / scale, level, ground.share)
        sized = tuple(
            Sized(s.thing, (s.value - shift) / scale, s.inverse, s.spread) for s in self.sized
        )
        low, high = (self.low - shift) / scale, (self.high - shift) / scale
        return Seen(self.time, low, high, ground, sized)


@dataclass(frozen=True)
class Scale:
    """How relative inverse depths become metres: ``1 / Z = scale * (d - shift)``.

    Attributes
    ----------
    log_scale, shift : (S,) arrays
        All that may be.
    likely : (S,) array
        How likely each is; their sum is 1.
    known : float
        Standard deviation of the scale's logarithm when the shift is known.
    """

    log_scale: Values
    shift: Values
    likely: Values
    known: float

    def eye(self, ground: Ground) -> float:
        """How high above a ground the camera is, metres."""
        best = int(np.argmax(self.likely))
        tilt = math.atan((ground.level - float(self.shift[best])) / ground.slope)
        return math.cos(tilt) / (math.exp(float(self.log_scale[best])) * ground.slope)

    def log_depth(self, value: float) -> float:
        """The logarithm of the metres of a relative inverse depth."""
        best = int(np.argmax(self.likely))
        gap = max(value - float(self.shift[best]), 1e-9)
        return -float(self.log_scale[best]) - math.log(gap)

    def spread(self, value: float) -> float:
        """How unsure that is: its standard deviation."""
        gap = np.maximum(value - self.shift, 1e-9)
        away = -self.log_scale - np.log(gap) - self.log_depth(value)
        return math.hypot(float(np.sqrt(self.likely @ away**2)), self.known)


def find_ground(values: Values, free: Flags, size: tuple[int, int], focal: float) -> Ground | None:
    """The ground in a coarse map, or None where none is seen.

    Parameters
    ----------
    values : (h, w) array
        Relative inverse depths of the whole picture.
    free : (h, w) bool array
        Where no region is.
    size : (int, int)
        Width and height of the picture.
    focal : float
        Its focal length in pixels.
    """
    rows, columns = values.shape
    y = ((np.arange(rows) + 0.5) / rows - 0.5) * size[1] / focal
    x = ((np.arange(columns) + 0.5) / columns - 0.5) * size[0] / focal
    across, down = np.meshgrid(x, y)
    good = np.isfinite(values) & free
    points = np.stack([across[good], down[good], values[good]], 1)
    lower = np.flatnonzero(points[:, 1] > 0.1 * y.max())
    extent = float(np.subtract(*np.percentile(points[:, 2], (98, 2)))) if len(points) else 0.0
    near = NEAR_PLANE * extent
    if len(lower) < 3 or near < 1e-9:
        return None
    trials = _trials(points[np.random.default_rng(0).choice(lower, (_TRIALS, 3))])
    trials = trials[_like_ground(trials, extent, y.max())]
    if not len(trials):
        return None
    some = points[::_SKIP]
    rest = some[:, 2] - _at(trials, some)
    # Nothing is seen below the ground; what is tells against it.
    under = (rest < -2 * near) & (some[:, 1] > 0.1 * y.max())
    plane = trials[np.argmax((np.abs(rest) < near).sum(1) - 2 * under.sum(1))]
    for _ in range(3):
        on = np.abs(points[:, 2] - _at(plane[None], points)[0]) < near
        if on.sum() < 3:
            return None
        matrix = np.column_stack([points[on, :2], np.ones(int(on.sum()))])
        plane = np.linalg.lstsq(matrix, points[on, 2], rcond=None)[0]
    share = float(on.sum()) / values.size
    if share < LEAST_GROUND or not _like_ground(plane[None], extent, y.max())[0]:
        return None
    return Ground(float(plane[1]), float(plane[2]), share)


def _trials(points: Values) -> Values:
    """Planes d = a x + b y + c, (N, 3), through three points each, (N, 3, 3)."""
    matrix = np.concatenate([points[:, :, :2], np.ones((*points.shape[:2], 1))], 2)
    firm = np.abs(np.linalg.det(matrix)) > 1e-6
    return np.asarray(np.linalg.solve(matrix[firm], points[firm, :, 2:])[:, :, 0])


def _at(planes: Values, points: Values) -> Values:
    """Values of (N, 3) planes at (P, 3) points, (N, P)."""
    return np.asarray(planes[:, :2] @ points[:, :2].T + planes[:, 2:])


def _like_ground(planes: Values, extent: float, edge: float) -> Flags:
    """Which planes come nearer downwards, by enough, and hardly lean."""
    steep = planes[:, 1] * edge > 0.15 * extent
    return np.asarray(steep & (np.abs(planes[:, 0]) < MOST_LEAN * planes[:, 1]))


def solve(
    seen: Sequence[Seen], weights: Values, eye: tuple[float, float] = (EYE_HEIGHT, EYE_SPREAD)
) -> Scale:
    """The scale and shift that agree best with what maps in the same units tell.

    Parameters
    ----------
    seen : sequence of Seen
        At least one.
    weights : (N,) array
        How much each counts.
    eye : (float, float)
        The camera's height above the ground in metres, and its logarithm's standard deviation.
    """
    low = float(min(one.low for one in seen))
    extent = float(np.median([one.high - one.low for one in seen]))
    extent = max(extent, 1e-6 * abs(low), 1e-9)  # of a map of one value
    shift = low - extent * _SHIFTS
    told, spreads, counts = [], [], []
    grounds = [(one.ground, w) for one, w in zip(seen, weights, strict=True) if one.ground]
    total = sum(w for _, w in grounds)
    cost = np.zeros(len(shift))
    for ground, weight in grounds:
        tilt = np.arctan((ground.level - shift) / ground.slope)
        told.append(np.log(np.cos(tilt) / (eye[0] * ground.slope)))
        spreads.append(eye[1])
        counts.append(weight / total)
        cost += weight / total * _huber(np.degrees(tilt) / TILT_SPREAD)
    each: dict[int, float] = {}
    for one, weight in zip(seen, weights, strict=True):
        for sized in one.sized:
            each[sized.thing] = each.get(sized.thing, 0.0) + weight
    for one, weight in zip(seen, weights, strict=True):
        for sized in one.sized:
            told.append(math.log(sized.inverse) - np.log(np.maximum(sized.value - shift, 1e-12)))
            spreads.append(sized.spread)
            counts.append(weight / each[sized.thing])
    far = len(told)
    for one, weight in zip(seen, weights, strict=True):
        told.append(-math.log(FARTHEST_SEEN) - np.log(one.low - shift))
        spreads.append(FARTHEST_SPREAD)
        counts.append(weight / float(np.sum(weights)))
    estimates, spread = np.array(told), np.array(spreads)[:, None]
    count = np.array(counts)[:, None]
    scale = np.median(estimates[:far] if far else estimates, axis=0)
    pull = count / spread**2
    for _ in range(20):
        rest = (estimates - scale) / spread
        pull = count / spread**2 * np.minimum(1.0, BEND / np.maximum(np.abs(rest), 1e-9))
        # The farthest thing may be as far as it likes; only a near one is a little unlikely.
        pull[far:] *= np.where(rest[far:] > 0.0, 1e-3, 1.0)
        scale = (pull * estimates).sum(0) / pull.sum(0)
    rest = (estimates - scale) / spread
    rest[far:] = np.minimum(rest[far:], 0.0)
    cost = cost + (count * _huber(rest)).sum(0)
    likely = np.exp(cost.min() - cost)
    best = int(np.argmin(cost))
    return Scale(scale, shift, likely / likely.sum(), float(pull[:, best].sum() ** -0.5))


def _huber(rest: Values) -> Values:
    away = np.abs(rest)
    square = np.minimum(away, BEND)
    return np.asarray(0.5 * square**2 + square * (away - square))
