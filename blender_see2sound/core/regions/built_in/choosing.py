"""From what the stretches showed to the clip's regions: identity, rank, paths and looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress, part_of
from ..protocol import Look, Region
from ..tracks.linking import link
from ..tracks.look import aspect_of, rhythm_of, stands, true_lab
from ..tracks.tracklets import Tracklet
from .measuring import is_restless
from .paths import path_of

#: A thing is seen for this long at least (seconds, or this share of a short clip).
SEEN = 0.5
SEEN_SHARE = 0.25
#: A thing's least median share of the picture.
LEAST_AREA = 0.0008
#: Things less prominent than this are left out.
LEAST_PROMINENCE = 0.01
#: The same for what stirs without keeping its outline: mostly reflections and twigs.
LEAST_RESTLESS = 0.03
#: How prominent areas are at least, by stuff, and by how much their size adds.
AREA_PROMINENCE = {"background": 0.05, "sky": 0.15}
OTHER_AREA_PROMINENCE = 0.3
SIZE_PROMINENCE = 0.5
#: Stuff that is all around whatever its size, and the share of the picture that makes any so.
AMBIENT = ("sky", "storm", "background")
AMBIENT_AREA = 0.3


@dataclass
class Thing:
    """A tracklet and what detailed pictures tell of it.

    Attributes
    ----------
    tracklet : Tracklet
    person : list of float
        The people detector's scores, 0 to 1.
    thumbnail : (h, w, 3) uint8 array
        From the picture in which it covered `thumbnail_area` pixels.
    """

    tracklet: Tracklet
    person: list[float]
    thumbnail: NDArray[np.uint8]
    thumbnail_area: float


@dataclass
class Sight:
    """A region at rest as one stretch showed it.

    Attributes
    ----------
    box : (4,) float array
        x0 y0 x1 y1 as fractions of the picture.
    look : Look
        Its `stuff` is empty where it only stands out.
    start, end : float
        When it was seen, seconds.
    strength : float
        How much of all that stands out it is, 0 to 1.
    thumbnail : (h, w, 3) uint8 array or None
        None where an earlier sight of the same stuff was larger.
    """

    box: NDArray[np.float64]
    look: Look
    start: float
    end: float
    strength: float
    thumbnail: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Seen:
    """What the whole clip was seen in.

    Attributes
    ----------
    times : (T,) float array
        When it was looked at, seconds.
    duration : float
        Of the clip, seconds.
    size : (int, int)
        Width and height of the analysed pictures.
    full : (int, int)
        Width and height of the clip.
    """

    times: NDArray[np.float64]
    duration: float
    size: tuple[int, int]
    full: tuple[int, int]


def moving_regions(
    things: Sequence[Thing], seen: Seen, count: int, progress: Progress
) -> list[Region]:
    """The `count` most prominent things that move, the most prominent first."""
    of_tracklet = {id(thing.tracklet): thing for thing in things}
    chains = link([t.tracklet for t in things], seen.size, progress)
    ranked = [(prominence_of(chain, seen), chain) for chain in chains]
    ranked = [row for row in ranked if row[0] >= LEAST_PROMINENCE]
    ranked.sort(key=lambda row: (-row[0], row[1][0].times[0], tuple(row[1][0].boxes[0])))
    regions = []
    for number, (prominence, chain) in enumerate(ranked[:count]):
        step = part_of(part_of(progress, 0.5, 1.0), number / count, (number + 1) / count)
        parts = [of_tracklet[id(t)] for t in chain]
        regions.append(_moving_region(parts, prominence, seen, step))
    return regions


def prominence_of(chain: Sequence[Tracklet], seen: Seen) -> float:
    """How prominent a thing is: larger, swifter and longer seen is more; 0 for junk."""
    width, height = seen.size
    areas = np.concatenate([t.areas for t in chain]) / (width * height)
    area = float(np.median(areas))
    period = seen.duration / max(len(seen.times), 1)
    least = min(SEEN, SEEN_SHARE * seen.duration)
    if len(areas) * period < least or area < LEAST_AREA:
        return 0.0
    restless = all(is_restless(t) for t in chain)
    swift = float(np.percentile(np.concatenate([t.speeds for t in chain]), 75)) / width
    share = len(areas) / len(seen.times)
    prominence = float(np.sqrt(area) * share * (0.5 + min(1.0, 4.0 * swift)))
    return prominence if prominence >= (LEAST_RESTLESS if restless else 0.0) else 0.0


def _moving_region(
    parts: Sequence[Thing], prominence: float, seen: Seen, progress: Progress
) -> Region:
    chain = [p.tracklet for p in parts]
    width, height = seen.size
    boxes, presence = path_of(chain, seen.times, seen.size, progress)
    there = boxes[presence > 0]
    weights = np.array([len(t.times) for t in chain], float)

    def mean(values: Sequence[float]) -> float:
        return float(np.average(values, weights=weights))

    longest = max(chain, key=lambda t: len(t.times))
    scores = sorted((s for part in parts for s in part.person), reverse=True)
    look = Look(
        colour=true_lab(np.average([t.mean for t in chain], axis=0, weights=weights)),
        texture=mean([t.texture for t in chain]),
        area=float(np.median(np.concatenate([t.areas for t in chain]))) / (width * height),
        centre=((there[:, :2] + there[:, 2:]) / 2 / (width, height)).mean(0),
        flicker=mean([t.flicker for t in chain]),
        speed=float(np.median(np.concatenate([t.speeds for t in chain]))) / width,
        rhythm=rhythm_of(longest.times, longest.boxes),
        aspect=aspect_of(there),
        person=float(np.mean(scores[: max(2, len(scores) // 3)])) if scores else 0.0,
        unsteady=mean([t.unsteady for t in chain]),
    )
    full = np.array([*seen.full, *seen.full]) / np.array([width, height, width, height])
    return Region(
        kind="point",
        times=seen.times,
        boxes=boxes * full,
        presence=presence,
        prominence=1.0 + prominence,
        moving=True,
        stands=stands(there, height),
        thumbnail=max(parts, key=lambda p: p.thumbnail_area).thumbnail,
        look=look,
    )


def resting_regions(sights: Sequence[Sight], seen: Seen, anything_moves: bool) -> list[Region]:
    """Areas, one of each stuff; the background where there is none; what stands out in a still."""
    by_stuff: dict[str, list[Sight]] = {}
    for sight in sights:
        by_stuff.setdefault(sight.look.stuff, []).append(sight)
    salient = by_stuff.pop("", [])
    background = by_stuff.pop("background", [])
    if not by_stuff and background:
        by_stuff = {"background": background}
    regions = [_area_region(stuff, group, seen) for stuff, group in by_stuff.items()]
    if not anything_moves:
        regions += [_salient_region(sight, seen) for sight in salient]
    return regions


def _area_region(stuff: str, sights: list[Sight], seen: Seen) -> Region:
    best = max((s for s in sights if s.thumbnail is not None), key=lambda s: s.look.area)
    presence = np.zeros(len(seen.times))
    for sight in sights:
        inside = (seen.times >= sight.start - 1e-6) & (seen.times <= sight.end + 1e-6)
        presence[inside] = 1.0
    count = 1 if presence.all() else len(seen.times)
    assert best.thumbnail is not None
    return Region(
        kind="ambience" if stuff in AMBIENT or best.look.area > AMBIENT_AREA else "area",
        times=seen.times[:count],
        boxes=np.tile(best.box * [*seen.full, *seen.full], (count, 1)),
        presence=presence[:count],
        prominence=AREA_PROMINENCE.get(stuff, OTHER_AREA_PROMINENCE)
        + SIZE_PROMINENCE * best.look.area * float(presence.mean()),
        moving=False,
        stands=False,
        thumbnail=best.thumbnail,
        look=best.look,
    )


def _salient_region(sight: Sight, seen: Seen) -> Region:
    assert sight.thumbnail is not None
    presence = ((seen.times >= sight.start - 1e-6) & (seen.times <= sight.end + 1e-6)).astype(float)
    count = 1 if presence.all() else len(seen.times)
    return Region(
        kind="point",
        times=seen.times[:count],
        boxes=np.tile(sight.box * [*seen.full, *seen.full], (count, 1)),
        presence=presence[:count],
        prominence=0.2 + sight.strength,
        moving=False,
        stands=bool(sight.box[3] > 0.6),
        thumbnail=sight.thumbnail,
        look=sight.look,
    )
