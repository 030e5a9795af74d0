"""What is heard in playback: the speakers, live, or the baked mix.

`Speaker.muted` and the mix strip's mute belong to the monitor; a person's own
mute of a source is `SourceSettings.mute`. A speaker that a person muted with
Blender's own switch while the speakers were heard keeps that mute.
"""

from __future__ import annotations

from typing import Any

import bpy

from ..timeline import mix_strip
from . import document


def switch(collection: bpy.types.Collection, heard: str) -> None:
    """Let the speakers or the mix be heard.

    Parameters
    ----------
    heard : {"SPEAKERS", "MIX"}
    """
    if collection.see2sound.monitor == heard:
        follow(collection)
    else:
        collection.see2sound.monitor = heard  # its update callback does the rest


def is_in_step(collection: bpy.types.Collection, mix: Any | None) -> bool:
    """Whether what is heard is what should be, now that the mix strip is this one or none."""
    settings = collection.see2sound
    wanted = _to_hear(settings.monitor, mix)
    if wanted == "MIX" and any(
        not s.data.muted and s.data.library is None for s in document.speakers_of(collection)
    ):
        return False  # one that a person has just added
    return settings.heard in {"", wanted}


def follow(block: bpy.types.ID) -> None:
    """Set the mutes by the switches of a collection, or of one speaker in it.

    Parameters
    ----------
    block : Collection or Speaker
    """
    for scene in bpy.data.scenes:
        for collection in document.collections_of(scene):
            speakers = [s.data for s in document.speakers_of(collection)]
            if collection == block:
                _follow(scene, collection, speakers)
            elif block in speakers:
                _mute(block, _heard(scene, collection) == "MIX")


def _follow(
    scene: bpy.types.Scene, collection: bpy.types.Collection, speakers: list[bpy.types.Speaker]
) -> None:
    settings = collection.see2sound
    before, heard = settings.heard, _heard(scene, collection)
    theirs = [s for s in speakers if s.muted] if before == "SPEAKERS" else []
    settings.heard = heard
    for speaker in theirs:
        if heard == "MIX":
            speaker.see2sound.mute = True
    for speaker in speakers:
        if speaker not in theirs:
            _mute(speaker, heard == "MIX")
    mix = mix_strip.mix_strip_of(scene, collection)
    if mix is not None and mix.mute != (heard == "SPEAKERS"):
        mix.mute = heard == "SPEAKERS"


def _heard(scene: bpy.types.Scene, collection: bpy.types.Collection) -> str:
    """What is heard; without a mix that is the speakers, whatever the monitor says."""
    return _to_hear(collection.see2sound.monitor, mix_strip.mix_strip_of(scene, collection))


def _to_hear(wanted: str, mix: Any | None) -> str:
    return "SPEAKERS" if mix is None else wanted


def _mute(speaker: bpy.types.Speaker, mix_is_heard: bool) -> None:
    muted = speaker.see2sound.mute or mix_is_heard
    if speaker.muted != muted and speaker.library is None:
        speaker.muted = muted
        # Playback takes a mute only from what is tagged, the objects too.
        speaker.update_tag()
        for thing in bpy.data.objects:
            if thing.data == speaker:
                thing.update_tag()


def muted_by_person(collection: bpy.types.Collection, speaker: bpy.types.Object) -> bool:
    """A person wants this source left out, whatever the monitor does now."""
    by_switch = speaker.data.muted and collection.see2sound.heard != "MIX"
    return speaker.data.see2sound.mute or by_switch
