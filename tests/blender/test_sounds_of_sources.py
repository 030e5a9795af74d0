"""What a person can do about one source's sound: another, a lock, takes, a maker, a file of their own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import soundfile

from blender_see2sound.bridge.blend import files
from blender_see2sound.bridge.interface import view
from blender_see2sound.bridge.jobs import session
from blender_see2sound.bridge.speakers import freshness, sounds
from blender_see2sound.core.sounds.origin import read_origin, sidecar_of
from tests.blender.film import document, mixes, open_film, speakers


@pytest.fixture
def strip(tmp_path: Path) -> Iterator[Any]:
    yield open_film(tmp_path)
    session.state.failure = None


@pytest.fixture
def made(strip: Any) -> Any:
    """Two sources or more, each with three takes."""
    bpy.ops.see2sound.find_sources()
    collection().see2sound.takes = 3
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}
    assert len(speakers()) > 1, "these tests need two sources"
    return strip


def collection() -> Any:
    return next(c for c in bpy.data.collections if c.see2sound.is_see2sound)


def played(speaker: Any) -> Path:
    return files.absolute(speaker.data.sound.filepath)


def taken() -> list[tuple[str, int]]:
    return [(s.data.sound.filepath, s.data.see2sound.seed) for s in speakers()]


def own_file(folder: Path) -> Path:
    path = folder / "mine.wav"
    samples = np.random.default_rng(1).normal(0.0, 0.2, 48_000)
    soundfile.write(path, samples.astype(np.float32), 48_000, subtype="FLOAT")
    return path


def state(strip: Any) -> tuple[list[str], frozenset[int]]:
    """What a bake would make, and what is reported out of date."""
    of = (bpy.context.scene, strip, collection())
    return freshness.to_make(*of), freshness.outdated_in(*of)


# ------------------------------------------------------------------ another, and locks


def test_another_sound_is_one_that_was_not_heard_yet(made: Any) -> None:
    before, first = taken(), speakers()[0]
    old = {played(first).with_name(Path(t.path).name) for t in first.data.see2sound.takes}
    assert bpy.ops.see2sound.make_sounds(speaker=first.name, another=True) == {"FINISHED"}
    assert first.data.see2sound.seed == before[0][1] + 3
    new = {files.absolute(t.path) for t in first.data.see2sound.takes}
    assert len(new) == 3
    assert not {p.read_bytes() for p in new} & {p.read_bytes() for p in old}
    assert taken()[1:] == before[1:]
    assert all(p.is_file() for p in old), "undo needs the older files"


def test_another_that_fails_leaves_the_seed(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session.release()
    monkeypatch.setenv("SEE2SOUND_PYTHON", "/nowhere/python")
    before = document(), taken()
    with pytest.raises(RuntimeError):
        bpy.ops.see2sound.make_sounds(speaker=speakers()[0].name, another=True)
    assert (document(), taken()) == before


def test_a_locked_sound_stays_whatever_is_asked(made: Any) -> None:
    first, before = speakers()[0], taken()
    first.data.see2sound.prompt = "rain on a tin roof"
    assert state(made) == ([first.name], frozenset({first.session_uid}))
    first.data.see2sound.locked = True
    assert state(made) == ([], frozenset())
    bpy.ops.see2sound.make_sounds()
    assert taken() == before
    for another in (False, True):
        with pytest.raises(RuntimeError, match="it is locked"):
            bpy.ops.see2sound.make_sounds(speaker=first.name, another=another)
    bpy.ops.see2sound.bake_mix()
    assert taken() == before
    first.data.see2sound.locked = False
    bpy.ops.see2sound.bake_mix()
    assert taken()[0] != before[0]


def test_a_lock_without_a_sound_locks_nothing_out(strip: Any) -> None:
    bpy.ops.see2sound.find_sources(sources=1)
    speakers()[0].data.see2sound.locked = True
    bpy.ops.see2sound.make_sounds()
    assert speakers()[0].data.sound is not None


def test_locked_sources_survive_another_find(made: Any) -> None:
    speakers()[0].data.see2sound.locked = True
    speakers()[0].data.see2sound.maker = "draft"
    name = speakers()[0].name
    bpy.ops.see2sound.find_sources()
    again = bpy.data.objects[name].data.see2sound
    assert (again.locked, again.maker) == (True, "draft")


def test_words_are_never_longer_than_a_scene_can_bear(made: Any) -> None:
    first = speakers()[0].data.see2sound
    for name in ("label", "prompt", "negative_prompt"):
        setattr(first, name, "雨 dog " * 300_000)
        assert len(getattr(first, name)) == 2000
    assert bpy.ops.see2sound.make_sounds(speaker=speakers()[0].name) == {"FINISHED"}


# ------------------------------------------------------------------ takes


def test_takes_lie_beside_the_blend_with_their_origin(made: Any, tmp_path: Path) -> None:
    for speaker in speakers():
        takes = [files.absolute(t.path) for t in speaker.data.see2sound.takes]
        assert len(set(takes)) == 3
        assert played(speaker) == takes[0]
        for path, take in zip(takes, speaker.data.see2sound.takes, strict=True):
            assert path.parent == tmp_path / "see2sound" / "Walk" / "sounds"
            assert take.path.startswith("//")
            origin = read_origin(path)
            assert origin is not None
            assert origin.synthetic
            assert take.origin == origin.sentence()


def test_flipping_through_takes_changes_what_plays_and_the_mix(made: Any, tmp_path: Path) -> None:
    bpy.ops.see2sound.bake_mix()
    first, mix = speakers()[0], mixes()[0].sound.filepath
    takes = [files.absolute(t.path) for t in first.data.see2sound.takes]
    assert collection().see2sound.monitor == "MIX"
    for number in (2, 3, 1, 3):
        assert bpy.ops.see2sound.choose_take(speaker=first.name, number=number) == {"FINISHED"}
        assert played(first) == takes[number - 1]
        assert sounds.take_of(first) == number
    assert collection().see2sound.monitor == "SPEAKERS", "it is not heard"
    assert state(made) == ([], frozenset()), "a choice is no other sound"
    loaded = [s for s in bpy.data.sounds if files.absolute(s.filepath) in takes]
    assert len(loaded) == 1
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    assert sounds.take_of(speakers()[0]) == 3
    bpy.ops.see2sound.bake_mix()
    assert sounds.take_of(speakers()[0]) == 3
    assert mixes()[0].sound.filepath != mix


def test_a_flipped_take_is_heard_in_playback(made: Any, tmp_path: Path) -> None:
    first = speakers()[0]
    for other in speakers()[1:]:
        other.data.see2sound.mute = True

    def heard(name: str) -> np.ndarray:
        path = tmp_path / name
        bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="F32")
        return soundfile.read(path)[0]

    one = heard("one.wav")
    bpy.ops.see2sound.choose_take(speaker=first.name, number=2)
    two = heard("two.wav")
    assert np.abs(two).max() > 1e-3
    assert not np.allclose(one, two, atol=1e-4)


def test_the_chosen_take_stays_when_it_is_made_again(made: Any) -> None:
    first = speakers()[0]
    bpy.ops.see2sound.choose_take(speaker=first.name, number=2)
    chosen = played(first)
    for take in first.data.see2sound.takes:
        files.absolute(take.path).unlink()
    bpy.ops.see2sound.bake_mix()
    assert played(first) == chosen
    assert chosen.is_file()
    assert sounds.take_of(first) == 2


@pytest.mark.parametrize("number", [0, 4])
def test_a_take_that_is_not_there_is_told(made: Any, number: int) -> None:
    first = speakers()[0]
    with pytest.raises(RuntimeError, match=f"has no take {number}"):
        bpy.ops.see2sound.choose_take(speaker=first.name, number=number)


def test_a_take_whose_file_is_gone_is_told_and_nothing_changes(made: Any) -> None:
    first = speakers()[0]
    files.absolute(first.data.see2sound.takes[1].path).unlink()
    before = document()
    with pytest.raises(RuntimeError, match=r"take 2 of .* is missing"):
        bpy.ops.see2sound.choose_take(speaker=first.name, number=2)
    assert document() == before


def test_takes_from_before_the_first_save_come_along(tmp_path: Path) -> None:
    open_film(tmp_path)
    clip = tmp_path / "walk.mp4"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    strips = bpy.context.scene.sequence_editor_create().strips
    strip = strips.new_movie("Walk", str(clip), 1, 1)
    bpy.context.scene.sequence_editor.active_strip = strip
    bpy.ops.see2sound.find_sources(sources=1)
    collection().see2sound.takes = 2
    bpy.ops.see2sound.make_sounds()
    assert not speakers()[0].data.see2sound.takes[1].path.startswith("//")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "new" / "late.blend"))
    for take in speakers()[0].data.see2sound.takes:
        assert take.path.startswith("//see2sound/Walk/sounds/")
        path = files.absolute(take.path)
        assert path.is_file()
        assert sidecar_of(path).is_file()
    bpy.ops.see2sound.choose_take(speaker=speakers()[0].name, number=2)
    assert played(speakers()[0]).parent == tmp_path / "new" / "see2sound" / "Walk" / "sounds"


def test_a_copy_of_a_speaker_has_takes_of_its_own(made: Any) -> None:
    first = speakers()[0]
    copy = first.copy()
    copy.data = first.data.copy()
    collection().objects.link(copy)
    bpy.ops.see2sound.choose_take(speaker=copy.name, number=2)
    assert (sounds.take_of(copy), sounds.take_of(first)) == (2, 1)


# ------------------------------------------------------------------ a file of one's own


def test_a_file_of_ones_own_is_used_and_never_replaced(made: Any, tmp_path: Path) -> None:
    path, first = own_file(tmp_path), speakers()[0]
    done = bpy.ops.see2sound.choose_sound(speaker=first.name, filepath=str(path))
    assert done == {"FINISHED"}
    assert played(first) == path
    assert first.data.sound.use_mono
    first.data.see2sound.prompt = "rain"
    assert state(made) == ([], frozenset())
    bpy.ops.see2sound.make_sounds()
    bpy.ops.see2sound.bake_mix()
    assert played(first) == path
    with pytest.raises(RuntimeError, match="a file of your own"):
        bpy.ops.see2sound.make_sounds(speaker=first.name)
    # The person takes a made one again: the file's data-block is theirs and stays.
    bpy.ops.see2sound.choose_take(speaker=first.name)
    assert sounds.take_of(first) == 1
    assert path in [files.absolute(s.filepath) for s in bpy.data.sounds]


def test_what_is_no_sound_is_refused(made: Any, tmp_path: Path) -> None:
    (tmp_path / "words.wav").write_text("no sound")
    before = document()
    for name, why in (("words.wav", "no sound"), ("gone.wav", "no such file")):
        with pytest.raises(RuntimeError, match=why):
            bpy.ops.see2sound.choose_sound(
                speaker=speakers()[0].name, filepath=str(tmp_path / name)
            )
    assert document() == before


def test_a_linked_speaker_plays_what_it_has_and_nothing_is_made_for_it(
    made: Any, tmp_path: Path
) -> None:
    speakers()[0].name = "Linked"
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "other.blend"))
    here = next(s for s in speakers() if s.name == "Linked")
    bpy.data.objects.remove(here)
    with bpy.data.libraries.load(str(tmp_path / "film.blend"), link=True) as (_, to):
        to.objects = ["Linked"]
    linked = to.objects[0]
    collection().objects.link(linked)
    before = linked.data.sound
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}
    assert any("'Linked'" in text and "another file" in text for text in session.state.notes)
    assert linked.data.sound == before
    for change in (
        lambda: bpy.ops.see2sound.make_sounds(speaker="Linked", another=True),
        lambda: bpy.ops.see2sound.choose_take(speaker="Linked", number=2),
    ):
        with pytest.raises(RuntimeError, match="linked from another file"):
            change()
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}
    assert linked.data.sound == before


# ------------------------------------------------------------------ who makes it


def test_the_menu_of_makers_keeps_names_that_this_version_does_not_know(made: Any) -> None:
    source = speakers()[0].data.see2sound
    assert source.maker_menu == "AS_ABOVE"
    source.maker_menu = "draft"
    assert source.maker == "draft"
    source.maker = "of tomorrow"
    assert source.maker_menu == "of tomorrow"
    source.maker_menu = "AS_ABOVE"
    assert source.maker == ""
    settings = collection().see2sound
    settings.maker_menu = "draft"
    assert settings.maker == "draft"


def test_makers_that_lack_something_are_told_before_the_worker_starts(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEE2SOUND_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "none"))
    session.release()
    speakers()[0].data.see2sound.maker = "library"
    view.refresh()
    assert "library" in str(view.shown(bpy.context).lacking)
    with pytest.raises(RuntimeError, match="Library Folder in the preferences"):
        bpy.ops.see2sound.make_sounds()
    assert not session.worker_runs()


def test_files_of_an_earlier_version_are_not_out_of_date(made: Any) -> None:
    """What is new and not asked for is no part of a recipe, and no change of a person's."""
    from blender_see2sound.bridge.sources import record

    first = speakers()[0]
    row = json.loads(first.data.see2sound.made)
    assert set(row["recipe"]) <= {"label", "prompt", "kind", "seed", "maker", "motion"}
    for name in ("negative_prompt", "maker", "locked"):
        del row[name]
    first.data.see2sound.made = json.dumps(row)
    assert record.changed(first) == set()


def test_takes_move_with_the_blend(made: Any, tmp_path: Path) -> None:
    """Files lie beside the .blend: it can go to another folder with them."""
    bpy.ops.wm.save_mainfile()
    shutil.copytree(tmp_path / "see2sound", tmp_path / "moved" / "see2sound")
    shutil.copy(tmp_path / "film.blend", tmp_path / "moved" / "film.blend")
    shutil.copy(tmp_path / "walk.mp4", tmp_path / "moved" / "walk.mp4")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "moved" / "film.blend"))
    bpy.ops.see2sound.choose_take(speaker=speakers()[0].name, number=3)
    assert played(speakers()[0]).parent == tmp_path / "moved" / "see2sound" / "Walk" / "sounds"
