"""Ambience and wide sources: from all around, decorrelated, at their own level."""

from __future__ import annotations

import numpy as np
import pytest

from .mixes import Desk, apart, at, azimuths_heard, decibels, likenesses, mains, noise, rms, tone


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


@pytest.mark.parametrize(
    ("layout", "beside_centre"),
    [
        ("stereo", [0, 1]),
        ("5.1", [0, 1, 3, 4]),
        ("7.1", [0, 1, 3, 4, 5, 6]),
        pytest.param("5.1.4", [0, 1, *range(3, 9)], marks=pytest.mark.gate),
        pytest.param("7.1.4", [0, 1, *range(3, 11)], marks=pytest.mark.gate),
    ],
)
def test_a_bed_is_decorrelated_between_loudspeakers(desk, layout, beside_centre):
    source = desk.source(noise(3.0, level=0.05), at(0.0), kind="ambience", spread=1.0)
    samples = mains(desk.mix(source, seconds=3.0, layout=layout), layout)[:, beside_centre]
    found = likenesses(samples)
    assert found.mean() <= 0.2
    assert found.max() <= 0.4


def test_the_measure_of_likeness_sees_a_point(desk):
    # Positive control: a point between two loudspeakers is the same in both.
    samples = desk.mix(desk.source(noise(3.0), at(70.0)), seconds=3.0)
    assert likenesses(samples[:, [0, 4]]).min() >= 0.99


@pytest.mark.parametrize("layout", ["5.1", "7.1"])
def test_a_bed_has_its_own_level_wherever_it_is_put_and_little_in_the_centre(desk, layout):
    for position in (at(0.0, 2.0), at(120.0, 60.0), (0.0, 0.0, 0.0)):
        source = desk.source(noise(2.0, level=0.05), position, kind="ambience", spread=1.0)
        levels = rms(mains(desk.mix(source, seconds=2.0, layout=layout), layout))
        assert decibels(np.linalg.norm(levels) / 0.05) == pytest.approx(0.0, abs=0.2)
        assert levels[0] == pytest.approx(levels[1], rel=0.02)
        assert (decibels(levels) > decibels(levels.max()) - 12.0).all()
        assert levels[2] < levels[0]


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1", "5.1.4", "7.1.4"])
def test_a_bed_has_its_own_level_in_every_layout(desk, layout):
    source = desk.source(noise(2.0, level=0.05), at(0.0), kind="ambience", spread=1.0)
    levels = rms(mains(desk.mix(source, seconds=2.0, layout=layout), layout))
    assert decibels(np.linalg.norm(levels) / 0.05) == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1", "5.1.4", "7.1.4"])
@pytest.mark.parametrize("azimuth", [20.0, 160.0])
def test_spread_leaves_the_level_in_every_layout(desk, layout, azimuth):
    levels = []
    for spread in (0.0, 0.5, 1.0):
        source = desk.source(noise(2.0), at(azimuth), kind="area", spread=spread)
        samples = desk.mix(source, seconds=2.0, layout=layout)[4800:-4800]
        levels.append(decibels(np.linalg.norm(rms(mains(samples, layout)))))
    assert np.ptp(levels) < 0.6


def test_a_bed_colours_no_tone(desk):
    # A comb filter would take some tones away, in a loudspeaker of its own.
    for hertz in (110.0, 431.0, 1270.0, 5003.0):
        source = desk.source(tone(1.0, hertz), at(0.0), kind="ambience", spread=1.0)
        levels = decibels(rms(mains(desk.mix(source, seconds=1.0), "5.1")[9600:-9600]) / 0.0707)
        own = [-8.14, -8.14, -10.8, -5.16, -5.16]
        assert np.abs(levels - own).max() < 2.0


def folded(samples: np.ndarray, layout: str) -> np.ndarray:
    """The main channels folded down to stereo, what is not in front 3 dB lower (BS.775)."""
    left = {"5.1": [0, 3], "7.1": [0, 3, 5], "7.1.4": [0, 3, 5, 7, 9]}[layout]
    right = [c + 1 for c in left]
    gains = np.array([1.0] + [0.5**0.5] * (len(left) - 1))
    centre = 0.5**0.5 * samples[:, 2]
    return np.stack([samples[:, side] @ gains + centre for side in (left, right)], axis=1)


def ripple(samples: np.ndarray, sound: np.ndarray) -> float:
    """By how much third-octaves from 100 Hz to 12 kHz rise and fall beside the sound's, dB."""
    hertz = np.fft.rfftfreq(len(sound), 1.0 / 48_000.0)
    borders = 100.0 * 2.0 ** (np.arange(22) / 3.0)
    bands = np.digitize(hertz, borders)
    power = [np.abs(np.fft.rfft(s, axis=0)) ** 2 for s in (samples, sound[:, None])]
    levels = [
        10.0 * np.log10(power[0][bands == b].sum(axis=0) / power[1][bands == b].sum(axis=0))
        for b in range(1, len(borders))
    ]
    return float(np.max(np.ptp(levels, axis=0)))


