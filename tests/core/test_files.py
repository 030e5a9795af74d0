"""Files are whole under their name, or not there; an older one survives a failure."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.files import atomic_path, write_text


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    final = tmp_path / "new folder" / "größe 5.1.wav"
    with atomic_path(final) as part:
        part.write_text("whole")
        assert not final.exists()
        assert part.suffix == ".wav"
    assert final.read_text() == "whole"
    assert list(final.parent.iterdir()) == [final]


def test_a_failure_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    final = tmp_path / "scene.json"
    write_text(final, "old")

    def fail() -> None:
        with atomic_path(final) as part:
            part.write_text("half")
            raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        fail()
    assert final.read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(See2SoundError, match="file/below") as caught:
        write_text(tmp_path / "file" / "below" / "x.json", "")
    assert caught.value.kind in ("no-permission", "missing-file")


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_a_full_disk_is_said_so(tmp_path: Path) -> None:
    final = tmp_path / "x.json"
    with pytest.raises(See2SoundError, match="disk is full") as caught:  # noqa: PT012, SIM117
        with atomic_path(final) as part:
            part.unlink()
            part.symlink_to("/dev/full")
            part.write_text("x")
    assert caught.value.kind == "no-space"
    assert caught.value.__cause__.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_a_written_file_is_as_readable_as_others(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    write_text(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == plain.stat().st_mode


@pytest.mark.skipif(os.name == "nt", reason="there, only age tells")
def test_what_a_killed_program_left_is_cleared_and_what_a_living_one_writes_is_not(
    tmp_path: Path,
) -> None:
    code = (
        "import sys; from blender_see2sound.core.files import atomic_path\n"
        "with atomic_path(sys.argv[1]) as part: print(flush=True); sys.stdin.read()"
    )
    killed, living = (
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("killed.wav", "living.wav")
    )
    for process in (killed, living):
        assert process.stdout is not None
        process.stdout.readline()
    mine = tmp_path / ".hidden.wav"
    mine.write_text("a person's")
    killed.kill()
    killed.communicate()
    assert len(list(tmp_path.iterdir())) == 3
    write_text(tmp_path / "other.json", "{}")
    names = sorted(p.name for p in tmp_path.iterdir())
    assert len(names) == 3
    assert ".hidden.wav" in names
    assert "other.json" in names
    assert any("living" in name for name in names)
    living.communicate()
    assert sorted(p.name for p in tmp_path.iterdir()) == [".hidden.wav", "living.wav", "other.json"]


def test_a_program_that_begins_to_write_leaves_another_that_has_just_begun_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tempfile.mkdtemp

    def then_another_begins(**options: str) -> str:
        folder = made(**options)
        monkeypatch.setattr(tempfile, "mkdtemp", made)
        write_text(tmp_path / "other.json", "other")
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", then_another_begins)
    write_text(tmp_path / "scene.json", "mine")
    assert (tmp_path / "scene.json").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.json", "scene.json"]


def test_a_disk_that_renames_no_open_folder_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "it is open")

    monkeypatch.setattr(Path, "rename", refuse)
    write_text(tmp_path / "scene.json", "whole")
    assert (tmp_path / "scene.json").read_text() == "whole"
    assert [p.name for p in tmp_path.iterdir()] == ["scene.json"]


@pytest.fixture
def left_behind(tmp_path: Path) -> list[str]:
    """What older versions left in a folder, two days ago."""
    (tmp_path / ".see2sound-mix.wav").write_text("half")
    (tmp_path / ".see2sound-clip.mov").write_text("half")
    (tmp_path / ".see2sound.new-scene-x").mkdir()
    names = sorted(p.name for p in tmp_path.iterdir())
    for name in names:
        os.utime(tmp_path / name, (time.time() - 2 * 86_400,) * 2)
    return names


def test_what_older_versions_left_is_cleared(tmp_path: Path, left_behind: list[str]) -> None:
    write_text(tmp_path / "other.json", "{}")
    assert [p.name for p in tmp_path.iterdir()] == ["other.json"]


def test_what_older_versions_may_still_write_stays(tmp_path: Path, left_behind: list[str]) -> None:
    for name in left_behind:
        os.utime(tmp_path / name)
    write_text(tmp_path / "other.json", "{}")
    assert sorted(p.name for p in tmp_path.iterdir()) == [*left_behind, "other.json"]


@pytest.mark.skipif(os.name == "nt", reason="there, only age tells")
def test_what_an_older_version_has_locked_stays(tmp_path: Path, left_behind: list[str]) -> None:
    import fcntl

    with (tmp_path / ".see2sound-mix.wav").open() as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        write_text(tmp_path / "other.json", "{}")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".see2sound-mix.wav", "other.json"]
