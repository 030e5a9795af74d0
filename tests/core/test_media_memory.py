"""Grey pictures that one pass through a movie keeps for the next."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.media import memory as memory_module
from blender_see2sound.core.media.memory import Memory

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
