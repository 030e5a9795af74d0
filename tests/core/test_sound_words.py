"""From words to families of sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.scene import Kind
from blender_see2sound.core.sounds.families import FAMILIES
from blender_see2sound.core.sounds.words import (
    GROUNDS,
    MOST_LAYERS,
    UNKNOWN,
    WORDS,
    families_for,
    says_it_moves,
)


def names(prompt: str, label: str = "", kind: Kind = "point") -> list[str]:
    return [choice.family for choice in families_for(label, prompt, kind)]


def test_the_table_and_the_bank_know_each_other() -> None:
    named = {family for families, _ in WORDS for family in families}
    named |= {f"footsteps on {ground}" for ground, _ in GROUNDS}
    assert named == set(FAMILIES)


def test_no_word_stands_in_two_rows() -> None:
    phrases = [phrase for _, words in WORDS for phrase in words.split(", ")]
    assert len(phrases) == len(set(phrases))
    assert all(phrase == " ".join(phrase.lower().split()) for phrase in phrases)


@pytest.mark.parametrize(
    ("prompt", "families"),
    [
        (
            "footsteps of a person walking on leaves in the wind",
            ["footsteps on leaves", "cloth", "wind"],
        ),
        ("a dog barking", ["dog"]),
        ("Dogs running", ["paws", "dog"]),
        ("coffee poured into a cup", ["pouring"]),
        ("a red car passing", ["car"]),
        ("a parked car", ["room tone"]),
        ("trees rustling", ["leaves"]),
        ("a train station", ["train", "crowd"]),
        ("waves breaking on a beach", ["sea"]),
        ("thunder and heavy rain", ["thunder", "rain"]),
        ("birdsong", ["birds"]),
        ("a fire truck", ["truck"]),
        ("a fire", ["fire"]),
        ("quick pattering steps of an animal", ["paws"]),
        ("a person standing, rustling clothes", ["footsteps", "cloth"]),
        ("distant traffic, no wind", ["traffic"]),
        ("a man walking a dog on gravel", ["footsteps on gravel", "cloth", "paws", "dog"]),
        ("a hawk's cry", ["eagle", "wings"]),
        ("firewood", ["whoosh", "room tone"]),  # whole words only
    ],
)
def test_prompts(prompt: str, families: list[str]) -> None:
    assert sorted(names(prompt)) == sorted(families)


def test_any_form_of_a_word_counts() -> None:
    assert names("bees") == names("bee")
    assert names("raining") == names("rain")
    assert names("buses") == names("bus")
    assert names("clapped") == names("clapping") == names("claps")
    assert names("BELLS!") == names("bell")
    assert names("ponies") == names("pony")


def test_the_prompt_counts_and_the_label_stands_in() -> None:
    assert names("rain", label="dog") == ["rain"]
    assert names("something odd", label="dog") == names("dog")


def test_what_is_named_first_is_loudest_and_words_scale_it() -> None:
    first, beside = families_for("", "rain and traffic", "area")
    assert first.weight > beside.weight
    (soft,), (plain,), (loud,) = (
        families_for("", f"{word} rain", "area") for word in ("distant", "the", "heavy")
    )
    assert soft.weight < plain.weight < loud.weight


@pytest.mark.parametrize("kind", ["point", "area", "ambience"])
def test_unknown_words_get_a_default_by_kind(kind: Kind) -> None:
    assert families_for("", "qwxyz", kind) == families_for("", "", kind) == UNKNOWN[kind]


def test_moving_words() -> None:
    assert says_it_moves("", "a person walking")
    assert says_it_moves("footsteps", "")
    assert not says_it_moves("person", "a person")
    assert not says_it_moves("person", "a person standing, quiet footsteps")


vocabulary = sorted({word for _, words in WORDS for word in words.replace(",", "").split()})


@given(
    st.one_of(st.text(), st.lists(st.sampled_from(vocabulary), max_size=12).map(" ".join)),
    st.text(max_size=20),
    st.sampled_from(["point", "area", "ambience"]),
)
def test_any_text_names_some_families(prompt: str, label: str, kind: Kind) -> None:
    chosen = families_for(label, prompt, kind)
    assert 1 <= len(chosen) <= MOST_LAYERS
    assert len({choice.family for choice in chosen}) == len(chosen)
    assert all(choice.family in FAMILIES and 0.0 < choice.weight < 3.0 for choice in chosen)
