"""From what a model says of a picture to a label and a prompt about sound.

Models for pictures describe what is seen ("a small brown dog running on the grass").
A maker of sounds needs what is heard ("a dog barking, running paws, close"). The text is
cleaned of what is no word of it, its subject becomes the label, and what the subject
does or is decides the phrase. What is near or far is the mix's business: a point's
sound is asked for from close by, since the mix adds the distance.
"""

from __future__ import annotations

import re
import unicodedata

from ...scene import Kind
from ...sounds.words import GROUNDS, NO_SHOES, UNKNOWN, families_for
from ..protocol import Region
from ..sounding import kind_of
from .built_in import words_for
from .hearing import CALLS, DOINGS, HEARD, Words

#: A label has at most this many words.
LABEL_WORDS = 3
#: Text of which less than this share are letters is no text.
LETTERS = 0.6
#: Of a longer text, at least this share of the words is different.
DIFFERENT = 0.4

_PICTURE = r"(?:image|picture|photo|photograph|video|frame|scene|region|clip|screenshot|shot)"
_INTRODUCTIONS = re.compile(
    rf"""^(?:
      (?:the|this|that|a|an)?\s*(?:main\s+)?{_PICTURE}\s+
        (?:shows?|showing|depicts?|features?|displays?|contains?|captures?|describes?|is\s+of|of|is)\b
    | (?:in|on)\s+(?:the|this)\s+{_PICTURE}\s*,?\s*
    | (?:we|you|one|i)\s+(?:can\s+)?(?:see|observe|hear)\b
    | there\s+(?:is|are)\b
    | (?:it|this|that|these|those|they)\s+
        (?:is|are|looks?\s+like|sounds?\s+like|appears?\s+to\s+be|seems?\s+to\s+be)\b
    | (?:sure|yes|okay|ok|answer)\b
    | (?:an?|the)?\s*(?:close[- ]?up|(?:side|rear|back|front|aerial|top|low[- ]angle)?\s*view)\s+of\b
    )[\s,:-]*""",
    re.VERBOSE | re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"^(?:unanswerable|unknown|none|nothing|n/?a|no|not\s+(?:sure|visible|clear|applicable)"
    r"|i\s+(?:do\s+not|don't|can(?:no|')t)|sorry|as\s+an\s+ai|unable)\b",
    re.IGNORECASE,
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Words between which a subject stands: what follows them is beside it, not it.
_ENDS = _set(
    "in on at with by near behind under over above below beside between against along across "
    "through into onto from to for of is are was were has have and or that which who while as "
    "next front wearing holding carrying about around during after before without within towards "
    "toward off up down out parked seated filled covered surrounded dressed made called full sits "
    "stands lies walks runs rides drives flies plays looks"
)
#: "A group of people": the thing is what comes after "of".
_COUNTED = _set(
    "group pair couple bunch flock herd crowd set row number lot swarm pack line stack pile piece "
    "part top body bit kind type sort team series"
)
#: What is seen and not heard, and what says nothing.
_UNHEARD = _set(
    "a an the this that these those some any other another its his her their my your our one two "
    "three four five six seven eight nine ten several many few various different multiple "
    "red orange yellow green blue purple violet pink brown black white gray grey golden gold silver "
    "beige turquoise tan maroon cyan magenta teal navy dark bright light pale colorful colourful "
    "coloured colored striped spotted patterned plaid checkered shiny blurry blurred clear visible "
    "small little tiny large big huge tall short long wide narrow thin thick round square "
    "old young elderly new modern vintage ancient beautiful pretty handsome cute lovely nice "
    "potted fluffy furry blond blonde bald muddy dirty clean empty full open closed main left right upper lower "
    "front back top bottom middle side single lone first second third very partially mostly "
    "merged stuff"
)
#: Words that end in -ing and are things.
_THINGS = _set(
    "building ceiling railing painting string ring king spring clothing awning wing swing thing "
    "something anything nothing everything earring sting lightning morning evening crossing "
    "parking drawing icing lining sling living washing sewing dining wedding being"
)
_PLURALS = _set("people men women children cattle sheep geese feet teeth mice police")
_BODY = _set("hand hands arm arms leg legs foot feet head face hair finger fingers")
_ALIASES = {"tv": "television"}
_MASSES = _set(
    "water grass foliage sky rain snow fire wind traffic music furniture clothing food sand air "
    "vegetation greenery smoke steam lightning thunder ice mud gravel sea ocean surf applause "
    "laundry machinery equipment luggage dirt pavement wood metal glass paper fog "
    "earth ground"
)


def words_of(region: Region, clip_width: int, *, says: str, names: str = "") -> Words:
    """The words of a region, from a model's or the finder's; the draft's where these say nothing.

    Parameters
    ----------
    region : Region
    clip_width : int
        Pixels.
    says : str
        A description, as the model gave it.
    names : str
        A category, as the model or the finder gave it; leads the label where it says anything.
    """
    clause = cleaned(says)
    label = subject_of(cleaned(names)) or subject_of(clause) or subject_of(cleaned(region.label))
    if not label:
        return Words(*words_for(region, clip_width))
    prompt = heard(label, clause or label, moving=region.moving)
    return Words(label, f"{prompt}, close" if sounds_as(region, label) == "point" else prompt)


def sounds_as(region: Region, label: str) -> Kind:
    """The kind that a region will have by its words: a finder's points may turn out to be the sky."""
    return kind_of(label, region.look, region.moving) if region.kind == "point" else region.kind


def cleaned(text: str) -> str:
    """The first sentence of what a model says, in plain lower-case words; empty for garbage.

    Location and other special tokens, quotations, introductions ("the image shows") and
    repetitions are taken out; a refusal to answer is no answer.
    """
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"<[^<>]*>?", " ", text)
    # What is said or written in a picture is no sound to be made of it.
    text = re.sub(r"\"[^\"]*\"|“[^”]*”|„[^“]*“", " ", text)
    text = " ".join(re.sub(r"[^\w\s.,;:!?'-]|_", " ", text).split())
    sentences = [part.strip(" ,:'-") for part in re.split(r"[.!?;\n]+", text)]
    text = next((part for part in sentences if part), "")
    while (shorter := _INTRODUCTIONS.sub("", text, count=1)) != text:
        text = shorter
    if _NO_ANSWER.match(text):
        return ""
    words = text.lower().split()
    words = [w for i, w in enumerate(words) if not i or w != words[i - 1]]
    text = " ".join(words)
    letters = sum(c.isascii() and c.isalpha() for c in text)
    if letters < LETTERS * len(text.replace(" ", "")) or not re.search(r"[a-z]{2}", text):
        return ""
    if len(words) > 6 and len(set(words)) < DIFFERENT * len(words):
        return ""
    return text


