"""A library's index keeps in step with its folder, whatever happens to either."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.progress import silent
from blender_see2sound.core.sounds.library import index as indexing
from blender_see2sound.core.sounds.library.browsing import browse
from blender_see2sound.core.sounds.library.index import Entry, Stamp, index_path, with_index
from blender_see2sound.core.sounds.library.scanning import Scan, scan


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    for name in ("dog bark.wav", "weather/heavy rain.flac", "weather/wind.ogg", "deep/er/car.mp3"):
        record(folder / name)
    return folder


def record(path: Path, seconds: float = 0.2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(path.name)).normal(0.0, 0.1, round(seconds * 44_100))
    soundfile.write(path, noise.astype(np.float32), 44_100)
    return path


def scanned(library: Path) -> Scan:
    return browse(library, "", 0, silent).scan


def found(library: Path, words: str) -> list[str]:
    return [hit.path for hit in browse(library, words, 9, silent).hits]


def test_all_formats_in_all_folders_are_found(library: Path) -> None:
    assert scanned(library) == Scan(4, 4, 0, 0, ())
    for words, path in (
        ("dog", "dog bark.wav"),
        ("rain", "weather/heavy rain.flac"),
        ("wind", "weather/wind.ogg"),
        ("car", "deep/er/car.mp3"),
    ):
        assert found(library, words) == [path]


def test_nothing_is_read_twice(library: Path) -> None:
    scanned(library)
    assert scanned(library) == Scan(4, 0, 0, 0, ())


def test_new_changed_and_deleted_files_are_noticed(library: Path) -> None:
    scanned(library)
    record(library / "cat meow.wav")
    record(library / "dog bark.wav", 0.5)
    (library / "weather/wind.ogg").unlink()
    assert scanned(library) == Scan(4, 2, 0, 1, ())
    assert found(library, "cat") == ["cat meow.wav"]
    assert found(library, "wind") == []
    hit = browse(library, "dog", 1, silent).hits[0]
    assert hit.seconds == pytest.approx(0.5, abs=0.01)


def test_moved_files_are_not_read_again(library: Path) -> None:
    scanned(library)
    with_index(
        library, lambda index: index.keep_embeddings("model", {_id(library, "dog"): b"kept"})
    )
    (library / "pets").mkdir()
    (library / "dog bark.wav").rename(library / "pets/puppy whining.wav")
    assert scanned(library) == Scan(4, 0, 1, 0, ())
    assert found(library, "puppy") == ["pets/puppy whining.wav"]
    assert found(library, "bark") == []
    key = _id(library, "whining")
    assert with_index(library, lambda index: index.embeddings("model", [key])) == {key: b"kept"}


def test_what_is_kept_of_a_file_goes_when_it_changes(library: Path) -> None:
    scanned(library)
    key = _id(library, "dog")
    with_index(library, lambda index: index.keep_embeddings("model", {key: b"old"}))
    record(library / "dog bark.wav", 0.6)
    scanned(library)
    keys = [key, _id(library, "dog")]
    assert with_index(library, lambda index: index.embeddings("model", keys)) == {}


def _id(library: Path, words: str) -> int:
    return browse(library, words, 1, silent).hits[0].id


def test_broken_files_are_passed_over_and_listed(library: Path) -> None:
    (library / "noise.wav").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    (library / "text.mp3").write_text("not a sound")
    (library / "nothing.flac").touch()
    record(library / "headless.wav", 1.0)
    with (library / "headless.wav").open("r+b") as file:
        file.truncate(20)
    (library / "read me.txt").write_text("not looked at")
    (library / "._dog bark.wav").write_bytes(b"what macOS leaves")
    result = scanned(library)
    assert result.files == 4
    assert [path for path, _ in result.broken] == [
        "headless.wav", "noise.wav", "nothing.flac", "text.mp3"
    ]  # fmt: skip
    assert all(why for _, why in result.broken)
    assert found(library, "noise") == []
    # They are not tried again, but when they have been mended.
    assert scanned(library).read == 0
    record(library / "text.mp3")
    assert scanned(library).read == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there, a folder in use keeps its name")
def test_a_disk_that_is_taken_out_while_it_is_read_leaves_nothing_broken(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blender_see2sound.core.sounds.library.scanning._BATCH", 10)
    (library / "text.mp3").write_text("not a sound")
    for number in range(30):
        record(library / f"{number}.wav")
    away = library.with_name("taken out")

    def take_out(phase: str, fraction: float) -> None:
        if phase.startswith("Reading") and library.exists():
            library.rename(away)

    lost = browse(library, "", 0, take_out).scan
    assert lost.files < 34
    assert len(lost.broken) > 1
    assert all(why for _, why in lost.broken)
    away.rename(library)
    back = scanned(library)
    assert back.files == 34
    assert [path for path, _ in back.broken] == ["text.mp3"]
    assert scanned(library).read == 0


@pytest.mark.skipif(sys.platform == "win32", reason="such names and links are POSIX")
def test_odd_names_and_circles_of_links_do_no_harm(library: Path) -> None:
    record(library / "Übung ♫ 'quoted' \"x\" %_.wav")
    shutil.copy(library / "dog bark.wav", os.fsencode(library) + b"/bad \xff name.wav")
    (library / "weather/again").symlink_to(library)
    (library / "dangling.wav").symlink_to(library / "nowhere.wav")
    result = scanned(library)
    assert result.files == 5
    assert len(result.broken) <= 2
    assert found(library, "ubung") == ["Übung ♫ 'quoted' \"x\" %_.wav"]


def test_a_library_that_is_only_read_stays_as_it_is(library: Path) -> None:
    before = sorted(library.rglob("*"))
    library.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert scanned(library).files == 4
    finally:
        library.chmod(stat.S_IRWXU)
    assert sorted(library.rglob("*")) == before


def test_a_missing_library_is_told(tmp_path: Path) -> None:
    with pytest.raises(See2SoundError, match="nowhere") as caught:
        scanned(tmp_path / "nowhere")
    assert caught.value.kind == "missing-file"


def _listen(library: Path) -> dict[int, bytes]:
    """Keep what a model might have made of each recording."""
    kept = {
        _id(library, words): words[:4].ljust(4).encode() for words in ("dog", "rain", "wind", "car")
    }
    with_index(library, lambda index: index.keep_embeddings("model", kept))
    return kept


def _heard(library: Path, files: Iterable[int]) -> dict[int, bytes]:
    return with_index(library, lambda index: index.embeddings("model", list(files)))


def test_an_empty_mount_point_is_told_and_what_is_known_of_its_disk_is_kept(library: Path) -> None:
    scanned(library)
    kept = _listen(library)
    away = library.with_name("not connected")
    library.rename(away)
    library.mkdir()
    (library / "read me.txt").touch()
    for _ in range(2):
        with pytest.raises(See2SoundError, match=r"holds no recordings.*4 were.*Connect") as caught:
            scanned(library)
        assert caught.value.kind == "missing-file"
    shutil.rmtree(library)
    away.rename(library)
    assert scanned(library) == Scan(4, 0, 0, 0, ())
    assert _heard(library, kept) == kept


def test_a_library_that_was_emptied_is_used_again_when_there_are_recordings(library: Path) -> None:
    scanned(library)
    shutil.rmtree(library)
    library.mkdir()
    with pytest.raises(See2SoundError, match="holds no recordings"):
        scanned(library)
    record(library / "cat meow.wav")
    assert scanned(library) == Scan(1, 1, 0, 4, ())
    assert found(library, "dog") == []


def test_a_folder_that_never_held_recordings_is_no_error(tmp_path: Path) -> None:
    assert scanned(tmp_path) == Scan(0, 0, 0, 0, ())


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def mounted(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let a folder, wherever it goes, be on a disk of its own."""
    stat, inode = os.stat, folder.stat().st_ino

    def told(path: str | Path, **more: bool) -> os.stat_result:
        about = stat(path, **more)
        if about.st_ino != inode:
            return about
        return os.stat_result((*about[:2], about.st_dev + 1, *about[3:]))

    monkeypatch.setattr(os, "stat", told)


