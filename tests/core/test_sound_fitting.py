"""Any recording becomes a source's sound: clean, as loud as its words ask, as long as the clip."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import Motion, Source
from blender_see2sound.core.sounds.evening import (
    UNKNOWN_LEVELS,
    evened,
    loudness,
    sounding,
    wanted_level,
)
from blender_see2sound.core.sounds.fitting import fitted
from blender_see2sound.core.sounds.levels import LEVELS

from .sounding import during, level_curve, onsets, rms, share, still

Sound = NDArray[np.float32]


def noise(seconds: float, level: float = 0.1, seed: int = 1) -> Sound:
    rng = np.random.default_rng(seed)
    return (level * rng.standard_normal(round(seconds * SAMPLE_RATE))).astype(np.float32)


def hits(times: list[float], seconds: float, level: float = 0.5) -> Sound:
    """Blows that fade within a fifth of a second, over a soft hiss."""
    sound = noise(seconds, 1e-4, 2)
    for number, time in enumerate(times):
        begin = round(time * SAMPLE_RATE)
        blow = noise(0.2, level, 10 + number)
        blow *= np.exp(-np.arange(len(blow)) / 1200.0).astype(np.float32)
        sound[begin : begin + len(blow)] += blow
    return sound


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def fit(recording: Sound, source: Source, seconds: float) -> Sound:
    return np.concatenate([silence(0), *fitted(recording, source, seconds, silent)])


def decibels(ratio: float) -> float:
    return 20.0 * float(np.log10(ratio))


# ------------------------------------------------------------------ evening


def test_rumble_and_a_shifted_zero_line_go() -> None:
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    rumble = (0.3 * np.sin(2.0 * np.pi * 5.0 * time) + 0.2).astype(np.float32)
    clean = evened(noise(4.0) + rumble, still("wind"))
    assert share(clean, 0.0, 10.0) < 0.01
    assert abs(float(clean.mean())) < 1e-3
    # The zero line makes no thump at the start either.
    assert rms(clean[:2400]) < 2.0 * rms(clean[-SAMPLE_RATE:])


@pytest.mark.parametrize("before", [silence(0.7), noise(0.7, 1e-3)], ids=["digital", "hiss"])
def test_silence_before_the_sound_goes(before: Sound) -> None:
    recording = np.concatenate([before, noise(2.0)])
    first, _ = sounding(recording)
    assert first / SAMPLE_RATE == pytest.approx(0.7, abs=0.03)
    assert len(evened(recording, still("wind"))) < 2.1 * SAMPLE_RATE


def test_soft_sounds_are_not_taken_for_silence() -> None:
    swell = noise(4.0) * np.linspace(0.1, 1.0, 4 * SAMPLE_RATE, dtype=np.float32)
    assert sounding(swell) == (0, len(swell))
    assert sounding(noise(3.0, 1e-3)) == (0, 3 * SAMPLE_RATE)


@pytest.mark.parametrize("gain", [0.003, 0.1, 3.0])
def test_it_is_as_loud_as_its_words_ask(gain: float) -> None:
    lufs = loudness(evened(noise(4.0, gain), still("wind")))
    assert lufs == pytest.approx(LEVELS["wind"].target, abs=0.2)


def test_words_that_say_nothing_have_a_level_too() -> None:
    assert wanted_level(still("xyzzy")) == UNKNOWN_LEVELS["point"]
    assert wanted_level(still("thunder")) == pytest.approx(LEVELS["thunder"].target)


def test_peaks_stay_below_the_ceiling_undistorted() -> None:
    recording = hits([0.1], 3.0, 0.02)
    louder = evened(recording, still("an explosion"))
    peak = decibels(float(np.abs(louder).max()))
    assert peak <= -4.0
    # Only made louder: the same shape.
    first, last = sounding(recording)
    shape = recording[first:last][1000:-1000]
    likeness = np.corrcoef(shape, louder[1000:-1000])[0, 1]
    assert likeness > 0.99


@pytest.mark.parametrize(
    "recording", [silence(2.0), silence(0.0), noise(0.001), np.full(48_000, np.nan, np.float32)],
    ids=["silent", "empty", "too short", "no numbers"],
)  # fmt: skip
def test_what_cannot_be_heard_is_refused(recording: Sound) -> None:
    with pytest.raises(See2SoundError, match="s1") as caught:
        fit(recording, still("wind"), 2.0)
    assert caught.value.kind == "bad-sound"


# ------------------------------------------------------------------ fitting


@pytest.mark.parametrize("seconds", [0.0, 0.005, 1.0, 7.3])
def test_it_is_as_long_as_the_clip(seconds: float) -> None:
    sound = fit(noise(2.0), still("wind"), seconds)
    assert len(sound) == round(seconds * SAMPLE_RATE)
    assert sound.dtype == np.float32
    if len(sound):
        assert sound[0] == 0.0
        assert sound[-1] == 0.0


def test_hits_come_where_the_picture_shows_impacts() -> None:
    impacts = (0.5, 1.3, 1.9, 3.2, 4.4)
    motion = Motion((0.0, 5.0), (1.0, 1.0), impacts, (1.0,) * 5)
    source = dataclasses.replace(still("footsteps of a man walking"), motion=motion)
    recording = np.concatenate([silence(0.4), hits([0.2, 0.9, 1.5, 2.2], 3.0)])
    found = onsets(fit(recording, source, 5.0), 0.2)
    assert len(found) == len(impacts)
    np.testing.assert_allclose(found, impacts, atol=0.03)


def test_what_holds_no_hits_goes_on_where_the_picture_shows_impacts() -> None:
    motion = Motion((0.0, 5.0), (1.0, 1.0), (0.5, 1.3), (1.0, 0.5))
    source = dataclasses.replace(still("footsteps of a man walking"), motion=motion)
    assert rms(fit(noise(2.0), source, 5.0)) > 0.0


def test_hits_that_overlap_stay_below_the_ceiling() -> None:
    impacts = tuple(0.5 + 0.02 * n for n in range(40))
    motion = Motion((0.0, 3.0), (1.0, 1.0), impacts, (1.0,) * 40)
    source = dataclasses.replace(still("a hammer knocking"), motion=motion)
    sound = fit(hits([0.2, 0.9, 1.5, 2.2], 3.0), source, 3.0)
    assert decibels(float(np.abs(sound).max())) <= -1.0 + 0.01


def test_a_single_call_comes_again_after_pauses() -> None:
    """A bark of half a second is no machine gun."""
    bark = noise(0.5) * np.exp(-np.arange(24_000) / 5000.0).astype(np.float32)
    begins = onsets(fit(bark, still("a dog barking"), 40.0), 0.6)
    assert 3 <= len(begins) <= 14
    assert np.min(np.diff(begins)) > 1.0
    assert np.std(np.diff(begins)) > 0.3


def test_what_goes_on_goes_on() -> None:
    level = level_curve(fit(noise(2.0), still("rain"), 20.0)[4800:-4800], 0.1)
    assert decibels(float(level.min() / level.max())) > -3.0


def test_level_follows_motion() -> None:
    """A bicycle that rests in the second half is not heard there."""
    times = tuple(float(t) for t in np.arange(0.0, 8.1, 0.1))
    speed = tuple(4.0 if t < 4.0 else 0.0 for t in times)
    source = dataclasses.replace(still("a bicycle"), motion=Motion(times, speed))
    sound = fit(noise(3.0), source, 8.0)
    assert decibels(rms(during(sound, 5.0, 7.5)) / rms(during(sound, 1.0, 3.5))) < -20.0


def test_the_same_seed_gives_the_same_sound() -> None:
    source = still("rain", seed=4)
    np.testing.assert_array_equal(fit(noise(2.0), source, 9.0), fit(noise(2.0), source, 9.0))
    other = dataclasses.replace(source, seed=5)
    assert not np.array_equal(fit(noise(2.0), source, 9.0), fit(noise(2.0), other, 9.0))


def test_it_can_be_cancelled() -> None:
    told: list[float] = []

    def stop(phase: str, fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(fitted(noise(2.0), still("rain"), 20.0, stop))
    assert told == sorted(told)
    assert told[-1] < 0.5
