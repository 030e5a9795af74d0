"""What is heard in playback: the speakers, live, or the baked mix.

`Speaker.muted` and the mix strip's mute belong to the monitor; a person's own
mute of a source is `SourceSettings.mute`. A speaker that a person muted with
Blender's own switch while the speakers were heard keeps that mute.
"""

from __future__ import annotations

import bpy

from . import document, mix_strip


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


def follow(block: bpy.types.ID) -> None:
    """Set the mutes by the switches of a collection, or of those that a speaker is in."""
    for scene in bpy.data.scenes:
        for collection in document.collections_of(scene):
            speakers = document.speakers_of(collection)
            if collection == block or any(s.data == block for s in speakers):
                _follow(scene, collection, speakers)


def _follow(
    scene: bpy.types.Scene, collection: bpy.types.Collection, speakers: list[bpy.types.Object]
) -> None:
    settings = collection.see2sound
    mix = mix_strip.mix_strip_of(scene, collection)
    # Without a mix there is nothing else to hear.
    heard = "MIX" if settings.monitor == "MIX" and mix is not None else "SPEAKERS"
    for speaker in speakers:
        source = speaker.data.see2sound
        if (
            settings.heard == "SPEAKERS"
            and heard == "MIX"
            and speaker.data.muted
            and not source.mute
        ):
            source.mute = True
        muted = source.mute or heard == "MIX"
        if speaker.data.muted != muted and speaker.data.library is None:
            speaker.data.muted = muted
            # Playback takes a mute from what is tagged only.
            speaker.update_tag()
            speaker.data.update_tag()
    if mix is not None and mix.mute != (heard == "SPEAKERS"):
        mix.mute = heard == "SPEAKERS"
    settings.heard = heard


def muted_by_person(collection: bpy.types.Collection, speaker: bpy.types.Object) -> bool:
    """A person wants this source left out, whatever the monitor does now."""
    by_switch = speaker.data.muted and collection.see2sound.heard != "MIX"
    return speaker.data.see2sound.mute or by_switch
