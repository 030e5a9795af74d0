"""The command where the system sets limits, and where a person stops it at the worst moment."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blender_see2sound.core import cli, interrupts
from blender_see2sound.core.pipeline import make_sounds
from blender_see2sound.core.scene import SoundScene
from blender_see2sound.core.scene_file import read_scene, write_scene
from blender_see2sound.core.sounds.origin import read_origin
from blender_see2sound.core.sounds.protocol import Making

from .sounding import clip_of, still

resource = pytest.importorskip("resource", reason="limits are POSIX's")

#: Runs the command after a line of Python.
CODE = "import os, signal, sys; {}; from blender_see2sound.core.cli import run; sys.exit(run(sys.argv[1:]))"


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """Three sources, with two takes each from seed 1 on."""
    path = tmp_path / "scene.json"
    sources = (dataclasses.replace(still(p), id=p) for p in ("wind", "rain", "stream"))
    write_scene(SoundScene(clip_of(0.3), tuple(sources)), path)
    make_sounds(path, making=Making(candidates=2))
    return path


def command(
    arguments: list[object], first: str = "pass", limit: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    def begin() -> None:
        # What runs in the background of a shell is started deaf to it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if limit is not None:
            limit()

    return subprocess.run(
        [sys.executable, "-c", CODE.format(first), *map(str, arguments)],
        capture_output=True, text=True, preexec_fn=begin, timeout=300,
    )  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.gate
def test_many_takes_need_few_open_files(scene: Path) -> None:
    done = command(
        ["sound", scene, "--takes", 8],
        limit=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)),
    )
    assert done.returncode == 0, done.stderr
    assert len(list(scene.parent.rglob("*.wav"))) == 24


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        (("RLIMIT_NOFILE", 5), "too many files are open"),
        pytest.param(
            ("RLIMIT_FSIZE", 20_000), "does not allow so large a file", marks=pytest.mark.gate
        ),
    ],
)
def test_what_the_system_does_not_allow_is_told_as_it_is(
    scene: Path, limit: tuple[str, int], why: str
) -> None:
    before = contents(scene.parent)
    set_limit = (
        "import resource, soundfile; from blender_see2sound.core import cli, pipeline; "
        "from blender_see2sound.core.pipeline import make_sounds; "
        "from blender_see2sound.core.sounds import built_in; import scipy.signal; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.{limit[0]}, ({limit[1]},) * 2)"
    )
    done = command(["sound", scene, "--seed", 9], set_limit)
    assert done.returncode == 2
    assert why in done.stderr
    assert "disk is full" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert contents(scene.parent) == before


ASK = "os.kill(os.getpid(), signal.SIGINT)"


@pytest.mark.gate
@pytest.mark.parametrize(
    "first",
    [
        # While libsndfile closes a file, where Python drops exceptions.
        f"import soundfile; soundfile.SoundFile.__del__ = lambda self: {ASK}",
        f"import soundfile; close = soundfile.SoundFile.close; "
        f"soundfile.SoundFile.close = lambda self: ({ASK}, close(self))",
        # Between two files that belong together.
        f"replace = os.replace; os.replace = lambda a, b: (replace(a, b), {ASK})[0]",
        # While earlier takes are removed.
        f"import pathlib; unlink = pathlib.Path.unlink; "
        f"pathlib.Path.unlink = lambda self, **k: (unlink(self, **k), {ASK})[0]",
    ],
    ids=["dropped", "closing", "naming", "tidying"],
)
def test_stopped_at_any_moment_all_is_new_or_all_is_old(scene: Path, first: str) -> None:
    done = command(["sound", scene, "--seed", 9], first)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "see2sound: interrupted\n")
    seeds = set()
    for source in read_scene(scene).sources:
        origin = read_origin(scene.parent / str(source.sound))
        assert origin is not None
        seeds |= {source.seed, origin.seed}
    assert len(seeds) == 1
    others = list((scene.parent / "sounds" / "takes").iterdir())
    assert len(others) == (0 if seeds == {9} else 6)
    assert not list(scene.parent.rglob(".*"))
    assert json.loads(scene.read_text())["sources"]


@pytest.fixture(autouse=True)
def hears_signals() -> Iterator[None]:
    """A shell starts what runs in the background deaf to SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_work_that_reports_is_stopped_where_it_reports() -> None:
    with interrupts.listening():
        interrupts.check()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()


def test_work_that_does_not_report_is_stopped_at_once_and_a_second_time_any() -> None:
    with interrupts.listening(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    with interrupts.listening():
        interrupts.check()
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_what_is_done_as_a_whole_is_not_stopped() -> None:
    with interrupts.listening():
        with interrupts.held():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        assert interrupts.asked()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.listening():
            signal.raise_signal(signal.SIGINT)
            assert not interrupts.asked()
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_command_runs_in_any_thread(capsys: pytest.CaptureFixture[str]) -> None:
    with interrupts.listening(), interrupts.held():
        signal.raise_signal(signal.SIGINT)  # that one is over with its block
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(cli.run, ["models", "--json"]).result() == 0
    assert json.loads(capsys.readouterr().out)
