"""Describers with models: they see the right frame and box, say the same each time, and stop when asked."""

# ruff: noqa: E402 (imports follow the look whether torch is here)

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core import parts
from blender_see2sound.core.errors import Cancelled
from blender_see2sound.core.media import ClipRange, OpenClip, open_clip
from blender_see2sound.core.models.devices import choose_device
from blender_see2sound.core.models.folder import locate
from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.protocol import Look, Region
from blender_see2sound.core.regions.words import florence, smolvlm
from blender_see2sound.core.regions.words.asking import LONGEST, Sight, best_sight

from . import tiny_models

pytestmark = pytest.mark.usefixtures("tidied")

NAMES = ["florence-2-base", "smolvlm-256m"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny_models.save_florence(folder)
    tiny_models.save_smolvlm(folder)
    return folder


@pytest.fixture
def clip(tmp_path: Path) -> Iterator[OpenClip]:
    """Two seconds of pictures, each different."""
    import cv2

    rng = np.random.default_rng(4)
    for number in range(4):
        picture = cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (160, 120))
        cv2.imwrite(str(tmp_path / f"p{number}.png"), picture)
    with open_clip(ClipRange(tmp_path, frame_rate=2.0)) as opened:
        yield opened


def region(boxes: list[list[float]], presence: list[float], kind: Any = "point") -> Region:
    times = np.arange(len(boxes)) * 0.5
    thumbnail = np.zeros((8, 8, 3), np.uint8)
    return Region(
        kind, times, np.array(boxes), np.array(presence), 1.0, True, True, thumbnail, Look()
    )


REGIONS = [
    region([[10, 10, 50, 60], [10, 10, 90, 100]], [1.0, 1.0]),
    region([[100, 20, 150, 80]], [1.0]),
    region([[0, 0, 160, 120]], [1.0], "ambience"),
]


def describer(name: str, models: Path, **options: Any) -> Any:
    return parts.load("describer", name, Computing("cpu", models=models, **options))


def test_a_region_is_looked_at_where_it_is_largest_and_present() -> None:
    seen = region([[0, 0, 40, 40], [0, 0, 80, 80], [0, 0, 60, 60]], [1.0, 0.2, 0.9])
    sight = best_sight(seen, (160, 120))
    assert sight.time == 1.0
    assert sight.box == pytest.approx([0, 0, 60 / 160, 0.5])
    # What lies outside the picture does not count.
    half_out = region([[-400, 0, 10, 120], [0, 0, 60, 60]], [1.0, 1.0])
    assert best_sight(half_out, (160, 120)).time == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_all_regions_get_words_and_the_same_each_time(
    name: str, models: Path, clip: OpenClip
) -> None:
    told: list[float] = []
    first = describer(name, models).describe(clip, REGIONS, lambda _, f: told.append(f))
    again = describer(name, models).describe(clip, REGIONS, silent)
    assert [(r.label, r.prompt) for r in first] == [(r.label, r.prompt) for r in again]
    assert all(1 <= len(r.label.split()) <= 4 and r.prompt for r in first)
    assert [r.boxes is given.boxes for r, given in zip(first, REGIONS, strict=True)] == [True] * 3
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 20


def test_florence_is_asked_as_its_own_processor_asks(models: Path, clip: OpenClip) -> None:
    from transformers import CLIPImageProcessorPil, Florence2Processor

    checkpoint = parts.named("describer", "florence-2-base").checkpoint
    assert checkpoint is not None
    device = choose_device("cpu")
    tools = florence._make(locate(checkpoint, models), device, silent)
    images = CLIPImageProcessorPil.from_pretrained(str(models / checkpoint.folder))
    images.image_seq_length = 2  # of 32 pixels: one place, and all together
    tools.tokenizer.image_token, tools.tokenizer.image_token_id = (
        "<image>",
        tools.model.config.image_token_id,
    )
    processor = Florence2Processor(images, tools.tokenizer, post_processor_config={})
    pictures = {t: clip.frame_at(t, LONGEST).image for t in (0.0, 0.5)}
    boxes = florence.locations(np.array([0.1, 0.2, 0.5, 1.0]))
    assert boxes == "<loc_100><loc_200><loc_500><loc_999>"
    questions = [
        (0.5, florence.CATEGORY.format(box=boxes), f"<REGION_TO_CATEGORY>{boxes}"),
        (0.0, florence.DESCRIPTION.format(box=boxes), f"<REGION_TO_DESCRIPTION>{boxes}"),
        (0.5, florence.CAPTION, "<DETAILED_CAPTION>"),
    ]
    answers = florence._ask(tools, device, pictures, [q[:2] for q in questions], silent)
    for answer, (time, _, task) in zip(answers, questions, strict=True):
        inputs = processor(text=task, images=[pictures[time]], return_tensors="pt")
        written = tools.model.generate(
            **inputs, num_beams=1, do_sample=False, early_stopping=None,
            max_new_tokens=florence.LONGEST_ANSWER,
        )  # fmt: skip
        assert answer == tools.tokenizer.batch_decode(written, skip_special_tokens=True)[0]
    assert len(set(answers)) > 1


