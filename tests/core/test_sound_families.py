"""Every family of sounds alone: whole, clean, level, repeatable, and unlike the others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.signal import correlate

from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.audio.loudness import LoudnessMeter
from blender_see2sound.core.sounds.families import FAMILIES
from blender_see2sound.core.sounds.levels import LEVELS

from .sounding import (
    Samples,
    centroid,
    family,
    level_curve,
    power,
    profile,
    rhythm,
    rms,
    share,
)

SECONDS = 4.0


every_family = pytest.mark.parametrize("name", sorted(FAMILIES))


def test_each_family_has_a_level() -> None:
    assert LEVELS.keys() == FAMILIES.keys()


@every_family
def test_is_whole_and_clean(name: str) -> None:
    samples = family(name)
    assert samples.dtype == np.float32
    assert samples.shape == (round(SECONDS * SAMPLE_RATE),)
    assert np.all(np.isfinite(samples))
    assert np.max(np.abs(samples)) <= 10.0 ** (-1.0 / 20.0)
    assert abs(float(np.mean(samples, dtype=np.float64))) < 0.02 * rms(samples)


@every_family
def test_starts_and_ends_in_silence(name: str) -> None:
    samples = family(name)
    loudest = float(np.max(np.abs(samples)))
    for end in (samples[:24], samples[-24:]):
        assert np.max(np.abs(end)) < 0.02 * loudest


@every_family
def test_seams_between_blocks_do_not_click(name: str) -> None:
    """Sounds are made a second at a time: no step at a whole second is unlike its surroundings."""
    samples = family(name).astype(np.float64)
    bend = np.abs(np.diff(samples, 2))
    for second in range(1, int(SECONDS)):
        seam = second * SAMPLE_RATE
        around = np.concatenate((bend[seam - 2400 : seam - 4], bend[seam + 4 : seam + 2400]))
        assert np.max(bend[seam - 3 : seam + 2]) <= 1.5 * np.max(around) + 1e-6


@pytest.mark.gate
@every_family
def test_is_as_loud_as_the_table_says(name: str) -> None:
    values = []
    for seed in (1, 2):
        meter = LoudnessMeter()
        # Gusts, and rare events, need a longer look.
        long = name in {"leaves", "wind", "sea", "lake", "tool", "horn"}
        meter.push(family(name, seed, 15.0 if long else SECONDS)[None])
        value = meter.integrated()
        assert value is not None
        values.append(value)
    assert np.mean(values) == pytest.approx(LEVELS[name].target, abs=4.0)


@every_family
def test_seed_repeats_and_another_is_another_take(name: str) -> None:
    first, again, other = (family.__wrapped__(name, seed, 1.0) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    alike = abs(float(first @ other)) / (np.linalg.norm(first) * np.linalg.norm(other))
    assert alike < 0.6


@pytest.mark.gate
@every_family
def test_does_not_loop(name: str) -> None:
    """No stretch of half a second comes again sample by sample."""
    samples = family(name).astype(np.float64)
    if name in {"hum", "fan", "siren", "horn", "phone", "propeller", "bell", "chime", "clock"}:
        pytest.skip("steady tones and clocks repeat by their nature")
    start = int(np.argmax(level_curve(samples[: 2 * SAMPLE_RATE].astype(np.float32)))) * 480
    piece = samples[start : start + SAMPLE_RATE // 2]
    rest = samples[start + SAMPLE_RATE // 2 :]
    match = correlate(rest, piece, "valid", method="fft")
    energy = np.concatenate(([0.0], np.cumsum(rest**2)))
    local = np.sqrt(np.maximum(energy[len(piece) :] - energy[: -len(piece)], 1e-12))
    heard = local > 0.1 * np.linalg.norm(piece)
    alike = np.abs(match[heard]) / (local[heard] * np.linalg.norm(piece))
    assert np.max(alike, initial=0.0) < 0.95


@pytest.mark.gate
def test_families_are_unlike_each_other() -> None:
    profiles = {name: profile(family(name)) for name in FAMILIES}
    close = [
        (a, b, round(float(np.linalg.norm(profiles[a] - profiles[b])), 1))
        for a, b in combinations(profiles, 2)
        if np.linalg.norm(profiles[a] - profiles[b]) < 5.0
    ]
    assert not close


# ------------------------------------------------------------------ what makes each what it is


def character(name: str) -> Samples:
    """A take that is long enough to show what a family is."""
    return family(name, 1, 9.0)


def test_hum_stands_on_the_mains() -> None:
    hertz, density = power(character("hum"))
    low = (hertz > 30.0) & (hertz < 70.0)
    assert hertz[low][np.argmax(density[low])] == pytest.approx(50.0, abs=3.0)
    assert share(character("hum"), 40.0, 800.0) > 0.9


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("thunder", 25, 500),
        ("explosion", 25, 1000),
        ("jet", 25, 4000),
        ("cow", 80, 1500),
        ("owl", 300, 700),
        ("birds", 1500, 12_000),
        ("insects", 3500, 6500),
        ("cicadas", 2500, 12_000),
        ("leaves", 1000, 14_000),
        ("crowd", 90, 4000),
        ("voice", 80, 5000),
        ("footsteps", 40, 9000),
        ("rain", 500, 20_000),
        ("room tone", 20, 3000),
    ],
)
def test_power_lies_where_it_belongs(name: str, low: float, high: float) -> None:
    assert share(character(name), low, high) > 0.8


def test_low_things_are_lower_than_high_things() -> None:
    order = ["thunder", "cow", "crow", "birds", "cicadas"]
    heights = [centroid(character(name)) for name in order]
    assert heights == sorted(heights)


@pytest.mark.parametrize("name", ["waterfall", "room tone", "hum", "fan", "rain", "propeller"])
def test_steady_sounds_are_steady(name: str) -> None:
    level = level_curve(character(name)[SAMPLE_RATE // 2 : -SAMPLE_RATE // 2], 0.25)
    assert np.std(20.0 * np.log10(level)) < 2.0


@pytest.mark.parametrize("name", ["wind", "sea", "leaves"])
def test_gusts_and_waves_swell(name: str) -> None:
    level = level_curve(character(name)[SAMPLE_RATE // 2 : -SAMPLE_RATE // 2], 0.25)
    assert np.ptp(20.0 * np.log10(level)) > 5.0


@pytest.mark.parametrize("name", ["impact", "dog", "drops", "knocking", "clock", "footsteps"])
def test_events_stand_out_of_silence(name: str) -> None:
    samples = character(name)
    assert np.max(np.abs(samples)) > 8.0 * rms(samples) or np.median(level_curve(samples)) < 1e-3


def test_talk_has_the_rhythm_of_syllables() -> None:
    """Speech is modulated at 3 to 8 Hz (Houtgast and Steeneken 1985)."""
    assert 2.0 <= rhythm(character("voice"), 1.5, 15.0) <= 8.0


def test_helicopter_slaps_at_its_blades_rate() -> None:
    assert rhythm(character("helicopter"), 5.0, 20.0) == pytest.approx(12.5, abs=1.0)


def test_clock_ticks_twice_a_second() -> None:
    assert rhythm(character("clock"), 1.5, 3.0) == pytest.approx(2.0, abs=0.1)


def test_pouring_rises_while_the_vessel_fills() -> None:
    samples = character("pouring")
    third = len(samples) // 3

    def tone(part: Samples) -> float:
        hertz, density = power(part)
        near = (hertz > 400.0) & (hertz < 1700.0)
        return float(hertz[near] @ density[near] / density[near].sum())

    assert tone(samples[-third:]) > 1.1 * tone(samples[:third])
