"""The built-in finder: what moves, what lies around it, and what stands out. No model.

The clip is read once, at about ten frames a second and 320 pixels, and worked
through in stretches of at most a few seconds, so that memory does not grow with
its length. Per stretch the camera's motion is taken off (`camera`), foreground
is told from background (`foreground`) and followed (`tracking`), and the
background searched for sky, foliage, water and fire (`areas`). At the end
tracklets become things (`choosing`), and the most prominent are kept.
Where nothing moves, what stands out is taken (`saliency`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import See2SoundError
from ...media import Frame, OpenClip
from ...media.scaling import reduced_size
from ...progress import Progress, part_of
from ..protocol import Look, Region
from ..tracks.camera import Camera, inverse
from ..tracks.look import cut_out, true_lab
from ..tracks.tracklets import Tracklet
from .areas import NOISE, Area, Maps, areas_of, maps_of
from .choosing import Seen, Sight, Thing, moving_regions, resting_regions
from .foreground import Evidence, Stretch, dense_flow, find_foreground
from .measuring import is_restless
from .people import PeopleDetector
from .pieces import absorb_pieces
from .saliency import salient_things
from .tracking import follow

#: Long side of the pictures that are analysed, and of those that people are looked for in.
ANALYSED = 320
#: The short side of what optical flow can work on, pixels.
NARROWEST = 16
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
#: Where things were for more than this share of the time it is they that flicker.
COVERED = 0.1
#: Things kept for linking, at most: the largest and longest seen.
MOST_THINGS = 300
#: A picture whose L (0 to 255) varies less than this shows nothing.
PLAIN = 3.0
#: How strongly a person who stands stands out, when the detector is sure.
PERSON_STRENGTH = 0.5
#: What moves within an area for this share, in its colours (differences of L and of a and b,
#: CIE L*a*b*), is the area's own stirring.
WITHIN = 0.6
LIKE_LIGHT = 30.0
LIKE_COLOUR = 14.0


@dataclass
class _Detail:
    """A detailed picture of the stretch."""

    time: float
    image: NDArray[np.uint8]


@dataclass(frozen=True)
class _Moment:
    """What a stretch shows of the regions at rest."""

    maps: Maps
    start: float
    end: float
    image: NDArray[np.uint8]


@dataclass
class _Stretch:
    """A stretch while it is being read."""

    shot: int
    times: list[float] = field(default_factory=list)
    frames: list[NDArray[np.uint8]] = field(default_factory=list)
    to_shot: list[NDArray[np.float64]] = field(default_factory=list)
    flow: list[NDArray[np.float32]] = field(default_factory=list)
    details: list[_Detail] = field(default_factory=list)

    def close(self) -> Stretch:
        """The whole stretch; this one is empty afterwards."""
        flow = self.flow
        while len(flow) < len(self.frames):
            flow.append(flow[-1] if flow else np.zeros((*self.frames[0].shape[:2], 2), np.float32))
        closed = Stretch(
            np.array(self.times), np.stack(self.to_shot), np.stack(self.frames), np.stack(flow)
        )
        # The stacks are copies: what they were made of need not stay beside them.
        self.frames.clear()
        self.flow.clear()
        return closed


class DraftFinder:
    """Finds regions without a model."""

    proposes = False

    def find(self, clip: OpenClip, count: int, progress: Progress) -> list[Region]:
        """Give at most `count` regions, the most prominent first; the same for the same clip."""
        short = min(reduced_size(clip.size, ANALYSED))
        if short < NARROWEST:
            raise See2SoundError(
                f"nothing can be found in {clip.range.path}",
                f"a picture of {clip.size[0]} x {clip.size[1]} pixels is too narrow",
                "Choose a clip whose sides are less unlike",
                kind="bad-media",
            )
        return _Search(clip, progress).regions(count)


class _Search:
    """One clip's search."""

    def __init__(self, clip: OpenClip, progress: Progress) -> None:
        self.clip = clip
        self.progress = progress
        self.people = PeopleDetector()
        self.things: list[Thing] = []
        self.sights: list[Sight] = []
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
        step = part_of(self.progress, 0.95, 1.0)
        step("Choosing the most prominent", 0.0)
        seen = Seen(np.array(self.times), self.clip.duration, self.size, self.clip.size)
        found = moving_regions(self.things, seen, count, step)
        found += resting_regions(self.sights, seen, bool(found))
        found.sort(key=lambda r: (-r.prominence, r.boxes[0].tolist()))
        step("Found the sources", 1.0)
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
        stretch = current.close()
        n, h, w, _ = stretch.frames.shape
        self.size = (w, h)

        def step(start: float, end: float) -> Progress:
            return part_of(lambda phase, f: self._tell(phase, f * n), start, end)

        evidence = find_foreground(stretch, step(0.0, 0.6))
        tracklets: list[Tracklet] = []
        if n > 1:
            found, covered = follow(stretch, evidence, current.shot, step(0.6, 0.9))
            tracklets = absorb_pieces(found, self.size)
            evidence.flicker[covered > COVERED] = 0.0
        maps = maps_of(evidence.background, evidence.flicker)
        areas = areas_of(maps) if evidence.background[..., 0].std() >= PLAIN else []
        for tracklet in tracklets:
            self._tell("Looking at what moved", 0.9 * n)
            if not any(_stirs_in(tracklet, area, maps, self.size) for area in areas):
                self.things.append(self._thing(tracklet, current.details))
        # So that memory does not grow with the clip's length.
        self.things.sort(key=lambda t: -float(t.tracklet.areas.sum()))
        del self.things[MOST_THINGS:]
        self._look_around(stretch, evidence, maps, areas, current.details)
        self.worked += n

    def _thing(self, tracklet: Tracklet, details: Sequence[_Detail]) -> Thing:
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
                best = (float(tracklet.areas[k]), cut_out(detail.image, box))
        return Thing(tracklet, person, best[1], best[0])

    def _look_around(
        self,
        stretch: Stretch,
        evidence: Evidence,
        maps: Maps,
        areas: Sequence[Area],
        details: Sequence[_Detail],
    ) -> None:
        """Keep the areas of the stretch's background, and what stands out in it."""
        if evidence.background[..., 0].std() < PLAIN:
            return
        moment = _Moment(
            maps,
            float(stretch.times[0]),
            float(stretch.times[-1]),
            details[len(details) // 2].image,
        )
        for area in areas:
            self._see(moment, area.mask, stuff=area.stuff)
        self._see(moment, np.ones(maps.light.shape, bool), stuff="background")
        if any(not sight.look.stuff for sight in self.sights):
            return
        for mask, score in _people(self.people, moment):
            self._see(moment, mask, strength=PERSON_STRENGTH * score, person=score)
        for thing in salient_things(evidence.background):
            quiet = float(maps.flicker[thing.mask].mean()) < NOISE
            if quiet and not any(_belongs(thing.mask, area) for area in areas):
                self._see(moment, thing.mask, strength=thing.strength)

    def _see(
        self,
        moment: _Moment,
        mask: NDArray[np.bool_],
        *,
        stuff: str = "",
        strength: float = 1.0,
        person: float = 0.0,
    ) -> None:
        """Keep what a mask covers as a sight, and its picture where it is the largest of its stuff."""
        maps, image = moment.maps, moment.image
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
            person=person,
            stuff=stuff,
        )
        before = [s.look.area for s in self.sights if s.look.stuff == stuff and stuff]
        thumbnail = None
        if look.area > max(before, default=0.0):
            thumbnail = cut_out(image, box * np.array([image.shape[1], image.shape[0]] * 2))
            for sight in self.sights:
                if stuff and sight.look.stuff == stuff:
                    sight.thumbnail = None
        self.sights.append(Sight(box, look, moment.start, moment.end, strength, thumbnail))


