"""How sources move in themselves: speed and impacts, from all pictures of a clip.

One pass over small grey pictures at the clip's own times (at most 60 a second, fewer of long
clips), all regions at once; memory holds some numbers per picture and region. What comes of
it is a `core.scene.Motion` per region, or None where nothing moved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, percentile_filter

from ..media import OpenClip
from ..progress import Progress
from ..regions.protocol import Region
from ..scene import Motion
from .flow import Meter
from .impacts import Track, blows_of, steps_of

Values = NDArray[np.float64]

#: Long side of the pictures that are measured.
MEASURED = 320
#: Pictures a second at most, and in all: longer clips are measured at fewer a second.
FASTEST, PICTURES, SLOWEST = 60.0, 36_000, 12.0
#: A picture like the last is a repeated one within this time, seconds.
REPEATED = 0.13
#: Where less of a thing moves than this share of what usually does, its speed counts less; and
#: what usually does is at least this share of its box.
LITTLE, PART = 0.25, 0.08
#: Standard deviation of the smoothing of speeds, seconds, and how many are kept a second.
SMOOTHING, KEPT_RATE = 0.03, 25.0
#: Slower than this is at rest, m/s; what never was faster for `MOVING` seconds does not move.
REST, MOVING = 0.06, 0.15
#: Nor does what never moves by so many pixels from one picture to the next: the camera's shaking
#: leaves less.
LEAST = 0.5
#: What moves as a whole has displacements alike by this much (length of their mean by mean of
#: their lengths); water, leaves and noise have less. Asked of what was not found by its motion.
TOGETHER = 0.5
#: More impacts a second than this are none.
DENSEST = 9.0
#: Speeds are left out where those around tell them, to this share of the greatest.
THIN = 0.02


def measuring_rate(duration: float) -> float:
    """How many pictures a second are measured of a clip, at most."""
    return float(np.clip(PICTURES / max(duration, 1e-3), SLOWEST, FASTEST))


def motions_of(
    clip: OpenClip,
    regions: Sequence[Region],
    distances: Sequence[Values],
    horizontal_fov: float,
    progress: Progress,
) -> list[Motion | None]:
    """Measure how regions move.

    Parameters
    ----------
    clip : OpenClip
    regions : sequence of Region
        Only points move; of others nothing is measured.
    distances : sequence of (T,) float array
        Metres to each region along the line of sight, at its times.
    horizontal_fov : float
        Degrees.
    progress : Progress

    Returns
    -------
    list of Motion or None
        For each region.

    Raises
    ------
    Cancelled
    """
    phase = "Measuring motion"
    progress(phase, 0.0)
    points = [r for r in regions if r.kind == "point" and r.azimuth is None]
    if clip.kind == "still" or not points:
        return [None] * len(regions)
    meter: Meter | None = None
    last = max(float(r.times[-1]) if len(r.times) > 1 else clip.duration for r in points)
    for frame in clip.greys(measuring_rate(clip.duration), MEASURED):
        grey = frame.image
        if meter is None:
            meter = Meter(regions, grey.shape[1] / clip.size[0])
        meter.take(frame.time, grey, REPEATED)
        progress(phase, min(max(frame.time, 0.0) / max(clip.duration, 1e-3), 1.0))
        if frame.time > last + 1.0:
            break
    assert meter is not None
    times, cuts = np.array(meter.times), np.frombuffer(meter.cuts, bool)
    result = []
    for region, far, flowing in zip(regions, distances, meter.flowing, strict=True):
        widths = (
            _pixel_widths(region, far, clip.size, horizontal_fov) * clip.size[0] / grey.shape[1]
        )
        metres = np.interp(0.5 * (times[1:] + times[:-1]), region.times, widths)
        found = motion_from(times, flowing.table(), cuts, metres, region.moving)
        result.append(_within(found, clip.duration))
    progress(phase, 1.0)
    return result


def _pixel_widths(
    region: Region, far: Values, size: tuple[int, int], horizontal_fov: float
) -> Values:
    """How many metres wide a pixel of the clip is at a region, at its times."""
    focal = size[0] / 2 / np.tan(np.radians(horizontal_fov) / 2)
    aside = 0.5 * (region.boxes[:, :2] + region.boxes[:, 2:]) - np.divide(size, 2)
    # A pixel aside of the optical axis spans a smaller angle.
    return np.asarray(far, float) / focal / (1.0 + np.sum((aside / focal) ** 2, axis=1))


def motion_from(
    times: Values, table: Values, cuts: NDArray[np.bool_], metres: Values, known: bool
) -> Motion | None:
    """The motion of one region from what was measured.

    Parameters
    ----------
    times : (K + 1,) float array
        Of the pictures.
    table : (K, 8) float array
        As of `flow.Flowing`.
    cuts : (K,) bool array
    metres : (K,) float array
        How wide a pixel is there.
    known : bool
        Whether it was found because it moves.
    """
    if len(table) < 4:
        return None
    spans = np.diff(times)
    seen = (table[:, 0] > 0) & ~cuts
    area, far = table[:, 1], table[:, 4]
    moves = seen & (area > 0)
    if not moves.any():
        return None
    usual = np.maximum(_usual(np.where(moves, area, 0.0), times), PART * table[:, 7])
    share = np.minimum(area / np.maximum(LITTLE * usual, 1.0), 1.0)
    speed = share * far / spans * metres
    if not known:
        alike = np.linalg.norm(table[:, 2:4], axis=1) / np.maximum(far, 1e-9)
        if float(np.median(alike[moves])) < TOGETHER:
            return None
    if float(spans[speed > np.maximum(REST, LEAST * metres / spans)].sum()) < MOVING:
        return None
    impacts, strengths = _impacts(times, table, seen, share, metres, usual)
    curve, level = _thinned(*_even(times, speed, seen))
    return Motion(
        tuple(np.round(curve, 4).tolist()),
        tuple(np.round(level, 4).tolist()),
        tuple(np.round(impacts, 4).tolist()),
        tuple(np.round(strengths, 3).tolist()),
    )


def _usual(area: Values, times: Values) -> Values:
    """How many pixels of the thing usually move, around each moment."""
    span = max(3, int(1.5 / max(float(np.median(np.diff(times))), 1e-3)) | 1)
    near = percentile_filter(area, 80, size=min(span, len(area)), mode="nearest")
    return np.maximum(near, 0.5 * float(np.percentile(area[area > 0], 50)))


def _impacts(
    times: Values,
    table: Values,
    seen: NDArray[np.bool_],
    share: Values,
    metres: Values,
    usual: Values,
) -> tuple[Values, Values]:
    """Blows or steps, whichever the thing makes, and how hard they are, 0 to 1."""
    spans = np.diff(times)
    blows: list[tuple[float, float]] = []
    steps: list[tuple[float, float]] = []
    edges = np.flatnonzero(np.diff(np.concatenate(([0], seen.astype(int), [0]))))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        track = Track(
            times[a : b + 1],
            share[a:b, None] * table[a:b, 2:4] / spans[a:b, None],
            table[a:b, 1],
            table[a:b, 5] / spans[a:b],
            metres[a:b],
            float(np.sqrt(np.median(usual[a:b]))),
        )
        # At the picture's edge things are cut off, not stopped.
        whole = table[a:b, 6] == 0
        blows += [s for s in zip(*blows_of(track), strict=True) if whole[_pair(track, s[0])]]
        steps += zip(*steps_of(track), strict=True)
    # Who walks sets down feet at an even pace, and turns or stops as a whole rarely.
    chosen = steps if len(steps) > 2 * len(blows) else blows
    if not chosen or len(chosen) > DENSEST * float(spans[seen].sum()) + 1:
        return np.empty(0), np.empty(0)
    moments, forces = np.array(chosen).T
    order = np.argsort(moments)
    moments, forces = moments[order], forces[order]
    kept = np.concatenate(([True], np.diff(moments) > 1e-3))
    return moments[kept], np.clip(forces[kept] / forces[kept].max(), 0.0, 1.0)


def _pair(track: Track, moment: float) -> int:
    return int(np.clip(np.searchsorted(track.times, moment) - 1, 0, len(track.area) - 1))


def _even(times: Values, speed: Values, seen: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Speeds at the middle of each pair, smoothed in time, 0 where it was not seen."""
    step = 1.0 / FASTEST
    grid = np.arange(times[0], times[-1] + step, step)
    pair = np.clip(np.searchsorted(times, grid, "right") - 1, 0, len(speed) - 1)
    held = np.where(seen, speed, 0.0)[pair]
    smooth = gaussian_filter1d(held, SMOOTHING / step, mode="nearest")
    every = max(1, round(FASTEST / KEPT_RATE))
    smooth = np.where(smooth < 0.5 * REST, 0.0, smooth)
    return grid[::every], smooth[::every]


def _thinned(times: Values, values: Values) -> tuple[Values, Values]:
    """Leave out values that straight lines between their neighbours tell (Reumann-Witkam's way)."""
    limit = max(THIN * float(values.max(initial=0.0)), 0.01)
    kept = [0]
    last = len(times) - 1
    while kept[-1] < last:
        start = kept[-1]
        low, high, end = -np.inf, np.inf, start + 1
        # As long as one line from here stays near all values on the way.
        while end <= last:
            way = times[end] - times[start]
            slope = (values[end] - values[start]) / way
            if not low <= slope <= high:
                break
            low = max(low, (values[end] - limit - values[start]) / way)
            high = min(high, (values[end] + limit - values[start]) / way)
            end += 1
        kept.append(end - 1)
    return times[kept], values[kept]


def _within(motion: Motion | None, duration: float) -> Motion | None:
    """What of a motion lies in the clip."""
    if motion is None:
        return None
    heard = [
        (t, s) for t, s in zip(motion.impacts, motion.strengths, strict=True) if 0 <= t < duration
    ]
    return Motion(
        motion.times, motion.speed, tuple(t for t, _ in heard), tuple(s for _, s in heard)
    )
