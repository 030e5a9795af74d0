"""The built-in finder: what moves, what lies around it, and what stands out. No model.

The clip is read once, at about ten frames a second and 320 pixels, and worked
through in stretches of at most a few seconds, so that memory does not grow with
its length. Per stretch the camera's motion is taken off (`camera`), foreground
is told from background (`foreground`) and followed (`tracking`), and the
background searched for sky, foliage, water and fire (`areas`). At the end
tracklets become things (`linking`, `paths`), and the most prominent are kept.
Where nothing moves, what stands out is taken (`saliency`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ..media import Frame, OpenClip
from ..progress import Progress, part_of
from .areas import NOISE, Maps, areas_of, maps_of
from .camera import Camera, inverse
from .foreground import Evidence, Stretch, dense_flow, find_foreground
from .linking import absorb_pieces, link
from .look import rhythm_of, true_lab
from .paths import path_of
from .people import PeopleDetector
from .protocol import Look, Region
from .saliency import salient_things
from .tracking import follow
from .tracklets import Tracklet

#: Long side of the pictures that are analysed, and of those that people are looked for in.
ANALYSED = 320
DETAILED = 640
#: Frames a second; longer clips are looked at less often, so that about `FRAMES` are.
FASTEST_RATE = 10.0
SLOWEST_RATE = 2.0
FRAMES = 6000
#: Frames that are worked on together, at most.
STRETCH = 120
#: A stretch also ends when the camera has gone this share of the picture.
GONE = 0.8
#: Seconds between detailed pictures.
DETAIL_EVERY = 0.6
#: A thing is seen for this long at least (seconds, or this share of a short clip).
SEEN = 0.5
SEEN_SHARE = 0.25
#: A thing's least median share of the picture.
LEAST_AREA = 0.0008
#: Where things were for more than this share of the time it is they that flicker.
COVERED = 0.1
#: A thing stands on the ground when its lower edge is below the horizon for this share of
#: the time and the ratio of its depth below it to its height varies by no more than this.
STANDING = 0.75
STANDING_SPREAD = 2.2
#: Things less prominent than this are left out.
LEAST_PROMINENCE = 0.01
#: Longest side of a thumbnail.
THUMBNAIL = 256


@dataclass
class _Detail:
    """A detailed picture of the stretch."""

    time: float
    image: NDArray[np.uint8]


@dataclass
class _Sight:
    """A still region as one stretch showed it; boxes are fractions of the picture."""

    stuff: str
    box: NDArray[np.float64]
    look: Look
    start: float
    end: float
    strength: float
    thumbnail: NDArray[np.uint8]


@dataclass
class _Thing:
    """A tracklet and what the detailed pictures tell of it."""

    tracklet: Tracklet
    person: list[float]
    thumbnail: NDArray[np.uint8]
    thumbnail_area: float


@dataclass
class _Stretch:
    """A stretch while it is being read."""

    shot: int
    times: list[float] = field(default_factory=list)
    frames: list[NDArray[np.uint8]] = field(default_factory=list)
    to_shot: list[NDArray[np.float64]] = field(default_factory=list)
    flow: list[NDArray[np.float32]] = field(default_factory=list)
    details: list[_Detail] = field(default_factory=list)

    def closed(self) -> Stretch:
        flow = list(self.flow)
        while len(flow) < len(self.frames):
            flow.append(flow[-1] if flow else np.zeros((*self.frames[0].shape[:2], 2), np.float32))
        return Stretch(
            np.array(self.times), np.stack(self.frames), np.stack(self.to_shot), np.stack(flow)
        )


class DraftFinder:
    """Finds regions without a model."""

    def find(self, clip: OpenClip, count: int, progress: Progress) -> list[Region]:
        """Give at most `count` regions, the most prominent first; the same for the same clip."""
        return _Search(clip, progress).regions(count)


class _Search:
    """One clip's search."""

    def __init__(self, clip: OpenClip, progress: Progress) -> None:
        self.clip = clip
        self.progress = progress
        self.people = PeopleDetector()
        self.things: list[_Thing] = []
        self.sights: list[_Sight] = []
        self.times: list[float] = []
        self.size = (1, 1)
        self.read = self.worked = 0

    # ------------------------------------------------------------ reading

    def regions(self, count: int) -> list[Region]:
        self.progress("Reading the clip", 0.0)
        rate = float(np.clip(FRAMES / max(self.clip.duration, 1e-3), SLOWEST_RATE, FASTEST_RATE))
        rate = min(rate, max(self.clip.frame_rate, 1.0))
        self.expected = 1 if self.clip.kind == "still" else int(self.clip.duration * rate) + 1
        self._stream(rate)
        self.progress("Choosing the most prominent", 0.95)
        found = self._moving() + self._resting()
        found.sort(key=lambda r: (-r.prominence, r.boxes[0].tolist()))
        self.progress("Found the sources", 1.0)
        return found[:count]

    def _stream(self, rate: float) -> None:
        camera = Camera()
        engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        current = _Stretch(0)
        last: NDArray[np.uint8] | None = None
        every = max(1, round(DETAIL_EVERY * rate))
        for frame in self.clip.frames(rate, DETAILED):
            small = _reduced(frame.image)
            grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
            to_shot, cut = camera.follow(small)
            if cut:
                self._work(current)
                current = _Stretch(current.shot + 1)
            elif last is not None:
                step = inverse(to_shot) @ current.to_shot[-1]
                current.flow.append(dense_flow(last, grey, step, engine))
                if len(current.frames) >= STRETCH or _gone_far(current, to_shot):
                    self._work(current)
                    current = _Stretch(current.shot)
            self._take(current, frame, small, to_shot, every)
            last = grey
        self._work(current)

    def _take(
        self,
        current: _Stretch,
        frame: Frame,
        small: NDArray[np.uint8],
        to_shot: NDArray[np.float64],
        every: int,
    ) -> None:
        if len(current.frames) % every == 0:
            current.details.append(_Detail(frame.time, frame.image))
        current.times.append(frame.time)
        current.frames.append(cv2.cvtColor(small, cv2.COLOR_RGB2LAB))
        current.to_shot.append(to_shot)
        self.times.append(frame.time)
        self.read += 1
        self._tell("Looking at the clip", 0.0)

    def _tell(self, phase: str, within: float) -> None:
        """Progress, of which reading is half and working the other."""
        done = (self.read + self.worked + within) / (2.0 * max(self.expected, self.read))
        self.progress(phase, 0.95 * min(done, 1.0))

    # ------------------------------------------------------------ one stretch

    def _work(self, current: _Stretch) -> None:
        if not current.frames:
            return
        stretch = current.closed()
        n, h, w, _ = stretch.frames.shape
        self.size = (w, h)

        def step(start: float, end: float) -> Progress:
            return part_of(lambda phase, f: self._tell(phase, f * n), start, end)

        evidence = find_foreground(stretch, step(0.0, 0.6))
        if n > 1:
            found, covered = follow(stretch, evidence, current.shot, step(0.6, 0.9))
            for tracklet in absorb_pieces(found, self.size):
                self.things.append(self._thing(tracklet, current.details))
            evidence.flicker[covered > COVERED] = 0.0
        self._look_around(stretch, evidence, current.details)
        self.worked += n

    def _thing(self, tracklet: Tracklet, details: Sequence[_Detail]) -> _Thing:
        person: list[float] = []
        best: tuple[float, NDArray[np.uint8]] = (-1.0, np.zeros((1, 1, 3), np.uint8))
        near = min(details, key=lambda d: float(np.abs(tracklet.times - d.time).min()))
        for detail in details:
            k = int(np.argmin(np.abs(tracklet.times - detail.time)))
            if abs(tracklet.times[k] - detail.time) > 0.05 and detail is not near:
                continue
            scale = detail.image.shape[1] / self.size[0]
            box = tracklet.boxes[k] * scale
            person.append(self.people.likeness(detail.image, box))
            if tracklet.areas[k] > best[0]:
                best = (float(tracklet.areas[k]), _cut_out(detail.image, box))
        return _Thing(tracklet, person, best[1], best[0])

    def _look_around(
        self, stretch: Stretch, evidence: Evidence, details: Sequence[_Detail]
    ) -> None:
        """Sky, foliage, water and the like in the stretch's background, and what stands out."""
        if evidence.background[..., 0].std() < 3.0:
            return
        maps = maps_of(evidence.background, evidence.flicker)
        start, end = float(stretch.times[0]), float(stretch.times[-1])
        image = details[len(details) // 2].image
        taken = np.zeros(maps.light.shape, bool)
        for area in areas_of(maps):
            taken |= area.mask
            self._see(area.stuff, area.mask, 1.0, maps, start, end, image)
        self._see(
            "background", np.ones_like(taken), float(1.0 - taken.mean()), maps, start, end, image
        )
        for thing in salient_things(evidence.background):
            quiet = float(maps.flicker[thing.mask].mean()) < NOISE
            if quiet and (thing.mask & taken).sum() < 0.5 * thing.mask.sum():
                self._see("", thing.mask, thing.strength, maps, start, end, image)

    def _see(
        self,
        stuff: str,
        mask: NDArray[np.bool_],
        strength: float,
        maps: Maps,
        start: float,
        end: float,
        image: NDArray[np.uint8],
    ) -> None:
        h, w = mask.shape
        rows, columns = np.nonzero(mask)
        left, right = np.percentile(columns, (2, 98))
        top, bottom = np.percentile(rows, (2, 98))
        box = np.array([left / w, top / h, (right + 1) / w, (bottom + 1) / h])
        look = Look(
            colour=np.array([float(m[mask].mean()) for m in (maps.light, maps.a, maps.b)]),
            texture=float(maps.texture[mask].mean()),
            area=float(mask.mean()),
            centre=np.array([(columns.mean() + 0.5) / w, (rows.mean() + 0.5) / h]),
            flicker=float(maps.flicker[mask].mean()),
            aspect=float(
                (box[2] - box[0]) * self.size[0] / max((box[3] - box[1]) * self.size[1], 1)
            ),
            stuff=stuff,
        )
        scale = np.array([image.shape[1], image.shape[0]] * 2)
        thumbnail = _cut_out(image, box * scale)
        self.sights.append(_Sight(stuff, box, look, start, end, strength, thumbnail))

    # ------------------------------------------------------------ regions

    def _moving(self) -> list[Region]:
        of_tracklet = {id(t.tracklet): t for t in self.things}
        things = []
        for chain in link([t.tracklet for t in self.things], self.size):
            things.append((chain, [of_tracklet[id(t)] for t in chain]))
        regions = [self._region(chain, parts) for chain, parts in things]
        return [r for r in regions if r is not None]

    def _region(self, chain: list[Tracklet], parts: list[_Thing]) -> Region | None:
        times = np.array(self.times)
        w, h = self.size
        areas = np.concatenate([t.areas for t in chain]) / (w * h)
        area = float(np.median(areas))
        period = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
        seen = len(areas) * period
        unsteady = float(
            np.average([t.unsteady for t in chain], weights=[len(t.times) for t in chain])
        )
        if seen < min(SEEN, SEEN_SHARE * self.clip.duration) or area < LEAST_AREA:
            return None
        boxes, presence = path_of(chain, times, self.size)
        there = presence > 0
        speeds = np.concatenate([t.speeds for t in chain]) / w
        weights = np.array([len(t.times) for t in chain], float)
        size = boxes[there, 2:] - boxes[there, :2]
        centre = ((boxes[there, :2] + boxes[there, 2:]) / 2 / (w, h)).mean(0)
        longest = max(chain, key=lambda t: len(t.times))
        scores = sorted((s for part in parts for s in part.person), reverse=True)
        look = Look(
            colour=true_lab(np.average([t.mean for t in chain], axis=0, weights=weights)),
            texture=float(np.average([t.texture for t in chain], weights=weights)),
            area=area,
            centre=centre,
            flicker=float(np.average([t.flicker for t in chain], weights=weights)),
            speed=float(np.median(speeds)),
            rhythm=rhythm_of(longest.times, longest.boxes),
            aspect=float(np.median(size[:, 0] / np.maximum(size[:, 1], 1e-6))),
            person=float(np.mean(scores[: max(2, len(scores) // 3)])) if scores else 0.0,
            unsteady=unsteady,
        )
        moved = float(np.percentile(speeds, 75))
        prominence = float(np.sqrt(area) * there.mean() * (0.5 + min(1.0, 4.0 * moved)))
        if prominence < LEAST_PROMINENCE:
            return None
        return Region(
            kind="point",
            times=times,
            boxes=boxes * self._enlarge(),
            presence=presence,
            prominence=1.0 + prominence,
            moving=True,
            stands=_stands(boxes[there], h),
            thumbnail=max(parts, key=lambda p: p.thumbnail_area).thumbnail,
            look=look,
        )

    def _resting(self) -> list[Region]:
        """Areas, one of each stuff; the background where there is none; what stands out in a still."""
        by_stuff: dict[str, list[_Sight]] = {}
        for sight in self.sights:
            by_stuff.setdefault(sight.stuff, []).append(sight)
        salient = by_stuff.pop("", [])
        background = by_stuff.pop("background", [])
        if not by_stuff and background:
            by_stuff = {"background": background}
        regions = [self._area(stuff, sights) for stuff, sights in by_stuff.items()]
        if len(self.times) == 1 or not self.things:
            shot = [s for s in salient if s.start == salient[0].start] if salient else []
            regions += [self._standing(sight) for sight in shot]
        return regions

    def _area(self, stuff: str, sights: list[_Sight]) -> Region:
        best = max(sights, key=lambda s: (s.look.area, s.end - s.start))
        times = np.array(self.times)
        presence = np.zeros(len(times))
        for sight in sights:
            presence[(times >= sight.start - 1e-6) & (times <= sight.end + 1e-6)] = 1.0
        always = bool(presence.all())
        ambient = stuff in ("sky", "storm", "background") or best.look.area > 0.3
        box = best.box * np.array([*self.clip.size, *self.clip.size])
        least = {"background": 0.05, "sky": 0.15}.get(stuff, 0.3)
        return Region(
            kind="ambience" if ambient else "area",
            times=times[:1] if always else times,
            boxes=np.tile(box, (1 if always else len(times), 1)),
            presence=presence[:1] if always else presence,
            prominence=least + 0.5 * best.look.area * float(presence.mean()),
            moving=False,
            stands=False,
            thumbnail=best.thumbnail,
            look=best.look,
        )

    def _standing(self, sight: _Sight) -> Region:
        box = sight.box * np.array([*self.clip.size, *self.clip.size])
        return Region(
            kind="point",
            times=np.array(self.times[:1]),
            boxes=box[None],
            presence=np.ones(1),
            prominence=0.2 + sight.strength,
            moving=False,
            stands=bool(sight.box[3] > 0.6),
            thumbnail=sight.thumbnail,
            look=sight.look,
        )

    def _enlarge(self) -> NDArray[np.float64]:
        w, h = self.size
        width, height = self.clip.size
        return np.array([width / w, height / h, width / w, height / h])


def _stands(boxes: NDArray[np.float64], height: int) -> bool:
    """Whether boxes are those of something that stands on the ground, the horizon in the middle."""
    below = boxes[:, 3] - 0.52 * height
    if np.mean(below > 0) < STANDING:
        return False
    # Nearer or farther, it is seen from the same height: the ratio stays.
    ratio = np.maximum(below, 1.0) / np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    low, high = np.percentile(ratio, (25, 75))
    return bool(high < STANDING_SPREAD * low)


def _gone_far(current: _Stretch, to_shot: NDArray[np.float64]) -> bool:
    """Whether the camera has left most of what it saw when the stretch began."""
    h, w = current.frames[0].shape[:2]
    middle = np.array([[[w / 2, h / 2]]])
    to_start = inverse(current.to_shot[0]) @ to_shot
    away = np.abs(cv2.perspectiveTransform(middle, to_start)[0, 0] - middle[0, 0])
    return bool(away[0] > GONE * w or away[1] > GONE * h)


def _reduced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    h, w = image.shape[:2]
    scale = min(1.0, ANALYSED / max(h, w))
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else image


def _cut_out(image: NDArray[np.uint8], box: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The part of a picture in a box, with a little around it, as a thumbnail."""
    h, w = image.shape[:2]
    margin = 0.08 * max(box[2] - box[0], box[3] - box[1])
    x0, y0 = (int(max(0.0, v - margin)) for v in box[:2])
    x1 = int(np.clip(np.ceil(box[2] + margin), x0 + 1, w))
    y1 = int(np.clip(np.ceil(box[3] + margin), y0 + 1, h))
    cut = image[min(y0, h - 1) : y1, min(x0, w - 1) : x1]
    scale = min(1.0, THUMBNAIL / max(cut.shape[:2]))
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    return cv2.resize(cut, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else cut.copy()
