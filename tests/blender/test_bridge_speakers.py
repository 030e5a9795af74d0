"""Speakers as a person finds them: placed, heard, and left alone where they were changed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import soundfile
from mathutils import Vector

from blender_see2sound.bridge.animation import actions
from blender_see2sound.bridge.blend import files
from blender_see2sound.bridge.sources import document, monitor
from blender_see2sound.bridge.speakers import placing, recipe, sounds
from blender_see2sound.bridge.timeline import mix_strip
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene import Clip, SoundScene

from .cut import add_movie, exported, new_file, place, run, source, speaker, write_movie

LEFT, RIGHT, CENTRE, LFE, LEFT_SURROUND, RIGHT_SURROUND = range(6)


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("media") / "film.mp4", 24)


@pytest.fixture
def strip(movie: Path, tmp_path: Path) -> Any:
    return add_movie(new_file(tmp_path / "film.blend"), movie, start=11)


def noise(path: Path, seconds: float = 5.0, level: float = 0.2) -> Path:
    samples = np.random.default_rng(1).normal(0.0, level, int(seconds * 48_000))
    soundfile.write(path, samples.astype(np.float32), 48_000, subtype="FLOAT")
    return path


def sound(collection: Any, folder: Path) -> None:
    """Give every speaker noise."""
    path = noise(folder / "noise.wav")
    ids = document.source_ids(collection).values()
    give(collection, dict.fromkeys(ids, path))


def give(collection: Any, files_of: dict[str, Path]) -> tuple[str, ...]:
    """Give speakers sounds, as a step does."""
    scene = bpy.context.scene
    takes = {source_id: [path] for source_id, path in files_of.items()}
    kept = run(sounds.keep_sounds(scene, collection, takes))
    ids = document.source_ids(collection)
    recipes = {
        ids[s.name]: recipe.asked(collection, s, "") for s in document.speakers_of(collection)
    }
    return run(sounds.give_sounds(scene, collection, kept, recipes))


def heard(folder: Path) -> np.ndarray:
    """What playback sounds like: the six channels from frame 11 to 110."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 11, 110
    path = folder / "mixdown.wav"
    bpy.ops.sound.mixdown(
        filepath=str(path), container="WAV", codec="PCM", format="F32", channels="SURROUND51"
    )
    return soundfile.read(path)[0]


def level(samples: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(samples**2, axis=0))


# ------------------------------------------------------------------ heard


@pytest.mark.parametrize(
    ("place_of", "channel"),
    [
        ((-1.7320508, 3.0, 0.0), LEFT),
        ((1.7320508, 3.0, 0.0), RIGHT),
        ((0.0, 3.0, 0.0), CENTRE),
        ((-3.0 * math.sin(math.radians(110)), 3.0 * math.cos(math.radians(110)), 0.0), 4),
        ((3.0 * math.sin(math.radians(110)), 3.0 * math.cos(math.radians(110)), 0.0), 5),
    ],
)
def test_a_sound_comes_from_where_its_source_is(
    strip: Any, tmp_path: Path, place_of: tuple[float, float, float], channel: int
) -> None:
    collection = place(bpy.context.scene, strip, source("s1", place_of), folder=tmp_path)
    sound(collection, tmp_path)
    levels = level(heard(tmp_path))
    assert levels.argmax() == channel
    assert levels[channel] > 20.0 * np.delete(levels, channel).max()


def test_it_falls_off_with_distance_as_in_the_mix(strip: Any, tmp_path: Path) -> None:
    collection = place(bpy.context.scene, strip, source("s1", (0, 8, 0)), folder=tmp_path)
    sound(collection, tmp_path)
    far = level(heard(tmp_path))[CENTRE]
    speaker(collection, "s1").location.z = -4.0
    near = level(heard(tmp_path))[CENTRE]
    assert near / far == pytest.approx(2.0, rel=0.02)


def test_a_bed_is_as_loud_wherever_its_speaker_is(strip: Any, tmp_path: Path) -> None:
    bed = source("s1", (0, 30, 0), kind="ambience")
    collection = place(bpy.context.scene, strip, bed, folder=tmp_path)
    sound(collection, tmp_path)
    # As a point source at 3 m, where the mix has both equally loud.
    assert level(heard(tmp_path))[CENTRE] == pytest.approx(0.2 / 3.0, rel=0.05)


