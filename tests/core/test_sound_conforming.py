"""Recordings conform to what the picture shows: hits at impacts, level by speed, nothing else changed."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.scene import Motion, Source
from blender_see2sound.core.sounds.conforming import activity, conformed, conforms, hits_of

from .sounding import level_curve, moving, rms, still

SECONDS = 6.0
IMPACTS = (0.4, 1.03, 1.52, 2.61, 3.3, 4.25, 5.02)
STRENGTHS = (1.0, 0.5, 0.8, 0.3, 1.0, 0.6, 0.9)


def thuds(
    times: tuple[float, ...], seconds: float = 4.0, hiss: float = 1e-4
) -> NDArray[np.float32]:
    """A recording of blows: noise that decays, over a little hiss."""
    random = np.random.default_rng(3)
    samples = random.normal(0.0, hiss, int(seconds * SAMPLE_RATE))
    for number, time in enumerate(times):
        start = int(time * SAMPLE_RATE)
        t = np.arange(len(samples) - start) / SAMPLE_RATE
        blow = random.normal(0.0, 0.3, len(t)) * np.exp(-t / 0.03) * (0.6 + 0.1 * (number % 4))
        samples[start:] += blow
    return samples.astype(np.float32)


def struck(prompt: str = "footsteps of a person walking") -> Source:
    motion = Motion((0.0, SECONDS), (1.2, 1.2), IMPACTS, STRENGTHS)
    return dataclasses.replace(still(prompt), motion=motion)


def render(
    recording: NDArray[np.float32], source: Source, block: int = 9_999
) -> NDArray[np.float64]:
    made = conformed(recording, source, SECONDS)
    count = int(SECONDS * SAMPLE_RATE)
    return np.concatenate([made(a, min(a + block, count)) for a in range(0, count, block)])


def attacks(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """When the level rises to a tenth of a blow's, seconds."""
    level = level_curve(samples.astype(np.float32), 0.002)
    loud = level > 0.03
    rises = np.flatnonzero(loud[1:] & ~loud[:-1]) * 0.002
    return rises[np.concatenate(([True], np.diff(rises) > 0.2))]


def test_hits_are_found_where_they_are() -> None:
    times = (0.5, 1.1, 1.9, 2.6, 3.3)
    hits = hits_of(thuds(times))
    assert [h.start / SAMPLE_RATE for h in hits] == pytest.approx(times, abs=0.008)
    assert all(0.05 < (h.stop - h.start) / SAMPLE_RATE < 0.6 for h in hits)


@pytest.mark.parametrize("what", ["hiss", "hum", "silence", "nothing", "a click's length"])
def test_what_goes_on_has_no_hits(what: str) -> None:
    random = np.random.default_rng(1)
    t = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    recordings = {
        "hiss": random.normal(0.0, 0.1, len(t)),
        "hum": 0.3 * np.sin(2 * np.pi * 100 * t) * (1.0 + 0.3 * np.sin(2 * np.pi * 3 * t)),
        "silence": np.zeros(len(t)),
        "nothing": np.zeros(0),
        "a click's length": random.normal(0.0, 0.1, 200),
    }
    recording = recordings[what].astype(np.float32)
    assert hits_of(recording) == ()
    assert not conforms(recording, struck())


def test_each_impact_gets_a_hit_in_time() -> None:
    source = struck()
    recording = thuds((0.5, 1.1, 1.9, 2.6, 3.3))
    assert conforms(recording, source)
    found = attacks(render(recording, source))
    assert len(found) == len(IMPACTS)
    assert float(np.max(np.abs(found - IMPACTS))) < 0.012
    assert float(np.median(np.abs(found + 0.15 - IMPACTS))) > 0.1  # shifted it would not pass


def test_hits_of_any_length_are_placed() -> None:
    """Lengths in seconds are not always whole samples again."""
    for gap in np.linspace(0.21, 0.47, 40):
        recording = thuds(tuple(0.3 + gap * np.arange(6)), 4.0)
        assert np.all(np.isfinite(render(recording, struck())))


def test_harder_is_louder() -> None:
    samples = render(thuds((0.5, 1.1, 1.9, 2.6, 3.3)), struck())
    levels = [
        rms(samples[int(t * 48_000) : int((t + 0.08) * 48_000)].astype(np.float32)) for t in IMPACTS
    ]
    assert np.corrcoef(levels, STRENGTHS)[0, 1] > 0.85


def test_blocks_do_not_matter_and_no_hit_comes_twice_in_a_row() -> None:
    recording, source = thuds((0.5, 1.1, 1.9, 2.6, 3.3)), struck()
    whole = render(recording, source, 10**9)
    assert np.allclose(whole, render(recording, source, 777))
    cuts = [whole[int(t * 48_000) : int(t * 48_000) + 2000] for t in IMPACTS]
    alike = [abs(np.corrcoef(a, b)[0, 1]) for a, b in itertools.pairwise(cuts)]
    assert max(alike) < 0.9


@pytest.mark.parametrize("prompt", ["a dog barking", "a man talking", "a fountain", "a saxophone"])
def test_what_impacts_do_not_make_does_not_conform(prompt: str) -> None:
    assert not conforms(thuds((0.5, 1.1, 1.9, 2.6, 3.3)), struck(prompt))


def test_without_impacts_nothing_conforms() -> None:
    quiet = dataclasses.replace(struck(), motion=Motion((0.0, SECONDS), (1.0, 1.0)))
    assert not conforms(thuds((0.5, 1.1, 1.9)), quiet)
    assert not conforms(thuds((0.5, 1.1, 1.9)), still("footsteps"))


# ------------------------------------------------------------------ level by speed


def driven(prompt: str) -> Source:
    """It goes, stands from 2 to 4 s, and goes on."""
    motion = Motion((0.0, 1.9, 2.1, 3.9, 4.1, SECONDS), (2.0, 2.0, 0.0, 0.0, 2.0, 2.0))
    return dataclasses.replace(moving(prompt, lambda t: 0.0, SECONDS), motion=motion)


def test_what_rolls_is_silent_at_rest_and_what_has_an_engine_idles() -> None:
    cart, car = activity(driven("a bicycle"), SECONDS), activity(driven("a car driving"), SECONDS)
    assert cart is not None
    assert car is not None
    for gain in (cart, car):
        assert gain[100] == pytest.approx(1.0, abs=0.05)
        assert float(np.max(np.abs(np.diff(gain)))) < 0.2  # no clicks
        assert (
            abs(float(np.interp(0.5, gain[230:180:-1], np.arange(230, 180, -1))) / 100 - 2.0) < 0.04
        )
    assert cart[300] < 0.02
    assert 0.2 < car[300] < 0.4


@pytest.mark.parametrize(
    "prompt", ["a fountain", "a stream", "a radio", "a man talking", "a dog barking", "a saxophone"]
)
def test_motion_does_not_shape_what_it_does_not_make(prompt: str) -> None:
    assert activity(driven(prompt), SECONDS) is None


def test_even_motion_and_no_motion_shape_nothing() -> None:
    even = dataclasses.replace(driven("a bicycle"), motion=Motion((0.0, SECONDS), (2.0, 2.1)))
    assert activity(even, SECONDS) is None
    assert activity(still("a bicycle"), SECONDS) is None
    assert activity(dataclasses.replace(driven("a bicycle"), kind="area"), SECONDS) is None
