"""The index of a library: an SQLite database with full-text search (FTS5), kept per library.

It lies in this person's own data folder, since a library may be on a disk that is only read.
Several processes may use it at once. One of another version, or damaged, is made anew: all that
is in it can be read from the library again.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ...errors import See2SoundError, from_os_error
from ...own_folders import data_folder

#: Marks a database as ours, and tells how it is laid out and how its words are cut.
_APPLICATION, _VERSION = 0x5332_534C, 7

#: Of an index so much may be kept in memory, KiB.
_CACHE = 32_768

#: Another process that writes is waited for so long, seconds.
_WAIT = 60.0

#: What SQLite says where tables, columns or texts are damaged or gone.
_DAMAGED = (
    *("no such", "malformed", "corrupt", "decode", "has no column", "syntax error"),
    *("already exists", "unrecognized token", "SQL logic error", "missing", "vtable constructor"),
    *("unsupported file format", "not a database"),
)

_LAYOUT = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- one number, one recording, for good
    path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    seconds REAL NOT NULL,
    catid TEXT NOT NULL,
    told TEXT NOT NULL,
    broken TEXT NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5(name, category, metadata, folder, tokenize='unicode61');
CREATE TABLE embeddings (
    file INTEGER NOT NULL,
    model TEXT NOT NULL,
    vector BLOB NOT NULL, -- numbers of 16 bits; empty where it could not be made
    PRIMARY KEY (file, model)
) WITHOUT ROWID;
CREATE TABLE listening (model TEXT PRIMARY KEY NOT NULL);
CREATE TABLE mounts (folder TEXT PRIMARY KEY NOT NULL);
CREATE TABLE heard (
    state INTEGER NOT NULL -- another number where embeddings have changed
);
INSERT INTO heard VALUES (random());
CREATE TRIGGER heard_more AFTER INSERT ON embeddings BEGIN UPDATE heard SET state = random(); END;
CREATE TRIGGER heard_less AFTER DELETE ON embeddings BEGIN UPDATE heard SET state = random(); END;
"""

#: How much a word counts in each column of `words`.
_WEIGHTS = "10.0, 7.0, 3.0, 1.5"

T = TypeVar("T")


@dataclass(frozen=True)
class Stamp:
    """By what one tells that a file has not changed: its size and when it was written, ns."""

    size: int
    changed: int


@dataclass(frozen=True)
class Entry:
    """A file as the index keeps it.

    Attributes
    ----------
    path : str
        Relative to the library, "/" between folders.
    stamp : Stamp
    seconds : float
        0 where it is broken.
    catid : str
    told : str
        What its metadata say, as written.
    words : (str, str, str, str)
        Stems of the name, the category, the metadata and the folders.
    broken : str
        Why it cannot be used; empty where it can.
    """

    path: str
    stamp: Stamp
    seconds: float = 0.0
    catid: str = ""
    told: str = ""
    words: tuple[str, str, str, str] = ("", "", "", "")
    broken: str = ""


@dataclass(frozen=True)
class Found:
    """A file that holds some of the words that were looked for; see `Entry`."""

    id: int
    path: str
    seconds: float
    words: tuple[str, str, str, str]