def _people(detector: PeopleDetector, moment: _Moment) -> list[tuple[NDArray[np.bool_], float]]:
    """The people in a picture in which nothing may move, as masks at the maps' size, and scores."""
    h, w = moment.maps.light.shape
    scale = w / moment.image.shape[1]
    found = []
    for box, score in detector.find(moment.image):
        x0, y0, x1, y1 = np.round(box * scale).astype(int)
        mask = np.zeros((h, w), bool)
        mask[max(y0, 0) : max(y1, y0 + 1), max(x0, 0) : max(x1, x0 + 1)] = True
        if mask.any():
            found.append((mask, score))
    return found


def _belongs(thing: NDArray[np.bool_], area: Area) -> bool:
    """Whether what stands out is part of an area, such as a cloud in a sky, or the other way."""
    if (thing & area.mask).sum() > 0.5 * area.mask.sum():
        return True
    inside = area.mask
    if area.stuff != "water":  # what stands out of open water is something
        points = np.argwhere(area.mask)[:, ::-1].astype(np.int32)
        hull = np.zeros(area.mask.shape, np.uint8)
        cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
        inside = hull > 0
    return bool((thing & inside).sum() > 0.4 * thing.sum())


def _stirs_in(tracklet: Tracklet, area: Area, maps: Maps, size: tuple[int, int]) -> bool:
    """Whether what was followed is only water's, fire's or leaves' own motion."""
    if not is_restless(tracklet):
        return False
    h, w = area.mask.shape
    light, a, b = (float(m[area.mask].mean()) for m in (maps.light, maps.a, maps.b))
    colour = true_lab(tracklet.mean)
    alike = (
        abs(colour[0] - light) < LIKE_LIGHT and np.hypot(colour[1] - a, colour[2] - b) < LIKE_COLOUR
    )
    boxes = tracklet.boxes * np.array([w, h, w, h]) / np.array([*size, *size])
    inside = []
    for x0, y0, x1, y1 in boxes:
        cut = area.mask[
            int(y0) : max(int(np.ceil(y1)), int(y0) + 1),
            int(x0) : max(int(np.ceil(x1)), int(x0) + 1),
        ]
        inside.append(float(cut.mean()) if cut.size else 0.0)
    return bool(alike and np.mean(inside) > WITHIN)


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
