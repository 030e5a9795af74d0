"""The room around the sources: large enough when it is switched on, and named when it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from blender_see2sound.bridge import camera
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene import write_scene

from .cut import add_movie, exported, new_file, place, source, speaker, write_movie


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("media") / "film.mp4", 24)


@pytest.fixture
def scene(tmp_path: Path) -> bpy.types.Scene:
    return new_file(tmp_path / "film.blend")


@pytest.fixture
def strip(scene: bpy.types.Scene, movie: Path) -> Any:
    return add_movie(scene, movie, start=11)


def coming_near(source_id: str = "s1") -> Any:
    return source(source_id, (0, 30, -2.5), (-1, 3, 2), times=(0.0, 4.0), presence=(1.0, 1.0))


@pytest.mark.parametrize("unit", [1.0, 0.1])
def test_switched_on_it_holds_every_source_on_its_whole_way(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path, unit: float
) -> None:
    scene.unit_settings.scale_length = unit
    listener = camera.ensure_camera(scene)
    listener.rotation_euler.z, listener.scale = 1.0, (2, 2, 2)
    bpy.context.view_layer.update()
    bed = source("s2", (0, 200, 0), kind="ambience")
    collection = place(scene, strip, coming_near(), bed, folder=tmp_path)
    collection.see2sound.use_room = True
    across, along, high = collection.see2sound.room_size
    assert (across, along) == (10.0, pytest.approx(61.0, abs=0.5))
    assert 5.0 <= high <= 6.0
    told = exported(scene, strip, collection)
    write_scene(told, tmp_path / "scene.json")  # which refuses a source outside the room
    assert told.room is not None


def test_it_is_never_smaller_than_usual(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> None:
    collection = place(scene, strip, source("s1", (0, 2, 0)), folder=tmp_path)
    collection.see2sound.use_room = True
    assert tuple(collection.see2sound.room_size) == (10.0, 8.0, 3.5)


def test_a_size_that_a_person_set_stays(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> None:
    collection = place(scene, strip, coming_near(), folder=tmp_path)
    collection.see2sound.room_size = (6, 6, 3)
    collection.see2sound.use_room = True
    assert tuple(collection.see2sound.room_size) == (6, 6, 3)


def test_a_speaker_outside_is_named_with_a_room_that_would_do(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(
        scene, strip, source("s1", (0, 2, 0)), source("s2", (1, 8.75, -1)), folder=tmp_path
    )
    speaker(collection, "s2").name = "My Dog"
    settings = collection.see2sound
    settings.room_size, settings.use_room = (10, 8, 3.5), True
    with pytest.raises(See2SoundError, match=r"'My Dog' is outside the room: .*8\.8 m ahead") as e:
        exported(scene, strip, collection)
    assert "10 x 18.5 x 3.5 m" in e.value.remedy
    assert "json" not in str(e.value)
    settings.room_size = (10, 18.5, 3.5)
    write_scene(exported(scene, strip, collection), tmp_path / "scene.json")