def test_motion_and_presence_are_heard(strip: Any, tmp_path: Path) -> None:
    moving = source("s1", (-3, 3, 0), (3, 3, 0), times=(0.0, 4.0), presence=(1.0, 0.2))
    collection = place(bpy.context.scene, strip, moving, folder=tmp_path)
    sound(collection, tmp_path)
    samples = heard(tmp_path)
    begin, end = level(samples[:4800]), level(samples[-4800:])
    assert begin[LEFT] > 10 * begin[RIGHT]
    assert end[RIGHT] > 10 * end[LEFT]
    assert end[RIGHT] / begin[LEFT] == pytest.approx(0.2, rel=0.15)


def test_it_starts_with_the_strip(strip: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    collection = place(scene, strip, source("s1", (0, 3, 0)), folder=tmp_path)
    sound(collection, tmp_path)
    heard(tmp_path)
    scene.frame_start = 1
    path = tmp_path / "early.wav"
    bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="F32")
    samples = np.abs(soundfile.read(path)[0]).max(axis=1)
    assert np.flatnonzero(samples > 1e-3)[0] / 48_000 == pytest.approx(10 / 24, abs=0.01)


def test_muting_a_source_silences_it(strip: Any, tmp_path: Path) -> None:
    collection = place(
        bpy.context.scene,
        strip,
        source("s1", (-2, 3, 0)),
        source("s2", (2, 3, 0)),
        folder=tmp_path,
    )
    sound(collection, tmp_path)
    speaker(collection, "s1").data.see2sound.mute = True
    levels = level(heard(tmp_path))
    assert levels[LEFT] < 1e-4 < levels[RIGHT]
    speaker(collection, "s1").data.see2sound.mute = False
    assert level(heard(tmp_path))[LEFT] > 1e-2


def test_all_of_it_survives_saving_and_loading(strip: Any, tmp_path: Path) -> None:
    moving = source("s1", (-3, 3, 0), (3, 3, 0), times=(0.0, 4.0), presence=(1.0, 0.2))
    collection = place(bpy.context.scene, strip, moving, folder=tmp_path)
    sound(collection, tmp_path)
    before = heard(tmp_path)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    assert np.allclose(heard(tmp_path), before, atol=1e-4)
    scene = bpy.context.scene
    again = scene.sequence_editor.strips["Film"]
    collection = document.collection_of(scene, again)
    assert [s.data.see2sound.source_id for s in document.speakers_of(collection)] == ["s1"]
    assert speaker(collection, "s1").data.sound.filepath.startswith("//see2sound/Film/sounds/")


# ------------------------------------------------------------------ placed


