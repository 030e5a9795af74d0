"""The paper's way done rightly: microphones in true metres, inside the room, heard in time."""

from __future__ import annotations

import numpy as np
import pytest

from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.rooms import chosen
from blender_see2sound.core.scene import Room

from .mixes import (
    RATE,
    Desk,
    apart,
    at,
    azimuths_heard,
    click,
    decibels,
    mains,
    misses,
    noise,
    responses,
    rms,
)  # fmt: skip

HALL = Room((10.0, 8.0, 3.5), 0.4)
#: Where a response takes little time.
STUDIO = Room((8.0, 8.0, 4.0), 0.2)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("microphones"))


def heard(desk, source, seconds, room=HALL, **more):
    return desk.mix(source, seconds=seconds, room=room, renderer="microphones", **more)


@pytest.mark.gate
@pytest.mark.parametrize(
    "room",
    [
        HALL,
        # Long and low, where walls that swallow alike leave the long way ringing.
        Room((12.0, 4.0, 2.5), (0.42, 0.4, 0.36, 0.33, 0.3, 0.27, 0.25)),
    ],
)
def test_the_room_decays_as_asked(desk, room):
    found = responses(desk, room, renderer="microphones")
    assert misses(found, room.rt60) == []
    assert misses(found, 1.25 * np.array(room.rt60))


def test_direct_sound_comes_in_time_from_where_it_is_and_falls_by_distance(desk):
    room = Room((14.0, 14.0, 9.0), 0.2, (7.0, 7.0, 4.5))
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


@pytest.mark.parametrize("layout", ["stereo", "5.1", pytest.param("7.1.4", marks=pytest.mark.gate)])
def test_in_the_open_microphones_are_as_loud_as_panning(desk, layout):
    meadow = chosen("open-air", ())
    powers: dict[str, list[float]] = {"panning": [], "microphones": []}
    for renderer, found in powers.items():
        # One after the other; the meadow answers 4 ms later.
        sources = [
            desk.source(click(0.3, 0.02 * n), at(45.0 * n), gain_db=-20.0, id=f"a{n}")
            for n in range(8)
        ]
        samples = mains(
            desk.mix(*sources, seconds=0.3, room=meadow, layout=layout, renderer=renderer), layout
        )
        for number in range(8):
            begin = round((0.02 * number - 0.001) * RATE)
            found.append(float(np.sum(samples[max(begin, 0) : begin + RATE // 250] ** 2)))
    mean = {renderer: np.mean(found) for renderer, found in powers.items()}
    assert 10.0 * np.log10(mean["microphones"] / mean["panning"]) == pytest.approx(0.0, abs=1.0)
    # They overlap unevenly: no direction alone is as loud as it was.
    assert np.ptp(10.0 * np.log10(powers["microphones"])) > 1.0


def test_every_channel_takes_part_and_mirrored_scenes_swap(desk):
    found = []
    for side in (1.0, -1.0):
        source = desk.source(noise(0.5, level=0.02), (side * 1.5, 2.0, 0.0))
        found.append(decibels(rms(mains(heard(desk, source, 0.5, STUDIO), "5.1"))))
    assert (found[0] > found[0].max() - 25.0).all()
    assert np.abs(found[0] - found[1][[1, 0, 2, 4, 3]]).max() <= 0.1
    assert np.abs(found[0] - found[1]).max() > 1.0


@pytest.mark.gate
def test_a_moving_source_is_followed_and_again_the_same(desk):
    source = desk.source(
        noise(0.8, level=0.02), (-1.0, 1.0, 0.0), (1.0, 1.0, 0.0), times=(0.2, 0.6)
    )
    samples = heard(desk, source, 0.8, STUDIO)
    begin, end = rms(samples[: RATE // 6]), rms(samples[-RATE // 6 :])
    assert decibels(begin[0] / begin[1]) > 2.0
    assert decibels(end[1] / end[0]) > 2.0
    assert np.array_equal(samples, heard(desk, source, 0.8, STUDIO, name="again.wav"))


@pytest.mark.gate
def test_what_moves_rings_as_long_and_as_loud_as_what_stands_still(tmp_path):
    class Moved(Desk):
        def source(self, sound, *positions, **more):
            x, y, z = positions[0]
            more["times"] = (0.0, 60.0)
            return super().source(sound, (x, y, z), (x + 0.01, y, z), **more)

    found = [
        responses(desk, STUDIO, renderer="microphones")
        for desk in (Desk(tmp_path), Moved(tmp_path))
    ]
    assert misses(found[1], STUDIO.rt60) == []
    levels = [[10.0 * np.log10(np.sum(r[RATE // 10 :] ** 2)) for r in each] for each in found]
    # Places differ by a decibel or two.
    assert np.abs(np.subtract(*levels)).max() <= 2.5
    assert not np.array_equal(*found)


@pytest.mark.parametrize("when", [5, 20])
def test_a_mix_with_microphones_can_be_stopped_while_they_hear(desk, when):
    told = []

    def progress(phase, fraction):
        told.append(fraction)
        if len(told) == when:
            raise Cancelled

    source = desk.source(noise(0.5), (1.0, 2.0, 0.0))
    cathedral = Room((30.0, 60.0, 20.0), 6.0)
    with pytest.raises(Cancelled):
        heard(desk, source, 0.5, cathedral, progress=progress, name="stopped.wav")
    assert len(told) == when
    assert not [p for p in desk.folder.iterdir() if "stopped" in p.name]


def test_microphones_need_a_room_and_a_renderer_a_name(desk):
    source = desk.source(click(0.2), (1.0, 2.0, 0.0))
    with pytest.raises(See2SoundError, match="room"):
        desk.mix(source, seconds=0.2, renderer="microphones")
    with pytest.raises(See2SoundError, match="telescope"):
        desk.mix(source, seconds=0.2, renderer="telescope")
