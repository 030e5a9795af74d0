"""When a moving thing strikes: sudden turns and stops of the whole, and feet that are set down.

A blow changes the velocity within a picture's time while the thing is as fast as it has been
on its way: what swings or waves is slowest where it turns, and what brakes is slow before it
stands (Zacks, "Using movement and intentions to understand simple events", 2004, has
events at extremes of acceleration). The moment lies between pictures: the ways before and
after it, drawn on, meet there. Feet alternate: while one swings the lowest part moves, and
when it is set down all of it rests for a moment (Niyogi & Adelson, "Analyzing and
recognizing walking figures in XYT", 1994).
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import find_peaks

Values = NDArray[np.float64]

#: The thing comes with at least this share of the greatest speed of its last `WAY` seconds.
UNBRAKED, WAY = 0.8, 0.3
#: Of which it keeps no more than this share in the same direction.
KEPT = 0.35
#: A blow changes the velocity by so many m/s, and the place in the next picture by so many pixels.
BLOW, SEEN = 0.4, 1.2
#: On its way to a blow the thing has moved by this share of its size, or so many pixels.
WAY_SHARE, WAY_LEAST = 0.06, 2.0
#: A blow changes the velocity by so many times what is usual within a second around.
UNUSUAL = 2.2
#: Nothing is faster within a blow than before it, or after a start, by more than this factor.
FASTER = 1.15
#: Blows of one thing are so far apart, seconds.
APART = 0.12
#: What a blow does to the picture is over after this, seconds; the shorter, the likelier.
LASTS, NARROWER = 0.105, 0.9
#: What stops is as large as before, in this share; what is hidden gets smaller.
WHOLE = 0.5
#: A blow is as hard as the thing is fast at most within this time before and after, seconds.
NEAR = 0.1
#: After a stop, or before a start, the thing is seen for so many seconds; before a start at rest:
#: slower than this share of the speed it gets.
RESTS, RESTED = 0.1, 0.12
#: No farther before and after it a blow is judged by, seconds.
REACH = 1.0

#: Steps follow each other in these times, seconds, and this evenly: deviation by median, of a
#: walk and of each step from those around.
QUICKEST, SLOWEST, UNEVEN = 0.17, 1.3, 0.3
#: How much of the lowest part's usual motion may be left between steps: tried in turn.
RESTING = (0.12, 0.25, 0.4, 0.55)
#: A foot is down when its motion has fallen so far, as a share of that fall.
DOWN = 0.75
#: While a foot is set down the rest goes on: this share of what usually moves, at this share of
#: its usual speed, for so many seconds before and after; what swings would turn then.
GOES_ON, SPEED_ON, TURN = 0.45, 0.35, 0.15
#: So many steps in a row are a walk.
FEWEST_STEPS = 4


@dataclass(frozen=True)
class Track:
    """How a region moved between the pictures of one stretch without a cut.

    Attributes
    ----------
    times : (K + 1,) float array
        Of the pictures, seconds.
    velocity : (K, 2) float array
        Pixels a second.
    area, low : (K,) float array
        As of `flow.Flowing`, `low` a second.
    metres : (K,) float array
        Metres that a pixel is wide there.
    size : float
        The usual square root of the area, pixels.
    """

    times: Values
    velocity: Values
    area: Values
    low: Values
    metres: Values
    size: float

    def part(self, first: int, last: int) -> Track:
        """From one picture to another."""
        pairs = slice(first, last)
        return Track(
            self.times[first : last + 1], self.velocity[pairs], self.area[pairs],
            self.low[pairs], self.metres[pairs], self.size,
        )  # fmt: skip


def blows_of(track: Track) -> tuple[Values, Values]:
    """Sudden turns and stops.

    Returns
    -------
    times, changes : (N,) float array
        Seconds, rising; changes of velocity in m/s.
    """
    v, times = track.velocity, track.times
    count = len(v)
    if count < 4:
        return np.empty(0), np.empty(0)
    # A blow lies within a pair of pictures, or shakes what is seen for some: the velocities
    # before pair k and after pair k + w - 1 are those before and after it.
    offers = []
    widest = max(1, int(LASTS / float(np.median(np.diff(times))) + 0.1))
    changes = {}
    for wide in range(1, min(widest, count - 2) + 1):
        changes[wide] = jumps = np.linalg.norm(v[wide + 1 :] - v[: -wide - 1], axis=1)
        for k in np.flatnonzero(jumps * track.metres[1 : len(jumps) + 1] >= BLOW) + 1:
            offers.append((float(jumps[k - 1]) * NARROWER**wide, int(k), wide))
    span = float(np.median(np.diff(times)))
    taken: list[tuple[float, float]] = []
    for _, k, wide in sorted(offers, reverse=True):
        at = bisect.bisect_right(taken, (times[k] - APART, np.inf))
        if at < len(taken) and taken[at][0] < times[k + wide] + APART:
            continue
        first = min(int(np.searchsorted(times, times[k] - REACH)), k - 1)
        last = int(np.searchsorted(times, times[k + wide] + REACH, "right")) - 1
        near = track.part(first, max(last, k + wide + 1))
        found = _blow(
            near, k - first, wide, changes[wide][first:][: len(near.area) - wide - 1], span
        )
        if found is not None:
            bisect.insort(taken, (found[0], found[1] * float(track.metres[k])))
    return np.array([t for t, _ in taken]), np.array([c for _, c in taken])


def _blow(
    track: Track, k: int, wide: int, usual: Values, span: float
) -> tuple[float, float] | None:
    """The moment of a blow within `wide` pairs from k on, and the change of velocity.

    None where it is none; `usual` are the changes of velocity across `wide` pairs everywhere,
    `span` is the usual time between pictures.
    """
    v, times = track.velocity, track.times
    spans = np.diff(times)
    first, last = v[k - 1], v[k + wide]
    along = (last - first) / max(float(np.linalg.norm(last - first)), 1e-9)
    forth = v @ along
    coming, leaving = -float(forth[k - 1]), float(forth[k + wide])
    change = coming + leaving
    if change * span < SEEN:
        return None
    # A start is a stop seen backwards: something hits what rests.
    start = coming < KEPT * leaving
    if start:
        earlier = (times[1:] > times[k] - 1.5 * RESTS) & (np.arange(len(v)) < k)
        fastest = float(np.max(np.linalg.norm(v[earlier], axis=1)))
        # What came braking is no more hit than what went on.
        if fastest > max(RESTED * leaving, coming / UNBRAKED):
            return None
        near = np.flatnonzero((times[1:] < times[k + wide] + WAY) & (np.arange(len(v)) >= k + wide))
        came, kept, speeds, inside = leaving, -coming, forth[near], forth[k : k + wide]
    else:
        near = np.flatnonzero((times[:-1] > times[k] - WAY) & (np.arange(len(v)) < k))
        came, kept, speeds, inside = coming, -leaving, -forth[near], -forth[k : k + wide]
    # Else the blow comes later, or came before.
    if float(np.max(inside)) > FASTER * came:
        return None
    if kept > KEPT * came or came < UNBRAKED * float(np.max(speeds)):
        return None
    moved = float(np.sum(np.maximum(speeds, 0.0) * spans[near]))
    if moved < max(WAY_LEAST, WAY_SHARE * track.size):
        return None
    around = np.arange(len(usual)) + 1
    around = around[(np.abs(times[around] - times[k]) < 0.5) & (np.abs(around - k) > 1 + wide)] - 1
    if len(around) and change < UNUSUAL * float(np.median(usual[around])):
        return None
    still = abs(coming if start else leaving) < 0.15 * came
    if still and not _stands_whole(track, k, wide, near, start):
        return None
    # The ways before and after, drawn on, meet.
    edges = times[k : k + wide + 1] - times[k]
    lasts, gone = float(edges[-1]), float(np.sum(forth[k : k + wide] * np.diff(edges)))
    met = float(np.clip((leaving * lasts - gone) / change, 0.0, lasts))
    if wide > 1 and not _is_sharp(forth[k : k + wide], edges, met, coming, leaving):
        return None
    return float(times[k] + met), _force(forth, times, k, wide)


def _is_sharp(inside: Values, edges: Values, met: float, coming: float, leaving: float) -> bool:
    """Whether velocities turn at one moment rather than little by little.

    Parameters
    ----------
    inside : (W,) float array
        Velocities away from the blow, in the pairs within it.
    edges : (W + 1,) float array
        When these begin and end, `met` among them.
    coming, leaving : float
        Speeds before and after.
    """
    spans = np.diff(edges)
    before = np.clip(met, edges[:-1], edges[1:]) - edges[:-1]
    sharp = (leaving * (spans - before) - coming * before) / spans
    even = np.linspace(-coming, leaving, len(inside) + 2)[1:-1]
    return bool(np.sum((inside - sharp) ** 2) <= np.sum((inside - even) ** 2))


def _force(forth: Values, times: Values, k: int, wide: int) -> float:
    """The change of velocity in a blow: its pictures blur, so what is fastest near it counts."""
    near = (times[1:] > times[k] - NEAR) & (times[:-1] < times[k + wide] + NEAR)
    before, after = np.arange(len(forth)) < k, np.arange(len(forth)) >= k + wide
    coming = np.max(-forth[near & before], initial=0.0)
    return float(coming + np.max(forth[near & after], initial=0.0))


def _stands_whole(track: Track, k: int, wide: int, near: NDArray[np.intp], start: bool) -> bool:
    """Whether what stops or starts there is not merely hidden or shown little by little."""
    spans = np.diff(track.times)
    next_to = track.area[k + wide] if start else track.area[k - 1]
    if next_to < WHOLE * float(np.median(track.area[near])):
        return False
    rest = np.arange(len(spans)) < k if start else np.arange(len(spans)) >= k + wide
    return float(np.sum(spans[rest])) > RESTS


def steps_of(track: Track) -> tuple[Values, Values]:
    """When feet are set down.

    Returns
    -------
    times, forces : (N,) float array
        Seconds, rising; how much the lowest part had moved, relative to the most.
    """
    low, times = track.low, track.times
    spans = np.diff(times)
    none = np.empty(0), np.empty(0)
    if len(low) < 8 or times[-1] - times[0] < 2 * QUICKEST:
        return none
    usual = float(np.median(spans))
    smooth = gaussian_filter1d(low, min(0.03 / usual, 2.0), mode="nearest")
    humps, _ = find_peaks(
        np.concatenate(([0.0], smooth, [0.0])),
        prominence=0.25 * float(np.percentile(smooth, 90)),
        distance=max(0.5 * QUICKEST / usual, 1.0),
    )
    falls = _falls(track, humps - 1)
    best, score = none, 0.0
    # Between steps all rests, or nearly: as much as makes the most even walk.
    for rest in RESTING:
        steps = [(moment, top) for moment, top, left in falls if left <= rest]
        if len(steps) < FEWEST_STEPS:
            continue
        moments, tops = np.array(steps).T
        kept, even = _in_time(moments)
        if even > score:
            best, score = (moments[kept], tops[kept] / tops.max()), even
    return best


def _falls(track: Track, humps: NDArray[np.intp]) -> list[tuple[float, float, float]]:
    """After each hump of the lowest part's motion: when it falls, from where, and what is left."""
    low, times = track.low, track.times
    spans, pace = np.diff(times), np.linalg.norm(track.velocity, axis=1)
    falls = []
    for number, peak in enumerate(humps):
        end = int(humps[number + 1]) if number + 1 < len(humps) else len(low)
        if end - peak < 2:
            continue
        trough = peak + int(np.argmin(low[peak:end]))
        near = _around(times, times[trough], SLOWEST / 2)
        top, bottom = float(np.percentile(low[near], 85)), float(low[trough])
        goes_on = track.area[trough] >= GOES_ON * float(np.median(track.area[near]))
        then = pace[_around(times, times[trough], TURN)]
        goes_on &= bool(np.min(then) >= SPEED_ON * float(np.percentile(pace[near], 75)))
        if trough == len(low) - 1 or top <= 0.0 or not goes_on:
            continue
        level = bottom + (1.0 - DOWN) * max(
            float(np.max(low[max(peak - 1, 0) : peak + 2])) - bottom, 0.0
        )
        # The first picture from the trough backwards in which more than that moved.
        last = trough
        while last > peak and low[last - 1] <= level:
            last -= 1
        # In the pair before the foot moved for a part of the time, as fast as it had.
        part = 1.0
        if last >= 2 and low[last - 2] > low[last - 1]:
            part = float(low[last - 1] / low[last - 2])
        moment = float(times[last - 1] + part * spans[last - 1])
        falls.append((moment, top, bottom / top))
    return falls


def _around(times: Values, moment: float, reach: float) -> slice:
    """The pairs that begin so near a moment."""
    first, last = np.searchsorted(times[:-1], (moment - reach, moment + reach))
    return slice(int(first), int(last))


def _in_time(moments: Values) -> tuple[NDArray[np.bool_], float]:
    """Which of the steps belong to a walk, even ones in a row, and how many and even they are."""
    kept = np.zeros(len(moments), bool)
    gaps = np.diff(moments)
    pace = median_filter(gaps, 5, mode="mirror") if len(gaps) else gaps
    good = (gaps > QUICKEST) & (gaps < SLOWEST) & (np.abs(gaps - pace) < UNEVEN * pace)
    start, score = 0, 0.0
    while start < len(gaps):
        end = start
        while end < len(gaps) and good[end]:
            end += 1
        run = gaps[start:end]
        if len(run) + 1 >= FEWEST_STEPS:
            middle = float(np.median(run))
            uneven = float(np.mean(np.abs(run - middle))) / middle
            if uneven <= UNEVEN:
                kept[start : end + 1] = True
                score += float(run.sum()) * (1.0 - uneven / UNEVEN)
        start = end + 1
    return kept, score
