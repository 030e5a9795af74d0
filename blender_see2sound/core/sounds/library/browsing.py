"""Looks into a library for a person: what is in it, what is broken, what fits some words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...fields import check_words
from ...models.keeper import Computing
from ...progress import Progress, part_of
from .hearing import fitting
from .index import Index, with_index
from .scanning import Scan, scan
from .searching import Hit, in_order, search
from .wanted import wanted


@dataclass(frozen=True)
class Browsed:
    """What is in a library."""

    scan: Scan
    hits: tuple[Hit, ...]


def browse(
    library: Path, words: str, most: int, progress: Progress, computing: Computing | None = None
) -> Browsed:
    """Bring the index of a library up to date, and search it as the maker does.

    Parameters
    ----------
    library : Path
    words : str
        As a prompt; nothing is looked for where it is empty.
    most : int
        So many hits at most, the best first.
    computing : Computing, optional
        Where CLAP may be; only words count when None.

    Raises
    ------
    See2SoundError, Cancelled
    """
    check_words(words)

    def look(index: Index) -> Browsed:
        found = scan(index, library, part_of(progress, 0.0, 0.5))
        sought = wanted("", words)
        hits: list[Hit] = []
        if words and computing is not None:
            step = part_of(progress, 0.5, 1.0)
            (hits,) = fitting(index, library, [words], [sought], None, most, computing, step)
        elif words:
            hits = search(index, sought, None, most)
        progress("Looking through the library", 1.0)
        return Browsed(found, tuple(in_order(hits)[:most]))

    return with_index(library, look)
