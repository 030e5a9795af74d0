"""The room around the sources: filled in by its kind, edited, and large enough for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from blender_see2sound.bridge.listener import camera
from blender_see2sound.core import rooms
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene_file import write_scene

from .cut import exported, place, source, speaker


def coming_near(source_id: str = "s1") -> Any:
    return source(source_id, (0, 30, -2.5), (-1, 3, 2), times=(0.0, 4.0), presence=(1.0, 1.0))


@pytest.mark.parametrize("unit", [1.0, 0.1])
def test_it_grows_until_it_holds_every_source_on_its_whole_way(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path, unit: float
) -> None:
    scene.unit_settings.scale_length = unit
    listener = camera.ensure_camera(scene)
    listener.rotation_euler.z, listener.scale = 1.0, (2, 2, 2)
    bpy.context.view_layer.update()
    bed = source("s2", (0, 200, 0), kind="ambience")
    collection = place(scene, strip, coming_near(), bed, folder=tmp_path)
    collection.see2sound.room_kind = "CUSTOM"
    assert tuple(collection.see2sound.room_size) == pytest.approx(
        [side / unit for side in (10.0, 8.0, 3.5)]
    )
    told = exported(scene, strip, collection)
    write_scene(told, tmp_path / "scene.json")  # which refuses a source outside the room
    across, along, high = told.room.size
    assert across == 10.0
    assert 61.0 <= along <= 76.3
    assert 5.0 <= high <= 7.0


def test_a_source_that_moves_a_little_leaves_the_room(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, source("s1", (0, 20, 0)), folder=tmp_path)
    collection.see2sound.room_kind = "small-room"
    before = exported(scene, strip, collection).room
    speaker(collection, "s1").location.z -= 0.5
    assert exported(scene, strip, collection).room == before
    speaker(collection, "s1").location.z -= 30.0
    assert exported(scene, strip, collection).room.size[1] > before.size[1] + 20.0


def test_it_is_never_smaller_than_was_set(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, source("s1", (0, 2, 0)), folder=tmp_path)
    collection.see2sound.room_kind = "CUSTOM"
    assert exported(scene, strip, collection).room.size == (10.0, 8.0, 3.5)


@pytest.mark.parametrize("preset", rooms.PRESETS, ids=lambda preset: preset.name)
def test_a_kind_brings_all_that_it_has(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path, preset: rooms.Preset
) -> None:
    scene.unit_settings.scale_length = 0.01
    collection = place(scene, strip, source("s1", (0, 1, 0)), folder=tmp_path)
    collection.see2sound.room_kind = preset.name
    told = exported(scene, strip, collection).room
    assert told.size == pytest.approx(preset.size)
    assert told.rt60 == pytest.approx(preset.rt60, abs=2e-4)
    assert told.materials == preset.materials


def test_what_a_kind_brings_can_be_changed_and_had_back(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, source("s1", (0, 1, 0)), folder=tmp_path)
    settings, church = collection.see2sound, rooms.preset_named("church")
    settings.room_kind = "church"
    settings.rt60 *= 0.5
    settings.wall_floor = "carpet"
    settings.room_size[1] = 70.0
    told = exported(scene, strip, collection).room
    assert told.rt60 == pytest.approx([t / 2 for t in church.rt60], abs=2e-4)
    assert told.materials == (*church.materials[:4], "carpet", church.materials[5])
    assert told.size == pytest.approx((church.size[0], 70.0, church.size[2]))
    settings.room_kind = "church"
    told = exported(scene, strip, collection).room
    assert (told.size, told.materials) == (pytest.approx(church.size), church.materials)
    settings.room_kind = "NONE"
    assert exported(scene, strip, collection).room is None


def test_a_room_of_one_s_own_begins_with_what_was_there(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, source("s1", (0, 1, 0)), folder=tmp_path)
    collection.see2sound.room_kind = "cave"
    cave = exported(scene, strip, collection).room
    collection.see2sound.room_kind = "CUSTOM"
    assert exported(scene, strip, collection).room == cave


def test_a_room_without_height_is_told(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> None:
    collection = place(scene, strip, source("s1", (0, 1, 0)), folder=tmp_path)
    settings = collection.see2sound
    settings.room_kind, settings.room_size[2] = "CUSTOM", 0.0
    with pytest.raises(See2SoundError, match="10 x 8 x 0 m cannot be used"):
        exported(scene, strip, collection)


def test_a_speaker_outside_is_named_with_a_room_that_would_do(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(
        scene, strip, source("s1", (0, 2, 0)), source("s2", (1, 8.75, -1)), folder=tmp_path
    )
    speaker(collection, "s2").name = "My Dog"
    settings = collection.see2sound
    settings.room_size, settings.room_kind = (10, 8, 3.5), "CUSTOM"
    settings.room_fits = False
    with pytest.raises(See2SoundError, match=r"'My Dog' is outside the room: .*8\.8 m ahead") as e:
        exported(scene, strip, collection)
    assert "10 x 18.5 x 3.5 m" in e.value.remedy
    assert "json" not in str(e.value)
    settings.room_size = (10, 18.5, 3.5)
    write_scene(exported(scene, strip, collection), tmp_path / "scene.json")
