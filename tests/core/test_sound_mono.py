"""From a model's sound to a recording: folded without loss, at 48 kHz without false tones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("soxr", reason="soxr resamples what models generate")

from numpy.typing import NDArray

from blender_see2sound.core.sounds.mono import folded, recording_of

RATE = 44_100


def noise(seed: int, count: int = RATE // 2) -> NDArray[np.float32]:
    return (0.2 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def power(sound: NDArray[np.float32]) -> float:
    return float(np.mean(np.square(sound, dtype=np.float64)))


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 99),
    angle=st.floats(0.0, 2.0 * np.pi),
    own=st.floats(0.0, 0.5),
)
def test_no_fold_loses_a_sound_wherever_it_is_panned_and_in_whatever_phase(
    seed: int, angle: float, own: float
) -> None:
    shared = noise(seed)
    stereo = np.stack([np.cos(angle) * shared, np.sin(angle) * shared])
    stereo += own * np.stack([noise(seed + 100), noise(seed + 200)])
    mono = folded(stereo, RATE)
    assert power(mono) > 0.24 * np.mean([power(channel) for channel in stereo])


def test_one_range_of_tones_in_opposite_phase_is_kept() -> None:
    time = np.arange(RATE) / RATE
    low, high = np.sin(2 * np.pi * 100 * time), np.sin(2 * np.pi * 3000 * time)
    mono = folded(np.stack([low + high, high - low]).astype(np.float32), RATE)
    spectrum = np.abs(np.fft.rfft(mono))
    assert spectrum[100] > 0.5 * spectrum[3000]


def test_what_both_channels_share_is_their_mean() -> None:
    sound = noise(1)
    np.testing.assert_allclose(folded(np.stack([sound, sound]), RATE), sound, atol=1e-7)
    np.testing.assert_array_equal(folded(sound[None], RATE), sound)


@pytest.mark.parametrize(("rate", "tone"), [(16_000, 6_000), (44_100, 19_000), (48_000, 19_000)])
def test_tones_stay_what_they_are(rate: int, tone: int) -> None:
    time = np.arange(rate) / rate
    made = recording_of(np.sin(2 * np.pi * tone * time).astype(np.float32)[None], rate)
    assert made.dtype == np.float32
    assert len(made) == 48_000
    spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
    near = slice(tone - 20, tone + 21)
    assert np.argmax(spectrum) == tone
    assert spectrum.sum() - spectrum[near].sum() < 1e-8 * spectrum.sum()
