"""A mix in a room: it decays as asked, every loudspeaker takes part, near is drier than far."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from blender_see2sound.core.scene import Room

from .mixes import RATE, Desk, at, decibels, mains, noise, rms

HALL = Room((10.0, 8.0, 3.5), 0.4)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def click(seconds: float) -> np.ndarray:
    """A single sample, and silence."""
    samples = np.zeros(round(seconds * RATE))
    samples[0] = 0.5
    return samples


def decay_time(responses: np.ndarray) -> float:
    """RT60 of summed responses (N, M) by Schroeder's backward integration, -5 to -35 dB."""
    energy = np.sum(responses**2, axis=1)
    left = np.cumsum(energy[::-1])[::-1] / energy.sum()
    remaining = 10.0 * np.log10(np.maximum(left, 1e-12))
    times = np.flatnonzero((remaining <= -5.0) & (remaining >= -35.0)) / RATE
    slope = np.polyfit(times, remaining[(remaining <= -5.0) & (remaining >= -35.0)], 1)[0]
    return float(-60.0 / slope)


def octave(samples: np.ndarray, middle: float) -> np.ndarray:
    from scipy.signal import butter, sosfiltfilt

    band = butter(3, [middle / 2**0.5, middle * 2**0.5], "band", fs=RATE, output="sos")
    return sosfiltfilt(band, samples, axis=0)


@pytest.mark.parametrize(
    "room",
    [
        HALL,
        Room((10.0, 8.0, 3.5), 1.2),
        Room((4.0, 3.0, 2.5), 0.3),
        Room((4.0, 3.0, 2.5), 0.12),
        Room((60.0, 30.0, 11.0), 2.5),
    ],
    ids=lambda room: f"{room.size[0]:g}x{room.size[1]:g}x{room.size[2]:g}-{room.rt60:g}s",
)
def test_the_mix_decays_as_the_room_was_asked_to(desk, room):
    seconds = 1.5 * room.rt60
    responses = []
    for place in ((0.7, 0.9, 0.2), (-1.2, 0.4, 0.0), (0.3, -1.4, 0.5)):
        samples = desk.mix(desk.source(click(seconds), place), seconds=seconds, room=room)
        # Without the direct sound, which is no part of the decay.
        samples[:48] = 0.0
        responses.append(mains(samples, "5.1"))
    # Over several places, as ISO 3382 measures it.
    assert np.mean([decay_time(r) for r in responses]) == pytest.approx(room.rt60, rel=0.05)
    for middle in (250.0, 500.0, 1000.0, 2000.0, 4000.0):
        times = [decay_time(octave(r, middle)) for r in responses]
        assert np.mean(times) == pytest.approx(room.rt60, rel=0.1)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_no_main_channel_is_silent_in_a_room(desk, layout):
    for azimuth in (0.0, 90.0, 180.0):
        source = desk.source(noise(1.0), at(azimuth, 2.0))
        levels = decibels(
            rms(mains(desk.mix(source, seconds=1.0, layout=layout, room=HALL), layout))
        )
        assert (levels > levels.max() - 25.0).all()


def test_direct_sound_reaches_all_its_channels_at_once(desk):
    samples = desk.mix(desk.source(click(0.5), at(70.0, 2.5)), seconds=0.5, room=HALL)
    assert abs(int(np.argmax(np.abs(samples[:, 0]))) - int(np.argmax(np.abs(samples[:, 4])))) == 0
    assert int(np.argmax(np.abs(samples[:, 0]))) == 0


def test_near_is_drier_than_far(desk):
    ratios = []
    for distance in (1.0, 1.5, 2.0, 3.0, 3.8):
        source = desk.source(click(0.6), at(10.0, distance), gain_db=-12.0)
        energy = np.sum(desk.mix(source, seconds=0.6, room=HALL) ** 2, axis=1)
        ratios.append(10 * np.log10(energy[:24].sum() / energy[24:].sum()))
    assert all(a > b for a, b in pairwise(ratios))
    # Diffuse-field theory (Kuttruff 5.44): direct and reverberant are equal at the room's
    # critical distance, 0.057 sqrt(V / RT60) = 1.5 m.
    assert ratios[1] == pytest.approx(0.0, abs=2.0)


def test_what_a_source_sends_to_the_room_can_be_changed(desk):
    def reverberant(**more) -> float:
        samples = desk.mix(desk.source(click(0.6), at(0.0), **more), seconds=0.6, room=HALL)
        return float(10 * np.log10(np.sum(samples[24:] ** 2)))

    assert reverberant(reverb_db=6.0) - reverberant() == pytest.approx(6.0, abs=0.05)
    samples = desk.mix(desk.source(click(0.6), at(0.0), reverb_db=-200.0), seconds=0.6, room=HALL)
    assert not samples[1:].any()


def test_the_first_reflection_comes_from_the_wall_beside_the_source(desk):
    # A metre from the left wall, in front: the left wall answers first, after 0.8 m more.
    room = Room((12.0, 12.0, 12.0), 1.0, (6.0, 6.0, 6.0))
    samples = desk.mix(desk.source(click(0.3), (-5.6, 0.0, 0.0)), seconds=0.3, room=room)
    late = round(0.8 / 343.0 * RATE)
    burst = mains(samples, "5.1")[late - 2 : late + 3]
    assert np.argmax(np.abs(burst).max(axis=1)) == 2
    levels = np.abs(burst[2])
    assert levels[0] > 10.0 * levels[1]
    assert levels[3] > 10.0 * levels[4]


def test_a_mirrored_room_gives_mirrored_channels(desk):
    levels = {}
    for side in (1.0, -1.0):
        room = Room(HALL.size, HALL.rt60, (5.0 - side, 4.0, 1.6))
        sources = [
            desk.source(noise(3.0, seed, 0.02), (side * x, y, 0.3), id=f"s{seed}")
            for seed, (x, y) in enumerate([(-1.5, 2.0), (2.5, -1.0), (-2.0, -2.5)])
        ]
        levels[side] = decibels(rms(mains(desk.mix(*sources, seconds=3.0, room=room), "5.1")))
    assert np.abs(levels[1.0] - levels[-1.0][[1, 0, 2, 4, 3]]).max() <= 0.1


def test_rooms_of_any_shape_give_finite_sound(desk):
    for size, rt60 in [
        ((1.0, 1.0, 1.0), 5.0),
        ((200.0, 150.0, 1.5), 0.05),
        ((300.0, 2.0, 90.0), 8.0),
    ]:
        source = desk.source(noise(0.3, level=0.02), (0.1, 0.2, 0.0))
        samples = desk.mix(source, seconds=0.3, room=Room(size, rt60))
        assert 0.0 < np.abs(samples).max() <= 1.0
