"""Each test file here runs in a process of its own: Blender's data and its add-ons are global.

``pytest tests/blender`` shows one result a file. For single tests, with pytest's
own options: ``SEE2SOUND_TEST_PROCESS=1 pytest tests/blender/test_x.py -k name``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_INSIDE = "SEE2SOUND_TEST_PROCESS"
_status = 0

if os.environ.get(_INSIDE):

    def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
        """Remember how it went."""
        global _status
        _status = int(exitstatus)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(config: pytest.Config) -> None:
        """End without C++ destructors: those of Blender 4.5 can hang after a render with sound."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)

else:

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.File:
        """Take a test file as one thing that is run elsewhere."""
        return _TestFile.from_parent(parent, path=module_path)


class _TestFile(pytest.File):
    """A test file that is never imported in this process."""

    def collect(self) -> Iterator[pytest.Item]:
        """It is one item."""
        yield _Process.from_parent(self, name="process")


class _Process(pytest.Item):
    """Runs a test file in a process of its own, with a configuration of Blender of its own."""

    def runtest(self) -> None:
        """Run it; what it printed is the failure."""
        with tempfile.TemporaryDirectory() as resources:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", str(self.path), "--color=no"],
                env={**os.environ, _INSIDE: "1", "BLENDER_USER_RESOURCES": resources},
                cwd=self.config.invocation_params.dir,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=1200,
            )
        lines = done.stdout.strip().splitlines() or [""]
        # 5: no test ran, as where all wait for a library that this Python lacks.
        if done.returncode not in (0, 5):
            pytest.fail(f"{done.stdout}\n{done.stderr}", pytrace=False)
        if " passed" not in lines[-1]:
            pytest.skip(lines[-1].strip("= "))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it is."""
        return self.path, 0, self.path.name


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of numbered pictures, 24 a second."""
    from tests.blender.cut import write_movie

    return write_movie(tmp_path_factory.mktemp("media") / "film.mp4", 24)


@pytest.fixture
def scene(tmp_path: Path) -> Any:
    """The scene of a saved, empty file."""
    from tests.blender.cut import new_file

    return new_file(tmp_path / "film.blend")


@pytest.fixture
def strip(scene: Any, movie: Path) -> Any:
    """The movie's strip in that scene."""
    from tests.blender.cut import add_movie

    return add_movie(scene, movie, start=11)
