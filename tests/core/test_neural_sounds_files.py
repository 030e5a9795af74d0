"""Generators' files and packages: what is missing, broken or another's is named before any work; and the way through."""

# ruff: noqa: E402 (imports follow the look whether torch is here)

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

torch = pytest.importorskip("torch", reason="models compute with torch")
for _name in ("transformers", "diffusers", "soxr", "torchsde"):
    pytest.importorskip(_name, reason=f"generators need {_name}")

from blender_see2sound.core import cli, parts
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.scene_file import read_scene
from blender_see2sound.core.sounds.origin import read_origin
from tests.worker import scenes

from . import tiny_generators
from .tiny_generators import change_json

pytestmark = pytest.mark.usefixtures("alone")

LDM = "cvssp--audioldm2"
SA3 = "stabilityai--stable-audio-3-medium"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def tiny(generators: Path) -> Path:
    """Generators, and CLAP beside them."""
    tiny_generators.save_clap(generators)
    return generators


@pytest.fixture
def models(tiny: Path, tmp_path: Path) -> Path:
    """A models folder that a test may change."""
    return Path(shutil.copytree(tiny, tmp_path / "models"))


def sounded(models: Path, scene: Path, *more: str) -> int:
    arguments = ["sound", str(scene), "--models", str(models), "--device", "cpu", "--steps", "2"]
    return cli.run([*arguments, *more])


def test_the_command_makes_takes_with_their_origins(models: Path, tmp_path: Path) -> None:
    notes = models / SA3 / ".cache/huggingface/download/model_index.json.metadata"
    notes.parent.mkdir(parents=True)
    notes.write_text(f"{COMMIT}\nabc\n0.0\n")
    scene = scenes.write(tmp_path / "scene.json", seconds=3.5)
    assert sounded(models, scene, "--maker", "stable-audio-3-medium", "--takes", "2") == 0
    fits = []
    for number in (1, 2):
        name = f"sounds/s{number}.wav"
        sound, rate = soundfile.read(tmp_path / name)
        assert (len(sound), rate) == (round(3.5 * 48_000), 48_000)
        assert np.max(np.abs(sound)) > 1e-3
        for file in (name, f"sounds/takes/s{number}-2.wav"):
            origin = read_origin(tmp_path / file)
            assert origin is not None
            assert (origin.maker, origin.revision) == ("stable-audio-3-medium", COMMIT)
            assert origin.synthetic
            fits.append(origin.fit)
            with soundfile.SoundFile(tmp_path / file) as opened:
                assert "Synthetic sound" in opened.comment
                assert COMMIT in opened.comment
    assert fits[0] >= fits[1]
    assert fits[2] >= fits[3]
    assert [s.sound for s in read_scene(scene).sources] == ["sounds/s1.wav", "sounds/s2.wav"]


@pytest.mark.parametrize("bare", [True, pytest.param(False, marks=pytest.mark.gate)])
def test_both_published_kinds_of_language_model_work(bare: bool, tmp_path: Path) -> None:
    tiny_generators.save_audioldm2(tmp_path, bare=bare)
    scene = scenes.write(tmp_path / "scene.json", seconds=0.5, sources=1)
    assert sounded(tmp_path, scene, "--maker", "audioldm2") == 0
    origin = read_origin(tmp_path / "sounds/s1.wav")
    assert origin is not None
    assert origin.model == "cvssp/audioldm2"


def _rename(name: str, into: str) -> Any:
    return lambda folder: (folder / name).rename(folder / into)


def _write(name: str, content: bytes) -> Any:
    return lambda folder: (folder / name).write_bytes(content)


def _say(name: str, **values: Any) -> Any:
    return lambda folder: change_json(folder / name, **values)


def _cut(name: str) -> Any:
    def cut(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-200])

    return cut


UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: shutil.rmtree(folder), "cvssp/audioldm2 is not here"),
        (lambda folder: (folder / "model_index.json").unlink(), "model_index.json is missing"),
        (lambda folder: (folder / UNET).unlink(), f"{UNET} is missing"),
        (_rename(UNET, "unet/diffusion_pytorch_model.bin"), "is a pickle"),
        (lambda folder: (folder / "tokenizer_2/tokenizer.json").unlink(), "tokenizer.json is missing"),
        (_cut(UNET), UNET),
        (_write(UNET, b"\x80\x04not weights"), UNET),
        (_write("scheduler/scheduler_config.json", b"{"), "scheduler_config.json"),
        (_say("model_index.json", _class_name="StableDiffusionPipeline"), "StableDiffusionPipeline"),
        (_say("model_index.json", scheduler=["os", "system"]), "its scheduler is 'system'"),
        (_say("model_index.json", vae=["pipeline.py", "Mine"]), "its vae is 'Mine'"),
        (
            _say("model_index.json", language_model=["transformers", "BertModel"]),
            "its language_model is 'BertModel', not GPT2Model or GPT2LMHeadModel",
        ),
        (_say("language_model/config.json", architectures=["BertModel"]), "BertModel"),
        (_say("unet/config.json", in_channels=8), "unet"),
        (_say("vocoder/config.json", upsample_initial_channel=32), "vocoder"),
    ],
)  # fmt: skip
def test_what_is_missing_or_broken_is_one_line(
    change: Any, told: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    shutil.copytree(tiny / LDM, models / LDM)
    (models / LDM / "see2sound-files.json").unlink(missing_ok=True)
    change(models / LDM)
    scene = scenes.write(tmp_path / "scene.json", seconds=0.5, sources=1)
    assert sounded(models, scene, "--maker", "audioldm2") == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1, said
    assert told in said
    assert not (tmp_path / "sounds").exists()


def test_a_file_that_changed_after_it_had_proved_good_is_refused(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = scenes.write(tmp_path / "scene.json", seconds=0.5, sources=1)
    assert sounded(models, scene, "--maker", "stable-audio-3-medium") == 0
    recorded = json.loads((models / SA3 / "see2sound-files.json").read_text())["files"]
    assert "transformer/diffusion_pytorch_model.safetensors" in recorded
    assert "scheduler/scheduler_config.json" in recorded
    change_json(models / SA3 / "scheduler/scheduler_config.json", shift=2.0)
    assert sounded(models, scene, "--maker", "stable-audio-3-medium") == 2
    assert "scheduler_config.json has changed" in capsys.readouterr().err


def test_a_judge_that_is_missing_is_done_without(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = scenes.write(tmp_path / "scene.json", seconds=0.5, sources=1)
    more = ("--maker", "stable-audio-3-medium", "--takes", "2")
    shutil.rmtree(models / "laion--clap-htsat-unfused")
    assert sounded(models, scene, *more) == 0
    assert "clap-htsat-unfused is not here" in capsys.readouterr().out
    origin = read_origin(tmp_path / "sounds/s1.wav")
    assert origin is not None
    assert (origin.seed, origin.fit) == (1, None)


def test_weights_in_shards_are_put_together(models: Path, tmp_path: Path) -> None:
    from diffusers import StableAudio3DiTModel

    scene = scenes.write(tmp_path / "scene.json", seconds=0.5, sources=1)
    assert sounded(models, scene, "--maker", "stable-audio-3-medium") == 0
    whole, _ = soundfile.read(tmp_path / "sounds/s1.wav")
    folder = models / SA3 / "transformer"
    model = StableAudio3DiTModel.from_pretrained(folder)
    shutil.rmtree(folder)
    model.save_pretrained(folder, max_shard_size="60KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    (models / SA3 / "see2sound-files.json").unlink()
    assert sounded(models, scene, "--maker", "stable-audio-3-medium") == 0
    np.testing.assert_allclose(soundfile.read(tmp_path / "sounds/s1.wav")[0], whole, atol=1e-6)


def test_takes_stay_in_the_order_of_their_seeds_where_clap_is_damaged_and_the_person_is_told(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "laion--clap-htsat-unfused/model.safetensors").write_bytes(b"cut off")
    scene = scenes.write(tmp_path / "scene.json", seconds=0.5, sources=2)
    asked = ("--maker", "stable-audio-3-medium", "--takes", "2")
    assert sounded(models, scene, *asked) == 0
    told = capsys.readouterr().out
    assert "the takes of 's1', 's2' are in the order of their seeds" in told
    assert "laion--clap-htsat-unfused" in told
    first, second = (read_origin(tmp_path / f"sounds/{n}.wav") for n in ("s1", "takes/s1-2"))
    assert first is not None
    assert second is not None
    assert (first.seed, second.seed, first.fit) == (1, 2, None)
    shutil.rmtree(models / "laion--clap-htsat-unfused")
    assert sounded(models, scene, *asked) == 0
    assert "'s1', 's2' are in the order of their seeds" in capsys.readouterr().out
    assert sounded(models, scene, *asked[:2]) == 0  # a single one needs no order
    assert "warning" not in capsys.readouterr().out


def test_missing_packages_are_named_before_anything_is_loaded(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "torchsde" else find(name, *more)
    )  # fmt: skip
    scene = scenes.write(tmp_path / "scene.json", seconds=0.5, sources=1)
    assert sounded(tiny, scene, "--maker", "stable-audio-open") == 2
    said = capsys.readouterr().err
    assert "torchsde" in said
    assert "Install" in said
    parts.load("maker", "audioldm2", Computing("cpu", models=tiny))


def test_the_unconverted_form_is_told_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / SA3
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "model_config.json").write_text("{}")
    with pytest.raises(See2SoundError, match="convert_stable_audio_3_to_diffusers") as caught:
        parts.load("maker", "stable-audio-3-medium", Computing("cpu", models=tmp_path))
    assert caught.value.kind == "missing-part"


def test_the_list_tells_of_the_judge_too(tiny: Path) -> None:
    rows = {row["name"]: row for row in parts.listing(tiny) if row["role"] == "maker"}
    [judge] = rows["stable-audio-open"]["helpers"]
    assert judge["repository"] == "laion/clap-htsat-unfused"
    assert judge["path"] == str(tiny / "laion--clap-htsat-unfused")
    assert rows["audioldm2"]["commercial"] == "no"
    assert rows["stable-audio-3-medium"]["here"]
    assert not rows["audioldm2-large"]["here"]


def test_torch_is_not_loaded_to_know_a_maker(tiny: Path) -> None:
    script = (
        "import sys; from blender_see2sound.core import parts; "
        "from blender_see2sound.core.models.keeper import Computing; from pathlib import Path; "
        f"computing = Computing('cpu', models=Path({str(tiny)!r})); "
        "[parts.load('maker', n, computing) for n in "
        "('audioldm2', 'stable-audio-open', 'stable-audio-3-medium')]; "
        "sys.exit(any(n in sys.modules for n in ('torch', 'diffusers', 'transformers')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
