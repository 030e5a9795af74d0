"""A little change of what is seen is a little change of distance; whatever camera saw it."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.placement.built_in import estimate
from blender_see2sound.core.placement.pinhole import focal_length
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.protocol import Region
from tests.core.clips import EXAMPLE
from tests.core.test_placement_tracks import region

SIZE = (640, 360)
TRUTH = json.loads(EXAMPLE.with_suffix(".json").read_text())
LABELS = {"man": "person", "dog": "animal", "cart": "vehicle"}
TIMES = np.arange(58) / 10


def park(late: float = 0.0, jitter: float = 0.0, seed: int = 0) -> list[Region]:
    """The park as it is seen ten times a second, some seconds late, with noise in pixels."""
    random = np.random.default_rng(seed)
    found = []
    for name, label in LABELS.items():
        thing = {k: np.array(v, float) for k, v in TRUTH["objects"][name].items()}
        frames = np.arange(144) / 24
        boxes = np.stack([np.interp(TIMES + late, frames, b) for b in thing["boxes"].T], 1)
        there = np.interp(TIMES + late, frames, thing["visible"])
        boxes = np.clip(boxes, 0, [640, 360, 640, 360])
        boxes += random.uniform(-jitter, jitter, boxes.shape)
        found.append(region(boxes, TIMES, presence=np.round(there), label=label))
    return found


def true_distances(late: float = 0.0) -> list[np.ndarray]:
    away = [np.linalg.norm(TRUTH["objects"][name]["positions"], axis=1) for name in LABELS]
    return [np.interp(TIMES + late, np.arange(144) / 24, each) for each in away]


def measure(regions: list[Region], fov: float = TRUTH["horizontal_fov"]) -> list[np.ndarray]:
    return estimate(regions, SIZE, fov, silent)


@cache
def measured_park() -> list[np.ndarray]:
    """The distances without delay and noise."""
    return measure(park())


def worst(found: list[np.ndarray], other: list[np.ndarray], regions: list[Region]) -> float:
    """The largest relative difference while a thing is seen."""
    return max(
        float(np.abs(a / b - 1.0)[each.presence > 0].max())
        for a, b, each in zip(found, other, regions, strict=True)
    )


@pytest.mark.parametrize(
    ("late", "jitter"),
    [
        pytest.param(late, jitter, marks=pytest.mark.gate if jitter and late != 0.0208 else ())
        for late in (0.0, 0.0052, 0.0104, 0.0208, 0.0312, 0.0833)
        for jitter in (0.0, 1.0, 2.0)
    ],
)
def test_boxes_a_little_off_and_frames_a_little_late_change_little(
    late: float, jitter: float
) -> None:
    plain = measured_park()
    for seed in range(3 if jitter else 1):
        regions = park(late, jitter, seed)
        found = measure(regions)
        assert worst(found, plain, regions) < 0.15
        assert worst(found, true_distances(late), regions) < 0.3


@pytest.mark.parametrize("first", [0, 20, 40])
def test_feet_that_are_lost_for_a_while_do_not_send_it_away(first: int) -> None:
    regions = park()
    plain = measured_park()
    regions[0].boxes[first : first + 8, 3] -= np.linspace(50, 5, 8)
    assert worst(measure(regions)[:1], plain[:1], regions[:1]) < 0.2


@pytest.mark.gate
@settings(max_examples=12, deadline=None)
@given(st.floats(0.0, 40.0))
def test_there_is_no_cliff_where_the_feet_leave_the_picture(down: float) -> None:
    def at(shift: float) -> list[np.ndarray]:
        regions = park()
        regions[0].boxes[:, [1, 3]] = np.clip(regions[0].boxes[:, [1, 3]] + shift, 0, 360)
        return measure(regions)

    assert worst(at(down), at(down + 0.5), park()) < 0.04


@pytest.mark.parametrize(
    "eye",
    [1.2, pytest.param(1.6, marks=pytest.mark.gate), pytest.param(2.0, marks=pytest.mark.gate)],
)
@pytest.mark.parametrize("tilt", [-4.0, 0.0, 6.0])
@pytest.mark.parametrize("fov", [30.0, 50.0, 75.0])
def test_other_cameras_are_found_out_from_people(eye: float, tilt: float, fov: float) -> None:
    focal, angle = focal_length(SIZE[0], fov), np.radians(tilt)

    def row(level: np.ndarray, height: float) -> np.ndarray:
        return 180 - focal * np.tan(np.arctan2(height, level) + angle)

    def person(level: np.ndarray, across: np.ndarray, tall: float) -> Region:
        middle, half = 320 + focal * across / level, 0.25 * focal / level
        boxes = np.stack([middle - half, row(level, tall - eye), middle + half, row(level, -eye)])
        return region(np.clip(boxes.T, 0, [640, 360, 640, 360]), TIMES, label="person")

    scale = focal / 686.0  # a longer lens looks farther
    near = np.linspace(13, 8, len(TIMES)) * scale
    far = np.full(len(TIMES), 11.0 * scale)
    regions = [
        person(near, 0.5 + 0 * near, 1.75), person(far, np.linspace(-3, 3, len(TIMES)), 1.68),
    ]  # fmt: skip
    for found, true in zip(measure(regions, fov), (near, far), strict=True):
        assert np.abs(found / true - 1.0).max() < 0.3