def test_smolvlm_is_asked_as_its_own_chat_template_asks(models: Path) -> None:
    from transformers.models.smolvlm.processing_smolvlm import (
        DEFAULT_CHAT_TEMPLATE,
        get_image_prompt_string,
    )

    pytest.importorskip("jinja2")
    tools = smolvlm._make(
        locate(parts.named("describer", "smolvlm-256m").checkpoint, models),  # type: ignore[arg-type]
        choose_device("cpu"),
        silent,
    )
    content = [{"type": "image"}, {"type": "text", "text": smolvlm.SOUND}]
    text = tools.tokenizer.apply_chat_template(
        [{"role": "user", "content": content}],
        chat_template=DEFAULT_CHAT_TEMPLATE, add_generation_prompt=True, tokenize=False,
    )  # fmt: skip
    image = get_image_prompt_string(0, 0, 4, smolvlm._FAKE, smolvlm._IMAGE, smolvlm._WHOLE)
    assert smolvlm.prompt_of(smolvlm.SOUND, 4) == text.replace("<image>", image)


def test_a_cut_out_is_the_region_with_its_surroundings() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[40:60, 80:120] = 255
    cut = smolvlm.cut_out(picture, Sight(0.0, np.array([0.4, 0.4, 0.6, 0.6])))
    assert cut.shape == (26, 52, 3)
    assert cut[3:23, 6:46].min() == 255
    assert cut[:3].max() == 0
    corner = smolvlm.cut_out(picture, Sight(0.0, np.array([0.0, 0.0, 0.01, 0.01])))
    assert corner.shape[:2] == (10, 20)


def test_what_smolvlm_hears_off_screen_is_taken_where_makers_know_it() -> None:
    heard = smolvlm.named_sounds("The sound of birds chirping, a car behind and 1. qwerty.")
    assert [words.label for words in heard] == ["birds", "car"]
    assert heard[1].prompt.endswith("behind")
    assert smolvlm.named_sounds("None.") == []


@pytest.mark.parametrize("name", NAMES)
def test_a_cancel_stops_within_the_writing_and_leaves_the_model_usable(
    name: str, models: Path, clip: OpenClip
) -> None:
    part = describer(name, models)
    before = part.describe(clip, REGIONS[:1], silent)
    calls = 0

    def cancel(phase: str, fraction: float) -> None:
        nonlocal calls
        calls += fraction > 0.6
        if calls > 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        part.describe(clip, REGIONS[:1], cancel)
    assert calls == 2
    after = part.describe(clip, REGIONS[:1], silent)
    assert [r.prompt for r in after] == [r.prompt for r in before]


@pytest.mark.gate
def test_nothing_is_printed_and_no_network_is_touched(models: Path, clip: OpenClip) -> None:
    code = """
import socket, sys
class Refused(socket.socket):
    def connect(self, *a): raise SystemExit("network")
socket.socket = Refused
socket.create_connection = socket.getaddrinfo = lambda *a, **k: sys.exit("network")
import blender_see2sound.core.regions.words.florence, blender_see2sound.core.regions.words.smolvlm
assert "torch" not in sys.modules and "transformers" not in sys.modules
from pathlib import Path
from blender_see2sound.core import parts
from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.progress import silent
from tests.core.test_neural_words import REGIONS
with open_clip(ClipRange(Path(sys.argv[2]), frame_rate=2.0)) as clip:
    for name in ("florence-2-base", "smolvlm-256m"):
        part = parts.load("describer", name, Computing("cpu", models=Path(sys.argv[1])))
        assert len(part.describe(clip, REGIONS, silent, off_screen=True)) >= 3
"""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS"))}
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, str(models), str(clip.range.path)],
        capture_output=True, text=True, cwd=root,
        env=environment | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
