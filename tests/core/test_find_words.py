"""Words claim no more than what is measured, and every prompt finds its family of sounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.pipeline import find_sources
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.protocol import Look, Region
from blender_see2sound.core.regions.words.built_in import STUFFS, DraftDescriber, words_for
from blender_see2sound.core.scene_file import read_scene

WIDTH = 640


def region(look: Look, *, moving: bool = True, stands: bool = True, travel: float = 0.0) -> Region:
    times = np.linspace(0.0, 2.0, 21)
    left = 100 + travel * WIDTH * times / 2.0
    boxes = np.column_stack([left, np.full(21, 200.0), left + 60, np.full(21, 300.0)])
    return Region(
        "point", times, boxes, np.ones(21), 1.0, moving, stands, np.zeros((8, 8, 3), np.uint8), look
    )


@pytest.mark.parametrize(
    ("look", "stands", "travel", "label"),
    [
        (Look(person=0.9, aspect=0.5, speed=0.1), True, 0.2, "person"),
        (Look(person=0.1, aspect=0.4, speed=0.1), True, 0.2, "figure"),
        (Look(aspect=2.5, speed=0.3, unsteady=0.1), True, 0.6, "vehicle"),
        (Look(aspect=2.5, speed=0.1, unsteady=0.1), True, 0.05, "moving thing"),
        (Look(aspect=1.3, speed=0.3, unsteady=0.5, area=0.03), True, 0.5, "animal"),
        (Look(aspect=1.3, speed=0.6, unsteady=0.5), False, 0.9, "flying thing"),
        (Look(aspect=1.3, speed=0.05), False, 0.1, "moving thing"),
    ],
)
def test_labels_follow_what_is_measured(
    look: Look, stands: bool, travel: float, label: str
) -> None:
    assert words_for(region(look, stands=stands, travel=travel), WIDTH)[0] == label


@given(
    person=st.floats(0, 1),
    aspect=st.floats(0.05, 20),
    speed=st.floats(0, 5),
    unsteady=st.floats(0, 1),
    rhythm=st.floats(0, 5),
    stuff=st.sampled_from(["", "water", *STUFFS]),
    moving=st.booleans(),
    stands=st.booleans(),
)
def test_any_look_gets_a_short_label_and_a_prompt(
    person: float,
    aspect: float,
    speed: float,
    unsteady: float,
    rhythm: float,
    stuff: str,
    moving: bool,
    stands: bool,
) -> None:
    look = Look(
        person=person, aspect=aspect, speed=speed, unsteady=unsteady, rhythm=rhythm, stuff=stuff
    )
    label, prompt = words_for(region(look, moving=moving, stands=stands), WIDTH)
    assert 1 <= len(label.split()) <= 2
    assert len(prompt.split()) >= 2


def test_equal_labels_are_numbered_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.zeros((360, 640, 3), np.uint8))
    figure = region(Look(aspect=0.4))
    regions = [figure, region(Look(stuff="fire"), moving=False), figure]
    with open_clip(ClipRange(path)) as clip:
        described = DraftDescriber().describe(clip, regions, silent)
    assert [r.label for r in described] == ["figure 1", "fire", "figure 2"]
    assert all(
        dataclasses.replace(after, label="", prompt="") == before
        for before, after in zip(regions, described, strict=True)
        if before.look.stuff
    )


def test_a_describer_that_does_not_end_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def talks(
        _: object, clip: object, regions: Sequence[Region], *more: object, **other: object
    ) -> list[Region]:
        long = "on and on " * 500
        return [dataclasses.replace(one, label=long, prompt=long) for one in regions]

    monkeypatch.setattr(DraftDescriber, "describe", talks)
    picture = np.full((180, 320, 3), (230, 180, 120), np.uint8)  # sky over grass
    grass = np.random.default_rng(1).uniform(0.5, 1.3, (34, 107, 1)) * (45, 125, 80)
    picture[80:] = np.kron(grass, np.ones((3, 3, 1)))[:100, :320].clip(0, 255)
    cv2.imwrite(str(tmp_path / "meadow.png"), picture)
    find_sources(ClipRange(tmp_path / "meadow.png", duration=1.0), tmp_path / "scene.json")
    found = read_scene(tmp_path / "scene.json").sources
    assert found
    assert {(len(source.label), len(source.prompt)) for source in found} == {(2000, 2000)}
