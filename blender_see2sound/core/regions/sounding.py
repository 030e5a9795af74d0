"""Which of the things that are seen also sound, and how widely: the choice of the sources.

A candidate's score is ::

    score = words * (0.35 motion + 0.30 size + 0.15 middle + 0.20 time)

motion  its speed against the background, full at a tenth of the picture's width a second, or
        how much its surface flickers, whichever is more;
size    the side of a square as large as it, full at half of the picture's;
middle  1 in the picture's middle, 0 in its corner;
time    for which share of the clip it is there;
words   how much its label sounds (`SOUNDS`): 1 for what is heard wherever it is seen, 0.05 for
        what is silent, `UNKNOWN` where the words say nothing.

Until a describer has spoken `words` is 1 for all but what the finder itself has recognised.
What is chosen is a point, an area or an ambience (`kind_of`); at most one ambience is kept,
for several make one wash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..scene import Kind
from .protocol import Look, Region

MOTION, SIZE, MIDDLE, TIME = 0.35, 0.30, 0.15, 0.20
#: Where motion (picture widths a second), flicker (grey values 0 to 1) and size are full.
FULL_SPEED, FULL_FLICKER, FULL_SIDE = 0.1, 0.06, 0.5
UNKNOWN = 0.5
#: Candidates for each source that is wanted, and at least.
CANDIDATES, FEWEST_CANDIDATES = 3, 8
#: Shares of the picture from which something that does not move, or has no outline of its own,
#: is an area, and an ambience.
AREA, AMBIENCE = 0.12, 0.3

#: How much things sound, by the words that labels are made of.
SOUNDS: dict[float, str] = {
    1.0: """person human man woman guy lady child boy girl baby people crowd player dancer singer musician
        speaker audience face animal dog puppy cat kitten bird parrot owl duck goose chicken rooster
        hen eagle seagull crow horse cow bull sheep lamb goat pig elephant bear lion tiger wolf
        monkey zebra giraffe frog insect bee fly cricket mosquito whale dolphin seal
        car vehicle truck lorry bus train tram locomotive subway motorcycle motorbike scooter moped
        airplane plane aircraft jet helicopter drone rocket boat ship ferry tractor excavator
        bulldozer tank ambulance race traffic
        engine machine machinery motor generator pump drill saw chainsaw hammer mower blender
        vacuum dryer fan turbine propeller grinder printer
        guitar piano violin drum drums trumpet flute saxophone cello instrument bell gong whistle
        siren alarm horn radio loudspeaker television tv phone telephone drier
        fire flame fireplace campfire bonfire firework fireworks explosion gun
        waterfall fountain rapids geyser wave waves surf sea ocean rain storm thunderstorm
        lightning tornado volcano""",
    0.8: """bicycle bike skateboard skateboarder skis snowboard surfboard skier surfer runner
        rider cyclist athlete ball hand hands feet foot river stream water creek wind
        flag keyboard typewriter tap faucet shower sink toilet kettle pan pot stove oven grill
        microwave toaster clock cart wagon carriage elevator escalator door gate swing
        coffee tea juice bottle smoke steam""",
    0.5: """tree trees foliage leaves leaf forest bush grass field crops lake pond snow sand
        beach cloud clouds mist laptop computer mouse remote cup glass knife fork spoon
        scissors frisbee kite racket bat umbrella paper book curtain sail rope chain""",
    0.25: """sky street road city building house bridge tower window platform tent fence
        railroad ceiling light lamp chair bench couch bed table plant flower flowers
        food fruit""",
    0.05: """wall floor pavement sidewalk ground dirt rock stone mountain hill cliff sign poster
        picture painting clothing clothes footwear shirt t-shirt pants jeans trousers dress skirt coat jacket sweater
        hat cap helmet hair shoe shoes sock tie glove glasses bag handbag backpack suitcase
        vase pillow blanket towel rug carpet mat cabinet shelf counter cupboard mirror
        shadow reflection background roof pole post banner letter text logo cardboard box
        banana apple orange sandwich pizza cake carrot broccoli donut teddy""",
}

#: Things that hardly sound, though their words say so.
SILENT = (
    "hot dog", "teddy bear", "fire hydrant", "stop sign", "parking meter", "traffic light",
    "dog bed", "bird house", "mouse pad", "piano bench",
)  # fmt: skip

#: Stuff without an outline of its own, and what is all around whatever its size.
STUFF = """water river stream creek sea ocean lake pond waves surf grass field trees foliage leaves
    forest bush crops sand beach snow rain fire flames smoke steam mist traffic crowd audience
    people waterfall rapids road street pavement dirt ground gravel"""
AMBIENT = "sky storm rain thunderstorm wind snowfall city background"

_STUFF, _AMBIENT = frozenset(STUFF.split()), frozenset(AMBIENT.split())
#: What follows the noun of a phrase.
_AFTER = re.compile(r"\b(?:in|on|of|with|at|by|near|behind|under|that|which|wearing|holding|and)\b")
_WEIGHTS = {word: weight for weight, words in SOUNDS.items() for word in words.split()}


def candidates_for(count: int) -> int:
    """How many candidates to look for where `count` sources are wanted."""
    return max(FEWEST_CANDIDATES, CANDIDATES * count)


def words_of(text: str) -> list[str]:
    """The words of a label in lower case, plurals also in the singular."""
    words = re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())
    return [form for word in words for form in _forms(word)]


def sounding(label: str) -> float:
    """How much a thing of this label sounds, 0.05 to 1; `UNKNOWN` where no word is known.

    The last known word before a preposition counts ("piano player", "a man in a red shirt"),
    else the best of all.
    """
    if any(silent in label.lower() for silent in SILENT):
        return min(SOUNDS)
    head = _known(_AFTER.split(label.lower())[0])
    return head[-1] if head else max(_known(label), default=UNKNOWN)


def visible(look: Look, time: float) -> float:
    """What the picture says of how prominent a thing is, 0 to 1, its words left out.

    Parameters
    ----------
    look : Look
    time : float
        For which share of the clip it is there.
    """
    motion = max(look.speed / FULL_SPEED, look.flicker / FULL_FLICKER)
    away = np.linalg.norm((np.asarray(look.centre) - 0.5) * 2.0) / np.sqrt(2.0)
    terms = (
        MOTION * min(motion, 1.0),
        SIZE * min(np.sqrt(look.area) / FULL_SIDE, 1.0),
        MIDDLE * (1.0 - min(float(away), 1.0)),
        TIME * min(max(time, 0.0), 1.0),
    )
    return float(sum(terms))


def score_of(region: Region) -> float:
    """A described candidate's score, as the module's text says."""
    return sounding(region.label) * visible(region.look, float(np.mean(region.presence)))


def kind_of(label: str, look: Look, moving: bool) -> Kind:
    """Whether a thing sounds from a point, an area or all around.

    Parameters
    ----------
    label : str
        Empty where it is not known.
    look : Look
        Of which `area` is read, and `stuff`, what the finder has recognised.
    moving : bool
    """
    words = set(words_of(label))
    if words & _AMBIENT:
        return "ambience"
    if look.stuff or words & _STUFF:
        return "ambience" if look.area > AMBIENCE else "area"
    if moving or any(_WEIGHTS.get(word, 0.0) >= 0.8 for word in words):
        return "point"
    if look.area > AMBIENCE:
        return "ambience"
    return "area" if look.area > AREA else "point"


def choose(regions: Sequence[Region], count: int) -> list[Region]:
    """Of described candidates the `count` that sound most, the first the most.

    Their `prominence` becomes the score and their `kind` what the words say; labels of which
    several are left are numbered anew. What is heard from off the picture (`azimuth`) is no
    candidate: it follows, as it is.
    """
    seen = [r for r in regions if r.azimuth is None]
    ranked = [
        replace(r, prominence=score_of(r), kind=kind_of(r.label, r.look, r.moving)) for r in seen
    ]
    ranked.sort(key=lambda r: -r.prominence)
    chosen: list[Region] = []
    for region in ranked:
        washes = region.kind == "ambience" and any(r.kind == "ambience" for r in chosen)
        if len(chosen) < count and not washes:
            chosen.append(region)
    return _numbered(chosen) + [r for r in regions if r.azimuth is not None]


def _numbered(regions: Sequence[Region]) -> list[Region]:
    """Regions whose equal labels are numbered, the others not."""
    plain = [re.sub(r"\s+\d+$", "", region.label) for region in regions]
    return [
        replace(
            region,
            label=f"{label} {plain[: k + 1].count(label)}" if plain.count(label) > 1 else label,
        )
        for k, (region, label) in enumerate(zip(regions, plain, strict=True))
    ]


def _known(text: str) -> list[float]:
    """The weights of the words of a text that are known."""
    return [_WEIGHTS[word] for word in words_of(text) if word in _WEIGHTS]


def _forms(word: str) -> list[str]:
    forms = [word]
    if word.endswith("ies"):
        forms.append(word[:-3] + "y")
    if word.endswith("es"):
        forms.append(word[:-2])
    if word.endswith("s"):
        forms.append(word[:-1])
    return forms
