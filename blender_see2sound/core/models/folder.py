"""Finds a checkpoint's files on this computer, and checks that they are whole and what they were.

A checkpoint lies in the models folder as ``owner--name`` (or ``owner/name``), as
`hf download --local-dir` leaves it; else in the Hugging Face cache, which is only read.
No hash of a published file is known in advance. What is here for the first time is
recorded beside the files (`RECORD`: the commit that the download resolved, where that
can be told, and SHA-256 sums) and checked each time that it is loaded from then on. In
the Hugging Face cache a file's name is its hash already.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import See2SoundError, from_os_error
from ..files import atomic_path
from ..progress import Progress, silent
from .checkpoints import Checkpoint

#: Names the models folder where nothing else does.
ENVIRONMENT = "SEE2SOUND_MODELS"
RECORD = "see2sound-files.json"

_WEIGHTS, _INDEX, _CONFIG = "model.safetensors", "model.safetensors.index.json", "config.json"
_CHUNK = 4 << 20
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Located:
    """A checkpoint that is here.

    Attributes
    ----------
    checkpoint : Checkpoint
    path : Path
        The folder with its files.
    files : tuple of str
        Their names, relative to it.
    commit : str or None
        Which revision they are, where that is known.
    cached : bool
        In the Hugging Face cache, which is not ours to write to.
    """

    checkpoint: Checkpoint
    path: Path
    files: tuple[str, ...]
    commit: str | None
    cached: bool


def models_folder(chosen: str | Path | None = None) -> Path:
    """The models folder: the one that is chosen, else the environment's, else this person's."""
    if chosen:
        return Path(chosen).expanduser()
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "See2Sound/models"
    if sys.platform == "darwin":
        return home / "Library/Application Support/See2Sound/models"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "see2sound/models"


def locate(checkpoint: Checkpoint, folder: Path) -> Located:
    """Find a checkpoint's files; nothing is read but small JSON files, nothing is downloaded.

    Raises
    ------
    See2SoundError
        Of kind "missing-part": naming the folder or the file that is missing.
    """
    for path, cached in _places(checkpoint, folder):
        if path.is_dir():
            files = tuple(_needed(checkpoint, path))
            return Located(checkpoint, path, files, _commit(path, cached), cached)
    raise _missing(
        checkpoint, f"it is neither in {folder / checkpoint.folder} nor in the Hugging Face cache"
    )


def check(located: Located, progress: Progress = silent) -> None:
    """Check every file of a checkpoint against what is known of it.

    Where nothing is known yet, its record is made: from then on its files must stay the same.

    Raises
    ------
    See2SoundError
        Of kind "missing-part": naming the file that has changed, is missing or cannot be read.
    Cancelled
    """
    tell = _Teller(located, progress)
    if located.cached:
        for name in located.files:
            expected = (located.path / name).resolve().name
            if _hash(located.path / name, expected, tell) != expected:
                raise _changed(located, name, "its content is not what its name in the cache says")
        return
    record = located.path / RECORD
    known = _read_json(record, located.checkpoint) if record.is_file() else None
    sums = {name: _hash(located.path / name, "", tell) for name in located.files}
    recorded = None if known is None else known.get("files")
    if recorded is None:
        _write_record(record, located, sums)
        return
    if not isinstance(recorded, dict):
        raise _changed(located, RECORD, "it is no record of files")
    for name, found in sums.items():
        if recorded.get(name) != found:
            raise _changed(located, name, f"it is not the file that {RECORD} tells of")


def broken(checkpoint: Checkpoint, path: Path, why: str) -> See2SoundError:
    """The error for a file of a checkpoint that is here but cannot be used."""
    return See2SoundError(
        f"{path} cannot be used",
        why,
        f"Delete the folder {path.parent} and get {checkpoint.repository} again",
        kind="missing-part",
    )


# ------------------------------------------------------------------ where


def _places(checkpoint: Checkpoint, folder: Path) -> Iterator[tuple[Path, bool]]:
    """Where a checkpoint may lie, and whether that is the Hugging Face cache."""
    yield folder / checkpoint.folder, False
    yield folder.joinpath(*checkpoint.repository.split("/")), False
    hub = os.environ.get("HF_HUB_CACHE") or Path(
        os.environ.get("HF_HOME") or Path.home() / ".cache/huggingface", "hub"
    )
    repository = Path(hub) / f"models--{checkpoint.folder}"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        commit = (repository / "refs/main").read_text().strip()
        if _COMMIT.fullmatch(commit):
            yield repository / "snapshots" / commit, True


def _needed(checkpoint: Checkpoint, path: Path) -> Iterator[str]:
    """The names of the files that a checkpoint needs, all of which are there."""
    for name in (_CONFIG, *checkpoint.files):
        if not (path / name).is_file():
            raise _missing(checkpoint, f"{path / name} is missing")
        yield name
    if (path / _WEIGHTS).is_file():
        yield _WEIGHTS
        return
    if not (path / _INDEX).is_file():
        pickles = [p.name for p in sorted(path.glob("*.bin")) + sorted(path.glob("*.pt"))]
        why = f"{path / _WEIGHTS} is missing"
        if pickles:
            why += f"; {pickles[0]} is a pickle, which can run anything, and is not loaded"
        raise _missing(checkpoint, why)
    yield _INDEX
    shards = _read_json(path / _INDEX, checkpoint).get("weight_map")
    if not isinstance(shards, dict) or not all(isinstance(s, str) for s in shards.values()):
        raise broken(checkpoint, path / _INDEX, "it does not say which files hold the weights")
    for shard in sorted(set(shards.values())):
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise broken(checkpoint, path / _INDEX, f"it names {shard!r}, which is not loaded")
        if not (path / shard).is_file():
            raise _missing(checkpoint, f"{path / shard} is missing")
        yield shard


def _commit(path: Path, cached: bool) -> str | None:
    """The revision that a folder's download resolved, where it left word of it."""
    if cached:
        return path.name
    # What `hf download --local-dir` notes of each file: the commit is the first line.
    notes = path / ".cache/huggingface/download" / f"{_CONFIG}.metadata"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        commit = notes.read_text().partition("\n")[0].strip()
        if _COMMIT.fullmatch(commit):
            return commit
    return None


