"""The command with models: tiny random ones in the published layout, on the example's clip."""

# ruff: noqa: E402 (imports follow the look whether torch is here)

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core import cli
from blender_see2sound.core.models import keeper
from blender_see2sound.core.scene import read_scene
from tests.core import tiny_models
from tests.core.clips import EXAMPLE
from tests.core.tiny_models import save_eomt, save_free_set

#: A second of the example, in which something moves.
CLIP = (str(EXAMPLE), "--duration", "1", "--fov", "50", "--device", "cpu")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_free_set(tmp_path_factory.mktemp("models"))
    save_eomt(folder)
    return folder


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No models of this computer's, no network, and the signals as they were."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("it has gone to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("SEE2SOUND_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)
    keeper.release()


def test_a_set_of_models_goes_from_clip_to_mix(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["run", *CLIP, "-o", str(out), "--set", "free", "--models", str(models)]
    assert cli.run([*arguments, "--sources", "3", "--off-screen", "--low-memory"]) == 0
    scene = read_scene(out / "scene.json")
    assert scene.sources
    assert (out / "mix.wav").is_file()
    assert (out / "overview.png").is_file()
    again = ["find", *CLIP, "-o", str(tmp_path / "again.json"), "--set", "free"]
    assert cli.run([*again, "--models", str(models), "--sources", "3", "--off-screen"]) == 0
    other = read_scene(tmp_path / "again.json")
    assert [s.positions for s in other.sources] == [s.positions for s in scene.sources]
    assert [s.prompt for s in other.sources] == [s.prompt for s in scene.sources]


@pytest.mark.parametrize(
    ("save", "chosen"),
    [
        (tiny_models.save_sam, ("--finder", "sam-base")),
        (tiny_models.save_oneformer, ("--finder", "oneformer")),
        (tiny_models.save_depth_pro, ("--depth", "depth-pro")),
        (tiny_models.save_zoe_depth, ("--depth", "zoedepth")),
        (tiny_models.save_smolvlm, ("--describer", "smolvlm-256m")),
    ],
)
def test_every_kind_of_model_works_in_the_command(
    save: Callable[[Path], Path], chosen: tuple[str, str], tmp_path: Path
) -> None:
    folder = save(tmp_path / "models")
    out = tmp_path / "scene.json"
    arguments = ["find", str(EXAMPLE), "--duration", "0.5", "-o", str(out), *chosen]
    assert cli.run([*arguments, "--models", str(tmp_path / "models"), "--device", "cpu"]) == 0
    assert read_scene(out).sources or chosen[0] == "--finder"
    # It has been at work: what it is made of is recorded.
    assert (folder / "see2sound-files.json").is_file()


def test_a_deviation_of_nothing_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tiny_models.save_florence(tmp_path) / "preprocessor_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"image_std": [0, 1, 1]}))
    arguments = ["find", *CLIP, "-o", str(tmp_path / "s.json"), "--models", str(tmp_path)]
    assert cli.run([*arguments, "--describer", "florence-2-base"]) == 2
    assert "image_std" in capsys.readouterr().err


def test_a_part_is_mixed_into_a_set(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = tmp_path / "few"
    shutil.copytree(models / "tue-mps--coco_panoptic_eomt_large_640", few / "tue-mps--coco_panoptic_eomt_large_640")  # fmt: skip
    monkeypatch.setenv("SEE2SOUND_MODELS", str(few))
    arguments = ["find", *CLIP, "-o", str(tmp_path / "scene.json"), "--set", "fastest"]
    assert cli.run(arguments) == 2
    assert cli.run([*arguments, "--depth", "draft"]) == 0
    assert read_scene(tmp_path / "scene.json").sources


@pytest.mark.parametrize(
    ("more", "names"),
    [
        (("--set", "free"), "facebook/sam2.1-hiera-large"),
        (("--depth", "depth-pro"), "apple--DepthPro-hf"),
        (("--describer", "florence-2-base"), "florence-community--Florence-2-base-ft"),
        (("--set", "dearest"), "built-in, free, best, fastest"),
        (("--set", "fastest", "--finder", "eyes"), "eyes"),
    ],
)
def test_what_is_not_here_is_one_line_before_any_work(
    more: tuple[str, ...], names: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["find", *CLIP, "-o", str(tmp_path / "scene.json"), *more]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert names in told.err
    assert not (tmp_path / "scene.json").exists()


@pytest.mark.parametrize("how", ["missing", "cut", "pickle", "other"])
def test_a_broken_file_is_named(
    how: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(models, tmp_path / "models")
    folder = tmp_path / "models" / "depth-anything--Depth-Anything-V2-Small-hf"
    (folder / "see2sound-files.json").unlink(missing_ok=True)
    weights = folder / "model.safetensors"
    if how == "missing":
        weights.unlink()
    elif how == "cut":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif how == "pickle":
        weights.rename(folder / "pytorch_model.bin")
    else:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "architectures": ["Bert"]}))
    arguments = ["find", *CLIP, "-o", str(tmp_path / "scene.json"), "--models"]
    code = cli.run([*arguments, str(tmp_path / "models"), "--depth", "depth-anything-small"])
    told = capsys.readouterr().err
    assert code == 2
    assert len(told.splitlines()) == 1
    assert ("config.json" if how == "other" else "model.safetensors") in told
    assert ("is a pickle" in told) == (how == "pickle")
    assert not (tmp_path / "scene.json").exists()


@pytest.mark.parametrize(
    "said",
    [
        {"patch_size": 0},
        {"patch_size": "wide"},
        {"reassemble_hidden_size": -1},
        {"dtype": "evil"},
        {"backbone_config": {"model_type": "no such"}},
        {"quantization_config": {"quant_method": "bitsandbytes"}},
    ],
)
def test_settings_that_do_not_fit_are_one_line(
    said: dict[str, Any], models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models" / "depth-anything--Depth-Anything-V2-Small-hf"
    shutil.copytree(models / folder.name, folder)
    (folder / "see2sound-files.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | said))
    arguments = ["find", *CLIP, "-o", str(tmp_path / "scene.json"), "--models"]
    code = cli.run([*arguments, str(tmp_path / "models"), "--depth", "depth-anything-small"])
    told = capsys.readouterr().err
    assert code == 2
    assert len(told.splitlines()) == 1
    assert str(folder) in told
    assert not (tmp_path / "scene.json").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_here_is_said_so(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["find", *CLIP, "-o", str(tmp_path / "s.json"), "--models", str(models)]
    assert cli.run([*arguments, "--depth", "depth-anything-small", "--device", "cuda"]) == 2
    assert "there is: cpu" in capsys.readouterr().err


def test_models_tells_where_they_are_and_which_sets_are_whole(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["models", "--models", str(models), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["models"] == str(models)
    whole = {one["name"]: one["complete"] for one in told["sets"]}
    assert whole == {"built-in": True, "free": True, "best": False, "fastest": True}
    best = next(one for one in told["sets"] if one["name"] == "best")
    assert best["lacking"] == ["depth", "describer"]
    assert best["commercial"] == "no"
    rows = {(row["role"], row["name"]): row for row in told["parts"]}
    here = rows["finder", "sam2.1-large"]
    assert here["path"] == str(models / "facebook--sam2.1-hiera-large")
    assert here["here"]
    gone = rows["depth", "depth-pro"]
    assert not gone["here"]
    assert "apple--DepthPro-hf" in gone["absent"]


def test_models_for_people_says_the_same(capsys: pytest.CaptureFixture[str], models: Path) -> None:
    assert cli.run(["models", "--models", str(models)]) == 0
    text = capsys.readouterr().out
    assert "free: complete" in text
    assert "best: incomplete, it lacks depth depth-pro, describer florence-2-large" in text
    assert "licence Apple research licence, commercial use: no" in text


def test_torch_is_loaded_by_nothing_but_models(tmp_path: Path) -> None:
    script = (
        "import sys; from blender_see2sound.core.cli import run; "
        f"run(['models']); run(['find', {str(EXAMPLE)!r}, '--duration', '0.2', "
        f"'-o', {str(tmp_path / 'scene.json')!r}]); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "scene.json").is_file()
