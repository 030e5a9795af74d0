"""How large things usually are, how much that varies, and how fast they come nearer or go."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class UsualSize:
    """The usual size of a thing that bears one of these words.

    Attributes
    ----------
    words : tuple of str
        Singular, lower case; a plural with -s is known too.
    height, width : float
        Metres, as seen upright from the side.
    spread : float
        Standard deviation of the height's logarithm: among things of that name, and for
        what poses, and finders that give a wrong name, do to it.
    speed : float
        Standard deviation of the speed at which one comes nearer or goes, metres a second.
    """

    words: tuple[str, ...]
    height: float
    width: float
    spread: float
    speed: float


#: The first row with a word of the label is taken.
USUAL_SIZES: tuple[UsualSize, ...] = (
    UsualSize(
        ("person", "people", "woman", "man", "figure", "walker", "runner"), 1.7, 0.6, 0.15, 1.5
    ),
    UsualSize(("child", "kid", "boy", "girl"), 1.2, 0.45, 0.25, 1.5),
    UsualSize(("baby",), 0.7, 0.4, 0.3, 0.5),
    UsualSize(("dog", "animal"), 0.6, 0.8, 0.5, 3.0),
    UsualSize(("cat",), 0.3, 0.45, 0.3, 1.5),
    UsualSize(("horse", "cow"), 1.6, 2.2, 0.25, 3.0),
    UsualSize(("sheep", "pig", "goat", "deer"), 0.9, 1.2, 0.35, 2.0),
    UsualSize(("duck", "chicken", "goose"), 0.4, 0.5, 0.35, 1.0),
    UsualSize(("bird", "pigeon", "crow", "gull"), 0.25, 0.4, 0.5, 5.0),
    UsualSize(("eagle", "hawk", "owl", "swan"), 0.7, 1.2, 0.4, 5.0),
    UsualSize(("insect", "bee", "fly", "butterfly"), 0.03, 0.03, 0.6, 1.0),
    UsualSize(("truck", "lorry", "bus", "tram"), 3.2, 8.0, 0.25, 8.0),
    UsualSize(("train", "locomotive"), 4.0, 40.0, 0.2, 15.0),
    UsualSize(
        ("bicycle", "bike", "motorcycle", "motorbike", "scooter", "cyclist"), 1.5, 1.8, 0.25, 5.0
    ),
    UsualSize(("car", "vehicle", "taxi", "van", "cart"), 1.5, 4.3, 0.3, 8.0),
    UsualSize(("aeroplane", "airplane", "plane", "aircraft", "helicopter"), 5.0, 20.0, 0.6, 40.0),
    UsualSize(("ship", "ferry"), 15.0, 60.0, 0.6, 5.0),
    UsualSize(("boat",), 2.5, 6.0, 0.5, 3.0),
    UsualSize(("waterfall",), 12.0, 8.0, 0.8, 0.1),
    UsualSize(("fountain",), 2.5, 2.5, 0.6, 0.1),
    UsualSize(("tree",), 8.0, 6.0, 0.5, 0.1),
    UsualSize(("bush", "shrub"), 1.5, 2.0, 0.4, 0.1),
    UsualSize(("fire", "flame", "campfire"), 0.8, 0.8, 0.6, 0.1),
    UsualSize(("ball",), 0.25, 0.25, 0.4, 5.0),
    UsualSize(("cup", "glass", "mug", "coffee"), 0.1, 0.1, 0.25, 0.3),
    UsualSize(("bell", "clock", "phone", "radio", "kettle"), 0.25, 0.2, 0.5, 0.3),
    UsualSize(("flag",), 1.0, 1.5, 0.5, 0.3),
)

#: What nothing is known about.
UNKNOWN = UsualSize((), 1.0, 1.0, 1.0, 3.0)

#: Words for what lies flat on the ground: it is as far as the ground at its centre.
FLAT_WORDS = frozenset(
    {"water", "pond", "lake", "sea", "ocean", "river", "stream", "wave", "grass", "meadow",
     "ground", "snow", "sand", "gravel", "road", "rain"}
)  # fmt: skip

#: How far an area or ambience without a better cue is taken to be, metres, and the standard
#: deviation of its logarithm.
AREA_DISTANCE = 12.0
AREA_SPREAD = 0.7


def words_of(label: str) -> set[str]:
    """The words of a label in lower case, plurals in -s also without it."""
    words = set(re.findall(r"[^\W\d_]+", label.lower()))
    return words | {word[:-1] for word in words if word.endswith("s")}


def usual_size(label: str) -> UsualSize:
    """The usual size of what a label names; `UNKNOWN` for what has none."""
    words = words_of(label)
    return next((row for row in USUAL_SIZES if words.intersection(row.words)), UNKNOWN)


def lies_flat(label: str) -> bool:
    """Whether a label names something flat on the ground."""
    return not FLAT_WORDS.isdisjoint(words_of(label))
