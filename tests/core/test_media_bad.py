"""Every bad medium is an error that names the file, and nothing is printed by decoders."""

from __future__ import annotations

import math
import os
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.media import ClipRange, open_clip
from tests.core.media_files import number_of, numbered, write_movie, write_numbered
from tests.core.test_media_pictures import write_pictures, write_still


@pytest.fixture(autouse=True)
def nothing_printed(capfd: pytest.CaptureFixture[str]):
    """Decoders must not write to the terminal, nor into the worker's protocol."""
    yield
    assert capfd.readouterr() == ("", "")


def fails(clip_range: ClipRange, kind: str, *words: str) -> None:
    with pytest.raises(See2SoundError) as caught, open_clip(clip_range) as clip:
        for _ in clip.frames(24, 96):
            pass
    assert caught.value.kind == kind
    for word in words:
        assert word in str(caught.value)


def test_missing(tmp_path: Path) -> None:
    for name in ("none.mp4", "none.png", "none/none.mp4", "none_%04d.png"):
        fails(ClipRange(tmp_path / name), "missing-file", name)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may read all")
@pytest.mark.parametrize("name", ["a.mp4", "a.png"])
def test_not_permitted(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    path.chmod(0)
    fails(ClipRange(path), "no-permission", name)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no such device")
def test_a_device_is_not_a_file() -> None:
    fails(ClipRange(Path("/dev/zero")), "bad-media", "/dev/zero", "not a file")


@pytest.mark.parametrize("name", ["a.mp4", "a.png", "a"])
def test_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    fails(ClipRange(tmp_path / name), "bad-media", name, "empty")


@pytest.mark.parametrize("name", ["a.mp4", "a.png", "a.exr", "a.mov", "a"])
@pytest.mark.parametrize("content", [b"not a medium\n" * 50, bytes(5000), b"\x89PNG\r\n\x1a\n"])
def test_rubbish(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    fails(ClipRange(tmp_path / name), "bad-media", name)


def test_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see")
    fails(ClipRange(tmp_path), "bad-media", str(tmp_path), "no pictures")


def test_a_null_in_the_name() -> None:
    for name in ("a\0b.mp4", "a\0b.png"):
        fails(ClipRange(Path(name)), "bad-media", "null")


def test_only_sound(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    fails(ClipRange(path), "bad-media", "song.wav", "sound but no picture")


def test_too_small(tmp_path: Path) -> None:
    movie = write_movie(tmp_path / "dot.mp4", [np.zeros((2, 2, 3), np.uint8)] * 3)
    fails(ClipRange(movie), "bad-media", "dot.mp4", "2 x 2")
    still = write_still(tmp_path / "dot.png", np.zeros((1, 1, 3), np.uint8))
    fails(ClipRange(still), "bad-media", "dot.png", "1 x 1")


def test_a_movie_without_pictures(tmp_path: Path) -> None:
    whole = write_numbered(tmp_path / "a.mp4", 30, options={"movflags": "faststart"}).read_bytes()
    head = whole.index(b"mdat")
    (tmp_path / "head.mp4").write_bytes(whole[: head + 4])
    fails(ClipRange(tmp_path / "head.mp4"), "bad-media", "head.mp4")


def test_a_cut_off_movie_without_its_index(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "recording.mp4", 48)
    path.write_bytes(path.read_bytes()[:-400])
    fails(ClipRange(path), "bad-media", "recording.mp4", "damaged")


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_of_a_cut_off_movie_what_is_there_is_used(tmp_path: Path, suffix: str) -> None:
    options = {"movflags": "faststart"} if suffix == "mp4" else None
    path = write_numbered(tmp_path / f"copy.{suffix}", 96, options=options)
    with open_clip(ClipRange(path)) as clip:
        whole = clip.duration
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with open_clip(ClipRange(path)) as clip:
        assert 0.3 * whole < clip.duration < 0.8 * whole
        seen = [number_of(f.image) for f in clip.frames(24, 96)]
        assert len(seen) == round(clip.duration * 24)
        assert clip.frame_at(clip.duration).image.shape == (64, 96, 3)
    assert seen[:-6] == list(range(len(seen) - 6))  # the last group may lack its references


def test_a_hole_in_a_movie_leaves_the_rest(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "scratched.ts", 96)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 188 * 10] = np.random.default_rng(1).bytes(188 * 10)
    path.write_bytes(data)
    with open_clip(ClipRange(path)) as clip:
        assert clip.duration == pytest.approx(4.0, abs=0.1)
        seen = [number_of(f.image) for f in clip.frames(24, 96)]
    assert seen[:30] == list(range(30))
    assert seen[-24:] == list(range(72, 96))


def test_a_damaged_still(tmp_path: Path) -> None:
    random = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    path = write_still(tmp_path / "torn.png", random)
    path.write_bytes(path.read_bytes()[:200])
    fails(ClipRange(path), "bad-media", "torn.png", "damaged")


def test_a_sequence_must_keep_its_size(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "shots", [1, 2, 3])
    write_still(folder / "shot_0003.png", numbered(3, (48, 32)))
    fails(ClipRange(folder), "bad-media", "shot_0003.png", "48 x 32", "96 x 64")


def test_a_damaged_picture_of_a_sequence_is_named(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "shots", [1, 2, 3])
    (folder / "shot_0002.png").write_bytes(b"\x89PNG rubbish")
    fails(ClipRange(folder), "bad-media", "shot_0002.png")


def test_a_missing_file_of_a_list_is_named(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "shots", [1, 2])
    files = (folder / "shot_0001.png", folder / "shot_0009.png")
    fails(ClipRange(folder, files=files), "missing-file", "shot_0009.png")


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_numbered(tmp_path_factory.mktemp("movie") / "two.mp4", 48, Fraction(24))


@pytest.mark.parametrize(
    "part",
    [
        {"start": 2.0},
        {"start": 1e9},
        {"start": -0.5},
        {"start": math.nan},
        {"duration": 0.0},
        {"duration": -1.0},
        {"duration": math.inf},
        {"frame_rate": 0.0},
        {"frame_rate": math.nan},
        {"time_map": ((0.0, 0.0), (0.0, 1.0))},
        {"time_map": ((0.0, 0.0), (1.0, math.nan))},
        {"time_map": ((0.0, 1.0),)},
    ],
)
def test_impossible_parts(movie: Path, part: dict) -> None:
    fails(ClipRange(movie, **part), "bad-request", "two.mp4")


def test_odd_paths(tmp_path: Path, movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "Größe 猫"
    folder.mkdir()
    for name in ("concat:a|b.mp4", "http: x.mp4", "100%d.mp4", "-i.mp4", "ünï\n.mp4", "no suffix"):
        path = folder / name
        path.write_bytes(movie.read_bytes())
        with open_clip(ClipRange(path)) as clip:
            assert number_of(clip.frame_at(1.0).image) == 24
    monkeypatch.chdir(folder)
    with open_clip(ClipRange(Path("-i.mp4"))) as clip:
        assert clip.duration == pytest.approx(2.0)


def test_a_file_that_disappears_is_named(tmp_path: Path, movie: Path) -> None:
    path = tmp_path / "gone.mp4"
    path.write_bytes(movie.read_bytes())
    with open_clip(ClipRange(path)) as clip:
        path.unlink()
        with pytest.raises(See2SoundError, match=r"gone\.mp4"):
            list(clip.frames(2, 96))
