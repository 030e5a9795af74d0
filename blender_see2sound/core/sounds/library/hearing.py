"""Orders recordings by how they sound, where CLAP is here: names may promise what is not heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...catalogue import CLAP, TORCH
from ...errors import See2SoundError
from ...models.keeper import Computing, borrowed
from ...progress import Progress, part_of
from .. import clap
from ..protocol import SAMPLE_RATE
from .index import Index
from .reading import read_part
from .searching import Hit

#: So much of a recording is heard, seconds.
HEARD = 20.0


def can_hear(computing: Computing) -> bool:
    """Whether CLAP and what it computes with are here."""
    from importlib.util import find_spec

    return all(find_spec(name) for name in TORCH) and clap.is_here(computing)


def with_fits(
    index: Index,
    library: Path,
    prompts: Sequence[str],
    chosen: Sequence[Sequence[Hit]],
    computing: Computing,
    progress: Progress,
) -> list[list[Hit]]:
    """Recordings with how well they sound like the prompts for which they were found.

    What CLAP makes of a recording is kept in the index until the recording changes. Those that
    cannot be read stay without a fit.

    Parameters
    ----------
    chosen : sequence of sequence of Hit
        For each of the prompts.

    Raises
    ------
    See2SoundError, Cancelled
    """
    wanted = {hit.id: hit for hits in chosen for hit in hits}
    with borrowed(CLAP, computing, clap.load, part_of(progress, 0.0, 0.2)) as (model, _):
        known = {
            file: np.frombuffer(vector, np.float32)
            for file, vector in index.embeddings(CLAP.repository, list(wanted)).items()
        }
        unknown = [hit for file, hit in wanted.items() if file not in known]
        for number, hit in enumerate(unknown):
            step = part_of(
                progress, 0.2 + 0.8 * number / len(unknown), 0.2 + 0.8 * (number + 1) / len(unknown)
            )
            vector = _heard(model, library / hit.path, step)
            if vector is not None:
                known[hit.id] = vector
                index.keep_embedding(CLAP.repository, hit.id, vector.tobytes())
        read = model.read(prompts)
    return [
        [
            dataclasses.replace(hit, fit=float(np.clip(known[hit.id] @ words, -1.0, 1.0)))
            if hit.id in known
            else hit
            for hit in hits
        ]
        for words, hits in zip(read, chosen, strict=True)
    ]


def _heard(model: clap.Clap, path: Path, progress: Progress) -> NDArray[np.float32] | None:
    try:
        part = read_part(path, HEARD, 0, part_of(progress, 0.0, 0.5))
    except See2SoundError:
        return None  # the maker passes it over and says why, where nothing else serves
    heard = part.samples[: int(HEARD * SAMPLE_RATE)]
    return np.asarray(model.hear([heard], part_of(progress, 0.5, 1.0))[0], np.float32)
