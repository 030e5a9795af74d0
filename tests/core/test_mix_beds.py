"""Ambience and wide sources: from all around, decorrelated, at their own level."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from .mixes import RATE, Desk, apart, at, azimuths_heard, decibels, mains, noise, rms, tone


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The largest normalised cross-correlation within 1 ms either way."""
    reach = RATE // 1000
    size = 2 * len(one)
    product = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    values = np.concatenate([product[: reach + 1], product[-reach:]])
    return float(np.abs(values).max() / np.sqrt((one @ one) * (other @ other)))


def likenesses(samples: np.ndarray) -> np.ndarray:
    """Of every two channels in each octave from 500 Hz."""
    from scipy.signal import butter, sosfiltfilt

    found = []
    for middle in (500.0, 1000.0, 2000.0, 4000.0, 8000.0):
        band = butter(4, [middle / 2**0.5, middle * 2**0.5], "band", fs=RATE, output="sos")
        filtered = sosfiltfilt(band, samples, axis=0)[RATE // 2 : -RATE // 2]
        found += [likeness(a, b) for a, b in combinations(filtered.T, 2)]
    return np.array(found)


@pytest.mark.parametrize(
    ("layout", "beside_centre"),
    [
        ("stereo", [0, 1]),
        ("5.1", [0, 1, 3, 4]),
        ("7.1", [0, 1, 3, 4, 5, 6]),
        ("5.1.4", [0, 1, *range(3, 9)]),
        ("7.1.4", [0, 1, *range(3, 11)]),
    ],
)
def test_a_bed_is_decorrelated_between_loudspeakers(desk, layout, beside_centre):
    source = desk.source(noise(4.0, level=0.05), at(0.0), kind="ambience", spread=1.0)
    samples = mains(desk.mix(source, seconds=4.0, layout=layout), layout)[:, beside_centre]
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


def test_a_bed_colours_no_tone(desk):
    # A comb filter would raise some tones and take others away.
    for hertz in (110.0, 431.0, 1270.0, 5003.0):
        source = desk.source(tone(1.0, hertz), at(0.0), kind="ambience", spread=1.0)
        levels = decibels(rms(mains(desk.mix(source, seconds=1.0), "5.1")[9600:-9600]) / 0.0707)
        own = [-8.14, -8.14, -10.8, -5.16, -5.16]
        assert np.abs(levels - own).max() < 0.5


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
