"""Loudness, true peaks and the LFE, measured on the file by others than the mixer."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest

from .mixes import RATE, Desk, at, decibels, mains, noise, rms, tone


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def lufs(samples: np.ndarray) -> float:
    """By pyloudnorm, which takes up to five channels, L R C Ls Rs."""
    import pyloudnorm

    return pyloudnorm.Meter(RATE).integrated_loudness(samples)


def true_peak_db(samples: np.ndarray) -> float:
    """Oversampled four times, as BS.1770 does, by another interpolator than the mixer's."""
    from scipy.signal import resample_poly

    return float(decibels(np.abs(resample_poly(samples, 4, 1, axis=0)).max()))


def bursts(seconds: float, every: float, long: float, level: float) -> np.ndarray:
    """Noise that comes and goes."""
    sound = noise(seconds, 3, level)
    return sound * ((np.arange(len(sound)) / RATE) % every < long)


@pytest.mark.parametrize(
    ("layout", "target"),
    [
        pytest.param(layout, target, marks=() if quick else pytest.mark.gate)
        for layout in ("mono", "stereo", "5.1")
        for target in (-31.0, -23.0, -16.0)
        for quick in [layout == "5.1" or target == -23.0]
    ],
)
def test_a_mix_has_the_loudness_asked_for(desk, layout, target):
    sources = [
        desk.source(noise(2.0, 1, 0.02), at(110.0), id="a"),
        desk.source(bursts(2.0, 0.9, 0.3, 0.1), at(-20.0), id="b"),
        desk.source(noise(2.0, 2, 0.01), at(0.0), id="c", kind="ambience", lfe_db=0.0),
    ]
    samples = desk.mix(*sources, seconds=2.0, layout=layout, lufs=target)
    got = lufs(mains(samples, layout))
    assert got == pytest.approx(target, abs=0.2)
    assert desk.report.integrated_lufs == pytest.approx(got, abs=0.1)
    assert true_peak_db(samples) <= -1.0
    assert desk.report.true_peak_db == pytest.approx(true_peak_db(samples), abs=0.15)
    reported = [-240.0 if v is None else v for v in desk.report.channel_rms_db]
    assert reported == pytest.approx(list(decibels(rms(samples))), abs=0.01)


def test_the_sides_of_7_1_weigh_more_and_its_back_does_not(desk):
    # BS.1770-5: 1.41 (+1.5 dB) from 60 to 120 degrees, so equal loudness is 1.5 dB less power.
    levels = {}
    for azimuth in (0.0, 90.0, 135.0):
        source = desk.source(noise(2.0), at(azimuth))
        samples = desk.mix(source, seconds=2.0, layout="7.1", lufs=-30.0)
        levels[azimuth] = decibels(np.linalg.norm(rms(samples)))
    assert levels[90.0] - levels[0.0] == pytest.approx(-1.49, abs=0.05)
    assert levels[135.0] - levels[0.0] == pytest.approx(0.0, abs=0.05)


def test_peaks_stay_under_the_ceiling_and_loudness_is_made_up_for(desk):
    # Sharp bursts over soft noise: loud peaks, little loudness.
    clap = bursts(5.0, 0.5, 0.001, 0.5) + noise(5.0, 1, 0.03)
    samples = desk.mix(desk.source(clap, at(15.0)), seconds=5.0, lufs=-23.0)
    assert desk.report.limited_db > 1.0
    assert true_peak_db(samples) <= -1.0
    assert lufs(mains(samples, "5.1")) == pytest.approx(-23.0, abs=0.2)


def test_peaks_just_under_the_ceiling_are_left_alone(desk):
    sound = tone(1.0, 997.0, 10.0 ** (-1.1 / 20.0))
    samples = desk.mix(desk.source(sound, at(0.0)), seconds=1.0)
    assert desk.report.limited_db == 0.0
    assert desk.report.warnings == ()
    assert np.abs(samples[:, 2] - sound).max() < 1e-6
    # Just above it is limited, and told.
    desk.mix(desk.source(1.02 * sound, at(0.0)), seconds=1.0)
    assert desk.report.limited_db > 0.0
    assert len(desk.report.warnings) == 1


