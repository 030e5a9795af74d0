"""What to look for in a library: the things that a prompt names, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .names import spelled
from .stems import stem, stemmed
from .synonyms import Term, phrases, standing_for


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _stems(words: str) -> frozenset[str]:
    return frozenset(stemmed(words))


#: Words that say nothing of what is heard.
EMPTY = _listed(
    """a an the of and or is are was be being been its it his her their this that these those some
    any sound noise audio recording effect sfx fx sounds sounding heard hear hearing there while
    as for to off out very with"""
)

#: After these stands where it is, or on what, no longer what sounds.
PLACING = _listed(
    """in on at through near by from over under along across beside behind against around inside
    outside above below between among during toward towards past within down up into onto"""
)

#: After these stands what is not heard.
WITHOUT = frozenset(("no", "not", "without", "never"))

#: Stems that only shade what they stand beside.
SHADING = _stems(
    """loud soft gentle quiet light slight small subtle low heavy strong intense violent big huge
    large close distant far faraway faint slow slowly fast quick quickly high old young new busy
    calm single several many few two three long short constant steady continuous occasional
    outdoor outside indoor interior exterior ambient ambience background atmosphere loop dark
    bright red blue green white black brown yellow gray wooden metallic steel wide open wet dry hot cold"""
)

#: Stems for anyone and anything: what they do is what is heard.
GENERIC = _stems(
    """person man woman boy girl human someone somebody pedestrian figure lady guy people thing
    object animal move moving motion pass passing go going stand standing sit sitting lie lying
    wait waiting idle something group make making sound blow blowing run running flow flowing
    fall falling play playing travel approach"""
)

#: How much a word counts: the first thing that is named, another, one of the others above.
FIRST, ANOTHER, PLACE, SHADE, ANYTHING, LABEL = 1.0, 0.8, 0.3, 0.15, 0.35, 0.3


@dataclass(frozen=True)
class Thing:
    """One thing that is looked for.

    Attributes
    ----------
    terms : dict of Term to float
        The stems that name it, and how well, 0 to 1.
    weight : float
    main : bool
        It is what sounds; the others only say where or how.
    """

    terms: dict[Term, float]
    weight: float
    main: bool


@dataclass(frozen=True)
class Wanted:
    """What to look for, and what not to find."""

    things: tuple[Thing, ...]
    unwanted: frozenset[str]


def wanted(label: str, prompt: str, negative_prompt: str = "") -> Wanted:
    """What a source is looked for by.

    The prompt counts; the label only where the prompt names nothing, else as a hint.

    Parameters
    ----------
    label, prompt, negative_prompt : str
        Any text.
    """
    things, unwanted = _things(prompt)
    if not any(thing.main for thing in things):
        of_label, more = _things(label)
        unwanted |= more
        # Words that only shade are all there is to go by where nothing else is said.
        shades = [Thing(thing.terms, FIRST, True) for thing in things + of_label]
        things = of_label if any(thing.main for thing in of_label) else shades
    else:
        known = {term for thing in things for term in thing.terms}
        for thing in _things(label)[0]:
            if thing.main and not known & thing.terms.keys():
                things.append(Thing(thing.terms, LABEL, False))
    refused = {stem(word) for word in spelled(negative_prompt).split() if word not in EMPTY}
    return Wanted(tuple(things), frozenset(unwanted | refused))


def _things(text: str) -> tuple[list[Thing], set[str]]:
    """The things that a text names, and the stems of what it says is not there."""
    words = spelled(text).split()
    stems = stemmed(" ".join(words))
    things: list[Thing] = []
    acting: list[bool] = []
    unwanted: set[str] = set()
    placing = False
    place = 0
    while place < len(words):
        word = words[place]
        if word in WITHOUT and place + 1 < len(words):
            unwanted.add(stems[place + 1])
            place += 2
            continue
        if word in PLACING:
            placing = bool(things)
        if word in PLACING or word in EMPTY or len(word) < 2:
            place += 1
            continue
        phrase = next(
            (p for p in phrases() if tuple(stems[place : place + len(p)]) == p), (stems[place],)
        )
        shades = stems[place] in SHADING
        if placing:
            weight = PLACE
        elif shades:
            weight = SHADE
        else:
            weight = ANYTHING if stems[place] in GENERIC else ANOTHER
        if not any(thing.terms.get(phrase) == 1.0 for thing in things):
            terms = standing_for(phrase) | {phrase: 1.0}
            things.append(Thing(terms, weight, not placing and not shades))
            # In "a squeaking door" it is the door that counts.
            acting.append(word.endswith("ing"))
        place += len(phrase)
    named = [n for n, thing in enumerate(things) if thing.main and thing.weight == ANOTHER]
    if named:
        first = next((n for n in named if not acting[n]), named[0])
        things[first] = replace(things[first], weight=FIRST)
    return things, unwanted
