"""Looks into a library for a person: what is in it, what is broken, what fits some words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...fields import check_words
from ...progress import Progress
from .index import Index, with_index
from .scanning import Scan, scan
from .searching import Hit, search
from .wanted import wanted


@dataclass(frozen=True)
class Browsed:
    """What is in a library."""

    scan: Scan
    hits: tuple[Hit, ...]


def browse(library: Path, words: str, most: int, progress: Progress) -> Browsed:
    """Bring the index of a library up to date, and search it.

    Parameters
    ----------
    library : Path
    words : str
        As a prompt; nothing is looked for where it is empty.
    most : int
        So many hits at most, the best first.

    Raises
    ------
    See2SoundError, Cancelled
    """
    check_words(words)

    def look(index: Index) -> Browsed:
        found = scan(index, library, progress)
        return Browsed(found, tuple(search(index, wanted("", words), None, most)))

    return with_index(library, look)
