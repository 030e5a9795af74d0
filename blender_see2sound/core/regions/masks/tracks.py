"""What is known of the masks that belong to one thing: measured as they come, kept small."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..outline import Mask, kept_size, unpack
from ..tracks.look import bins_of, cut_out
from ..tracks.timeline import Timeline, motion_of, velocity_at
from ..tracks.tracklets import Tracklet, centre, kept_of
from .geometry import box_of, is_sliver, without_specks
from .looking import Looked

#: A mask is looked at when it has at least this share of the picture.
SMALLEST = 0.0005
#: A thumbnail is made anew when the thing is seen larger by this factor.
LARGER = 1.1


@dataclass(frozen=True)
class Sighting:
    """One mask of a thing.

    Attributes
    ----------
    packed : uint8 array
        Its bits, as of `numpy.packbits`.
    box : (4,) float array
        x0 y0 x1 y1, pixels of the mask.
    centre : (2,) float array
    area : float
        Pixels.
    mean : (3,) float array
        8-bit Lab.
    texture, change : float
        Mean gradient of L, and its change since the picture before (0 to 1).
    score : float
        How sure it is that the thing is there, 0 to 1.
    """

    packed: NDArray[np.uint8]
    box: NDArray[np.float64]
    centre: NDArray[np.float64]
    area: float
    mean: NDArray[np.float64]
    texture: float
    change: float
    score: float


@dataclass
class MaskTrack:
    """The masks of one thing in one shot.

    Attributes
    ----------
    number : int
    shot : int
    label : str
        What the model recognised it as; empty where it does not.
    stuff : bool
        Recognised as something without an outline of its own, such as water.
    seen : dict of int to Sighting
        By the number of the picture.
    colours : (256,) float array
        Sum of histograms of `look.bins_of`.
    thumbnail : (h, w, 3) uint8 array
    """

    number: int
    shot: int
    label: str = ""
    stuff: bool = False
    seen: dict[int, Sighting] = field(default_factory=dict)
    colours: NDArray[np.float64] = field(default_factory=lambda: np.zeros(256))
    thumbnail: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((1, 1, 3), np.uint8))
    thumbnail_area: float = 0.0
    slivers: int = 0

    @property
    def pictures(self) -> list[int]:
        """The numbers of the pictures that it is seen in, rising."""
        return sorted(self.seen)

    def median_area(self) -> float:
        """Pixels of its masks."""
        return float(np.median([s.area for s in self.seen.values()]))

    def sure(self) -> float:
        """The mean of its scores."""
        return float(np.mean([s.score for s in self.seen.values()]))


class MaskTracks:
    """All tracks of a clip, and when its pictures were.

    Attributes
    ----------
    size, full : (int, int)
        Width and height of the masks and of the clip.
    tracks : dict of int to MaskTrack
    """

    def __init__(self, full: tuple[int, int]) -> None:
        self.full = full
        self.size = kept_size(full)
        self.tracks: dict[int, MaskTrack] = {}
        self.times: list[float] = []
        self.shots: list[int] = []
        self.to_shot: list[NDArray[np.float64]] = []
        self._numbers = itertools.count()
        self._timeline: Timeline | None = None

    def look(self, picture: Looked) -> None:
        """Note a picture; once for each, in order."""
        self.times.append(picture.time)
        self.shots.append(picture.shot)
        self.to_shot.append(picture.to_shot)

    def begin(self, shot: int, label: str = "", stuff: bool = False) -> MaskTrack:
        """A new track."""
        track = MaskTrack(next(self._numbers), shot, label, stuff)
        self.tracks[track.number] = track
        return track

    def see(self, number: int, picture: Looked, mask: Mask, score: float) -> bool:
        """Measure and keep a mask (h, w) of a thing; whether there was enough of it."""
        mask = without_specks(mask)
        area = float(mask.sum())
        if area < max(SMALLEST * mask.size, 1.0):
            return False
        track = self.tracks[number]
        own = picture.lab[mask]
        box = box_of(mask)
        x0, y0, x1, y1 = box.astype(int)
        light = picture.lab[y0:y1, x0:x1, 0].astype(np.float32)
        texture = float(np.abs(np.diff(light, axis=1)).mean()) / 255.0 if x1 - x0 > 1 else 0.0
        track.seen[picture.index] = Sighting(
            packed=np.packbits(mask),
            box=box,
            centre=centre(mask),
            area=area,
            mean=own.mean(0),
            texture=texture,
            change=float(picture.change[mask].mean()),
            score=score,
        )
        track.colours += np.bincount(bins_of(own), minlength=256) / area
        track.slivers += int(is_sliver(mask))
        if area > LARGER * track.thumbnail_area:
            scale = picture.image.shape[1] / self.size[0]
            track.thumbnail, track.thumbnail_area = cut_out(picture.image, box * scale), area
        return True

    def mask(self, track: MaskTrack, picture: int) -> Mask:
        """A track's mask in a picture where it is seen."""
        return unpack(track.seen[picture].packed, self.size)

    def tracklet(self, track: MaskTrack, pictures: Sequence[int]) -> Tracklet:
        """What is known of a track in some of its pictures (rising), at the size of the masks."""
        sights = [track.seen[k] for k in pictures]
        times = np.array([self.times[k] for k in pictures])
        boxes = np.stack([s.box for s in sights])
        centres = np.stack([s.centre for s in sights])
        speeds, velocity_in, velocity_out = np.zeros(len(sights)), np.zeros(2), np.zeros(2)
        unsteady = 0.0
        if len(sights) > 1:
            timeline = self.timeline()
            there = list(pictures)
            motion = motion_of(timeline, there, centres)
            speeds = np.hypot(motion[:, 0], motion[:, 1])
            velocity_in = velocity_at(timeline, there, boxes, 0)
            velocity_out = velocity_at(timeline, there, boxes, -1)
            masks = [unpack(s.packed, self.size) for s in sights[:40]]
            unsteady = 1.0 - float(np.mean([kept_of(a, b) for a, b in itertools.pairwise(masks)]))
        return Tracklet(
            shot=track.shot,
            times=times,
            boxes=boxes,
            areas=np.array([s.area for s in sights]),
            speeds=speeds,
            colours=track.colours / max(track.colours.sum(), 1e-9),
            velocity_in=velocity_in,
            velocity_out=velocity_out,
            mean=np.mean([s.mean for s in sights], axis=0),
            texture=float(np.mean([s.texture for s in sights])),
            flicker=float(np.mean([s.change for s in sights])),
            unsteady=unsteady,
        )

    def timeline(self) -> Timeline:
        """Times and camera of the whole clip."""
        if self._timeline is None or len(self._timeline.times) != len(self.times):
            self._timeline = Timeline(np.array(self.times), np.stack(self.to_shot))
        return self._timeline
