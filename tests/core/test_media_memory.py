"""Grey pictures that one pass through a movie keeps for the next."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from blender_see2sound.core.media import ClipRange, open_clip, pictures
from blender_see2sound.core.media import memory as memory_module
from blender_see2sound.core.media.memory import Memory

from .clips import write_movie

MOVIE = Path(__file__).resolve().parents[2] / "examples" / "scene-stop.mp4"


@pytest.mark.parametrize("start", [0.0, 1.7])
def test_what_was_remembered_is_what_is_decoded(start: float) -> None:
    with open_clip(ClipRange(MOVIE, start=start)) as clip:
        fresh = list(clip.greys(60.0, 160))
        clip.remember(160)
        assert sum(1 for _ in clip.frames(10.0, 320)) > 30
        again = list(clip.greys(60.0, 160))
    assert [frame.time for frame in again] == [frame.time for frame in fresh]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(again, fresh, strict=True))


@pytest.mark.parametrize("size", [(318, 180), (90, 160), (22, 18)])
def test_pictures_of_any_width_are_remembered(tmp_path: Path, size: tuple[int, int]) -> None:
    movie = write_movie(tmp_path / "clip.mp4", seconds=0.5, size=size)
    with open_clip(ClipRange(movie)) as clip:
        fresh = list(clip.greys(60.0, 320))
        clip.remember(320)
        assert list(clip.frames(10.0, 320))
        again = list(clip.greys(60.0, 320))
    assert len(again) == len(fresh) == 12
    assert all(np.array_equal(a.image, b.image) for a, b in zip(again, fresh, strict=True))


def test_pictures_of_a_sequence_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(3)
    for number in range(12):
        picture = random.integers(0, 255, (60, 100, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"shot_{number}.png"), picture)
    with open_clip(ClipRange(tmp_path, frame_rate=24.0)) as clip:
        fresh = list(clip.greys(60.0, 50))
    read: list[str] = []
    decode = pictures._decode
    monkeypatch.setattr(
        pictures, "_decode", lambda path, codec: (read.append(path.name), decode(path, codec))[1]
    )
    with open_clip(ClipRange(tmp_path, frame_rate=24.0)) as clip:
        clip.remember(50)
        read.clear()
        assert len(list(clip.frames(12.0, 80))) == 6
        first = sorted(read[1:])  # to open a reader is to look at one
        again = list(clip.greys(60.0, 50))
    assert len(first) == 6
    assert not set(first) & set(read[len(first) + 2 :])
    assert [frame.time for frame in again] == [frame.time for frame in fresh]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(again, fresh, strict=True))


def test_a_pass_that_ends_early_leaves_nothing_out() -> None:
    with open_clip(ClipRange(MOVIE)) as clip:
        clip.remember(160)
        next(clip.frames(10.0, 320))
        assert len(list(clip.greys(60.0, 160))) > 80


def test_too_much_is_not_kept() -> None:
    memory = Memory(160, most=40_000)
    for number in range(5):
        memory.take(float(number), np.zeros((90, 160), np.uint8))
    memory.finish()
    assert not memory.whole


def test_a_long_clip_goes_into_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "IN_MEMORY", 100_000)
    with open_clip(ClipRange(MOVIE)) as clip:
        fresh = list(clip.greys(60.0, 160))
        clip.remember(160)
        assert sum(1 for _ in clip.frames(10.0, 320)) > 30
        again = list(clip.greys(60.0, 160))
    assert sum(frame.image.nbytes for frame in again) > 1_000_000
    assert [frame.time for frame in again] == [frame.time for frame in fresh]
    assert all(np.array_equal(a.image, b.image) for a, b in zip(again, fresh, strict=True))


def test_a_disk_that_is_nearly_full_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "IN_MEMORY", 40_000)
    full = shutil.disk_usage("/")._replace(free=160_000)
    monkeypatch.setattr(memory_module.shutil, "disk_usage", lambda path: full)
    memory = Memory(160)
    for number in range(5):
        memory.take(float(number), np.zeros((90, 160), np.uint8))
    memory.finish()
    assert not memory.whole


def test_a_disk_that_fills_up_means_decoding_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def seek(self, place: int) -> None: ...

        def write(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(memory_module.tempfile, "SpooledTemporaryFile", lambda size: Full())
    with open_clip(ClipRange(MOVIE)) as clip:
        clip.remember(160)
        assert sum(1 for _ in clip.frames(10.0, 320)) > 30
        assert len(list(clip.greys(60.0, 160))) > 80
