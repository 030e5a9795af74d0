"""Moving and appearing sources: the mix follows the track, and nothing clicks."""

from __future__ import annotations

import numpy as np
import pytest

from blender_see2sound.core.mix.travel.distance import Travel
from blender_see2sound.core.scene import Room

from .mixes import RATE, Desk, apart, at, azimuths_heard, decibels, mains, noise, tone

FRAME = 0.04


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def clicks(channel: np.ndarray) -> float:
    """How much of a 1 kHz tone's energy in any 10 ms lies above 4 kHz, relative to the tone, dB.

    A step in its gain shows as a burst there.
    """
    from scipy.signal import butter, sosfilt

    high = sosfilt(butter(8, 4000, "high", fs=RATE, output="sos"), channel)
    bursts = np.abs(high).reshape(-1, 480).max(axis=1)
    return float(decibels(bursts.max() / np.abs(channel).max()))


def test_the_measure_of_clicks_sees_a_step():
    # Negative control: half a decibel, at once.
    stepped = tone(1.0, 1000.0)
    stepped[RATE // 2 + 12 :] *= 10.0 ** (-0.5 / 20.0)
    assert clicks(stepped) > -60.0
    assert clicks(tone(1.0, 1000.0)) < -80.0


def test_the_mix_follows_a_source_within_a_frame(desk):
    # Once round the listener in four seconds, a knot per frame.
    times = np.arange(0.0, 4.0 + FRAME, FRAME)
    azimuths = 90.0 * times
    source = desk.source(noise(4.0), *[at(a) for a in azimuths], times=times)
    samples = desk.mix(source, seconds=4.0)
    count = round(FRAME * RATE)
    for number in range(5, 95, 5):
        stretch = samples[number * count : (number + 1) * count]
        heard = azimuths_heard(stretch, "5.1")[0]
        middle = 90.0 * (number + 0.5) * FRAME
        # A frame is 3.6 degrees on this track.
        assert apart(heard, middle) < 1.8
        # Negative control: two frames late would be seen.
        assert apart(heard, middle - 2 * 3.6) > 1.8


@pytest.mark.parametrize("spread", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("jump", [0.98, 1.03, 1.1])
def test_a_wide_source_jumps_within_a_frame_too(desk, spread, jump):
    source = desk.source(
        noise(2.0),
        *[at(a) for a in (70.0, 70.0, -70.0, -70.0)],
        times=(0.0, jump, jump + 0.001, 2.0),
        spread=spread,
    )
    samples = mains(desk.mix(source, seconds=2.0), "5.1").reshape(-1, 480, 5)
    energy = np.sum(samples**2, axis=1)
    left = (energy[:, [0, 3]].sum(axis=1) - energy[:, [1, 4]].sum(axis=1)) / energy.sum(axis=1)
    before, after = np.median(left[:80]), np.median(left[-80:])
    moved = np.convolve((left - before) / (after - before), np.ones(3) / 3.0, mode="same")
    frame = round(jump * 100)
    assert moved[frame - 6] < 0.05
    # What is decorrelated rings on for some hundredths of a second from where it was.
    assert moved[frame + 4] > (0.8 if spread else 0.99)
    assert moved[frame + 6] > 0.97


def test_gains_move_without_steps(desk):
    times = np.arange(0.0, 4.0 + FRAME, FRAME)
    track = [at(60.0 - 30.0 * t) for t in times]
    source = desk.source(tone(4.0, 1000.0), *track, times=times)
    samples = mains(desk.mix(source, seconds=4.0), "5.1")
    assert max(clicks(c) for c in samples.T if c.any()) < -80.0
    # Level of each channel in windows of 10 ms, where it is not fading in or out.
    level = decibels(np.sqrt(np.mean(samples.reshape(-1, 480, 5) ** 2, axis=1)))[6:-6]
    loud = level > level.max() - 12.0
    steps = np.abs(np.diff(level, axis=0))[loud[1:] & loud[:-1]]
    assert steps.max() <= 0.5


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((0.0, 4.0, 0.0), (0.0, -4.0, 0.0)),  # through the head
        ((-4.0, 0.0, 2.0), (4.0, 0.0, 2.0)),  # straight over it
        ((-4.0, 0.0, 0.0), (4.0, 0.0, 0.0)),  # from ear to ear
    ],
)
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_source_that_passes_the_listener_does_not_click(desk, start, end, spread):
    source = desk.source(tone(1.0, 1000.0), start, end, times=(0.0, 1.0), spread=spread)
    samples = desk.mix(source, seconds=1.0)
    assert max(clicks(c) for c in samples.T if c.any()) < -80.0


def test_a_track_that_jumps_and_a_source_that_appears_do_not_click(desk):
    source = desk.source(
        tone(2.0, 1000.0),
        at(60.0),
        at(60.0),
        at(-60.0),
        at(-60.0),
        times=(0.0, 1.0, 1.001, 2.0),
        presence=(0.0, 1.0, 0.2, 1.0),
    )
    samples = desk.mix(source, seconds=2.0)
    assert max(clicks(c) for c in samples.T if c.any()) < -70.0


