"""What moves is found, followed as one thing, and timed; the camera's own motion is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.progress import Progress, silent
from blender_see2sound.core.regions.built_in.finder import DraftFinder
from blender_see2sound.core.regions.protocol import Region
from blender_see2sound.core.regions.tracks.linking import link
from blender_see2sound.core.regions.tracks.tracklets import Tracklet

from .moving_clips import Picture, film, ground, paste, thing
from .timed_clips import Sprite, bouncing, scene

GROUND = ground()
WIDE = ground(900, 260, seed=3)
RED = thing(40, 26, (210, 40, 40))
BLUE = thing(26, 52, (40, 60, 200), seed=9)
GREEN = thing(36, 36, (40, 170, 60), seed=11)


def found(
    folder: Path, draw: Callable[[float], Picture], seconds: float, progress: Progress = silent
) -> list[Region]:
    path = film(folder / "clip.mp4", draw, seconds)
    with open_clip(ClipRange(path)) as clip:
        return DraftFinder().find(clip, 5, progress)


def moving(regions: list[Region]) -> list[Region]:
    return [region for region in regions if region.moving]


def centre_at(region: Region, times: np.ndarray) -> np.ndarray:
    """Centres of the box, (T, 2)."""
    middle = (region.boxes[:, :2] + region.boxes[:, 2:]) / 2
    return np.column_stack([np.interp(times, region.times, middle[:, k]) for k in (0, 1)])


def presence_at(region: Region, time: float) -> float:
    return float(np.interp(time, region.times, region.presence))


def miss(region: Region, path: Callable[[float], Any], seconds: float) -> float:
    """Median distance between the box's centre and where the thing is, pixels."""
    times = np.arange(0.2, seconds - 0.2, 0.1)
    true = np.array([path(t) for t in times])
    return float(np.median(np.linalg.norm(centre_at(region, times) - true, axis=1)))


def test_a_thing_that_crosses_is_found_where_it_is(tmp_path: Path) -> None:
    def draw(t: float) -> Picture:
        picture = GROUND.copy()
        paste(picture, RED, 40 + 90 * t, 120)
        return picture

    (region,) = moving(found(tmp_path, draw, 2.0))
    assert miss(region, lambda t: (40 + 90 * t, 120), 2.0) < 4
    assert region.presence.min() == 1.0
    assert region.stands
    width, height = (region.boxes[:, 2:] - region.boxes[:, :2]).mean(0)
    assert width == pytest.approx(40, abs=8)
    assert height == pytest.approx(26, abs=6)
    assert region.look.speed == pytest.approx(90 / 320, rel=0.15)


def test_a_panning_camera_does_not_move_the_ground(tmp_path: Path) -> None:
    def draw(t: float) -> Picture:
        x = round(40 + 70 * t)
        picture = WIDE[40:220, x : x + 320].copy()
        paste(picture, RED, 60 + 80 * t, 120)
        return picture

    (region,) = moving(found(tmp_path, draw, 2.5))
    assert miss(region, lambda t: (60 + 80 * t, 120), 2.5) < 4
    # Across the ground it goes as fast as across the picture and as the camera together.
    assert region.look.speed == pytest.approx(150 / 320, rel=0.15)