def test_a_loudness_beyond_the_ceiling_is_not_forced(desk):
    samples = desk.mix(desk.source(noise(2.0), at(0.0)), seconds=2.0, lufs=-3.0)
    assert true_peak_db(samples) <= -1.0
    assert lufs(mains(samples, "5.1")) < -3.2
    assert any("LUFS instead of -3.0" in w for w in desk.report.warnings)


def test_the_limiter_leaves_what_is_far_from_a_peak_alone(desk):
    sound = tone(3.0, 500.0, 0.1)
    sound[2 * RATE : 2 * RATE + 48] += 2.0
    samples = desk.mix(desk.source(sound, at(0.0)), seconds=3.0)
    before = samples[: 2 * RATE - 2600, 2] - sound[: 2 * RATE - 2600]
    assert np.abs(before).max() < 1e-6
    assert any("turned down" in w for w in desk.report.warnings)


def test_a_silent_mix_stays_silent(desk):
    samples = desk.mix(desk.source(np.zeros(RATE), at(0.0)), seconds=1.0, lufs=-23.0)
    assert not samples.any()
    assert desk.report.warnings == ("The mix is silent",)
    assert desk.report.integrated_lufs is None
    assert desk.report.channel_rms_db == (None,) * 6


@pytest.mark.parametrize("seconds", [0.05, 0.39, 0.4, 0.55])
def test_a_very_short_mix_has_a_level_too(desk, seconds):
    desk.mix(desk.source(tone(1.0, 997.0), at(0.0)), seconds=seconds, lufs=-23.0)
    assert desk.report.integrated_lufs == pytest.approx(-23.0, abs=0.01)


def test_the_lfe_has_nothing_above_120_hertz_and_is_in_time(desk):
    sound = noise(4.0)
    source = desk.source(sound, at(40.0, 6.0), lfe_db=-4.0)
    samples = desk.mix(source, seconds=4.0)
    spectrum = np.abs(np.fft.rfft(samples[:, 3])) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1.0 / RATE)
    assert spectrum[frequencies > 120.0].sum() <= 0.01 * spectrum.sum()
    # Below 80 Hz it is the source itself at its distance, 4 dB down, not a sample late.
    low = (frequencies > 25.0) & (frequencies < 80.0)
    own = np.fft.rfft(sound)[low] * 0.5 * 10 ** (-4 / 20)
    assert np.abs(np.fft.rfft(samples[:, 3])[low] / own).mean() == pytest.approx(1.0, abs=0.02)
    assert np.abs(np.angle(np.vdot(own, np.fft.rfft(samples[:, 3])[low]))) < 0.01


def test_layouts_without_an_lfe_lose_nothing_by_it(desk):
    levels = [
        rms(desk.mix(desk.source(noise(0.5), at(40.0), lfe_db=lfe), seconds=0.5, layout="stereo"))
        for lfe in (None, 6.0)
    ]
    assert levels[0] == pytest.approx(levels[1])


def swells(seconds: float) -> np.ndarray:
    """Noise at four levels in turn, 5 s each, and pauses."""
    levels = np.array([0.02, 0.2, 0.05, 0.0001, 0.1, 0.01])
    return noise(seconds, 7) * np.repeat(levels, 5 * RATE)[: round(seconds * RATE)] * 3.0


@pytest.mark.gate
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here")
@pytest.mark.parametrize("target", [None, -27.0])
def test_ffmpeg_measures_what_the_report_tells(desk, target):
    sources = [
        desk.source(swells(30.0), at(-20.0), id="a"),
        desk.source(noise(30.0, 2, 0.003), at(0.0), id="b", kind="ambience"),
    ]
    desk.mix(*sources, seconds=30.0, lufs=target, stems=desk.folder / "stems")
    report = desk.report.to_json()
    assert [row["path"] for row in report["stems"]] == [
        str(desk.folder / "stems" / f"{name}.wav") for name in "ab"
    ]
    for row in [report, *report["stems"]]:
        told = subprocess.run(
            [*("ffmpeg", "-nostats", "-i", row["path"]), *("-af", "ebur128=peak=true"),
             *("-f", "null", "-")],
            capture_output=True, text=True, check=True,
        ).stderr.split("Summary:")[1]  # fmt: skip
        measured = {
            name: float(re.search(rf"{name}:\s+(-?[\d.]+)", told).group(1))
            for name in ("I", "LRA", "Peak")
        }
        assert row["integrated_lufs"] == pytest.approx(measured["I"], abs=0.15)
        assert row["loudness_range"] == pytest.approx(measured["LRA"], abs=0.2)
        assert row["true_peak_db"] == pytest.approx(measured["Peak"], abs=0.2)
    assert report["loudness_range"] > 5.0
    # A steady sound has no range.
    assert report["stems"][1]["loudness_range"] < 0.3


