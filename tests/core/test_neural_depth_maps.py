"""Depth maps of known truth lead to the right places: perfect ones, wavering ones, relative ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.errors import Cancelled
from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.media.clip import Frame
from blender_see2sound.core.placement import positions_of
from blender_see2sound.core.placement.depth_maps import Maps, Way, distances_by
from blender_see2sound.core.placement.doubts import doubts
from blender_see2sound.core.placement.over_mask import weighted_quantile
from blender_see2sound.core.placement.pinhole import focal_length
from blender_see2sound.core.placement.protocol import Distances
from blender_see2sound.core.placement.scaling import find_ground
from blender_see2sound.core.progress import silent
from tests.core.rendered import (
    SMALL,
    errors,
    movie_of,
    named,
    perfect_look,
    perfect_regions_cached,
    scenes,
)
from tests.core.test_placement_tracks import region

METRES, INVERSE = Way("metres", 640, 4), Way("inverse", 640, 4)
QUICK = ("street", "walk", "following")
each_scene = pytest.mark.parametrize(
    "name",
    [
        pytest.param(s.name, marks=() if s.name in QUICK else pytest.mark.gate)
        for s in scenes.SCENES
    ],
)
Change = Callable[[np.ndarray, int], np.ndarray]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("still") / "grey.png"
    path.write_bytes(cv2.imencode(".png", np.full((360, 640), 128, np.uint8))[1].tobytes())
    with open_clip(ClipRange(path)) as clip:
        yield clip


def place(
    name: str, way: Way, change: Change = lambda depth, number: depth, boxes_only: bool = False
) -> tuple[Distances, dict[str, np.ndarray]]:
    """The distances of a scene's things by (changed) perfect maps, and their errors."""
    scene, regions = named(name), perfect_regions_cached(name)
    given_regions = [
        dataclasses.replace(r, outline=None) if boxes_only else r for r in regions.values()
    ]
    with open_clip(ClipRange(movie_of(scene))) as clip:
        look = perfect_look(scene, change)
        found = distances_by(look, way, clip, given_regions, scene.fov, silent)
    rows = {
        thing: errors(scene, thing, positions_of(r, m, scene.fov, scenes.SIZE), r)
        for (thing, r), m in zip(regions.items(), found.metres, strict=True)
    }
    return found, rows


@each_scene
def test_perfect_masks_and_depths_place_everything(name: str) -> None:
    for thing, rows in place(name, METRES)[1].items():
        azimuth, elevation, distance = np.median(rows, axis=0)
        assert azimuth < 0.5, thing
        assert elevation < 0.5, thing
        assert distance < 0.03, thing


@each_scene
def test_relative_maps_are_scaled_by_the_ground(name: str) -> None:
    found, each = place(name, INVERSE, lambda depth, number: 3.0 / depth + 0.05)
    assert found.deviations is not None
    for (thing, rows), unsure in zip(each.items(), found.deviations, strict=True):
        # A camera's height is known to a fifth only; the scenes' are 1.5 to 1.65 m.
        assert np.median(rows[:, 2]) < 0.12, thing
        assert unsure is not None
        assert 0.02 < unsure < 0.6
    assert doubts(list(perfect_regions_cached(name).values()), found) == []


def test_where_nothing_tells_of_size_the_distance_is_said_to_be_a_guess(still: Any) -> None:
    """A slanting wall fills the picture: no ground, and nothing of usual size."""
    slope = np.broadcast_to(np.linspace(1.0, 2.0, 640, dtype=np.float32), (360, 640))
    regions = [
        region(np.array([[x, 100.0, x + 60, 200.0]]), np.zeros(1), label=label, kind=kind)
        for x, label, kind in ((80, "thing", "point"), (400, "stain", "area"), (0, "wind", "ambience"))
    ]  # fmt: skip
    found = distances_by(
        lambda frames: Maps(np.stack([slope] * len(frames))), INVERSE, still, regions, 50.0, silent
    )
    (told,) = doubts(regions, found)
    assert "thing, stain." in told
    assert "many times" in told
    (told,) = doubts(regions, dataclasses.replace(found, deviations=[0.1, np.log(2.04), 9.0]))
    assert "stain." in told
    assert "thing" not in told
    assert "2.0 times" in told
    # An estimator that cannot say raises no doubt.
    assert doubts(regions, dataclasses.replace(found, deviations=None)) == []


