"""Sources that are not seen: which, where, and only where a person allows them."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from blender_see2sound.core import parts, pipeline
from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.placement import positions_of
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.protocol import Look, Region
from blender_see2sound.core.regions.words.hearing import Words
from blender_see2sound.core.regions.words.offscreen import METRES, off_screen_regions
from blender_see2sound.core.scene_file import read_scene

THUMBNAIL = np.zeros((8, 8, 3), np.uint8)
SIREN = Words("siren", "a wailing police siren")
TRAIN = Words("train", "a train passing, wheels on rails")
BIRDS = Words("birds", "birds chirping")


def seen(left: float, prompt: str = "a dog barking", label: str = "dog") -> Region:
    boxes = np.array([[left, 100.0, left + 100, 300.0]])
    return Region(
        "point", np.zeros(1), boxes, np.ones(1), 1.0, True, True, THUMBNAIL, Look(), label, prompt
    )


def azimuths(unseen: list[Words], *regions: Region) -> list[float | None]:
    return [r.azimuth for r in off_screen_regions(unseen, regions, 640, THUMBNAIL)]


def test_the_first_stands_away_from_what_is_seen_the_second_opposite() -> None:
    assert azimuths([SIREN, TRAIN, BIRDS], seen(500.0)) == [110.0, -110.0]
    assert azimuths([SIREN, TRAIN, BIRDS], seen(20.0)) == [-110.0, 110.0]
    assert azimuths([SIREN]) == [110.0]


def test_what_is_said_to_be_behind_stands_behind() -> None:
    behind = Words("siren", "a wailing police siren, behind")
    assert azimuths([behind, TRAIN]) == [180.0, 110.0]
    assert azimuths([Words("siren", "a wailing siren, right"), TRAIN]) == [-110.0, 110.0]


def test_what_is_seen_already_or_named_twice_is_not_added() -> None:
    named = off_screen_regions(
        [Words("puppy", "a puppy barking"), SIREN, SIREN], [seen(0)], 640, THUMBNAIL
    )
    assert [region.label for region in named] == ["siren"]


@pytest.mark.parametrize(("azimuth", "x", "y"), [(110.0, -1, -1), (-110.0, 1, -1), (180.0, 0, -1)])
def test_it_is_placed_at_its_azimuth_level_with_the_listener(
    azimuth: float, x: int, y: int
) -> None:
    region = off_screen_regions([SIREN], [], 640, THUMBNAIL)[0]
    region = Region(**{**region.__dict__, "azimuth": azimuth})
    place = positions_of(region, np.array([METRES]), 50.0, (640, 360))[0]
    assert math.hypot(*place) == pytest.approx(METRES)
    assert place[2] == 0.0
    assert math.degrees(math.atan2(-place[0], place[1])) % 360 == pytest.approx(azimuth % 360)
    assert np.sign(np.round(place[:2], 9)).tolist() == [x, y]


@pytest.fixture
def meadow(tmp_path: Path) -> Path:
    """A still of a blue sky over rough green, which the draft finder knows."""
    rng = np.random.default_rng(1)
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[:110] = (235, 180, 120)
    leaves = rng.integers(0, 60, (130, 320, 1), np.uint8)
    picture[110:] = np.array([20, 90, 40], np.uint8) + leaves
    path = tmp_path / "meadow.png"
    cv2.imwrite(str(path), picture)
    return path


@pytest.mark.parametrize("describer", ["draft", "labels"])
def test_they_are_in_the_scene_only_where_a_person_allows_them(
    describer: str, meadow: Path, tmp_path: Path
) -> None:
    clip = ClipRange(meadow, duration=2.0)
    scene = tmp_path / "scene.json"
    without = pipeline.find_sources(clip, scene, describer=describer).scene
    allowed = pipeline.find_sources(clip, scene, describer=describer, off_screen=True).scene
    assert without.sources
    assert allowed.sources[: len(without.sources)] == without.sources
    added = allowed.sources[len(without.sources) :]
    assert 1 <= len(added) <= 2
    for source in added:
        assert source.boxes == ()
        assert source.kind == "area"
        assert source.prompt
        assert source.positions[0][1] < 0  # beside is a little behind, as surround speakers are
        assert (tmp_path / "thumbnails" / f"{source.id}.png").is_file()
    assert read_scene(scene) == allowed
    again = pipeline.find_sources(clip, scene, describer=describer, off_screen=True)
    assert again.warnings == ()
    again = again.scene
    assert again == allowed


def test_labels_of_the_finder_are_its_words(meadow: Path) -> None:
    part = parts.load("describer", "labels")
    given = [seen(0.0, "", label) for label in ("person", "dog", "dog", "")]
    with open_clip(ClipRange(meadow, duration=2.0)) as clip:
        described = part.describe(clip, given, silent)
    assert [region.label for region in described][:3] == ["person", "dog 1", "dog 2"]
    assert "walking" in described[0].prompt
    assert "barking" in described[1].prompt
    assert described[3].label
    assert described[3].prompt
