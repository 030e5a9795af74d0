"""What a worker keeps of a mix for the next one, and where."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from blender_see2sound.worker.client import WorkerClient
from blender_see2sound.worker.jobs import stem_folder

from . import scenes


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = WorkerClient(sys.executable)
    yield made
    made.release()


def test_stems_are_kept_in_the_persons_own_folder_and_used_again(client, tmp_path):
    scene = scenes.write(tmp_path / "scene.json")
    client.wait(client.submit("sound", {"scene": str(scene)}))
    request = {"scene": str(scene), "output": str(tmp_path / "mix.wav")}
    client.wait(client.submit("mix", request))

    def kept(folder: Path) -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    folder = tmp_path / "cache" / "see2sound" / "stems"
    before, one = kept(folder), (tmp_path / "mix.wav").read_bytes()
    assert before
    client.wait(client.submit("mix", request))
    after = kept(folder)
    assert after.keys() == before.keys()
    assert all(after[name] > before[name] for name in before)
    assert (tmp_path / "mix.wav").read_bytes() == one
    # It can be done without, and elsewhere.
    client.wait(client.submit("mix", request | {"cache": None}))
    client.wait(client.submit("mix", request | {"cache": str(tmp_path / "here")}))
    assert kept(tmp_path / "here").keys() == before.keys()
    assert kept(folder) == after


@pytest.mark.parametrize(
    ("system", "given", "place"),
    [
        ("linux", {}, ".cache/see2sound/stems"),
        ("linux", {"XDG_CACHE_HOME": "/elsewhere"}, "/elsewhere/see2sound/stems"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, ".cache/see2sound/stems"),
        ("darwin", {}, "Library/Caches/See2Sound/stems"),
        ("win32", {}, "AppData/Local/See2Sound/Cache/stems"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/See2Sound/Cache/stems"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths as on POSIX")
def test_each_system_has_its_place_for_such_things(monkeypatch, system, given, place):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setenv("HOME", "/home/person")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert stem_folder() == Path("/home/person") / place
