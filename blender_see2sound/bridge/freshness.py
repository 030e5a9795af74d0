"""Whether a made sound is still what its source asks for, and a mix what its speakers give.

With a made sound the record keeps its recipe: what the maker was told. Where the
source asks for something else by now, the sound is out of date. Places and times are
no part of it: who drags a speaker wants the same sound from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any, Literal

import bpy

from ..core.scene import Source
from . import choice, document, files, fingerprint, mix_strip, monitor, record

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
    return own or choice.choice_of(collection.see2sound).part("maker")


def recipe_of(source: Source, maker: str) -> Recipe:
    """What a maker is told, apart from places and times."""
    return _recipe(source.label, source.prompt, source.kind, source.seed, maker)


def _recipe(label: str, prompt: str, kind: str, seed: int, maker: str) -> Recipe:
    return {"label": label, "prompt": prompt, "kind": kind, "seed": seed, "maker": maker}


def asked(collection: bpy.types.Collection, speaker: bpy.types.Object) -> Recipe:
    """What the maker of this speaker's sound would be told now."""
    settings, (label, prompt) = speaker.data.see2sound, words(speaker)
    return _recipe(label, prompt, settings.kind, settings.seed, maker_of(collection, speaker))


def keep_recipe(speaker: bpy.types.Object, recipe: Recipe) -> None:
    """Record what the speaker's sound was made from."""
    record.add(speaker, _RECIPE, recipe)


def is_outdated(collection: bpy.types.Collection, speaker: bpy.types.Object) -> bool:
    """The speaker's sound was made, and the source asks for another one now."""
    if speaker.data.sound is None or record.has_own_sound(speaker):
        return False
    return record.read(speaker).get(_RECIPE) != asked(collection, speaker)


def outdated_in(collection: bpy.types.Collection) -> frozenset[int]:
    """The session uids of the speakers whose sounds are out of date, but for muted ones."""
    return frozenset(
        speaker.session_uid
        for speaker in document.speakers_of(collection)
        if not monitor.muted_by_person(collection, speaker) and is_outdated(collection, speaker)
    )


def lacks_sound(speaker: bpy.types.Object) -> bool:
    """The speaker has no sound, or one that was made and whose file is gone."""
    sound = speaker.data.sound
    if sound is None:
        return True
    if record.has_own_sound(speaker) or sound.packed_file is not None:
        return False
    return not files.absolute(sound.filepath, sound.library).is_file()


def to_make(collection: bpy.types.Collection) -> list[str]:
    """The names of the speakers whose sounds a bake must make first.

    Not those that a person muted, nor those that have neither a sound nor a prompt.
    """
    return [
        speaker.name
        for speaker in document.speakers_of(collection)
        if not monitor.muted_by_person(collection, speaker)
        and (is_outdated(collection, speaker) or (lacks_sound(speaker) and _can_be_made(speaker)))
    ]


def without_words(collection: bpy.types.Collection) -> list[str]:
    """The names of the speakers that are not heard: they have neither a sound nor a prompt."""
    return [
        speaker.name
        for speaker in document.speakers_of(collection)
        if speaker.data.sound is None and not _can_be_made(speaker)
    ]


def _can_be_made(speaker: bpy.types.Object) -> bool:
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
    if outdated_in(collection):
        return "sounds"
    baked = collection.see2sound.mix_fingerprint
    if not baked:
        return "none"
    if not mix_strip.is_there(scene, collection):
        return "missing"
    if to_make(collection):
        return "stale"
    now = yield from fingerprint.of_collection(scene, strip, collection)
    return "current" if now == baked else "stale"
