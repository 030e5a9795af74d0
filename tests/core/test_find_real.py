"""Whole clips: the example's park, and real footage of a dog and a woman, a street, a coffee."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from blender_see2sound.core import parts
from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.placement import positions_of
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.built_in.finder import DraftFinder
from blender_see2sound.core.regions.protocol import Region
from blender_see2sound.core.regions.words.built_in import DraftDescriber

from .clips import EXAMPLE, SHARED

pytestmark = pytest.mark.gate
real = pytest.mark.skipif(not SHARED.is_dir(), reason="real clips are not here")

#: The dog's centre by time, and the woman's x, as fractions, read by eye.
DOG = {0.96: (0.485, 0.60), 4.8: (0.46, 0.64), 6.7: (0.66, 0.55), 8.7: (0.44, 0.69)}
WOMAN = {0.96: 0.25, 4.8: 0.19, 6.7: 0.18, 8.7: 0.22}


def described(path: Path) -> list[Region]:
    with open_clip(ClipRange(path)) as clip:
        return DraftDescriber().describe(clip, DraftFinder().find(clip, 5, silent), silent)


def centre(region: Region, time: float, size: tuple[int, int]) -> np.ndarray:
    middle = (region.boxes[:, :2] + region.boxes[:, 2:]) / 2 / size
    return np.array([np.interp(time, region.times, middle[:, k]) for k in (0, 1)])


@real
def test_the_dog_and_the_woman_are_two_and_the_dog_is_silent_while_it_is_away() -> None:
    regions = described(SHARED / "dog.mp4")
    moving = [region for region in regions if region.moving]
    assert len(moving) == 2
    size = (1280, 720)
    woman, dog = sorted(moving, key=lambda r: centre(r, 6.7, size)[0])
    for time, place in DOG.items():
        assert np.abs(centre(dog, time, size) - place).max() < 0.08
    for time, x in WOMAN.items():
        assert abs(centre(woman, time, size)[0] - x) < 0.08
    assert woman.presence.min() == 1.0
    away = (dog.times > 2.55) & (dog.times < 3.25)
    assert dog.presence[away].max() == 0.0
    assert dog.presence[(dog.times < 2.2) | (dog.times > 3.7)].min() == 1.0
    assert dog.stands
    assert woman.stands
    assert "footsteps" in woman.prompt
    assert "steps" in dog.prompt
    assert "foliage" in [region.look.stuff for region in regions]


def turns_and_ratios(
    path: Path, labels: dict[str, str], late: float = 0.0
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Per true object the errors of azimuth, degrees, and the distances over the true ones.

    Where it is seen; the clip's frames are looked at some seconds later.
    """
    truth = json.loads(path.with_suffix(".json").read_text())
    view = truth["horizontal_fov"]
    length = truth.get("frames", 72) / truth["fps"]
    shifted = ClipRange(path, time_map=((0.0, late), (length, length + late)))
    with open_clip(shifted if late else ClipRange(path)) as clip:
        regions = DraftFinder().find(clip, 5, silent)
        regions = DraftDescriber().describe(clip, regions, silent)
        distances = parts.load("depth").distances(clip, regions, view, silent).metres
        placed = [
            (region, np.array(positions_of(region, metres, view, clip.size)))
            for region, metres in zip(regions, distances, strict=True)
            if region.moving
        ]
    assert [region.label for region, _ in placed if region.label not in labels.values()] == []
    errors = {}
    for name, label in labels.items():
        places = np.array(truth["objects"][name]["positions"])
        times = np.arange(len(places)) / truth["fps"] - late
        region, at = next(p for p in placed if p[0].label == label)
        here = np.column_stack([np.interp(times, region.times, at[:, k]) for k in range(3)])
        turn = np.degrees(
            np.arctan2(here[:, 0], here[:, 1]) - np.arctan2(places[:, 0], places[:, 1])
        )
        ratio = np.linalg.norm(here, axis=1) / np.linalg.norm(places, axis=1)
        seen = np.array(truth["objects"][name].get("visible", np.ones(len(places))), bool)
        errors[name] = turn[seen], ratio[seen]
    return errors


@real
def test_the_car_and_the_walker_are_where_they_are() -> None:
    errors = turns_and_ratios(SHARED / "street.mp4", {"car": "vehicle", "walker": "person"})
    for turn, ratio in errors.values():
        assert np.median(np.abs(turn)) < 1.5
        assert np.median(np.abs(ratio - 1.0)) < 0.35


@pytest.mark.parametrize("late", [0.0208, 0.026, 0.0833])
def test_in_the_park_all_are_followed_whichever_frames_are_looked_at(late: float) -> None:
    labels = {"man": "person", "dog": "animal", "cart": "vehicle"}
    for turn, ratio in turns_and_ratios(EXAMPLE, labels, late).values():
        assert np.median(np.abs(turn)) < 3.0
        assert np.median(np.abs(ratio - 1.0)) < 0.15
        assert np.abs(ratio - 1.0).max() < 0.3


@real
def test_the_kettle_is_no_car() -> None:
    regions = described(SHARED / "coffee.mp4")
    assert regions[0].moving
    assert not regions[0].stands
    assert {region.label for region in regions} & {"vehicle", "animal", "figure"} == set()
    assert regions[-1].prompt.startswith("quiet room tone")
