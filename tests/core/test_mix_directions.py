"""A dry mix: each source is heard where it is, at its level, on every layout."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.mix.layouts.table import LAYOUTS, layout_named
from blender_see2sound.core.mix.travel.distance import Travel

from .mixes import RATE, Desk, apart, at, azimuths_heard, decibels, mains, noise, rms, tone

#: Seconds that the source stays at each azimuth.
STAY = 0.1


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def all_round(desk: Desk, azimuths, layout: str, make=noise, stay=STAY) -> list[np.ndarray]:
    """A stretch of the mix for each azimuth: one source that hops from one to the next."""
    times, positions = [], []
    for number, azimuth in enumerate(azimuths):
        times += [number * stay, (number + 1) * stay - 0.001]
        positions += [at(azimuth)] * 2
    seconds = len(azimuths) * stay
    source = desk.source(make(seconds), *positions, times=times)
    samples = desk.mix(source, seconds=seconds, layout=layout)
    count = round(stay * RATE)
    return [samples[i * count + 1600 : (i + 1) * count - 1600] for i in range(len(azimuths))]


@pytest.mark.parametrize("layout", ["5.1", "7.1", "5.1.4", "7.1.4"])
def test_the_velocity_vector_points_at_the_source_all_round(desk, layout):
    azimuths = np.arange(-180.0, 180.0, 5.0)
    stretches = all_round(desk, azimuths, layout)
    heard = np.array([azimuths_heard(s, layout) for s in stretches])
    assert apart(heard[:, 0], azimuths).max() <= 0.5
    front = np.abs(azimuths) <= 30.0
    assert apart(heard[front, 1], azimuths[front]).max() <= 5.0
    # Negative control: the same measure on shuffled azimuths sees that they are wrong.
    shuffled = np.random.default_rng(1).permutation(azimuths)
    assert apart(heard[:, 0], shuffled).mean() > 45.0


def found_by_array(samples: np.ndarray, layout: str, finder) -> float:
    """Where eight microphones in the middle of the loudspeakers find it, by SRP-PHAT, degrees."""
    channels = [c for c in layout_named(layout).channels if c.azimuth is not None]
    loudspeakers = np.array([at(c.azimuth)[:2] for c in channels])
    spectra = np.fft.rfft(mains(samples, layout), axis=0)
    hertz = np.fft.rfftfreq(len(samples), 1.0 / RATE)
    ways = np.linalg.norm(finder.L.T[:, None, :2] - loudspeakers, axis=2)  # (8, M)
    waves = np.exp(-2j * np.pi * hertz[:, None, None] * (ways - 3.0) / 343.0) / ways
    heard = np.fft.irfft(np.einsum("fpm,fm->pf", waves, spectra), axis=1)
    size = finder.nfft
    frames = [
        np.fft.rfft(heard[:, i : i + size] * np.hanning(size))
        for i in range(0, heard.shape[1] - size + 1, size // 2)
    ]
    finder.locate_sources(np.stack(frames, axis=2), freq_range=[200.0, 700.0])
    return float(np.degrees(finder.grid.azimuth[np.argmax(finder.grid.values)]))


def test_an_array_between_five_loudspeakers_finds_the_source(desk):
    import pyroomacoustics

    around = 2.0 * np.pi * np.arange(8) / 8
    circle = 0.05 * np.stack([np.cos(around), np.sin(around)])
    # Its angles count from x on, over y.
    azimuths = np.arange(-180.0, 180.0, 15.0)
    finder = pyroomacoustics.doa.SRP(
        circle, RATE, 2048, c=343.0, azimuth=np.radians(np.arange(0.0, 360.0, 0.5))
    )
    stretches = all_round(desk, azimuths, "5.1", stay=0.3)
    found = np.array([found_by_array(s, "5.1", finder) - 90.0 for s in stretches])
    error = apart(found, azimuths)
    assert error[np.abs(azimuths) <= 110.0].max() <= 2.0
    assert error.max() <= 5.0
    # Negative control: shuffled places are found to be wrong.
    assert apart(found, np.random.default_rng(1).permutation(azimuths)).mean() > 45.0


@pytest.mark.parametrize("layout", ["5.1", "7.1", "5.1.4", "7.1.4"])
def test_level_does_not_depend_on_direction(desk, layout):
    steady = partial(tone, hertz=1000.0)
    stretches = all_round(desk, np.arange(-187.5, 187.5, 7.5), layout, steady)[1:-1]
    assert np.ptp(decibels([np.linalg.norm(rms(s)) for s in stretches])) < 0.01


def test_stereo_keeps_the_side_and_lowers_what_is_behind_as_a_fold_down_does(desk):
    azimuths = [30.0, 10.0, 0.0, -10.0, -30.0, -110.0, 180.0, 110.0]
    stretches = all_round(desk, azimuths, "stereo")
    balance = np.array([decibels(rms(s)[0]) - decibels(rms(s)[1]) for s in stretches])
    assert balance[0] > 60.0
    assert balance[4] < -60.0
    assert balance[0] > balance[1] > 0.1 > abs(balance[2]) > -0.1 > balance[3] > balance[4]
    assert balance[5] < -60.0 < 60.0 < balance[7]
    assert abs(balance[6]) < 0.1
    level = decibels([np.linalg.norm(rms(s)) for s in stretches])
    assert level[6] - level[2] == pytest.approx(-3.0, abs=0.3)


def test_mono_carries_every_direction(desk):
    stretches = all_round(desk, np.arange(-180.0, 180.0, 30.0), "mono")
    levels = decibels([rms(s)[0] for s in stretches])
    assert np.ptp(levels) < 3.5


def test_the_lfe_is_silent_unless_a_source_sends_to_it(desk):
    samples = desk.mix(desk.source(noise(0.3), at(70.0)), seconds=0.3)
    assert not samples[:, 3].any()


def test_between_two_loudspeakers_a_point_is_one_and_the_same_sound(desk):
    samples = desk.mix(desk.source(noise(0.5), at(70.0)), seconds=0.5)
    left, surround = samples[:, 0], samples[:, 4]
    likeness = left @ surround / np.sqrt((left @ left) * (surround @ surround))
    assert likeness >= 0.99


def test_height_keeps_the_azimuth_and_the_zenith_is_all_round(desk):
    for elevation in (-25.0, 15.0, 29.0, 45.0):
        source = desk.source(noise(0.3), at(20.0, elevation=elevation))
        samples = desk.mix(source, seconds=0.3)
        assert apart(azimuths_heard(samples, "5.1")[0], 20.0) < 8.0
    samples = mains(desk.mix(desk.source(noise(0.3), (0.0, 0.0, 4.0)), seconds=0.3), "5.1")
    assert np.ptp(decibels(rms(samples))) < 0.01


def test_a_mirrored_scene_gives_mirrored_channels(desk):
    level = {}
    for side in (1.0, -1.0):
        sources = [
            desk.source(noise(0.5, seed), at(side * azimuth), id=f"s{seed}", spread=spread)
            for seed, (azimuth, spread) in enumerate([(20.0, 0.0), (75.0, 0.4), (160.0, 0.8)])
        ]
        for layout in ("5.1", "7.1", "stereo"):
            samples = desk.mix(*sources, seconds=0.5, layout=layout)
            level[side, layout] = decibels(rms(mains(samples, layout)))
    for layout, swapped in (
        ("5.1", [1, 0, 2, 4, 3]),
        ("7.1", [1, 0, 2, 4, 3, 6, 5]),
        ("stereo", [1, 0]),
    ):
        assert np.abs(level[1.0, layout] - level[-1.0, layout][swapped]).max() <= 0.1
        # Negative control: the scene is not its own mirror image.
        assert np.abs(level[1.0, layout] - level[-1.0, layout]).max() > 1.0


def test_level_falls_by_six_decibels_as_distance_doubles_and_not_below_a_metre(desk):
    sound, levels = noise(0.2, level=0.02), []
    for distance in (0.6, 1.0, 3.0, 6.0, 24.0):
        source = desk.source(sound, at(0.0, distance))
        samples = desk.mix(source, seconds=0.2, travel=Travel(air=None))
        levels.append(float(decibels(np.linalg.norm(rms(samples)))))
    # At three metres a sound has the level of its file.
    own = float(decibels(rms(sound)))
    assert np.array(levels) - own == pytest.approx([9.54, 9.54, 0.0, -6.02, -18.06], abs=0.02)


@settings(max_examples=25, deadline=None)
@given(
    azimuth=st.floats(-180, 180),
    elevation=st.floats(-90, 90),
    distance=st.floats(0.0, 200.0),
    spread=st.floats(0, 1),
    gain=st.floats(-30, 10),
    layout=st.sampled_from([layout.name for layout in LAYOUTS]),
)
def test_whatever_the_place_and_spread_the_energy_is_the_law_s(
    desk, azimuth, elevation, distance, spread, gain, layout
):
    sound = noise(0.5, level=0.02)
    position = at(azimuth, distance, elevation)
    source = desk.source(sound, position, spread=spread, gain_db=gain)
    samples = desk.mix(source, seconds=0.5, layout=layout, travel=Travel(air=None))
    # Away from the ends, where a spread sound begins and ends a little apart per channel.
    stretch = slice(4800, -4800)
    got = decibels(np.linalg.norm(rms(samples[stretch])))
    law = decibels(rms(sound[stretch]) * 3.0 / max(distance, 1.0)) + gain
    if layout == "binaural":
        # A head lifts what comes from its side and shades what comes from the other.
        assert law - 3.0 <= got <= law + 9.1
        return
    if layout.startswith("ambix"):
        got = float(decibels(rms(samples[stretch])[0]))  # the first channel is the sound
    # Narrow layouts may lower what is behind by 3 dB.
    lowest = law - (4.1 if layout in ("mono", "stereo") else 1.0)
    assert lowest <= got <= law + 1.0
