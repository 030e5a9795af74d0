"""What else a person can do: clear, select, release memory; and what (un)registering leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import pytest

import blender_see2sound
from blender_see2sound.bridge.jobs import session
from tests.blender.film import document, open_film, speakers

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def strip(tmp_path: Path) -> Any:
    return open_film(tmp_path)


def test_clear_takes_speakers_and_mix_and_leaves_what_is_a_persons(
    strip: Any, tmp_path: Path
) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.name = "Mine"
    before = document()
    bpy.ops.see2sound.see_to_sound()
    made = list((tmp_path / "see2sound").rglob("*.wav"))
    assert bpy.ops.see2sound.clear() == {"FINISHED"}
    after = document()
    for part in ("speakers", "strips"):
        assert after[part] == before[part]
    assert "Mine" in after["objects"]
    assert all(p.exists() for p in made), "files stay on disk"
    with pytest.raises(RuntimeError, match="Nothing was made"):
        bpy.ops.see2sound.clear()


def test_select_speakers_selects_them_and_nothing_else(strip: Any) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.see2sound.find_sources()
    assert bpy.ops.see2sound.select_speakers() == {"FINISHED"}
    assert sorted(o.name for o in bpy.context.selected_objects) == [s.name for s in speakers()]


def test_release_memory_ends_the_worker_and_the_next_job_starts_one(strip: Any) -> None:
    bpy.ops.see2sound.find_sources()
    assert session.worker_runs()
    assert bpy.ops.see2sound.release_memory() == {"FINISHED"}
    assert not session.worker_runs()
    assert bpy.ops.see2sound.make_sounds() == {"FINISHED"}


def test_check_says_what_the_worker_has(strip: Any) -> None:
    assert bpy.ops.see2sound.check_worker() == {"FINISHED"}
    text = " ".join(line for line, _ in session.state.check)
    assert "Python 3." in text
    assert "finder" in text.lower()


def test_register_and_unregister_leave_nothing(strip: Any) -> None:
    def hung() -> list[int]:
        handlers = bpy.app.handlers
        return [
            len(getattr(handlers, n))
            for n in dir(handlers)
            if isinstance(getattr(handlers, n), list)
        ]

    with_it = hung()
    blender_see2sound.unregister()
    without = hung()
    assert not hasattr(bpy.types.Collection, "see2sound")
    assert not hasattr(bpy.types.WindowManager, "see2sound_active_source")
    assert not [n for n in dir(bpy.types) if n.startswith("SEE2SOUND")]
    blender_see2sound.register()
    assert hung() == with_it
    assert sum(with_it) - sum(without) >= 6


def test_a_failed_registration_takes_back_what_it_did(
    strip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    blender_see2sound.unregister()
    with monkeypatch.context() as patch:
        patch.setattr(bpy.utils, "register_cli_command", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            blender_see2sound.register()
    assert not hasattr(bpy.types.Collection, "see2sound")
    blender_see2sound.register()


def test_the_package_imports_without_blender() -> None:
    code = "import sys; sys.modules['bpy'] = None; import blender_see2sound, blender_see2sound.core.scene"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_every_button_has_a_tooltip_and_a_title() -> None:
    from blender_see2sound import operators, panels

    for cls in operators.CLASSES:
        assert cls.__doc__, cls
        words = cls.bl_label.split()
        assert all(w[0].isupper() or w in {"to", "on"} for w in words), cls.bl_label
    for cls in panels.CLASSES:
        assert cls.__doc__