def test_a_shaking_camera_moves_nothing(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    shakes = iter(random.integers(-5, 6, (100, 2)))

    def draw(t: float) -> Picture:
        dx, dy = next(shakes)
        return WIDE[40 + dy : 220 + dy, 300 + dx : 620 + dx].copy()

    assert moving(found(tmp_path, draw, 2.0)) == []


def test_behind_a_pole_it_stays_one_thing(tmp_path: Path) -> None:
    pole = thing(60, 180, (90, 90, 95), seed=5)

    def draw(t: float) -> Picture:
        picture = GROUND.copy()
        paste(picture, RED, 20 + 110 * t, 110)
        paste(picture, pole, 160, 90)
        return picture

    (region,) = moving(found(tmp_path, draw, 2.6))
    assert region.presence.min() == 1.0
    assert miss(region, lambda t: (20 + 110 * t, 110), 2.6) < 12


def test_two_that_cross_keep_their_identity(tmp_path: Path) -> None:
    def draw(t: float) -> Picture:
        picture = GROUND.copy()
        paste(picture, RED, 40 + 80 * t, 100)
        paste(picture, BLUE, 280 - 80 * t, 104)
        return picture

    regions = moving(found(tmp_path, draw, 3.0))
    assert len(regions) == 2
    red, blue = sorted(regions, key=lambda r: r.look.colour[2], reverse=True)
    assert miss(red, lambda t: (40 + 80 * t, 100), 3.0) < 6
    assert miss(blue, lambda t: (280 - 80 * t, 104), 3.0) < 6


def test_out_of_the_picture_it_is_silent_and_comes_back_the_same(tmp_path: Path) -> None:
    def draw(t: float) -> Picture:
        picture = GROUND.copy()
        out = 200 + 150 * t if t < 1.5 else 200 + 150 * (3.2 - t)
        paste(picture, RED, out, 120)  # gone from 0.93 to 2.27 s
        return picture

    (region,) = moving(found(tmp_path, draw, 3.2))
    assert presence_at(region, 0.5) == 1.0
    assert max(presence_at(region, t) for t in (1.3, 1.6, 1.9)) == 0.0
    assert presence_at(region, 2.8) == 1.0
    gone = centre_at(region, np.array([1.3, 1.6, 1.9]))
    assert (gone[:, 0] > 290).all()


def test_what_stops_is_still_there(tmp_path: Path) -> None:
    def draw(t: float) -> Picture:
        picture = GROUND.copy()
        paste(picture, RED, 60 + 90 * min(t, 1.0) + 90 * max(t - 1.8, 0), 120)
        return picture

    (region,) = moving(found(tmp_path, draw, 2.8))
    assert region.presence.min() == 1.0
    assert centre_at(region, np.array([1.6]))[0, 0] == pytest.approx(150, abs=6)


def test_a_track_does_not_cross_a_cut(tmp_path: Path) -> None:
    other = (ground(seed=77, grain=9) * np.array([0.5, 0.8, 1.2])).clip(0, 255).astype(np.uint8)

    def draw(t: float) -> Picture:
        picture = GROUND.copy() if t < 1.5 else other.copy()
        if t < 1.5:
            paste(picture, RED, 60 + 80 * t, 110)
        else:
            paste(picture, GREEN, 180 + 80 * (t - 1.5), 110)
        return picture

    regions = moving(found(tmp_path, draw, 3.0))
    assert len(regions) == 2
    for region in regions:
        assert {presence_at(region, 0.7), presence_at(region, 2.3)} == {0.0, 1.0}


@pytest.mark.parametrize("kind", ["still", "black"])
def test_where_nothing_moves_nothing_is_said_to(tmp_path: Path, kind: str) -> None:
    picture = GROUND if kind == "still" else np.zeros_like(GROUND)
    regions = found(tmp_path, lambda _: picture, 1.0)
    assert moving(regions) == []
    assert (regions == []) == (kind == "black")


def test_noise_is_nothing(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    regions = found(tmp_path, lambda _: random.integers(0, 256, (90, 160, 3), dtype=np.uint8), 1.0)
    assert [region.look.stuff for region in regions] == ["background"]


def test_the_same_clip_gives_the_same_regions_and_progress_rises(tmp_path: Path) -> None:
    def draw(t: float) -> Picture:
        picture = GROUND.copy()
        paste(picture, RED, 40 + 90 * t, 120)
        paste(picture, BLUE, 290 - 60 * t, 90)
        return picture

    told: list[float] = []
    first = found(tmp_path, draw, 1.2, lambda _, fraction: told.append(fraction))
    with open_clip(ClipRange(tmp_path / "clip.mp4")) as clip:
        second = DraftFinder().find(clip, 5, silent)
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.boxes, b.boxes)
        assert np.array_equal(a.presence, b.presence)
        assert np.array_equal(a.thumbnail, b.thumbnail)
    assert told == sorted(told)
    assert told[-1] == 1.0
    with open_clip(ClipRange(tmp_path / "clip.mp4")) as clip:
        assert len(DraftFinder().find(clip, 1, silent)) == 1


@pytest.mark.parametrize("size", [(16, 16), (300, 16), (16, 200)])
def test_tiny_pictures_do_no_harm(tmp_path: Path, size: tuple[int, int]) -> None:
    import cv2

    path = tmp_path / "tiny.png"
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), 128, np.uint8))
    with open_clip(ClipRange(path)) as clip:
        assert DraftFinder().find(clip, 5, silent) == []


