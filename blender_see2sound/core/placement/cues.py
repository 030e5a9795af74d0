"""What tells how far things are, each with how sure it is, as residuals of one estimate.

The unknowns are the camera's tilt and height, and per region the logarithms of its
height, its width and its distance at each time. Known to them are, where the picture
shows it, the rows of foot and head, the width, what is usual of such a thing, and
how fast it can come nearer. What the picture's edges cut off, or stands in the air,
is told from one side: it is at least as low, as high, as wide, as near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..regions.protocol import Region
from .ground import EYE_HEIGHT, EYE_SPREAD, TILT_SPREAD, row_of, wholeness
from .robust import Columns, Rows, Values
from .sizes import AREA_DISTANCE, AREA_SPREAD, UsualSize, lies_flat, usual_size

#: Where Huber's cost becomes straight, standard deviations.
BEND = 0.6
#: Standard deviation of an edge: a share of the picture's height, and of the box's.
EDGE_PICTURE, EDGE_BOX = 0.008, 0.04
#: Standard deviation of the logarithm of a width (limbs swing, shadows join in, things turn
#: round), and of the usual one of a thing that may be seen from any side.
WIDTH, USUAL_WIDTH = 0.3, 0.3
#: What touches the ground is its near side: nearer than its middle by this share of its height
#: or, where that is less, of its width.
NEAR_SIDE = 0.4
#: Errors of boxes last for so long, seconds: what is looked at more often tells no more.
ERROR_SECONDS = 0.5
#: A thing keeps its speed for about so long, seconds.
STEADY_SECONDS = 3.0
#: Where nothing at all is known: metres, and the standard deviation of the logarithm.
ANYWHERE, ANYWHERE_SPREAD = 8.0, 2.0

#: Columns of the unknowns that all regions share.
TILT, EYE = 0, 1
SHARED = 2


@dataclass(frozen=True)
class Unknowns:
    """Where a region's unknowns are: its height's, its width's, its distances'."""

    region: Region
    tall: int
    wide: int
    away: NDArray[np.int64] = field(repr=False)


def lay_out(regions: Sequence[Region]) -> tuple[list[Unknowns], int]:
    """Number the unknowns; gives also how many there are."""
    placed, count = [], SHARED
    for region in regions:
        away = np.arange(count + 2, count + 2 + len(region.times))
        placed.append(Unknowns(region, count, count + 1, away))
        count += 2 + len(region.times)
    return placed, count


def guess(placed: Sequence[Unknowns], count: int, focal: float) -> Values:
    """Unknowns to start from: a level camera, and everything of its usual size."""
    found = np.zeros(count)
    found[EYE] = np.log(EYE_HEIGHT)
    for each in placed:
        usual = usual_size(each.region.label)
        found[each.tall], found[each.wide] = np.log(usual.height), np.log(usual.width)
        boxes = each.region.boxes
        tall = np.median(np.maximum(boxes[:, 3] - boxes[:, 1], 1.0))
        distance = np.log(np.clip(focal * usual.height / tall, 1.0, 100.0))
        found[each.away] = distance if each.region.kind == "point" else np.log(AREA_DISTANCE)
    return found


def shared_rows(found: Values) -> list[Rows]:
    """What is known of the camera beforehand."""
    tilt = found[TILT] / np.radians(TILT_SPREAD)
    eye = (found[EYE] - np.log(EYE_HEIGHT)) / EYE_SPREAD
    return [
        _prior(tilt, TILT, np.radians(TILT_SPREAD)),
        _prior(eye, EYE, EYE_SPREAD),
    ]


def rows_of(
    each: Unknowns, found: Values, before: Values, size: tuple[int, int], focal: float
) -> list[Rows]:
    """What is known of one region, at these unknowns; `before` is an earlier estimate of them."""
    region = each.region
    usual = usual_size(region.label)
    rows = [
        _prior((found[each.tall] - np.log(usual.height)) / usual.spread, each.tall, usual.spread),
        _prior(
            (found[each.wide] - np.log(usual.width)) / np.hypot(usual.spread, USUAL_WIDTH),
            each.wide,
            float(np.hypot(usual.spread, USUAL_WIDTH)),
        ),
        _placed(each, found),
        *_motion(each, found, before, usual),
    ]
    seen = _Seen(each, found, size, focal)
    if region.kind != "point":
        rows += seen.area()
    else:
        rows += [*seen.foot(), *seen.head(), seen.width()]
    return rows


def _prior(rest: float, column: int, deviation: float) -> Rows:
    return Rows(
        np.array([rest]), np.array([[column]]), np.array([[1.0 / deviation]]), np.ones(1), BEND
    )


def _share(region: Region) -> Values:
    """How much each time counts, (T,): errors that last are counted once."""
    if len(region.times) < 2:
        return np.ones(len(region.times))
    step = float(np.median(np.diff(region.times)))
    return region.presence * min(1.0, step / ERROR_SECONDS)


def _placed(each: Unknowns, found: Values) -> Rows:
    area = each.region.kind != "point"
    usual, spread = (AREA_DISTANCE, AREA_SPREAD) if area else (ANYWHERE, ANYWHERE_SPREAD)
    count = len(each.away)
    return Rows(
        (found[each.away] - np.log(usual)) / spread,
        each.away[:, None],
        np.full((count, 1), 1.0 / spread),
        np.full(count, 1.0 / count),
    )


def _motion(each: Unknowns, found: Values, before: Values, usual: UsualSize) -> list[Rows]:
    """How its distance can change: a speed that is usual, and lasts for a while.

    The speed is a stationary Ornstein-Uhlenbeck process (Singer, "Estimating optimal
    tracking filter performance for manned maneuvering targets", IEEE Transactions on
    Aerospace and Electronic Systems 6, 1970).
    """
    times, away = each.region.times, each.away
    if len(times) < 2:
        return []
    step = np.diff(times)
    # The usual speed as a share of the distance: of an earlier estimate of it, or else what
    # is nearer would cost less.
    middle = (before[away[1:]] + before[away[:-1]]) / 2
    usual_speed = usual.speed / np.exp(np.clip(middle, 0.0, 5.0))
    speed = np.diff(found[away]) / step
    rows = [
        Rows(
            speed[:1] / usual_speed[:1],
            away[None, :2],
            np.array([[-1.0, 1.0]]) / (step[0] * usual_speed[0]),
            np.ones(1),
        )
    ]
    if len(times) > 2:
        apart = (step[1:] + step[:-1]) / 2
        kept = np.exp(-apart / STEADY_SECONDS)
        free = 1.0 / (usual_speed[1:] * np.sqrt(1.0 - kept**2))
        later, earlier = free / step[1:], free * kept / step[:-1]
        rows.append(
            Rows(
                free * (speed[1:] - kept * speed[:-1]),
                np.stack([away[:-2], away[1:-1], away[2:]], 1),
                np.stack([earlier, -later - earlier, later], 1),
                np.ones(len(apart)),
            )
        )
    return rows


class _Seen:
    """What a region's boxes tell."""

    def __init__(self, each: Unknowns, found: Values, size: tuple[int, int], focal: float) -> None:
        self.each, self.found, self.size, self.focal = each, found, size, focal
        self.boxes = each.region.boxes
        self.share = _share(each.region)
        self.below, self.above, self.aside = wholeness(self.boxes, size)
        self.sides = np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 1.0)
        self.noise = np.hypot(EDGE_PICTURE * size[1], EDGE_BOX * self.sides[:, 1])
        self.away = found[each.away]
        self.eye = float(np.exp(found[EYE]))

    def foot(self) -> list[Rows]:
        """Where it touches the ground; what does not is at most as far as the ground there."""
        whole = self.below if self.each.region.stands else np.zeros(len(self.boxes))
        sides = (self.boxes[:, 3] >= self._ground()[0], whole)
        return [self._on_ground(self.boxes[:, 3], *sides)]

    def head(self) -> list[Rows]:
        """Its upper edge above its foot on the ground, or how high it is where it has none."""
        columns = self.each.tall, self.each.away
        if not self.each.region.stands:
            rest = np.log(self.sides[:, 1] / self.focal) - self.found[columns[0]] + self.away
            whole = self.below * self.above
            return [self._of_size(rest, columns[0], whole, 2 * EDGE_BOX)]
        tall = float(np.exp(self.found[columns[0]]))
        rows, by_distance, by_height, by_tilt = row_of(
            self.away, np.full(len(self.away), tall - self.eye), self.found[TILT], self.size,
            self.focal,
        )  # fmt: skip
        rest = self.boxes[:, 1] - rows
        slopes = np.stack([by_distance, by_height * tall, -by_height * self.eye, by_tilt], 1)
        ones = np.ones(len(self.away), np.int64)
        where = np.stack([columns[1], ones * columns[0], ones * EYE, ones * TILT], 1)
        weight = self.share * np.where(rest < 0.0, 1.0, self.above)
        return [Rows(rest / self.noise, where, -slopes / self.noise[:, None], weight, BEND)]

    def width(self) -> Rows:
        rest = np.log(self.sides[:, 0] / self.focal) - self.found[self.each.wide] + self.away
        return self._of_size(rest, self.each.wide, self.aside, WIDTH)

    def area(self) -> list[Rows]:
        """Of a wide thing: the ground at its middle where it lies, at its foot where it stands."""
        region = self.each.region
        if lies_flat(region.label):
            middle = (self.boxes[:, 1] + self.boxes[:, 3]) / 2
            ones = np.ones(len(middle))
            return [self._on_ground(middle, ones > 0, ones)]
        if region.stands:
            return self.foot()
        if usual_size(region.label).words:
            return self.head()
        return []

    def _ground(self) -> tuple[Values, Values, Values, Values]:
        """The row of the ground below it, as `row_of`."""
        level = np.exp(self.away)
        near = np.zeros_like(level)
        if not lies_flat(self.each.region.label):
            side = np.exp(min(self.found[self.each.tall], self.found[self.each.wide]))
            near = np.minimum(NEAR_SIDE * side, 0.3 * level)
        rows, by_distance, by_height, by_tilt = row_of(
            np.log(level - near), np.full(len(level), -self.eye), self.found[TILT], self.size,
            self.focal,
        )  # fmt: skip
        return rows, by_distance * level / (level - near), by_height, by_tilt

    def _on_ground(self, seen: Values, lower: NDArray[np.bool_], whole: Values) -> Rows:
        """That the ground is seen in rows, or, where not whole, is not farther than there."""
        rows, by_distance, by_height, by_tilt = self._ground()
        slopes = np.stack([by_distance, -by_height * self.eye, by_tilt], 1)
        ones = np.ones(len(seen), np.int64)
        where: Columns = np.stack([self.each.away, ones * EYE, ones * TILT], 1)
        weight = self.share * np.where(lower, 1.0, whole)
        noise = self.noise[:, None]
        return Rows((seen - rows) / self.noise, where, -slopes / noise, weight, BEND)

    def _of_size(self, rest: Values, column: int, whole: Values, spread: float) -> Rows:
        """That a size is seen, or, where not whole, at least so much of it."""
        slopes = np.tile([[1.0 / spread, -1.0 / spread]], (len(rest), 1))
        where = np.stack([self.each.away, np.full(len(rest), column)], 1)
        weight = self.share * np.where(rest > 0.0, 1.0, whole)
        return Rows(rest / spread, where, slopes, weight, BEND)
