"""What a sound is made from: the words, the maker and the settings, kept with what was made.

Where a source asks for something else by now, its sound is out of date. Places and times are
no part of it: who drags a speaker wants the same sound from elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import bpy

from ...core.scene import Source
from ..setup import choice
from ..sources import record
from . import own_motion

Recipe = dict[str, Any]

#: The aspect of the record.
_RECIPE = "recipe"


def words(speaker: bpy.types.Object) -> tuple[str, str]:
    """A source's label and prompt, as its maker is told them; a name where a person gave none."""
    settings = speaker.data.see2sound
    label = settings.label or re.sub(r"\.\d{3,}$", "", speaker.name)
    return label, settings.prompt or label


def maker_of(collection: bpy.types.Collection, speaker: bpy.types.Object) -> str:
    """The name of what makes a source's sound."""
    own: str = speaker.data.see2sound.maker
    return own.strip() or choice.choice_of(collection.see2sound).part("maker")


def motion_of(speaker: bpy.types.Object, mark: str) -> str:
    """How the speaker's source moves in itself, packed (`own_motion`); empty where that is not known.

    Parameters
    ----------
    mark : str
        What the strip shows now (`own_motion.mark_of`).
    """
    text: str = speaker.data.see2sound.motion
    return text if text and own_motion.shown_of(text) == mark else ""


def recipe_of(source: Source, motion: str, making: choice.Making) -> Recipe:
    """What a maker is told, apart from places and times.

    Parameters
    ----------
    source : Source
        With its maker.
    motion : str
        As `motion_of` gives it.
    making : Making
        What all sources of the strip are made with.
    """
    recipe: Recipe = {
        "label": source.label,
        "prompt": source.prompt,
        "kind": source.kind,
        "seed": source.seed,
        "maker": source.maker,
    }
    # What is not asked for is not there, as in files from before it could be.
    if source.negative_prompt:
        recipe["negative_prompt"] = source.negative_prompt
    if motion:
        recipe["motion"] = hashlib.sha256(motion.encode()).hexdigest()[:16]
    if choice.generates(source.maker or ""):
        recipe |= {name: value for name, value in making.generator().items() if value is not None}
    return recipe


def asked(collection: bpy.types.Collection, speaker: bpy.types.Object, mark: str) -> Recipe:
    """What the maker of this speaker's sound would be told now."""
    settings, (label, prompt) = speaker.data.see2sound, words(speaker)
    source = Source(
        id="",
        label=label,
        prompt=prompt,
        kind=settings.kind,
        times=(),
        positions=(),
        seed=settings.seed,
        maker=maker_of(collection, speaker),
        negative_prompt=settings.negative_prompt,
    )
    making = choice.making_of(collection.see2sound)
    return recipe_of(source, motion_of(speaker, mark), making)


def keep_recipe(speaker: bpy.types.Object, recipe: Recipe) -> None:
    """Record what the speaker's sound was made from."""
    record.add(speaker, _RECIPE, recipe)


def is_outdated(collection: bpy.types.Collection, speaker: bpy.types.Object, mark: str) -> bool:
    """The speaker's sound was made, and the source asks for another one now."""
    if speaker.data.sound is None or record.has_own_sound(speaker):
        return False
    return record.read(speaker).get(_RECIPE) != asked(collection, speaker, mark)
