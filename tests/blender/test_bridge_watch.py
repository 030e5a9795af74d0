"""What the timer does with a change, and what it costs in an edit of 2000 strips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from blender_see2sound.bridge.blend import versions
from blender_see2sound.bridge.interface import view, watch
from blender_see2sound.bridge.jobs import session
from blender_see2sound.bridge.sources import document, selection
from blender_see2sound.bridge.timeline import mix_strip
from tests.blender.cut import new_file
from tests.blender.film import mixes, open_film, speakers


@pytest.fixture
def done(tmp_path: Path) -> Any:
    strip = open_film(tmp_path)
    bpy.ops.see2sound.see_to_sound()
    return strip


def tick(monkeypatch: pytest.MonkeyPatch, times: int = 3) -> None:
    """Let the timer look after a change, as when the person pauses."""
    monkeypatch.setattr(watch, "_PAUSE", 0.0)
    watch.mark_changed()
    for _ in range(times):
        watch._look()
    assert session.state.failure is None


def mix_state() -> str:
    return view.shown(bpy.context).mix


# ------------------------------------------------------------------ a mix that is gone


def test_without_its_mix_strip_the_speakers_are_heard_and_the_panel_says_so(
    done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(monkeypatch)
    assert mix_state() == "current"
    assert all(s.data.muted for s in speakers())
    bpy.context.scene.sequence_editor.strips.remove(mixes()[0])
    tick(monkeypatch)
    assert mix_state() == "missing"
    assert not any(s.data.muted for s in speakers())
    bpy.ops.see2sound.bake_mix()
    tick(monkeypatch)
    assert mix_state() == "current"
    assert all(s.data.muted for s in speakers())


def test_a_speaker_that_a_person_adds_is_not_heard_on_top_of_the_mix(
    done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = document.collection_of(bpy.context.scene, done)
    own = bpy.data.objects.new("Own", bpy.data.speakers.new("Own"))
    collection.objects.link(own)
    assert not own.data.muted
    tick(monkeypatch)
    assert own.data.muted
    assert not own.data.see2sound.mute
    collection.see2sound.monitor = "SPEAKERS"
    assert not own.data.muted


def test_a_mix_whose_file_is_lost_is_missing_until_it_is_back(
    done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(bpy.path.abspath(mixes()[0].sound.filepath))
    kept = path.rename(path.with_suffix(".away"))
    tick(monkeypatch)
    assert mix_state() == "missing"
    kept.rename(path)
    tick(monkeypatch)
    assert mix_state() == "current"


def test_a_prompt_that_is_changed_is_told_until_its_sound_is_made(
    done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(monkeypatch)
    first = speakers()[0]
    before = first.data.see2sound.prompt
    first.data.see2sound.prompt = "rain on a tin roof"
    tick(monkeypatch)
    assert mix_state() == "sounds"
    assert view.shown(bpy.context).outdated == {first.session_uid}
    watch._look()
    assert mix_state() == "sounds"
    first.data.see2sound.prompt = before
    tick(monkeypatch)
    assert (mix_state(), view.shown(bpy.context).outdated) == ("current", frozenset())
    first.data.see2sound.prompt = "rain on a tin roof"
    bpy.ops.see2sound.make_sounds(speaker=first.name)
    tick(monkeypatch)
    assert (mix_state(), view.shown(bpy.context).outdated) == ("stale", frozenset())
    bpy.ops.see2sound.bake_mix()
    tick(monkeypatch)
    assert mix_state() == "current"


def test_sounds_that_were_never_mixed_can_be_out_of_date_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_film(tmp_path)
    bpy.ops.see2sound.find_sources()
    tick(monkeypatch)
    assert mix_state() == "none"
    bpy.ops.see2sound.make_sounds()
    tick(monkeypatch)
    assert mix_state() == "none"
    speakers()[0].data.see2sound.seed += 1
    tick(monkeypatch)
    assert mix_state() == "sounds"


def test_a_source_that_has_no_sound_yet_is_missing_in_the_mix(
    done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    speakers()[0].data.sound = None
    tick(monkeypatch)
    assert mix_state() == "stale"
    bpy.ops.see2sound.bake_mix()
    tick(monkeypatch)
    assert mix_state() == "current"
    assert speakers()[0].data.sound is not None


def test_with_its_picture_gone_too_nothing_becomes_loud(
    done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    strips = bpy.context.scene.sequence_editor.strips
    strips.remove(mixes()[0])
    strips.remove(done)
    tick(monkeypatch)
    assert all(s.data.muted for s in speakers())


# ------------------------------------------------------------------ the strip


def test_speakers_follow_a_strip_that_was_moved(done: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mixes()[0].frame_final_start
    done.frame_start += 30
    tick(monkeypatch)
    assert mixes()[0].frame_final_start == before + 30
    assert mix_state() == "current"


def test_a_new_name_is_known_before_a_copy_can_be_taken_for_the_strip(
    done: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick(monkeypatch)
    done.name = "Another"  # Blender tells nobody
    watch._look()
    assert document.collection_of(bpy.context.scene, done).see2sound.strip_name == "Another"


def test_the_panel_of_a_mix_is_that_of_its_picture(done: Any) -> None:
    editor = bpy.context.scene.sequence_editor
    editor.active_strip = mixes()[0]
    assert selection.active_strip(bpy.context)[1] == done
    assert selection.active_collection(bpy.context).see2sound.strip_uid == done[document.UID]
    editor.active_strip = done
    assert selection.active_strip(bpy.context)[1] == done


def test_what_was_known_of_the_active_strip_is_not_believed_blindly(done: Any) -> None:
    collection = selection.active_collection(bpy.context)
    collection.name = "Another"
    assert selection.active_collection(bpy.context) == collection
    for speaker in speakers():
        bpy.data.objects.remove(speaker)
    bpy.data.collections.remove(collection)
    assert selection.active_collection(bpy.context) is None
    assert not bpy.ops.see2sound.bake_mix.poll()
    bpy.context.scene.sequence_editor.strips.remove(done)
    assert not bpy.ops.see2sound.find_sources.poll()


# ------------------------------------------------------------------ a long edit


class Scans(list):
    """Every time that all strips were gone through."""


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> Scans:
    scans = Scans()
    real = versions.all_strips

    def counted(scene: bpy.types.Scene) -> Any:
        scans.append(scene.name)
        return real(scene)

    monkeypatch.setattr(versions, "all_strips", counted)
    return scans


@pytest.fixture
def long_edit() -> bpy.types.Scene:
    """2000 strips; twenty of them have speakers, and for five of those nothing is left."""
    scene = new_file()
    strips = scene.sequence_editor.strips
    for number in range(2000):
        start = 1 + 10 * number
        if number % 100 in (0, 1):
            strips.new_image(f"Strip {number}", "//picture.png", 1 + number % 20, start)
            continue
        span = {"length": 9} if bpy.app.version >= (5, 0) else {"frame_end": start + 9}
        strips.new_effect(f"Strip {number}", "COLOR", 1 + number % 20, start, **span)
    for number in range(0, 2000, 100):
        strip = strips[f"Strip {number}"]
        collection = document.collection_of(scene, strip, create=True)
        speaker = bpy.data.objects.new("Speaker", bpy.data.speakers.new("Speaker"))
        collection.objects.link(speaker)
    for number in range(0, 500, 100):
        strips.remove(strips[f"Strip {number}"])
    scene.sequence_editor.active_strip = strips["Strip 1000"]
    return scene


def polls_and_draws() -> None:
    for name in ("find_sources", "make_sounds", "bake_mix", "see_to_sound", "clear"):
        assert getattr(bpy.ops.see2sound, name).poll()
    assert selection.active_collection(bpy.context) is not None
    assert selection.chosen_speaker(bpy.context) is None


def test_a_change_is_looked_at_in_one_pass_and_no_change_in_none(
    long_edit: bpy.types.Scene, scans: Scans
) -> None:
    watch.mark_changed()
    watch._look()
    assert len(scans) == 1
    for _ in range(20):
        watch._look()
    assert len(scans) == 1


def test_polls_and_panels_go_through_no_strips(long_edit: bpy.types.Scene, scans: Scans) -> None:
    for _ in range(20):
        polls_and_draws()
    assert scans == []


def test_of_a_copy_whose_original_is_gone_the_strips_are_gone_through_once(
    long_edit: bpy.types.Scene, scans: Scans
) -> None:
    strips = long_edit.sequence_editor.strips
    copy = strips["Strip 1001"]
    copy[document.UID] = strips["Strip 1000"][document.UID]
    strips.remove(strips["Strip 1000"])
    long_edit.sequence_editor.active_strip = copy
    for _ in range(20):
        polls_and_draws()
    assert len(scans) == 1


def test_a_mix_that_is_active_costs_no_more(long_edit: bpy.types.Scene, scans: Scans) -> None:
    strips = long_edit.sequence_editor.strips
    collection = document.collection_of(long_edit, strips["Strip 1000"])
    mix = strips.new_sound("Mix", "//mix.wav", 30, 1)
    mix[mix_strip.UID] = collection.see2sound.mix_strip_uid = "a mix"
    long_edit.sequence_editor.active_strip = mix
    for _ in range(20):
        polls_and_draws()
    assert selection.active_collection(bpy.context) == collection
    assert scans == []


# ------------------------------------------------------------------ media


def test_media_are_looked_for_again_only_while_they_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strip = open_film(tmp_path)
    view.refresh()
    path = Path(bpy.path.abspath(strip.filepath))
    kept = path.rename(tmp_path / "away.mp4")
    view.refresh(look_again=True)
    assert view.shown(bpy.context).problem is None, "the job will tell"
    strip.filepath = "//walk.mp4"
    strip.frame_final_duration -= 1
    view.refresh()
    assert "walk.mp4" in str(view.shown(bpy.context).problem)
    kept.rename(path)
    view.refresh()
    assert view.shown(bpy.context).problem is not None
    assert view.refresh(look_again=True)
    assert view.shown(bpy.context).problem is None
