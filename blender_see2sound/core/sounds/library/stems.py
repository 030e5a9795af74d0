"""Brings the forms of a word together: bark, barks, barking, barked; wind, windy.

Cruder than a linguist's (what counts is that both sides of a search are cut alike), and milder
than Porter's, which takes "organ" for "organisation".
"""

from __future__ import annotations

from functools import lru_cache

#: Forms that no ending tells.
IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "feet": "foot",
    "geese": "goose", "mice": "mouse", "oxen": "ox", "leaves": "leaf", "wolves": "wolf",
    "calves": "calf", "hooves": "hoof", "knives": "knife", "waves": "wave", "doves": "dove",
    "ran": "run", "spoke": "speak", "broke": "break", "broken": "break", "blew": "blow",
    "blown": "blow", "flew": "fly", "flies": "fly", "drove": "drive", "driven": "drive",
    "rang": "ring", "sang": "sing", "swam": "swim", "fell": "fall", "fallen": "fall",
    "shut": "shut", "gas": "gas", "bus": "bus", "buses": "bus", "tyre": "tire", "tyres": "tire",
    "party": "party", "story": "story", "belly": "belly", "country": "country",
    # What an ending would make something else of: a train is not a training.
    "training": "training", "parking": "parking", "winding": "winding", "shipping": "shipping",
    "planning": "planning", "carry": "carry", "carrying": "carry", "carried": "carry",
    "ferry": "ferry", "care": "care", "plane": "plane", "tape": "tape", "tone": "tone",
    "tube": "tube", "bare": "bare", "pine": "pine", "wine": "wine", "cane": "cane",
    "harbour": "harbor", "armour": "armor", "grey": "gray", "aeroplane": "airplane",
}  # fmt: skip

_VOWELS = frozenset("aeiouy")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """What all forms of a word have in common.

    Parameters
    ----------
    word : str
        Small letters, no accents.
    """
    if word in IRREGULAR:
        return stem(IRREGULAR[word]) if IRREGULAR[word] not in IRREGULAR else IRREGULAR[word]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
        # Boxes, crashes, splashes: the e belongs to the plural.
        if word.endswith(("xe", "she", "che", "sse")):
            word = word[:-1]
    if IRREGULAR.get(word) == word:
        return word
    for ending in ("ing", "ed", "y"):
        rest = word.removesuffix(ending)
        least = 4 if ending == "y" else 3
        if rest == word or len(rest) < least or not _VOWELS & set(rest):
            continue
        if ending == "y" and rest[-1] in _VOWELS:
            break  # a monkey, an alley
        word = rest
        if word[-1] == word[-2] and word[-1] not in "sle":
            word = word[:-1]
        break
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    return word


def stemmed(words: str) -> list[str]:
    """The stems of words that spaces part."""
    return [stem(word) for word in words.split()]
