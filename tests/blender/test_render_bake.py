"""A render of a movie bakes a mix that is out of date first; nothing that goes wrong stops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import bpy
import numpy as np
import pytest
from mathutils import Matrix

from blender_see2sound.bridge.blend import versions
from blender_see2sound.bridge.jobs import render_bake, session
from tests.blender.film import mixes, open_film, speakers


@pytest.fixture
def done(tmp_path: Path) -> Iterator[Any]:
    strip = open_film(tmp_path)
    bpy.ops.see2sound.see_to_sound()
    yield strip
    session.state.failure = None


def everything_to(side: float) -> None:
    """Move every speaker to one side: negative is left."""
    listener = bpy.context.scene.camera.matrix_world
    for speaker in speakers():
        speaker.animation_data.action = None
        speaker.matrix_world = listener @ Matrix.Translation((side, 0.0, -2.0))
        speaker.data.see2sound.kind = "point"
        speaker.data.see2sound.spread = 0.0
    bpy.context.view_layer.update()


def render(path: Path) -> np.ndarray:
    """Render the scene to a movie; RMS of each channel FL FR FC LFE BL BR."""
    scene = bpy.context.scene
    versions.set_movie_output(scene)
    movie = scene.render.ffmpeg
    movie.format, movie.codec, movie.audio_codec = "MPEG4", "H264", "AAC"
    movie.audio_channels, movie.audio_mixrate = "SURROUND51", 48000
    scene.render.use_file_extension = False
    scene.render.filepath = str(path)
    bpy.ops.render.render(animation=True)
    with av.open(str(path)) as container:
        sound = np.concatenate([f.to_ndarray() for f in container.decode(audio=0)], axis=1)
    return np.sqrt(np.mean(np.square(sound, dtype=np.float64), axis=1))


def test_a_moved_source_is_heard_from_where_it_is_now(done: Any, tmp_path: Path) -> None:
    everything_to(-20.0)
    left = render(tmp_path / "left.mp4")
    assert left[0] > 10 * left[1]
    assert left[4] > 10 * left[5]
    everything_to(20.0)
    right = render(tmp_path / "right.mp4")
    assert right[1] > 10 * right[0]
    assert right[5] > 10 * right[4]
    assert session.state.failure is None


def test_the_speakers_are_not_heard_beside_their_mix(done: Any, tmp_path: Path) -> None:
    everything_to(-20.0)
    settings = next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound
    settings.monitor = "SPEAKERS"
    render(tmp_path / "movie.mp4")
    assert settings.monitor == "MIX"
    assert all(s.data.muted for s in speakers())
    assert [m.mute for m in mixes()] == [False]


def test_who_listens_to_the_speakers_renders_the_mix_all_the_same(
    done: Any, tmp_path: Path
) -> None:
    settings = next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound
    settings.monitor = "SPEAKERS"
    assert [m.mute for m in mixes()] == [True]
    render(tmp_path / "movie.mp4")
    assert [m.mute for m in mixes()] == [False]
    assert any("monitor" in note for note in session.state.notes)


def test_a_mix_that_is_up_to_date_is_rendered_as_it_is(done: Any, tmp_path: Path) -> None:
    before = mixes()[0].sound.filepath
    session.release()
    render(tmp_path / "movie.mp4")
    assert mixes()[0].sound.filepath == before
    assert not session.worker_runs(), "nothing was to be mixed"


def test_sounds_that_were_never_mixed_are_mixed_for_the_render(tmp_path: Path) -> None:
    open_film(tmp_path)
    bpy.ops.see2sound.find_sources()
    bpy.ops.see2sound.make_sounds()
    assert mixes() == []
    levels = render(tmp_path / "movie.mp4")
    assert len(mixes()) == 1
    assert levels.max() > 1e-3


def test_a_render_makes_a_sound_anew_that_is_out_of_date(done: Any, tmp_path: Path) -> None:
    before = [s.data.sound.filepath for s in speakers()]
    speakers()[0].data.see2sound.prompt = "rain on a tin roof"
    render(tmp_path / "movie.mp4")
    after = [s.data.sound.filepath for s in speakers()]
    assert after[0] != before[0]
    assert after[1:] == before[1:]
    assert session.state.failure is None
    mix = mixes()[0].sound.filepath
    render(tmp_path / "again.mp4")
    assert mixes()[0].sound.filepath == mix


def test_switched_off_the_render_leaves_the_mix_alone(done: Any, tmp_path: Path) -> None:
    before = mixes()[0].sound.filepath
    settings = next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound
    settings.bake_on_render = False
    everything_to(-20.0)
    render(tmp_path / "movie.mp4")
    assert mixes()[0].sound.filepath == before


def test_pictures_need_no_mix(done: Any, tmp_path: Path) -> None:
    before = mixes()[0].sound.filepath
    everything_to(-20.0)
    scene = bpy.context.scene
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "IMAGE"
    scene.render.image_settings.file_format = "PNG"
    scene.frame_end = scene.frame_start
    scene.render.filepath = str(tmp_path / "frame")
    bpy.ops.render.render(animation=True)
    assert mixes()[0].sound.filepath == before


def test_when_the_bake_fails_the_old_mix_is_rendered_and_the_failure_is_shown(
    done: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything_to(20.0)
    render(tmp_path / "good.mp4")
    everything_to(-20.0)
    monkeypatch.setenv("SEE2SOUND_PYTHON", "/nowhere/python")
    levels = render(tmp_path / "movie.mp4")
    assert levels[1] > 10 * levels[0], "this is the mix of before"
    assert "/nowhere/python" in str(session.state.failure.error)
    assert session.state.failure.title == "Bake on Render"


# ------------------------------------------------------------------ a mix that is gone


def test_a_mix_strip_that_was_deleted_is_baked_again(done: Any, tmp_path: Path) -> None:
    bpy.context.scene.sequence_editor.strips.remove(mixes()[0])
    levels = render(tmp_path / "movie.mp4")
    assert levels.max() > 1e-3
    assert len(mixes()) == 1


def test_a_mix_whose_file_is_lost_is_baked_again(done: Any, tmp_path: Path) -> None:
    path = Path(bpy.path.abspath(mixes()[0].sound.filepath))
    path.unlink()
    levels = render(tmp_path / "movie.mp4")
    assert levels.max() > 1e-3
    assert path.is_file()


# ------------------------------------------------------------------ a render from a window


@pytest.fixture
def windowed(done: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """As from a window: the render's thread waits, and this one is the main thread's timer."""
    scene = bpy.context.scene
    versions.set_movie_output(scene)
    scene.render.ffmpeg.audio_codec = "AAC"
    monkeypatch.setattr(render_bake, "_renders_animation", lambda window: True)
    everything_to(-20.0)
    yield done
    render_bake._stop()
    render_bake._let_go()


def begin_render() -> threading.Thread:
    thread = threading.Thread(target=render_bake.on_render_init, args=(bpy.context.scene,))
    thread.start()
    while render_bake._waiting.alive() is None:
        time.sleep(0.001)
    return thread


def attend(thread: threading.Thread) -> None:
    while thread.is_alive():
        time.sleep(min(render_bake._attend(), 0.02))


def test_the_render_waits_for_the_bake_in_the_main_thread(windowed: Any) -> None:
    before = mixes()[0].sound.filepath
    attend(begin_render())
    assert mixes()[0].sound.filepath != before
    assert not session.busy()
    assert session.state.failure is None


def test_a_bake_that_no_render_waits_for_any_more_is_given_up(
    windowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = mixes()[0].sound.filepath
    with monkeypatch.context() as patch:
        patch.setattr(render_bake, "_PATIENCE", 0.2)
        thread = begin_render()
        while not session.busy():
            render_bake._attend()
        thread.join(10)  # the main thread is silent meanwhile
        assert not thread.is_alive()
        render_bake._attend()
    assert not session.busy()
    assert not session.state.render_waits
    assert "went on" in str(session.state.failure.error)
    assert mixes()[0].sound.filepath == before
    attend(begin_render())
    assert mixes()[0].sound.filepath != before, "the next render gets its mix"


def test_a_fault_in_the_timer_is_shown_and_neither_render_nor_timer_is_lost(
    windowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = mixes()[0].sound.filepath
    with monkeypatch.context() as patch:
        patch.setattr(render_bake, "_renders_animation", lambda window: 1 / 0)
        thread = begin_render()
        assert render_bake._attend() > 0.0
        thread.join(1)
        assert not thread.is_alive()
    assert "ZeroDivisionError" in str(session.state.failure.error)
    attend(begin_render())
    assert mixes()[0].sound.filepath != before
