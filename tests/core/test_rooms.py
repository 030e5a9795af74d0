"""Rooms to choose from: each can be heard, edited, and grows until the sources fit."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.pipeline import MixSettings, mix_scene
from blender_see2sound.core.rooms import PRESETS, chosen, fitted
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source
from blender_see2sound.core.scene_file import scene_from_json, scene_to_json, write_scene

from .mixes import RATE, Desk, click, decay_time, mains, misses, octave, responses

CLOSED = ("small-room", "living-room", "hall", "church", "cave")
AROUND = st.tuples(*[st.floats(-300.0, 300.0)] * 3)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("rooms"))


def source(*positions, kind="point") -> Source:
    times = tuple(float(i) for i in range(len(positions)))
    ones = (1.0,) * len(positions)
    return Source("s1", "", "", kind, times, tuple(positions), presence=ones)


def check(room: Room, *sources: Source) -> SoundScene:
    """The scene as its file's reader sees it: what does not fit raises."""
    scene = SoundScene(Clip(None, 0.0, 1.0, 25.0, (64, 36), 50.0), sources, room)
    return scene_from_json(scene_to_json(scene))


@pytest.mark.parametrize("name", [preset.name for preset in PRESETS] + ["auto,0.4", "hall,1.5"])
@given(places=st.lists(AROUND, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_a_chosen_room_holds_all_sources(name, places):
    sources = (source(*places),)
    room = chosen(name, sources)
    assert check(room, *sources).room == room
    # No listener stands higher than the sources below ask for.
    lowest = min(0.0, *(p[2] for p in places))
    assert room.listener_place()[2] <= max(1.6, 0.5 - lowest) + 1e-6


def test_a_preset_that_is_large_enough_stays_as_it_is():
    for preset in PRESETS:
        assert chosen(preset.name, (source((0.5, 1.0, -0.5)),)) == Room(
            preset.size, preset.rt60, None, preset.materials
        )
    bed = source((0.0, 5000.0, 0.0), kind="ambience")
    assert chosen("small-room", (bed,)).size == PRESETS[3].size


@given(places=st.lists(AROUND, min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_room_that_grows_in_steps_holds_all_sources_and_is_seldom_another(places):
    small = Room((10.0, 8.0, 3.5), 0.4)
    far = source(*places)
    stepped, exact = fitted(small, [far], growth=1.25), fitted(small, [far])
    assert check(stepped, far).room == stepped
    for grown, needed in zip(stepped.size, exact.size, strict=True):
        assert needed <= grown + 1e-6
        assert grown <= 2.0 * needed
    assert fitted(small, [source((0.0, 1.0, 0.0))], growth=1.25) == small


def test_a_small_move_leaves_a_room_that_grows_in_steps():
    small = Room((10.0, 8.0, 3.5), 0.4)
    rooms = {fitted(small, [source((0.0, 20.0 + d, -2.5))], growth=1.25) for d in (0.0, 0.7, 1.5)}
    assert len(rooms) == 1
    assert len({fitted(small, [source((0.0, 20.0 + d, 0.0))]) for d in (0.0, 0.7)}) == 2


def test_a_size_that_a_person_gives_is_not_changed():
    far = source((0.0, 40.0, 0.0))
    assert chosen("10x8x3.5,0.4", ()) == Room((10.0, 8.0, 3.5), 0.4)
    with pytest.raises(See2SoundError, match=r"not all sources .* Make it 10x\d+x3.5 m"):
        chosen("10x8x3.5,0.4", (far,))


@pytest.mark.parametrize(
    "text",
    ["", "hull", "10x8,0.4", "10x8x3", "10x8x3,", "axbxc,1", "auto", "nanxnanxnan,1", "hall,-1",
     "hall,nan", "hall,0.4,0.4", "1e9x4x3,1"],
)  # fmt: skip
def test_what_is_no_room_is_told(text):
    with pytest.raises(See2SoundError) as caught:
        chosen(text, ())
    assert caught.value.kind == "bad-request"


@pytest.mark.gate
@pytest.mark.parametrize("name", CLOSED)
def test_presets_decay_as_their_table_says(desk, name):
    room = chosen(name, ())
    found = responses(desk, room)
    assert misses(found, room.rt60) == []
    assert misses(found, 1.25 * np.array(room.rt60))


def test_the_open_air_answers_by_the_ground_alone(desk):
    samples = mains(
        desk.mix(
            desk.source(click(1.0), (0.0, 5.0, 0.0)), seconds=1.0, room=chosen("open-air", ())
        ),
        "5.1",
    )
    delay = round((np.hypot(5.0, 3.2) - 5.0) / 343.0 * RATE)
    reflected = np.sum(samples[delay - 8 : delay + 480] ** 2)
    assert 10.0 * np.log10(reflected / np.sum(samples[:8] ** 2)) == pytest.approx(-14.0, abs=4.0)
    assert np.abs(samples[delay + 4800 :]).max() < 1e-6


def test_a_street_and_a_forest_ring_on_far_below_a_closed_room(desk):
    late = {}
    for name in ("street", "forest", "cave"):
        place = desk.source(click(1.5), (1.0, 6.0, 0.0))
        samples = mains(desk.mix(place, seconds=1.5, room=chosen(name, ())), "5.1")
        late[name] = 10.0 * np.log10(np.sum(samples[9600:] ** 2) / np.sum(samples[:24] ** 2))
        tail = octave(samples[9600:], 1000.0)
        assert decay_time(tail) == pytest.approx(chosen(name, ()).rt60[3], rel=0.15)
    assert late["forest"] < late["street"] - 3.0
    assert late["street"] < late["cave"] - 10.0


@pytest.mark.parametrize("place", [(1.0, 6.0, 0.0), (2.0, 2.0, 0.0), (0.0, 15.0, 0.0)])
def test_a_forest_answers_from_the_first_moments_on_and_without_a_burst(desk, place):
    def answer(name):
        sound = desk.source(click(0.4), place, gain_db=-12.0)
        samples = mains(desk.mix(sound, seconds=0.4, room=chosen(name, ())), "5.1")
        energy = np.sum(samples**2, axis=1)
        steps = energy[480 : 480 * 36].reshape(-1, 480).sum(axis=1)  # of 10 ms each
        return 10.0 * np.log10(steps / energy[:24].sum() + 1e-12)

    levels = answer("forest")
    assert 10.0 * np.log10(np.sum(10.0 ** (levels[:8] / 10.0))) > -35.0  # from 10 to 90 ms
    assert levels.min() > -60.0
    assert np.abs(np.diff(levels[2:])).max() < 3.0
    # Houses answer one by one.
    assert np.abs(np.diff(answer("street")[2:])).max() > 6.0


def test_a_mix_can_be_put_into_another_room(desk):
    sound = desk.source(click(0.5), (1.0, 2.0, 0.0))
    scene = SoundScene(Clip(None, 0.0, 0.5, 25.0, (64, 36), 50.0), (sound,))
    write_scene(scene, desk.folder / "scene.json")
    energies = []
    for room in (True, "living-room", "living-room,0.9", False):
        mixing = MixSettings(room=room, lufs=None)
        mix_scene(desk.folder / "scene.json", desk.folder / "m.wav", mixing)
        energies.append(float(np.sum(soundfile.read(desk.folder / "m.wav")[0][48:] ** 2)))
    assert energies[0] == energies[3] == 0.0
    assert 0.0 < energies[1] < energies[2]
    too_small = MixSettings(room="2x2x2,0.3")
    with pytest.raises(See2SoundError, match="not all sources are in a room"):
        mix_scene(desk.folder / "scene.json", desk.folder / "m.wav", too_small)