def subject_of(clause: str) -> str:
    """What a cleaned clause speaks of, in one to three words; empty where it names nothing.

    Colours, sizes, numbers and articles are left out; "a group of people" are people.
    """
    words = re.findall(r"[a-z][a-z']*|,", clause.replace("-", " "))
    found: list[str] = []
    for place, word in enumerate(words):
        if word == "of" and found and found[-1] in _COUNTED:
            found = []
            continue
        if found and (word == "," or word in _ENDS or _is_doing(word)):
            break
        if word == "," or word in _ENDS or (word in _UNHEARD and not (word == "light" and found)):
            continue
        if _is_doing(word) and place + 1 == len(words):
            continue
        found.append(_ALIASES.get(word, word.removesuffix("'s")))
        if word.endswith("'s") and set(words[place + 1 : place + 2]) & _BODY:
            break
    return " ".join(word for word in found[-LABEL_WORDS:] if len(word) > 1)


def heard(label: str, clause: str, *, moving: bool) -> str:
    """What is heard of a thing, as a phrase for a maker of sounds.

    Parameters
    ----------
    label : str
        As `subject_of` gives it.
    clause : str
        As `cleaned` gives it.
    moving : bool
        Whether it moves.
    """
    subject = f"{article(label)}{label}"
    known = families_of(label)
    # What a person does sounds more than a person; an animal or a machine is what sounds.
    if not NO_SHOES & set(known):
        for doing, phrase in DOINGS:
            if done := re.search(doing, clause):
                what = done[1] if done.re.groups else ""
                return phrase.format(
                    a=subject, ground=_ground(clause), what=f"{article(what)}{what}" if what else ""
                )
    family = next((f for f in known if f in CALLS), known[0] if known else "")
    if not family:
        return f"the sound of {subject}" + (" moving" if moving else "")
    return _phrase(family, subject, clause, moving)


def families_of(words: str) -> list[str]:
    """The families of sounds that words name; empty where they name none."""
    choices = families_for("", words, "point")
    return [] if choices == UNKNOWN["point"] else [choice.family for choice in choices]


def article(words: str) -> str:
    """ "a " or "an " before a thing, nothing before several or before what cannot be counted."""
    last = words.split()[-1]
    several = last in _PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is")))
    if several or last in _MASSES:
        return ""
    return "an " if words[0] in "aeiou" else "a "


def _phrase(family: str, subject: str, clause: str, moving: bool) -> str:
    still, goes = HEARD[family.partition(" on ")[0]]
    return (goes if moving else still).format(a=subject, ground=_ground(clause))


def _is_doing(word: str) -> bool:
    return len(word) > 4 and word.endswith("ing") and word not in _THINGS


_GROUND = re.compile(
    r"\b(?:on|through|over|across|along|in)\s+(?:\w+\s+){0,2}?("
    + "|".join(sorted({w for _, words in GROUNDS for w in words.split(", ")}))
    + r")\b"
)


def _ground(clause: str) -> str:
    """ " on gravel", where a clause says on what something goes."""
    found = _GROUND.search(clause)
    return f" on {found[1]}" if found else ""
