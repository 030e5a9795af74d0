"""Which collection is whose, what follows a strip, where files go, and what Clear takes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import bpy
import pytest
import soundfile

from blender_see2sound.bridge.animation.actions import curve_values, curves_of, sound_strips
from blender_see2sound.bridge.blend import files
from blender_see2sound.bridge.jobs import session
from blender_see2sound.bridge.sources import document, monitor
from blender_see2sound.bridge.timeline import mix_strip

from .cut import (
    add_movie,
    exported,
    mark,
    new_file,
    place,
    run,
    sequencer,
    source,
    speaker,
)
from .test_bridge_speakers import heard, level, noise, sound


def moving(source_id: str = "s1") -> Any:
    return source(source_id, (-3, 3, 0), (3, 3, 0), times=(0.0, 4.0), presence=(1.0, 0.2))


def mixed(scene: bpy.types.Scene, strip: Any, collection: Any, folder: Path, level: float) -> Any:
    """Bake something that is no mix but as long; give the strip that plays it."""
    path = run(files.keep(noise(folder / "m.wav", 100 / 24, level), files.folder_of(strip), "mix"))
    mix_strip.place_mix(scene, strip, collection, path, "5.1", "Film Mix")
    return mix_strip.mix_strip_of(scene, collection)


# ------------------------------------------------------------------ whose


def test_strip_and_collection_find_each_other_under_any_name(
    scene: bpy.types.Scene, strip: Any
) -> None:
    assert document.collection_of(scene, strip) is None
    collection = document.collection_of(scene, strip, create=True)
    strip.name, collection.name = "Hund läuft", "Töne"
    assert document.collection_of(scene, strip) == collection
    assert document.strip_of(scene, collection) == strip
    assert document.collection_of(scene, strip, create=True) == collection


@pytest.mark.parametrize("renamed", [False, True])
def test_a_split_leaves_the_sounds_with_the_first_part(
    scene: bpy.types.Scene, strip: Any, renamed: bool
) -> None:
    collection = document.collection_of(scene, strip, create=True)
    if renamed:
        strip.name = "Another"
    second = strip.split(frame=50, split_method="SOFT")
    assert document.collection_of(scene, strip) == collection
    assert document.collection_of(scene, second) is None
    own = document.collection_of(scene, second, create=True)
    assert own != collection
    assert document.collection_of(scene, second) == own
    assert document.collection_of(scene, strip) == collection


def test_a_copy_gets_sounds_of_its_own(scene: bpy.types.Scene, strip: Any) -> None:
    collection = document.collection_of(scene, strip, create=True)
    with sequencer(scene):
        strip.select = True
        bpy.ops.sequencer.duplicate()
    copy = next(s for s in scene.sequence_editor.strips if s != strip)
    copy.frame_start = -200  # a copy that comes first in time is a copy all the same
    assert copy["see2sound"] == strip["see2sound"]
    assert document.collection_of(scene, copy) is None
    assert document.collection_of(scene, strip) == collection


def test_every_speaker_counts_and_has_an_id_of_its_own(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, source("s1", (0, 3, 0)), folder=tmp_path)
    made = speaker(collection, "s1")
    copy = made.copy()
    copy.data = made.data.copy()
    copy.name = "A Copy"  # first by name, but not what the steps made
    linked = made.copy()
    own = bpy.data.objects.new("Own", bpy.data.speakers.new("Own"))
    nested = bpy.data.collections.new("Nested")
    collection.children.link(nested)
    for thing in (copy, linked, own):
        nested.objects.link(thing)
    ids = document.source_ids(collection)
    assert sorted(ids) == sorted(o.name for o in (made, copy, linked, own))
    assert ids[made.name] == "s1"
    assert sorted(ids.values()) == ["s1", "s2", "s3", "s4"]
    document.settle_ids(collection)
    assert document.source_ids(collection) == ids
    assert copy.data.see2sound.source_id == ids[copy.name]
    assert len(exported(scene, strip, collection).sources) == 4


# ------------------------------------------------------------------ following


def test_everything_follows_a_strip_that_is_moved(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, moving(), folder=tmp_path)
    sound(collection, tmp_path)
    mix = mixed(scene, strip, collection, tmp_path, 0.1)
    before, fingerprint = exported(scene, strip, collection), mark(scene, strip, collection)
    strip.frame_start += 100
    assert document.follow_strip(scene, strip, collection) == 100
    assert mix.frame_final_start == 111
    made = speaker(collection, "s1")
    assert [list(curve_values(c)[:, 0]) for c in curves_of(made)] == [[111, 207]] * 3
    assert [list(curve_values(c)[:, 0]) for c in curves_of(made.data)] == [[111, 207]]
    assert [(s.frame_start, s.frame_end) for s in sound_strips(made)] == [(111, 211)]
    assert exported(scene, strip, collection) == before
    assert mark(scene, strip, collection) == fingerprint
    assert document.follow_strip(scene, strip, collection) == 0


def test_a_trim_moves_nothing_and_sounds_stay_in_step(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, moving(), folder=tmp_path)
    sound(collection, tmp_path)
    strip.frame_offset_start = 24
    assert document.follow_strip(scene, strip, collection) == 0
    (read,) = exported(scene, strip, collection).sources
    assert read.positions[0][0] == pytest.approx(-1.5, abs=0.02)
    whole = soundfile.read(tmp_path / "noise.wav")[0]
    after = soundfile.read(read.sound)[0]
    assert after[:1000] == pytest.approx(whole[48_000:49_000], abs=1e-6)


def test_a_mix_that_was_moved_with_its_strip_is_left_alone(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, moving(), folder=tmp_path)
    mix = mixed(scene, strip, collection, tmp_path, 0.1)
    strip.frame_start += 7
    mix.frame_start += 7
    document.follow_strip(scene, strip, collection)
    assert mix.frame_final_start == strip.frame_final_start


# ------------------------------------------------------------------ the mix


def test_the_mix_lies_in_the_first_channel_that_is_free_all_along(
    scene: bpy.types.Scene, strip: Any, movie: Path, tmp_path: Path
) -> None:
    collection = place(scene, strip, moving(), folder=tmp_path)
    every = scene.sequence_editor.strips
    theirs = [
        every.new_movie("Late", str(movie), 2, 100),
        every.new_sound("Music", str(noise(tmp_path / "music.wav", 1.0)), 3, 20),
    ]
    before = [(s.channel, s.frame_final_start, s.frame_final_end) for s in theirs]
    mix = mixed(scene, strip, collection, tmp_path, 0.1)
    assert mix.channel == 4
    assert (mix.frame_final_start, mix.frame_final_end) == (11, 111)
    assert [(s.channel, s.frame_final_start, s.frame_final_end) for s in theirs] == before


def test_the_next_bake_replaces_it_where_it_is_now(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, moving(), folder=tmp_path)
    mix = mixed(scene, strip, collection, tmp_path, 0.1)
    mix.channel, mix.volume, mix.name = 9, 0.5, "My Mix"
    first = mix.sound.filepath
    mix = mixed(scene, strip, collection, tmp_path, 0.3)
    assert (mix.channel, mix.volume, mix.name) == (9, 0.5, "My Mix")
    assert mix.sound.filepath != first
    assert len([s for s in scene.sequence_editor.strips if s.type == "SOUND"]) == 1
    strip.frame_final_end = 61
    mix = mixed(scene, strip, collection, tmp_path, 0.2)
    assert (mix.channel, mix.volume, mix.name) == (9, 0.5, "My Mix")
    assert (mix.frame_final_start, mix.frame_final_end) == (11, 61)


def test_a_new_mix_is_heard_at_once(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> None:
    collection = place(scene, strip, moving(), folder=tmp_path)
    mixed(scene, strip, collection, tmp_path, 0.1)
    quiet = level(heard(tmp_path)).max()
    mixed(scene, strip, collection, tmp_path, 0.3)
    assert level(heard(tmp_path)).max() / quiet == pytest.approx(3.0, rel=0.05)


def test_the_monitor_lets_one_of_the_two_be_heard(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, moving(), source("s2", (0, 3, 0)), folder=tmp_path)
    mix = mixed(scene, strip, collection, tmp_path, 0.1)
    one, two = speaker(collection, "s1").data, speaker(collection, "s2").data
    two.muted = True  # by Blender's own switch, while speakers are heard
    monitor.switch(collection, "MIX")
    assert (one.muted, two.muted, mix.mute) == (True, True, False)
    monitor.switch(collection, "SPEAKERS")
    assert (one.muted, two.muted, mix.mute) == (False, True, True)
    assert [s.gain_db <= -199 for s in exported(scene, strip, collection).sources] == [False, True]


def test_surround_is_set_once_and_said(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> None:
    collection = place(scene, strip, moving(), folder=tmp_path)
    path = noise(tmp_path / "mix.wav", 100 / 24)
    scene.render.ffmpeg.audio_channels = "STEREO"
    assert len(mix_strip.place_mix(scene, strip, collection, path, "5.1", "Mix")) == 1
    assert scene.render.ffmpeg.audio_channels == "SURROUND51"
    assert mix_strip.place_mix(scene, strip, collection, path, "5.1", "Mix") == ()


# ------------------------------------------------------------------ clearing


def test_clear_takes_what_the_steps_made_and_nothing_else(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    collection = place(scene, strip, moving(), source("s2", (0, 3, 0)), folder=tmp_path)
    sound(collection, tmp_path)
    mixed(scene, strip, collection, tmp_path, 0.1)
    monitor.switch(collection, "MIX")
    copy = speaker(collection, "s2").copy()
    copy.data = copy.data.copy()
    collection.objects.link(copy)
    music = scene.sequence_editor.strips.new_sound("Music", str(tmp_path / "noise.wav"), 20, 1)
    document.clear(scene, strip)
    assert [o.name for o in bpy.data.objects if o.type == "SPEAKER"] == [copy.name]
    assert not copy.data.muted
    assert [s for s in scene.sequence_editor.strips if s.type == "SOUND"] == [music]
    assert len(bpy.data.actions) == 0
    bpy.data.objects.remove(copy)
    document.clear(scene, strip)
    assert document.collection_of(scene, strip) is None
    assert len(bpy.data.collections) == 0
    assert list((tmp_path / "see2sound" / "Film" / "sounds").iterdir()), "files stay"


# ------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Hund läuft 犬", "Hund läuft 犬"),
        ("a/b\\c:d*?", "a_b_c_d__"),
        ("..", "strip"),
        ("con", "_con"),
        ("x\n\x00", "x__"),
        ("ü" * 200, "ü" * 50),
    ],
)
def test_names_are_ones_that_every_file_system_bears(name: str, kept: str) -> None:
    assert files.safe_name(name) == kept


def test_a_file_of_a_person_is_never_overwritten(tmp_path: Path) -> None:
    made = noise(tmp_path / "made.wav", 0.1)
    first = run(files.keep(made, tmp_path / "sounds", "s1"))
    assert run(files.keep(made, tmp_path / "sounds", "s1")) == first
    first.write_text("a person's")
    second = run(files.keep(made, tmp_path / "sounds", "s1"))
    assert second != first
    assert first.read_text() == "a person's"
    assert second.read_bytes() == made.read_bytes()


@pytest.mark.parametrize("same_disk", [True, False])
def test_what_is_needed_no_more_is_taken_where_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_disk: bool
) -> None:
    made = noise(tmp_path / "made.wav", 0.1)
    content, replace = made.read_bytes(), os.replace

    def across(here: Path, there: Path) -> None:
        if here == made:
            raise OSError(errno.EXDEV, "another disk")
        replace(here, there)

    if not same_disk:
        monkeypatch.setattr(os, "replace", across)
    kept = run(files.keep(made, tmp_path / "sounds", "mix", take=True))
    assert kept.read_bytes() == content
    assert made.exists() != same_disk
    assert os.listdir(kept.parent) == [kept.name]


def unsaved(movie: Path, folder: Path) -> tuple[Any, Any]:
    scene = new_file()
    strip = add_movie(scene, movie, start=11)
    (folder / "thumbnails").mkdir()
    (folder / "thumbnails" / "s1.png").write_bytes(b"picture")
    collection = place(scene, strip, source("s1", (0, 3, 0)), folder=folder)
    sound(collection, folder)
    mixed(scene, strip, collection, folder, 0.1)
    return strip, collection


def paths(collection: Any) -> list[str]:
    made = document.speakers_of(collection)[0].data
    scene = bpy.context.scene
    mix = mix_strip.mix_strip_of(scene, collection).sound.filepath
    return [made.sound.filepath, made.see2sound.thumbnail, collection.see2sound.mix_path, mix]


def test_before_the_first_save_files_are_temporary_and_then_beside_the_blend(
    movie: Path, tmp_path: Path
) -> None:
    _, collection = unsaved(movie, tmp_path)
    assert files.is_temporary()
    session = files.session_folder()
    assert all(session in Path(p).parents for p in paths(collection))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "later" / "film.blend"))
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    shutil.rmtree(session)
    (collection,) = document.collections_of(bpy.context.scene)
    for path in paths(collection):
        assert path.startswith("//see2sound/Film/")
        assert files.absolute(path).is_file()


@pytest.mark.parametrize("same_disk", [True, False])
def test_a_save_copies_only_across_disks(
    movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_disk: bool
) -> None:
    _, collection = unsaved(movie, tmp_path)
    before = [Path(p) for p in paths(collection)]
    place_of = tmp_path / "later" if not same_disk else before[0].parents[3] / "later"

    def another_disk(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    if not same_disk:
        monkeypatch.setattr(os, "link", another_disk)
    bpy.ops.wm.save_as_mainfile(filepath=str(place_of / "film.blend"))
    after = [files.absolute(p) for p in paths(collection)]
    for old, new in zip(before, after, strict=True):
        assert new.read_bytes() == old.read_bytes()
        assert old.samefile(new) == same_disk


def test_saving_a_copy_leaves_the_open_file_as_it_was(movie: Path, tmp_path: Path) -> None:
    _, collection = unsaved(movie, tmp_path)
    before = paths(collection)
    copy = tmp_path / "copy" / "copy.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True)
    assert paths(collection) == before
    bpy.ops.wm.open_mainfile(filepath=str(copy))
    (collection,) = document.collections_of(bpy.context.scene)
    assert all(files.absolute(p).is_file() for p in paths(collection))
    assert all(p.startswith("//see2sound/") for p in paths(collection))


def test_saved_to_another_folder_everything_is_still_found(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    (tmp_path / "thumbnails").mkdir()
    (tmp_path / "thumbnails" / "s1.png").write_bytes(b"picture")
    collection = place(scene, strip, source("s1", (0, 3, 0)), folder=tmp_path)
    sound(collection, tmp_path)
    mixed(scene, strip, collection, tmp_path, 0.1)
    where = [files.absolute(p) for p in paths(collection)]
    other = tmp_path / "else" / "film.blend"
    other.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(other), relative_remap=True)
    assert [files.absolute(p) for p in paths(collection)] == where
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    (collection,) = document.collections_of(bpy.context.scene)
    assert [files.absolute(p) for p in paths(collection)] == where


def test_saved_where_nothing_can_be_put_and_then_elsewhere_everything_is_found(
    movie: Path, tmp_path: Path
) -> None:
    _, collection = unsaved(movie, tmp_path)
    collection.see2sound.sofa = str(tmp_path / "head.sofa")
    bad, good = tmp_path / "n", tmp_path / "far" / "away"
    bad.mkdir()
    good.mkdir(parents=True)
    (bad / "see2sound").write_text("not a folder")
    bpy.ops.wm.save_as_mainfile(filepath=str(bad / "film.blend"))
    assert session.state.failure is not None
    assert all(files.absolute(p).is_file() for p in paths(collection))
    bpy.ops.wm.save_as_mainfile(filepath=str(good / "film.blend"), relative_remap=True)
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    (collection,) = document.collections_of(bpy.context.scene)
    for path in paths(collection):
        assert path.startswith("//see2sound/Film/")
        assert files.absolute(path).is_file()
    assert files.absolute(collection.see2sound.sofa) == tmp_path / "head.sofa"


# ------------------------------------------------------------------ undo


def test_a_step_is_undone_wholly(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> None:
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo_push(message="Before")
        collection = place(scene, strip, moving(), folder=tmp_path)
        sound(collection, tmp_path)
        mixed(scene, strip, collection, tmp_path, 0.1)
        bpy.ops.ed.undo_push(message="Steps")
        speaker(collection, "s1").location.x = 9.0
        bpy.ops.ed.undo_push(message="Drag")
        bpy.ops.ed.undo()
        scene = bpy.context.scene
        strip = scene.sequence_editor.strips["Film"]
        collection = document.collection_of(scene, strip)
        assert speaker(collection, "s1").location.x != 9.0
        assert mix_strip.mix_strip_of(scene, collection) is not None
        assert files.absolute(speaker(collection, "s1").data.sound.filepath).is_file()
        bpy.ops.ed.undo()
        assert len(bpy.data.speakers) == len(bpy.data.sounds) == len(bpy.data.actions) == 0
        assert [s.name for s in bpy.context.scene.sequence_editor.strips] == ["Film"]
        bpy.ops.ed.redo()
        scene = bpy.context.scene
        collection = document.collection_of(scene, scene.sequence_editor.strips["Film"])
        assert len(document.speakers_of(collection)) == 1