class Index:
    """An open index. Errors of SQLite pass through; `with_index` turns them into ours."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stamps(self) -> dict[str, Stamp]:
        """All files that are known, broken ones too."""
        rows = self._connection.execute("SELECT path, size, changed FROM files")
        return {path: Stamp(size, changed) for path, size, changed in _sound(rows, str, int, int)}

    def entry(self, path: str) -> Entry | None:
        """What is known of a file."""
        row = self._connection.execute(
            "SELECT path, size, changed, seconds, catid, told, name, category, metadata, folder, "
            "broken FROM files JOIN words ON words.rowid = id WHERE path = ?",
            (path,),
        ).fetchone()
        if row is None:
            return None
        next(_sound([row], str, int, int, float, *[str] * 7))
        path, size, changed, seconds, catid, told, *words, broken = row
        name, category, metadata, folder = words
        stamp = Stamp(size, changed)
        return Entry(path, stamp, seconds, catid, told, (name, category, metadata, folder), broken)

    def put(self, entries: Iterable[Entry]) -> None:
        """Add files, or replace what is known of them, at once."""
        with self._writing() as write:
            for entry in entries:
                _drop(write, entry.path)
                added = write.execute(
                    "INSERT INTO files (path, size, changed, seconds, catid, told, broken) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(entry.path, entry.stamp.size, entry.stamp.changed, entry.seconds),
                        *(entry.catid, entry.told, entry.broken),
                    ),
                )
                write.execute(
                    "INSERT INTO words (rowid, name, category, metadata, folder) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (added.lastrowid, *entry.words),
                )

    def move(self, old: str, entry: Entry) -> None:
        """Give a known file another path and the words of that."""
        with self._writing() as write:
            row = write.execute("SELECT id FROM files WHERE path = ?", (old,)).fetchone()
            if row is None:
                return
            _drop(write, entry.path)
            write.execute(
                "UPDATE files SET path = ?, catid = ? WHERE id = ?",
                (entry.path, entry.catid, row[0]),
            )
            write.execute(
                "UPDATE words SET name = ?, category = ?, metadata = ?, folder = ? WHERE rowid = ?",
                (*entry.words, row[0]),
            )

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files."""
        with self._writing() as write:
            for path in paths:
                _drop(write, path)

    def mounts(self) -> set[str]:
        """The folders that are the beginnings of other disks."""
        rows = self._connection.execute("SELECT folder FROM mounts")
        return {folder for (folder,) in _sound(rows, str)}

    def keep_mounts(self, folders: Iterable[str]) -> None:
        """Keep which folders are the beginnings of other disks."""
        with self._writing() as write:
            write.execute("DELETE FROM mounts")
            write.executemany("INSERT INTO mounts VALUES (?)", [(folder,) for folder in folders])

    def count(self) -> int:
        """How many files can be used."""
        row = self._connection.execute("SELECT count(*) FROM files WHERE broken = ''").fetchone()
        return int(row[0])

    def broken(self) -> list[tuple[str, str]]:
        """The files that cannot be used, and why."""
        rows = self._connection.execute(
            "SELECT path, broken FROM files WHERE broken IS NOT '' ORDER BY path"
        )
        return list(_sound(rows, str, str))

    def holding(self, groups: Sequence[Sequence[Sequence[str]]], most: int) -> list[Found]:
        """The files that hold a term of each group, those first that hold more and rarer ones.

        Parameters
        ----------
        groups : sequence of sequence of sequence of str
            Of each group its terms: stems that follow each other.
        most : int
        """
        query = " AND ".join(
            "(" + " OR ".join('"' + " ".join(term).replace('"', '""') + '"' for term in group) + ")"
            for group in groups
        )
        rows = self._connection.execute(
            "SELECT id, path, seconds, name, category, metadata, folder FROM "
            "(SELECT rowid AS place FROM words "
            f"WHERE words MATCH ? ORDER BY bm25(words, {_WEIGHTS}), rowid LIMIT ?) "
            "JOIN files ON files.id = place JOIN words ON words.rowid = place WHERE broken = ''",
            (query, most),
        )
        return list(_found(rows))

    def embeddings(self, model: str, files: Sequence[int]) -> dict[int, bytes]:
        """What a model has made of some files, as far as it is kept."""
        marks = ", ".join("?" * len(files))
        rows = self._connection.execute(
            f"SELECT file, vector FROM embeddings WHERE model = ? AND file IN ({marks})",
            (model, *files),
        )
        return dict(_vectors(rows))

    def all_embeddings(self, model: str) -> Iterator[tuple[int, bytes]]:
        """What a model has made of the files that can be used, as far as it is kept."""
        rows = self._connection.execute(
            "SELECT file, vector FROM embeddings JOIN files ON id = file "
            "WHERE model = ? AND broken = '' ORDER BY file",
            (model,),
        )
        yield from _vectors(rows)

    def heard_state(self) -> int:
        """A number that is another one where embeddings have changed."""
        for (state,) in _sound(self._connection.execute("SELECT state FROM heard"), int):
            return int(state)
        raise sqlite3.DatabaseError("a row of it is missing")

    def keep_embeddings(self, model: str, vectors: Mapping[int, bytes]) -> None:
        """Keep what a model has made of files, until these change."""
        with self._writing() as write:
            write.executemany(
                # A file may have gone while it was heard.
                "INSERT OR REPLACE INTO embeddings (file, model, vector) "
                "SELECT id, ?, ? FROM files WHERE id = ?",
                [(model, vector, file) for file, vector in vectors.items()],
            )

    def note_listening(self, model: str) -> None:
        """A person wants all recordings heard by a model."""
        with self._writing() as write:
            write.execute("INSERT OR IGNORE INTO listening (model) VALUES (?)", (model,))

    def is_listened(self, model: str) -> bool:
        """Whether a person wants all recordings heard by a model."""
        rows = self._connection.execute("SELECT 1 FROM listening WHERE model = ?", (model,))
        return rows.fetchone() is not None

    def deaf(self, model: str) -> list[str]:
        """The paths of the files that a model cannot hear."""
        rows = self._connection.execute(
            "SELECT path FROM embeddings JOIN files ON id = file "
            "WHERE model = ? AND length(vector) = 0 AND broken = '' ORDER BY path",
            (model,),
        )
        return [path for (path,) in _sound(rows, str)]

    def unheard(self, model: str) -> list[tuple[int, str]]:
        """The files, with their paths, of which a model has made nothing yet."""
        rows = self._connection.execute(
            "SELECT id, path FROM files WHERE broken = '' AND NOT EXISTS "
            "(SELECT 1 FROM embeddings WHERE file = id AND model = ?) ORDER BY path",
            (model,),
        )
        return list(_sound(rows, int, str))

    def found(self, files: Sequence[int]) -> list[Found]:
        """What is known of some files."""
        marks = ", ".join("?" * len(files))
        rows = self._connection.execute(
            "SELECT id, path, seconds, name, category, metadata, folder FROM files "
            f"JOIN words ON words.rowid = id WHERE id IN ({marks}) AND broken = ''",
            tuple(files),
        )
        return list(_found(rows))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        # At once, not at the first change: two that both read first could never both go on.
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()


