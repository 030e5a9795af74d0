"""From mask tracks to regions: identity across gaps and shots, rank, boxes, looks, outlines."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from ...progress import Progress, part_of
from ..outline import Outline
from ..protocol import Look, Region
from ..sounding import kind_of, visible
from ..tracks.linking import BRIDGED, at_border, link
from ..tracks.look import aspect_of, rhythm_of, stands, true_lab
from ..tracks.tracklets import Tracklet
from .merging import merged, worthwhile
from .tracks import MaskTrack, MaskTracks

#: A box's edges are smoothed over so many pictures by parabolas (Savitzky & Golay 1964), which
#: keep what moves evenly or speeds up where it is; a mask's box hardly flickers.
SMOOTHED, ORDER = 5, 2
#: What moves faster than this against the background, picture widths a second, moves.
MOVING = 0.03
#: A box that ranges over less than this share of the picture's width stays.
STAYS = 0.015
#: The standard deviation of values of which the mean difference of two is 1 (both Gaussian).
TO_DEVIATION = float(np.sqrt(np.pi) / 2.0)


def regions_of(found: MaskTracks, duration: float, count: int, progress: Progress) -> list[Region]:
    """The clip's most prominent things, at most `count`, the first the most.

    Parameters
    ----------
    found : MaskTracks
    duration : float
        Of the clip, seconds.
    count : int
    progress : Progress
    """
    tracks = [t for t in found.tracks.values() if worthwhile(t, found, duration)]
    tracks = merged(tracks, found, part_of(progress, 0.0, 0.4))
    chains = _chains(tracks, found, part_of(progress, 0.4, 0.6))
    regions = []
    for number, chain in enumerate(chains):
        progress("Measuring what was found", 0.6 + 0.4 * number / len(chains))
        regions.append(_region(chain, found))
    regions.sort(key=lambda r: (-r.prominence, r.boxes[0].tolist()))
    return regions[:count]


def _chains(
    tracks: Sequence[MaskTrack], found: MaskTracks, progress: Progress
) -> list[list[MaskTrack]]:
    """The tracks of each thing, in order of time."""
    chains: list[list[MaskTrack]] = []
    groups: dict[tuple[str, bool], list[MaskTrack]] = {}
    for track in tracks:
        groups.setdefault((track.label, track.stuff), []).append(track)
    for number, ((_, stuff), group) in enumerate(groups.items()):
        step = part_of(progress, number / len(groups), (number + 1) / len(groups))
        if stuff:  # there is one sky, whatever the shot
            chains.append(sorted(group, key=lambda t: t.pictures[0]))
            continue
        tracklets = [found.tracklet(track, track.pictures) for track in group]
        track_of = {id(t): track for t, track in zip(tracklets, group, strict=True)}
        linked = link(tracklets, found.size, step)
        chains += [[track_of[id(tracklet)] for tracklet in chain] for chain in linked]
    return chains


def _region(chain: Sequence[MaskTrack], found: MaskTracks) -> Region:
    width, height = found.size
    pieces = [(t, found.tracklet(t, run)) for t in chain for run in _runs(t.pictures)]
    pieces.sort(key=lambda piece: piece[1].times[0])
    tracklets = [tracklet for _, tracklet in pieces]
    times = np.array(found.times)
    boxes, presence = _path(tracklets, times, found)
    sights = {k: s for track in chain for k, s in track.seen.items()}
    pictures = sorted(sights)
    scores = np.interp(times, times[pictures], [sights[k].score for k in pictures])
    there = boxes[presence > 0]
    speeds = np.concatenate([t.speeds for t in tracklets]) / width
    swift = float(np.percentile(speeds, 75))
    stuff = chain[0].stuff
    look = _look(chain, tracklets, there, found)
    moving = swift > MOVING and not stuff
    full = np.array([found.full[0] / width, found.full[1] / height] * 2)
    packed = np.zeros((len(times), len(sights[pictures[0]].packed)), np.uint8)
    for k in pictures:
        packed[k] = sights[k].packed
    present = presence * scores
    label = next((t.label for t in chain if t.label), "")
    region = Region(
        kind=kind_of(label, look, moving),
        times=times,
        boxes=boxes * full,
        presence=present,
        prominence=visible(look, float(present.mean())),
        moving=moving,
        stands=not stuff and stands(there, height),
        thumbnail=max(chain, key=lambda t: t.thumbnail_area).thumbnail,
        look=look,
        label=label,
        outline=Outline(found.size, packed),
    )
    return _at_rest(region, found.full[0]) if len(pictures) == len(times) else region


def _at_rest(region: Region, width: int) -> Region:
    """A region that is there all the time in one place, with a single time; else as it was."""
    ranges = np.ptp(np.percentile(region.boxes, (5, 95), axis=0), axis=0)
    if region.moving or float(ranges.max()) > STAYS * width or region.outline is None:
        return region
    middle = np.median(region.boxes, axis=0)
    best = int(np.argmin(np.abs(region.boxes - middle).sum(1)))
    return replace(
        region,
        times=region.times[:1],
        boxes=middle[None],
        presence=np.array([float(region.presence.mean())]),
        outline=replace(region.outline, packed=region.outline.packed[best : best + 1]),
    )


def _runs(pictures: Sequence[int]) -> list[list[int]]:
    """Consecutive pictures."""
    runs: list[list[int]] = []
    for picture in pictures:
        if runs and picture == runs[-1][-1] + 1:
            runs[-1].append(picture)
        else:
            runs.append([picture])
    return runs


def _path(
    tracklets: Sequence[Tracklet], times: NDArray[np.float64], found: MaskTracks
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Boxes (T, 4) at the size of the masks, the last one held while it is away; presence (T,).

    A short gap in the middle of the picture is bridged: what is hidden so shortly still sounds.
    """
    seen = np.concatenate([t.times for t in tracklets])
    raw = np.concatenate([_smoothed(t.boxes, found.size) for t in tracklets])
    order = np.argsort(seen, kind="stable")
    seen, raw = seen[order], raw[order]
    presence = np.zeros(len(times))
    presence[np.searchsorted(times, seen - 1e-6)] = 1.0
    for before, after in itertools.pairwise(tracklets):
        gone = at_border(before.boxes[-1], found.size) and at_border(after.boxes[0], found.size)
        if before.shot == after.shot and not gone and after.times[0] - before.times[-1] <= BRIDGED:
            a, b = np.searchsorted(times, (before.times[-1] - 1e-6, after.times[0] + 1e-6))
            presence[a:b] = 1.0
    previous = np.clip(np.searchsorted(seen, times + 1e-6) - 1, 0, len(seen) - 1)
    between = np.column_stack([np.interp(times, seen, raw[:, edge]) for edge in range(4)])
    return np.where(presence[:, None] > 0, between, raw[previous]), presence


