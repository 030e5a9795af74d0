"""Finds the recordings of a library that fit words, the best first.

FTS5 gives those that hold any of the words, ordered by BM25 (Robertson and Zaragoza, "The
Probabilistic Relevance Framework", 2009), in which the name counts most. Of these each is given
a score from 0 to 1: how much of what is wanted it tells of, and where (`_PLACES`); how much of
its name is about that; and whether it is long enough. What does not name the thing that sounds
is not found, however much else agrees: better no sound than a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .index import Found, Index
from .synonyms import APART, GENERAL, Term
from .wanted import PLACING, Thing, Wanted

#: What a word is worth in the name, the category, the metadata and the folders.
_PLACES = (1.0, 0.9, 0.75, 0.6)

#: What a name tells of after "on", "in" and the like is worth this much: rain on a street is rain.
_AFTER = 0.4

#: What makes the score: what is told, how much of the name is about it, the length.
_TOLD, _ABOUT, _LENGTH = 0.8, 0.12, 0.08

#: Of what is told, so much is of the one thing of a list that it tells most of; the rest, of all.
_ANY = 0.7

#: So much of what sounds must be told of.
_ENOUGH = 0.45

#: Longer than this a recording need not be, seconds: it goes on without a seam.
_LONG_ENOUGH = 30.0

#: So many of those that hold a word are looked at.
_LOOKED_AT = 200

#: How much the fit that CLAP hears counts beside the score of the words.
FIT_WEIGHT = 0.6


@dataclass(frozen=True)
class Hit:
    """A recording that fits.

    Attributes
    ----------
    id : int
        In the index.
    path : str
        Relative to the library.
    seconds : float
    score : float
        0 to 1.
    matched : tuple of str
        The stems by which it was found; none where it only sounds like what is wanted.
    fit : float or None
        How well it sounds like the words (`hearing`), -1 to 1; None where nobody has listened.
    """

    id: int
    path: str
    seconds: float
    score: float
    matched: tuple[str, ...]
    fit: float | None = None

    @property
    def by_sound(self) -> bool:
        """Whether it only sounds like what is wanted."""
        return not self.matched

    @property
    def value(self) -> float:
        """By what recordings are ordered: what is told of them and, where known, what is heard."""
        return self.score + FIT_WEIGHT * (self.fit or 0.0)


def search(index: Index, sought: Wanted, duration: float | None, most: int) -> list[Hit]:
    """The recordings that fit best.

    Parameters
    ----------
    index : Index
    sought : Wanted
    duration : float or None
        Seconds that are to be filled; None where that does not count.
    most : int

    Returns
    -------
    list of Hit
        At most `most`, the best first; of equals in the order of their paths.
    """
    different = {found.id: found for way in sought.ways for found in _candidates(index, way)}
    judged = (_judged(found, sought, duration) for found in different.values())
    hits = [hit for hit in judged if hit is not None]
    return in_order(hits)[:most]


def in_order(hits: Iterable[Hit]) -> list[Hit]:
    """The best first, those by words before those only by sound; of equals by their paths."""
    return sorted(hits, key=lambda hit: (hit.by_sound, -hit.value, hit.path))


def _candidates(index: Index, things: Sequence[Thing]) -> list[Found]:
    """Those among which the best are: first what holds more than is needed, then the rest."""
    main = [thing for thing in things if thing.main]
    if not main:
        return []
    whole = sum(thing.weight for thing in main)
    # Without these the others together would not be enough.
    needed = [thing for thing in main if whole - thing.weight < _ENOUGH * whole]
    groups = [thing.terms for thing in needed] or [_together(main)]
    others = _together([thing for thing in things if thing not in needed])
    for group in groups:
        others = {term: worth for term, worth in others.items() if term not in group}
    exact = [{term: worth for term, worth in group.items() if worth == 1.0} for group in groups]
    found = index.holding(_terms(exact), _LOOKED_AT)
    # What stands for a word is worth less than the word itself: only where that is rare.
    if len(found) < _LOOKED_AT:
        found += index.holding(_terms(groups), _LOOKED_AT)
    if needed and others:
        found += index.holding(_terms([*groups, others]), _LOOKED_AT)
    return found


def _terms(groups: Sequence[dict[Term, float]]) -> list[list[Term]]:
    return [list(group) for group in groups]


def _together(things: Sequence[Thing]) -> dict[Term, float]:
    """The terms of all these things, each with the best that it is worth."""
    terms: dict[Term, float] = {}
    for thing in things:
        for term, worth in thing.terms.items():
            terms[term] = max(terms.get(term, 0.0), worth)
    return terms


def _judged(found: Found, sought: Wanted, duration: float | None) -> Hit | None:
    """A recording with its score; None where it does not fit."""
    columns = [words.split() for words in found.words]
    name = columns[0]
    if not sought.unwanted.isdisjoint([*name, *columns[1]]):
        return None
    first = {word: n for n in reversed(range(len(columns))) for word in columns[n]}
    worths: dict[int, float] = {}
    matched: dict[str, None] = {}
    for thing in sought.things:
        worths[id(thing)], term = _worth(thing, columns, first)
        matched.update(dict.fromkeys(term))
    shares = [
        _share(way, worths)
        for way in sought.ways
        if _share([thing for thing in way if thing.main], worths) >= _ENOUGH
    ]
    if not shares:
        return None
    told = _ANY * max(shares) + (1.0 - _ANY) * _share(sought.things, worths)
    about = sum(word in matched for word in name) / len(name) if name else 0.0
    length = 1.0
    if duration:
        length = min(found.seconds / min(duration, _LONG_ENOUGH), 1.0)
    score = _TOLD * told + _ABOUT * about + _LENGTH * length
    return Hit(found.id, found.path, found.seconds, round(score, 4), tuple(matched))


def _share(things: Sequence[Thing], worths: dict[int, float]) -> float:
    """How much of these things is told of, 0 to 1."""
    told = sum(thing.weight * worths[id(thing)] for thing in things)
    return told / sum(thing.weight for thing in things)


def _worth(
    thing: Thing, columns: Sequence[list[str]], first: Mapping[str, int]
) -> tuple[float, Term]:
    """How well a recording tells of a thing, and by which words; `first`: the column of each word."""
    best: tuple[float, Term] = (0.0, ())
    for term, value in thing.terms.items():
        begin = first.get(term[0])
        if begin is None:
            continue
        for words, worth in zip(columns[begin:], _PLACES[begin:], strict=True):
            if value * worth <= best[0]:
                break  # the columns come in the order of their worth
            place = _place(words, term)
            if place is None or _is_another(term, value, words, columns):
                continue
            told = value * worth
            if thing.main and any(word in PLACING for word in words[1:place]):
                told *= _AFTER
            if told > best[0]:
                best = (told, term)
    return best


def _is_apart(words: Sequence[str], place: int) -> bool:
    """Whether a word is part of two that together are another thing, as in "water bottle"."""
    pairs = (tuple(words[max(start, 0) : start + 2]) for start in (place - 1, place))
    return any(APART.get(pair) == words[place] for pair in pairs)


def _is_another(
    term: Term, value: float, words: Sequence[str], columns: Sequence[Sequence[str]]
) -> bool:
    """Whether a general word tells here of another kind than the one that is looked for."""
    name, category = columns[0], columns[1]
    if words is not name and value < 1.0 and term[0] in GENERAL:
        return True
    # A category of animals lists several; which it is, says the name.
    if words is not category or category[0] not in GENERAL or term[0] == category[0]:
        return False
    return any(word in category[1:] and word not in term for word in name)


def _place(words: Sequence[str], term: Term) -> int | None:
    """Where the words of a term first follow each other; None where they do not."""
    if term[0] not in words:
        return None
    size = len(term)
    if size == 1:
        places = (i for i, word in enumerate(words) if word == term[0])
        return next((i for i in places if not _is_apart(words, i)), None)
    starts = range(len(words) - size + 1)
    return next((i for i in starts if tuple(words[i : i + size]) == term), None)