BALL = (24, 24)


def filmed(folder: Path, draw: Callable[[float], Picture], seconds: float) -> list[Region]:
    path = film(folder / "clip.mp4", draw, seconds, 24)
    with open_clip(ClipRange(path)) as clip:
        return moving(DraftFinder().find(clip, 5, silent))


@pytest.mark.parametrize("shake", [0.0, 4.0], ids=["still", "in-the-hands"])
def test_a_ball_stays_one_through_its_bounces(tmp_path: Path, shake: float) -> None:
    """It goes farther than its width from picture to picture, and turns within one."""
    way, _ = bouncing(155.0, 120.0, 700.0, 0.85, 60.0, 55.0)

    def shaken(t: float) -> tuple[float, float]:
        return shake * math.sin(7 * t), shake * math.sin(9 * t + 1)

    draw = scene([Sprite(BALL, (200, 60, 50), way, True)], shaken)
    (region,) = filmed(tmp_path, draw, 3.0)
    assert region.presence.min() == 1.0
    assert miss(region, lambda t: np.add(way(t), shaken(t)), 3.0) < 6


def test_two_alike_balls_that_bounce_past_each_other_keep_to_their_ways(tmp_path: Path) -> None:
    right, _ = bouncing(155.0, 110.0, 700.0, 0.85, 50.0, 75.0)
    left, _ = bouncing(150.0, 70.0, 700.0, 0.9, 270.0, -75.0)
    balls = [Sprite(BALL, (200, 60, 50), way, True) for way in (right, left)]
    regions = filmed(tmp_path, scene(balls), 2.8)
    assert len(regions) == 2
    first, second = sorted(regions, key=lambda r: r.boxes[0, 0])
    assert miss(first, right, 2.8) < 6
    assert miss(second, left, 2.8) < 6


def test_what_comes_elsewhere_is_not_what_went(tmp_path: Path) -> None:
    """A ball bounces behind a wall; later one like it falls on the other side."""
    goes, _ = bouncing(155.0, 100.0, 700.0, 0.85, 40.0, 60.0)
    comes, _ = bouncing(120.0, 90.0, 700.0, 0.85, 285.0, 0.0)
    wall = Sprite((70, 180), (90, 90, 95), lambda t: (140.0, 90.0), seed=5)
    balls = [
        Sprite(BALL, (200, 60, 50), lambda t: goes(t) if t < 1.8 else None, True),
        Sprite(BALL, (200, 60, 50), lambda t: comes(t - 1.8) if t > 1.8 else None, True),
    ]
    regions = filmed(tmp_path, scene([*balls, wall]), 3.4)
    assert len(regions) == 2
    gone, come = sorted(regions, key=lambda r: r.boxes[0, 0])
    assert presence_at(gone, 1.0) == 1.0
    assert presence_at(gone, 3.0) == 0.0
    assert presence_at(come, 1.0) == 0.0
    assert presence_at(come, 3.0) == 1.0


def test_a_bounce_between_two_stretches_does_not_part_a_ball() -> None:
    """It falls up to the end of one tracklet and rises from the begin of the next."""
    falls, rises = tracklet(0.0, 30.0, 30.0), tracklet(0.5, 150.0, -30.0)
    elsewhere = tracklet(0.5, 150.0, -30.0, x=260.0)
    joined = link([falls, rises, elsewhere], (320, 180), silent)
    assert [[id(t) for t in chain] for chain in joined] == [[id(falls), id(rises)], [id(elsewhere)]]


def tracklet(start: float, y: float, step: float, x: float = 100.0) -> Tracklet:
    """Half a second of a ball 20 pixels wide that goes `step` pixels down a frame."""
    times = start + 0.1 * np.arange(5)
    middles = np.column_stack([np.full(5, x), y + step * np.arange(5)])
    velocity = np.array([0.0, 10.0 * step])
    colours = np.zeros(256)
    colours[40] = 1.0
    return Tracklet(
        0, times, np.hstack([middles - 10, middles + 10]), np.full(5, 314.0), np.full(5, 300.0),
        colours, velocity, velocity, np.array([120.0, 160.0, 150.0]), 0.1, 0.0, 0.1,
    )  # fmt: skip