@pytest.mark.parametrize("name", ["street", pytest.param("walk", marks=pytest.mark.gate)])
def test_a_model_that_wavers_from_picture_to_picture_does_not_shake_things(name: str) -> None:
    random = np.random.default_rng(3)
    scale, shift = np.exp(random.normal(0, 0.1, 100)), random.normal(0, 0.02, 100)
    steady = place(name, INVERSE, lambda d, n: 3.0 / d)[0].metres
    shaken = place(name, INVERSE, lambda d, n: 3.0 / d * scale[n] + shift[n])[0].metres
    for a, b in zip(steady, shaken, strict=True):
        assert b == pytest.approx(a, rel=0.03)
    true = place(name, METRES)[0].metres
    shaken = place(name, METRES, lambda d, n: d * scale[n])[0].metres
    for a, b in zip(true, shaken, strict=True):
        ratio = np.log(b / a)
        assert np.ptp(ratio) < 0.5 * np.ptp(np.log(scale[:48:3]))
        assert np.abs(np.diff(ratio)).max() < 0.05


def test_noise_and_edges_that_bleed_hardly_matter() -> None:
    random = np.random.default_rng(1)

    def spoil(depth: np.ndarray, number: int) -> np.ndarray:
        soft = cv2.GaussianBlur(np.minimum(depth, 80.0), (0, 0), 1.5)
        spoiled = soft * np.exp(random.normal(0, 0.1, depth.shape))
        spoiled[random.random(depth.shape) < 0.05] = np.nan
        return spoiled

    for thing, rows in place("street", METRES, spoil)[1].items():
        assert np.median(rows[:, 2]) < 0.1, thing


def test_boxes_alone_tell_the_thing_not_its_background() -> None:
    for thing, rows in place("street", METRES, boxes_only=True)[1].items():
        assert np.median(rows[:, 2]) < 0.08, thing


def test_the_same_again() -> None:
    first, again = (place("walk", INVERSE, lambda d, n: 1.0 / d)[0].metres for _ in range(2))
    for a, b in zip(first, again, strict=True):
        assert np.array_equal(a, b)


def test_no_ground_is_made_up_for_by_usual_sizes(still: Any) -> None:
    """A wall, and before it someone of whom 1.7 m are 100 pixels."""
    focal = focal_length(640, 50.0)
    who = region(np.array([[300.0, 100, 340, 200]]), np.zeros(1), label="person")
    true = focal * 1.7 / 100

    def look(frames: list[Frame]) -> Maps:
        map_ = np.full((90, 160), 1.0 / 30.0, np.float32)
        map_[25:50, 75:85] = 1.0 / true
        return Maps(np.stack([map_ * 7.0] * len(frames)))

    found = distances_by(look, INVERSE, still, [who], 50.0, silent)
    assert found.metres[0][0] == pytest.approx(true, rel=0.2)


@pytest.mark.parametrize(
    "way",
    [
        INVERSE,
        pytest.param(METRES, marks=pytest.mark.gate),
        pytest.param(Way("focal", 640), marks=pytest.mark.gate),
    ],
)
@pytest.mark.parametrize("value", [0.0, 1.0, 1e-20, 1e20, -1.0, np.nan, np.inf])
def test_maps_of_one_value_give_distances_all_the_same(still: Any, way: Way, value: float) -> None:
    each = [
        region(np.array([[100.0, 100, 200, 300]]), np.zeros(1)),
        region(np.array([[0.0, 0, 640, 360]]), np.zeros(1), kind="area"),
        region(np.array([[0.0, 0, 0, 0]]), np.zeros(1)),
    ]

    def look(frames: list[Frame]) -> Maps:
        return Maps(np.full((len(frames), 9, 16), value, np.float32))

    found = distances_by(look, way, still, each, None, silent)
    for metres in found.metres:
        assert metres.shape == (1,)
        assert 0.5 <= metres[0] <= 80.0


