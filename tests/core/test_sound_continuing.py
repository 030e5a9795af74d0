"""Recordings go on to any length: no seam stands out, nothing repeats as a loop, memory stays small."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.sounds.continuing import continued, fades
from blender_see2sound.core.sounds.seams import LONGEST_SEAM

from .sounding import level_curve, still
from .sounding import sound as procedural

Sound = NDArray[np.float64]

#: Frames of the spectral flux, samples, and its bands' edges, Hz.
FRAME, HOP = 1024, 256
EDGES = np.geomspace(100.0, 16_000.0, 17)


def recording(words: str, seconds: float) -> NDArray[np.float32]:
    """A sound of the procedural bank, without its fades."""
    made = procedural(still(words), seconds + 0.1)[2400:-2400]
    return np.ascontiguousarray(made * np.float32(0.3 / np.abs(made).max()))


def rendered(
    sound: NDArray[np.float32], seconds: float, seed: int = 1, step: int = SAMPLE_RATE
) -> Sound:
    count = round(seconds * SAMPLE_RATE)
    render = continued(sound, seconds, seed)
    return np.concatenate(
        [render(start, min(start + step, count)) for start in range(0, count, step)]
    )


def flux(sound: Sound) -> Sound:
    """The rise of the level in all bands from frame to frame (log spectral flux)."""
    starts = np.arange(0, len(sound) - FRAME, HOP)
    bins = np.fft.rfftfreq(FRAME, 1.0 / SAMPLE_RATE)
    bands = ((bins[:, None] >= EDGES[:-1]) & (bins[:, None] < EDGES[1:])).astype(np.float64)
    frames = sound[starts[:, None] + np.arange(FRAME)] * np.hanning(FRAME)
    level = np.log10(np.abs(np.fft.rfft(frames)) ** 2 @ bands + 1e-7)
    return np.maximum(np.diff(level, axis=0), 0.0).mean(axis=1)


def standing_out(sound: Sound, original: NDArray[np.float32]) -> float:
    """The highest flux in each stretch of a sound, the most but a few, over that of the original."""
    window = LONGEST_SEAM // HOP

    def peaks(of: Sound) -> float:
        curve = flux(of)
        whole = curve[: len(curve) // window * window].reshape(-1, window)
        return float(np.percentile(whole.max(axis=1), 95))

    return peaks(sound) / peaks(original.astype(np.float64))


def looped(sound: NDArray[np.float32], seconds: float, length: float) -> Sound:
    """What a hard loop of its beginning would be."""
    part = sound[: round(length * SAMPLE_RATE)].astype(np.float64)
    return np.resize(part, round(seconds * SAMPLE_RATE))


def tones(seconds: float) -> NDArray[np.float32]:
    """A steady chord: phases that do not fit are heard at once."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    chord = sum(np.sin(2.0 * np.pi * hertz * time) for hertz in (110.0, 164.81, 246.94, 440.0))
    return (0.1 * np.asarray(chord)).astype(np.float32)


@pytest.mark.parametrize("words", ["wind", "a car driving"])
def test_no_seam_stands_out(words: str) -> None:
    sound = recording(words, 5.0)
    assert standing_out(rendered(sound, 40.0), sound) < 1.15


def ebbing(seconds: float) -> NDArray[np.float32]:
    """Noise that grows softer by 18 dB: where it is cut to its beginning, the level jumps."""
    noise = np.random.default_rng(6).standard_normal(round(seconds * SAMPLE_RATE))
    return (0.1 * noise * np.geomspace(1.0, 0.125, len(noise))).astype(np.float32)


@pytest.mark.parametrize("sound", [ebbing(5.0), tones(5.0)], ids=["ebbing", "tones"])
def test_a_hard_loop_would_be_found(sound: NDArray[np.float32]) -> None:
    """The control: the measure of the test above does find seams."""
    assert standing_out(looped(sound, 40.0, 4.993), sound) > 1.3
    assert standing_out(rendered(sound, 40.0), sound) < 1.15


def test_tones_keep_their_level_over_seams() -> None:
    level = 20.0 * np.log10(level_curve(rendered(tones(3.0), 30.0).astype(np.float32), 0.1))
    assert np.ptp(level) < 1.0


