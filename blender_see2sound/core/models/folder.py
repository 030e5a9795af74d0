"""Finds a checkpoint's files on this computer, and checks that they are whole and what they were.

A checkpoint lies in the models folder as ``owner--name`` (or ``owner/name``), as
`hf download --local-dir` leaves it; else in the Hugging Face cache, which is only read.
No hash of a published file is known in advance. What is here for the first time is
recorded beside the files (`RECORD`: the commit that the download resolved, where that
can be told, and SHA-256 sums) and checked each time that it is loaded from then on. For
the cache the record is in the models folder, as ``owner--name-`` and that name; there
the hash in a file's name is checked too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import See2SoundError, from_os_error
from ..files import write_text
from ..own_folders import data_folder
from ..progress import Progress, silent
from .checkpoints import Checkpoint
from .hub_cache import COMMIT, snapshots

#: Names the models folder where nothing else does.
ENVIRONMENT = "SEE2SOUND_MODELS"
RECORD = "see2sound-files.json"

_CONFIG, _PIPELINE = "config.json", "model_index.json"
#: How `transformers` and `diffusers` name weights, and the index of their shards.
_WEIGHTS = ("model.safetensors", "diffusion_pytorch_model.safetensors")
INDEX = ".safetensors.index.json"
_INDEXES = tuple(name.replace(".safetensors", INDEX) for name in _WEIGHTS)
_CHUNK = 4 << 20
#: What libraries read besides JSON files where it is there: it must stay the same too.
_READ = (
    "merges.txt", "vocab.txt", "chat_template.jinja", "spiece.model", "tokenizer.model",
    "sentencepiece.bpe.model",
)  # fmt: skip
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


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
    noted : Path or None
        Where its record is, unless beside its files.
    """

    checkpoint: Checkpoint
    path: Path
    files: tuple[str, ...]
    commit: str | None
    cached: bool
    noted: Path | None = None

    @property
    def record(self) -> Path:
        """The file that tells what its files were."""
        return self.noted or self.path / RECORD

    @property
    def weights(self) -> str:
        """The name of the file of weights, or of the index of its shards."""
        return next(name for name in self.files if name in (*_WEIGHTS, *_INDEXES))

    def component(self, name: str) -> Located:
        """One component of a pipeline, as if it were a checkpoint of its own."""
        part = next(part for part in self.checkpoint.components if part.name == name)
        return Located(
            Checkpoint(self.checkpoint.repository, part.classes, part.files),
            self.path / name,
            tuple(f.removeprefix(f"{name}/") for f in self.files if f.startswith(f"{name}/")),
            self.commit,
            self.cached,
        )


def models_folder(chosen: str | Path | None = None) -> Path:
    """The models folder: the one that is chosen, else the environment's, else this person's.

    Raises
    ------
    See2SoundError
        Of kind "missing-part" where this person has no folder of their own.
    """
    if chosen:
        return Path(chosen).expanduser()
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).expanduser()
    own = data_folder()
    if own is None:
        raise See2SoundError(
            "there is no place for models",
            "this person has no home folder",
            f"Choose a models folder, or set {ENVIRONMENT}",
            kind="missing-part",
        )
    return own / "models"


def locate(checkpoint: Checkpoint, folder: Path) -> Located:
    """Find a checkpoint's files; nothing is read but small JSON files, nothing is downloaded.

    A folder in which something is missing is passed over where another one is complete.

    Raises
    ------
    See2SoundError
        Of kind "missing-part": naming the folder or the file that is missing or broken;
        "no-permission" for a folder that cannot be read.
    """
    first: See2SoundError | None = None
    for path, cached in _places(checkpoint, folder):
        try:
            if path.is_dir():
                files = tuple(_needed(checkpoint, path))
                noted = folder / f"{checkpoint.folder}-{RECORD}" if cached else None
                return Located(checkpoint, path, files, _commit(path, cached), cached, noted)
        except OSError as error:
            first = first or See2SoundError(
                f"cannot read {path}",
                error.strerror or str(error),
                "Change its permissions, or choose another models folder",
                kind="no-permission",
            )
        except See2SoundError as error:
            first = first or error
    raise first or _missing(
        checkpoint, f"it is neither in {folder / checkpoint.folder} nor in the Hugging Face cache"
    )


