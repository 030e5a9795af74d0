"""Sounds from a person's own recordings: from the preferences' folder, and by the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import soundfile

import blender_see2sound
from blender_see2sound.bridge.blend import files
from blender_see2sound.bridge.interface import view
from blender_see2sound.bridge.jobs import session
from blender_see2sound.bridge.setup import computer
from blender_see2sound.bridge.speakers import sounds
from blender_see2sound.core.sounds.origin import read_origin
from tests.blender.film import open_film, speakers

ROOT = Path(__file__).resolve().parents[2]

RUN = """
import os, sys
import blender_see2sound
blender_see2sound.register()
from blender_see2sound.bridge.background import command
code = command.execute(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # 4.5 can hang in a destructor after a render with sound
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two creeks and a dog."""
    folder = tmp_path_factory.mktemp("library ü")
    for number, name in enumerate(("creek small", "creek wide", "dog barking")):
        samples = np.random.default_rng(number).normal(0.0, 0.1, 96_000)
        soundfile.write(folder / f"{name}.wav", samples.astype(np.float32), 48_000)
    return folder


@pytest.fixture
def preferences(tmp_path: Path) -> Iterator[Any]:
    """The extension enabled, as a person has it, and a film with one source, a creek."""
    open_film(tmp_path)
    blender_see2sound.unregister()
    bpy.ops.preferences.addon_enable(module="blender_see2sound")
    bpy.ops.see2sound.find_sources(sources=1)
    source = speakers()[0].data.see2sound
    source.prompt, source.label = "a creek", "creek"
    collection = next(c for c in bpy.data.collections if c.see2sound.is_see2sound)
    collection.see2sound.maker_menu = "library"
    collection.see2sound.takes = 2
    yield computer.preferences()
    session.state.failure = None
    bpy.ops.preferences.addon_disable(module="blender_see2sound")


def test_recordings_are_found_by_the_words_of_a_source(preferences: Any, library: Path) -> None:
    view.refresh()
    assert "no folder" in str(view.shown(bpy.context).lacking)
    preferences.library = str(library)
    view.refresh()
    assert view.shown(bpy.context).lacking is None
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}
    takes = speakers()[0].data.see2sound.takes
    told = [read_origin(files.absolute(take.path)) for take in takes]
    assert {origin.recording for origin in told} == {"creek small.wav", "creek wide.wav"}
    assert not any(origin.synthetic for origin in told)
    assert "creek" in takes[0].origin
    assert bpy.ops.see2sound.choose_take(speaker=speakers()[0].name, number=2) == {"FINISHED"}
    assert sounds.take_of(speakers()[0]) == 2
    # The library may be gone later: the sounds are the film's own.
    preferences.library = ""
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}


def test_fewer_takes_than_asked_for_are_told(preferences: Any, library: Path) -> None:
    preferences.library = str(library)
    next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound.takes = 5
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}
    name = speakers()[0].name
    assert any(f"{name!r} has 2 takes, not 5" in note for note in session.state.notes)


def test_what_the_library_does_not_have_is_told(preferences: Any, library: Path) -> None:
    preferences.library = str(library)
    speakers()[0].data.see2sound.label = speakers()[0].data.see2sound.prompt = "saxophone"
    with pytest.raises(RuntimeError, match="saxophone"):
        bpy.ops.see2sound.make_sounds()
    assert session.state.failure.error.remedy
    assert speakers()[0].data.sound is None


def test_the_command_takes_maker_and_library(
    preferences: Any, library: Path, tmp_path: Path
) -> None:
    def run(*more: object) -> subprocess.CompletedProcess[str]:
        command = (tmp_path / "walk.mp4", "--blend", tmp_path / "out.blend", *more)
        return subprocess.run(
            [sys.executable, "-c", RUN, *map(str, command)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, errors="replace", timeout=300,
        )  # fmt: skip

    for more, why in (
        (("--maker", "of tomorrow"), "of tomorrow"),
        (("--maker", "library"), "the library has no folder"),
        (("--library", tmp_path / "none"), "it is no folder"),
    ):
        done = run(*more)
        assert done.returncode == 2, done.stdout + done.stderr
        assert why in done.stderr
        assert "Finding" not in done.stdout, "it is told after the work"
    # What the finder says of the film's walker.
    walking = library / "whoosh and footfalls of something moving.wav"
    walking.write_bytes((library / "creek wide.wav").read_bytes())
    done = run("--maker", "library", "--library", library, "--sources", 1)
    assert done.returncode == 0, done.stdout + done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    origin = read_origin(files.absolute(speakers()[0].data.sound.filepath))
    assert origin is not None
    assert origin.maker == "library"


def test_a_library_can_be_listened_to(preferences: Any, library: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no folder"):
        bpy.ops.see2sound.listen()
    preferences.library = str(library)
    preferences.models = str(tmp_path / "models")
    with pytest.raises(RuntimeError, match=r"clap-htsat-unfused|torch"):
        bpy.ops.see2sound.listen()
    pytest.importorskip("torch", reason="CLAP computes with torch")
    from tests.core.tiny_generators import save_clap

    save_clap(tmp_path / "models")
    session.release()
    assert bpy.ops.see2sound.listen() == {"FINISHED"}
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}
    told = read_origin(files.absolute(speakers()[0].data.see2sound.takes[0].path))
    assert told is not None
    assert told.fit is not None