def _sound(rows: Iterable[tuple[Any, ...]], *types: type) -> Iterator[tuple[Any, ...]]:
    """Rows that hold what they should; SQLite itself looks at no column's type when it reads."""
    for row in rows:
        if not all(map(isinstance, row, types)):
            raise sqlite3.DatabaseError("a row of it is damaged")
        yield row


def _found(rows: Iterable[tuple[Any, ...]]) -> Iterator[Found]:
    for key, path, seconds, a, b, c, d in _sound(rows, int, str, float, str, str, str, str):
        yield Found(key, path, seconds, (a, b, c, d))


def _vectors(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, bytes]]:
    for file, vector in _sound(rows, int, bytes):
        if len(vector) % 2:
            raise sqlite3.DatabaseError("a row of it is damaged")
        yield file, vector


def _drop(write: sqlite3.Connection, path: str) -> None:
    row = write.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
    if row is not None:
        write.execute("DELETE FROM words WHERE rowid = ?", row)
        write.execute("DELETE FROM embeddings WHERE file = ?", row)
        write.execute("DELETE FROM files WHERE id = ?", row)


# ------------------------------------------------------------------ the file


def index_path(library: Path) -> Path:
    """Where the index of a library is kept.

    Raises
    ------
    See2SoundError
        Of kind "no-permission" where this person has no folder of their own.
    """
    data = data_folder()
    if data is None:
        raise See2SoundError(
            "the library's index cannot be kept",
            "this person has no home folder",
            "Set XDG_DATA_HOME to a folder that can be written to",
            kind="no-permission",
        )
    name = hashlib.sha256(str(library.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return data / "libraries" / f"{name[:24]}.sqlite"


def with_index(library: Path, work: Callable[[Index], T]) -> T:
    """Do something with the index of a library; where that is damaged, once more with a new one.

    Raises
    ------
    See2SoundError
        Where it cannot be kept, or this Python's SQLite has no full-text search.
    """
    path = index_path(library)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, path.parent, "write") from error
    for attempt in range(2):
        try:
            with contextlib.closing(_opened(path)) as connection:
                return work(Index(connection))
        except (sqlite3.Error, UnicodeDecodeError) as error:
            if attempt or not _is_damage(error):
                raise _failed(path, error) from error
        _forget(path)
    raise AssertionError("unreachable")


def _is_damage(error: Exception) -> bool:
    """Whether an error says that the file is not as we wrote it: then a new one helps.

    What is locked, full, only read or without FTS5 would be so with a new one too.
    """
    if not isinstance(error, sqlite3.OperationalError):
        return True
    return any(sign in str(error) for sign in _DAMAGED) and not _lacks_search(error)


def _lacks_search(error: Exception) -> bool:
    return "no such module" in str(error)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
    try:
        connection.execute(f"PRAGMA cache_size = -{_CACHE}")
        marks = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        ]
        if marks != [_APPLICATION, _VERSION]:
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and marks != [0, 0]:
                raise sqlite3.DatabaseError("it is of another version")
            _lay_out(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _lay_out(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        for statement in _LAYOUT.strip().split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.commit()


def _forget(path: Path) -> None:
    for file in (path, path.with_name(path.name + "-journal"), path.with_suffix(".heard")):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise from_os_error(error, file, "write") from error


def _failed(path: Path, error: Exception) -> See2SoundError:
    why = str(error)
    if _lacks_search(error):
        return See2SoundError(
            "libraries cannot be searched here",
            "the SQLite of this Python has no full-text search (FTS5)",
            "Choose another Python for the worker in the preferences",
            kind="missing-part",
        )
    if "full" in why:
        return See2SoundError(
            f"cannot write {path}", "the disk is full", "Free some space", kind="no-space"
        )
    return See2SoundError(
        f"cannot use {path}, the index of the library",
        why,
        "Close other programs that use it, or delete this file: it is made anew",
        kind="no-permission",
    )
