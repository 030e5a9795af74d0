"""Finds and orders recordings by how they sound, where CLAP is here: names may promise what is not heard.

Those that words have found are ordered. Those whose words say nothing of it, but which have been
listened to (`listening`), are found where they sound like the prompt. How near that is cannot be
told by the cosine alone, which differs from model to model: a recording is taken for what a prompt
says where it fits at all and few other descriptions fit better, as CLAP classifies what it was
not trained for (Wu et al., 2023, section 4.3). The other descriptions are those of the Universal Category System.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import See2SoundError
from ...models.keeper import Computing
from ...progress import Progress, part_of
from .. import clap
from .categories import described
from .directions import near
from .index import Index
from .listening import Direction, can_listen, check_is_here, hear, kept_as, lent, unpacked
from .searching import Hit, search
from .wanted import Wanted


@dataclass(frozen=True)
class Fitting:
    """The recordings that fit prompts.

    Attributes
    ----------
    hits : tuple of list of Hit
        For each of the prompts.
    by_ear : bool
        Those were looked for too whose words say nothing.
    warnings : tuple of str
        Why they were not heard, where CLAP is here and cannot be used.
    """

    hits: tuple[list[Hit], ...]
    by_ear: bool = False
    warnings: tuple[str, ...] = ()


def fitting(
    index: Index,
    library: Path,
    prompts: Sequence[str],
    sought: Sequence[Wanted],
    duration: float | None,
    most: int,
    computing: Computing,
    progress: Progress,
) -> Fitting:
    """The recordings that fit each of the prompts: by their words and, where CLAP is here, by ear.

    Those that words have found get a fit. Others are found by their sound only where a person has
    let CLAP listen to the library. What CLAP makes of a recording is kept in the index until the
    recording changes. Those that cannot be read stay without a fit. Where CLAP is here and damaged,
    or memory is too small for it, words alone decide, and a warning says so.

    Parameters
    ----------
    prompts : sequence of str
    sought : sequence of Wanted
        What is looked for by words, and must not be in a name, for each of the prompts.
    duration, most
        As for `searching.search`.

    Raises
    ------
    See2SoundError, Cancelled
    """
    by_words = Fitting(tuple(search(index, one, duration, most) for one in sought))
    if not (can_listen() and clap.is_here(computing)):
        return by_words
    try:
        listened = index.is_listened(kept_as(computing))
        if not listened and not any(by_words.hits):
            return by_words
        heard = _heard(index, library, prompts, sought, by_words.hits, computing, progress)
    except See2SoundError as error:
        check_is_here(library)
        told = f"recordings were chosen by their words alone, not by how they sound: {error}"
        return dataclasses.replace(by_words, warnings=(told,))
    return Fitting(tuple(heard), by_ear=listened)


def _heard(
    index: Index,
    library: Path,
    prompts: Sequence[str],
    sought: Sequence[Wanted],
    chosen: Sequence[Sequence[Hit]],
    computing: Computing,
    progress: Progress,
) -> list[list[Hit]]:
    """What words have found with how well it sounds, and others that sound like the prompts."""
    model_name = kept_as(computing)
    by_words = {hit.id: hit for hits in chosen for hit in hits}
    with lent(computing, part_of(progress, 0.0, 0.2)) as model:
        kept = index.embeddings(model_name, list(by_words))
        known = {file: unpacked(vector) for file, vector in kept.items()}
        unknown = [(file, hit.path) for file, hit in by_words.items() if file not in known]
        step = part_of(progress, 0.2, 0.8)
        known.update(hear(index, library, unknown, model, model_name, step))
        read = model.read(prompts)
        alike: list[dict[int, float]] = [{} for _ in prompts]
        if index.is_listened(model_name):
            step = part_of(progress, 0.8, 1.0)
            alike = near(index, library, model_name, read, lambda: model.read(described()), step)
    result = []
    for words, want, hits, like in zip(read, sought, chosen, alike, strict=True):
        fits = [
            dataclasses.replace(hit, fit=_fit(known[hit.id], words))
            if len(known.get(hit.id, ())) == len(words)
            else hit
            for hit in hits
        ]
        have = {hit.id for hit in hits}
        result.append(fits + [
            Hit(found.id, found.path, found.seconds, 0.0, (), like[found.id])
            for found in index.found([file for file in like if file not in have])
            if not want.unwanted & set(f"{found.words[0]} {found.words[1]}".split())
        ])  # fmt: skip
    return result


def _fit(direction: Direction, words: NDArray[np.float32]) -> float:
    return float(np.clip(direction @ words, -1.0, 1.0))
