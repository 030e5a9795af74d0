"""Hears the recordings of a library with CLAP, and keeps what that makes of them in the index.

Each recording is heard once, until it changes. Of a long one its good part is heard, as much as
`HEARD`; see `reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...catalogue import CLAP, TORCH
from ...errors import See2SoundError
from ...models.folder import locate, models_folder
from ...models.keeper import Computing, borrowed
from ...progress import Progress, part_of, silent
from .. import clap
from ..protocol import SAMPLE_RATE
from .index import Index, with_index
from .reading import read_part
from .scanning import Scan, scan

Direction = NDArray[np.float32]

#: So much of a recording is heard, seconds.
HEARD = 20.0

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
    unreadable : int
        Those that could not be.
    """

    scan: Scan
    heard: int
    unreadable: int


def listen(library: Path, computing: Computing, progress: Progress) -> Listened:
    """Hear all recordings of a library that were not heard yet.

    Raises
    ------
    See2SoundError
        Where the library cannot be read, or CLAP is not here.
    Cancelled
        What was heard until then is kept.
    """

    if missing := _missing():
        raise See2SoundError(
            "recordings cannot be heard here",
            f"Python packages are missing: {', '.join(missing)}",
            "Install them as docs/models.md shows, or choose another Python for the worker in the "
            "preferences",
            kind="missing-part",
        )
    locate(CLAP, models_folder(computing.models))  # before the library is read

    def work(index: Index) -> Listened:
        found = scan(index, library, part_of(progress, 0.0, 0.1))
        files = index.unheard(CLAP.repository)
        if not files:
            return Listened(found, 0, 0)
        with borrowed(CLAP, computing, clap.load, part_of(progress, 0.1, 0.15)) as (model, _):
            vectors = hear(index, library, files, model, part_of(progress, 0.15, 1.0))
        return Listened(found, len(vectors), len(files) - len(vectors))

    return with_index(library, work)


def can_listen() -> bool:
    """Whether what CLAP computes with is here."""
    return not _missing()


def _missing() -> list[str]:
    return [name for name in TORCH if not find_spec(name)]


def hear(
    index: Index,
    library: Path,
    files: Sequence[tuple[int, str]],
    model: clap.Clap,
    progress: Progress,
) -> dict[int, Direction]:
    """Hear some recordings and keep what was heard; those that cannot be read are left out.

    Parameters
    ----------
    files : sequence of (int, str)
        Their numbers in the index, and their paths.

    Returns
    -------
    dict of int to (width,) float32 array
        Directions of length 1.

    Raises
    ------
    Cancelled
    """
    phase = "Listening to the recordings"
    heard: dict[int, Direction] = {}
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as readers:
        for start in range(0, len(files), _BATCH):
            batch = files[start : start + _BATCH]
            done, share = start / len(files), len(batch) / len(files)
            sounds = {}
            paths = [library / path for _, path in batch]
            for number, ((file, _), sound) in enumerate(
                zip(batch, readers.map(_read, paths), strict=True)
            ):
                progress(phase, done + 0.3 * share * number / len(batch))
                if sound is not None:
                    sounds[file] = sound
            step = part_of(progress, done + 0.3 * share, done + share)
            rows = model.hear(list(sounds.values()), step) if sounds else ()
            new = {file: packed(row) for file, row in zip(sounds, rows, strict=True)}
            # Also that one cannot be heard is kept: else it would be tried each time.
            index.keep_embeddings(CLAP.repository, {file: new.get(file, b"") for file, _ in batch})
            heard.update({file: unpacked(row) for file, row in new.items()})
    progress(phase, 1.0)
    return heard


def packed(direction: Direction) -> bytes:
    """A direction as the index keeps it: in 16 bits, of which the cosines lose under 0.001."""
    return direction.astype("<f2").tobytes()


def unpacked(vector: bytes) -> Direction:
    """The direction that the index keeps; of no length where a recording could not be heard."""
    return np.frombuffer(vector, "<f2").astype(np.float32)


def _read(path: Path) -> NDArray[np.float32] | None:
    try:
        part = read_part(path, HEARD, 0, silent)
    except See2SoundError:
        return None  # the maker says why, where it is the only one that fits
    return part.samples[: round(HEARD * SAMPLE_RATE)]
