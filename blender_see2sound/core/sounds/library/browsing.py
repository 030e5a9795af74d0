"""Looks into a library for a person: what is in it, what is broken, what fits some words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...fields import check_words
from ...models.keeper import Computing
from ...progress import Progress, part_of
from .hearing import Fitting, fitting
from .index import Index, with_index
from .listening import Listened, listen_into
from .scanning import Scan, scan
from .searching import Hit, in_order, search
from .wanted import wanted


@dataclass(frozen=True)
class Browsed:
    """What is in a library.

    Attributes
    ----------
    scan : Scan
    hits : tuple of Hit
        What fits the words, the best first.
    listened : Listened or None
        What came of listening, where that was asked for.
    warnings : tuple of str
    """

    scan: Scan
    hits: tuple[Hit, ...]
    listened: Listened | None = None
    warnings: tuple[str, ...] = ()


def browse(
    library: Path,
    words: str,
    most: int,
    progress: Progress,
    computing: Computing | None = None,
    *,
    listening: bool = False,
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
    listening : bool
        Hear first what was not heard yet.

    Raises
    ------
    See2SoundError, Cancelled
    """
    check_words(words)

    def look(index: Index) -> Browsed:
        listened = None
        searching = part_of(progress, 0.9 if listening else 0.5, 1.0)
        if listening:
            own = computing or Computing()
            listened = listen_into(index, library, own, part_of(progress, 0.0, 0.9))
        found = listened.scan if listened else scan(index, library, part_of(progress, 0.0, 0.5))
        sought = wanted("", words)
        fits = Fitting(([],))
        if words and computing is not None:
            fits = fitting(index, library, [words], [sought], None, most, computing, searching)
        elif words:
            fits = Fitting((search(index, sought, None, most),))
        progress("Looking through the library", 1.0)
        return Browsed(found, tuple(in_order(fits.hits[0])[:most]), listened, fits.warnings)

    return with_index(library, look)
