"""What generators are told: the person's words, how it is recorded, and nothing against what was asked for."""

from __future__ import annotations

import pytest

from blender_see2sound.core.scene import Source
from blender_see2sound.core.sounds.generated.wording import kept_away, told


def source(prompt: str, **more: str) -> Source:
    return Source("s1", "thing", prompt, more.pop("kind", "point"), (0.0,), ((0.0, 1.0, 0.0),), **more)  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("prompt", "asked", "away"),
    [
        ("a dog barking", "", "music speech reverb distortion"),
        ("a single crystal glass", "", "music speech"),
        ("many bandages on a manhole", "", "music speech"),
        ("a man playing the guitar", "music", "speech reverb"),
        ("a woman walking on gravel", "", "music speech"),
        ("a kid's bicycle", "", "music speech"),
        ("a metal bar falling in a market", "", "music speech"),
        ("a busy market", "speech", "music"),
        ("people in a bar", "speech", "music"),
        ("a crowded station", "speech", "music"),
        ("a band saw", "", "music speech"),
        ("a brass band", "music", "speech"),
        ("children laughing", "speech", "music"),
        ("church bells", "music reverb", "speech"),
        ("a woman speaking", "speech", "music"),
        ("footsteps echoing in a tunnel", "reverb", "music speech"),
        ("an old radio with static", "distortion", "speech"),
    ],
)
def test_nothing_is_kept_away_that_the_prompt_asks_for(prompt: str, asked: str, away: str) -> None:
    names = kept_away(source(prompt)).split(", ")
    assert "low quality" in names
    assert not set(asked.split()) & set(names)
    assert set(away.split()) <= set(names)


def test_a_persons_own_words_stay_as_they_are() -> None:
    own = source("a man singing", negative_prompt="Guitars!")
    assert kept_away(own) == "Guitars!"
    assert told(own) == "a man singing, close-up recording, high quality"
    assert told(source("wind", kind="ambience")) == "wind, field recording, high quality"
    assert told(source("")) == "thing, close-up recording, high quality"
