"""The steps as operators, blocking, as a script calls them."""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from blender_see2sound.bridge.jobs import finding, session, sounding, whole
from blender_see2sound.bridge.jobs.target import Target
from tests.blender.film import LONG, document, mixes, open_film, speakers


@pytest.fixture
def strip(tmp_path: Path) -> Iterator[Any]:
    yield open_film(tmp_path)
    session.state.failure = None


@pytest.fixture
def done(strip: Any) -> Any:
    assert bpy.ops.see2sound.see_to_sound() == {"FINISHED"}
    return strip


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_one_button_makes_speakers_sounds_and_a_mix(done: Any) -> None:
    assert speakers()
    assert all(Path(bpy.path.abspath(s.data.sound.filepath)).is_file() for s in speakers())
    (mix,) = mixes()
    assert mix.frame_final_start == done.frame_final_start
    assert mix.frame_final_duration == done.frame_final_duration
    assert mix.channel == done.channel + 1
    assert all(s.data.muted for s in speakers()), "mix and speakers are both heard"
    assert bpy.context.scene.render.ffmpeg.audio_channels == "SURROUND51"
    assert any("5.1" in note for note in session.state.notes)


def test_the_steps_one_by_one_do_the_same(strip: Any) -> None:
    assert bpy.ops.see2sound.find_sources(sources=1) == {"FINISHED"}
    assert len(speakers()) == 1
    assert [s.data.sound for s in speakers()] == [None]
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}
    assert all(s.data.sound is not None for s in speakers())
    assert mixes() == []
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}
    assert len(mixes()) == 1


def test_one_source_alone_gets_another_sound(strip: Any) -> None:
    bpy.ops.see2sound.find_sources()
    bpy.ops.see2sound.make_sounds()
    assert len(speakers()) > 1, "this test needs two sources"
    before = [s.data.sound.filepath for s in speakers()]
    first = speakers()[0]
    first.data.see2sound.seed += 1000
    assert bpy.ops.see2sound.make_sounds(speaker=first.name) == {"FINISHED"}
    after = [s.data.sound.filepath for s in speakers()]
    assert after[0] != before[0]
    assert after[1:] == before[1:]


def test_sounds_that_are_missing_are_made_again(strip: Any) -> None:
    def there() -> list[bool]:
        return [Path(bpy.path.abspath(s.data.sound.filepath)).is_file() for s in speakers()]

    bpy.ops.see2sound.find_sources()
    bpy.ops.see2sound.make_sounds()
    assert len(speakers()) > 1, "this test needs two sources"
    for speaker in speakers():
        Path(bpy.path.abspath(speaker.data.sound.filepath)).unlink()
    assert bpy.ops.see2sound.make_sounds(speaker=speakers()[0].name) == {"FINISHED"}
    assert there() == [True, *[False] * (len(speakers()) - 1)]
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}
    assert all(there())
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}


def test_an_unknown_maker_is_named_and_nothing_changes(strip: Any) -> None:
    bpy.ops.see2sound.find_sources()
    speakers()[0].data.see2sound.maker = "of tomorrow"
    before = document()
    with pytest.raises(RuntimeError, match="of tomorrow"):
        bpy.ops.see2sound.make_sounds()
    assert document() == before


def test_a_person_s_sound_and_place_stay(done: Any, tmp_path: Path) -> None:
    speaker = speakers()[0]
    own = bpy.data.sounds.load(bpy.path.abspath(speakers()[-1].data.sound.filepath))
    own.name = "mine"
    speaker.data.sound = own
    speaker.animation_data_clear()
    speaker.location = (1.0, 2.0, 3.0)
    bpy.ops.see2sound.see_to_sound()
    assert speaker.data.sound == own
    assert tuple(speaker.location) == (1.0, 2.0, 3.0)


# ------------------------------------------------------------------ sounds that are out of date


