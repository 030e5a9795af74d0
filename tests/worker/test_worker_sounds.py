"""Generated sounds in the worker: made, cancelled in the middle, and the models kept."""

# ruff: noqa: E402 (imports follow the look whether the packages are here)

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

for _name in ("torch", "transformers", "diffusers", "soxr"):
    pytest.importorskip(_name, reason=f"generators need {_name}")

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene_file import read_scene
from blender_see2sound.worker.client import WorkerClient
from tests.core.tiny_generators import save_clap, save_stable_audio3

from . import scenes
from .conftest import until


@pytest.fixture(scope="module")
def client() -> Iterator[WorkerClient]:
    """One client for all tests here, so that the worker loads its libraries once."""
    made = WorkerClient(sys.executable)
    yield made
    made.release()


def test_sounds_are_made_cancelled_and_made_again(client: WorkerClient, tmp_path: Path) -> None:
    save_stable_audio3(tmp_path / "models")
    scene = scenes.write(tmp_path / "scene.json")
    asked = {
        "scene": str(scene), "maker": "stable-audio-3-medium", "models": str(tmp_path / "models"),
        "device": "cpu", "steps": 2,
    }  # fmt: skip
    client.wait(client.submit("sound", asked))
    pid = client.worker["pid"]
    sounds = [tmp_path / "sounds" / f"s{number}.wav" for number in (1, 2)]
    before = [sound.read_bytes() for sound in sounds]
    job = client.submit("sound", {**asked, "steps": 900})
    until(client, lambda: job.finished or job.phase.startswith("Generating"), 60.0)
    assert job.state == "running", job.error
    client.cancel(job)
    until(client, lambda: job.finished)
    assert job.state == "cancelled"
    assert [sound.read_bytes() for sound in sounds] == before
    client.wait(client.submit("sound", asked))
    assert client.worker["pid"] == pid
    assert [s.sound for s in read_scene(scene).sources] == ["sounds/s1.wav", "sounds/s2.wav"]
    with pytest.raises(See2SoundError, match="stable-audio-open") as caught:
        client.wait(client.submit("sound", {**asked, "maker": "stable-audio-open"}))
    assert caught.value.kind == "missing-part"


def test_a_library_is_listened_to(client: WorkerClient, tmp_path: Path) -> None:
    save_clap(tmp_path / "models")
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).normal(0.0, 0.1, 24_000)
        soundfile.write(folder / f"rec_{number}.wav", noise, 48_000)
    asked = {"library": str(folder), "models": str(tmp_path / "models"), "device": "cpu"}
    answer = client.wait(client.submit("listen", asked))
    assert answer == {"files": 3, "heard": 3, "unheard": []}
    assert client.wait(client.submit("listen", asked))["heard"] == 0
    with pytest.raises(See2SoundError, match="clap-htsat-unfused"):
        client.wait(client.submit("listen", {**asked, "models": str(tmp_path / "none")}))


def test_a_library_whose_clap_is_damaged_sounds_and_warns(
    client: WorkerClient, tmp_path: Path
) -> None:
    (save_clap(tmp_path / "models") / "model.safetensors").write_bytes(b"cut off")
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("wind", "crowd"):
        noise = np.random.default_rng(len(name)).normal(0.0, 0.1, 24_000)
        soundfile.write(folder / f"{name}.wav", noise, 48_000)
    asked = {
        "scene": str(scenes.write(tmp_path / "scene.json")), "maker": "library",
        "library": str(folder), "models": str(tmp_path / "models"), "device": "cpu",
    }  # fmt: skip
    answer = client.wait(client.submit("sound", asked))
    assert sorted(answer["sounds"]) == ["s1", "s2"]
    (told,) = answer["warnings"]
    assert told.startswith("recordings were chosen by their words alone")
    assert "clap-htsat-unfused" in told
