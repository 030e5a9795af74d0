"""The finders that know the names of things: panoptic segmentation by EoMT or OneFormer.

EoMT: Kerssies et al. 2025, "Your ViT is Secretly an Image Segmentation Model". OneFormer:
Jain et al. 2023, "OneFormer: One Transformer to Rule Universal Image Segmentation". Each gives
every picture's things and stuff (COCO panoptic, 133 classes), which are linked in time by
name, overlap, motion and colour (`masks.links`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...media import OpenClip
from ...models.checkpoints import Checkpoint
from ...models.devices import Device
from ...models.folder import Located
from ...models.images import batch_of, padded, resized, scaled, shortest_side
from ...models.keeper import Computing, Make, borrowed
from ...models.loading import load_model, load_tool
from ...progress import Progress, part_of
from ..masks.links import MaskLinks, Segment
from ..masks.looking import Looked, check_shape, looked_at, pictures_count, pictures_rate
from ..masks.regions import regions_of
from ..masks.tracks import MaskTracks
from ..outline import kept_size
from ..protocol import Region
from .segments import Rules, plain_label, segments_of

if TYPE_CHECKING:
    import torch

#: Pictures a second that are looked at, and how many together, on a GPU and on a processor.
RATES = {True: 6.0, False: 2.0}
BATCHES = {True: 6, False: 1}
#: Long side of the pictures that are read.
DETAILED = 1024
#: The size that OneFormer was trained with: the short side, unless the long one is more.
ONEFORMER_SHORT, ONEFORMER_LONG = 800, 1333
#: What OneFormer is asked for, in as many tokens as it takes.
TASK = "the task is panoptic"

#: Gives for pictures (N, 3, h, w) the logits of masks over the whole picture (N, Q, h, w) and
#: of their classes, the last of which is none (N, Q, C + 1).
Queries = Callable[["torch.Tensor"], "tuple[torch.Tensor, torch.Tensor]"]


@dataclass(frozen=True)
class _Tools:
    """A model made ready.

    Attributes
    ----------
    queries : Queries
    labels : list of str
        Names of the classes.
    things : int
        The first so many classes are things, the others stuff.
    rules : Rules
    """

    queries: Queries
    labels: list[str]
    things: int
    rules: Rules


class _PanopticFinder:
    """What both finders share."""

    proposes = True

    def __init__(self, checkpoint: Checkpoint, computing: Computing, make: Make) -> None:
        self._checkpoint = checkpoint
        self._computing = computing
        self._make = make

    def find(self, clip: OpenClip, count: int, progress: Progress) -> list[Region]:
        """Give at most `count` regions, the most prominent first; the same for the same clip."""
        check_shape(clip)
        found = MaskTracks(clip.size)
        loading = part_of(progress, 0.0, 0.1)
        with borrowed(self._checkpoint, self._computing, self._make, loading) as (tools, device):
            _look_through(clip, tools, device, found, part_of(progress, 0.1, 0.9))
        regions = regions_of(found, clip.duration, count, part_of(progress, 0.9, 1.0))
        progress("Found the sources", 1.0)
        return regions


def _make_eomt(located: Located, device: Device, progress: Progress) -> _Tools:
    from transformers import EomtForUniversalSegmentation

    model: Any = load_model(EomtForUniversalSegmentation, located, device, progress=progress)

    def queries(batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        pixels, shown = eomt_input(batch, model.config.image_size)
        out = model(pixel_values=pixels.to(model.dtype))
        masks = out.masks_queries_logits
        # What was padded is no part of the picture.
        height, width = (round(s * masks.shape[-1] / pixels.shape[-1]) for s in shown)
        return masks[..., :height, :width].float(), out.class_queries_logits.float()

    return _tools(model, queries, Rules(least=0.8, by_both=True))


def _make_oneformer(located: Located, device: Device, progress: Progress) -> _Tools:
    from transformers import CLIPTokenizer, OneFormerForUniversalSegmentation

    model: Any = load_model(OneFormerForUniversalSegmentation, located, device, progress=progress)
    task = oneformer_task(load_tool(CLIPTokenizer, located), model.config.task_seq_len)
    task = task.to(device.torch)

    def queries(batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        pixels = oneformer_input(batch).to(model.dtype)
        out = model(pixel_values=pixels, task_inputs=task.expand(len(pixels), -1))
        return out.masks_queries_logits.float(), out.class_queries_logits.float()

    return _tools(model, queries, Rules(least=0.5, by_both=False))


class EomtFinder(_PanopticFinder):
    """Finds regions with EoMT."""

    def __init__(self, checkpoint: Checkpoint, computing: Computing) -> None:
        super().__init__(checkpoint, computing, _make_eomt)


class OneFormerFinder(_PanopticFinder):
    """Finds regions with OneFormer."""

    def __init__(self, checkpoint: Checkpoint, computing: Computing) -> None:
        super().__init__(checkpoint, computing, _make_oneformer)


def eomt_input(batch: torch.Tensor, side: int) -> tuple[torch.Tensor, tuple[int, int]]:
    """Pictures (N, 3, h, w) as EoMT takes them, (N, 3, side, side); their height and width there."""
    shown = shortest_side((batch.shape[-2], batch.shape[-1]), side, side)
    return scaled(padded(resized(batch, shown, "bilinear"), (side, side))), shown


def oneformer_input(batch: torch.Tensor) -> torch.Tensor:
    """Pictures (N, 3, h, w) as OneFormer takes them."""
    size = shortest_side((batch.shape[-2], batch.shape[-1]), ONEFORMER_SHORT, ONEFORMER_LONG)
    return scaled(resized(batch, size, "bilinear"))


def oneformer_task(tokenizer: Any, length: int) -> torch.Tensor:
    """What OneFormer is asked for, (1, length): token numbers, 0 where there is none."""
    tokens = tokenizer(
        [TASK], padding="max_length", max_length=length, truncation=True, return_tensors="pt"
    )
    return tokens["input_ids"] * tokens["attention_mask"]


def _tools(model: Any, queries: Queries, rules: Rules) -> _Tools:
    count = model.config.num_labels
    names = [str(model.config.id2label.get(k, "")) for k in range(count)]
    labels = [plain_label(k, name, count) for k, name in enumerate(names)]
    # COCO's panoptic classes: 80 things, then stuff.
    return _Tools(queries, labels, min(80, count), rules)


def _look_through(
    clip: OpenClip, tools: _Tools, device: Device, found: MaskTracks, progress: Progress
) -> None:
    """Find and link the segments of all pictures of a clip."""
    import torch

    links = MaskLinks(found)
    rate = pictures_rate(clip, RATES[device.name != "cpu"])
    together = BATCHES[device.name != "cpu"]
    expected = pictures_count(clip, rate)
    waiting: list[Looked] = []

    def work() -> None:
        progress("Looking at the clip", min(waiting[0].index / expected, 1.0))
        with torch.inference_mode():
            batch = batch_of([picture.image for picture in waiting], device.torch)
            masks, classes = tools.queries(batch)
            for k, picture in enumerate(waiting):
                links.take(picture, _segments(masks[k], classes[k], tools, clip.size))
        waiting.clear()

    for picture in looked_at(clip, rate, DETAILED):
        found.look(picture)
        waiting.append(picture)
        if len(waiting) >= together:
            work()
    if waiting:
        work()


def _segments(
    masks: torch.Tensor, classes: torch.Tensor, tools: _Tools, size: tuple[int, int]
) -> list[Segment]:
    """One picture's segments, at the size that is kept."""
    stuff = frozenset(range(tools.things, len(tools.labels)))
    return [
        Segment(np.asarray(mask.cpu().numpy(), bool), score, tools.labels[k], k in stuff)
        for mask, score, k in segments_of(masks, classes, kept_size(size), stuff, tools.rules)
    ]
