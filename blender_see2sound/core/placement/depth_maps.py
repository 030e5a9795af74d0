"""From depth maps of key pictures to the distances of regions, whichever model made the maps.

A few pictures a second are looked at, in batches; of each map only a few numbers
are kept (what it tells of each region, of the ground, and of how it goes together with
the map before), so that memory hardly grows with the clip's length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..media import OpenClip
from ..media.clip import Frame
from ..progress import Progress
from ..regions.protocol import Region
from . import steady
from .built_in import FARTHEST, NEAREST, GroundDepth
from .over_mask import at_time, depth_over, weights_of
from .pinhole import focal_length, rays_of
from .protocol import DEFAULT_FOV, Distances
from .scaling import Scale, Seen, Sized, find_ground, solve
from .sizes import usual_size
from .smooth import smooth_track

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: What maps hold. "metres": depth along the optical axis. "focal": that, of a camera whose
#: focal length is its picture's width. "inverse": 1 / depth up to a scale and a shift.
Unit = Literal["metres", "focal", "inverse"]

#: Key pictures a second; at most so many where nothing moves.
RATE = 5.0
STILL_PICTURES = 8
#: A region that is less present than this tells its depth only where it never is more so.
PRESENT = 0.4
#: Standard deviation in time of a region's depth, seconds: key pictures waver.
SECONDS = 0.3
#: While the camera moves, maps that lie so many seconds apart tell of the same scale: where the
#: ground is seen, and where it is not.
GROUND_SECONDS, SCALE_SECONDS = 0.3, 1.5
#: Standard deviation of the logarithm of the eye height during a shot.
EYE_STAYS = 0.05
#: How far the middle of a thing lies behind the middle of its visible surface, as a share of the
#: narrower side of its box: as of a ball.
HALF_DEEP = 0.35


@dataclass(frozen=True)
class Maps:
    """What a model says of pictures.

    Attributes
    ----------
    depth : (N, h, w) float32 array
        In the model's unit; not finite where it does not know.
    horizontal_fov : (N,) array or None
        The fields of view that it sees, degrees.
    """

    depth: NDArray[np.float32]
    horizontal_fov: Values | None = None


#: Makes maps of pictures, which are of one size.
Look = Callable[[Sequence[Frame]], Maps]


@dataclass(frozen=True)
class Way:
    """How a model is to be asked, and how its maps are to be read.

    Attributes
    ----------
    unit : {"metres", "focal", "inverse"}
    long_side : int
        Of the pictures that it is given, pixels at most.
    batch : int
        How many at once.
    """

    unit: Unit
    long_side: int
    batch: int = 1


@dataclass
class _Told:
    """What the maps of a clip have told, a row for each key picture."""

    times: list[float] = field(default_factory=list)
    links: list[steady.Link] = field(default_factory=list)
    depths: list[Values] = field(default_factory=list)  # of each region, NaN where not seen
    seen: list[Seen] = field(default_factory=list)
    views: list[float] = field(default_factory=list)


def distances_by(
    look: Look,
    way: Way,
    clip: OpenClip,
    regions: Sequence[Region],
    horizontal_fov: float | None,
    progress: Progress,
) -> Distances:
    """The distances of regions by a model's depth maps; see `DepthEstimator`.

    Regions that no map tells of (out of the picture, too small) are as far as the draft
    estimator says.

    Parameters
    ----------
    look : callable
        Makes the maps.
    way : Way
    clip, regions, horizontal_fov, progress
        As of `DepthEstimator.distances`.
    """
    progress("Measuring distances", 0.0)
    told = _look_at(look, way, clip, regions, horizontal_fov, progress)
    view = horizontal_fov
    if view is None:
        views = [v for v in told.views if math.isfinite(v)]
        view = float(np.clip(np.median(views), 10.0, 150.0)) if views else DEFAULT_FOV
    unsure = None
    if way.unit == "inverse":
        logs, unsure = _relative(told, len(regions), progress)
    else:
        logs = _metric(told)
    if way.unit == "focal":
        logs += math.log(focal_length(1.0, view))
    draft: Distances | None = None
    result = []
    for number, region in enumerate(regions):
        depth = _in_time(np.array(told.times), logs[:, number], region)
        if depth is None:
            if draft is None:
                draft = GroundDepth().distances(clip, regions, view, lambda *_: None)
            result.append(np.asarray(draft.metres[number], float))
        else:
            result.append(_to_middle(depth, region, clip.size, view))
    progress("Measuring distances", 1.0)
    return Distances(result, view, unsure)


def _to_middle(
    depth: Values, region: Region, size: tuple[int, int], horizontal_fov: float
) -> Values:
    """Metres to a region's middle along the line of sight, from the depth of its surface."""
    boxes = region.boxes
    if region.kind == "point":
        sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
        depth = depth * (1.0 + HALF_DEEP * sides.min(1) / focal_length(size[0], horizontal_fov))
    slant = np.linalg.norm(rays_of((boxes[:, :2] + boxes[:, 2:]) / 2, size, horizontal_fov), axis=1)
    return np.clip(depth * slant, NEAREST, FARTHEST)


