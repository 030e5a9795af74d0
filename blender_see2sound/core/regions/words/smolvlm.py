"""Words by SmolVLM2: asked what each region is, what it sounds like, and what is heard off-screen.

SmolVLM2 (Marafioti et al., 2025) knows no boxes: each region is cut out of the frame
where it is seen best, with some of its surroundings. Its processor needs packages that we
do not; the prompt is written by hand as its chat template would.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...media import OpenClip
from ...models.checkpoints import Checkpoint
from ...models.devices import Device
from ...models.folder import Located, broken
from ...models.keeper import Computing, borrowed
from ...models.loading import load_model, load_tool
from ...progress import Progress, part_of, shares_of
from ..protocol import Region
from .asking import (
    PHASE,
    Picture,
    Sight,
    best_sight,
    describe_with,
    generate,
    pictures_at,
    scene_progress,
)
from .hearing import Words
from .wording import cleaned, families_of, heard, subject_of

NAME = "What is the main thing in this picture? Answer in one to three words."
SOUND = (
    "What is the main thing in this picture doing, and what does it sound like? "
    "Answer in one short sentence."
)
SCENE = "What place is this? Answer in one short sentence."
OFF_SCREEN = (
    "Which sounds would one hear in this place whose sources are off-screen, not in this "
    "picture? Name two, with a comma between them."
)
#: New tokens that an answer has at most.
SHORT, LONG = 12, 40
#: How much of its surroundings is cut out with a region, as shares of its sides.
AROUND = 0.15
#: A cut-out has at least this share of the picture's sides.
LEAST = 0.1
#: Questions that are worked on at once.
QUESTIONS = 8

_IMAGE, _FAKE, _WHOLE = "<image>", "<fake_token_around_image>", "<global-img>"
_END = "<end_of_utterance>"


@dataclass(frozen=True)
class _Tools:
    model: Any
    tokenizer: Any
    images: Any


class SmolDescriber:
    """Describes regions by SmolVLM2."""

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
            middle = clip.duration / 2
            times = [*(sight.time for sight in sights), middle]
            pictures = pictures_at(clip, times, reading)
            cuts = [cut_out(pictures[sight.time], sight) for sight in sights]
            scene = [pictures[middle]]
            rounds = [(NAME, cuts, SHORT), (SOUND, cuts, LONG), (SCENE, scene, LONG)]
            rounds.append((OFF_SCREEN, scene if off_screen else [], LONG))
            steps = shares_of(asking, [len(images) * longest for _, images, longest in rounds])
            answers = [
                _ask(tools, device, images, question, longest, step)
                for (question, images, longest), step in zip(rounds, steps, strict=True)
            ]
        progress(PHASE, 1.0)
        names, sounds, captions, unseen = answers
        return describe_with(
            regions,
            clip,
            list(zip(names, sounds, strict=True)),
            captions[0],
            off_screen=off_screen,
            unseen=[words for answer in unseen for words in named_sounds(answer)],
        )


def cut_out(picture: Picture, sight: Sight) -> Picture:
    """A region with some of its surroundings."""
    height, width = picture.shape[:2]
    middle = (sight.box[:2] + sight.box[2:]) / 2
    half = np.maximum((sight.box[2:] - sight.box[:2]) * (0.5 + AROUND), LEAST / 2)
    # A narrow cut-out at the border reaches farther in.
    middle = np.clip(middle, np.minimum(half, 0.5), 1.0 - np.minimum(half, 0.5))
    x0, y0 = np.floor(np.clip(middle - half, 0.0, 1.0) * [width, height]).astype(int)
    x1, y1 = np.ceil(np.clip(middle + half, 0.0, 1.0) * [width, height]).astype(int)
    return np.ascontiguousarray(picture[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])


def named_sounds(answer: str) -> list[Words]:
    """The sounds that an answer lists, each as words.

    What makers do not know is left out: nothing in the picture speaks for it.
    """
    found = []
    for part in re.split(r",|;|\band\b|\n|\d+\.", answer):
        clause = cleaned(re.sub(r"^\W*(?:the\s+)?sounds?\s+of\s+", "", part.strip(), flags=re.I))
        label = subject_of(clause)
        if label and families_of(f"{label} {clause}"):
            where = " ".join(re.findall(r"\b(?:behind|left|right)\b", clause)[:1])
            prompt = heard(label, clause, moving=False)
            found.append(Words(label, f"{prompt}, {where}" if where else prompt))
    return found


def _make(located: Located, device: Device, progress: Progress) -> _Tools:
    from transformers import (
        AutoTokenizer,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessorPil,
    )

    model = load_model(SmolVLMForConditionalGeneration, located, device, progress=progress)
    tokenizer = load_tool(AutoTokenizer, located)
    vocabulary = tokenizer.get_vocab()
    absent = [token for token in (_IMAGE, _FAKE, _WHOLE, _END) if token not in vocabulary]
    if absent:
        raise broken(located, "tokenizer.json", f"it lacks the token {absent[0]}")
    return _Tools(model, tokenizer, load_tool(SmolVLMImageProcessorPil, located))


def _ask(
    tools: _Tools,
    device: Device,
    pictures: Sequence[Picture],
    question: str,
    longest: int,
    progress: Progress,
) -> list[str]:
    """The answers to one question about each of some pictures."""
    answers: list[str] = []
    for start in range(0, len(pictures), QUESTIONS):
        batch = pictures[start : start + QUESTIONS]
        step = part_of(
            progress, start / len(pictures), min(start + len(batch), len(pictures)) / len(pictures)
        )
        step(PHASE, 0.0)
        # Equal questions to equally many tokens of picture: there is nothing to pad.
        tokens = tools.tokenizer(
            [prompt_of(question, _image_tokens(tools.model.config))] * len(batch),
            add_special_tokens=False,
            return_tensors="pt",
        ).to(device.torch)
        pixels = _pixels(tools, batch).to(device.torch, tools.model.dtype)
        inputs = {
            "input_ids": tokens["input_ids"],
            "attention_mask": tokens["attention_mask"],
            "pixel_values": pixels,
        }
        end = tools.tokenizer.convert_tokens_to_ids(_END)
        written = generate(tools.model, inputs, longest, end, step)
        new = written[:, tokens["input_ids"].shape[1] :]
        answers += tools.tokenizer.batch_decode(new, skip_special_tokens=True)
    return answers


def prompt_of(question: str, image_tokens: int) -> str:
    """A question about one picture, as the chat template writes it."""
    image = f"{_FAKE}{_WHOLE}{_IMAGE * image_tokens}{_FAKE}"
    return f"<|im_start|>User:{image}{question}{_END}\nAssistant:"


def _image_tokens(config: Any) -> int:
    """How many tokens stand for a picture: its patches, shuffled together."""
    side = config.vision_config.image_size // config.vision_config.patch_size
    return int(side**2 // config.scale_factor**2)


def _pixels(tools: _Tools, pictures: Sequence[Picture]) -> Any:
    """Pictures one by one, whole, as the model takes them."""
    side = {"longest_edge": tools.model.config.vision_config.image_size}
    return tools.images(
        [[picture] for picture in pictures],
        do_image_splitting=False,
        size=side,
        max_image_size=side,
        return_tensors="pt",
    )["pixel_values"]