def has_begun(checkpoint: Checkpoint, folder: Path) -> bool:
    """Whether there is a folder of a checkpoint, whatever it holds."""
    return any(os.path.isdir(path) for path, _ in _places(checkpoint, folder))


def check(located: Located, progress: Progress = silent) -> dict[str, str]:
    """Check every file of a checkpoint against what is known of it.

    Returns
    -------
    dict
        For `remember`: the files' SHA-256 sums where nothing is known of them yet; else empty.

    Raises
    ------
    See2SoundError
        Of kind "missing-part": naming the file that has changed, is missing or cannot be read.
    Cancelled
    """
    tell = _teller(located, progress)
    sums = {}
    for name in (*located.files, *_read_besides(located)):
        sums[name] = _hash(located, name, tell)
        blob = (located.path / name).resolve().name
        # Where links cannot be made, the cache holds copies under their plain names.
        if located.cached and _HASH.fullmatch(blob):
            found = sums[name] if len(blob) == 64 else _hash(located, name, tell, blob)
            if found != blob:
                why = "its content is not what its name in the cache says"
                raise _changed(located, name, why)
    if not located.record.exists():
        return sums
    content = _read_json(located.checkpoint, located.record.parent, located.record.name)
    recorded = content.get("files")
    if not isinstance(recorded, dict):
        raise _changed(located, "", f"{located.record} is no record of files")
    for name in {**recorded, **sums}:
        if name not in sums:
            raise _changed(located, name, f"it is gone, and {located.record} tells of it")
        if recorded.get(name) != sums[name]:
            raise _changed(located, name, f"it is not the file that {located.record} tells of")
    return {}


def _read_besides(located: Located) -> list[str]:
    """The names of files that libraries read where they are there."""
    names = (name for name in _READ if name not in located.files)
    return [name for name in names if (located.path / name).is_file()]


def remember(located: Located, sums: dict[str, str]) -> None:
    """Record what `check` gave, after the files have proved good: from then on they must stay so.

    A folder that others have put here to be read only stays as it is: they answer for it.

    Raises
    ------
    See2SoundError
    """
    if not sums:
        return
    content = {
        "repository": located.checkpoint.repository,
        "commit": located.commit,
        "files": sums,
    }
    folder = located.record.parent
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, folder, "write") from error
        write_text(located.record, json.dumps(content, indent=1) + "\n")
    except See2SoundError as error:
        if error.kind != "no-permission":
            raise


def broken(located: Located, name: str, why: str) -> See2SoundError:
    """The error for a file of a checkpoint (all of them where it is "") that cannot be used."""
    return _broken(located.checkpoint, located.path, name, why)


def read_json(located: Located, name: str) -> dict[str, Any]:
    """A JSON object among a checkpoint's files."""
    return _read_json(located.checkpoint, located.path, name)


# ------------------------------------------------------------------ where


def _places(checkpoint: Checkpoint, folder: Path) -> Iterator[tuple[Path, bool]]:
    """Where a checkpoint may lie, and whether that is the Hugging Face cache."""
    yield folder / checkpoint.folder, False
    yield folder.joinpath(*checkpoint.repository.split("/")), False
    for snapshot in snapshots(checkpoint, folder, _recorded_commit(checkpoint, folder)):
        yield snapshot, True