def _smoothed(boxes: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Boxes (T, 4) of consecutive pictures, their edges smoothed, within the picture."""
    smooth = boxes.copy()
    if len(boxes) >= SMOOTHED:
        smooth = savgol_filter(boxes, SMOOTHED, ORDER, axis=0, mode="interp")
    smooth[:, [0, 2]] = np.clip(smooth[:, [0, 2]], 0, size[0])
    smooth[:, [1, 3]] = np.clip(smooth[:, [1, 3]], 0, size[1])
    smooth[:, 2:] = np.maximum(smooth[:, 2:], smooth[:, :2] + 0.5)
    return smooth


def _look(
    chain: Sequence[MaskTrack],
    tracklets: Sequence[Tracklet],
    there: NDArray[np.float64],
    found: MaskTracks,
) -> Look:
    width, height = found.size
    sights = [s for track in chain for s in track.seen.values()]
    longest = max(tracklets, key=lambda t: len(t.times))
    weights = np.array([len(t.times) for t in tracklets], float)
    stuff = STUFFS.get(chain[0].label, "background") if chain[0].stuff else ""
    return Look(
        colour=true_lab(np.mean([s.mean for s in sights], axis=0)),
        texture=float(np.mean([s.texture for s in sights])),
        area=float(np.median([s.area for s in sights])) / (width * height),
        centre=np.mean([s.centre + 0.5 for s in sights], axis=0) / (width, height),
        flicker=TO_DEVIATION * float(np.mean([s.change for s in sights])),
        speed=float(np.median(np.concatenate([t.speeds for t in tracklets]))) / width,
        rhythm=rhythm_of(longest.times, longest.boxes),
        aspect=aspect_of(there),
        unsteady=float(np.average([t.unsteady for t in tracklets], weights=weights)),
        stuff=stuff,
    )


#: What the built-in rules call the stuff that models recognise.
STUFFS = {
    "sky": "sky", "tree": "foliage", "grass": "grass", "water": "water", "river": "water",
    "sea": "water", "fire": "fire", "waterfall": "falling water",
}  # fmt: skip
