"""A mix in a room: it decays as asked, every loudspeaker takes part, near is drier than far."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.errors import Cancelled
from blender_see2sound.core.mix.layouts.table import layout_named
from blender_see2sound.core.mix.panning.gains import point_gains
from blender_see2sound.core.mix.panning.tabled import tabled_gains
from blender_see2sound.core.scene import Room

from .mixes import (
    BEFORE,
    RATE,
    Desk,
    at,
    click,
    decibels,
    likenesses,
    mains,
    misses,
    noise,
    octave,
    responses,
    rms,
)  # fmt: skip

HALL = Room((10.0, 8.0, 3.5), 0.4)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


SLOPED = (0.62, 0.55, 0.5, 0.44, 0.4, 0.36, 0.32)


@pytest.mark.gate
@pytest.mark.parametrize(
    "room",
    [
        Room((3.0, 2.7, 2.5), (0.45, 0.4, 0.35, 0.3, 0.3, 0.28, 0.25)),
        Room((4.0, 3.0, 2.5), 0.12),
        HALL,
        Room((10.0, 8.0, 3.5), SLOPED),
        Room(
            (10.0, 8.0, 3.5),
            SLOPED,
            None,
            ("brick", "glass", "wood", "plaster", "carpet", "acoustic ceiling"),
        ),
        Room((25.0, 4.0, 2.2), (0.3, 0.4, 0.5, 0.5, 0.5, 0.4, 0.3)),
        Room((40.0, 25.0, 20.0), (2.0, 1.9, 1.8, 1.7, 1.5, 1.3, 1.1)),
    ],
    ids=lambda room: f"{np.prod(room.size):.0f}m3{'-materials' * bool(room.materials)}",
)
def test_each_octave_decays_as_the_room_was_asked_to(desk, room):
    found = responses(desk, room)
    assert misses(found, room.rt60) == []
    # Folded down to one channel, too.
    assert misses([r.sum(axis=1, keepdims=True) for r in found], room.rt60) == []
    # The same ears hear when it is not so.
    assert misses(found, 1.2 * np.asarray(room.rt60))
    assert misses(found, tuple(np.broadcast_to(room.rt60, 7) * np.geomspace(1.3, 0.8, 7)))


@pytest.mark.parametrize("layout", ["stereo", "7.1", "7.1.4"])
def test_every_layout_decays_alike(desk, layout):
    assert misses(responses(desk, Room(HALL.size, SLOPED), layout), SLOPED) == []


@pytest.mark.gate
@pytest.mark.parametrize(
    "room", [HALL, Room((22.0, 17.0, 9.0), (1.4, 1.3, 1.2, 1.1, 1.0, 0.9, 0.7))]
)
def test_reflections_become_late_sound_without_a_step(desk, room):
    # The mean energy of many places in windows across the change, against a decay without one.
    volume = float(np.prod(room.size))
    mixing = min(max(2e-3 * volume**0.5, 0.02), 0.08)
    windows = np.array([0.35, 0.6, 0.85, 1.1, 1.35, 1.6]) * mixing
    shares = 0.8 * (np.random.default_rng(1).random((10, 3)) - 0.5) - [0.0, 0.0, 0.1]
    energies = []
    for share, response in zip(shares, responses(desk, room, shares=shares), strict=True):
        distance = np.linalg.norm(share * room.size)
        late = np.exp(6.0 * np.log(10.0) * distance / 343.0 / room_rt60(room))
        power = late * np.sum(octave(response, 1000.0)[round(BEFORE * RATE) :] ** 2, axis=1)
        energies.append(
            [power[round(a * RATE) : round(b * RATE)].sum() for a, b in pairwise(windows)]
        )
    levels = 10.0 * np.log10(np.mean(energies, axis=0))
    falls = 60.0 * (windows[:-1] - windows[0]) / room_rt60(room)
    assert np.ptp(levels + falls) < 2.0


def room_rt60(room: Room) -> float:
    return float(np.broadcast_to(room.rt60, 7)[3])


@pytest.mark.gate
@settings(max_examples=6, deadline=None, derandomize=True)
@given(
    sides=st.tuples(*[st.floats(2.7, 27.0)] * 3),
    rt60=st.floats(0.15, 1.5),
    place=st.tuples(*[st.floats(0.1, 0.9)] * 3),
)
def test_late_energy_is_that_of_a_diffuse_field(desk, sides, rt60, place):
    room = Room(sides, rt60)
    position = np.array(place) * sides - room.listener_place()
    distance = float(np.linalg.norm(position))
    # Softly: the limiter is no part of the law.
    source = desk.source(click(0.8), tuple(position.tolist()), gain_db=-20.0)
    samples = desk.mix(source, seconds=0.8, room=room, layout="7.1.4")
    volume, rate = float(np.prod(sides)), 6.0 * np.log(10.0) / rt60
    after = 1.1 * max(min(max(2e-3 * volume**0.5, 0.02), 0.08), 1.3e-2 * (volume / 64.0) ** (1 / 3))
    start, end = after + distance / 343.0, 0.8 + distance / 343.0
    law = 4.0 * np.pi * 343.0 / volume * 9.0 / rate * (np.exp(-rate * start) - np.exp(-rate * end))
    got = np.sum(mains(samples, "7.1.4")[round(after * RATE) :] ** 2)
    assert 10.0 * np.log10(got / (0.5 * 0.1) ** 2 / law) == pytest.approx(0.0, abs=1.0)


@pytest.mark.gate
@settings(max_examples=10, deadline=None)
@given(
    sides=st.tuples(*[st.floats(1.5, 30.0)] * 3),
    rt60=st.floats(0.1, 0.8),
    place=st.tuples(*[st.floats(0.02, 0.98)] * 3),
    to=st.tuples(*[st.floats(0.02, 0.98)] * 3),
    moving=st.booleans(),
    spread=st.floats(0.0, 1.0),
    seconds=st.floats(0.001, 0.6),
    layout=st.sampled_from(["mono", "stereo", "5.1", "7.1.4", "binaural", "ambix2"]),
)
def test_whatever_the_room_the_mix_is_finite_and_bounded(
    desk, sides, rt60, place, to, moving, spread, seconds, layout
):
    room = Room(sides, rt60)
    ends = [tuple((np.array(p) * sides - room.listener_place()).tolist()) for p in (place, to)]
    times = (0.0, seconds) if moving else (0.0,)
    source = desk.source(noise(0.6, level=0.02), *ends[: len(times)], times=times, spread=spread)
    # `mix` says that all is finite and as long as the clip.
    samples = desk.mix(source, seconds=seconds, room=room, layout=layout)
    assert np.abs(samples).max() <= 1.0
    # What the direct sound and a diffuse field bring at most: in the smallest rooms single
    # reflections come with a power that is some times the diffuse one.
    volume, rate = float(np.prod(sides)), 6.0 * np.log(10.0) / rt60
    most = 9.0 + 4.0 * np.pi * 343.0 / volume * 9.0 / rate
    assert np.sum(rms(samples) ** 2) <= 0.02**2 * 10.0 * most


@pytest.mark.gate
@pytest.mark.parametrize(
    ("layout", "beside_centre"), [("5.1", [0, 1, 3, 4]), ("7.1.4", [0, 1, *range(3, 11)])]
)
def test_late_sound_is_decorrelated_between_loudspeakers(desk, layout, beside_centre):
    # A click's tail, long after the last reflection that stands alone.
    room = Room((8.0, 6.0, 4.0), 2.5)
    source = desk.source(click(2.0), at(20.0, 2.0), gain_db=-20.0)
    samples = mains(desk.mix(source, seconds=2.0, room=room, layout=layout), layout)
    found = likenesses(samples[round(0.1 * RATE) :, beside_centre])
    assert found.mean() <= 0.2
    assert found.max() <= 0.4
    # Positive control: the direct sound between two loudspeakers is the same in both.
    both = desk.mix(desk.source(noise(1.5), at(70.0)), seconds=1.5)[:, [0, 4]]
    assert likenesses(both).min() >= 0.99


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1", "7.1"])
def test_no_main_channel_is_silent_in_a_room(desk, layout):
    for azimuth in (0.0, 180.0):
        source = desk.source(noise(0.5), at(azimuth, 2.0))
        levels = decibels(
            rms(mains(desk.mix(source, seconds=0.5, layout=layout, room=HALL), layout))
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
            desk.source(noise(1.5, seed, 0.02), (side * x, y, 0.3), id=f"s{seed}")
            for seed, (x, y) in enumerate([(-1.5, 2.0), (2.5, -1.0), (-2.0, -2.5)])
        ]
        levels[side] = decibels(rms(mains(desk.mix(*sources, seconds=1.5, room=room), "5.1")))
    assert np.abs(levels[1.0] - levels[-1.0][[1, 0, 2, 4, 3]]).max() <= 0.1
    # Negative control: the scene is not its own mirror image.
    assert np.abs(levels[1.0] - levels[-1.0]).max() > 0.3


def test_rooms_of_any_shape_give_finite_sound(desk):
    for size, rt60 in [
        ((1.0, 1.0, 1.0), 3.0),
        ((200.0, 150.0, 1.5), 0.05),
        ((300.0, 2.0, 90.0), 3.0),
    ]:
        source = desk.source(noise(0.3, level=0.02), (0.1, 0.2, 0.0))
        samples = desk.mix(source, seconds=0.3, room=Room(size, rt60))
        assert 0.0 < np.abs(samples).max() <= 1.0


def arrivals(samples: np.ndarray, above_db: float = -60.0) -> list[float]:
    """Times at which clicks arrive, seconds: where the summed channels peak."""
    power = np.sum(samples**2, axis=1)
    loud = power > power.max() * 10.0 ** (above_db / 10.0)
    groups = np.split(np.flatnonzero(loud), np.flatnonzero(np.diff(np.flatnonzero(loud)) > 24) + 1)
    return [float(np.average(g, weights=power[g])) / RATE for g in groups]


def test_reflections_come_when_and_from_where_pyroomacoustics_has_them(desk):
    import pyroomacoustics

    size, listener = (14.0, 11.0, 9.0), (6.2, 5.1, 4.4)
    place = np.array([-2.9, 3.3, 0.7])
    box = pyroomacoustics.ShoeBox(
        size, fs=RATE, materials=pyroomacoustics.Material(0.5), max_order=1
    )
    box.add_source(place + listener)
    box.add_microphone(listener)
    box.image_source_model()
    vectors = box.sources[0].images.T - listener
    distances = np.sort(np.linalg.norm(vectors, axis=1))
    delays = (distances[1:] - distances[0]) / 343.0
    samples = mains(
        desk.mix(
            desk.source(click(0.2), tuple(place)), seconds=0.2, room=Room(size, 1.5, listener)
        ),
        "5.1",
    )
    heard = np.array(arrivals(samples[: round(RATE * delays[3])], -40.0)[1:])
    for delay in delays[:3]:
        # Within a tenth of a sample: delays are not rounded to samples.
        assert np.abs(heard - delay).min() < 3e-5
        assert np.abs(heard - (delay + 4e-4)).min() > 3e-5


def test_in_the_largest_rooms_reflections_come_before_the_late_sound(desk):
    room = Room((60.0, 60.0, 60.0), 4.0, (30.0, 30.0, 30.0))
    source = desk.source(click(0.4), (-3.0, 0.0, 0.0))
    samples = mains(desk.mix(source, seconds=0.4, room=room), "5.1")
    first = (60.0 - 3.0 - 3.0) / 343.0  # by way of the left wall
    assert not (np.abs(samples[1 : round(first * RATE) - 12]) > 1e-4).any()
    assert np.argmax(np.abs(samples[round(first * RATE) - 4 :][:8]).max(axis=0)) in (0, 3)
    energy = np.sum(samples[round(0.35 * RATE) :] ** 2)
    assert energy > 0.0


@pytest.mark.parametrize("room", [HALL, Room((50.0, 45.0, 40.0), 3.0)])
def test_a_source_that_hardly_moves_sounds_as_one_that_stands_still(desk, room):
    sound = noise(1.5, level=0.01)
    still = desk.mix(desk.source(sound, (1.0, 2.0, 0.3)), seconds=1.5, room=room)
    source = desk.source(sound, (1.0, 2.0, 0.3), (1.0, 2.000001, 0.3), times=(0.0, 1.5))
    moving = desk.mix(source, seconds=1.5, room=room)
    assert decibels(rms(moving - still).max() / rms(still).max()) < -80.0


def test_materials_colour_the_reflections(desk):
    # In a wide, high room the floor answers first.
    share = {}
    for floor in ("tiles", "carpet"):
        walls = ("open", "open", "open", "open", floor, "open")
        room = Room((20.0, 20.0, 20.0), 0.5, (10.0, 10.0, 1.6), walls)
        samples = mains(
            desk.mix(desk.source(click(0.3), (0.0, 4.0, 0.0)), seconds=0.3, room=room), "5.1"
        )
        delay = (np.hypot(4.0, 3.2) - 4.0) / 343.0
        assert arrivals(samples)[1:] == pytest.approx([delay], abs=5e-5)
        reflected = samples[24:]
        low, high = (np.sum(octave(reflected, f) ** 2) for f in (250.0, 4000.0))
        # A click has 16 times the energy in an octave four octaves higher.
        share[floor] = 10.0 * np.log10(high / low / 16.0)
    # Energy that carpet leaves: 0.91 at 250 Hz and 0.56 at 4 kHz.
    assert share["tiles"] == pytest.approx(0.0, abs=0.5)
    assert share["carpet"] == pytest.approx(10.0 * np.log10(0.56 / 0.91), abs=0.7)


def test_a_closed_room_swallows_no_matter_how_its_materials_differ(desk):
    energies = []
    for walls in ((), ("glass", "carpet", "brick", "curtains", "wood", "acoustic ceiling")):
        room = Room(HALL.size, 0.4, None, walls)
        energies.append(np.mean([np.sum(r**2) for r in responses(desk, room)]))
    assert 10.0 * np.log10(energies[0] / energies[1]) == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize("layout", ["stereo", "5.1", "7.1.4"])
def test_reflections_are_panned_as_direct_sound_is(layout):
    places = 8.0 * np.random.default_rng(2).standard_normal((3000, 3))
    places = places[np.linalg.norm(places, axis=1) > 1.0]
    exact = point_gains(places, layout_named(layout))
    tabled = tabled_gains(places, layout_named(layout))
    assert np.abs(tabled - exact).max() < 0.08
    assert np.sum(tabled**2, axis=1) == pytest.approx(np.sum(exact**2, axis=1), abs=0.01)
    # Another direction is another one.
    assert np.abs(tabled_gains(places * [-1, 1, 1], layout_named(layout)) - exact).max() > 0.3


@pytest.mark.parametrize("layout", ["5.1", "ambix2"])
def test_a_mix_can_be_stopped_while_its_late_sound_is_made(desk, layout):
    told = []

    def progress(phase, fraction):
        told.append(fraction)
        if len(told) == 150:
            raise Cancelled

    source = desk.source(click(0.1), (1.0, 2.0, 0.0))
    with pytest.raises(Cancelled):
        desk.mix(
            source, seconds=0.1, room=Room((10.0, 8.0, 3.5), 3.0), layout=layout,
            progress=progress, name="stopped.wav",
        )  # fmt: skip
    # A mix of a tenth of a second tells a few times where there is no late sound.
    assert len(told) == 150
    assert not [p for p in desk.folder.iterdir() if "stopped" in p.name]


@pytest.mark.gate
@pytest.mark.parametrize("size", [(25_000.0, 1.0, 1.0), (3.6, 9e3, 2.5)])
def test_very_long_rooms_are_mixed(desk, size):
    samples = desk.mix(desk.source(click(0.3), (0.2, 0.1, 0.0)), seconds=0.3, room=Room(size, 0.4))
    direct, later = samples[: RATE // 500], samples[RATE // 500 :]
    assert 0.0 < rms(later).max() < rms(direct).max() < 0.5