#: Spreads and directions in which something of the point is left, much or little.
SPREADS = [0.1, 0.25, 0.5, 0.75, 0.9]
AROUND = range(-150, 181, 30)


@pytest.mark.gate
@pytest.mark.parametrize("layout", ["stereo", "5.1"])
def test_no_tone_is_lost_however_wide_and_wherever_a_source_is(desk, layout):
    hertz = 60.0 * 2.0 ** (np.arange(30) * 0.26)  # 60 Hz to 11 kHz
    # Tones that fill a file, so that each has a bin of its own.
    count = 48_000
    bins = np.unique(np.rint(hertz).astype(int))
    steady = np.cos(2 * np.pi * np.outer(bins, np.arange(count)) / count + bins[:, None] ** 2)
    sound = np.tile(0.005 * steady.sum(axis=0), 3)

    def levels(azimuth, spread):
        """Of each tone in all loudspeakers together, beside its own in the file, dB."""
        source = desk.source(sound, at(azimuth), kind="area", spread=spread)
        samples = mains(desk.mix(source, seconds=3.0, layout=layout), layout)
        spectra = np.abs(np.fft.rfft(samples[count : 2 * count], axis=0))[bins] / (count / 2)
        return decibels(np.linalg.norm(spectra, axis=1) / 0.005), spectra

    worst = []
    for spread, azimuth in zip(SPREADS * 3, AROUND, strict=False):
        found, channels = levels(azimuth, spread)
        worst.append(found - np.median(found))
        # Nor is one lost in a loudspeaker that plays its share.
        own = np.median(channels, axis=0)
        loud = own > 0.1 * own.max()
        assert np.abs(decibels(channels[:, loud] / own[loud])).max() < 3.0
    assert np.abs(worst).max() < 1.5
    assert np.mean(np.abs(worst)) < 0.3


def test_the_measure_of_tones_sees_a_point_among_its_copies():
    # Negative control: half of the power a point's, half a decorrelated copy's.
    rng = np.random.default_rng(0)
    met = np.abs(1.0 + np.exp(2j * np.pi * rng.random(200))) / np.sqrt(2.0)
    assert np.abs(decibels(met)).max() > 10.0


@pytest.mark.gate
@pytest.mark.parametrize("spread", SPREADS)
def test_folded_down_a_wide_source_does_not_comb(desk, spread):
    sound = noise(2.0, level=0.05)
    rows = []
    for azimuth in AROUND:
        source = desk.source(sound, at(azimuth), kind="area", spread=spread)
        samples = desk.mix(source, seconds=2.0)
        both = folded(samples, "5.1")
        for sides in (both, both.sum(axis=1, keepdims=True)):
            loud = rms(sides) > 0.1 * rms(sides).max()
            rows.append(ripple(sides[:, loud], sound))
    assert max(rows) < 4.5


@pytest.mark.parametrize("layout", ["5.1", "7.1", "7.1.4"])
@pytest.mark.parametrize(("kind", "spread"), [("ambience", 1.0), ("area", 1.0)])
def test_folded_down_to_stereo_nothing_combs(desk, layout, kind, spread):
    sound = noise(2.0, level=0.05)
    source = desk.source(sound, at(80.0), kind=kind, spread=spread)
    samples = mains(desk.mix(source, seconds=2.0, layout=layout), layout)
    assert ripple(folded(samples, layout), sound) < 4.0
    # Negative control: copies that are only late, as of a delay, comb.
    late = np.stack([np.roll(sound, 37 * c) for c in range(samples.shape[1])], axis=1)
    assert ripple(folded(late, layout), sound) > 8.0


def test_an_area_keeps_direction_and_level_as_it_grows(desk):
    widths = []
    for spread in (0.0, 0.3, 0.6, 1.0):
        source = desk.source(noise(3.0), at(60.0), kind="area", spread=spread)
        samples = desk.mix(source, seconds=3.0)[4800:-4800]
        levels = rms(mains(samples, "5.1"))
        assert decibels(np.linalg.norm(levels) / 0.1) == pytest.approx(0.0, abs=0.5)
        widths.append(float((levels**2).max() / np.sum(levels**2)))
        if spread < 1.0:
            assert apart(azimuths_heard(samples, "5.1")[1], 60.0) < 25.0
    assert widths == sorted(widths, reverse=True)
