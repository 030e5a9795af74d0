"""A Blender in a window for each test file of this folder, with the built zip installed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .window import Screen, Window, program

ROOT = Path(__file__).resolve().parents[2]
#: Pictures of what was seen stay here.
PICTURES = ROOT / "build" / "ui"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    blender = program()
    if blender is None:
        pytest.skip("no complete Blender: set BLENDER, and install Xvfb, xdotool and ImageMagick")
    folder = tmp_path_factory.mktemp("ui")
    subprocess.run(
        [sys.executable, ROOT / "tools" / "build_extension.py", "--output", folder / "dist"],
        check=True,
    )
    (package,) = (folder / "dist").glob("*.zip")
    screen = Screen()
    # The worker computes with the Python that runs the tests: it has every package.
    opened = Window(blender, screen, folder, {"SEE2SOUND_PYTHON": os.path.abspath(sys.executable)})
    try:
        opened.command(
            "--background",
            "--python-expr",
            "import bpy; bpy.context.preferences.view.show_splash = False; bpy.ops.wm.save_userpref()",
        )
        opened.command(
            "--command", "extension", "install-file", "-r", "user_default", "-e", str(package)
        )
        opened.start()
        yield opened
    finally:
        opened.close()
        screen.close()
