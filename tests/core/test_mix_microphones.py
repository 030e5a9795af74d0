"""The paper's way done rightly: microphones in true metres, inside the room, heard in time."""

from __future__ import annotations

import numpy as np
import pytest

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene import Room

from .mixes import RATE, Desk, apart, at, azimuths_heard, decibels, mains, noise, rms
from .test_mix_rooms import click, decay_time, octave

HALL = Room((10.0, 8.0, 3.5), 0.4)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("microphones"))


def heard(desk, source, seconds, room=HALL, **more):
    return desk.mix(source, seconds=seconds, room=room, renderer="microphones", **more)


@pytest.mark.xfail(reason="known gap: 0.48 s for 0.40 s in one octave, 20 % allowed", strict=True)
def test_the_room_decays_as_asked(desk):
    for room in (HALL, Room((6.0, 5.0, 2.7), (0.6, 0.55, 0.5, 0.45, 0.4, 0.35, 0.3))):
        found = []
        for place in ((1.3, 1.4, 0.2), (-1.2, 0.9, 0.0)):
            samples = mains(
                heard(desk, desk.source(click(0.8), place, gain_db=-20.0), 0.8, room), "5.1"
            )
            samples[:240] = 0.0
            found.append(samples)
        wanted = np.broadcast_to(room.rt60, 7)
        for middle, rt60 in zip((500.0, 1000.0, 2000.0, 4000.0), wanted[2:6], strict=True):
            got = np.mean([decay_time(octave(s, middle)) for s in found])
            # The walls of a shoebox do not decay evenly, which is the method's own.
            assert got == pytest.approx(rt60, rel=0.15)


def test_direct_sound_comes_in_time_from_where_it_is_and_falls_by_distance(desk):
    room = Room((14.0, 14.0, 9.0), 0.5, (7.0, 7.0, 4.5))
    levels = []
    for azimuth, distance in ((0.0, 2.0), (0.0, 4.0), (60.0, 3.0), (-130.0, 3.0)):
        source = desk.source(click(0.4), at(azimuth, distance))
        direct = heard(desk, source, 0.4, room)[: round(0.004 * RATE)]
        # The microphones are 0.6 m apart at most: 1.7 ms.
        first = np.argmax(np.abs(mains(direct, "5.1")), axis=0)
        loud = np.abs(direct).max(axis=0)[[0, 1, 2, 4, 5]] > 0.1 * np.abs(direct).max()
        assert first[loud].min() <= 1
        assert first[loud].max() <= 0.002 * RATE
        assert apart(azimuths_heard(direct, "5.1")[1], azimuth) <= 30.0
        levels.append(decibels(np.linalg.norm(rms(direct))))
    assert levels[0] - levels[1] == pytest.approx(6.0, abs=1.5)


def test_every_channel_takes_part_and_mirrored_scenes_swap(desk):
    found = []
    for side in (1.0, -1.0):
        source = desk.source(noise(1.0, level=0.02), (side * 1.5, 2.0, 0.0))
        found.append(decibels(rms(mains(heard(desk, source, 1.0), "5.1"))))
    assert (found[0] > found[0].max() - 25.0).all()
    assert np.abs(found[0] - found[1][[1, 0, 2, 4, 3]]).max() <= 0.1


def test_a_moving_source_is_followed(desk):
    source = desk.source(
        noise(2.0, level=0.02), (-2.0, 2.0, 0.0), (2.0, 2.0, 0.0), times=(0.2, 1.8)
    )
    samples = heard(desk, source, 2.0)
    begin, end = rms(samples[: RATE // 4]), rms(samples[-RATE // 4 :])
    assert decibels(begin[0] / begin[1]) > 2.0
    assert decibels(end[1] / end[0]) > 2.0


def test_the_same_scene_gives_the_same_samples(desk):
    source = desk.source(noise(0.5, level=0.02), (1.0, 2.0, 0.0))
    assert np.array_equal(heard(desk, source, 0.5), heard(desk, source, 0.5, name="again.wav"))


def test_microphones_need_a_room_and_a_renderer_a_name(desk):
    source = desk.source(click(0.2), (1.0, 2.0, 0.0))
    with pytest.raises(See2SoundError, match="room"):
        desk.mix(source, seconds=0.2, renderer="microphones")
    with pytest.raises(See2SoundError, match="telescope"):
        desk.mix(source, seconds=0.2, renderer="telescope")
