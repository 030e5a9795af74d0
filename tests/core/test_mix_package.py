"""The rooms of the mix: each is told of, and imports only from those that are told of before it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blender_see2sound.core import mix
from blender_see2sound.core.mix.stems import keys
from blender_see2sound.core.scene import Source
from tests.package_rooms import package_of

MIX = package_of(mix)

#: What rendering loads and what says nothing of how a stem sounds.
SILENT = {"core/__init__.py", "core/errors.py", "core/progress.py", "core/version.py"}


def test_every_room_and_module_is_told_of_and_nothing_stands_outside() -> None:
    MIX.check_is_told()
    assert [path.name for path in MIX.folder.glob("*.py")] == ["__init__.py"]


def test_a_room_imports_only_from_those_before_it() -> None:
    MIX.check_order()


def test_what_is_light_stays_light() -> None:
    light = "core.mix.layouts.table", "core.mix.delivery.report"
    script = f"""
import sys
for name in {light}: __import__("blender_see2sound." + name)
print(sorted({{"numpy", "scipy", "soundfile"}} & set(sys.modules)))
"""
    assert _said(script) == "[]\n"


def test_stems_are_made_anew_when_what_computes_them_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
import sys
import blender_see2sound.core.mix.stems.take
for name, module in sys.modules.items():
    if name.startswith("blender_see2sound.core"): print(module.__file__)
"""
    package = MIX.folder.resolve().parents[1]
    loaded = {Path(file).resolve() for file in _said(script).splitlines()}
    loaded -= {package / name for name in SILENT}
    some = package / "core" / "scene.py", package / "core" / "mix" / "signals" / "convolution.py"
    assert loaded.issuperset(some)
    sound = tmp_path / "sound.wav"
    sound.write_bytes(b"any")
    source = Source("s1", "", "", "point", (0.0,), ((0.0, 1.0, 0.0),), presence=(1.0,))

    def name() -> str:
        keys._program.cache_clear()
        return keys.stem_key(source, sound, {}, lambda: None).name

    before, read = name(), Path.read_bytes
    assert name() == before
    for file in sorted(loaded):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", lambda p, f=file: read(p) + b"#" * (p == f))
            assert name() != before, file
    assert name() == before


def _said(script: str) -> str:
    """What a script prints in a process of its own."""
    root = MIX.folder.parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    return done.stdout
