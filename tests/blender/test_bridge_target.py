"""Which strip a job is about, and what it writes before its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from blender_see2sound.bridge.jobs import baking, finding, session, sounding
from blender_see2sound.bridge.jobs.target import Target
from blender_see2sound.bridge.jobs.task import Work
from blender_see2sound.bridge.sources import document
from blender_see2sound.core.errors import See2SoundError
from tests.blender.film import document as seen
from tests.blender.film import mixes, open_film, speakers


@pytest.fixture
def strip(tmp_path: Path) -> Iterator[Any]:
    yield open_film(tmp_path)
    session.state.task = session.state.failure = None


def another(strip: Any, name: str, start: int) -> Any:
    strips = bpy.context.scene.sequence_editor.strips
    return strips.new_movie(name, bpy.path.abspath(strip.filepath), 7, start)


def run(work: Any) -> Any:
    task = session.start("Step", work)
    task.run()
    session.finish(task)
    return task


# ------------------------------------------------------------------ which strip


def test_a_strip_with_sources_is_known_by_its_uid_when_names_are_swapped(strip: Any) -> None:
    scene = bpy.context.scene
    document.collection_of(scene, strip, create=True)
    target = Target.of(scene, strip)
    strip.name = "Other"
    another(strip, "Walk", 500)
    assert target.find() == (scene, strip)


def test_another_strip_never_stands_in_for_one_that_was_removed(strip: Any) -> None:
    scene = bpy.context.scene
    strips = scene.sequence_editor.strips
    for own in (False, True):
        here = another(strip, "Here", 300)
        if own:
            document.collection_of(scene, here, create=True)
        target = Target.of(scene, here)
        strips.remove(here)
        # Blender likes to give the same place in memory again.
        others = [another(strip, f"Other {number}", 700 + 9 * number) for number in range(5)]
        with pytest.raises(See2SoundError, match="'Here' is not there any more"):
            target.find()
        for other in others:
            strips.remove(other)


def test_a_strip_without_sources_is_known_under_another_name_when_it_is_the_only_one(
    strip: Any,
) -> None:
    scene = bpy.context.scene
    target = Target.of(scene, strip)
    strip.name = "Other"
    assert target.find() == (scene, strip)
    another(strip, "Twin", strip.frame_final_start)
    with pytest.raises(See2SoundError, match="removed or renamed"):
        target.find()


def test_the_second_part_of_a_split_is_not_taken_for_the_first(strip: Any) -> None:
    scene = bpy.context.scene
    document.collection_of(scene, strip, create=True)
    second = strip.split(frame=strip.frame_final_start + 10, split_method="SOFT")
    assert second[document.UID] == strip[document.UID]
    assert Target.of(scene, second).find() == (scene, second)
    assert Target.of(scene, strip).find() == (scene, strip)


# ------------------------------------------------------------------ how many sources


def test_the_first_number_of_sources_is_kept(strip: Any) -> None:
    bpy.ops.see2sound.find_sources(sources=1)
    settings = document.collection_of(bpy.context.scene, strip).see2sound
    assert (settings.sources, len(speakers())) == (1, 1)
    bpy.ops.see2sound.find_sources()
    assert (settings.sources, len(speakers())) == (1, 1)


def test_without_a_number_that_of_the_preferences_is_kept(
    strip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from blender_see2sound.bridge.setup import computer

    now = replace(computer.settings(), sources=1)
    monkeypatch.setattr(computer, "settings", lambda: now)
    bpy.ops.see2sound.find_sources()
    assert len(speakers()) == 1
    assert document.collection_of(bpy.context.scene, strip).see2sound.sources == 1


# ------------------------------------------------------------------ what a failed job leaves


def unsettled() -> bpy.types.Object:
    """A speaker that a person copied: it bears the id of its original."""
    made = speakers()[0]
    copy = made.copy()
    copy.data = made.data.copy()
    made.users_collection[0].objects.link(copy)
    return copy


@pytest.mark.parametrize("step", [sounding.make_sounds, baking.bake_mix])
def test_a_job_that_fails_has_written_nothing(
    strip: Any, monkeypatch: pytest.MonkeyPatch, step: Callable[[Target], Work[str]]
) -> None:
    bpy.ops.see2sound.find_sources()
    bpy.ops.see2sound.make_sounds()
    copy = unsettled()
    before = seen(), copy.data.see2sound.source_id
    monkeypatch.setenv("SEE2SOUND_PYTHON", "/nowhere/python")
    task = run(step(Target.of(bpy.context.scene, strip)))
    assert (task.state, task.changed) == ("failed", False)
    assert (seen(), copy.data.see2sound.source_id) == before


def test_placing_that_fails_leaves_no_empty_collection(
    strip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = bpy.context.scene
    task = session.start("Find Sources", finding.find_sources(Target.of(scene, strip)))
    while task.running and not document.collections_of(scene):
        task.advance(0.0)
    scene.sequence_editor.strips.remove(strip)
    task.run()
    session.finish(task)
    assert task.error is not None
    assert "not there any more" in str(task.error)
    assert document.collections_of(scene) == []


def test_ids_are_settled_with_the_change_itself(strip: Any) -> None:
    bpy.ops.see2sound.find_sources()
    copy = unsettled()
    scene = bpy.context.scene
    collection = document.collection_of(scene, strip)
    given = document.ids_by_uid(collection)
    task = session.start("Step", sounding.make_sounds(Target.of(scene, strip)))
    while task.running and task.fraction < 0.05:
        task.advance()
    copy.name = "A first one"  # first by name, now that the ids were given
    late = unsettled()
    task.run()
    session.finish(task)
    assert task.error is None
    settled = {s.session_uid: s.data.see2sound.source_id for s in speakers() if s != late}
    assert settled == given


@pytest.mark.parametrize("step", [sounding.make_sounds, baking.bake_mix])
def test_following_a_moved_strip_is_a_change_that_can_be_undone(
    strip: Any, monkeypatch: pytest.MonkeyPatch, step: Callable[[Target], Work[str]]
) -> None:
    bpy.ops.see2sound.see_to_sound()
    strip.frame_start += 20
    monkeypatch.setenv("SEE2SOUND_PYTHON", "/nowhere/python")
    task = run(step(Target.of(bpy.context.scene, strip)))
    assert (task.state, task.changed) == ("failed", True)
    assert mixes()[0].frame_final_start == strip.frame_final_start
