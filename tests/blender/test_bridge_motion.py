"""What a bake reads: evaluated motion for a listener who moves too, and its fingerprint."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import soundfile
from mathutils import Vector

from blender_see2sound.bridge.listener import camera, motion
from blender_see2sound.bridge.sources import document, monitor
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene_file import write_scene

from .cut import exported, mark, place, run, source, speaker
from .test_bridge_speakers import noise, sound


@pytest.fixture
def placed(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> Any:
    moving = source("s1", (-3, 3, 0), (3, 6, 1), times=(0.0, 4.0), presence=(1.0, 0.2))
    return place(scene, strip, moving, source("s2", (2, 5, 0)), folder=tmp_path)


def blender_says(scene: bpy.types.Scene, thing: Any, frame: int) -> np.ndarray:
    """Where an object is for the scene's camera, by Blender's own evaluation."""
    scene.frame_set(frame)
    listener = scene.camera.matrix_world
    local = listener.to_quaternion().inverted() @ (
        thing.matrix_world.translation - listener.translation
    )
    return np.array((local.x, -local.z, local.y))


def sampled(track: motion.Track, frame: int) -> np.ndarray:
    return np.array([np.interp(frame, track.frames, c) for c in track.positions.T])


def check(scene: bpy.types.Scene, speakers: list[Any]) -> list[motion.Track]:
    """Tracks agree with Blender on every frame, within the promised tolerance."""
    scene.frame_set(42)
    tracks = run(motion.tracks(scene, speakers, 11, 111))
    assert scene.frame_current == 42
    for frame in range(11, 111, 3):
        for thing, track in zip(speakers, tracks, strict=True):
            truth, told = blender_says(scene, thing, frame), sampled(track, frame)
            assert np.linalg.norm(truth - told) < 0.011
            angle = math.degrees(Vector(truth).angle(Vector(told)))
            assert angle < 0.11
            volume = np.interp(frame, track.frames, track.volumes)
            assert volume == pytest.approx(thing.data.volume, abs=0.011)
    return tracks


def animate(thing: Any, path: str, *keys: tuple[int, Any]) -> None:
    for frame, value in keys:
        setattr(thing, path, value)
        thing.keyframe_insert(path, frame=frame)


def test_a_straight_way_takes_two_knots(scene: bpy.types.Scene, placed: Any) -> None:
    moving, still = check(scene, document.speakers_of(placed))
    assert len(moving.frames) == 3  # it stands still after four seconds
    assert len(still.frames) == 1


def test_the_moving_scaled_camera_is_the_listener(scene: bpy.types.Scene, placed: Any) -> None:
    own = bpy.data.objects.new("World", bpy.data.speakers.new("World"))
    placed.objects.link(own)
    own.location = (4, 7, 2)
    animate(scene.camera, "location", (11, (0, 0, 1)), (60, (5, 3, 2)), (110, (0, 9, 1)))
    animate(scene.camera, "rotation_euler", (11, (1.2, 0, 0)), (110, (1.7, 0.4, 2.5)))
    scene.camera.scale = (3.0, 0.5, 2.0)
    tracks = check(scene, [own])
    assert len(tracks[0].frames) > 4
    rest = check(scene, document.speakers_of(placed))
    assert len(rest) == 3


@pytest.mark.parametrize("mode", ["QUATERNION", "AXIS_ANGLE", "ZYX"])
def test_parents_of_every_rotation_count(scene: bpy.types.Scene, placed: Any, mode: str) -> None:
    carrier = bpy.data.objects.new("Carrier", None)
    scene.collection.objects.link(carrier)
    carrier.rotation_mode = mode
    path = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}.get(
        mode, "rotation_euler"
    )
    first, second = (
        ((1, 0, 0, 0), (0.5, 0.5, 0.5, 0.5)) if path != "rotation_euler" else ((0, 0, 0), (1, 2, 3))
    )
    animate(carrier, path, (11, first), (110, second))
    carrier.delta_location, carrier.delta_rotation_euler = (1, 2, 3), (0.1, 0.2, 0.3)
    carrier.delta_scale = (1.5, 1, 2)
    thing = bpy.data.objects.new("Carried", bpy.data.speakers.new("Carried"))
    placed.objects.link(thing)
    thing.parent = carrier
    thing.location = (1, 2, 0.5)
    check(scene, [thing])


def test_constraints_and_drivers_count(scene: bpy.types.Scene, placed: Any) -> None:
    target = bpy.data.objects.new("Target", None)
    scene.collection.objects.link(target)
    animate(target, "location", (11, (-6, 3, 0)), (110, (6, 3, 2)))
    bound, driven = document.speakers_of(placed)
    bound.constraints.new("COPY_LOCATION").target = target
    driver = driven.driver_add("location", 0).driver
    driver.expression = "frame * 0.05"
    tracks = check(scene, [bound, driven])
    assert tracks[0].positions[0][0] == pytest.approx(-6.0, abs=0.01)
    assert np.ptp(tracks[1].positions[:, 0]) > 4.0


def test_a_camera_that_a_marker_switches_to_is_the_listener(
    scene: bpy.types.Scene, placed: Any
) -> None:
    other = bpy.data.objects.new("Other", bpy.data.cameras.new("Other"))
    scene.collection.objects.link(other)
    other.location, other.rotation_euler = (10, 0, 1), (math.pi / 2, 0, math.pi / 2)
    for frame, listener in ((1, scene.camera), (60, other)):
        scene.timeline_markers.new("Cut", frame=frame).camera = listener
    own = bpy.data.objects.new("World", bpy.data.speakers.new("World"))
    placed.objects.link(own)
    own.location = (0, 8, 1)
    (track,) = run(motion.tracks(scene, [own], 11, 111))
    for frame in (30, 59, 60, 100):
        assert sampled(track, frame) == pytest.approx(blender_says(scene, own, frame), abs=0.011)


def test_without_a_camera_there_is_no_listener(
    scene: bpy.types.Scene, strip: Any, placed: Any
) -> None:
    scene.camera = None
    with pytest.raises(See2SoundError, match="listener"):
        exported(scene, strip, placed)


# ------------------------------------------------------------------ export


def test_what_is_exported_is_a_sound_scene(
    scene: bpy.types.Scene, strip: Any, placed: Any, tmp_path: Path
) -> None:
    sound(placed, tmp_path)
    settings = speaker(placed, "s2").data.see2sound
    settings.use_lfe, settings.lfe_db, settings.spread = True, -6.0, 0.25
    room = placed.see2sound
    room.room_kind, room.rt60, room.room_size = "CUSTOM", 0.9, (20, 20, 4)
    told = exported(scene, strip, placed)
    write_scene(told, tmp_path / "scene.json")
    assert told.clip.duration == pytest.approx(100 / 24)
    assert told.room is not None
    assert told.room.rt60 == pytest.approx((0.9,) * 7)
    first, second = told.sources
    assert first.times[0] == 0.0
    assert first.positions[0] == pytest.approx((-3, 3, 0), abs=0.01)
    assert first.presence[0] == 1.0
    assert first.presence[-1] == pytest.approx(0.2, abs=0.01)
    assert first.prompt == "a s1"
    assert (second.lfe_db, second.spread) == (-6.0, 0.25)
    assert Path(second.sound).is_file()


def test_volume_mute_and_distance_settings_become_gain(
    scene: bpy.types.Scene, strip: Any, placed: Any
) -> None:
    data = speaker(placed, "s2").data
    data.volume = 0.5
    assert exported(scene, strip, placed).source("s2").gain_db == pytest.approx(-6.02, abs=0.01)
    data.distance_reference = 4.0
    assert exported(scene, strip, placed).source("s2").gain_db == pytest.approx(6.02, abs=0.01)
    data.see2sound.mute = True
    assert exported(scene, strip, placed).source("s2").gain_db == -200.0


def test_a_gain_above_zero_is_kept(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> None:
    collection = place(
        scene,
        strip,
        source("s1", (0, 9, 0), gain_db=6.0),
        source("s2", (0, 9, 0), gain_db=-9.0, kind="ambience"),
        folder=tmp_path,
    )
    told = exported(scene, strip, collection)
    assert [s.gain_db for s in told.sources] == pytest.approx([6.0, -9.0], abs=0.01)


def test_packed_and_shifted_sounds_are_written_as_they_are_heard(
    scene: bpy.types.Scene, strip: Any, placed: Any, tmp_path: Path
) -> None:
    sound(placed, tmp_path)
    whole = soundfile.read(tmp_path / "noise.wav")[0]
    made = speaker(placed, "s2")
    made.animation_data.nla_tracks[0].strips[0].frame_start = 35
    late = soundfile.read(exported(scene, strip, placed).source("s2").sound)[0]
    assert np.abs(late[:47_000]).max() < 1e-6
    assert late[48_000:58_000] == pytest.approx(whole[:10_000], abs=1e-6)
    made.animation_data.nla_tracks[0].strips[0].frame_start = 11
    own = bpy.data.sounds.load(str(noise(tmp_path / "own.wav", 1.0)))
    made.data.sound = own
    own.pack()
    (tmp_path / "own.wav").unlink()
    packed = soundfile.read(exported(scene, strip, placed).source("s2").sound)[0]
    assert packed == pytest.approx(whole[: len(packed)], abs=1e-6)
    assert len(packed) == 48_000


def test_a_missing_sound_is_named(
    scene: bpy.types.Scene, strip: Any, placed: Any, tmp_path: Path
) -> None:
    gone = noise(tmp_path / "gone.wav", 0.1)
    speaker(placed, "s1").data.sound = bpy.data.sounds.load(str(gone))
    gone.unlink()
    with pytest.raises(See2SoundError, match=r"gone\.wav") as error:
        exported(scene, strip, placed)
    assert error.value.kind == "missing-file"


# ------------------------------------------------------------------ the camera


def test_the_field_of_view_is_what_blender_says(scene: bpy.types.Scene) -> None:
    data = camera.ensure_camera(scene).data
    for fit in ("AUTO", "HORIZONTAL", "VERTICAL"):
        for size in ((1920, 1080), (1080, 1920), (500, 500)):
            data.sensor_fit = fit
            scene.render.resolution_x, scene.render.resolution_y = size
            data.lens = 35.0
            frame = data.view_frame(scene=scene)
            told = camera.horizontal_fov(scene)
            widest, ahead = max(abs(c.x) for c in frame), abs(frame[0].z)
            assert told == pytest.approx(2 * math.degrees(math.atan2(widest, ahead)), abs=1e-3)


def test_a_narrow_clip_is_seen_narrowly(scene: bpy.types.Scene) -> None:
    camera.ensure_camera(scene)
    scene.render.resolution_x, scene.render.resolution_y = 1600, 900
    whole = math.tan(math.radians(camera.horizontal_fov(scene, (1280, 720)) / 2))
    half = math.tan(math.radians(camera.horizontal_fov(scene, (640, 720)) / 2))
    assert half / whole == pytest.approx(0.5)
    assert camera.horizontal_fov(scene, (2000, 500)) == camera.horizontal_fov(scene)
    scene.camera.data.type = "ORTHO"
    assert camera.horizontal_fov(scene, (1280, 720)) == 50.0


# ------------------------------------------------------------------ the fingerprint


def carrier(scene: bpy.types.Scene, made: Any) -> Any:
    thing = bpy.data.objects.new("Carrier", None)
    scene.collection.objects.link(thing)
    scene.camera.parent = thing
    return thing


CHANGES = {
    "drag a speaker": lambda scene, strip, made: setattr(made, "location", (9, 9, 9)),
    "turn the camera": lambda scene, strip, made: setattr(
        scene.camera, "rotation_euler", (1, 0, 0)
    ),
    "keyframe the camera": lambda scene, strip, made: scene.camera.keyframe_insert("location"),
    "parent the camera": lambda scene, strip, made: setattr(
        carrier(scene, made), "location", (1, 0, 0)
    ),
    "constrain it": lambda scene, strip, made: made.constraints.new("LIMIT_DISTANCE"),
    "drive it": lambda scene, strip, made: made.driver_add("location", 2),
    "volume": lambda scene, strip, made: setattr(made.data, "volume", 0.3),
    "mute": lambda scene, strip, made: setattr(made.data.see2sound, "mute", True),
    "spread": lambda scene, strip, made: setattr(made.data.see2sound, "spread", 0.5),
    "sound": lambda scene, strip, made: setattr(made.data, "sound", None),
    "trim": lambda scene, strip, made: setattr(strip, "frame_offset_end", 20),
    "loudness": lambda scene, strip, made: setattr(
        document.collection_of(scene, strip).see2sound, "lufs", -16
    ),
    "room": lambda scene, strip, made: setattr(
        document.collection_of(scene, strip).see2sound, "room_kind", "CUSTOM"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_mix_changes_the_fingerprint(
    scene: bpy.types.Scene, strip: Any, placed: Any, tmp_path: Path, change: str
) -> None:
    sound(placed, tmp_path)
    before = mark(scene, strip, placed)
    CHANGES[change](scene, strip, speaker(placed, "s2"))
    assert mark(scene, strip, placed) != before


def test_what_does_not_change_the_mix_leaves_the_fingerprint(
    scene: bpy.types.Scene, strip: Any, placed: Any, tmp_path: Path
) -> None:
    sound(placed, tmp_path)
    made = speaker(placed, "s1")
    made.constraints.new("LIMIT_DISTANCE").target = scene.camera
    bpy.context.view_layer.update()  # the constraint takes its distance
    before = mark(scene, strip, placed)
    scene.frame_set(77)
    monitor.switch(placed, "MIX")
    made.data.see2sound.prompt = "another word"
    made.select_set(True)
    strip.name = "Renamed"
    strip.mute = True
    bpy.context.view_layer.update()
    assert mark(scene, strip, placed) == before
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    strip = scene.sequence_editor.strips["Renamed"]
    assert mark(scene, strip, document.collection_of(scene, strip)) == before


def test_an_own_sound_that_is_edited_changes_it(
    scene: bpy.types.Scene, strip: Any, placed: Any, tmp_path: Path
) -> None:
    own = noise(tmp_path / "own.wav", 0.5)
    speaker(placed, "s1").data.sound = bpy.data.sounds.load(str(own))
    before = mark(scene, strip, placed)
    noise(own, 0.6)
    assert mark(scene, strip, placed) != before