def test_noise_keeps_its_level_over_seams() -> None:
    noise = (0.1 * np.random.default_rng(2).standard_normal(3 * SAMPLE_RATE)).astype(np.float32)
    level = 20.0 * np.log10(level_curve(rendered(noise, 30.0).astype(np.float32), 0.2))
    assert np.ptp(level) < 1.0


def test_a_rhythm_goes_on() -> None:
    """Clicks twice a second stay twice a second, and none is cut in two."""
    clicks = np.zeros(6 * SAMPLE_RATE, np.float32)
    rng = np.random.default_rng(3)
    for beat in range(12):
        at = round((0.1 + 0.5 * beat) * SAMPLE_RATE)
        clicks[at : at + 2400] = 0.3 * rng.standard_normal(2400) * np.exp(-np.arange(2400) / 400)
    clicks += (1e-4 * rng.standard_normal(len(clicks))).astype(np.float32)
    level = level_curve(rendered(clicks, 60.0).astype(np.float32), 0.01)
    begins = np.flatnonzero((level[1:] > 0.05) & (level[:-1] < 0.01)) * 0.01
    assert 115 <= len(begins) <= 125
    assert np.mean(np.abs(np.diff(begins) - 0.5) < 0.06) > 0.95


def test_it_is_no_loop() -> None:
    """No stretch comes back after the same time again and again, as in a loop."""
    rng = np.random.default_rng(4)
    noise = (0.1 * rng.standard_normal(2 * SAMPLE_RATE)).astype(np.float32)

    def strongest_return(sound: Sound) -> float:
        spectrum = np.fft.rfft(sound, 2 * len(sound))
        returns = np.fft.irfft(np.abs(spectrum) ** 2)
        return float(np.max(returns[SAMPLE_RATE // 10 : len(sound) // 2]) / returns[0])

    # Seven eighths of a loop of two seconds in sixteen come back after two seconds.
    assert strongest_return(looped(noise, 16.0, 2.0)) == pytest.approx(7 / 8, abs=0.01)
    assert strongest_return(rendered(noise, 16.0)) < 0.5


@pytest.mark.parametrize("step", [480, 7777, 200_000])
def test_the_same_samples_whatever_the_stretches(step: int) -> None:
    sound = recording("wind", 2.0)
    np.testing.assert_array_equal(rendered(sound, 12.0), rendered(sound, 12.0, step=step))


def test_another_seed_goes_another_way() -> None:
    sound = recording("wind", 3.0)
    one, same, other = (rendered(sound, 10.0, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_what_is_long_enough_is_only_cut() -> None:
    sound = recording("wind", 3.0)
    np.testing.assert_array_equal(rendered(sound, 2.5), sound[: round(2.5 * SAMPLE_RATE)])


@pytest.mark.parametrize("length", [64, 100, 481, 2_400, 20_000])
def test_the_shortest_recordings_go_on(length: int) -> None:
    noise = (0.1 * np.random.default_rng(5).standard_normal(length)).astype(np.float32)
    made = rendered(noise, 0.5 + 3.0 * length / SAMPLE_RATE)
    assert np.isfinite(made).all()
    assert 0.05 < np.std(made) < 0.15


@pytest.mark.gate
def test_memory_does_not_grow_with_length() -> None:
    sound = recording("rain", 4.0)
    render = continued(sound, 7200.0, 1)
    render(0, SAMPLE_RATE)
    tracemalloc.start()
    for start in range(SAMPLE_RATE, 100 * SAMPLE_RATE, SAMPLE_RATE):
        render(start, start + SAMPLE_RATE)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 3e6
    assert peak < 40e6


@given(st.integers(1, 5000), st.floats(0.0, 1.0))
def test_fades_keep_the_power(length: int, alike: float) -> None:
    out, into = fades(length, alike)
    np.testing.assert_allclose(out**2 + into**2 + 2.0 * alike * out * into, 1.0, atol=1e-9)
    assert np.all((out >= 0.0) & (out <= 1.0) & (into >= 0.0) & (into <= 1.0))
