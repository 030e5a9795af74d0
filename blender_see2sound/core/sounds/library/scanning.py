"""Keeps the index of a library in step with its folder.

Files are told apart by size and time of writing; only new and changed ones are opened, and of
these only the headers. What has moved keeps what is known of it. What was read is kept now and
then, so that a scan that is cancelled goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ...errors import See2SoundError, from_os_error
from ...progress import Progress, part_of
from .index import Entry, Index, Stamp
from .metadata import SUFFIXES, read_metadata
from .names import named, spelled
from .stems import stemmed

#: Files that are read before the index is written again.
_BATCH = 200

#: Files are opened side by side: where they lie on a network most of the time is waiting.
_SIDE_BY_SIDE = 8

#: Files between two reports of progress while folders are listed.
_LISTED = 500


@dataclass(frozen=True)
class Scan:
    """What a scan found.

    Attributes
    ----------
    files : int
        Recordings that can be used now.
    read, moved, gone : int
        New or changed since the last scan; under another path; no longer there.
    broken : tuple of (path, why)
        Those that cannot be used, and what could not be read this time.
    """

    files: int
    read: int
    moved: int
    gone: int
    broken: tuple[tuple[str, str], ...]


def scan(index: Index, library: Path, progress: Progress) -> Scan:
    """Bring an index up to date with its library.

    Raises
    ------
    See2SoundError
        Where the library is no folder that can be read; of kind "missing-file" also where it
        holds no recording any more: of a disk that is not connected an empty folder may be left.
        What is known of the recordings is kept.
    Cancelled
        What was read until then is kept.
    """
    phase = "Looking through the library"
    progress(phase, 0.0)
    found = _listed(library, part_of(progress, 0.0, 0.1))
    here, unreadable = found.here, found.unreadable
    away = _not_connected(index, library, found)
    unreadable |= dict.fromkeys(away, "the disk that was there is not connected")
    known = index.stamps()
    fresh = {path: stamp for path, stamp in here.items() if known.get(path) != stamp}
    gone = {
        path: stamp
        for path, stamp in known.items()
        if path not in here and not _is_within(path, unreadable)
    }
    if gone and not here:
        raise See2SoundError(
            f"the library {library} holds no recordings now",
            f"{len(gone)} were there before",
            "Connect the disk that they are on; if they are gone for good, put others there or "
            "choose another folder",
            kind="missing-file",
        )
    moved = _moves(gone, {path: s for path, s in fresh.items() if path not in known})
    for path, old in moved.items():
        entry = index.entry(old)
        if entry is not None:
            index.move(old, _renamed(entry, path))
        progress(phase, 0.1)
    index.remove(path for path in gone if path not in moved.values())
    paths = [path for path in fresh if path not in moved]
    failed = _read(index, library, paths, fresh, part_of(progress, 0.1, 1.0))
    progress(phase, 1.0)
    unlisted = {_shown(path): why for path, why in unreadable.items()}
    broken = {**dict(index.broken()), **failed, **unlisted}
    return Scan(
        index.count(), len(paths), len(moved), len(gone) - len(moved), tuple(broken.items())
    )


def _read(
    index: Index, library: Path, paths: list[str], stamps: dict[str, Stamp], progress: Progress
) -> dict[str, str]:
    """Read the headers of files, and keep what they say; of those that cannot be read, why.

    These are not kept: a disk that is taken out, or a file that another program has locked, says
    nothing of the recording.
    """
    phase = "Reading the library"
    failed: dict[str, str] = {}
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as readers:
        for start in range(0, len(paths), _BATCH):
            entries = []
            batch = paths[start : start + _BATCH]
            reading = readers.map(lambda path: _tried(library, path, stamps[path]), batch)
            try:
                for number, (path, entry) in enumerate(zip(batch, reading, strict=True), start + 1):
                    if isinstance(entry, Entry):
                        entries.append(entry)
                    else:
                        failed[path] = entry.strerror or str(entry)
                    progress(phase, number / len(paths))
            finally:
                # Also what was read before a person cancelled.
                index.put(entries)
    return failed


def _is_within(path: str, folders: Mapping[str, str]) -> bool:
    """Whether a file is one of these, or below one of these folders; "" is the whole library."""
    return any(
        within in folders for within in (path, *(str(p) for p in PurePosixPath(path).parents), "")
    )


def _not_connected(index: Index, library: Path, found: _Listing) -> set[str]:
    """Folders that are left, empty, where there were disks with recordings."""

    def holds(folder: str) -> bool:
        return any(path.startswith(f"{folder}/") for path in found.here)

    before = index.mounts()
    away = {
        folder
        for folder in before - found.mounts
        if (library / folder).is_dir() and not holds(folder)
    }
    now = set(filter(holds, found.mounts)) | away
    if now != before:
        index.keep_mounts(now)
    return away


@dataclass
class _Listing:
    """What is in a library.

    Attributes
    ----------
    here : dict of str to Stamp
        Its recordings.
    unreadable : dict of str to str
        What cannot be read there, and why.
    mounts : set of str
        Folders that are on another disk than the folder they are in.
    waiting : list of (str, int)
        Folders to look into, and on which disk they are.
    seen : set of (int, int)
        Those that were, by what a system tells folders apart.
    """

    here: dict[str, Stamp]
    unreadable: dict[str, str]
    mounts: set[str]
    waiting: list[tuple[str, int]]
    seen: set[tuple[int, int]]


def _listed(library: Path, progress: Progress) -> _Listing:
    try:
        top = library.stat()
        with os.scandir(library):
            pass
    except OSError as error:
        raise from_os_error(error, library, "read") from error
    found = _Listing({}, {}, set(), [("", top.st_dev)], {(top.st_dev, top.st_ino)})
    while found.waiting:
        folder, disk = found.waiting.pop()
        try:
            for item in _items(library / folder):
                _take(item, f"{folder}/{item.name}" if folder else item.name, disk, found)
                if len(found.here) % _LISTED == 0:
                    progress("Looking through the library", 0.5)
        except OSError as error:
            found.unreadable[folder] = error.strerror or str(error)
        progress("Looking through the library", 0.5)
    return found


def _items(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as items:
        # Names with a dot in front are hidden; macOS puts such beside files on foreign disks.
        yield from (item for item in items if not item.name.startswith("."))


def _take(item: os.DirEntry[str], path: str, disk: int, found: _Listing) -> None:
    """Note a recording, or a folder to look into; a link to one that was seen is passed over."""
    sounds = os.path.splitext(item.name)[1].lower() in SUFFIXES
    try:
        if item.is_dir():
            about = os.stat(item.path)  # of Windows' listing the numbers are missing
            if about.st_dev != disk:
                path.encode()
                found.mounts.add(path)
            if (about.st_dev, about.st_ino) not in found.seen:
                found.seen.add((about.st_dev, about.st_ino))
                found.waiting.append((path, about.st_dev))
        elif sounds and item.is_file():
            about = item.stat()
            path.encode()
            found.here[path] = Stamp(about.st_size, about.st_mtime_ns)
        elif item.is_symlink():
            os.stat(item.path)  # one that leads nowhere may lead to a disk that is not connected
    except UnicodeEncodeError:
        found.unreadable[path] = "its name is not text"
    except OSError as error:
        found.unreadable[path] = error.strerror or str(error)


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode()


def _moves(gone: dict[str, Stamp], fresh: dict[str, Stamp]) -> dict[str, str]:
    """For new files that are old ones under another path, the old path.

    Size and time of writing must be one file's alone, before and now.
    """
    left, come = _by_stamp(gone), _by_stamp(fresh)
    return {
        come[stamp][0]: paths[0]
        for stamp, paths in left.items()
        if len(paths) == 1 and len(come.get(stamp, ())) == 1
    }


def _by_stamp(files: dict[str, Stamp]) -> dict[Stamp, list[str]]:
    by_stamp: dict[Stamp, list[str]] = {}
    for path, stamp in files.items():
        by_stamp.setdefault(stamp, []).append(path)
    return by_stamp


def _tried(library: Path, path: str, stamp: Stamp) -> Entry | OSError:
    try:
        return entry_of(library, path, stamp)
    except OSError as error:
        return error


def entry_of(library: Path, path: str, stamp: Stamp) -> Entry:
    """What the index keeps of a file.

    Raises
    ------
    OSError
        It cannot be opened or read, now.
    """
    try:
        found = read_metadata(library / path)
    except ValueError as error:
        with (library / path).open("rb") as file:
            file.read(1)  # libsndfile does not tell a disk that has gone from a damaged file
        return Entry(path, stamp, broken=str(error))
    entry = Entry(path, stamp, found.frames / found.rate, found.catid, told=found.words)
    return _renamed(entry, path)


def _renamed(entry: Entry, path: str) -> Entry:
    """An entry with the words of this path."""
    name = named(path, entry.catid)
    words = (name.words, name.category, spelled(entry.told), name.folder)
    cut = tuple(" ".join(stemmed(text)) for text in words)
    return replace(entry, path=path, catid=name.catid, words=(cut[0], cut[1], cut[2], cut[3]))