# ------------------------------------------------------------------ what


class _Teller:
    """Tells how much of a checkpoint has been read."""

    def __init__(self, located: Located, progress: Progress) -> None:
        self._total = max(1, sum((located.path / name).stat().st_size for name in located.files))
        self._read = 0
        self._progress = progress

    def __call__(self, more: int) -> None:
        self._read += more
        self._progress("Checking the model's files", min(self._read / self._total, 1.0))


def _hash(path: Path, expected: str, tell: Callable[[int], None]) -> str:
    """SHA-256, or git's hash of a blob where that is expected (40 digits)."""
    digest = hashlib.sha256()
    try:
        if len(expected) == 40:
            digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                tell(len(chunk))
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    return digest.hexdigest()


def _write_record(record: Path, located: Located, sums: dict[str, str]) -> None:
    content = {
        "repository": located.checkpoint.repository,
        "commit": located.commit,
        "files": sums,
    }
    # A folder that others have put here to be read stays as it is: they answer for it.
    if os.access(record.parent, os.W_OK):
        with atomic_path(record) as part:
            part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _read_json(path: Path, checkpoint: Checkpoint) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    except ValueError as error:
        raise broken(checkpoint, path, f"it is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise broken(checkpoint, path, "it is no JSON object")
    return content


def _missing(checkpoint: Checkpoint, why: str) -> See2SoundError:
    return See2SoundError(
        f"the model {checkpoint.repository} is not here",
        why,
        "Put its files there, choose another models folder, or choose another part",
        kind="missing-part",
    )


def _changed(located: Located, name: str, why: str) -> See2SoundError:
    return See2SoundError(
        f"{located.path / name} has changed",
        why,
        f"If you did not change it, get {located.checkpoint.repository} again; "
        f"if you did, delete {RECORD} beside it",
        kind="missing-part",
    )
