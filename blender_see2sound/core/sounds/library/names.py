"""What the name of a recording says: its words, and the fields of the Universal Category System.

A name of that system is ``CatID_FXName_CreatorID_SourceID``, the CatID perhaps followed by
``-UserCategory``, the name by further fields. Any other name is words between signs, capitals
or digits: ``Dog-bark02``, ``BigDogBark``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from .categories import is_known, words_of

_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Name:
    """What a path says of a recording.

    Attributes
    ----------
    words : str
        What the name says, small letters without accents, spaces between.
    catid : str
        Of the Universal Category System; empty where the name is none of its.
    category : str
        What the CatID and the person's own category mean, in words.
    folder : str
        The words of the folders below the library.
    """

    words: str
    catid: str
    category: str
    folder: str


def named(path: str, stated: str = "") -> Name:
    """Read a recording's name.

    Parameters
    ----------
    path : str
        Relative to the library, with "/" between folders.
    stated : str
        The CatID that the file's metadata state; it counts where the name has none.
    """
    pure = PurePosixPath(path)
    folder = spelled(" ".join(pure.parts[:-1]))
    stem = pure.name.rpartition(".")[0] or pure.name
    fields = stem.split("_")
    catid, _, user = fields[0].partition("-")
    # With all four fields it is no other name; with less, what only looks like a CatID is none.
    meaning = words_of(catid, sure=len(fields) >= 4)
    if not meaning or len(fields) < 2 or not spelled(fields[1]):
        meaning = words_of(stated, sure=True)
        return Name(spelled(stem), stated if meaning else "", meaning, folder)
    # Creator and source, the third and fourth field, say who and where, not what.
    more = " ".join([fields[1], *fields[4:]])
    return Name(spelled(more), catid, " ".join(f"{meaning} {spelled(user)}".split()), folder)


def spelled(text: str) -> str:
    """The words of a text: split at signs, digits and capitals, small, without accents."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(word for run in _LETTERS.findall(plain) for word in _words(run))


def _words(run: str) -> list[str]:
    """The words of a run of letters, split where their case says so, small."""
    cases = [_case(letter) for letter in run]
    starts = [0]
    for place in range(1, len(run)):
        before, here, after = cases[place - 1], cases[place], cases[place + 1 : place + 2]
        if before == "capital" and here == "small":
            # "DOGbark" is a dog's, "BBCNews" ends with a word of its own.
            if place - starts[-1] > 1 and is_known(run[starts[-1] : place].lower()):
                starts.append(place)
        elif before != here or (here == "capital" and after == ["small"]):
            known = is_known(run[starts[-1] : place + 1].lower())
            if before != here or not known:
                starts.append(place)
    ends = [*starts[1:], len(run)]
    return [run[start:end].lower() for start, end in zip(starts, ends, strict=True)]


def _case(letter: str) -> str:
    return "capital" if letter.isupper() else "small" if letter.islower() else "none"