def _recorded_commit(checkpoint: Checkpoint, folder: Path) -> str | None:
    """The revision of a checkpoint in the cache that was used before."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        content = json.loads((folder / f"{checkpoint.folder}-{RECORD}").read_text("utf-8"))
        return str(content["commit"]) if isinstance(content, dict) and "commit" in content else None
    return None


def _needed(checkpoint: Checkpoint, path: Path) -> Iterator[str]:
    """The names of the files that a checkpoint needs, all of which are there."""
    if not checkpoint.components:
        yield from _needed_of_model(checkpoint, path, (_CONFIG, *checkpoint.files), weights=True)
        return
    if not (path / _PIPELINE).is_file():
        raise _missing(checkpoint, _gone(path / _PIPELINE))
    yield _PIPELINE
    for part in checkpoint.components:
        inner = path / part.name
        for name in _needed_of_model(checkpoint, inner, part.files, weights=part.weights):
            yield f"{part.name}/{name}"


def _needed_of_model(
    checkpoint: Checkpoint, path: Path, files: tuple[str, ...], *, weights: bool
) -> Iterator[str]:
    for name in files:
        if not (path / name).is_file():
            raise _missing(checkpoint, _gone(path / name))
        yield name
    # What the libraries read besides, where it is there, must stay the same too.
    known = {RECORD, *_INDEXES, *files}
    yield from sorted(p.name for p in path.glob("*.json") if p.name not in known)
    if not weights:
        return
    if found := next((name for name in _WEIGHTS if (path / name).is_file()), None):
        yield found
        return
    index = next((name for name in _INDEXES if (path / name).is_file()), None)
    if index is None:
        pickles = [p.name for p in sorted(path.glob("*.bin")) + sorted(path.glob("*.pt"))]
        expected = path / _WEIGHTS[bool(checkpoint.components)]
        why = _gone(next((p for p in map(path.joinpath, _WEIGHTS) if os.path.lexists(p)), expected))
        if pickles:
            why += f"; {pickles[0]} is a pickle, which can run anything, and is not loaded"
        raise _missing(checkpoint, why)
    yield index
    shards = _read_json(checkpoint, path, index).get("weight_map")
    if not isinstance(shards, dict) or not all(isinstance(s, str) for s in shards.values()):
        raise _broken(checkpoint, path, index, "it does not say which files hold the weights")
    for shard in sorted(set(shards.values())):
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise _broken(checkpoint, path, index, f"it names {shard!r}, which is not loaded")
        if not (path / shard).is_file():
            raise _missing(checkpoint, _gone(path / shard))
        yield shard


def _gone(path: Path) -> str:
    """What is wrong with a path that is no file: a folder, a pipe, a link to nothing or to itself."""
    return f"{path} is {'no file' if os.path.lexists(path) else 'missing'}"


def _commit(path: Path, cached: bool) -> str | None:
    """The revision that a folder's download resolved, where it left word of it."""
    if cached:
        return path.name
    # What `hf download --local-dir` notes of each file: the commit is the first line.
    for name in (_CONFIG, _PIPELINE):
        notes = path / ".cache/huggingface/download" / f"{name}.metadata"
        with contextlib.suppress(OSError, UnicodeDecodeError):
            commit = notes.read_text().partition("\n")[0].strip()
            if COMMIT.fullmatch(commit):
                return commit
    return None


# ------------------------------------------------------------------ what


def _teller(located: Located, progress: Progress) -> Callable[[int], None]:
    """What tells how much of a checkpoint has been read."""
    try:
        total = max(1, sum((located.path / name).stat().st_size for name in located.files))
    except OSError as error:
        raise from_os_error(error, located.path, "read") from error
    read = 0

    def tell(more: int) -> None:
        nonlocal read
        read += more
        progress("Checking the model's files", min(read / total, 1.0))

    return tell


def _hash(located: Located, name: str, tell: Callable[[int], None], expected: str = "") -> str:
    """SHA-256, or git's hash of a blob where that is expected (40 digits)."""
    path = located.path / name
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


def _read_json(checkpoint: Checkpoint, folder: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise from_os_error(error, folder / name, "read") from error
    except (ValueError, RecursionError) as error:
        raise _broken(checkpoint, folder, name, f"it is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise _broken(checkpoint, folder, name, "it is no JSON object")
    return content


def _broken(checkpoint: Checkpoint, folder: Path, name: str, why: str) -> See2SoundError:
    return See2SoundError(
        f"{folder / name} cannot be used",
        why,
        f"Delete the folder {folder} and get {checkpoint.repository} again",
        kind="missing-part",
    )


def _missing(checkpoint: Checkpoint, why: str) -> See2SoundError:
    hint = f"{checkpoint.hint}. " if checkpoint.hint else ""
    return See2SoundError(
        f"the model {checkpoint.repository} is not here",
        why,
        f"{hint}`see2sound models` and docs/models.md tell how to get it; or choose another "
        "models folder, or another part",
        kind="missing-part",
    )


def _changed(located: Located, name: str, why: str) -> See2SoundError:
    return See2SoundError(
        f"{located.path / name} has changed",
        why,
        f"If you did not change it, get {located.checkpoint.repository} again; "
        f"if you did, delete {located.record}",
        kind="missing-part",
    )