def change(aspect: str) -> None:
    """Ask for another sound of the first source."""
    source = speakers()[0].data.see2sound
    if aspect == "kind":
        source.kind = "point" if source.kind == "area" else "area"
    elif aspect == "seed":
        source.seed += 1000
    else:
        setattr(source, aspect, "rain on a tin roof")


def sounds() -> list[str]:
    return [s.data.sound.filepath for s in speakers()]


@pytest.mark.parametrize("aspect", ["prompt", "label", "seed"])
def test_a_bake_makes_a_sound_anew_whose_source_asks_for_another_one(
    done: Any, aspect: str
) -> None:
    assert len(speakers()) > 1, "this test needs two sources"
    before, mix = sounds(), mixes()[0].sound.filepath
    change(aspect)
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}
    assert sounds()[1:] == before[1:]
    if aspect != "label":  # whose words the prompt may outdo
        assert sounds()[0] != before[0]
        assert mixes()[0].sound.filepath != mix
    settled = sounds(), mixes()[0].sound.filepath
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}
    assert (sounds(), mixes()[0].sound.filepath) == settled


@pytest.mark.parametrize("of", ["source", "strip"])
def test_a_bake_asks_another_maker_for_the_sounds(done: Any, of: str) -> None:
    collection = next(c for c in bpy.data.collections if c.see2sound.is_see2sound)
    owner = speakers()[0].data if of == "source" else collection
    owner.see2sound.maker = "of tomorrow"
    before = document()
    with pytest.raises(RuntimeError, match="of tomorrow"):
        bpy.ops.see2sound.bake_mix()
    assert document() == before


def test_a_speaker_that_was_moved_keeps_its_sound(done: Any) -> None:
    before, mix = sounds(), mixes()[0].sound.filepath
    moved = speakers()[0]
    moved.animation_data.action = None
    moved.location = (-5.0, 0.0, -1.0)
    done.frame_start += 7
    bpy.ops.see2sound.bake_mix()
    assert sounds() == before
    assert mixes()[0].sound.filepath != mix


def test_a_person_s_sound_is_never_out_of_date(done: Any) -> None:
    own = bpy.data.sounds.load(bpy.path.abspath(speakers()[-1].data.sound.filepath))
    own.filepath = own.filepath.replace(".wav", ".copy.wav")
    shutil.copy(bpy.path.abspath(speakers()[-1].data.sound.filepath), own.filepath)
    speakers()[0].data.sound = own
    change("prompt")
    bpy.ops.see2sound.bake_mix()
    assert speakers()[0].data.sound == own


def test_a_bake_leaves_the_sound_of_a_muted_source(done: Any) -> None:
    before = sounds()
    speakers()[0].data.see2sound.mute = True
    change("prompt")
    bpy.ops.see2sound.bake_mix()
    assert sounds() == before
    speakers()[0].data.see2sound.mute = False
    bpy.ops.see2sound.bake_mix()
    assert sounds()[0] != before[0]


def test_a_bake_makes_what_has_a_prompt_and_tells_of_what_has_none(strip: Any) -> None:
    bpy.ops.see2sound.find_sources(sources=1)
    collection = next(c for c in bpy.data.collections if c.see2sound.is_see2sound)
    for name, prompt in (("Rain", "rain on a roof"), ("Wordless", "")):
        speaker = bpy.data.objects.new(name, bpy.data.speakers.new(name))
        speaker.data.see2sound.prompt = prompt
        speaker.location = (1.0, 3.0, 1.0)
        collection.objects.link(speaker)
    assert bpy.ops.see2sound.bake_mix() == {"FINISHED"}
    assert len(mixes()) == 1
    silent = [s.name for s in speakers() if s.data.sound is None]
    assert silent == ["Wordless"]
    assert [n for n in session.state.notes if "Wordless" in n]
    assert not [n for n in session.state.notes if "Rain" in n]


