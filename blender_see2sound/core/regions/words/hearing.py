"""What is heard of things, by the families of sounds: phrases for makers.

Each phrase holds a word by which the built-in maker finds the family again; `{a}` is the thing
with its article, `{ground}` what it goes on, where that is known.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What a region is called (one to three words), and what is asked of a maker of sounds."""

    label: str
    prompt: str


#: Families that are voices of animals: they say more of an animal than its steps do.
CALLS = frozenset({"dog", "cat", "horse"})

#: Per family what is heard of a thing that stands, and of one that moves.
HEARD: dict[str, tuple[str, str]] = {
    family: (still, moving or still)
    for family, still, moving in (
        ("wind", "light wind in the open air", ""),
        ("rain", "steady rain", ""),
        ("thunder", "rolling thunder", ""),
        ("stream", "water flowing in a stream", ""),
        ("waterfall", "waterfall rushing down", ""),
        ("sea", "waves of the sea breaking on the shore", ""),
        ("lake", "calm water lapping gently", ""),
        ("drops", "dripping water drops", ""),
        ("splash", "splashing water", ""),
        ("pouring", "liquid pouring", ""),
        ("fire", "crackling fire", ""),
        ("leaves", "leaves rustling in the wind", ""),
        ("birds", "{a} chirping, birdsong", ""),
        ("insects", "crickets chirping", ""),
        ("buzzing", "{a} buzzing", ""),
        ("cicadas", "cicadas ringing", ""),
        ("dog", "{a} barking", "{a} barking, quick running paws{ground}"),
        ("cat", "{a} meowing", "{a} meowing, soft paws{ground}"),
        ("cow", "{a} mooing", ""),
        ("sheep", "{a} bleating", ""),
        ("horse", "{a} neighing", "hooves of {a} trotting{ground}"),
        ("crow", "{a} cawing", ""),
        ("gull", "{a} calling", ""),
        ("eagle", "{a} crying", ""),
        ("duck", "{a} quacking", ""),
        ("rooster", "{a} clucking", ""),
        ("owl", "{a} hooting", ""),
        ("frog", "{a} croaking", ""),
        ("footsteps", "{a} standing, quiet footsteps, rustling clothes",
         "footsteps of {a} walking{ground}"),
        ("cloth", "soft rustle of {a}", "{a} fluttering, rustling cloth"),
        ("paws", "small paws of {a}", "quick pattering paws of {a}{ground}"),
        ("hooves", "hooves of {a}{ground}", "hooves of {a} trotting{ground}"),
        ("wings", "flapping wings of {a}", ""),
        ("voice", "indistinct talking voice", ""),
        ("children", "{a} playing, voices of children", ""),
        ("crowd", "chatter of {a}, a crowd", ""),
        ("cheering", "cheering of {a}", ""),
        ("clapping", "applause of {a}", ""),
        ("car", "{a} with its engine idling", "{a} driving past, engine and tyres"),
        ("truck", "{a} idling, diesel rumble", "{a} passing by, diesel rumble"),
        ("motorcycle", "{a} idling", "{a} roaring past"),
        ("motorboat", "{a} idling", "{a} rumbling past"),
        ("tractor", "{a} idling", "{a} rattling past"),
        ("bicycle", "{a}, clicking freewheel", "{a} rolling past, clicking freewheel"),
        ("train", "{a} standing, humming", "{a} passing, wheels on rails"),
        ("jet", "{a} whining", "{a} roaring past overhead"),
        ("propeller", "{a}, propeller whirring", "{a} flying past, propeller whirring"),
        ("helicopter", "{a}, rotor blades turning", "{a} flying past, rotor blades"),
        ("traffic", "passing cars, traffic", ""),
        ("hum", "electric hum of {a}", ""),
        ("fan", "steady noise of {a}", ""),
        ("machine", "{a} running, mechanical noise", ""),
        ("tool", "{a} whirring loudly", ""),
        ("clock", "{a} ticking", ""),
        ("typing", "typing on a keyboard", ""),
        ("siren", "{a} with a wailing siren", "{a} with a wailing siren passing by"),
        ("horn", "{a}, horn honking", ""),
        ("bell", "{a}, bell ringing", ""),
        ("chime", "{a} tinkling", ""),
        ("phone", "{a} ringing", ""),
        ("impact", "{a}, a heavy thud", ""),
        ("knocking", "{a}, knocking", ""),
        ("door", "{a} creaking", "{a} creaking and slamming"),
        ("glass", "{a} shattering, broken glass", ""),
        ("metal", "clanking of {a}", ""),
        ("explosion", "{a}, loud explosion", ""),
        ("gunshot", "{a}, loud gunshot", ""),
        ("ball", "{a} bouncing", ""),
        ("scraping", "{a} scraping along the ground", ""),
        ("whoosh", "soft whoosh of {a}", "{a} whooshing past"),
        ("room tone", "quiet room tone", ""),
    )
}  # fmt: skip