def test_a_speaker_is_where_the_camera_sees_it(strip: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    data = bpy.data.cameras.new("C")
    listener = bpy.data.objects.new("C", data)
    scene.collection.objects.link(listener)
    listener.location, listener.rotation_euler = (5, -2, 3), (1.2, 0.3, 0.7)
    listener.scale = (2.0, 2.0, 0.5)
    scene.camera = listener
    bpy.context.view_layer.update()
    collection = place(scene, strip, source("s1", (-1, 4, 0.5)), folder=tmp_path)
    bpy.context.view_layer.update()
    unscaled = listener.matrix_world.to_quaternion().inverted()
    apart = speaker(collection, "s1").matrix_world.translation - listener.location
    assert tuple(unscaled @ apart) == pytest.approx((-1.0, 0.5, -4.0), abs=1e-5)
    assert tuple(listener.scale) == (2.0, 2.0, 0.5)


def test_a_camera_is_made_where_there_is_none(strip: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    place(scene, strip, source("s1", (0, 3, 0)), folder=tmp_path)
    bpy.context.view_layer.update()
    assert tuple(scene.camera.location) == pytest.approx((0, 0, 1.6))
    ahead = scene.camera.matrix_world.to_quaternion() @ Vector((0, 0, -1))
    assert tuple(ahead) == pytest.approx((0, 1, 0), abs=1e-6)


def test_metres_are_metres_in_a_scene_of_centimetres(strip: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    scene.unit_settings.scale_length = 0.01
    collection = place(scene, strip, source("s1", (0, 3, 0)), folder=tmp_path)
    bpy.context.view_layer.update()
    assert scene.camera.location.z == pytest.approx(160.0)
    assert speaker(collection, "s1").location.length == pytest.approx(300.0)
    (read,) = exported(scene, strip, collection).sources
    assert read.positions[0] == pytest.approx((0, 3, 0), abs=1e-5)
    assert read.gain_db == pytest.approx(0.0, abs=1e-3)


def test_only_what_moves_is_keyframed_and_only_as_often_as_needed(
    strip: Any, tmp_path: Path
) -> None:
    steps = np.linspace(0.0, 4.0, 41)
    straight = source(
        "s2", *((x, 5.0, 0.0) for x in steps), times=tuple(steps), presence=(1.0,) * 41
    )
    collection = place(bpy.context.scene, strip, source("s1", (0, 3, 0)), straight, folder=tmp_path)
    assert speaker(collection, "s1").animation_data.action is None
    curves = actions.curves_of(speaker(collection, "s2"))
    assert [len(c.keyframe_points) for c in curves] == [2, 2, 2]
    assert [k.interpolation for c in curves for k in c.keyframe_points] == ["LINEAR"] * 6
    assert actions.curves_of(speaker(collection, "s2").data) == []


def test_selection_mode_and_frame_of_the_person_stay(strip: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    cube = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    scene.collection.objects.link(cube)
    bpy.context.view_layer.objects.active = cube
    cube.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    scene.frame_set(33)
    place(scene, strip, source("s1", (0, 3, 0)), folder=tmp_path)
    assert (bpy.context.mode, scene.frame_current) == ("EDIT_MESH", 33)
    assert bpy.context.view_layer.objects.active == cube
    assert [o.name for o in bpy.context.view_layer.objects if o.select_get()] == ["Cube"]
    assert [s.name for s in bpy.data.scenes] == ["Scene"]
    bpy.ops.object.mode_set(mode="OBJECT")


# ------------------------------------------------------------------ done again


def box(x: float) -> tuple[tuple[float, float, float, float], ...]:
    return ((x, 10.0, x + 40.0, 50.0),)


def again(strip: Any, folder: Path) -> Any:
    """The same two things, found elsewhere and under each other's ids."""
    first = source("s2", (-2, 6, 0), boxes=box(12.0), label="dog", prompt="new dog")
    second = source("s1", (2, 6, 0), boxes=box(152.0), label="woman", prompt="new woman")
    return place(bpy.context.scene, strip, second, first, folder=folder)


@pytest.fixture
def found(strip: Any, tmp_path: Path) -> Any:
    return place(
        bpy.context.scene,
        strip,
        source("s1", (-1, 3, 0), boxes=box(10.0), label="dog"),
        source("s2", (1, 3, 0), boxes=box(150.0), label="woman"),
        folder=tmp_path,
    )


def by_label(collection: Any) -> dict[str, Any]:
    return {s.data.see2sound.label: s for s in document.speakers_of(collection)}


def test_again_moves_the_same_speakers(strip: Any, tmp_path: Path, found: Any) -> None:
    before = {label: s.name for label, s in by_label(found).items()}
    now = by_label(again(strip, tmp_path))
    assert {label: s.name for label, s in now.items()} == before
    assert tuple(now["dog"].location) == pytest.approx((-2, 0, -6))
    assert now["dog"].data.see2sound.prompt == "new dog"
    assert now["dog"].data.see2sound.source_id == "s1"


def test_again_takes_away_what_is_found_no_more(strip: Any, tmp_path: Path, found: Any) -> None:
    alone = source("s1", (-1, 3, 0), boxes=box(10.0), label="dog")
    collection = place(bpy.context.scene, strip, alone, folder=tmp_path)
    assert list(by_label(collection)) == ["dog"]
    assert len(bpy.data.speakers) == 1


def test_a_dragged_speaker_stays(strip: Any, tmp_path: Path, found: Any) -> None:
    by_label(found)["dog"].location = (-4, 1, -2)
    now = by_label(again(strip, tmp_path))
    assert tuple(now["dog"].location) == pytest.approx((-4, 1, -2))
    assert tuple(now["woman"].location) == pytest.approx((2, 0, -6))


def test_a_speaker_that_a_person_keyframed_stays(strip: Any, tmp_path: Path, found: Any) -> None:
    dog = by_label(found)["dog"]
    for frame, x in ((11, -1.0), (60, 5.0)):
        dog.location.x = x
        dog.keyframe_insert("location", frame=frame)
    again(strip, tmp_path)
    (across, *_) = actions.curves_of(dog)
    assert [tuple(k.co) for k in across.keyframe_points] == [(11, -1.0), (60, 5.0)]


def test_words_and_levels_that_a_person_wrote_stay(strip: Any, tmp_path: Path, found: Any) -> None:
    dog = by_label(found)["dog"].data
    dog.see2sound.prompt, dog.see2sound.seed, dog.volume = "a very old dog", 77, 0.5
    now = by_label(again(strip, tmp_path))["dog"].data
    assert (now.see2sound.prompt, now.see2sound.seed, now.volume) == ("a very old dog", 77, 0.5)
    assert tuple(by_label(found)["dog"].location) == pytest.approx((-2, 0, -6))


def test_a_changed_speaker_stays_even_when_it_is_found_no_more(
    strip: Any, tmp_path: Path, found: Any
) -> None:
    by_label(found)["woman"].data.see2sound.prompt = "a woman humming"
    alone = source("s1", (-1, 3, 0), boxes=box(10.0), label="dog")
    collection = place(bpy.context.scene, strip, alone, folder=tmp_path)
    assert sorted(by_label(collection)) == ["dog", "woman"]


def test_an_own_sound_stays_and_a_made_one_is_replaced(
    strip: Any, tmp_path: Path, found: Any
) -> None:
    sound(found, tmp_path)
    own = noise(tmp_path / "bark.wav", level=0.1)
    by_label(found)["dog"].data.sound = bpy.data.sounds.load(str(own))
    made = by_label(found)["woman"].data.sound.filepath
    new = noise(tmp_path / "new.wav", level=0.05)
    notes = give(found, {"s1": new, "s2": new})
    assert len(notes) == 1
    assert files.absolute(by_label(found)["dog"].data.sound.filepath) == own
    assert by_label(found)["woman"].data.sound.filepath != made
    assert files.absolute(made).is_file(), "undo needs the older file"
    assert made not in [s.filepath for s in bpy.data.sounds]


def test_speakers_that_a_person_added_stay(strip: Any, tmp_path: Path, found: Any) -> None:
    added = bpy.data.objects.new("Mine", bpy.data.speakers.new("Mine"))
    found.objects.link(added)
    collection = again(strip, tmp_path)
    assert added.name in collection.objects
    assert len(document.speakers_of(collection)) == 3


def test_thumbnails_and_regions_are_kept_beside_the_blend(strip: Any, tmp_path: Path) -> None:
    (tmp_path / "job" / "thumbnails").mkdir(parents=True)
    (tmp_path / "job" / "thumbnails" / "s1.png").write_bytes(b"picture")
    collection = place(
        bpy.context.scene,
        strip,
        source("s1", (0, 3, 0), boxes=box(10.0)),
        folder=tmp_path / "job",
    )
    settings = speaker(collection, "s1").data.see2sound
    assert settings.thumbnail.startswith("//see2sound/Film/thumbnails/")
    assert files.absolute(settings.thumbnail).read_bytes() == b"picture"
    assert json.loads(settings.boxes) == {"times": [0.0], "boxes": [[10.0, 10.0, 50.0, 50.0]]}


def test_work_that_lost_its_strip_says_so(strip: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    collection = document.collection_of(scene, strip, create=True)
    clip = Clip(None, 0.0, 4.0, 24.0, (256, 64), 50.0)
    sound_scene = SoundScene(clip, (source("s1", (0, 3, 0)),))
    prepared = run(placing.prepare(scene, strip, sound_scene, tmp_path))
    work = placing.place(scene, strip, collection, sound_scene, prepared)
    next(work)
    scene.sequence_editor.strips.remove(strip)
    with pytest.raises(See2SoundError, match="not there any more"):
        run(work)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_camera_that_is_removed_meanwhile_is_replaced(
    strip: Any, tmp_path: Path, after: int
) -> None:
    scene = bpy.context.scene
    collection = document.collection_of(scene, strip, create=True)
    clip = Clip(None, 0.0, 4.0, 24.0, (256, 64), 50.0)
    sound_scene = SoundScene(clip, (source("s1", (0, 3, 0)), source("s2", (-1, 2, 0))))
    prepared = run(placing.prepare(scene, strip, sound_scene, tmp_path))
    work = placing.place(scene, strip, collection, sound_scene, prepared)
    for _ in range(after):
        next(work)
    bpy.data.objects.remove(scene.camera)
    run(work)
    told = exported(scene, strip, collection).sources
    assert [s.positions[0] for s in told] == [pytest.approx((0, 3, 0)), pytest.approx((-1, 2, 0))]


def test_the_monitor_mutes_one_or_the_other(strip: Any, tmp_path: Path, found: Any) -> None:
    monitor.switch(found, "MIX")
    # Without a mix there is only the speakers to hear.
    assert not any(s.data.muted for s in document.speakers_of(found))


# ------------------------------------------------------------------ names, cameras, sounds


def dogs(strip: Any, folder: Path, place_of: tuple[float, float, float] = (-2, 6, 0)) -> Any:
    """The dog, found again somewhere else, and a second animal that was not there before."""
    dog = source("s1", place_of, boxes=box(12.0), label="dog")
    cat = source("s2", (3, 6, 0), boxes=box(240.0), label="dog")
    return place(bpy.context.scene, strip, dog, cat, folder=folder)


def test_a_renamed_speaker_is_still_the_same(strip: Any, tmp_path: Path, found: Any) -> None:
    mine = by_label(found)["dog"]
    mine.name = "My Dog"
    collection = dogs(strip, tmp_path)
    # The new one may have the name that the old one had.
    assert {s.name for s in document.speakers_of(collection)} == {"My Dog", "Dog"}
    assert tuple(mine.location) == pytest.approx((-2, 0, -6))
    mine.name = "Rex"
    strip.frame_start += 5
    document.follow_strip(bpy.context.scene, strip, collection)
    assert actions.sound_strips(mine)[0].frame_start == 16
    document.clear(bpy.context.scene, strip)
    assert not bpy.data.speakers


@pytest.mark.parametrize("renamed", [False, True])
def test_copies_are_a_persons_whatever_happens_to_their_original(
    strip: Any, tmp_path: Path, found: Any, renamed: bool
) -> None:
    mine = by_label(found)["dog"]
    if renamed:
        mine.name = "My Dog"
    copy = mine.copy()
    copy.data = copy.data.copy()
    found.objects.link(copy)
    copy.name = f"{mine.name}.001"
    copy.location = (-7, 0, -7)
    name = copy.name
    sound(found, tmp_path)  # a sound that the steps make for it makes it none of theirs
    again(strip, tmp_path)
    assert tuple(mine.location) == pytest.approx((-2, 0, -6))
    assert tuple(copy.location) == (-7, 0, -7)
    bpy.data.objects.remove(mine)
    again(strip, tmp_path)
    document.clear(bpy.context.scene, strip)
    assert [o.name for o in bpy.data.objects if o.type == "SPEAKER"] == [name]


def test_an_added_speaker_that_was_given_a_sound_stays(
    strip: Any, tmp_path: Path, found: Any
) -> None:
    added = bpy.data.objects.new("Mine", bpy.data.speakers.new("Mine"))
    found.objects.link(added)
    sound(found, tmp_path)
    assert added.data.sound is not None
    document.clear(bpy.context.scene, strip)
    assert [o.name for o in bpy.data.objects if o.type == "SPEAKER"] == ["Mine"]


@pytest.mark.parametrize("gone", [False, True])
def test_with_another_camera_places_are_as_that_sees_them(
    strip: Any, tmp_path: Path, found: Any, gone: bool
) -> None:
    scene = bpy.context.scene
    by_label(found)["woman"].location = (5, 5, 5)
    bpy.context.view_layer.update()
    where = by_label(found)["woman"].matrix_world.translation.copy()
    old = scene.camera
    new = bpy.data.objects.new("Other", bpy.data.cameras.new("Other"))
    scene.collection.objects.link(new)
    new.location, new.rotation_euler, new.scale = (40, -9, 3), (1.0, 0.3, 2.0), (3, 3, 3)
    scene.camera = new
    if gone:
        bpy.data.objects.remove(old)
    bpy.context.view_layer.update()
    collection = again(strip, tmp_path)
    bpy.context.view_layer.update()
    dog = by_label(collection)["dog"]
    told = exported(scene, strip, collection).source(document.source_ids(collection)[dog.name])
    assert told.positions[0] == pytest.approx((-2, 6, 0), abs=1e-3)
    if not gone:  # a camera that goes takes its children's frame along
        woman = by_label(collection)["woman"]
        assert woman.parent == old
        assert tuple(woman.matrix_world.translation) == pytest.approx(tuple(where))


def test_a_missing_sound_is_made_again_and_heard(strip: Any, tmp_path: Path, found: Any) -> None:
    made = noise(tmp_path / "made.wav")
    give(found, {"s1": made, "s2": made})
    path = files.absolute(by_label(found)["dog"].data.sound.filepath)
    path.unlink()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    (collection,) = document.collections_of(bpy.context.scene)
    dog = by_label(collection)["dog"].data
    by_label(collection)["woman"].data.see2sound.mute = True
    silent = level(heard(tmp_path)).max()
    before = dog.sound
    give(collection, {"s1": made})
    assert path.is_file()
    assert dog.sound == before
    assert level(heard(tmp_path)).max() > 0.01 > silent


def test_the_same_sound_again_changes_no_data_block(strip: Any, tmp_path: Path, found: Any) -> None:
    made = noise(tmp_path / "made.wav")
    give(found, {"s1": made, "s2": made})
    before = {s.name: s.session_uid for s in bpy.data.sounds}
    give(found, {"s1": made, "s2": made})
    assert {s.name: s.session_uid for s in bpy.data.sounds} == before


def test_a_persons_data_block_of_the_same_file_is_not_taken(
    strip: Any, tmp_path: Path, found: Any
) -> None:
    made = noise(tmp_path / "made.wav")
    give(found, {"s1": made})
    dog = by_label(found)["dog"].data
    own = bpy.data.sounds.load(str(files.absolute(dog.sound.filepath)), check_existing=False)
    own.name, own.use_fake_user = "mine", True
    dog.sound = None
    give(found, {"s1": made})
    assert dog.sound is not None
    assert dog.sound != own


def test_a_speaker_that_comes_while_the_mix_is_heard_is_silent_at_once(
    strip: Any, tmp_path: Path, found: Any
) -> None:
    scene = bpy.context.scene
    mix_strip.place_mix(scene, strip, found, noise(tmp_path / "m.wav"), "5.1", "Mix")
    monitor.switch(found, "MIX")
    sources = (
        source("s1", (-1, 3, 0), boxes=box(10.0), label="dog"),
        source("s9", (0, 9, 0), boxes=box(100.0), label="bird"),
        source("s8", (0, 9, 0), boxes=box(200.0), label="bee"),
    )
    clip = Clip(None, 0.0, 4.0, 24.0, (256, 64), 50.0)
    prepared = run(placing.prepare(scene, strip, SoundScene(clip, sources), tmp_path))
    for _ in placing.place(scene, strip, found, SoundScene(clip, sources), prepared):
        assert all(s.data.muted for s in document.speakers_of(found))
    added = bpy.data.objects.new("Mine", bpy.data.speakers.new("Mine"))
    found.objects.link(added)
    sound(found, tmp_path)
    assert all(s.data.muted for s in document.speakers_of(found))


def test_a_sound_that_was_locked_while_another_was_made_stays(
    strip: Any, tmp_path: Path, found: Any
) -> None:
    give(found, {"s1": noise(tmp_path / "made.wav")})
    dog = by_label(found)["dog"].data
    before = dog.sound.filepath
    dog.see2sound.locked = True
    notes = give(found, {"s1": noise(tmp_path / "other.wav", level=0.1)})
    assert dog.sound.filepath == before
    assert any("was locked meanwhile" in note for note in notes)
