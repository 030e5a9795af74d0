"""Movies are read as they are shown: at each moment the right picture, upright, in clip time."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.media import ClipRange, open_clip
from tests.core.clips import SHARED
from tests.core.media_files import SIZE, number_of, numbered, write_movie, write_numbered


def numbers(clip_range: ClipRange, rate: float, width: int = 96) -> list[int]:
    with open_clip(clip_range) as clip:
        return [number_of(frame.image) for frame in clip.frames(rate, width)]


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 pictures at 24 a second, a keyframe each 12."""
    return write_numbered(tmp_path_factory.mktemp("movies") / "numbered.mp4", 48)


def test_says_what_it_is(movie: Path) -> None:
    with open_clip(ClipRange(movie)) as clip:
        assert clip.kind == "movie"
        assert clip.size == SIZE
        assert clip.frame_rate == pytest.approx(24)
        assert clip.duration == pytest.approx(2.0)


def test_its_own_rate_gives_every_picture_once(movie: Path) -> None:
    assert numbers(ClipRange(movie), 24) == list(range(48))


def test_frames_bear_clip_times_and_the_asked_size(movie: Path) -> None:
    with open_clip(ClipRange(movie, start=0.5)) as clip:
        frames = list(clip.frames(10, 48))
    assert [frame.time for frame in frames] == [k / 10 for k in range(15)]
    assert {frame.image.shape for frame in frames} == {(32, 48, 3)}
    assert all(frame.image.dtype == np.uint8 for frame in frames)


def test_small_movies_are_not_enlarged(movie: Path) -> None:
    with open_clip(ClipRange(movie)) as clip:
        assert next(clip.frames(1, 4000)).image.shape == (64, 96, 3)


@pytest.mark.parametrize("rate", [6.0, 48.0, 7.3])
def test_another_rate_gives_the_picture_shown_at_each_time(movie: Path, rate: float) -> None:
    expected = [int(k / rate * 24 + 0.024) for k in range(int(np.ceil(2 * rate)))]
    assert numbers(ClipRange(movie), rate) == expected


def test_a_range_is_a_part_of_the_movie(movie: Path) -> None:
    assert numbers(ClipRange(movie, start=0.75, duration=0.5), 24) == list(range(18, 30))


def test_a_range_ends_with_the_movie(movie: Path) -> None:
    with open_clip(ClipRange(movie, start=1.5, duration=9.0)) as clip:
        assert clip.duration == pytest.approx(0.5)


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30000, 1001), Fraction(60)])
@pytest.mark.parametrize("suffix", ["mkv", "mov", "ts", "avi"])
def test_no_container_makes_pictures_repeat_or_miss(
    tmp_path: Path, rate: Fraction, suffix: str
) -> None:
    path = write_numbered(tmp_path / f"clip.{suffix}", 40, rate)
    assert numbers(ClipRange(path), float(rate)) == list(range(40))


