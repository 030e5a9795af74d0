"""What places sound like, and what is heard there that may be out of the picture.

Read from a caption of the scene, or from the labels of what was found in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .hearing import Words


@dataclass(frozen=True)
class Place:
    """A kind of place.

    Attributes
    ----------
    name : str
        What its ambience is called.
    sounds : str
        Its ambience, for a maker of sounds.
    unseen : tuple of Words
        What may be heard there without being seen, the likeliest first.
    """

    name: str
    sounds: str
    unseen: tuple[Words, ...]


def _place(name: str, sounds: str, *unseen: tuple[str, str]) -> Place:
    return Place(name, sounds, tuple(Words(*words) for words in unseen))


#: Words of captions, and the place that they speak of; a place of its own comes before a wider one.
PLACES: tuple[tuple[str, Place], ...] = (
    ("station, platform, subway, train tracks, railway, airport",
     _place("station", "chatter of a crowd in a train station",
            ("train", "a train passing, wheels on rails"), ("passers-by", "footsteps of people"))),
    ("highway, motorway, freeway, traffic",
     _place("highway", "steady traffic of passing cars on a highway",
            ("truck", "a truck passing by, diesel rumble"), ("horn", "a car horn honking"))),
    ("street, road, city, town, intersection, crosswalk, crossing, sidewalk, pavement, avenue, "
     "downtown, alley, parking lot, bus stop, square, urban",
     _place("city street", "city traffic on a street, chatter of people",
            ("traffic", "passing cars, traffic"), ("siren", "a wailing police siren"))),
    ("restaurant, cafe, bar, pub, diner, cafeteria, dining",
     _place("restaurant", "chatter of people in a restaurant",
            ("dishes", "clinking cutlery and plates"), ("guests", "chatter of people"))),
    ("stadium, arena, match, soccer field, football field, court",
     _place("stadium", "cheering crowd of a stadium",
            ("spectators", "a crowd cheering"), ("applause", "applause of an audience"))),
    ("concert, stage, theatre, theater, audience",
     _place("hall", "chatter of an audience before a concert",
            ("applause", "applause of an audience"), ("audience", "chatter of an audience"))),
    ("playground, schoolyard",
     _place("playground", "children playing on a playground",
            ("children", "children playing"), ("birds", "birds chirping"))),
    ("market, mall, shop, store, supermarket",
     _place("shop", "chatter of people in a shop",
            ("shoppers", "chatter of people"), ("ventilation", "steady noise of ventilation"))),
    ("factory, workshop, garage, warehouse, construction site, construction",
     _place("workshop", "machinery running in a workshop",
            ("machine", "a machine running, mechanical noise"), ("hammer", "hammer knocking"))),
    ("kitchen",
     _place("kitchen", "quiet room tone of a kitchen, hum of a refrigerator",
            ("refrigerator", "electric hum of a refrigerator"), ("tap", "water pouring from a tap"))),
    ("office, classroom, library, laboratory, hospital, studio",
     _place("office", "quiet room tone, steady ventilation",
            ("ventilation", "steady noise of ventilation"), ("telephone", "a telephone ringing"))),
    ("living room, bedroom, bathroom, dining room, room, indoors, indoor, hallway, corridor, "
     "house interior, couch, sofa, carpet, ceiling",
     _place("room", "quiet room tone",
            ("clock", "a clock ticking"), ("street outside", "faint traffic of passing cars"))),
    ("beach, coast, sea, ocean, shore, seaside, harbor, harbour, pier",
     _place("beach", "waves of the sea on a beach, wind",
            ("gulls", "seagulls calling"), ("boat", "a motorboat rumbling past"))),
    ("lake, pond, river, stream, creek, canal",
     _place("waterside", "calm water lapping, light wind",
            ("birds", "birds chirping"), ("frogs", "frogs croaking"))),
    ("snow, snowy, ski slope, glacier, ice",
     _place("snow field", "cold wind over snow", ("crow", "a crow cawing"))),
    ("mountain, mountains, hill, hills, desert, cliff, valley, canyon",
     _place("mountainside", "wind in the mountains", ("eagle", "an eagle crying"))),
    ("forest, woods, woodland, jungle, trees",
     _place("forest", "wind in leaves of a forest, birdsong",
            ("birds", "birds chirping"), ("woodpecker", "a woodpecker knocking"))),
    ("farm, barn, pasture, countryside, village",
     _place("farm", "light wind, birdsong in the countryside",
            ("rooster", "a rooster crowing"), ("cows", "cows mooing"))),
    ("park, garden, lawn, meadow, field, grass, yard, backyard, tree",
     _place("park", "light wind in leaves, birdsong",
            ("birds", "birds chirping"), ("insects", "crickets chirping"))),
    ("sky, outdoors, outdoor, outside",
     _place("open place", "light wind in the open air", ("birds", "birds chirping"))),
)  # fmt: skip

#: Weather that captions tell of, heard before all else.
WEATHER: tuple[tuple[str, str], ...] = (
    ("thunderstorm, lightning", "rolling thunder, rain"),
    ("rain, raining, rainy", "steady rain"),
    ("storm, stormy, windy", "strong wind"),
)


def place_of(text: str) -> Place | None:
    """The place that a text speaks of: the one that most of its words are of, the first if equal."""
    best: tuple[int, Place | None] = (0, None)
    for words, place in PLACES:
        count = sum(len(w.split()) for w in words.split(", ") if _says(text, w))
        best = max(best, (count, place), key=lambda one: one[0])
    return best[1]


def ambience_of(caption: str, place: Place | None) -> str:
    """The prompt of a place's ambience and its weather; empty where neither is known."""
    weather = next((s for words, s in WEATHER for w in words.split(", ") if _says(caption, w)), "")
    if place is None:
        return weather
    return f"{weather}, {place.sounds}" if weather else place.sounds


def _says(text: str, words: str) -> bool:
    return re.search(rf"\b{words}s?\b", text) is not None
