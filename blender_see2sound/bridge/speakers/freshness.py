"""Whether a made sound is still what its source asks for, and a mix what its speakers give.

With a made sound the record keeps its recipe: what the maker was told. Where the
source asks for something else by now, the sound is out of date. Places and times are
no part of it: who drags a speaker wants the same sound from elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator
from typing import Any, Literal

import bpy

from ...core.scene import Source
from ...core.sounds import speech
from ...core.sounds.speech import Refusal
from ..blend import files
from ..mix import fingerprint
from ..setup import choice, computer
from ..sources import document, monitor, record
from ..timeline import mix_strip
from . import own_motion

State = Literal["none", "current", "stale", "missing", "sounds"]
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


def keeps_sound(speaker: bpy.types.Object) -> bool:
    """The speaker's sound is not to be made: it is a person's own, or locked."""
    if speaker.data.sound is None:
        return False
    return speaker.data.see2sound.locked or record.has_own_sound(speaker)


def refusal(collection: bpy.types.Collection, speaker: bpy.types.Object) -> Refusal | None:
    """Why the speaker's sound is not made as it is asked for; None where it is."""
    if speaker.data.library is not None:
        return Refusal("it is linked from another file", "Make its sound there")
    generated = choice.generates(maker_of(collection, speaker))
    if not generated or computer.settings().speech:
        return None
    told = speech.refusal(words(speaker)[1])
    return told and Refusal(told.why, f"{told.remedy} in the preferences")


def _may_be_made(collection: bpy.types.Collection, speaker: bpy.types.Object) -> bool:
    """The speaker is heard, and making its sound is not ruled out."""
    return not (
        monitor.muted_by_person(collection, speaker)
        or keeps_sound(speaker)
        or refusal(collection, speaker)
    )


def outdated_in(
    scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection
) -> frozenset[int]:
    """The session uids of the speakers whose sounds a bake would make anew: they are out of date."""
    mark = own_motion.mark_of(scene, strip)
    return frozenset(
        speaker.session_uid
        for speaker in document.speakers_of(collection)
        if is_outdated(collection, speaker, mark) and _may_be_made(collection, speaker)
    )


def lacks_sound(speaker: bpy.types.Object) -> bool:
    """The speaker has no sound, or one that was made and whose file is gone."""
    sound = speaker.data.sound
    if sound is None:
        return True
    if record.has_own_sound(speaker) or sound.packed_file is not None:
        return False
    return not files.absolute(sound.filepath, sound.library).is_file()


def to_make(scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection) -> list[str]:
    """The names of the speakers whose sounds a bake must make first.

    Not those that a person muted or locked, nor those that have neither a sound nor a prompt.
    """
    mark = own_motion.mark_of(scene, strip)
    return [
        speaker.name
        for speaker in document.speakers_of(collection)
        if _may_be_made(collection, speaker)
        and (
            is_outdated(collection, speaker, mark) or (lacks_sound(speaker) and _has_words(speaker))
        )
    ]


def unheard(collection: bpy.types.Collection) -> dict[str, str]:
    """Why speakers have no sound, a clause each by their names."""
    reasons = {}
    for speaker in document.speakers_of(collection):
        refused = refusal(collection, speaker)
        if speaker.data.sound is None and refused is not None:
            reasons[speaker.name] = refused.why
        elif not _has_words(speaker):
            reasons[speaker.name] = "it has neither a sound nor a prompt"
    return reasons


def _has_words(speaker: bpy.types.Object) -> bool:
    return speaker.data.sound is not None or bool(speaker.data.see2sound.prompt.strip())


def state_of(
    scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection
) -> Generator[float, None, State]:
    """Compare sounds and mix with the document.

    Yields the fraction done.

    Returns
    -------
    {"none", "current", "stale", "missing", "sounds"}
        No mix was baked; it is what a bake would give now; it is not; its strip or file is
        gone; sounds are out of date, and with them the mix.
    """
    if outdated_in(scene, strip, collection):
        return "sounds"
    baked = collection.see2sound.mix_fingerprint
    if not baked:
        return "none"
    if not mix_strip.is_there(scene, collection):
        return "missing"
    if to_make(scene, strip, collection):
        return "stale"
    now = yield from fingerprint.of_collection(scene, strip, collection)
    return "current" if now == baked else "stale"
