"""Which sounds are to be made: those out of date or missing that a person neither keeps nor mutes."""

from __future__ import annotations

from typing import Any

import bpy

from ...core.sounds import speech
from ...core.sounds.speech import Refusal
from ..blend import files
from ..setup import choice, computer
from ..sources import document, monitor, record
from . import own_motion, recipe


def keeps_sound(speaker: bpy.types.Object) -> bool:
    """The speaker's sound is not to be made: it is a person's own, or locked."""
    if speaker.data.sound is None:
        return False
    return speaker.data.see2sound.locked or record.has_own_sound(speaker)


def refusal(collection: bpy.types.Collection, speaker: bpy.types.Object) -> Refusal | None:
    """Why the speaker's sound is not made as it is asked for; None where it is."""
    if speaker.data.library is not None:
        return Refusal("it is linked from another file", "Make its sound there")
    generated = choice.generates(recipe.maker_of(collection, speaker))
    if not generated or computer.settings().speech:
        return None
    told = speech.refusal(recipe.words(speaker)[1])
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
        if recipe.is_outdated(collection, speaker, mark) and _may_be_made(collection, speaker)
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
            recipe.is_outdated(collection, speaker, mark)
            or (lacks_sound(speaker) and _has_words(speaker))
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
