"""Hears the recordings of a library with CLAP, and keeps what that makes of them in the index.

Each recording is heard once, until it changes. Of a long one its good part is heard, as much as
`HEARD_SECONDS`; see `reading`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...catalogue import CLAP, TORCH, missing_packages, need_packages
from ...errors import See2SoundError, from_os_error
from ...models.folder import locate, models_folder
from ...models.keeper import Computing, borrowed
from ...progress import Progress, part_of, silent
from .. import clap
from .index import Index, with_index
from .reading import read_part
from .scanning import Scan, scan

Direction = NDArray[np.float32]

#: So much of a recording is heard at most.
HEARD_SECONDS = 20.0

#: So many are heard together, and read side by side.
_BATCH, _SIDE_BY_SIDE = 8, 2


@dataclass(frozen=True)
class Listened:
    """What came of listening to a library.

    Attributes
    ----------
    scan : Scan
        Of the library, before.
    heard : int
        Recordings that were heard now.
    unheard : tuple of str
        The paths of those that cannot be, found now or before.
    """

    scan: Scan
    heard: int
    unheard: tuple[str, ...]


def listen(library: Path, computing: Computing, progress: Progress) -> Listened:
    """Hear all recordings of a library that were not heard yet; see `listen_into`."""
    return with_index(library, lambda index: listen_into(index, library, computing, progress))


def listen_into(index: Index, library: Path, computing: Computing, progress: Progress) -> Listened:
    """Bring an index up to date with its library, and hear what was not heard yet.

    Raises
    ------
    See2SoundError
        Where the library cannot be read, or CLAP is not here.
    Cancelled
        What was heard until then is kept.
    """
    need_packages(TORCH, "recordings cannot be heard here")
    model_name = kept_as(computing)  # before the library is read
    found = scan(index, library, part_of(progress, 0.0, 0.1))
    index.note_listening(model_name)
    files, heard = index.unheard(model_name), 0
    if files:
        with lent(computing, part_of(progress, 0.1, 0.15)) as model:
            step = part_of(progress, 0.15, 1.0)
            for _, _ in hear(index, library, files, model, model_name, step):
                heard += 1
    return Listened(found, heard, tuple(index.deaf(model_name)))


def kept_as(computing: Computing) -> str:
    """By what name the index keeps what this CLAP makes of recordings: another one hears otherwise.

    Raises
    ------
    See2SoundError
        Of kind "missing-part" where it is not here.
    """
    located = locate(CLAP, models_folder(computing.models))
    return f"{CLAP.repository} {located.commit or located.path}"


@contextlib.contextmanager
def lent(computing: Computing, progress: Progress) -> Iterator[clap.Clap]:
    """CLAP, while it hears and reads; what fails of an index meanwhile is told as that.

    Raises
    ------
    See2SoundError, sqlite3.Error, Cancelled
    """
    try:
        with borrowed(CLAP, computing, clap.load, progress) as (model, _):
            yield model
    except See2SoundError as error:
        if isinstance(error.__cause__, sqlite3.Error):  # which was taken for the model's fault
            raise error.__cause__ from error
        raise


def can_listen() -> bool:
    """Whether what CLAP computes with is here."""
    return not missing_packages(TORCH)


def hear(
    index: Index,
    library: Path,
    files: Sequence[tuple[int, str]],
    model: clap.Clap,
    model_name: str,
    progress: Progress,
) -> Iterator[tuple[int, Direction]]:
    """Hear some recordings and keep what was heard; what cannot be heard is left out.

    Parameters
    ----------
    files : sequence of (int, str)
        Their numbers in the index, and their paths.
    model_name : str
        As of `kept_as`.

    Yields
    ------
    int, (width,) float32 array
        The number of each that was heard, and its direction, of length 1.

    Raises
    ------
    See2SoundError
        Where the library itself cannot be read any more.
    Cancelled
    """
    phase = "Listening to the recordings"
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as readers:
        for start in range(0, len(files), _BATCH):
            batch = files[start : start + _BATCH]
            done, share = start / len(files), len(batch) / len(files)
            sounds: dict[int, NDArray[np.float32]] = {}
            new: dict[int, bytes] = {}
            reading = readers.map(_read, [library / path for _, path in batch])
            for number, ((file, _), sound) in enumerate(zip(batch, reading, strict=True)):
                progress(phase, done + 0.3 * share * number / len(batch))
                if not isinstance(sound, See2SoundError):
                    sounds[file] = sound
                elif sound.kind == "bad-sound":
                    new[file] = b""  # it would be tried each time
                else:
                    check_is_here(library)
            step = part_of(partial(_told, progress, phase), done + 0.3 * share, done + share)
            rows = model.hear(list(sounds.values()), step) if sounds else ()
            new |= {file: packed(row) for file, row in zip(sounds, rows, strict=True)}
            index.keep_embeddings(model_name, new)
            yield from ((file, unpacked(row)) for file, row in new.items() if row)
    progress(phase, 1.0)


def _told(progress: Progress, phase: str, _: str, fraction: float) -> None:
    """Progress of a part of the work, told as what the whole of it is."""
    progress(phase, fraction)


def check_is_here(library: Path) -> None:
    """Make sure that it is not the library that is gone: a disk that was taken out.

    Raises
    ------
    See2SoundError
    """
    try:
        next(os.scandir(library), None)
    except OSError as error:
        raise from_os_error(error, library, "read") from error


def packed(direction: Direction) -> bytes:
    """A direction as the index keeps it: in 16 bits, of which the cosines lose under 0.001."""
    return direction.astype("<f2").tobytes()


def unpacked(vector: bytes) -> Direction:
    """The direction that the index keeps; of no length where a recording could not be heard."""
    return np.frombuffer(vector, "<f2").astype(np.float32)


def _read(path: Path) -> NDArray[np.float32] | See2SoundError:
    try:
        part = read_part(path, HEARD_SECONDS, 0, silent)
    except See2SoundError as error:
        return error
    return part.samples[: round(HEARD_SECONDS * SAMPLE_RATE)]
