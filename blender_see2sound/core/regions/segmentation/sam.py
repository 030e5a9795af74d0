"""The SAM finder: everything in each picture, linked in time. The way of the SEE-2-SOUND paper.

Kirillov et al. 2023, "Segment Anything". SAM knows single pictures only, so that its masks
are linked by overlap, motion and colour (`masks.links`); SAM 2.1 follows better for less.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...media import OpenClip
from ...models.checkpoints import Checkpoint
from ...models.devices import Device
from ...models.folder import Located
from ...models.images import batch_of, longest_side, padded, resized, scaled
from ...models.keeper import Computing, borrowed
from ...models.loading import load_model
from ...progress import Progress, part_of
from ..masks.links import MaskLinks, Segment
from ..masks.looking import Looked, check_shape, looked_at, pictures_count, pictures_rate
from ..masks.regions import regions_of
from ..masks.tracks import MaskTracks
from ..protocol import Region
from .prompts import Sieve, everything, sampled

if TYPE_CHECKING:
    import torch

#: As in the automatic masks of SAM's authors.
SIEVE = Sieve(quality=0.88, stability=0.95)
#: Pictures a second that are looked at, on a GPU and on a processor.
RATES = {True: 4.0, False: 1.0}
#: Long side of the pictures that are read, at least.
DETAILED = 640
#: Masks of a picture that are linked, at most: the best.
MOST = 80
#: Pictures that are encoded together on a GPU: attention over all of a picture takes 2 GB each.
BATCH = 2


class SamFinder:
    """Finds regions with SAM."""

    proposes = True

    def __init__(self, checkpoint: Checkpoint, computing: Computing) -> None:
        self._checkpoint = checkpoint
        self._computing = computing

    def find(self, clip: OpenClip, count: int, progress: Progress) -> list[Region]:
        """Give at most `count` regions, the most prominent first; the same for the same clip."""
        import torch

        check_shape(clip)
        found = MaskTracks(clip.size)
        links = MaskLinks(found)
        loading = part_of(progress, 0.0, 0.1)
        with (
            borrowed(self._checkpoint, self._computing, _make, loading) as (model, device),
            torch.inference_mode(),
        ):
            rate = pictures_rate(clip, RATES[device.name != "cpu"])
            expected = pictures_count(clip, rate)
            detail = max(model.config.vision_config.image_size, DETAILED)
            at_once = BATCH if device.name != "cpu" else 1
            for pictures in _batches(looked_at(clip, rate, detail), at_once):
                start, end = (
                    min((pictures[0].index + k) / expected, 1.0) for k in (0, len(pictures))
                )
                step = part_of(part_of(progress, 0.1, 0.9), start, end)
                segments = _segments(model, device, pictures, found.size, step)
                for picture, own in zip(pictures, segments, strict=True):
                    found.look(picture)
                    links.take(picture, own)
        regions = regions_of(found, clip.duration, count, part_of(progress, 0.9, 1.0))
        progress("Found the sources", 1.0)
        return regions


def _make(located: Located, device: Device, progress: Progress) -> Any:
    """Load the model; where points are is encoded in full precision, else they shift by pixels."""
    import torch
    from transformers import SamModel

    model: Any = load_model(SamModel, located, device, half=False, progress=progress)
    # Both encodings share one matrix.
    exact = model.shared_image_embedding.positional_embedding.data.clone()
    model.to(getattr(torch, device.half))
    model.shared_image_embedding.positional_embedding.data = exact
    model.prompt_encoder.shared_embedding.positional_embedding.data = exact
    return model


def _batches(pictures: Iterator[Looked], at_once: int) -> Iterator[list[Looked]]:
    while batch := list(itertools.islice(pictures, at_once)):
        yield batch


def _segments(
    model: Any,
    device: Device,
    pictures: Sequence[Looked],
    size: tuple[int, int],
    progress: Progress,
) -> Iterator[list[Segment]]:
    """Everything in each picture, as masks at the size that is kept."""
    progress("Looking at the clip", 0.0)
    side = model.config.vision_config.image_size
    images = batch_of([picture.image for picture in pictures], device.torch)
    pixels, shown = prepared(images, side)
    # Not the model's own: that is its first parameter's, the matrix that stays exact.
    numbers = next(model.vision_encoder.parameters()).dtype
    embeddings = model.get_image_embeddings(pixels.to(numbers))
    for k in range(len(pictures)):
        part = part_of(part_of(progress, 0.3, 1.0), k / len(pictures), (k + 1) / len(pictures))
        ask = _asked(model, embeddings[k : k + 1], shown, side)
        logits, quality = everything(ask, SIEVE, device.torch, part, most=MOST)
        masks = (sampled(logits, size) > 0).cpu().numpy()
        yield [Segment(m, float(q)) for m, q in zip(masks, quality.clip(0.0, 1.0), strict=True)]


def prepared(batch: torch.Tensor, side: int) -> tuple[torch.Tensor, tuple[int, int]]:
    """Pictures (N, 3, h, w) as SAM takes them, (N, 3, side, side), and their height and width there."""
    shown = longest_side((batch.shape[-2], batch.shape[-1]), side)
    return padded(scaled(resized(batch, shown, "bilinear")), (side, side)), shown


def _asked(model: Any, embedding: torch.Tensor, shown: tuple[int, int], side: int) -> Any:
    """What the model says to points in a picture, whose height and width in its square are `shown`."""
    import torch

    positions = model.get_image_wide_positional_embeddings().to(embedding.dtype)
    extent = torch.tensor(shown[::-1], dtype=torch.float32, device=embedding.device)

    def ask(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        coordinates = (points * extent)[None, :, None]
        labels = torch.ones(coordinates.shape[:3], dtype=torch.int32, device=points.device)
        sparse, dense = model.prompt_encoder(
            input_points=coordinates, input_labels=labels, input_boxes=None, input_masks=None
        )
        logits, quality = model.mask_decoder(
            image_embeddings=embedding,
            image_positional_embeddings=positions,
            sparse_prompt_embeddings=sparse.to(embedding.dtype),
            dense_prompt_embeddings=dense,
            multimask_output=True,
        )
        # What was padded is no part of the picture.
        height, width = (round(s * logits.shape[-1] / side) for s in shown)
        return logits[0, ..., :height, :width], quality[0]

    return ask
