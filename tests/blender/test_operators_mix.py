"""Bake Mix and Export Mix: layouts, levels, files, and what a change renders again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import soundfile

from blender_see2sound import properties
from blender_see2sound.bridge.interface import view
from blender_see2sound.bridge.jobs import session
from blender_see2sound.bridge.mix import mix_report
from blender_see2sound.operators import export
from tests.blender.film import document, mixes, open_film, speakers


@pytest.fixture
def strip(tmp_path: Path) -> Iterator[Any]:
    yield open_film(tmp_path)
    session.state.failure = None


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a film whose strip has two speakers that sound."""
    folder = tmp_path_factory.mktemp("film")
    open_film(folder)
    bpy.ops.see2sound.find_sources(sources=2)
    bpy.ops.see2sound.make_sounds()
    bpy.ops.wm.save_mainfile()
    return folder


@pytest.fixture
def sounding(film: Path, tmp_path: Path) -> Iterator[Any]:
    """The settings of a copy of this film."""
    shutil.copytree(film, tmp_path, dirs_exist_ok=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "film.blend"))
    yield settings()
    session.state.failure = None


def settings() -> Any:
    return next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound


def mixdown(path: Path) -> np.ndarray:
    """What the scene's audio is, in the channels that it is set to: samples (n, C)."""
    channels = bpy.context.scene.render.ffmpeg.audio_channels
    bpy.ops.sound.mixdown(
        filepath=str(path), container="WAV", codec="PCM", format="F32", channels=channels
    )
    return soundfile.read(path, always_2d=True)[0]


@pytest.mark.parametrize("layout", [row[0] for row in properties.LAYOUTS])
@pytest.mark.parametrize("before", ["STEREO", "SURROUND71"])
def test_the_scene_s_audio_carries_every_channel_of_the_mix(
    sounding: Any, tmp_path: Path, layout: str, before: str
) -> None:
    scene = bpy.context.scene
    scene.render.ffmpeg.audio_channels, scene.render.ffmpeg.audio_mixrate = before, 48000
    sounding.layout = layout
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}
    (mix,) = mixes()
    made, rate = soundfile.read(bpy.path.abspath(mix.sound.filepath), always_2d=True)
    heard = mixdown(tmp_path / "mixdown.wav")
    length = min(len(made), len(heard))
    expected = np.zeros((length, heard.shape[1]))
    expected[:, : made.shape[1]] = made[:length]
    if layout == "mono" and heard.shape[1] == 2:  # both loudspeakers, the same power
        expected = np.repeat(made[:length], 2, axis=1) * 0.5**0.5
    assert rate == 48000
    assert np.abs(made).max() > 0.01
    assert np.abs(heard[:length] - expected).max() < 1e-3


def test_the_levels_stay_with_the_mix_in_the_file(sounding: Any) -> None:
    sounding.loudness, sounding.room_kind = "web", "cave"
    bpy.ops.see2sound.bake_mix()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    kept = json.loads(settings().mix_report)
    assert kept["integrated_lufs"] == pytest.approx(-16.0, abs=0.6)
    assert kept["true_peak_db"] <= -0.9
    assert kept["loudness_range"] is None or kept["loudness_range"] >= 0.0
    view.refresh()
    told = mix_report.read(settings().mix_report)
    assert told.levels[0].startswith("5.1, -1")
    assert told.levels[1].endswith("dBTP")
    assert told.room.startswith("15 x ")


def test_a_loudness_that_cannot_be_reached_is_told_with_the_mix(sounding: Any) -> None:
    sounding.lufs = -3.0
    bpy.ops.see2sound.bake_mix()
    assert any("-3.0" in warning for warning in mix_report.read(sounding.mix_report).warnings)
    sounding.lufs = -30.0
    bpy.ops.see2sound.bake_mix()
    assert mix_report.read(sounding.mix_report).warnings == ()


def test_a_source_is_called_by_its_speaker_s_name(sounding: Any, tmp_path: Path) -> None:
    dog, cat = speakers()
    dog.name, cat.name = "Dog's", "s1"  # as another source's id
    soundfile.write(tmp_path / "two.wav", np.full((48_000, 2), 0.1), 48_000)
    for thing in (dog, cat):
        thing.data.sound = bpy.data.sounds.load(str(tmp_path / "two.wav"))
    bpy.ops.see2sound.bake_mix()
    warnings = mix_report.read(sounding.mix_report).warnings
    assert sorted(w.split(" has 2 channels")[0] for w in warnings if "channels" in w) == [
        'The sound of "Dog\'s"',
        "The sound of 's1'",
    ]
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    dog.data.sound = bpy.data.sounds.load(str(tmp_path / "bad.wav"))
    with pytest.raises(RuntimeError, match='sound of source "Dog\'s"'):
        bpy.ops.see2sound.bake_mix()


