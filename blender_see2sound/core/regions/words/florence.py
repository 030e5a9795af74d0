"""Words by Florence-2: what each region is, and what the scene shows.

Florence-2 (Xiao et al., CVPR 2024) reads a box as four of its thousand location tokens.
Each region is asked for on the frame where it is seen best, by `<REGION_TO_CATEGORY>` for
its name and `<REGION_TO_DESCRIPTION>` for what it does; the scene by
`<DETAILED_CAPTION>`. A picture is encoded once, however many questions there are to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...media import OpenClip
from ...models.checkpoints import Checkpoint
from ...models.devices import Device
from ...models.folder import Located, broken
from ...models.keeper import Computing, borrowed
from ...models.loading import load_model, load_tool
from ...progress import Progress, part_of
from ..protocol import Region
from .asking import (
    PHASE,
    Picture,
    best_sight,
    describe_with,
    generate,
    pictures_at,
    scene_progress,
)

if TYPE_CHECKING:
    import torch

#: The questions as the model was trained on them (its processor has them for its task tokens).
CATEGORY = "What is the region {box}?"
DESCRIPTION = "What does the region {box} describe?"
CAPTION = "Describe in detail what is shown in the image."
#: Location tokens along each side.
BINS = 1000
#: Tokens that an answer has at most.
LONGEST_ANSWER = 48
#: Pictures, and questions, that are worked on at once.
PICTURES = 4
QUESTIONS = 16


@dataclass(frozen=True)
class _Tools:
    model: Any
    tokenizer: Any
    images: Any
    image_token: str


class FlorenceDescriber:
    """Describes regions by Florence-2."""

    def __init__(self, checkpoint: Checkpoint, computing: Computing) -> None:
        self._checkpoint = checkpoint
        self._computing = computing

    def describe(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        progress: Progress,
        *,
        off_screen: bool = False,
    ) -> list[Region]:
        """Give the same regions with `label` and `prompt` filled; see `Describer`.

        Raises
        ------
        See2SoundError
            Of kind "missing-part" or "no-memory".
        Cancelled
        """
        loading, reading, asking = scene_progress(progress)
        with borrowed(self._checkpoint, self._computing, _make, loading) as (tools, device):
            sights = [best_sight(region, clip.size) for region in regions]
            questions = [(s.time, form.format(box=locations(s.box)))
                         for s in sights for form in (CATEGORY, DESCRIPTION)]  # fmt: skip
            questions.append((clip.duration / 2, CAPTION))
            pictures = pictures_at(clip, [time for time, _ in questions], reading)
            answers = _ask(tools, device, pictures, questions, asking)
        progress(PHASE, 1.0)
        caption = answers.pop()
        said = list(zip(answers[::2], answers[1::2], strict=True))
        return describe_with(regions, clip, said, caption, off_screen=off_screen)


def locations(box: NDArray[np.float64]) -> str:
    """A box (x0 y0 x1 y1, fractions of the picture) as location tokens."""
    bins = np.clip(np.floor(np.asarray(box) * BINS), 0, BINS - 1).astype(int)
    return "".join(f"<loc_{value}>" for value in bins)


def _make(located: Located, device: Device, progress: Progress) -> _Tools:
    from transformers import (
        AutoTokenizer,
        CLIPImageProcessorPil,
        Florence2ForConditionalGeneration,
    )

    model: Any = load_model(Florence2ForConditionalGeneration, located, device, progress=progress)
    tokenizer = load_tool(AutoTokenizer, located)
    image_token = tokenizer.convert_ids_to_tokens(model.config.image_token_id)
    if image_token is None or "<loc_999>" not in tokenizer.get_vocab():
        raise broken(located, "tokenizer.json", "it lacks the tokens of images and locations")
    return _Tools(model, tokenizer, load_tool(CLIPImageProcessorPil, located), image_token)


def _ask(
    tools: _Tools,
    device: Device,
    pictures: dict[float, Picture],
    questions: Sequence[tuple[float, str]],
    progress: Progress,
) -> list[str]:
    """The answers to questions about the pictures at their times, in the same order."""
    import torch

    with torch.inference_mode():
        seen = _encode(tools, device, pictures, part_of(progress, 0.0, 0.4))
    answers: list[str] = []
    for start in range(0, len(questions), QUESTIONS):
        batch = questions[start : start + QUESTIONS]
        step = part_of(
            progress,
            0.4 + 0.6 * start / len(questions),
            0.4 + 0.6 * (start + len(batch)) / len(questions),
        )
        with torch.inference_mode():
            inputs = _inputs(tools, device, seen, batch)
        written = generate(tools.model, inputs, LONGEST_ANSWER, None, step)
        answers += tools.tokenizer.batch_decode(written, skip_special_tokens=True)
    return answers


def _encode(
    tools: _Tools, device: Device, pictures: dict[float, Picture], progress: Progress
) -> dict[float, torch.Tensor]:
    """What the model sees in each picture, (tokens, width) each."""
    seen: dict[float, torch.Tensor] = {}
    times = list(pictures)
    for start in range(0, len(times), PICTURES):
        progress(PHASE, start / len(times))
        batch = times[start : start + PICTURES]
        pixels = tools.images([pictures[t] for t in batch], return_tensors="pt")["pixel_values"]
        pixels = pixels.to(device.torch, tools.model.dtype)
        features = tools.model.get_image_features(pixels).pooler_output
        seen.update(zip(batch, features, strict=True))
    return seen


def _inputs(
    tools: _Tools,
    device: Device,
    seen: dict[float, torch.Tensor],
    questions: Sequence[tuple[float, str]],
) -> dict[str, Any]:
    """Questions with their pictures, as the decoder takes them."""
    import torch

    features = torch.stack([seen[time] for time, _ in questions])
    count, end = features.shape[1], tools.tokenizer.eos_token
    texts = [
        f"{tools.image_token * count}{tools.tokenizer.bos_token}{question}{end}"
        for _, question in questions
    ]
    tokens = tools.tokenizer(
        texts, add_special_tokens=False, padding=True, padding_side="right", return_tensors="pt"
    ).to(device.torch)
    embeddings = tools.model.get_input_embeddings()(tokens["input_ids"])
    places = (tokens["input_ids"] == tools.model.config.image_token_id).unsqueeze(-1)
    embeddings = embeddings.masked_scatter(places, features.to(embeddings.dtype))
    encoder = tools.model.get_encoder()
    encoded = encoder(inputs_embeds=embeddings, attention_mask=tokens["attention_mask"])
    return {"encoder_outputs": encoded, "attention_mask": tokens["attention_mask"]}
