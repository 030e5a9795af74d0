"""The maker takes sounds from the person's own recordings, and says from which."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from blender_see2sound.core import parts
from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.cli import run
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.pipeline import make_sounds
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import SoundScene, Source
from blender_see2sound.core.scene_file import write_scene
from blender_see2sound.core.sounds import Making
from blender_see2sound.core.sounds.library.maker import LibraryMaker
from blender_see2sound.core.sounds.library.reading import LONGEST, WHOLE, read_part
from blender_see2sound.core.sounds.origin import read_origin
from blender_see2sound.core.sounds.protocol import Made

from .sounding import clip_of, power, rms, still


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-cache"))


def tone(hertz: float, seconds: float, rate: int = SAMPLE_RATE) -> NDArray[np.float32]:
    return (0.2 * np.sin(2.0 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(
        np.float32
    )


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    (folder / "pets").mkdir(parents=True)
    # Each is told from the others by its pitch.
    soundfile.write(folder / "pets/Dog bark one.wav", tone(300, 3.0), SAMPLE_RATE)
    soundfile.write(folder / "pets/Dog bark two.flac", tone(600, 3.0, 44_100), 44_100)
    soundfile.write(folder / "pets/Dog bark three.ogg", tone(900, 3.0, 32_000), 32_000)
    soundfile.write(folder / "Rain.mp3", tone(1500, 3.0), SAMPLE_RATE)
    return folder


def takes(source: Source, library: Path | None, count: int = 1, seconds: float = 5.0) -> list[Made]:
    making = Making(candidates=count, library=library)
    (made,) = LibraryMaker(Computing()).make([source], clip_of(seconds), making, silent)
    return list(made)


def heard(take: Made) -> NDArray[np.float32]:
    return np.concatenate(list(take.blocks))


def pitch(sound: NDArray[np.float32]) -> float:
    hertz, density = power(sound)
    return float(hertz[np.argmax(density)])


def test_the_recording_that_fits_is_heard_all_along(library: Path) -> None:
    (take,) = takes(still("heavy rain"), library)
    sound = heard(take)
    assert len(sound) == 5 * SAMPLE_RATE
    assert pitch(sound) == pytest.approx(1500, abs=5)
    assert take.origin.recording == "Rain.mp3"
    assert not take.origin.synthetic
    assert 0.0 < float(take.origin.settings["score"] or 0.0) <= 1.0


def test_each_seed_has_the_next_recording(library: Path) -> None:
    def of(seed: int) -> str:
        return takes(still("a dog barking", seed=seed), library)[0].origin.recording

    files = [of(seed) for seed in (1, 2, 3, 4)]
    assert len(set(files[:3])) == 3
    assert files[3] == files[0]
    assert of(2) == files[1]


def test_takes_are_different_recordings(library: Path) -> None:
    made = takes(still("a dog barking"), library, count=8)
    assert len({take.origin.recording for take in made}) == len(made) == 3
    pitches = {round(pitch(heard(take)), -2) for take in made}
    assert pitches == {300, 600, 900}


def test_a_silent_recording_gives_way_to_the_next(library: Path) -> None:
    chosen = takes(still("a dog barking"), library)[0].origin.recording
    soundfile.write(library / chosen, np.zeros(96_000, np.float32), SAMPLE_RATE)
    other = takes(still("a dog barking"), library)[0].origin.recording
    assert other != chosen
    soundfile.write(library / "Rain.mp3", np.zeros(96_000, np.float32), SAMPLE_RATE)
    (told,) = LibraryMaker().make([still("rain")], clip_of(2.0), Making(library=library), silent)
    assert re.search(r"s1.*Rain\.mp3.*silent", str(told))


def test_sources_that_nothing_fits_are_named_and_the_others_sound(
    tmp_path: Path, library: Path
) -> None:
    sources = tuple(
        dataclasses.replace(still(prompt), id=name)
        for name, prompt in (("a", "a trumpet"), ("b", "rain"), ("c", "a whale"))
    )
    scene, making = tmp_path / "scene.json", Making(library=library)
    write_scene(SoundScene(clip_of(2.0), sources), scene)
    done = make_sounds(scene, maker="library", making=making)
    assert done.made == ("b",)
    about = "\n".join(done.warnings)
    assert "'a' ('a trumpet')" in about
    assert "'c' ('a whale')" in about
    assert "4 recordings" in about
    assert "rain" not in about
    with pytest.raises(See2SoundError, match="a whale"):
        make_sounds(scene, maker="library", making=making, only=["c"])


def test_without_a_library_it_says_what_to_do() -> None:
    with pytest.raises(See2SoundError, match="--library") as caught:
        takes(still("rain"), None)
    assert caught.value.kind == "bad-request"


def test_a_scene_keeps_word_of_its_recordings(tmp_path: Path, library: Path) -> None:
    scene = tmp_path / "scene.json"
    write_scene(SoundScene(clip_of(2.0), (still("rain"),)), scene)
    done = make_sounds(scene, maker="library", making=Making(library=library))
    assert done.made == ("s1",)
    origin = read_origin(tmp_path / "sounds/s1.wav")
    assert origin is not None
    assert (origin.maker, origin.recording) == ("library", "Rain.mp3")
    with soundfile.SoundFile(tmp_path / "sounds/s1.wav") as file:
        assert "Rain.mp3" in file.comment


def test_the_library_is_a_maker_among_others() -> None:
    assert isinstance(parts.load("maker", "library"), LibraryMaker)


def test_the_command_searches(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (library / "broken.wav").write_text("nothing")
    assert run(["library", str(library), "--search", "a hound barks", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == 4
    assert list(told["broken"]) == ["broken.wav"]
    assert {hit["path"] for hit in told["hits"]} == {
        f"pets/Dog bark {name}" for name in ("one.wav", "two.flac", "three.ogg")
    }
    assert run(["library", str(library), "--search", "a trumpet"]) == 0
    assert "nothing fits" in capsys.readouterr().out
    assert run(["library", str(library / "nowhere")]) == 2


# ------------------------------------------------------------------ reading


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_any_rate_is_read(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(1000, 1.5, rate), rate)
    sound = read_part(path, 1.0, 1, silent).samples
    assert len(sound) == pytest.approx(1.5 * SAMPLE_RATE, abs=2)
    assert pitch(sound) == pytest.approx(1000, abs=5)
    assert rms(sound) == pytest.approx(0.2 / np.sqrt(2.0), rel=0.02)


@pytest.mark.parametrize("second", [1.0, 0.0, -1.0])
def test_channels_do_not_cancel_each_other(tmp_path: Path, second: float) -> None:
    path = tmp_path / "x.wav"
    both = np.stack([tone(500, 1.0), second * tone(500, 1.0)], axis=1)
    soundfile.write(path, both, SAMPLE_RATE)
    assert rms(read_part(path, 1.0, 1, silent).samples) > 0.4 * 0.2 / np.sqrt(2.0)


def test_of_a_long_recording_a_good_part_is_read(tmp_path: Path) -> None:
    """Five minutes, in which it rains in the third only."""
    path = tmp_path / "x.flac"
    rng = np.random.default_rng(1)
    with soundfile.SoundFile(path, "w", 8_000, 1) as file:
        for second in range(300):
            loud = 0.2 if 120 <= second < 200 else 1e-3
            file.write(rng.normal(0.0, loud, 8_000))
    part = read_part(path, 20.0, 1, silent)
    assert len(part.samples) == WHOLE * SAMPLE_RATE
    assert 115.0 <= part.begins <= 145.0
    assert rms(part.samples) > 0.15
    assert len(read_part(path, 7200.0, 1, silent).samples) == LONGEST * SAMPLE_RATE


def test_a_file_that_is_shorter_than_it_says_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    soundfile.write(path, tone(500, 2.0), SAMPLE_RATE)
    with path.open("r+b") as file:
        file.truncate(96_044)
    assert 0.5 < len(read_part(path, 2.0, 1, silent).samples) / SAMPLE_RATE < 1.5
