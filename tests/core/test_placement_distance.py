"""Distances from ground contact, horizon, size and place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core import parts
from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.placement import positions_of
from blender_see2sound.core.placement.pinhole import angles_of, focal_length, pixels_of
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.protocol import Region
from tests.core.clips import EXAMPLE, SHARED
from tests.core.test_placement_tracks import region

SIZE, FOV = (640, 360), 54.0
FOCAL = focal_length(SIZE[0], FOV)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("clip") / "grey.png"
    path.write_bytes(cv2.imencode(".png", np.full((360, 640), 128, np.uint8))[1].tobytes())
    with open_clip(ClipRange(path)) as opened:
        measure(opened, region(still(0.0, 9.0, 1.8, 0.6), np.zeros(1)))  # loads what it needs
        yield opened


def measure(clip: Any, *regions: Region) -> list[np.ndarray]:
    distances = parts.load("depth").distances(clip, regions, FOV, silent).metres
    for each, metres in zip(regions, distances, strict=True):
        assert metres.shape == (len(each.times),)
        assert np.all((metres >= 0.5) & (metres <= 80.0))
    return distances


def upright(
    across: np.ndarray, depth: np.ndarray, tall: float, wide: float, pitch: float = 0.0
) -> np.ndarray:
    """Boxes of a flat upright thing on the ground, seen from 1.6 m; cut off by the picture."""
    rise = np.tan(np.radians(pitch)) * depth  # the ground, seen by a camera tilted down
    low = pixels_of(np.stack([across - wide / 2, depth, -1.6 + rise], 1), SIZE, FOV)
    high = pixels_of(np.stack([across + wide / 2, depth, tall - 1.6 + rise], 1), SIZE, FOV)
    boxes = np.stack([low[:, 0], high[:, 1], high[:, 0], low[:, 1]], 1)
    return np.clip(boxes, 0, [640, 360, 640, 360])


def still(across: float, depth: float, tall: float, wide: float) -> np.ndarray:
    return upright(np.array([across]), np.array([depth]), tall, wide)


@settings(max_examples=30)
@given(st.floats(6.0, 20.0), st.floats(-2.0, 2.0))
def test_ground_contact_tells_the_distance_of_the_centre(
    clip: Any, depth: float, across: float
) -> None:
    boxes = still(across, depth, 1.8, 0.6)
    (metres,) = measure(clip, region(boxes, np.zeros(1), label="person"))
    true = np.linalg.norm([across, depth, 0.9 - 1.6])
    assert metres[0] == pytest.approx(true, rel=0.1)


def test_things_farther_away_are_farther(clip: Any) -> None:
    regions = [region(still(1.0, d, 1.0, 1.0), np.zeros(1)) for d in (5, 8, 13, 25)]
    metres = [float(m[0]) for m in measure(clip, *regions)]
    assert metres == sorted(metres)


def test_one_that_comes_nearer_tells_the_horizon_to_all(clip: Any) -> None:
    times = np.arange(40) / 10
    comes = region(upright(np.ones(40), np.linspace(14, 6, 40), 1.7, 0.6, pitch=4.0), times)
    stays = region(upright(np.full(40, -2.0), np.full(40, 12.0), 1.1, 2.0, pitch=4.0), times)
    alone = abs(measure(clip, stays)[0][0] / 12.2 - 1)
    together = abs(measure(clip, stays, comes)[0][0] / 12.2 - 1)
    assert together < 0.1 < alone


def test_feet_out_of_the_picture_do_not_bring_it_nearer_or_farther(clip: Any) -> None:
    times = np.arange(60) / 10
    depth = np.linspace(9, 2.2, 60)  # its feet leave the picture at about 5.6 m
    boxes = upright(np.full(60, 0.5), depth, 1.75, 0.6)
    assert (boxes[:, 3] >= 359).sum() > 15
    (metres,) = measure(clip, region(boxes, times))
    assert np.abs(metres / np.hypot(depth, 0.5) - 1).max() < 0.25


def test_a_person_cut_off_all_the_time_is_as_far_as_a_persons_width_says(clip: Any) -> None:
    boxes = still(0.2, 2.0, 1.7, 0.6)
    assert boxes[0, 3] == 360
    (metres,) = measure(clip, region(boxes, np.zeros(1), label="A woman, talking"))
    assert metres[0] == pytest.approx(2.1, rel=0.3)


def test_what_does_not_stand_goes_by_its_usual_size(clip: Any) -> None:
    box = np.array([[300.0, 40, 340, 65]])
    bird, plane = (
        measure(clip, region(box, np.zeros(1), stands=False, label=label))[0][0]
        for label in ("birds", "an aeroplane")
    )
    assert bird == pytest.approx(FOCAL * 0.25 / 25, rel=0.1)
    assert plane == 80.0


def test_water_is_as_far_as_its_surface(clip: Any) -> None:
    near, far = (
        region(np.array([[0.0, y - 20, 640, y + 20]]), np.zeros(1), kind="area", label="water",
               stands=False)
        for y in (320.0, 230.0)
    )  # fmt: skip
    near_metres, far_metres = (m[0] for m in measure(clip, near, far))
    assert near_metres == pytest.approx(1.6 * FOCAL / 140, rel=0.1)
    assert near_metres < far_metres < 40


@pytest.mark.gate
def test_ambience_and_odd_boxes_have_a_sensible_place(clip: Any) -> None:
    boxes = np.array([[0.0, 0, 640, 360], [0, 0, 640, 0.1], [10, 359.9, 10, 360], [639, 0, 640, 1]])
    for kind in ("ambience", "area", "point"):
        for label in ("", "sky", "sea", "tree", "car"):
            for stands in (True, False):
                each = region(boxes, np.arange(4.0), kind=kind, label=label, stands=stands)
                (metres,) = measure(clip, each)
                assert np.isfinite(positions_of(each, metres, FOV, SIZE)).all()
    whole = region(boxes[:1], np.zeros(1), kind="ambience", label="wind", stands=False)
    assert 5 < measure(clip, whole)[0][0] < 20


@pytest.mark.skipif(not SHARED.exists(), reason="the shared clips are not here")
@pytest.mark.parametrize("labels", [("car", "person"), ("", "")])
@pytest.mark.parametrize("alone", [True, False])
def test_street(labels: tuple[str, str], alone: bool) -> None:
    truth = json.loads(Path(SHARED / "street.json").read_text())
    fov = truth["horizontal_fov"]
    focal = focal_length(640, fov)
    random = np.random.default_rng(0)
    regions, positions = [], []
    for (name, thing), label in zip(truth["objects"].items(), labels, strict=True):
        pixels, true = np.array(thing["pixels"]), np.array(thing["positions"])
        half = np.array({"car": (4.3, 1.5), "walker": (0.62, 1.75)}[name]) / 2
        half = half * focal / true[:, 1:2]
        boxes = np.clip(np.hstack([pixels - half, pixels + half]), 0, [640, 360, 640, 360])
        boxes += random.normal(0, 1.0, boxes.shape)
        regions.append(region(boxes, np.arange(72) / 24, label=label))
        positions.append(true)
    with open_clip(ClipRange(SHARED / "street.mp4")) as clip:
        groups = [[0], [1]] if alone else [[0, 1]]
        for group in groups:
            chosen = [regions[i] for i in group]
            distances = parts.load("depth").distances(clip, chosen, fov, silent).metres
            for i, metres in zip(group, distances, strict=True):
                placed = np.array(positions_of(regions[i], metres, fov, clip.size))
                astray = np.abs(angles_of(placed)[0] - angles_of(positions[i])[0])
                ratio = np.linalg.norm(placed, axis=1) / np.linalg.norm(positions[i], axis=1)
                assert np.median(astray) < 1.0
                assert np.abs(ratio - 1).max() < 0.35


@pytest.mark.parametrize(
    "labels", [("person", "dog", "car"), ("", "", ""), ("car", "person", "dog")]
)
def test_park(clip: Any, labels: tuple[str, ...]) -> None:
    truth = json.loads(EXAMPLE.with_suffix(".json").read_text())
    fov, random = truth["horizontal_fov"], np.random.default_rng(0)
    things = [{k: np.array(v) for k, v in thing.items()} for thing in truth["objects"].values()]
    regions = [
        region(
            np.clip(thing["boxes"], 0, [640, 360, 640, 360]) + random.normal(0, 1, (144, 4)),
            np.arange(144) / 24,
            presence=thing["visible"].astype(float),
            label=label,
        )
        for thing, label in zip(things, labels, strict=True)
    ]
    distances = parts.load("depth").distances(clip, regions, fov, silent).metres
    for thing, each, metres in zip(things, regions, distances, strict=True):
        seen = thing["visible"]
        placed = np.array(positions_of(each, metres, fov, SIZE))[seen]
        true = thing["positions"][seen]
        assert np.median(np.abs(angles_of(placed)[0] - angles_of(true)[0])) < 1.0
        ratio = np.linalg.norm(placed, axis=1) / np.linalg.norm(true, axis=1)
        assert np.abs(ratio - 1).max() < (0.15 if labels[0] != "car" else 0.35)
