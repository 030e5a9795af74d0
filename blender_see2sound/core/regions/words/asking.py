"""What describers with models share: the frames to look at, how text is generated, how words are put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...media import OpenClip
from ...progress import Progress, part_of
from ..protocol import Region
from .finishing import finished
from .hearing import Words
from .places import ambience_of, place_of
from .wording import cleaned, sounds_as, words_of

if TYPE_CHECKING:
    import torch

#: Longest side of the pictures that are looked at, pixels.
LONGEST = 1024
PHASE = "Describing what was found"

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Sight:
    """Where a region is seen best.

    Attributes
    ----------
    time : float
        Seconds from the clip's start.
    box : (4,) float array
        x0 y0 x1 y1 as fractions of the picture's width and height, 0 to 1.
    """

    time: float
    box: NDArray[np.float64]


def best_sight(region: Region, size: tuple[int, int]) -> Sight:
    """Where a region is most present and largest in the picture; the first such moment."""
    scale = np.array([*size, *size], float)
    boxes = np.clip(np.asarray(region.boxes, float) / scale, 0.0, 1.0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    best = int(np.argmax(np.asarray(region.presence, float) * areas))
    return Sight(float(region.times[best]), boxes[best])


def pictures_at(clip: OpenClip, times: Sequence[float], progress: Progress) -> dict[float, Picture]:
    """The clip's pictures at these times, read in their order."""
    ordered = sorted(set(times))
    found = {}
    for number, time in enumerate(ordered):
        progress(PHASE, number / len(ordered))
        found[time] = clip.frame_at(time, LONGEST).image
    return found


def generate(
    model: Any,
    inputs: dict[str, Any],
    longest: int,
    ends: int | None,
    progress: Progress,
) -> torch.Tensor:
    """Let a model write, always its likeliest next token, so that it writes the same each time.

    Parameters
    ----------
    model : a generating model of `transformers`
    inputs : dict
        What it takes.
    longest : int
        New tokens at most.
    ends : int or None
        The token that ends an answer, where the model's own are not all.
    progress : Progress
        Told after every token; it may raise `Cancelled`.

    Returns
    -------
    (B, T) tensor of tokens
    """
    import copy

    import torch
    from transformers import StoppingCriteria, StoppingCriteriaList

    class Told(StoppingCriteria):
        """Stops nothing: it tells how far the writing is."""

        written = 0

        def __call__(
            self, input_ids: torch.LongTensor, scores: torch.FloatTensor, **kwargs: Any
        ) -> torch.Tensor:
            self.written += 1
            progress(PHASE, min(self.written / longest, 1.0))
            return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)

    config = copy.deepcopy(model.generation_config)
    config.update(
        do_sample=False, num_beams=1, early_stopping=None, max_new_tokens=longest, max_length=None,
        min_length=None, temperature=None, top_p=None, top_k=None,
    )  # fmt: skip
    if ends is not None:
        own = config.eos_token_id
        own = own if isinstance(own, list) else [] if own is None else [own]
        config.eos_token_id = sorted({*own, ends})
    if config.pad_token_id is None:
        end = config.eos_token_id
        config.pad_token_id = end[0] if isinstance(end, list) else end
    with torch.inference_mode():
        written: torch.Tensor = model.generate(
            **inputs, generation_config=config, stopping_criteria=StoppingCriteriaList([Told()])
        )
    return written


def describe_with(
    regions: Sequence[Region],
    clip: OpenClip,
    said: Sequence[tuple[str, str]],
    caption: str,
    *,
    off_screen: bool,
    unseen: Sequence[Words] = (),
) -> list[Region]:
    """Put regions and what was said of them together.

    Parameters
    ----------
    regions : sequence of Region
    clip : OpenClip
    said : sequence of (name, description)
        Per region, as a model or a finder gave it; empty where it gave none.
    caption : str
        Of the whole scene, where there is one: the most prominent bed takes its words from it.
    off_screen, unseen
        As for `finished`.
    """
    words = [
        words_of(region, clip.size[0], says=says, names=names)
        for region, (names, says) in zip(regions, said, strict=True)
    ]
    scene = cleaned(caption)
    # Where the caption tells of no place, what was found in the scene may.
    place = place_of(scene) or place_of(" ".join(one.label for one in words))
    kinds = [sounds_as(region, one.label) for region, one in zip(regions, words, strict=True)]
    bed = kinds.index("ambience") if "ambience" in kinds else None
    if scene and bed is not None and (sounds := ambience_of(scene, place)):
        words[bed] = Words(place.name if place else "weather", sounds)
    return finished(regions, words, clip, place, off_screen=off_screen, unseen=unseen)


def scene_progress(progress: Progress) -> tuple[Progress, Progress, Progress]:
    """The shares of loading, of reading pictures and of asking in a describer's work."""
    return part_of(progress, 0.0, 0.4), part_of(progress, 0.4, 0.5), part_of(progress, 0.5, 1.0)
