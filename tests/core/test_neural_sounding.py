"""Of what is seen, what sounds: the score, the kinds, the choice."""

from __future__ import annotations

import numpy as np
import pytest

from blender_see2sound.core.regions.protocol import Look, Region
from blender_see2sound.core.regions.sounding import (
    UNKNOWN,
    candidates_for,
    choose,
    kind_of,
    score_of,
    sounding,
    visible,
)


def region(label: str, *, area: float = 0.05, speed: float = 0.0, **rest: object) -> Region:
    look = Look(area=area, speed=speed, stuff=str(rest.pop("stuff", "")))
    made = {
        "kind": "point", "times": np.zeros(1), "boxes": np.array([[0.0, 0, 10, 10]]), "presence": np.ones(1),
        "prominence": 0.5, "moving": speed > 0.03, "stands": True, "thumbnail": np.zeros((2, 2, 3), np.uint8),
        "look": look, "label": label,
    }  # fmt: skip
    return Region(**(made | rest))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("loud", "quiet"),
    [
        ("dog", "wall"),
        ("Two dogs", "shelf"),
        ("piano player", "piano bench"),
        ("waterfall", "mountain"),
        ("a car on the street", "a street with a car"),
        ("motorcycles", "backpacks"),
        ("television", "traffic light"),
        ("bear", "teddy bear"),
        ("fire", "fire hydrant"),
        ("a woman in a red shirt", "the shirt of a woman"),
    ],
)
def test_words_tell_what_sounds(loud: str, quiet: str) -> None:
    assert sounding(loud) > sounding(quiet)


def test_words_that_nobody_knows_weigh_half() -> None:
    assert sounding("gizmo") == sounding("") == UNKNOWN


def test_the_score_is_the_stated_formula() -> None:
    still = region("gizmo", area=0.0625)  # half as wide as full, in the middle, all the time
    assert score_of(still) == pytest.approx(UNKNOWN * (0.3 * 0.5 + 0.15 + 0.2))
    swift = region("dog", area=0.25, speed=0.2)
    assert score_of(swift) == pytest.approx(1.0)
    corner = Look(area=0.0, centre=np.zeros(2))
    assert visible(corner, 0.0) == 0.0


def test_what_sounds_is_chosen_before_what_is_large() -> None:
    candidates = [
        region("wall", area=0.25),
        region("table", area=0.2),
        region("dog", area=0.02, speed=0.08),
        region("radio", area=0.01),
    ]
    assert [r.label for r in choose(candidates, 2)] == ["dog", "radio"]


@pytest.mark.parametrize(
    ("label", "area", "moving", "stuff", "kind"),
    [
        ("dog", 0.5, True, "", "point"),
        ("woman", 0.6, False, "", "point"),
        ("", 0.05, False, "", "point"),
        ("", 0.2, False, "", "area"),
        ("", 0.5, False, "", "ambience"),
        ("river", 0.2, False, "water", "area"),
        ("sea", 0.5, False, "water", "ambience"),
        ("sky", 0.05, False, "sky", "ambience"),
        ("trees", 0.1, False, "", "area"),
        ("wall", 0.1, False, "background", "area"),
    ],
)
def test_kinds(label: str, area: float, moving: bool, stuff: str, kind: str) -> None:
    assert kind_of(label, Look(area=area, stuff=stuff), moving) == kind


def test_only_one_ambience_is_kept() -> None:
    candidates = [region("sky", area=0.4), region("sea", area=0.5), region("cup", area=0.01)]
    kinds = [r.kind for r in choose(candidates, 3)]
    assert kinds.count("ambience") == 1
    assert len(kinds) == 2


def test_labels_are_numbered_anew_and_the_off_screen_follows() -> None:
    apart = region("voices", azimuth=120.0)
    candidates = [region("dog 2"), region("dog 1", speed=0.1), region("cat 1"), apart]
    assert [r.label for r in choose(candidates, 3)] == ["dog 1", "dog 2", "cat", "voices"]
    assert [r.label for r in choose(candidates, 1)] == ["dog", "voices"]


def test_more_candidates_are_looked_for_than_sources() -> None:
    assert candidates_for(1) >= 8
    assert candidates_for(10) >= 20
