"""What to look for in a library: the things that a prompt names, and how much each counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .names import spelled
from .stems import stem, stemmed
from .synonyms import APART, Term, phrases, standing_for


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

#: Signs between the things of a list.
_CLAUSES = re.compile(r"[,;:.!?/+&\n]+")

#: Stems that only shade what they stand beside.
SHADING = _stems(
    """loud soft gentle quiet light slight small subtle low heavy strong intense violent big huge
    large close distant far faraway faint slow slowly fast quick quickly high old young new busy
    calm single several many few two three long short constant steady continuous occasional
    near nearby deep heavy dull sharp gently softly loudly outdoor outside indoor interior exterior ambient ambience background atmosphere loop dark
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
    """What to look for, and what not to find.

    Attributes
    ----------
    things : tuple of Thing
    ways : tuple of tuple of Thing
        Each names enough to look for alone: of "wind, thunder and rain" any, of "the roar of an
        engine" the engine. Each holds a main thing.
    unwanted : frozenset of str
        Stems.
    """

    things: tuple[Thing, ...]
    ways: tuple[tuple[Thing, ...], ...]
    unwanted: frozenset[str]


def wanted(label: str, prompt: str, negative_prompt: str = "") -> Wanted:
    """What a source is looked for by.

    The prompt counts; the label only where the prompt names nothing, else as a hint.

    Parameters
    ----------
    label, prompt, negative_prompt : str
        Any text.
    """
    ways, unwanted = _ways(prompt)
    hints: list[Thing] = []
    of_label, more = _ways(label)
    if not any(thing.main for way in ways for thing in way):
        unwanted |= more
        # Words that only shade are all there is to go by where nothing else is said.
        shades = [Thing(t.terms, FIRST, True) for way in ways + of_label for t in way]
        ways = [way for way in of_label if any(t.main for t in way)] or [shades] * bool(shades)
    else:
        known = {term for way in ways for thing in way for term in thing.terms}
        for thing in (thing for way in of_label for thing in way):
            if thing.main and not known & thing.terms.keys():
                hints.append(Thing(thing.terms, LABEL, False))
    refused = {stem(word) for word in spelled(negative_prompt).split() if word not in EMPTY}
    things = list({id(thing): thing for way in ways for thing in way}.values()) + hints
    return Wanted(tuple(things), tuple(map(tuple, ways)), frozenset(unwanted | refused))


@dataclass
class _Part:
    """One of the things that a prompt lists, with all that is said of it."""

    things: list[Thing]
    #: Whether each is only what is done, as "squeaking" in "a squeaking door".
    acting: list[bool]
    #: Where what stands after "of" begins.
    after_of: int | None = None

    def names(self) -> bool:
        """Whether it names something, not only what is done or by whom."""
        both = zip(self.things, self.acting, strict=True)
        return any(thing.main and thing.weight == ANOTHER and not acts for thing, acts in both)


def _ways(text: str) -> tuple[list[list[Thing]], set[str]]:
    """By what one may look for what a text names; the stems of what it says is not there."""
    parts, unwanted = _parts(text)
    ways: list[list[Thing]] = []
    # Where something is named, what is only done or by whom is said of that.
    for part in _joined(parts) if any(part.names() for part in parts) else parts:
        first = _first(part)
        if first is not None:
            part.things[first] = replace(part.things[first], weight=FIRST)
        if not part.things:
            continue
        ways.append(part.things)
        if part.after_of:
            rest = _Part(part.things[part.after_of :], part.acting[part.after_of :])
            if rest.names():
                ways.append(rest.things)
    # What only says where or how is looked for with the first.
    idle = [t for way in ways if not any(t.main for t in way) for t in way]
    ways = [way for way in ways if any(t.main for t in way)]
    if idle:
        ways = [ways[0] + idle, *ways[1:]] if ways else [idle]
    return ways, unwanted


def _first(part: _Part) -> int | None:
    """The thing that counts most: in "a squeaking door" the door."""
    named = [n for n, t in enumerate(part.things) if t.main and t.weight == ANOTHER]
    return next((n for n in named if not part.acting[n]), named[0] if named else None)


def _joined(parts: Sequence[_Part]) -> list[_Part]:
    """The parts that name something, each with those after it that do not."""
    joined: list[_Part] = []
    waiting: list[Thing] = []
    for part in parts:
        if part.names():
            part.things = _general_aside(part.things)
            joined.append(part)
        elif joined:
            joined[-1].things += [replace(thing, main=False, weight=SHADE) for thing in part.things]
            joined[-1].acting += part.acting
        else:
            waiting += part.things
    joined[0].things += [replace(thing, main=False, weight=SHADE) for thing in waiting]
    joined[0].acting += [False] * len(waiting)
    return joined


def _general_aside(things: Sequence[Thing]) -> list[Thing]:
    """Beside what is named, words for anyone and anything do not sound."""
    return [replace(t, main=t.main and t.weight != ANYTHING) for t in things]


def _parts(text: str) -> tuple[list[_Part], set[str]]:
    """What a text lists, and the stems of what it says is not there."""
    parts = [_Part([], [])]
    unwanted: set[str] = set()
    known: set[Term] = set()
    known_phrases = phrases() | APART.keys()
    for clause in _CLAUSES.split(text):
        parts.append(_Part([], []))
        words = spelled(clause).split()
        stems = stemmed(" ".join(words))
        placing = False
        place = 0
        while place < len(words):
            word = words[place]
            part = parts[-1]
            if word in WITHOUT and place + 1 < len(words):
                unwanted.add(stems[place + 1])
                place += 2
                continue
            # In "on gravel and grass" both say where.
            if word == "with" or (word in ("and", "or", "then") and not placing):
                parts.append(_Part([], []))
                placing = False
            elif word == "of" and part.things and not placing:
                part.after_of = len(part.things)
            if word in PLACING:
                placing = any(part.things for part in parts)
            if word in PLACING or word in EMPTY or len(word) < 2:
                place += 1
                continue
            phrase = next(
                (p for p in known_phrases if tuple(stems[place : place + len(p)]) == p),
                (stems[place],),
            )
            if phrase not in known:
                known.add(phrase)
                part.things.append(_thing(phrase, placing))
                part.acting.append(word.endswith("ing") and stems[place] != word)
            place += len(phrase)
    return parts, unwanted


def _thing(phrase: Term, placing: bool) -> Thing:
    shades = phrase[0] in SHADING and len(phrase) == 1
    if placing:
        weight = PLACE
    elif shades:
        weight = SHADE
    else:
        weight = ANYTHING if phrase[0] in GENERIC else ANOTHER
    return Thing(standing_for(phrase) | {phrase: 1.0}, weight, not placing and not shades)