def test_without_a_strip_a_sentence_says_what_to_select(strip: Any) -> None:
    strip.select = False
    bpy.context.scene.sequence_editor.active_strip = None
    with pytest.raises(RuntimeError, match="Select a movie or image strip"):
        bpy.ops.see2sound.see_to_sound()


def test_a_strip_that_cannot_be_taken_is_told_why(strip: Any) -> None:
    editor = bpy.context.scene.sequence_editor
    editor.active_strip = editor.strips.new_scene("Scene", bpy.context.scene, 5, 1)
    before = document()
    with pytest.raises(RuntimeError, match="3D scene"):
        bpy.ops.see2sound.find_sources()
    assert document() == before


def test_steps_that_need_sources_say_so(strip: Any) -> None:
    for step in (bpy.ops.see2sound.make_sounds, bpy.ops.see2sound.bake_mix):
        with pytest.raises(RuntimeError, match="Find Sources first"):
            step()


def test_a_missing_clip_is_named_and_nothing_changes(strip: Any) -> None:
    strip.filepath = "//gone.mp4"
    before = document()
    with pytest.raises(RuntimeError, match=r"gone\.mp4"):
        bpy.ops.see2sound.see_to_sound()
    assert document() == before
    failure = session.state.failure
    assert "gone.mp4" in str(failure.error)
    assert failure.error.remedy
    assert not session.busy()


def test_a_broken_clip_is_an_error_with_a_remedy(strip: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"nothing" * 100)
    strip.filepath = "//broken.mp4"
    before = document()
    with pytest.raises(RuntimeError, match=r"broken\.mp4"):
        bpy.ops.see2sound.find_sources()
    assert document() == before
    assert session.state.failure.error.kind == "bad-media"


def test_a_worker_that_cannot_start_says_where_to_mend_it(
    strip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEE2SOUND_PYTHON", "/nowhere/python")
    with pytest.raises(RuntimeError, match="preferences"):
        bpy.ops.see2sound.find_sources()
    report = session.report_of(session.state.failure)
    assert "/nowhere/python" in report
    assert bpy.app.version_string in report


@pytest.mark.parametrize("step", ["find_sources", "make_sounds", "bake_mix"])
def test_a_place_that_cannot_be_written_leaves_everything_as_it_was(
    strip: Any, tmp_path: Path, step: str
) -> None:
    if step != "find_sources":
        bpy.ops.see2sound.find_sources()
    if step == "bake_mix":
        bpy.ops.see2sound.make_sounds()
        # Sounds are taken from where they are.
        (tmp_path / "see2sound" / "Walk").rename(tmp_path / "see2sound" / "moved")
        for sound in bpy.data.sounds:
            sound.filepath = sound.filepath.replace("/Walk/", "/moved/")
    before = document()
    shutil.rmtree(tmp_path / "see2sound" / "Walk", ignore_errors=True)
    (tmp_path / "see2sound").mkdir(exist_ok=True)
    (tmp_path / "see2sound" / "Walk").write_text("a file is in the way")
    with pytest.raises(RuntimeError, match="see2sound"):
        getattr(bpy.ops.see2sound, step)()
    assert document() == before
    assert session.state.failure.error.kind in {"no-permission", "missing-file"}


def test_the_next_job_puts_the_error_away(strip: Any) -> None:
    path = strip.filepath
    strip.filepath = "//gone.mp4"
    with pytest.raises(RuntimeError):
        bpy.ops.see2sound.find_sources()
    strip.filepath = path
    bpy.ops.see2sound.find_sources()
    assert session.state.failure is None


def test_an_error_can_be_dismissed(strip: Any) -> None:
    strip.filepath = "//gone.mp4"
    with pytest.raises(RuntimeError):
        bpy.ops.see2sound.find_sources()
    assert bpy.ops.see2sound.dismiss_error() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="no error"):
        bpy.ops.see2sound.copy_report()


# ------------------------------------------------------------------ a job in slices