#: What people do, by what is said of it (regular expressions); the first that fits counts.
#: `{what}` is what its group matches.
DOINGS: tuple[tuple[str, str], ...] = (
    (r"\b(?:riding|rides?|on)\b.*\b(?:bicycles?|bikes?|tricycles?)\b|\bcycling\b",
     "a bicycle rolling past, clicking freewheel"),
    (r"\b(?:riding|rides?|on)\b.*\b(?:motorcycles?|motorbikes?|mopeds?|scooters?)\b",
     "a motorcycle roaring past"),
    (r"\b(?:riding|rides?)\b.*\b(?:horses?|pony|camels?)\b", "hooves of a horse trotting{ground}"),
    (r"\bskateboard", "a skateboard rolling and scraping on the ground"),
    (r"\b(?:ski|skis|skiing|snowboard\w*)\b", "whoosh of a skier on the snow"),
    (r"\bplay\w*\b.*?\b(guitar|piano|violin|cello|flute|trumpet|saxophone|accordion|drums?|music)\b",
     "music of {what}"),
    (r"\b(?:talk|speak|chat|convers|interview|lectur|discuss|saying|microphone)\w*",
     "indistinct talking voice"),
    (r"\b(?:sing|sings|singing)\b", "{a} singing"),
    (r"\b(?:cheer|shout|yell|scream)\w*", "{a} cheering and shouting"),
    (r"\b(?:clap|applau)\w*", "{a} clapping"),
    (r"\b(?:typing|types|laptop|keyboard)\b", "typing on a keyboard"),
    (r"\b(?:swim|div|surf|kayak|canoe|row)(?:s|es|ing|ming)\b", "splashing water of {a} swimming"),
    (r"\b(?:pour)\w*", "liquid pouring into a glass"),
    (r"\b(?:cook|fry|grill)\w*", "pan sizzling and clanking"),
    (r"\b(?:eat|dining)\w*", "clinking cutlery and plates, rustling clothes"),
    (r"\b(?:hammer|chop|nail)\w*", "hammer knocking"),
    (r"\b(?:drill|saw|mow|weld)(?:s|ing)\b", "{a} with a whirring power tool, drill"),
    (r"\b(?:kick|bounc|dribbl|throw|hit|play)\w*\b.*\b(?:ball|soccer|football|tennis|basketball|"
     r"volleyball)\b", "a ball bouncing, quick footsteps{ground}"),
    (r"\b(?:danc)\w*", "footsteps of {a} dancing{ground}, rustling clothes"),
    (r"\b(?:runs|running|jog|jogs|jogging|sprint\w*)\b", "footsteps of {a} running{ground}"),
    (r"\b(?:walk|hik|stroll|march|cross|climb)(?:s|es|ing)\b", "footsteps of {a} walking{ground}"),
)  # fmt: skip
