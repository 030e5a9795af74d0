"""From words to families of sound: the one table, and how it is read.

Label and prompt are matched word by word: whole words, in any common form
(plural, -ing, -ed), the longest phrase first, each word used once. What is
mentioned first sounds at full level, what is mentioned beside it softer.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from ..scene import Kind


@dataclass(frozen=True)
class Choice:
    """A family and how loud it is in the layers of a sound.

    Attributes
    ----------
    family : str
        A name in `core.sounds.families.FAMILIES`.
    weight : float
        Amplitude factor on the family's own level.
    """

    family: str
    weight: float


#: Bare verbs of going; whose steps they are depends on what goes.
WALKING = {"footsteps": 1.0}

#: Beside these families `WALKING` is left out: a running dog or engine has no shoes.
NO_SHOES = frozenset(
    {
        *("paws", "hooves", "wings", "dog", "cat", "cow", "sheep", "horse", "crow", "gull"),
        *("eagle", "owl", "duck", "rooster", "frog", "birds", "stream", "car", "truck"),
        *("motorcycle", "tractor", "motorboat", "bicycle", "train", "jet", "propeller"),
        *("helicopter", "machine", "tool", "hum", "fan"),
    }
)

#: The table: which families, with which weights, sound for which words. Words are in
#: their base form; irregular forms are listed.
WORDS: tuple[tuple[dict[str, float], str], ...] = (
    # weather
    ({"wind": 1.0}, "wind, windy, breeze, breezy, gust, gusty, gale, blizzard, sky, cloud, air, "
     "mountain, desert, hill, cliff, open field"),
    ({"wind": 1.0, "rain": 0.8, "thunder": 0.6}, "storm, stormy, hurricane, typhoon, tempest"),
    ({"rain": 1.0}, "rain, rainy, raindrop, rainfall, drizzle, downpour, shower, hail, sleet"),
    ({"thunder": 1.0, "rain": 0.5}, "thunderstorm, lightning storm"),
    ({"thunder": 1.0}, "thunder, thunderclap, lightning"),
    # water
    ({"stream": 1.0}, "stream, brook, creek, river, hot spring, rapids, gutter, canal, water, "
     "flowing water, running water, running stream, running river, water flow"),
    ({"waterfall": 1.0}, "waterfall, cascade, cataract, fountain, weir, dam"),
    ({"sea": 1.0}, "sea, ocean, waves, ocean wave, sea wave, surf, beach, shore, seashore, coast, tide, breaker"),
    ({"lake": 1.0}, "lake, pond, lapping, harbour, harbor, pier, pool, still water, calm water, open water"),
    ({"drops": 1.0}, "drip, drop, droplet, drop of water, water drop, leaking tap, leak, cave"),
    ({"splash": 1.0}, "splash, swim, swimmer, dive, diver, wade, paddle, rowing boat, rowboat, "
     "kayak, canoe, fish"),
    ({"pouring": 1.0}, "pour, poured liquid, liquid, coffee, tea, drink, juice, "
     "kettle, wine, beer, milk, tap, faucet, sink, water pour, pouring water, water tap"),
    # nature
    ({"fire": 1.0}, "fire, campfire, bonfire, fireplace, flame, burn, candle, torch, ember, blaze"),
    ({"leaves": 1.0}, "leaf, leaves, foliage, tree, bush, shrub, hedge, branch, grass, grassy, "
     "meadow, reed, corn, wheat, plant, vegetation, leaf rustle, tree rustle, rustle leaf, rustle leaves, rustle of leaves, rustle in leaves, palm, lawn"),
    ({"leaves": 0.8, "birds": 0.8}, "forest, woods, woodland, jungle, park, garden, orchard, nature"),
    ({"birds": 1.0}, "bird, birdsong, songbird, sparrow, robin, finch, blackbird, nightingale, "
     "chirp, tweet, chirping bird, canary, parrot"),
    ({"insects": 1.0}, "insect, cricket, grasshopper, night, summer night, chirping cricket"),
    ({"cicadas": 1.0}, "cicada, locust"),
    ({"buzzing": 1.0}, "bee, wasp, hornet, fly swarm, flies, mosquito, bumblebee, buzz, swarm, "
     "beehive, dragonfly, butterfly"),
    # animals
    ({"paws": 1.0, "dog": 0.7}, "dog, puppy, hound, terrier, retriever, poodle, wolf, fox"),
    ({"dog": 1.0}, "bark, barking dog, dog bark, dog barking, woof, growl"),
    ({"paws": 1.0}, "paw, animal, small animal, rabbit, squirrel, mouse, rat, "
     "animal step, running animal, animal run"),
    ({"cat": 1.0, "paws": 0.4}, "cat, kitten"),
    ({"cat": 1.0}, "meow, mew, purr"),
    ({"cow": 1.0}, "cow, cattle, bull, ox, oxen, calf, calves, buffalo, moo"),
    ({"sheep": 1.0}, "sheep, lamb, goat, bleat"),
    ({"hooves": 1.0, "horse": 0.35}, "horse, pony, donkey, mule, foal, deer, zebra, camel"),
    ({"hooves": 1.0}, "hoof, hooves, hoofbeat, gallop, trot, horse riding, rider, horse gallop"),
    ({"horse": 1.0}, "neigh, whinny"),
    ({"crow": 1.0}, "crow, raven, jackdaw, magpie, caw"),
    ({"gull": 1.0}, "gull, seagull, seabird, albatross"),
    ({"eagle": 1.0, "wings": 0.5}, "eagle, hawk, falcon, vulture, kite bird, buzzard, bird of prey"),
    ({"owl": 1.0}, "owl, hoot"),
    ({"duck": 1.0}, "duck, goose, geese, swan, quack"),
    ({"rooster": 1.0}, "rooster, cock, chicken, hen, poultry"),
    ({"frog": 1.0}, "frog, toad, croak"),
    ({"wings": 1.0}, "wing, flap, flapping wing, pigeon, dove, wing beat"),
    # people
    ({"footsteps": 1.0, "cloth": 0.5}, "person, man, men, woman, women, boy, girl, human, "
     "pedestrian, walker, someone, somebody, runner, jogger, figure, lady, gentleman, soldier"),
    ({"footsteps": 1.0}, "footstep, footfall, stairs"),
    (WALKING, "walk, run, step, jog, stroll, march, hike, climb, wander, stride"),
    ({"cloth": 2.0}, "rustle, handling"),
    ({"cloth": 1.0}, "cloth, clothes, clothing, fabric, dress, coat, curtain, flag, gesture, throw"),
    ({"voice": 1.0}, "voice, talk, speak, speech, conversation, chat, say, tell, presenter, "
     "murmur, whisper, mumble, sing, singer, face"),
    ({"crowd": 1.0}, "crowd, people, audience, spectator, babble, chatter, restaurant, cafe, bar, "
     "market, station hall, party, group of people, bystander, passenger, queue, mall, office"),
    ({"children": 1.0}, "child, children, kid, playground, schoolyard, baby, toddler"),
    ({"cheering": 1.0}, "cheer, shout, yell, scream, stadium, fans, protest, goal, concert, match"),
    ({"clapping": 1.0}, "clap, applause, applaud, ovation"),
    # vehicles
    ({"car": 1.0}, "car, vehicle, automobile, taxi, cab, van, suv, sedan, engine, motor, drive, "
     "police car, race car, sports car, running engine, running motor"),
    ({"truck": 1.0}, "truck, lorry, bus, coach, trailer, garbage truck, fire truck, diesel"),
    ({"motorcycle": 1.0}, "motorcycle, motorbike, scooter, moped"),
    ({"tractor": 1.0}, "tractor, excavator, bulldozer, digger, harvester, forklift, battle tank"),
    ({"motorboat": 1.0}, "boat, motorboat, speedboat, ship, ferry, vessel, yacht"),
    ({"lake": 1.0, "wind": 0.5}, "sailboat, sailing boat, sailing ship, sail"),
    ({"bicycle": 1.0}, "bicycle, bike, cyclist, cycling, tricycle"),
    ({"train": 1.0}, "train, railway, railroad, locomotive, tram, subway, metro, underground, "
     "streetcar, freight wagon"),
    ({"train": 0.6, "crowd": 1.0}, "train station, railway station, station"),
    ({"traffic": 1.0}, "traffic, road, street, highway, motorway, freeway, city, town, urban, "
     "avenue, intersection, crossing, parking lot, car park, bridge, skyline, passing cars"),
    ({"jet": 1.0}, "aircraft, aeroplane, airplane, plane, jet, airliner, airport, rocket"),
    ({"propeller": 1.0}, "propeller, biplane, small plane, drone, quadcopter, light aircraft"),
    ({"helicopter": 1.0}, "helicopter, chopper"),
    # machines
    ({"hum": 1.0}, "hum, transformer, mains, electric, electrical, electricity, neon, refrigerator, "
     "fridge, freezer, lamp, light bulb, screen, television, computer, server"),
    ({"fan": 1.0}, "fan, ventilator, ventilation, air conditioner, air conditioning, vent, heater, "
     "hair dryer, vacuum cleaner, vacuum, dryer, washing machine"),
    ({"machine": 1.0}, "machine, machinery, factory, industrial, mechanical, robot, pump, conveyor, power plant, running machine, "
     "printer, generator, mill, workshop, press, sewing machine"),
    ({"tool": 1.0}, "tool, drill, saw, chainsaw, grinder, sander, lawn mower, mower, blender, mixer"),
    ({"clock": 1.0}, "clock, tick, wristwatch, pocket watch, timer, metronome"),
    ({"typing": 1.0}, "typing, typist, keyboard, typewriter, laptop"),
    ({"siren": 1.0}, "siren, ambulance, police, emergency vehicle, alarm, fire engine"),
    ({"horn": 1.0}, "horn, honk, car horn, beep"),
    ({"bell": 1.0}, "bell, church, church bell, gong, cathedral"),
    ({"chime": 1.0}, "chime, wind chime, jingle, tinkle"),
    ({"phone": 1.0}, "phone, telephone, cell phone, smartphone, ringtone, mobile phone"),
    # strikes
    ({"impact": 1.0}, "impact, hit, strike, thud, bump, bang, crash, collision, falling object, "
     "fall down, fall over, punch, kick, drum, collapse, jump, landing, stomp"),
    ({"knocking": 1.0}, "knock, hammer, woodpecker, chop, axe"),
    ({"door": 1.0}, "door, gate, creak, slam, hinge"),
    ({"glass": 1.0}, "broken glass, glass break, shatter, bottle break, breaking window"),
    ({"metal": 1.0}, "metal, clang, clank, pan, pot, sword, anvil, plate, cutlery, dish, steel, coin"),
    ({"explosion": 1.0}, "explosion, explode, blast, bomb, firework, eruption, volcano, detonation"),
    ({"gunshot": 1.0}, "gun, gunshot, shooting, rifle, pistol, cannon"),
    ({"ball": 1.0}, "ball, bounce, basketball, football, soccer, tennis, volleyball"),
    ({"scraping": 1.0}, "scrape, drag, scratch, moving furniture, sled, skateboard, skate"),
    # air
    ({"whoosh": 1.0}, "whoosh, swoosh, swish, swing, frisbee, arrow, moving object, moving thing, "
     "something moving, movement, motion, kite, balloon, ski, skier, snowboard, thrown object"),
    ({"room tone": 1.0}, "room tone, room, indoor, interior, silence, quiet room, ambience, "
     "background, hall, corridor, kitchen, bedroom, living room, museum, library, wall, "
     "parked, parked car, parked vehicle, empty room"),
)  # fmt: skip

#: What a step falls on; read only where something steps.
GROUNDS: tuple[tuple[str, str], ...] = (
    ("gravel", "gravel, pebble, shingle, stones, dirt, path, rubble"),
    ("leaves", "leaf, leaves, forest, undergrowth, autumn, woods, twigs"),
    ("snow", "snow, snowy, ice, icy, winter"),
    ("grass", "grass, grassy, lawn, meadow, field, park, garden, sand, sandy, beach, carpet, moss"),
    ("wood", "wooden, wood, floor, plank, parquet, deck, stairs, stage, indoors, room, house"),
)

#: Families whose steps fall on a ground.
STEPPING = frozenset({"footsteps", "paws", "hooves"})

#: Words that make what they stand before louder or softer.
LOUDNESS: tuple[tuple[float, str], ...] = (
    (0.4, "distant, far, faraway, faint"),
    (0.6, "soft, gentle, quiet, light, slight, small, subtle, background, low"),
    (1.4, "loud, heavy, strong, intense, roaring, violent, big, huge, large, close"),
)

#: Words that say that a thing moves, for a source without a track.
MOVES = (
    "walk, run, footstep, step, jog, march, stroll, hike, drive, ride, pass, race, fly, gallop, "
    "trot, move, moving, cross, speed, roll, cycle, cycling, travel, approach, arrive, depart, swing, rush, "
    "whoosh, swoosh, swish, pass by, passing, hoofbeat, jump, throw, swim, splash"
)

#: Words that say that it does not; they count for more.
RESTS = "stand, sit, lie, wait, idle, stop, still, motionless, parked"

#: Words after which the next thing is not there.
NOT = frozenset({"no", "not", "without", "never"})

#: What is mentioned beside the first thing is this much softer.
BESIDE = 0.7

#: More families at once are a blur.
MOST_LAYERS = 4

#: What a source sounds like whose words say nothing, by its kind.
UNKNOWN: dict[Kind, tuple[Choice, ...]] = {
    "point": (Choice("whoosh", 1.0), Choice("room tone", 0.7)),
    "area": (Choice("wind", 0.6),),
    "ambience": (Choice("room tone", 1.0),),
}


def families_for(label: str, prompt: str, kind: Kind) -> tuple[Choice, ...]:
    """Which families sound for these words, loudest claim first.

    The prompt counts; the label is asked only where the prompt says nothing known.

    Parameters
    ----------
    label, prompt : str
        Any text.
    kind : {"point", "area", "ambience"}
        Decides where neither says anything known.

    Returns
    -------
    tuple of Choice
        One to `MOST_LAYERS`, no family twice.
    """
    found = _found(prompt) or _found(label)
    if not found:
        return UNKNOWN[kind]
    if any(NO_SHOES & families.keys() for families, _ in found):
        found = [row for row in found if row[0] is not WALKING]
    ground = _ground(f"{label} {prompt}")
    layers: dict[str, float] = {}
    for families, loudness in found:
        for family, weight in families.items():
            if family == "footsteps" and ground:
                family = f"footsteps on {ground}"
            share = weight * loudness * (1.0 if families is found[0][0] else BESIDE)
            layers[family] = max(layers.get(family, 0.0), share)
    return tuple(Choice(f, w) for f, w in list(layers.items())[:MOST_LAYERS])


def says_it_moves(label: str, prompt: str) -> bool:
    """Whether the words say that the thing moves."""
    tokens = _tokens(f"{label} {prompt}")
    return bool(_matches(tokens, _plain(MOVES))) and not _matches(tokens, _plain(RESTS))


def _tokens(text: str) -> list[frozenset[str]]:
    """Each word of a text in all the base forms it may have."""
    plain = unicodedata.normalize("NFKD", text).lower()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [_forms(word) for word in re.findall(r"[a-z]+", plain)]


@lru_cache(maxsize=8192)
def _forms(word: str) -> frozenset[str]:
    """A word and what it may be a plural or a verb form of."""
    forms = {word}
    for ending, others in (
        ("ies", ("y", "ie")),
        ("ves", ("f", "fe")),
        ("es", ("", "e")),
        ("s", ("",)),
        ("ing", ("", "e")),
        ("ed", ("", "e")),
    ):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 2:
            forms.update(stem + other for other in others if len(stem + other) >= 3)
            if len(stem) > 3 and stem[-1] == stem[-2]:  # running, dropped
                forms.add(stem[:-1])
    return frozenset(forms)


Phrase = tuple[str, ...]


def _phrases(text: str) -> list[Phrase]:
    return [tuple(phrase.split()) for phrase in text.split(", ")]


@lru_cache(maxsize=1)
def _index() -> dict[Phrase, int]:
    """Each phrase of the table with its row."""
    return {phrase: row for row, (_, words) in enumerate(WORDS) for phrase in _phrases(words)}


@lru_cache(maxsize=2)
def _plain(words: str) -> dict[Phrase, int]:
    """A list of words without families, as an index."""
    return dict.fromkeys(_phrases(words), 0)


def _matches(tokens: list[frozenset[str]], index: dict[Phrase, int]) -> list[tuple[int, int]]:
    """Places and rows of the phrases in a text, in its order; the longest are taken first."""
    free = [True] * len(tokens)
    by_word: dict[str, list[Phrase]] = {}
    for phrase in index:
        by_word.setdefault(phrase[0], []).append(phrase)
    hits = []
    for place, token in enumerate(tokens):
        for form in token:
            for phrase in by_word.get(form, ()):
                rest = tokens[place : place + len(phrase)]
                if len(rest) == len(phrase) and all(
                    word in forms for word, forms in zip(phrase, rest, strict=True)
                ):
                    hits.append((-len(phrase), place, index[phrase]))
    taken = []
    for minus_length, place, row in sorted(hits):
        span = range(place, place - minus_length)
        if all(free[i] for i in span):
            for i in span:
                free[i] = False
            taken.append((place, row))
    return sorted(taken)


def _found(text: str) -> list[tuple[dict[str, float], float]]:
    """The rows that a text names, with the loudness that it gives them."""
    tokens = _tokens(text)
    found = []
    rows = set()
    matches = _matches(tokens, _index())
    steps = any(STEPPING & WORDS[row][0].keys() for _, row in matches)
    for place, row in matches:
        before = tokens[max(place - 2, 0) : place]
        if row in rows or any(forms & NOT for forms in before):
            continue
        if steps and any("on" in forms for forms in before) and tokens[place] & _grounds().keys():
            continue  # "on leaves": not a sound beside the steps, but theirs
        rows.add(row)
        loudness = 1.0
        for factor, words in LOUDNESS:
            if before and before[-1] & set(words.split(", ")):
                loudness = factor
        found.append((WORDS[row][0], loudness))
    return found


@lru_cache(maxsize=1)
def _grounds() -> dict[str, str]:
    """Each word of `GROUNDS` with its ground; the first row counts."""
    named: dict[str, str] = {}
    for ground, words in GROUNDS:
        for word in words.split(", "):
            named.setdefault(word, ground)
    return named


def _ground(text: str) -> str | None:
    """What a step falls on, where the text says so: the first ground it names."""
    for forms in _tokens(text):
        for word in sorted(forms & _grounds().keys()):
            return _grounds()[word]
    return None
