"""A Speaker's own distance law, limits and cone: mixed as loud as Blender plays them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_see2sound.bridge.speakers import sounds

from .cut import exported, mark, place, source, speaker
from .test_bridge_speakers import heard, sound

#: Four metres ahead, turned by so many degrees from facing the listener.
SETTINGS: dict[str, tuple[float, dict[str, float]]] = {
    "as it comes": (0.0, {}),
    "softer with distance": (0.0, {"attenuation": 2.0}),
    "nothing beyond two metres": (0.0, {"distance_max": 2.0}),
    "never louder": (0.0, {"volume_max": 0.1}),
    "never softer": (0.0, {"volume_min": 0.6}),
    "limits the wrong way round": (0.0, {"volume_min": 0.8, "volume_max": 0.3}),
    "both limits below it": (0.0, {"volume_min": 0.2, "volume_max": 0.1}),
    "a volume after the limits": (0.0, {"volume_max": 0.1, "volume": 0.5}),
    "in the cone": (20.0, {"cone_angle_inner": 60, "cone_angle_outer": 180}),
    "half out of the cone": (60.0, {"cone_angle_inner": 60, "cone_angle_outer": 180}),
    "turned away": (130.0, {"cone_angle_inner": 60, "cone_angle_outer": 180}),
    "out of a sharp cone": (60.0, {"cone_angle_inner": 100, "cone_angle_outer": 100}),
    "in a cone inside out": (100.0, {"cone_angle_inner": 220, "cone_angle_outer": 60}),
}


@pytest.fixture
def made(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> Any:
    collection = place(scene, strip, source("s1", (0, 4, 0)), folder=tmp_path)
    sound(collection, tmp_path)
    return collection


def turn(thing: Any, degrees: float) -> None:
    """Turn a speaker away from the listener that it would face."""
    thing.rotation_euler = (0.0, math.pi + math.radians(degrees), 0.0)


def levels(
    scene: bpy.types.Scene, strip: Any, collection: Any, folder: Path
) -> tuple[float, float]:
    """Live and mixed, in decibels, each beside something of its own."""
    sounds.make_heard(scene, collection)
    live = np.sqrt(np.mean(np.sum(heard(folder) ** 2, axis=1)))
    (told,) = exported(scene, strip, collection).sources
    return 20.0 * math.log10(live), told.gain_db


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_mixed_as_loud_as_blender_plays_it(
    scene: bpy.types.Scene, strip: Any, made: Any, tmp_path: Path, name: str
) -> None:
    plain = levels(scene, strip, made, tmp_path)
    thing = speaker(made, "s1")
    degrees, fields = SETTINGS[name]
    turn(thing, degrees)
    if "cone_angle_outer" in fields:
        thing.data.cone_volume_outer = 0.2
    before = mark(scene, strip, made)
    for field, value in fields.items():
        setattr(thing.data, field, value)
    assert (mark(scene, strip, made) != before) == bool(fields)
    live, mixed = (a - b for a, b in zip(levels(scene, strip, made, tmp_path), plain, strict=True))
    assert mixed == pytest.approx(live, abs=0.05)
    quiet = not fields or name == "in the cone"
    assert (abs(live) < 0.05) == quiet


def test_a_speaker_that_turns_away_fades_in_the_mix(
    scene: bpy.types.Scene, strip: Any, made: Any
) -> None:
    thing = speaker(made, "s1")
    data = thing.data
    data.cone_angle_inner, data.cone_angle_outer, data.cone_volume_outer = 60, 180, 0.2
    for frame, degrees in ((11, 0.0), (107, 180.0)):
        turn(thing, degrees)
        thing.keyframe_insert("rotation_euler", frame=frame)
    for curve in thing.animation_data.action.layers[0].strips[0].channelbags[0].fcurves:
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
    by_keyframes = exported(scene, strip, made).source("s1")
    thing.constraints.new("LIMIT_DISTANCE").target = scene.camera
    thing.constraints[0].limit_mode = "LIMITDIST_OUTSIDE"
    thing.constraints[0].distance = 1.0
    by_frames = exported(scene, strip, made).source("s1")
    for told in (by_keyframes, by_frames):
        assert len(told.positions) < 20
        gain = 10.0 ** (told.gain_db / 20.0) * np.array(told.presence)
        for seconds, expected in ((0.0, 1.0), (4 / 6, 1.0), (8 / 6, 0.6), (2.0, 0.2), (3.9, 0.2)):
            assert np.interp(seconds, told.times, gain) == pytest.approx(expected, abs=0.02)


def test_another_law_on_a_straight_way_is_followed_all_along(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    moving = source("s1", (0, 10, 0), (0, 2, 0), times=(0.0, 4.0))
    collection = place(scene, strip, moving, folder=tmp_path)
    sound(collection, tmp_path)
    speaker(collection, "s1").data.attenuation = 3.0
    told = exported(scene, strip, collection).source("s1")
    gain = 10.0 ** (told.gain_db / 20.0) * np.array(told.presence)
    for seconds in np.linspace(0.0, 4.0, 9):
        metres = 10.0 - 2.0 * seconds
        expected = metres / (1.0 + 3.0 * (metres - 1.0))
        assert np.interp(seconds, told.times, gain) == pytest.approx(expected, rel=0.03)


def test_a_soft_speaker_keeps_its_fades(scene: bpy.types.Scene, strip: Any, made: Any) -> None:
    data = speaker(made, "s1").data
    for frame, volume in ((11, 0.0), (59, 0.008), (107, 0.0)):
        data.volume = volume
        data.keyframe_insert("volume", frame=frame)
    told = exported(scene, strip, made).source("s1")
    assert told.gain_db == pytest.approx(20.0 * math.log10(0.008), abs=0.1)
    assert told.presence[0] == told.presence[-1] == 0.0


def test_what_a_bed_takes_no_note_of_leaves_its_mix(
    scene: bpy.types.Scene, strip: Any, made: Any
) -> None:
    data = speaker(made, "s1").data
    data.see2sound.kind = "ambience"
    before, told = mark(scene, strip, made), exported(scene, strip, made).source("s1")
    data.attenuation, data.volume_max, data.cone_angle_inner = 0.3, 0.2, 40.0
    assert mark(scene, strip, made) == before
    assert exported(scene, strip, made).source("s1") == told
    data.volume = 0.5
    assert mark(scene, strip, made) != before
