"""What rests is held where it is instead of followed, so that there is room for what enters.

A wall, a parked car or a tree needs no memory: it is where it was, moved with the camera, as
long as nothing changes there, and the next look at everything finds it again.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..masks.geometry import Masks, ious
from ..masks.looking import Looked
from ..masks.tracks import MaskTracks
from ..outline import Mask
from ..tracks.camera import inverse
from .slots import SAME

#: A thing rests when its masks, the camera's motion taken off, overlap by this over a window.
RESTS = 0.85
#: Where L (0 to 1) differs from the picture before by this on average, and by so many times what
#: is usual there, something happens: it is not held any longer.
DISTURBED, UNUSUAL = 0.03, 3.0


@dataclass
class _Held:
    """A thing that is held: its mask in the picture in which it was last found."""

    number: int
    mask: Mask
    picture: Looked
    usual: float
    telling: float
    quality: float
    seen: float
    there: bool = True


class Resting:
    """The things that are held.

    Parameters
    ----------
    found : MaskTracks
        Where their masks are kept.
    most : int
        How many at most; the most telling.
    gone : float
        What has not been found again for this long, seconds, is let go of.
    """

    def __init__(self, found: MaskTracks, most: int, gone: float) -> None:
        self._found, self._most, self._gone = found, most, gone
        self._held: list[_Held] = []

    def rests(self, number: int, now: Looked, mask: Mask, then: Looked) -> bool:
        """Whether a track is in one picture where it was in another, of the same shot."""
        track = self._found.tracks[number]
        if then.index not in track.seen or not mask.any():
            return False
        before = carried(self._found.mask(track, then.index), then, now)
        return float(ious(before[None], mask[None])[0, 0]) > RESTS

    def hold(self, number: int, picture: Looked, mask: Mask, telling: float) -> None:
        """Hold a track where it is seen in a picture from now on."""
        seen = self._found.tracks[number].seen.values()
        usual = float(np.median([s.change for s in seen]))
        quality = float(np.mean([s.score for s in seen]))
        self._held.append(_Held(number, mask, picture, usual, telling, quality, picture.time))
        self._held.sort(key=lambda held: (-held.telling, held.number))
        del self._held[self._most :]

    def find(self, picture: Looked, masks: Masks) -> Masks:
        """Find what is held again among all masks (N, h, w) of a picture; where it is (H, h, w)."""
        again = []
        for held in self._held:
            overlap = np.zeros(1)
            if len(masks):
                overlap = ious(carried(held.mask, held.picture, picture)[None], masks)[0]
            held.there = float(overlap.max()) > SAME
            if held.there:
                held.mask, held.picture = masks[int(overlap.argmax())].copy(), picture
                again.append(held.mask)
                self._see(held, picture, held.mask)
        self._held = [h for h in self._held if picture.time - h.seen <= self._gone]
        return np.stack(again) if again else np.zeros((0, *picture.lab.shape[:2]), bool)

    def keep(self, picture: Looked) -> None:
        """See what is held in the next picture, where nothing has happened to it."""
        for held in self._held:
            if not held.there:
                continue
            mask = carried(held.mask, held.picture, picture)
            change = float(picture.change[mask].mean()) if mask.any() else np.inf
            held.there = change <= max(DISTURBED, UNUSUAL * held.usual)
            if held.there:
                self._see(held, picture, mask)

    def clear(self) -> None:
        """Let go of all, as at a cut."""
        self._held.clear()

    def _see(self, held: _Held, picture: Looked, mask: Mask) -> None:
        if self._found.see(held.number, picture, mask, held.quality):
            held.seen = picture.time


def carried(mask: Mask, here: Looked, there: Looked) -> Mask:
    """A mask of one picture as it is in another one, by the camera's motion."""
    move: NDArray[np.float64] = inverse(there.to_shot) @ here.to_shot
    if np.allclose(move, np.eye(3), atol=1e-6):
        return mask
    height, width = mask.shape
    moved = cv2.warpPerspective(
        mask.astype(np.uint8), move, (width, height), flags=cv2.INTER_NEAREST
    )
    return np.asarray(moved, bool)