def test_a_second_start_gets_a_sentence(strip: Any) -> None:
    task = session.start("Find Sources", finding.find_sources(Target.of(bpy.context.scene, strip)))
    task.advance()
    with pytest.raises(RuntimeError, match="wait for it, or cancel it"):
        bpy.ops.see2sound.see_to_sound()
    bpy.ops.see2sound.cancel()
    task.run()
    session.finish(task)
    assert task.state == "cancelled"
    assert bpy.ops.see2sound.see_to_sound.poll()


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.45])
def test_a_cancel_while_finding_leaves_everything_as_it_was(
    tmp_path: Path, fraction: float
) -> None:
    strip = open_film(tmp_path, seconds=LONG)
    before = document(), files(tmp_path)
    task = session.start("x", finding.find_sources(Target.of(bpy.context.scene, strip)))
    task.advance()
    while task.running and task.fraction < fraction:
        task.advance()
    task.cancel()
    task.run()
    session.finish(task)
    assert (task.state, task.changed) == ("cancelled", False)
    assert (document(), files(tmp_path)) == before


def test_a_strip_removed_meanwhile_is_an_error_not_a_crash(strip: Any) -> None:
    scene = bpy.context.scene
    task = session.start("x", whole.see_to_sound(Target.of(scene, strip)))
    task.advance()
    scene.sequence_editor.strips.remove(strip)
    task.run()
    session.finish(task)
    assert task.state == "failed"
    assert "removed" in task.error.why
    assert speakers() == []


def test_a_strip_renamed_meanwhile_is_found_again(strip: Any) -> None:
    task = session.start("x", whole.see_to_sound(Target.of(bpy.context.scene, strip)))
    task.advance()
    strip.name = "Another Name"
    task.run()
    session.finish(task)
    assert task.error is None
    assert len(mixes()) == 1


def test_another_file_ends_the_job(strip: Any, tmp_path: Path) -> None:
    task = session.start("x", whole.see_to_sound(Target.of(bpy.context.scene, strip)))
    task.advance()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "film.blend"))
    assert task.state == "cancelled"
    assert not session.busy()


def test_a_worker_that_still_writes_when_another_file_is_opened_is_no_fault(
    strip: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpy.ops.see2sound.find_sources(sources=1)
    task = session.start("x", sounding.make_sounds(Target.of(bpy.context.scene, strip)))
    session_folder, remove = Path(bpy.app.tempdir), os.rmdir
    while task.running and not list(session_folder.glob("job-*/scene.json")):
        task.advance()
    (folder,) = session_folder.glob("job-*")

    def write_first(path: Any, *, dir_fd: int | None = None) -> None:
        if Path(path).name == folder.name:
            (folder / "late.json").touch()
        remove(path, dir_fd=dir_fd)

    with monkeypatch.context() as late:
        late.setattr(os, "rmdir", write_first)
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "film.blend"))
    assert (task.state, task.error, session.state.failure) == ("cancelled", None, None)
    assert folder.exists()
    # What stayed behind goes with the next job.
    (tmp_path / "again").mkdir()
    open_film(tmp_path / "again")
    bpy.ops.see2sound.find_sources(sources=1)
    assert list(session_folder.glob("job-*")) == []


def test_a_slice_is_short(strip: Any) -> None:
    """Each yield comes soon enough: told apart from the worker's share by `waiting`."""
    work = whole.see_to_sound(Target.of(bpy.context.scene, strip))
    ticks = list(itertools.islice(_draining(work), 5000))
    fractions = [tick.fraction for tick in ticks]
    assert all(0.0 <= f <= 1.0 for f in fractions)
    assert any(tick.changed for tick in ticks)
    assert len({tick.phase for tick in ticks}) > 3


def _draining(work: Any) -> Iterator[Any]:
    for tick in work:
        if tick.waiting:
            time.sleep(0.005)
        yield tick
