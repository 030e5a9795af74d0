"""Tracks are smooth, do not lag, do not overshoot, and bridge gaps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from blender_see2sound.core.placement import positions_of
from blender_see2sound.core.placement.pinhole import angles_of, directions
from blender_see2sound.core.placement.smooth import smooth_track
from blender_see2sound.core.regions.protocol import Look, Region

SIZE = (640, 360)
TIMES = np.arange(60) / 10
THERE = np.ones(60)


def region(boxes: np.ndarray, times: np.ndarray = TIMES, **changes: object) -> Region:
    plain = Region(
        "point", times, boxes, np.ones(len(times)), 1.0, True, True,
        np.zeros((8, 8, 3), np.uint8), Look(),
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def test_steady_motion_stays_as_it_is() -> None:
    line = np.stack([3 * TIMES - 2, 5 - TIMES], 1)
    assert smooth_track(TIMES, line, THERE, 0.3) == pytest.approx(line, abs=1e-9)


def test_uneven_times_make_no_difference() -> None:
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.2, 80))
    line = (4 * times)[:, None]
    assert smooth_track(times, line, np.ones(80), 0.3) == pytest.approx(line, abs=1e-9)


def test_noise_shrinks_and_nothing_lags() -> None:
    times = np.arange(300) / 30
    true = np.sin(2 * np.pi * 0.3 * times)
    noisy = true + np.random.default_rng(1).normal(0, 0.1, 300)
    smooth = smooth_track(times, noisy[:, None], np.ones(300), 0.15)[:, 0]
    assert np.std(smooth - true) < 0.05
    shifts = range(-10, 11)
    likeness = [np.dot(np.roll(smooth, k)[20:-20], true[20:-20]) for k in shifts]
    assert shifts[int(np.argmax(likeness))] == 0


def test_one_glitch_leaves_no_trace() -> None:
    values = (2 * TIMES)[:, None].copy()
    values[30] += 50
    assert smooth_track(TIMES, values, THERE, 0.2)[:, 0] == pytest.approx(2 * TIMES, abs=0.1)


@given(
    arrays(float, (60, 2), elements=st.floats(-1e3, 1e3)),
    arrays(float, 60, elements=st.sampled_from([0.0, 0.4, 1.0])),
    st.floats(0.0, 2.0),
)
def test_nothing_overshoots_and_backwards_is_the_same(
    values: np.ndarray, presence: np.ndarray, seconds: float
) -> None:
    smooth = smooth_track(TIMES, values, presence, seconds)
    seen = values[presence > 0] if presence.any() else values
    assert np.all(smooth >= seen.min(0) - 1e-9)
    assert np.all(smooth <= seen.max(0) + 1e-9)
    back = smooth_track(TIMES[-1] - TIMES[::-1], values[::-1], presence[::-1], seconds)
    assert back[::-1] == pytest.approx(smooth, abs=1e-3)


def test_gaps_are_bridged_and_ends_held() -> None:
    values = np.where(TIMES < 3, 10.0, 20.0)[:, None]
    presence = THERE.copy()
    presence[:5] = presence[20:40] = presence[55:] = 0
    values[presence == 0] = 777.0
    smooth = smooth_track(TIMES, values, presence, 0.3)[:, 0]
    assert smooth[:20] == pytest.approx(10.0)  # not smeared across the gap
    assert smooth[40:] == pytest.approx(20.0)
    assert np.all(np.diff(smooth[19:41]) > 0)


def test_positions_have_the_centres_direction_and_the_distance() -> None:
    boxes = np.array([[100.0, 50, 140, 130]])
    (position,) = positions_of(region(boxes, np.zeros(1)), np.array([7.0]), 70.0, SIZE)
    expected = 7.0 * directions([120, 90], SIZE, 70.0)
    assert position == pytest.approx(expected, abs=1e-9)


def test_a_moving_region_keeps_its_angles() -> None:
    x = 100 + 60 * TIMES
    boxes = np.stack([x - 20, 100 - x * 0 - 30, x + 20, x * 0 + 160], 1)
    positions = np.array(positions_of(region(boxes), np.full(60, 9.0), 60.0, SIZE))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    for seen, true in zip(
        angles_of(positions), angles_of(directions(centres, SIZE, 60.0)), strict=True
    ):
        assert seen == pytest.approx(true, abs=1e-6)
    assert np.linalg.norm(positions, axis=1) == pytest.approx(9.0)
