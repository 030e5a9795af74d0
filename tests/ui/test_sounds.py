"""One source's sound in a real window: takes while it plays, undo, a lock, a file of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from .conftest import PICTURES
from .test_window import BUSY, SESSION, folder, region, undo
from .window import Window

__all__ = ["folder", "region"]

SOUNDS = (
    "__import__('bl_ext.user_default.blender_see2sound.bridge.speakers.sounds', fromlist=['x'])"
)
FIRST = "min((o for o in bpy.data.objects if o.type == 'SPEAKER'), key=lambda o: o.name)"
TAKE = f"{SOUNDS}.take_of({FIRST})"


def press(window: Window, call: str) -> None:
    """What a button of the sequencer's sidebar does, a step of undo with it."""
    window.run(f"""
        area = next(a for a in bpy.context.window.screen.areas if a.type == "SEQUENCE_EDITOR")
        with bpy.context.temp_override(window=bpy.context.window, area=area, region=area.regions[0]):
            bpy.ops.see2sound.{call}
    """)


@pytest.fixture(scope="module", autouse=True)
def sounded(window: Window, region: object) -> None:
    """Sources with four takes each; the first one is chosen."""
    # A long sidebar and a wide one: pictures show all of it.
    window.run("bpy.context.preferences.view.ui_scale = 0.75")
    press(window, 'find_sources("INVOKE_DEFAULT", True)')
    window.wait_for(f"not {BUSY}", 120)
    window.run(
        "next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound.takes = 4"
    )
    press(window, 'make_sounds("INVOKE_DEFAULT", True)')
    window.wait_for(f"not {BUSY}", 240)
    window.run(f"bpy.context.view_layer.objects.active = {FIRST}")
    assert window.run(f"answer = {SESSION}.state.failure") is None
    assert window.run(f"answer = {TAKE}") == 1


def test_takes_change_while_it_plays_and_undo_brings_the_last_one(window: Window) -> None:
    window.run("bpy.ops.screen.animation_play()")
    for number in (2, 3):
        press(window, f'choose_take("INVOKE_DEFAULT", True, number={number})')
        assert window.run(f"answer = {TAKE}") == number
    assert window.run("answer = bpy.context.screen.is_animation_playing")
    window.run("bpy.ops.screen.animation_cancel(restore_frame=True)")
    window.picture(PICTURES / "takes.png")
    undo(window)
    window.wait_for(f"{TAKE} == 2", 10)
    window.keys("ctrl+shift+z")
    window.wait_for(f"{TAKE} == 3", 10)


def test_a_locked_source_and_one_with_a_file_of_ones_own_say_so(
    window: Window, folder: Path
) -> None:
    path = folder / "bark.wav"
    soundfile.write(path, np.zeros(48_000, np.float32), 48_000)
    press(window, f'choose_sound("INVOKE_DEFAULT", True, filepath={str(path)!r})')
    window.picture(PICTURES / "own.png")
    assert window.run(f"answer = {TAKE}") == 0
    press(window, 'choose_take("INVOKE_DEFAULT", True, number=3)')
    window.run(f"{FIRST}.data.see2sound.locked = True")
    window.picture(PICTURES / "locked.png")
    assert window.run(f"answer = {TAKE}") == 3


def test_another_is_one_step_of_undo(window: Window) -> None:
    window.run(f"{FIRST}.data.see2sound.locked = False")
    window.run("bpy.ops.ed.undo_push(message='Unlock')")
    seed = window.run(f"answer = {FIRST}.data.see2sound.seed")
    press(window, f'make_sounds("INVOKE_DEFAULT", True, speaker={FIRST}.name, another=True)')
    window.wait_for(f"not {BUSY}", 120)
    assert window.run(f"answer = {FIRST}.data.see2sound.seed") == seed + 4
    undo(window)
    window.wait_for(f"{FIRST}.data.see2sound.seed == {seed} and {TAKE} == 3", 10)
