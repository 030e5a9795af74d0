"""What models say becomes short labels, and prompts that makers of sounds understand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.regions.protocol import Look, Region
from blender_see2sound.core.regions.words.hearing import DOINGS, HEARD
from blender_see2sound.core.regions.words.places import PLACES, ambience_of, place_of
from blender_see2sound.core.regions.words.wording import cleaned, heard, subject_of, words_of
from blender_see2sound.core.sounds.families import FAMILIES
from blender_see2sound.core.sounds.words import UNKNOWN, WORDS, families_for

WIDTH = 640


def region(kind: str = "point", *, moving: bool = True, label: str = "", stuff: str = "") -> Region:
    boxes = np.array([[100.0, 200.0, 160.0, 300.0]])
    thumbnail = np.zeros((8, 8, 3), np.uint8)
    return Region(
        kind, np.zeros(1), boxes, np.ones(1), 1.0, moving, True, thumbnail,  # type: ignore[arg-type]
        Look(stuff=stuff), label=label,
    )  # fmt: skip


#: What models say of regions (or finders call them), whether it moves, the label, the family.
SAID = [
    ("a small brown dog running on the green grass<loc_52><loc_332><loc_932>", True, "dog", "dog"),
    ("The image shows a man in a blue shirt talking into a microphone.", False, "man", "voice"),
    ("a group of people walking down a street", True, "people", "footsteps"),
    ("close-up of a cat", False, "cat", "cat"),
    ("There is a woman riding a bicycle down the road.", True, "woman", "bicycle"),
    ("a red bus parked at the curb", False, "bus", "truck"),
    ("a flock of birds flying in the sky", True, "birds", "birds"),
    ("a person's hand holding a smartphone", False, "person", "footsteps"),
    ("a man walking on gravel", True, "man", "footsteps on gravel"),
    ("a black horse galloping through the snow", True, "horse", "hooves"),
    ("two children playing on a playground", True, "children", "children"),
    ("a wooden door", False, "wooden door", "door"),
    ("tree-merged", False, "tree", "leaves"),
    ("sky-other-merged", False, "sky", "wind"),
    ("wall-other-merged", False, "wall", "room tone"),
    ("potted plant", False, "plant", "leaves"),
    ("tv", False, "television", "hum"),
    ("It sounds like a car engine.", True, "car engine", "car"),
    ('a man saying "a dog barks"', False, "man", "voice"),
    ("an airplane in the sky", True, "airplane", "jet"),
    ("washing machine", False, "washing machine", "fan"),
    ("traffic light", False, "traffic light", "traffic"),
    ("a boat on the water", True, "boat", "motorboat"),
    ("waterfall", False, "waterfall", "waterfall"),
    ("A blue and white train traveling down train tracks", True, "train", "train"),
    ("a man wearing a hat and a black jacket", False, "man", "footsteps"),
    ("in this picture we can see a white sheep", False, "sheep", "sheep"),
    ("It is a silver car.", True, "car", "car"),
    ("a firetruck siren", False, "firetruck siren", "siren"),
    ("a helicopter", True, "helicopter", "helicopter"),
    ("an orange bonfire", False, "bonfire", "fire"),
    ("the ocean", False, "ocean", "sea"),
    ("a motorcycle on a road", True, "motorcycle", "motorcycle"),
    ("a white clock on a wall", False, "clock", "clock"),
    ("a person typing on a laptop", False, "person", "typing"),
    ("a crowd of people", False, "people", "crowd"),
    ("a seagull", True, "seagull", "gull"),
    ("a frog frog frog", False, "frog", "frog"),
    ("a soccer player kicking a ball", True, "soccer player", "ball"),
    ("a woman dancing", True, "woman", "footsteps"),
    ("a barista pouring coffee", True, "barista", "pouring"),
    ("a swimmer swimming in a pool", True, "swimmer", "splash"),
    ("church bell", False, "church bell", "bell"),
    ("a swarm of bees", True, "bees", "buzzing"),
    ("rain", False, "rain", "rain"),
]


@pytest.mark.parametrize(("says", "moving", "label", "family"), SAID, ids=[s[0] for s in SAID])
def test_what_is_said_becomes_a_label_and_a_sound(
    says: str, moving: bool, label: str, family: str
) -> None:
    words = words_of(region(moving=moving), WIDTH, says=says)
    assert words.label == label
    assert families_for("", words.prompt, "point")[0].family == family
    # What is wide or many is not close.
    around = label in {"sky", "rain", "ocean", "waterfall", "people", "traffic light"}
    assert words.prompt.endswith(", close") != around
    assert "<" not in words.prompt


@pytest.mark.parametrize(
    "garbage",
    ["", "   ", "</s><s><pad>", "<loc_1><loc_2>", "???? 123 !!", "unanswerable", "None.", "N/A",
     "I don't know what this is.", "the", "it is", "a red", "的的的", "\x00\x07", "<loc_12",
     "ab cd ab cd ab cd ab cd ab cd ab cd"],
)  # fmt: skip
def test_garbage_falls_back_to_the_finders_label_and_then_to_the_drafts_words(garbage: str) -> None:
    assert words_of(region(label="dog"), WIDTH, says=garbage).label == "dog"
    words = words_of(region(stuff="fire", kind="area"), WIDTH, says=garbage, names=garbage)
    assert (words.label, words.prompt) == ("fire", "crackling fire")


def test_the_category_leads_the_label_and_the_description_the_sound() -> None:
    words = words_of(
        region(), WIDTH, says="a turquoise volkswagen beetle driving down a road", names="car"
    )
    assert words.label == "car"
    assert families_for("", words.prompt, "point")[0].family == "car"


def test_what_is_said_in_the_picture_is_never_in_the_prompt() -> None:
    words = words_of(region(), WIDTH, says="a woman saying “explosion at noon” to a man")
    assert "explosion" not in words.prompt
    assert "noon" not in words.prompt
    assert "woman" not in words.prompt


@given(st.text(max_size=200), st.text(max_size=40), st.booleans())
def test_any_text_gives_a_short_label_and_a_prompt(says: str, names: str, moving: bool) -> None:
    words = words_of(region(moving=moving), WIDTH, says=says, names=names)
    assert 1 <= len(words.label.split()) <= 3
    assert words.prompt.strip() == words.prompt
    assert words.prompt
    assert not set('<>\n"') & set(words.prompt)


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)


def test_every_thing_that_the_draft_maker_knows_gets_a_prompt_of_its_own_family() -> None:
    assert {name.partition(" on ")[0] for name in FAMILIES} == set(HEARD)
    # Of animals it is the call that is asked for, and what a horse that goes does is trot.
    others = {
        "paws": {"paws", "dog"},
        "horse": {"horse", "hooves"},
        "hooves": {"hooves", "horse"},
        "crowd": {"crowd", "train"},
    }
    for families, words in WORDS:
        word = words.split(", ")[0]
        family = max(families, key=lambda name: families[name])
        for moving in (False, True):
            prompt = heard(subject_of(word) or word, word, moving=moving)
            found = families_for("", f"{prompt}, close", "point")[0].family.partition(" on ")[0]
            assert found in others.get(family, {family}), prompt


def test_every_doing_is_known_to_the_draft_maker_but_music() -> None:
    for pattern, phrase in DOINGS:
        known = families_for("", phrase.format(a="", ground="", what=""), "point")
        assert (known == UNKNOWN["point"]) == ("guitar" in pattern)


def test_equal_sounds_of_silent_things_are_named_and_not_invented() -> None:
    assert heard("sofa", "a green sofa", moving=False) == "the sound of a sofa"


def test_subjects_are_things_and_not_their_looks() -> None:
    assert subject_of("three tall old trees in front of a house") == "trees"
    assert subject_of("very dark") == ""


@pytest.mark.parametrize(
    ("caption", "name", "family"),
    [
        ("a busy city street with cars and people walking", "city street", "traffic"),
        ("a kitchen with a stove and a refrigerator", "kitchen", "room tone"),
        ("a sandy beach with waves crashing on the shore", "beach", "sea"),
        ("a path through a dense forest", "forest", "wind"),
        ("people waiting on a train station platform", "station", "crowd"),
        ("children on a playground", "playground", "children"),
        ("a man sitting on a couch in a living room", "room", "room tone"),
    ],
)
def test_a_caption_gives_the_place_and_its_ambience(caption: str, name: str, family: str) -> None:
    place = place_of(caption)
    assert place is not None
    assert place.name == name
    prompt = ambience_of(caption, place)
    assert families_for("", prompt, "ambience")[0].family == family


def test_weather_is_heard_first_and_nothing_known_is_nothing_said() -> None:
    rain = ambience_of("a street in the rain", place_of("a street in the rain"))
    assert families_for("", rain, "ambience")[0].family == "rain"
    assert place_of("a bowl of fruit") is None
    assert ambience_of("a bowl of fruit", None) == ""


def test_every_place_and_what_is_unseen_there_is_known_to_the_draft_maker() -> None:
    for _, place in PLACES:
        assert families_for("", place.sounds, "point") != UNKNOWN["point"]
        assert place.unseen
        for words in place.unseen:
            assert families_for("", words.prompt, "point") != UNKNOWN["point"]
            assert 1 <= len(words.label.split()) <= 3
