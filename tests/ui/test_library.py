"""A library is listened to in a real window: it can be stopped, goes on, and says what it did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.sounds.library.index import with_index
from blender_see2sound.core.sounds.library.listening import kept_as

from .conftest import PICTURES
from .test_sounds import press
from .test_window import BUSY, SESSION, folder, region
from .window import Window

__all__ = ["folder", "region"]

pytest.importorskip("torch", reason="CLAP computes with torch")

PREFERENCES = "bpy.context.preferences.addons['bl_ext.user_default.blender_see2sound'].preferences"
RECORDINGS = 400


def test_listening_is_stopped_and_goes_on(window: Window, region: object, folder: Path) -> None:
    from tests.core.tiny_generators import save_clap

    save_clap(folder / "models")
    library = folder / "recordings"
    library.mkdir()
    for number in range(RECORDINGS):
        noise = np.random.default_rng(number).normal(0.0, 0.1, 12_000).astype(np.float32)
        soundfile.write(library / f"rec_{number:03}.wav", noise, 48_000)
    press(window, 'find_sources("INVOKE_DEFAULT", True)')
    window.wait_for(f"not {BUSY}", 120)
    window.run(f"""
        {PREFERENCES}.library = {str(library)!r}
        {PREFERENCES}.models = {str(folder / "models")!r}
        settings = next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound
        settings.maker_menu = "library"
    """)
    computing = Computing(device="cpu", models=folder / "models")

    def left() -> int:
        return with_index(library, lambda index: len(index.unheard(kept_as(computing))))

    press(window, 'listen("INVOKE_DEFAULT", True)')
    window.wait_for(f"{SESSION}.state.task and 'Listening' in {SESSION}.state.task.phase", 120)
    window.picture(PICTURES / "listening.png")
    window.keys("Escape")
    window.wait_for(f"not {BUSY}", 60)
    assert window.run(f"answer = {SESSION}.state.failure") is None
    assert 0 < left() < RECORDINGS
    press(window, 'listen("INVOKE_DEFAULT", True)')
    window.wait_for(f"not {BUSY}", 240)
    window.picture(PICTURES / "listened.png")
    assert window.run(f"answer = {SESSION}.state.failure") is None
    assert left() == 0
