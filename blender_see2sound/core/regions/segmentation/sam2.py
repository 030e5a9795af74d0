"""The SAM 2.1 finder: everything in key pictures, followed through the clip with memory.

A shot is worked through in windows of a few seconds. In the first picture of each, a grid of
points finds everything (`prompts`); of what no track covers yet the most telling (`slots`)
begins a new one, is followed back through the window before (it may have entered there) and
forwards from then on (`sam2_memory`). Where room is short, tracks that rest are held where they
are (`resting`): what enters late is followed too. What has been gone for a while is let go of;
should it come back it is found anew, and linked to what it was by its looks. Memory is that of
two windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...media import OpenClip
from ...models.checkpoints import Checkpoint
from ...models.devices import Device
from ...models.folder import Located
from ...models.images import batch_of, resized, scaled
from ...models.keeper import Computing, borrowed
from ...models.loading import load_model
from ...progress import Progress, part_of
from ..masks.geometry import Masks
from ..masks.looking import Looked, check_shape, looked_at, pictures_count, pictures_rate
from ..masks.regions import regions_of
from ..masks.tracks import MaskTracks
from ..protocol import Region
from .prompts import Sieve, everything, sampled
from .resting import Resting, carried
from .sam2_memory import (
    Followed,
    View,
    follow,
    positions_of,
    show,
    still_embedding,
    views_of,
)
from .slots import OLD, are_new, most_telling, telling

if TYPE_CHECKING:
    import torch

#: As in the automatic masks of SAM 2's authors.
SIEVE = Sieve(quality=0.8, stability=0.95)
#: Pictures a second that are followed, on a GPU and on a processor.
RATES = {True: 6.0, False: 3.0}
#: Seconds between key pictures, and the most pictures of a window.
WINDOW_SECONDS, WINDOW = 3.0, 18
#: Long side of the pictures that are read, at least.
DETAILED = 640
#: Pictures that are encoded together on a GPU.
BATCH = 6
#: Objects that are followed in one batch: some 200 MB of memory's tokens on a GPU.
OBJECTS = 16
#: A track that has not been seen for this long, seconds, is let go of.
GONE = 6.0
#: Tracks that are followed at a time, at least; more are where more sources are asked for.
FEWEST_TRACKS = 8
#: Of them so many may begin in every key picture, in the place of what rests, or beside what moves
#: up to as many again.
ENTERING = 1.0 / 3.0
#: Pictures from the key picture on in which a mask is looked at for motion.
AHEAD = 4


@dataclass
class _Window:
    """Consecutive pictures of a shot and their features."""

    pictures: list[Looked] = field(default_factory=list)
    views: list[View] = field(default_factory=list)


class Sam2Finder:
    """Finds regions with SAM 2.1."""

    proposes = True

    def __init__(self, checkpoint: Checkpoint, computing: Computing) -> None:
        self._checkpoint = checkpoint
        self._computing = computing

    def find(self, clip: OpenClip, count: int, progress: Progress) -> list[Region]:
        """Give at most `count` regions, the most prominent first; the same for the same clip."""
        check_shape(clip)
        loading = part_of(progress, 0.0, 0.1)
        with borrowed(self._checkpoint, self._computing, _make, loading) as (model, device):
            search = _Search(clip, model, device, count, part_of(progress, 0.1, 0.9))
            found = search.run()
        regions = regions_of(found, clip.duration, count, part_of(progress, 0.9, 1.0))
        progress("Found the sources", 1.0)
        return regions


def _make(located: Located, device: Device, progress: Progress) -> Any:
    """Load the model; where points are is encoded in full precision, else they shift by pixels."""
    import torch
    from transformers import Sam2VideoModel

    model: Any = load_model(Sam2VideoModel, located, device, half=False, progress=progress)
    exact = model.shared_image_embedding, model.prompt_encoder.shared_embedding
    kept = [module.positional_embedding.clone() for module in exact]
    model.to(getattr(torch, device.half))
    for module, embedding in zip(exact, kept, strict=True):
        module.positional_embedding = embedding
    return model


class _Search:
    """One clip's search."""

    def __init__(
        self, clip: OpenClip, model: Any, device: Device, count: int, progress: Progress
    ) -> None:
        self.clip, self.model, self.device, self.progress = clip, model, device, progress
        self.most = max(count, FEWEST_TRACKS)
        self.found = MaskTracks(clip.size)
        self.followed: list[Followed] = []
        self.resting = Resting(self.found, 2 * self.most, GONE)
        self.key_masks = self._none()  # in the last key picture
        self.last_seen: dict[int, float] = {}
        self.rate = pictures_rate(clip, RATES[device.name != "cpu"])
        self.expected = pictures_count(clip, self.rate)
        self.done = 0

    def run(self) -> MaskTracks:
        import torch

        before: _Window | None = None
        with torch.inference_mode():
            for window in self._windows():
                if before is None or before.pictures[-1].shot != window.pictures[0].shot:
                    self.followed.clear()
                    self.resting.clear()
                    before = None
                self._work(window, before)
                before = window
        return self.found

    # ------------------------------------------------------------ reading

    def _windows(self) -> Iterator[_Window]:
        window = _Window()
        length = min(max(round(WINDOW_SECONDS * self.rate), 1), WINDOW)
        for picture in looked_at(self.clip, self.rate, max(self.model.image_size, DETAILED)):
            self.found.look(picture)
            cut = window.pictures and picture.shot != window.pictures[-1].shot
            if cut or len(window.pictures) >= length:
                yield self._encoded(window)
                window = _Window()
            window.pictures.append(picture)
        if window.pictures:
            yield self._encoded(window)

    def _encoded(self, window: _Window) -> _Window:
        size = self.model.image_size
        step = BATCH if self.device.name != "cpu" else 1
        for start in range(0, len(window.pictures), step):
            self._tell("Looking at the clip", 0.5 * start)
            images = [picture.image for picture in window.pictures[start : start + step]]
            pixels = resized(batch_of(images, self.device.torch), (size, size), "bilinear")
            window.views += views_of(self.model, scaled(pixels, dtype=self.model.dtype))
        return window

    def _tell(self, phase: str, pictures: float) -> None:
        """Progress: this many pictures of the current window are done."""
        self.progress(phase, min((self.done + pictures) / max(self.expected, 1), 1.0))

    # ------------------------------------------------------------ following

    def _work(self, window: _Window, before: _Window | None) -> None:
        length = len(window.pictures)
        known = self._follow(window.pictures[0], window.views[0])
        for begun in self._begin(window, before, known):
            if before is not None:
                self._follow_back(begun, before, length)
        for k in range(1, length):
            self._tell("Following what was found", length * (0.6 + 0.4 * k / length))
            self._follow(window.pictures[k], window.views[k])
            self.resting.keep(window.pictures[k])
        self.done += length
        self._let_go(window.pictures[-1].time)

    def _follow(self, picture: Looked, view: View) -> Masks:
        """Find all tracks in the next picture; their masks there (N, h, w)."""
        masks = []
        for k, followed in enumerate(self.followed):
            logits, scores, self.followed[k] = follow(
                self.model, view, picture.index, followed, pictures=self.expected
            )
            masks.append(self._see(followed, picture, logits, scores))
        return np.concatenate(masks) if masks else self._none()

    def _follow_back(self, begun: Followed, before: _Window, length: int) -> None:
        """Follow what is new back through the window before, while any of it is there."""
        followed = begun.afresh()
        for k in reversed(range(len(before.pictures))):
            self._tell("Following what was found", length * 0.6)
            picture = before.pictures[k]
            logits, scores, followed = follow(
                self.model,
                before.views[k],
                picture.index,
                followed,
                pictures=self.expected,
                backwards=True,
            )
            self._see(followed, picture, logits, scores)
            if not bool((scores > 0).any()):
                return

    def _see(
        self, followed: Followed, picture: Looked, logits: torch.Tensor, scores: torch.Tensor
    ) -> Masks:
        """Keep masks where the tracks are there; all of them, empty where not."""
        masks = self._kept(logits)
        presence = scores.sigmoid().cpu().numpy()
        for number, mask, score in zip(followed.numbers, masks, presence, strict=True):
            if score > 0.5 and self.found.see(number, picture, mask, float(score)):
                self.last_seen[number] = picture.time
            else:
                mask[:] = False
        return masks

    def _kept(self, logits: torch.Tensor) -> Masks:
        """Logits (N, h, w) over the whole picture as masks at the size that is kept."""
        return (sampled(logits, self.found.size) > 0).cpu().numpy()

    def _none(self) -> Masks:
        return np.zeros((0, self.found.size[1], self.found.size[0]), bool)

    # ------------------------------------------------------------ finding

    def _begin(self, window: _Window, before: _Window | None, known: Masks) -> list[Followed]:
        """Find everything in the window's first picture, and begin tracks of what is new.

        Parameters
        ----------
        window, before : _Window
            This one, and the one before in the same shot.
        known : (N, h, w) bool array
            What is followed, in the first picture.
        """
        picture, view = window.pictures[0], window.views[0]
        asking = part_of(lambda phase, f: self._tell(phase, f * len(window.pictures)), 0.5, 0.6)
        logits, quality = everything(self._asked(view), SIEVE, self.device.torch, asking)
        masks = self._kept(logits)
        held = self.resting.find(picture, masks)
        new = are_new(masks, np.concatenate([known, held]))
        room = self._make_room(int(new.sum()), window, before, known)
        scores = quality * telling(masks, window.pictures[:AHEAD])
        if before is not None:
            scores *= np.where(are_new(masks, self._moved(before.pictures[0], picture)), 1.0, OLD)
        self.key_masks = masks
        numbers = []
        for k in most_telling(masks, scores, new, room):
            track = self.found.begin(picture.shot)
            if self.found.see(track.number, picture, masks[k], float(quality[k])):
                self.last_seen[track.number] = picture.time
                numbers.append((track.number, k))
        size, begun = self.model.image_size, []
        for start in range(0, len(numbers), OBJECTS):
            some = numbers[start : start + OBJECTS]
            large = sampled(logits[[k for _, k in some]], (size, size))[:, None] > 0
            names = [number for number, _ in some]
            begun.append(show(self.model, view, picture.index, large.float(), names))
        self.followed += begun
        return begun

    def _moved(self, key: Looked, picture: Looked) -> Masks:
        """Everything of the last key picture, where it would be in this one."""
        moved = self.key_masks.copy()
        for mask in moved:
            mask[:] = carried(mask, key, picture)
        return moved

    def _make_room(self, wanted: int, window: _Window, before: _Window | None, known: Masks) -> int:
        """How many tracks may begin; what rests and tells least is held where room is short."""
        numbers = [n for followed in self.followed for n in followed.numbers]
        room = self.most - len(numbers)
        entering = min(wanted, max(1, round(ENTERING * self.most)))
        if room >= entering or before is None:
            return room
        picture, then = window.pictures[0], before.pictures[0]
        scores = telling(known, window.pictures[:AHEAD])
        order = [int(k) for k in np.argsort(scores, kind="stable")]
        rests = [k for k in order if self.resting.rests(numbers[k], picture, known[k], then)]
        held = rests[: entering - room]
        for k in held:
            self.resting.hold(numbers[k], picture, known[k], float(scores[k]))
        self._stop({numbers[k] for k in held}.__contains__)
        room += len(held)
        return min(max(room, entering), room + self.most)

    def _asked(self, view: View) -> Any:
        """What the model says to points in a picture."""
        import torch

        model = self.model
        embedding = still_embedding(model, view)
        positions = positions_of(model, embedding.dtype)

        def ask(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            coordinates = (points * model.image_size)[None, :, None]
            labels = torch.ones(coordinates.shape[:3], dtype=torch.int32, device=points.device)
            sparse, dense = model.prompt_encoder(
                input_points=coordinates, input_labels=labels, input_boxes=None, input_masks=None
            )
            logits, quality, _, _ = model.mask_decoder(
                image_embeddings=embedding,
                image_positional_embeddings=positions,
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=True,
                high_resolution_features=list(view.fine),
            )
            return logits[0], quality[0]

        return ask

    def _let_go(self, now: float) -> None:
        """Forget the tracks that have been gone for long."""
        self._stop(lambda number: now - self.last_seen[number] > GONE)

    def _stop(self, which: Callable[[int], bool]) -> None:
        """Follow some tracks no more."""
        kept = []
        for followed in self.followed:
            live = [n for n in followed.numbers if not which(n)]
            if live:
                kept.append(followed if len(live) == len(followed.numbers) else followed.only(live))
        self.followed = kept