def test_presence_scales_the_sound_in_time(desk):
    source = desk.source(
        tone(2.0, 1000.0),
        *[at(0.0)] * 4,
        times=(0.0, 0.5, 1.0, 2.0),
        presence=(1.0, 1.0, 0.0, 0.0),
        gain_db=6.0,
    )
    centre = desk.mix(source, seconds=2.0)[:, 2]

    def level(a: float, b: float) -> float:
        return np.abs(centre[round(a * RATE) : round(b * RATE)]).max()

    assert level(0.1, 0.4) == pytest.approx(0.1 * 10 ** (6 / 20), rel=0.01)
    assert level(0.749, 0.751) == pytest.approx(0.05 * 10 ** (6 / 20), rel=0.02)
    assert level(1.1, 2.0) == 0.0


#: A hard floor 1.6 m below the listener, and nothing else.
FLOOR = Room((200.0, 200.0, 50.0), 0.5, (100.0, 100.0, 1.6), ("open",) * 4 + ("tiles", "open"))


def reflected(desk, sound, track, times, travel, room=FLOOR, layout="5.1") -> np.ndarray:
    """What the room adds to the main channels (N, M)."""
    seconds = len(sound) / RATE
    source = desk.source(sound, *track, times=times)
    wet, dry = (
        desk.mix(source, seconds=seconds, room=r, travel=travel, layout=layout, format="float")
        for r in (room, None)
    )
    return mains(wet - dry, layout)


def unevenness(channels: np.ndarray, distances) -> float:
    """How far a level over time falls from 1/d, from highest to lowest, dB."""
    windows = channels[: len(channels) // 240 * 240].reshape(-1, 240, channels.shape[1])
    power = np.mean(np.sum(windows**2, axis=2), axis=1)
    middles = (np.arange(len(power)) * 240 + 120) / RATE
    return float(np.ptp(decibels(np.sqrt(power) * distances(middles))[20:-20]))


@pytest.mark.parametrize("speed", [1.4, 15.0])
@pytest.mark.parametrize("hertz", [1000.0, 4000.0])
def test_a_reflection_of_what_moves_keeps_its_level(desk, speed, hertz):
    times = np.arange(0.0, 3.0 + FRAME, FRAME)
    track = [(0.0, 3.0 + speed * t, 1.0) for t in times]
    found = reflected(desk, tone(3.0, hertz), track, times, Travel(None))
    assert unevenness(found, lambda t: np.hypot(3.0 + speed * t, 4.2)) < 1.0


def test_the_measure_of_reflections_sees_a_cross_fade():
    # Negative control: two copies of a tone, half a turn apart, faded over a sixth of a second.
    t = np.arange(3 * RATE) / RATE
    share = 0.5 - 0.5 * np.cos(np.pi * t / 0.17)
    one, other = (np.sin(2 * np.pi * 4000.0 * t + turn) for turn in (0.0, np.pi))
    faded = (1.0 - share) * one + share * other
    assert unevenness(faded[:, None], lambda t: np.ones_like(t)) > 10.0


@pytest.mark.parametrize("layout", ["binaural", "ambix1"])
def test_so_it_does_in_headphones_and_ambisonics(desk, layout):
    times = np.arange(0.0, 1.5 + FRAME, FRAME)
    track = [(0.0, 3.0 + 1.4 * t, 1.0) for t in times]
    found = reflected(desk, tone(1.5, 4000.0), track, times, Travel(None), layout=layout)
    assert unevenness(found[:, :1], lambda t: np.hypot(3.0 + 1.4 * t, 4.2)) < 1.0


@pytest.mark.parametrize("room", [FLOOR, Room((10.0, 8.0, 3.5), 0.4)])
def test_a_reflection_is_the_same_whether_its_source_creeps_or_stands(desk, room):
    sound = noise(2.0)
    found = [
        np.sum(reflected(desk, sound, track, times, Travel(), room)[: 3 * RATE // 2] ** 2, axis=0)
        for track, times in (
            ([(1.0, 2.5, 0.5)], [0.0]),
            ([(1.0, 2.5, 0.5), (1.0, 2.5 + 1e-6, 0.5)], [0.0, 2.0]),
        )
    ]
    loud = found[0] > 1e-3 * found[0].max()
    assert np.abs(0.5 * decibels(found[1][loud] / found[0][loud])).max() < 0.1


def test_a_moving_source_in_a_room_neither_clicks_nor_falls_silent(desk):
    times = np.arange(0.0, 3.0, FRAME)
    track = [(-3.0 + 2.0 * t, 2.0, 0.0) for t in times]
    samples = desk.mix(
        desk.source(tone(3.0, 1000.0), *track, times=times),
        seconds=3.0,
        room=Room((10.0, 8.0, 3.5), 0.4),
    )
    assert max(clicks(c) for c in samples.T if c.any()) < -60.0
    steady = mains(samples, "5.1")[4800:-4800]
    assert (np.sqrt(np.mean(steady.reshape(-1, 4800, 5) ** 2, axis=1)) > 1e-5).all()