def test_a_field_of_view_that_is_seen_is_used_unless_a_person_gave_one(still: Any) -> None:
    each = [region(np.array([[300.0, 100, 340, 300]]), np.zeros(1), kind="area")]

    def look(frames: list[Frame]) -> Maps:
        # Ten focal lengths of a picture one metre wide.
        return Maps(np.full((len(frames), 9, 16), 10.0, np.float32), np.full(len(frames), 70.0))

    seen = distances_by(look, Way("focal", 640), still, each, None, silent)
    told = distances_by(look, Way("focal", 640), still, each, 40.0, silent)
    assert (seen.horizontal_fov, told.horizontal_fov) == (70.0, 40.0)
    assert seen.metres[0][0] == pytest.approx(10.0 * focal_length(1.0, 70.0), rel=0.01)
    assert told.metres[0][0] == pytest.approx(10.0 * focal_length(1.0, 40.0), rel=0.01)


def test_what_is_not_in_the_picture_is_as_far_as_the_draft_says(still: Any) -> None:
    gone = region(
        np.array([[300.0, 100, 340, 200]]), np.zeros(1), presence=np.zeros(1), label="person"
    )
    look = perfect_look(named("street"))
    (metres,) = distances_by(look, METRES, still, [gone], 50.0, silent).metres
    assert 1.0 < metres[0] < 40.0


def test_a_cancel_is_heard_between_pictures() -> None:
    heard: list[str] = []

    def stop(phase: str, fraction: float) -> None:
        heard.append(phase)
        if len(heard) > 3:
            raise Cancelled

    asked = 0

    def look(frames: list[Frame]) -> Maps:
        nonlocal asked
        asked += len(frames)
        return perfect_look(named("street"))(frames)

    regions = list(perfect_regions_cached("street").values())
    with open_clip(ClipRange(movie_of(named("street")))) as clip, pytest.raises(Cancelled):
        distances_by(look, Way("metres", 640, 1), clip, regions, 50.0, stop)
    assert asked < 5


@settings(max_examples=30, deadline=None)
@given(st.floats(0.5, 5.0), st.floats(-12.0, 12.0), st.floats(0.1, 100.0), st.floats(-5.0, 5.0))
def test_the_ground_is_found_whatever_the_units(
    eye: float, tilt: float, scale: float, shift: float
) -> None:
    size, focal = (640, 360), focal_length(640, 50.0)
    rows = ((np.arange(36) + 0.5) / 36 - 0.5) * 360 / focal
    down = np.radians(tilt)
    # 1 / depth of the ground, and a wall 15 m away before what lies behind it.
    inverse = np.maximum((np.cos(down) * rows + np.sin(down)) / eye, 1.0 / 15)
    map_ = np.repeat(scale * inverse[:, None] + shift, 64, 1)
    if (inverse > 1.0 / 15).mean() < 0.2:
        return
    ground = find_ground(map_, np.ones((36, 64), bool), size, focal)
    assert ground is not None
    assert ground.slope == pytest.approx(scale * np.cos(down) / eye, rel=0.02)
    assert ground.level == pytest.approx(scale * np.sin(down) / eye + shift, abs=0.02 * scale / eye)


def test_walls_and_ceilings_are_no_ground() -> None:
    size, focal, free = (640, 360), focal_length(640, 50.0), np.ones((36, 64), bool)
    across, down = np.meshgrid(np.linspace(-1, 1, 64), np.linspace(-1, 1, 36))
    for map_ in (np.full((36, 64), 0.3), 1.0 + across, np.maximum(-down, 0.1), 0.0 * down):
        assert find_ground(map_, free, size, focal) is None


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30), st.floats(0.0, 1.0))
def test_weighted_quantiles_lie_within(values: list[float], share: float) -> None:
    array = np.array(values)
    found = weighted_quantile(array, np.ones(len(array)), share)
    assert array.min() <= found <= array.max()
    many = np.concatenate([array, np.full(1000, 5e3)])
    light = np.concatenate([np.ones(len(array)), np.full(1000, 1e-9)])
    assert weighted_quantile(many, light, 0.5) <= array.max() + 1e-3 * 5e3


def test_perfect_masks_are_of_the_size_that_finders_give() -> None:
    for each in perfect_regions_cached("street").values():
        assert each.outline is not None
        assert each.outline.size == SMALL
