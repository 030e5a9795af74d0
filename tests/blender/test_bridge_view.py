"""Which strip the panel is about when a movie is added with its sound, and what is heard then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import bpy
import numpy as np
import pytest

from blender_see2sound.bridge.jobs import session
from blender_see2sound.bridge.sources import selection
from tests.blender.film import mixes, open_film


def add_sound(silent: Path, path: Path) -> Path:
    """The same movie with a tone."""
    with av.open(str(silent)) as source, av.open(str(path), "w") as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        tone = target.add_stream("aac", rate=48000, layout="mono")
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = picture
                target.mux(packet)
        samples = 0.1 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
        frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
        frame.rate = 48_000
        target.mux(tone.encode(frame))
        target.mux(tone.encode(None))
    return path


@pytest.fixture
def added(tmp_path: Path) -> Any:
    """A movie that a person added with its sound, alone in the scene; the picture."""
    silent = open_film(tmp_path)
    scene = bpy.context.scene
    path = add_sound(tmp_path / "walk.mp4", tmp_path / "dog.mp4")
    scene.sequence_editor.strips.remove(silent)
    # What the operator does crashes in Blender as a Python module.
    strips = scene.sequence_editor.strips
    sound = strips.new_sound("dog.mp4.001", str(path), 1, 1)
    picture = strips.new_movie("dog.mp4", str(path), 2, 1)
    picture.select = sound.select = True
    scene.sequence_editor.active_strip = sound
    return picture


def other() -> Any:
    return next(s for s in bpy.context.scene.sequence_editor.strips if s.type == "SOUND")


def shown() -> Any:
    return selection.active_strip(bpy.context)[1]


def test_a_movie_that_was_just_added_with_its_sound_is_taken(added: Any) -> None:
    assert shown() == added
    assert bpy.ops.see2sound.see_to_sound() == {"FINISHED"}
    assert selection.active_collection(bpy.context) is not None


def test_with_nothing_active_the_selected_picture_is_taken(added: Any) -> None:
    bpy.context.scene.sequence_editor.active_strip = None
    assert shown() == added
    added.select = False
    assert shown() is None


def test_a_sound_alone_is_refused_before_the_button_is_pressed(added: Any) -> None:
    editor = bpy.context.scene.sequence_editor
    editor.active_strip = other()
    added.select = False
    assert not bpy.ops.see2sound.see_to_sound.poll()
    with pytest.raises(RuntimeError, match="it is a sound already"):
        bpy.ops.see2sound.see_to_sound()


def test_of_two_selected_pictures_none_is_guessed(added: Any, tmp_path: Path) -> None:
    editor = bpy.context.scene.sequence_editor
    another = editor.strips.new_movie("Another", str(tmp_path / "walk.mp4"), 5, 1)
    another.select = True
    editor.active_strip = other()
    assert not bpy.ops.see2sound.see_to_sound.poll()
    editor.active_strip = another
    assert shown() == another


def test_the_mix_stands_for_its_picture_whatever_is_selected(added: Any, tmp_path: Path) -> None:
    editor = bpy.context.scene.sequence_editor
    editor.active_strip = added
    bpy.ops.see2sound.see_to_sound()
    another = editor.strips.new_movie("Another", str(tmp_path / "walk.mp4"), 9, 1)
    added.select, another.select = False, True
    editor.active_strip = next(s for s in mixes() if "see2sound_mix" in s)
    assert shown() == added


# ------------------------------------------------------------------ the clip's own sound


def told() -> list[str]:
    return [note for note in session.state.notes if "plays under the mix" in note]


def test_the_clip_s_own_sound_is_told_of_and_left_alone(added: Any) -> None:
    own = other()
    before = (own.mute, own.volume, own.channel, own.frame_final_start)
    bpy.ops.see2sound.see_to_sound()
    assert told() == [f"{own.name!r} plays under the mix: mute it if the mix is to replace it"]
    assert (own.mute, own.volume, own.channel, own.frame_final_start) == before


@pytest.mark.parametrize("why", ["muted", "channel", "elsewhere", "another"])
def test_a_sound_that_is_not_heard_with_the_mix_is_no_news(
    added: Any, tmp_path: Path, why: str
) -> None:
    scene, own = bpy.context.scene, other()
    if why == "muted":
        own.mute = True
    elif why == "channel":
        scene.sequence_editor.channels[own.channel].mute = True
    elif why == "elsewhere":
        own.frame_start = added.frame_final_end + 10
    else:
        copy = tmp_path / "music.mp4"
        copy.write_bytes((tmp_path / "dog.mp4").read_bytes())
        own.sound.filepath = str(copy)
    bpy.ops.see2sound.see_to_sound()
    assert told() == []