# ------------------------------------------------------------------ looking


def _look_at(
    look: Look,
    way: Way,
    clip: OpenClip,
    regions: Sequence[Region],
    horizontal_fov: float | None,
    progress: Progress,
) -> _Told:
    """Make maps of the key pictures, and keep what they tell."""
    told = _Told()
    # Only the ground's and the sizes' part in relative maps needs it: no model gives both those
    # and a field of view.
    view = DEFAULT_FOV if horizontal_fov is None else horizontal_fov
    focal = focal_length(clip.size[0], view)
    before: tuple[steady.Grey, Values, Flags] | None = None
    for frames in _batches(clip, regions, way):
        progress("Measuring distances", 0.95 * frames[0].time / max(clip.duration, 1e-9))
        maps = look(frames)
        for number, frame in enumerate(frames):
            time, depth = frame.time, maps.depth[number]
            if way.unit != "inverse":
                with np.errstate(divide="ignore", invalid="ignore"):
                    depth = np.log(depth)
            depth = np.where(np.isfinite(depth), depth, np.nan)
            grid, free = steady.coarse(depth), _free(regions, time, clip.size)
            now = steady.small_grey(frame.image), grid, free
            relative = way.unit == "inverse"
            told.links.append(
                steady.Link() if before is None else steady.link(before, now, relative)
            )
            before = now
            told.times.append(time)
            told.depths.append(_of_regions(depth, regions, time, clip.size, relative))
            if relative:
                ground = find_ground(grid, free, clip.size, focal)
                finite = grid[np.isfinite(grid)]
                low, high = (0.0, 0.0) if not len(finite) else np.percentile(finite, (1, 99))
                sized = _sized(regions, told.depths[-1], time, clip.size, focal)
                told.seen.append(Seen(time, float(low), float(high), ground, sized))
            if maps.horizontal_fov is not None:
                told.views.append(float(maps.horizontal_fov[number]))
    return told


def _batches(clip: OpenClip, regions: Sequence[Region], way: Way) -> Iterator[list[Frame]]:
    """The key pictures."""
    # Every so manieth picture, so that none is shown at another's time.
    rate = clip.frame_rate / math.ceil(clip.frame_rate / RATE - 1e-6)
    if all(len(region.times) == 1 for region in regions):
        rate = min(rate, STILL_PICTURES / max(clip.duration, 1e-9))
    frames: list[Frame] = []
    for frame in clip.frames(rate, way.long_side):
        frames.append(frame)
        if len(frames) == way.batch:
            yield frames
            frames = []
    if frames:
        yield frames


def _free(regions: Sequence[Region], time: float, size: tuple[int, int]) -> Flags:
    """The coarse map's cells in which nothing is that can move by itself."""
    free = np.ones(steady.GRID[::-1], bool)
    scale = np.array([steady.GRID[0] / size[0], steady.GRID[1] / size[1]] * 2)
    for region in regions:
        if region.kind != "point" or region.azimuth is not None:
            continue
        box, presence, _ = at_time(region, time)
        if presence > 0.0:
            x0, y0, x1, y1 = np.round(box * scale).astype(int)
            free[max(y0, 0) : y1 + 1, max(x0, 0) : x1 + 1] = False
    return free


def _of_regions(
    depth: NDArray[np.float32],
    regions: Sequence[Region],
    time: float,
    size: tuple[int, int],
    relative: bool,
) -> Values:
    """A map's value for each region, (R,); NaN for those it does not show."""
    found = np.full(len(regions), np.nan)
    for number, region in enumerate(regions):
        if region.azimuth is not None:
            continue
        least = min(PRESENT, float(region.presence.max()) / 2)
        if at_time(region, time)[1] > least:
            weights, share = weights_of(region, time, size)
            # Of inverse depths the nearer ones are the larger.
            found[number] = depth_over(depth, weights, 1.0 - share if relative else share)
    return found