def test_a_report_edited_by_hand_tells_nothing() -> None:
    for text in ("", "{", "[]", "{}", '{"layout": "5.1"}', '"x"', "3"):
        assert mix_report.read(text) == mix_report.Told()


# ------------------------------------------------------------------ export


@pytest.mark.parametrize("layout", [row[0] for row in export.LAYOUTS])
def test_a_mix_is_exported_in_any_layout_and_the_document_stays(
    sounding: Any, tmp_path: Path, layout: str
) -> None:
    before = document()
    path = tmp_path / "out" / "mix.wav"
    assert bpy.ops.see2sound.export_mix(filepath=str(path), layout_name=layout) == {"FINISHED"}
    channels = {"mono": 1, "stereo": 2, "binaural": 2, "5.1": 6, "7.1": 8, "5.1.4": 10}
    channels |= {"7.1.4": 12, "ambix1": 4, "ambix2": 9, "ambix3": 16}
    info = soundfile.info(path)
    assert (info.channels, info.subtype, info.samplerate) == (channels[layout], "PCM_24", 48000)
    assert document() == before


def test_formats_and_stems(sounding: Any, tmp_path: Path) -> None:
    sounding.loudness = "NONE"
    ask = bpy.ops.see2sound.export_mix
    assert ask(filepath=str(tmp_path / "a.wav"), encoding="float", stems=True) == {"FINISHED"}
    assert soundfile.info(tmp_path / "a.wav").subtype == "FLOAT"
    stems = sorted((tmp_path / "a Stems").iterdir())
    assert len(stems) == len(speakers())
    for stem, speaker in zip(stems, speakers(), strict=False):
        assert stem.suffix == ".wav"
        assert stem.stem != speaker.data.see2sound.source_id
    total = sum(soundfile.read(stem)[0] for stem in stems)
    assert np.abs(total - soundfile.read(tmp_path / "a.wav")[0]).max() < 1e-4
    assert ask(filepath=str(tmp_path / "b.flac")) == {"FINISHED"}
    assert soundfile.info(tmp_path / "b.flac").subtype == "PCM_24"
    with pytest.raises(RuntimeError, match=r"its name would end in \.flac"):
        ask(filepath=str(tmp_path / "a.wav"), encoding="flac")
    assert soundfile.info(tmp_path / "a.wav").subtype == "FLOAT"
    with pytest.raises(RuntimeError, match="FLAC"):
        ask(filepath=str(tmp_path / "c.flac"), encoding="flac", layout_name="ambix3")
    assert not (tmp_path / "c.flac").exists()


def test_no_file_of_the_document_is_written_over(sounding: Any, tmp_path: Path) -> None:
    sound = Path(bpy.path.abspath(speakers()[0].data.sound.filepath))
    before = sound.read_bytes()
    with pytest.raises(RuntimeError, match="made from"):
        bpy.ops.see2sound.export_mix(filepath=str(sound))
    assert sound.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_refused(sounding: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="its name is not text"):
        bpy.ops.see2sound.export_mix(filepath=str(tmp_path / "caf\udce9.wav"))
    assert list(tmp_path.glob("caf*")) == []


def test_an_export_makes_the_sounds_that_are_missing(strip: Any, tmp_path: Path) -> None:
    bpy.ops.see2sound.find_sources(sources=1)
    bpy.ops.see2sound.export_mix(filepath=str(tmp_path / "mix.wav"))
    assert speakers()[0].data.sound is not None
    assert np.abs(soundfile.read(tmp_path / "mix.wav")[0]).max() > 0.01


def test_a_measured_head_that_is_missing_is_named(sounding: Any, tmp_path: Path) -> None:
    sounding.layout, sounding.sofa = "binaural", str(tmp_path / "nobody.sofa")
    with pytest.raises(RuntimeError, match=r"nobody\.sofa"):
        bpy.ops.see2sound.bake_mix()


# ------------------------------------------------------------------ again


def test_after_a_drag_the_mix_is_what_one_without_memory_is(
    sounding: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounding.room_kind = "hall"
    bpy.ops.see2sound.bake_mix()
    first = Path(bpy.path.abspath(mixes()[0].sound.filepath)).read_bytes()
    moved = speakers()[0]
    moved.animation_data.action = None
    moved.location = (-1.0, 0.0, -3.0)
    bpy.ops.see2sound.bake_mix()
    again = Path(bpy.path.abspath(mixes()[0].sound.filepath)).read_bytes()
    assert again != first
    # Another worker, with another folder for what it keeps.
    bpy.ops.see2sound.release_memory()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bpy.ops.see2sound.export_mix(filepath=str(tmp_path / "anew.wav"))
    bpy.ops.see2sound.release_memory()
    assert list((tmp_path / "cache").rglob("*.stem"))
    assert (tmp_path / "anew.wav").read_bytes() == again