def test_of_a_disk_in_a_subfolder_all_is_kept_until_it_is_back(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, away = library / "weather", library.with_name("not connected")
    mounted(monkeypatch, folder)
    before = scanned(library).files
    assert found(library, "rain")
    folder.rename(away)
    folder.mkdir()
    told = scanned(library)
    assert (told.files, told.gone) == (before, 0)
    assert told.broken == (("weather", "the disk that was there is not connected"),)
    assert scanned(library) == told  # as long as it is away
    folder.rmdir()
    away.rename(folder)
    back = scanned(library)
    assert (back.files, back.read, back.gone, back.broken) == (before, 0, 0, ())
    # What is deleted on the disk is gone, and so is a folder that is gone itself.
    (folder / "heavy rain.flac").unlink()
    assert (scanned(library).gone, found(library, "rain")) == (1, [])
    folder.rename(away)
    assert not scanned(library).broken


def test_a_subfolder_of_the_same_disk_that_was_emptied_is_empty(library: Path) -> None:
    before = scanned(library).files
    inside = list((library / "weather").iterdir())
    for file in inside:
        file.unlink()
    told = scanned(library)
    assert (told.files, told.gone, told.broken) == (before - len(inside), len(inside), ())


def test_what_a_link_led_to_is_kept_until_its_disk_is_back(library: Path) -> None:
    disk = library.with_name("disk")
    (library / "weather").rename(disk)
    (library / "weather").symlink_to(disk)
    scanned(library)
    kept = _listen(library)
    disk.rename(library.with_name("not connected"))
    result = scanned(library)
    assert (result.gone, [path for path, _ in result.broken]) == (0, ["weather"])
    library.with_name("not connected").rename(disk)
    assert scanned(library) == Scan(4, 0, 0, 0, ())
    assert _heard(library, kept) == kept


@pytest.mark.parametrize("when", ["opened", "listed"])
def test_what_is_below_a_folder_that_cannot_be_read_is_kept(
    library: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    record(library / "weather report.wav")
    scanned(library)
    kept = _listen(library)
    (library / "weather report.wav").unlink()
    look = os.scandir

    def fail(folder: Path) -> Iterator[os.DirEntry[str]]:
        raise OSError(errno.EIO, "Input/output error")
        yield

    def scandir(folder: Path) -> contextlib.AbstractContextManager[Iterator[os.DirEntry[str]]]:
        if Path(folder).name != "weather":
            return look(folder)
        if when == "opened":
            raise PermissionError(errno.EACCES, "Permission denied")
        return contextlib.nullcontext(fail(folder))

    with monkeypatch.context() as unreadable:
        unreadable.setattr(os, "scandir", scandir)
        result = scanned(library)
        assert (result.files, result.gone) == (4, 1)
        assert [path for path, _ in result.broken] == ["weather"]
    assert scanned(library) == Scan(4, 0, 0, 0, ())
    assert _heard(library, kept) == kept


def test_cancel_loses_nothing(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        record(library / f"{number}.wav")
    monkeypatch.setattr("blender_see2sound.core.sounds.library.scanning._BATCH", 10)
    left = [25]

    def stop(phase: str, fraction: float) -> None:
        if phase.startswith("Reading"):
            left[0] -= 1
            if not left[0]:
                raise Cancelled

    with pytest.raises(Cancelled):
        browse(library, "", 0, stop)
    result = scanned(library)
    assert result.files == 34
    assert 0 < result.read <= 10


def test_a_library_is_indexed_by_two_processes_at_once(library: Path) -> None:
    for number in range(60):
        record(library / f"{number}.wav", 0.05)
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        counts = pool.map(count_of, [library] * 2)
    assert counts == [64, 64]
    assert scanned(library) == Scan(64, 0, 0, 0, ())


def count_of(library: Path) -> int:
    return scanned(library).files


@pytest.mark.parametrize("damage", ["no database", "cut off", "another version"])
def test_an_index_that_cannot_be_used_is_made_anew(library: Path, damage: str) -> None:
    scanned(library)
    path = index_path(library)
    if damage == "no database":
        path.write_bytes(b"something else" * 1000)
    elif damage == "cut off":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    else:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    assert scanned(library).files == 4
    assert found(library, "rain") == ["weather/heavy rain.flac"]


@pytest.mark.parametrize("table", ["files", "words", "words_data", "words_content", "embeddings"])
def test_an_index_without_a_table_is_made_anew(library: Path, table: str) -> None:
    scanned(library)
    with contextlib.closing(sqlite3.connect(index_path(library))) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = ?", (table,))
        connection.commit()
    record(library / "weather/thunder.wav")
    with_index(library, lambda index: index.embeddings("model", [1]))
    assert scanned(library).files == 5
    assert found(library, "rain") == ["weather/heavy rain.flac"]


@pytest.mark.parametrize("value", [None, b"\xff\xfe", 3])
@pytest.mark.parametrize("column", ["path", "size", "seconds", "broken"])
def test_an_index_with_damaged_rows_is_made_anew(library: Path, column: str, value: object) -> None:
    scanned(library)
    path = index_path(library)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '')")
        connection.commit()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE files SET {column} = CAST(? AS BLOB) WHERE id = 2", (value,))
        connection.commit()
    assert scanned(library).files == 4
    for words in ("dog", "rain", "wind", "car"):
        assert len(found(library, words)) == 1


def test_an_index_in_which_anything_has_changed_is_used_or_made_anew(library: Path) -> None:
    scanned(library)
    path = index_path(library)
    whole = path.read_bytes()
    for seed in range(40):
        chance = np.random.default_rng(seed)
        content = np.frombuffer(whole, np.uint8).copy()
        # Its head and the schema too, where most goes wrong.
        reach = len(content) if seed % 2 else 4096
        content[chance.integers(0, reach, 400)] = chance.integers(0, 256, 400)
        path.write_bytes(content.tobytes())
        browse(library, "rain dog wind", 9, silent)
        # What is left of other changes is a library's index too.
        with_index(
            library,
            lambda index: index.put([index.entry("dog bark.wav") or Entry("x", Stamp(1, 1))]),
        )


def test_sqlite_without_full_text_search_is_told(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_LAYOUT", indexing._LAYOUT.replace("fts5", "fts5_not_here"))
    with pytest.raises(See2SoundError, match="full-text search") as caught:
        scanned(library)
    assert caught.value.kind == "missing-part"


def test_progress_never_goes_back(library: Path) -> None:
    told: list[float] = []
    with_index(library, lambda index: scan(index, library, lambda _, f: told.append(f)))
    assert told == sorted(told)
    assert told[-1] == 1.0
