"""Sounds that start elsewhere, are packed or pitched: written as they are heard, in slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import soundfile

from blender_see2sound.bridge.mix import export
from blender_see2sound.bridge.speakers import heard
from blender_see2sound.core.errors import See2SoundError

from .cut import add_movie, exported, new_file, place, run, source, speaker, write_movie

RATE = 44_100


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("media") / "film.mp4", 24)


@pytest.fixture
def strip(movie: Path, tmp_path: Path) -> Any:
    return add_movie(new_file(tmp_path / "film.blend"), movie, start=11)


def hiss(path: Path, seconds: float = 11.0, channels: int = 1, **how: Any) -> np.ndarray:
    samples = np.random.default_rng(3).normal(0.0, 0.1, (int(seconds * RATE), channels))
    soundfile.write(path, samples, RATE, **how)
    return samples


def from_start(path: Path, late: float, pitch: float, seconds: float) -> tuple[np.ndarray, int]:
    made = run(heard.from_start(heard.Played("Dog", path, None, late, pitch), seconds))
    return soundfile.read(made, always_2d=True)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_wav_file_starts_later_or_earlier_sample_for_sample(
    strip: Any, tmp_path: Path, subtype: str, channels: int
) -> None:
    path = tmp_path / "a.wav"
    hiss(path, 5.0, channels, subtype=subtype)
    whole = soundfile.read(path, always_2d=True)[0]
    late, rate = from_start(path, 1.5, 1.0, 4.0)
    assert (rate, len(late)) == (RATE, 4 * RATE)
    assert not late[: int(1.5 * RATE)].any()
    assert (late[int(1.5 * RATE) :] == whole[: int(2.5 * RATE)]).all()
    early, _ = from_start(path, -1.5, 1.0, 9.0)
    assert np.array_equal(early, whole[int(1.5 * RATE) :])


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.mp3"])
def test_a_compressed_file_has_no_seams(strip: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    import aud  # which is there once bpy is

    hiss(path)
    whole = aud.Sound(str(path)).rechannel(1).data()[:, 0]
    early, rate = from_start(path, -0.5, 1.0, 60.0)
    assert rate == RATE
    assert np.array_equal(early[:, 0], whole[RATE // 2 :])


@pytest.mark.parametrize("pitch", [0.1, 0.5, 2.0, 10.0])
def test_a_pitch_makes_it_higher_and_shorter(strip: Any, tmp_path: Path, pitch: float) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, np.sin(2 * np.pi * 400 * np.arange(8 * RATE) / RATE), RATE)
    samples, rate = from_start(path, 0.0, pitch, 4.0)
    assert len(samples) / rate == pytest.approx(min(4.0, 8.0 / pitch), abs=0.01)
    spectrum = np.abs(np.fft.rfft(samples[:, 0]))
    assert spectrum.argmax() * rate / len(samples) == pytest.approx(400 * pitch, rel=0.01)


def test_a_sound_that_ended_before_the_clip_is_silent(strip: Any, tmp_path: Path) -> None:
    hiss(tmp_path / "a.wav", 1.0)
    samples, _ = from_start(tmp_path / "a.wav", -5.0, 1.0, 4.0)
    assert len(samples)
    assert not samples.any()


def test_what_is_no_sound_is_named(strip: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(See2SoundError, match="'Dog'"):
        from_start(tmp_path / "a.wav", 1.0, 1.0, 4.0)


def test_the_longer_a_sound_the_more_pauses(strip: Any, tmp_path: Path) -> None:
    hiss(tmp_path / "long.wav", 300.0)
    sound = heard.Played("Dog", tmp_path / "long.wav", None, 0.5, 1.0)
    assert len(list(heard.from_start(sound, 300.0))) > 10
    packed = heard.Played("Dog", Path("x.wav"), (tmp_path / "long.wav").read_bytes(), 0.5, 1.0)
    assert len(list(heard.from_start(packed, 300.0))) > 30


def test_a_broken_off_write_leaves_nothing(strip: Any, tmp_path: Path) -> None:
    hiss(tmp_path / "a.wav", 60.0)
    work = heard.from_start(heard.Played("Dog", tmp_path / "a.wav", None, 0.5, 1.0), 60.0)
    for _ in range(3):
        next(work)
    work.close()
    samples, _ = from_start(tmp_path / "a.wav", 0.5, 1.0, 60.0)
    assert len(samples) == 60 * RATE


def test_making_sounds_asks_for_no_sounds(strip: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    collection = place(scene, strip, source("s1", (0, 90, 0)), folder=tmp_path)
    hiss(tmp_path / "gone.wav", 0.5)
    speaker(collection, "s1").data.sound = bpy.data.sounds.load(str(tmp_path / "gone.wav"))
    settings = collection.see2sound
    settings.room_size, settings.room_kind, settings.room_fits = (5, 5, 3), "CUSTOM", False
    (tmp_path / "gone.wav").unlink()
    told = run(export.to_sound_scene(scene, strip, collection, for_mix=False))
    assert [s.sound for s in told.sources] == [None]
    assert told.room is None
    with pytest.raises(See2SoundError, match=r"gone\.wav"):
        exported(scene, strip, collection)