def _sized(
    regions: Sequence[Region],
    values: Values,
    time: float,
    size: tuple[int, int],
    focal: float,
) -> tuple[Sized, ...]:
    """What things of usual size tell of a relative map's scale."""
    result = []
    margin = 0.012 * size[1]
    for number, region in enumerate(regions):
        usual = usual_size(region.label)
        box, presence, _ = at_time(region, time)
        whole = box[1] > margin and box[3] < size[1] - margin and presence > 0.8
        if not usual.words or region.kind != "point" or not whole or np.isnan(values[number]):
            continue
        inverse = max(float(box[3] - box[1]), 1.0) / (focal * usual.height)
        result.append(Sized(number, float(values[number]), inverse, usual.spread))
    return tuple(result)


# ------------------------------------------------------------------ reading


def _metric(told: _Told) -> Values:
    """Logarithms of metres, (N, R), without the model's wavering."""
    logs = np.array(told.depths)
    times = np.array(told.times)
    for shot in steady.shots_of(told.links):
        logs[shot] -= steady.wavering(times[shot], told.links[shot])[:, None]
    return logs


def _relative(told: _Told, count: int, progress: Progress) -> tuple[Values, list[float | None]]:
    """Logarithms of metres of relative maps, (N, R), and how unsure each region's are."""
    logs = np.full((len(told.times), count), np.nan)
    unsure: list[list[float]] = [[] for _ in range(count)]
    for shot in steady.shots_of(told.links):
        links = told.links[shot]
        scale, shift = steady.common(links)
        values = (np.array(told.depths[shot]) - shift[:, None]) / scale[:, None]
        seen = [one.in_units(a, b) for one, a, b in zip(told.seen[shot], scale, shift, strict=True)]
        solved = _scales(np.array(told.times[shot]), seen, steady.stands_still(links), progress)
        for row, one in enumerate(solved):
            for number in np.flatnonzero(np.isfinite(values[row])):
                logs[shot.start + row, number] = one.log_depth(float(values[row, number]))
                unsure[number].append(one.spread(float(values[row, number])))
    return logs, [float(np.median(each)) if each else None for each in unsure]


def _scales(times: Values, seen: Sequence[Seen], still: bool, progress: Progress) -> list[Scale]:
    """The scale of each map of a shot, all in the same units."""
    if still:
        return [solve(seen, np.ones(len(seen)))] * len(seen)
    near = [_near(times, seen, time) for time in times]
    first = []
    for part, weights in near:
        progress("Measuring distances", 0.96)
        first.append(solve(part, weights))
    # While the camera moves, things of unusual size come and go; its height stays.
    eyes = [one.eye(s.ground) for one, s in zip(first, seen, strict=True) if s.ground is not None]
    if not eyes:
        return first
    eye = float(np.exp(np.median(np.log(eyes)))), EYE_STAYS
    second = []
    for part, weights in near:
        progress("Measuring distances", 0.97)
        second.append(solve(part, weights, eye))
    return second


def _near(times: Values, seen: Sequence[Seen], time: float) -> tuple[list[Seen], Values]:
    """What tells of the scale at a moment, and how much."""
    apart = np.abs(times - time)
    close = np.flatnonzero(apart < GROUND_SECONDS)
    seconds = GROUND_SECONDS if any(seen[k].ground for k in close) else SCALE_SECONDS
    told = np.flatnonzero(apart < 3.5 * seconds)
    return [seen[k] for k in told], np.exp(-0.5 * (apart[told] / seconds) ** 2)


def _in_time(times: Values, logs: Values, region: Region) -> Values | None:
    """A region's depths at its own times; None where no map has told any."""
    there = np.isfinite(logs)
    if not there.any():
        return None
    smooth = smooth_track(times, np.where(there, logs, 0.0)[:, None], there.astype(float), SECONDS)[
        :, 0
    ]
    if len(region.times) == 1:
        return np.exp(np.array([np.median(smooth[there])]))
    return np.asarray(np.exp(np.interp(region.times, times, smooth)))