@pytest.mark.parametrize(
    ("levels", "seconds", "expected"),
    [
        # EBU Tech 3342, minimum requirements, test signals 1 to 4: 1 kHz in L and R.
        ((-20.0, -30.0), 20.0, 10.0),
        ((-20.0, -15.0), 20.0, 5.0),
        ((-40.0, -20.0), 20.0, 20.0),
        ((-50.0, -35.0, -20.0, -35.0, -50.0), 20.0, 15.0),
    ],
)
def test_the_loudness_range_is_the_standards(desk, levels, seconds, expected):
    amplitudes = np.repeat(10.0 ** (np.array(levels) / 20.0), round(seconds * RATE))
    phase = 2.0 * np.pi * 1000.0 * np.arange(len(amplitudes)) / RATE
    source = desk.source(amplitudes * np.sin(phase), at(0.0))
    desk.mix(source, seconds=seconds * len(levels), layout="stereo")
    assert desk.report.loudness_range == pytest.approx(expected, abs=1.0)


def beside(samples: np.ndarray, sound: np.ndarray, width: float = 40.0) -> float:
    """What a mix has beside the tones of its sound, dB: all farther than `width` Hz from them."""
    window = np.blackman(len(sound))
    own, got = (np.abs(np.fft.rfft(s * window)) for s in (sound, samples))
    frequencies = np.fft.rfftfreq(len(sound), 1.0 / RATE)
    tones = frequencies[own > 0.001 * own.max()]
    far = np.abs(frequencies[:, None] - tones[np.newaxis]).min(axis=1) > width
    return float(10.0 * np.log10(np.sum(got[far] ** 2) / np.sum(got**2)))


TIME = np.arange(6 * RATE) / RATE
FULL = {
    "20 Hz": np.sin(2 * np.pi * 20 * TIME),
    "a low and a high tone": 0.6 * np.sin(2 * np.pi * 60 * TIME) + 0.4 * np.sin(2e3 * np.pi * TIME),
    "beats": 0.5 * np.sin(2 * np.pi * 440 * TIME) + 0.5 * np.sin(2 * np.pi * 450 * TIME),
    "swells": (0.7 + 0.3 * np.sin(8 * np.pi * TIME)) * np.sin(2 * np.pi * 997 * TIME),
}


@pytest.mark.parametrize("name", FULL)
def test_limiting_a_full_scale_mix_leaves_no_distortion(desk, name):
    sound = FULL[name]
    samples = desk.mix(desk.source(sound, at(0.0), gain_db=6.0), seconds=6.0)[:, 2]
    assert desk.report.limited_db > 5.0
    inner = slice(RATE, 5 * RATE)
    assert beside(samples[inner], sound[inner]) < -60.0
    # Clipping, which is what it avoids, is heard by the same ears.
    assert beside(np.clip(2.0 * sound, -0.87, 0.87)[inner], sound[inner]) > -40.0


@pytest.mark.parametrize("every", [0.5, 0.25])
def test_drum_hits_that_are_limited_leave_a_tone_its_own(desk, every):
    # The tone alone in the centre, turned down by all that the drum on the left asks for.
    since = TIME % every
    struck = np.exp(-since / 0.01) * noise(6.0, 1, 0.2)
    drum = desk.source(
        np.exp(-since / 0.06) * np.sin(2 * np.pi * 90 * since) + struck,
        at(30.0), gain_db=2.0, id="drum",
    )  # fmt: skip
    sound = 0.1 * np.sin(2 * np.pi * 997 * TIME)
    samples = desk.mix(drum, desk.source(sound, at(0.0), id="tone"), seconds=6.0)[:, 2]
    assert 6.0 < desk.report.limited_db < 9.0
    inner = slice(RATE, 5 * RATE)
    assert beside(samples[inner], sound[inner]) < -60.0
    # A gain that falls within 10 ms of a hit is heard by the same ears.
    falling = 0.7 + 0.3 * np.clip(since / 0.01, 0.0, 1.0)
    assert beside((sound * falling)[inner], sound[inner]) > -50.0
