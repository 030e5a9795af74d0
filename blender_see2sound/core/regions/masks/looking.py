"""A clip as finders with models look at it: pictures in time, shots told apart, camera followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import See2SoundError
from ...media import OpenClip
from ..outline import kept_size
from ..tracks.camera import Camera, inverse

#: A short side that models and measuring can work on, pixels.
NARROWEST = 16
#: A clip that is longer than so many pictures is looked at less often.
PICTURES = 1800
SLOWEST_RATE = 1.0


@dataclass(frozen=True)
class Looked:
    """A picture that is looked at.

    Attributes
    ----------
    index : int
        Its number among those of the clip.
    time : float
        Seconds from the clip's start.
    shot : int
        The number of its shot.
    image : (h, w, 3) uint8 array
        RGB.
    lab : (h, w, 3) uint8 array
        8-bit Lab, at the size of the masks that are kept (`outline.kept_size`).
    to_shot : (3, 3) float array
        From pixels of `lab` to those of the shot's first picture.
    change : (h, w) float32 array
        How much L (0 to 1) differs from the picture before, the camera's motion taken off;
        0 in a shot's first.
    """

    index: int
    time: float
    shot: int
    image: NDArray[np.uint8]
    lab: NDArray[np.uint8]
    to_shot: NDArray[np.float64]
    change: NDArray[np.float32]


def check_shape(clip: OpenClip) -> None:
    """Check that a clip's pictures are wide and high enough to be looked at.

    Raises
    ------
    See2SoundError
    """
    if min(kept_size(clip.size)) < NARROWEST:
        raise See2SoundError(
            f"nothing can be found in {clip.range.path}",
            f"a picture of {clip.size[0]} x {clip.size[1]} pixels is too narrow",
            "Choose a clip whose sides are less unlike",
            kind="bad-media",
        )


def pictures_rate(clip: OpenClip, fastest: float) -> float:
    """Pictures a second to look at: `fastest`, fewer of long clips and slow ones."""
    rate = min(fastest, max(SLOWEST_RATE, PICTURES / max(clip.duration, 1e-3)))
    return min(rate, max(clip.frame_rate, SLOWEST_RATE))


def pictures_count(clip: OpenClip, rate: float) -> int:
    """About how many pictures `looked_at` gives, for progress."""
    return 1 if clip.kind == "still" else max(1, round(clip.duration * rate))


def looked_at(clip: OpenClip, rate: float, longest: int) -> Iterator[Looked]:
    """The clip's pictures at a rate, their long side at most `longest` pixels."""
    camera, shot = Camera(), 0
    before: Looked | None = None
    size = kept_size(clip.size)
    for index, frame in enumerate(clip.frames(rate, longest)):
        small = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
        to_shot, cut = camera.follow(small)
        shot += int(cut)
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
        change = np.zeros(lab.shape[:2], np.float32)
        if before is not None and not cut:
            view = inverse(to_shot) @ before.to_shot
            moved = cv2.warpPerspective(
                before.lab[..., 0], view, size, borderMode=cv2.BORDER_REPLICATE
            )
            change = cv2.absdiff(lab[..., 0], moved).astype(np.float32) / 255.0
        before = Looked(index, frame.time, shot, frame.image, lab, to_shot, change)
        yield before