def test_variable_frame_rate_shows_what_is_shown_at_the_time(tmp_path: Path) -> None:
    moments = [0.0, 0.1, 0.13, 0.5, 1.4, 1.5]
    images = [numbered(k) for k in range(6)]
    path = write_movie(tmp_path / "phone.mp4", images, Fraction(30), moments=moments)
    expected = [int(np.searchsorted(moments, k / 50 + 1e-6, "right")) - 1 for k in range(75)]
    assert numbers(ClipRange(path, duration=1.5), 50) == expected


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_is_applied(tmp_path: Path, rotation: int) -> None:
    image = np.full((64, 96, 3), 30, np.uint8)
    image[:32, :48] = 220  # the stored picture is light at its top left
    path = write_movie(tmp_path / "turned.mp4", [image] * 4, rotation=rotation)
    upright = np.rot90(image, rotation // 90)  # a display matrix turns counterclockwise
    with open_clip(ClipRange(path)) as clip:
        assert clip.size == (upright.shape[1], upright.shape[0])
        seen = clip.frame_at(0).image.astype(int)
    assert np.abs(seen - upright).mean() < 8


def test_pixel_aspect_is_applied(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "wide.mp4", 3, pixel_aspect=Fraction(2))
    with open_clip(ClipRange(path)) as clip:
        assert clip.size == (192, 64)
        assert clip.frame_at(0).image.shape == (64, 192, 3)
        assert next(clip.frames(1, 96)).image.shape == (32, 96, 3)


def test_frame_at_jumps_anywhere(movie: Path) -> None:
    with open_clip(ClipRange(movie, start=0.25)) as clip:
        for time in (1.0, 0.2, 1.6, 0.0, 0.9, 99.0, -1.0):
            held = min(max(time, 0.0), 1.75)
            frame = clip.frame_at(time)
            assert frame.time == pytest.approx(held)
            assert number_of(frame.image) == min(int((0.25 + held) * 24 + 0.024), 47)


def test_frame_at_between_frames_of_a_running_stream(movie: Path) -> None:
    with open_clip(ClipRange(movie)) as clip:
        stream = clip.frames(24, 96)
        first = [number_of(f.image) for f in itertools.islice(stream, 5)]
        assert number_of(clip.frame_at(1.5).image) == 36
        assert first + [number_of(f.image) for f in stream] == list(range(48))


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_seeking_over_long_gaps_finds_the_same_pictures(tmp_path: Path, suffix: str) -> None:
    path = write_numbered(tmp_path / f"long.{suffix}", 250, Fraction(4), gop=20)
    with open_clip(ClipRange(path)) as clip:
        assert clip.duration == pytest.approx(62.5)
        seen = [number_of(f.image) for f in clip.frames(1 / 17.3, 96)]
    assert seen == [0, 69, 138, 207]


def test_reversed(movie: Path) -> None:
    backward = ClipRange(movie, time_map=((0.0, 2.0 - 1 / 48), (2.0, -1 / 48)))
    with open_clip(backward) as clip:
        assert clip.duration == pytest.approx(2.0)
    assert numbers(backward, 24) == list(range(47, -1, -1))


def test_slow_motion_freeze_and_back(movie: Path) -> None:
    there_and_back = ((0.0, 0.0), (1.0, 0.5), (2.0, 0.5), (2.25, 0.0))
    clip_range = ClipRange(movie, start=1.0, time_map=there_and_back)
    expected = [0, 1, 3, 4, 6, 7, 9, 10] + [12] * 9  # at 8 a second: half speed, then frozen
    assert numbers(clip_range, 8)[:17] == expected
    assert numbers(clip_range, 8)[17] == 6


def test_outside_the_movie_a_time_map_holds_its_ends(movie: Path) -> None:
    clip_range = ClipRange(movie, time_map=((0.0, -1.0), (4.0, 3.0)))
    seen = numbers(clip_range, 24)
    assert seen == [0] * 24 + list(range(48)) + [47] * 24


@given(
    st.lists(st.tuples(st.floats(0.1, 1.0), st.floats(0.0, 1.95)), min_size=2, max_size=5),
    st.sampled_from([5.0, 12.0, 24.0]),
)
@settings(max_examples=25, deadline=None)
def test_any_retiming_shows_the_picture_of_its_media_time(
    movie: Path, steps: list[tuple[float, float]], rate: float
) -> None:
    clip_times = np.concatenate([[0.0], np.cumsum([s[0] for s in steps])[:-1]])
    pairs = tuple((float(t), s[1]) for t, s in zip(clip_times, steps, strict=True))
    seen = numbers(ClipRange(movie, time_map=pairs), rate)
    media = np.interp(np.arange(len(seen)) / rate, clip_times, [s[1] for s in steps])
    # A picture counts as shown a millisecond early (rounded time stamps).
    low, high = np.floor(media * 24 - 1e-6), np.floor((media + 0.001) * 24 + 1e-6)
    assert np.all((low <= seen) & (seen <= high))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared clips are not here")
def test_real_footage_streams_whole() -> None:
    with open_clip(ClipRange(SHARED / "dog.mp4", start=9.0)) as clip:
        frames = list(clip.frames(30, 320))
    assert len(frames) == 20
    assert {f.image.shape for f in frames} == {(180, 320, 3)}
    assert min(f.image.std() for f in frames) > 20
