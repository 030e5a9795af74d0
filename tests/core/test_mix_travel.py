"""What its way does to a sound: air dulls it, and it takes its time where that is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from blender_see2sound.core.mix.travel.air import Air, absorption
from blender_see2sound.core.mix.travel.distance import Travel
from blender_see2sound.core.scene import Room

from .mixes import RATE, Desk, at, decibels, mains, noise, rms, tone

SOUND = 343.0


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


@pytest.mark.parametrize(
    ("celsius", "humidity", "per_kilometre"),
    [
        # ISO 9613-2, table 2: decibels per kilometre at 63 Hz to 8 kHz.
        (10.0, 70.0, [0.1, 0.4, 1.0, 1.9, 3.7, 9.7, 32.8, 117.0]),
        (20.0, 70.0, [0.1, 0.3, 1.1, 2.8, 5.0, 9.0, 22.9, 76.6]),
        (30.0, 70.0, [0.1, 0.3, 1.0, 3.1, 7.4, 12.7, 23.1, 59.3]),
        (15.0, 20.0, [0.3, 0.6, 1.2, 2.7, 8.2, 28.2, 88.8, 202.0]),
        (15.0, 80.0, [0.1, 0.3, 1.1, 2.4, 4.1, 8.3, 23.7, 82.8]),
    ],
)
def test_absorption_is_the_standard_s(celsius, humidity, per_kilometre):
    octaves = 1000.0 * 2.0 ** np.arange(-4, 4)
    found = 1000.0 * absorption(Air(celsius, humidity), octaves)
    assert found == pytest.approx(per_kilometre, rel=0.02, abs=0.06)


def slope(far: np.ndarray, near: np.ndarray, hertz: float) -> float:
    """The level of one stretch beside another in a band around a frequency, dB."""
    window = np.hanning(len(far))
    spectra = np.abs(np.fft.rfft(np.stack([far, near]) * window, axis=1)) ** 2
    frequencies = np.fft.rfftfreq(len(far), 1 / RATE)
    band = (frequencies > hertz / 1.06) & (frequencies < hertz * 1.06)
    return float(0.5 * decibels(spectra[0, band].sum() / spectra[1, band].sum()))


@pytest.mark.parametrize("distance", [20.0, 103.0, 900.0])
@pytest.mark.parametrize("moving", [False, True])
def test_air_takes_from_a_far_sound_what_the_standard_says(desk, distance, moving):
    sound = noise(2.0, level=0.05)
    # A moving one creeps outwards by a metre, past distances whose filters are mixed.
    ends = (at(0.0, distance), at(0.0, distance + 1.0)) if moving else (at(0.0, distance),)
    times = (0.0, 2.0) if moving else (0.0,)
    mixes = [
        desk.mix(desk.source(sound, *ends, times=times), seconds=2.0, travel=Travel(air))[:, 2]
        for air in (Air(), None)
    ]
    way = distance + 0.5 * moving - 3.0
    for hertz in (500.0, 2000.0, 8000.0, 14000.0):
        wanted = -way * float(absorption(Air(), np.array(hertz)))
        if wanted > -40.0:
            assert slope(*mixes, hertz) == pytest.approx(wanted, abs=0.2 - 0.02 * wanted)


def test_a_near_sound_is_its_file(desk):
    sound = noise(0.5, level=0.05)
    source = desk.source(sound, at(0.0, 3.0))
    assert np.abs(desk.mix(source, seconds=0.5)[:, 2] - sound).max() < 2e-7


def test_air_and_motion_make_no_clicks(desk):
    source = desk.source(
        tone(3.0, 1000.0), (-200.0, 5.0, 0.0), (200.0, 5.0, 0.0), times=(0.0, 3.0), spread=0.2
    )
    for propagation in (False, True):
        samples = desk.mix(source, seconds=3.0, travel=Travel(propagation=propagation))
        spectra = np.abs(np.fft.rfft(samples * np.hanning(len(samples))[:, None], axis=0))
        assert decibels(spectra[3 * 4000 :].max() / spectra.max()) < -78.0


def test_sound_takes_its_time_only_where_asked(desk):
    click = np.zeros(RATE)
    click[1000] = 0.5
    source = desk.source(click, at(0.0, 34.3), reverb_db=0.0)
    for propagation, late in ((False, 0), (True, RATE // 10)):
        samples = desk.mix(source, seconds=1.5, travel=Travel(None, propagation))[:, 2]
        assert np.abs(samples).argmax() == 1000 + late
        assert np.abs(samples).max() == pytest.approx(0.5 * 3.0 / 34.3, rel=0.01)


def pitch(samples: np.ndarray) -> float:
    """Hz of a tone, from its zero crossings."""
    rising = np.flatnonzero((samples[:-1] < 0) & (samples[1:] >= 0))
    exact = rising - samples[rising] / (samples[rising + 1] - samples[rising])
    return float((len(exact) - 1) * RATE / (exact[-1] - exact[0]))


@pytest.mark.parametrize("speed", [10.0, 30.0, 100.0])
def test_what_passes_by_changes_its_pitch_as_doppler_says(desk, speed):
    # Straight past the listener at 2 m; the pitch is taken well before and after.
    seconds = 4.0
    half = speed * seconds / 2
    source = desk.source(
        tone(seconds, 1000.0), (-half, 2.0, 0.0), (half, 2.0, 0.0), times=(0.0, seconds)
    )
    samples = desk.mix(source, seconds=seconds, travel=Travel(propagation=True))
    heard = mains(samples, "5.1").sum(axis=1)
    coming, going = heard[RATE // 1 : RATE * 5 // 4], heard[-RATE // 2 : -RATE // 4]

    # Geometry: the sound heard at t left at the time e with e + d(e) / c = t.
    def at_ear(t: float) -> float:
        e = np.linspace(0.0, seconds, 400_001)
        arrives = e + np.hypot(speed * e - half, 2.0) / SOUND
        return float(np.interp(t, arrives, e))

    for stretch, (a, b) in ((coming, (1.0, 1.25)), (going, (3.5, 3.75))):
        wanted = 1000.0 * (at_ear(b) - at_ear(a)) / (b - a)
        assert pitch(stretch) == pytest.approx(wanted, rel=2e-3)
    assert pitch(coming) > 1000.0 * (1.0 + 0.9 * speed / SOUND)


def test_a_reflection_changes_its_pitch_by_its_own_way(desk):
    # Past the listener at 3 m and 30 m/s; a hard floor 20 m below.
    seconds, speed, half = 3.0, 30.0, 45.0
    walls = ("open",) * 4 + ("tiles", "open")
    room = Room((300.0, 300.0, 60.0), 0.5, (150.0, 150.0, 20.0), walls)
    source = desk.source(
        tone(seconds, 1000.0), (-half, 3.0, 0.0), (half, 3.0, 0.0), times=(0.0, seconds)
    )
    wet, dry = (
        desk.mix(source, seconds=seconds, room=r, travel=Travel(None, True), format="float")
        for r in (room, None)
    )
    heard = mains(wet - dry, "5.1").sum(axis=1)
    left = np.linspace(0.0, seconds, 300_001)
    ways = [np.hypot(speed * left - half, np.hypot(3.0, below)) for below in (40.0, 0.0)]
    for begin in (0.6, 1.2, 1.7, 2.3):
        ends = begin + np.array([0.1, 0.2])
        own, direct = (
            1000.0 * np.diff(np.interp(ends, left + way / SOUND, left))[0] / 0.1 for way in ways
        )
        found = pitch(heard[round(ends[0] * RATE) : round(ends[1] * RATE)])
        assert found == pytest.approx(own, rel=2e-3)
        # Negative control: the direct sound's would be another.
        assert abs(direct / own - 1.0) > 0.02


def test_a_jump_is_a_cut_and_does_not_click(desk):
    source = desk.source(
        tone(2.0, 1000.0), at(0.0, 3.0), at(0.0, 3.0), at(10.0, 90.0), at(10.0, 90.0),
        times=(0.0, 1.0, 1.001, 2.0),
    )  # fmt: skip
    samples = desk.mix(source, seconds=2.0, travel=Travel(None, True))
    spectra = np.abs(np.fft.rfft(samples * np.hanning(len(samples))[:, None], axis=0))
    assert decibels(spectra[8000:].max() / spectra.max()) < -75.0
    # After the jump the sound is heard from where it is, on time.
    late = mains(samples[-RATE // 2 : -RATE // 10], "5.1")
    assert np.linalg.norm(rms(late)) == pytest.approx(0.0707 * 3.0 / 90.0, rel=0.02)


def test_a_sound_that_has_ended_is_still_on_its_way(desk):
    source = desk.source(noise(0.5), at(0.0, 343.0))
    samples = desk.mix(source, seconds=2.0, travel=Travel(None, True))[:, 2]
    assert np.abs(samples[: RATE - 50]).max() < 1e-6
    assert rms(samples[RATE + 100 : RATE * 3 // 2 - 100]) == pytest.approx(0.1 / 114.33, rel=0.03)
    assert np.abs(samples[RATE * 3 // 2 + 50 :]).max() < 1e-6
