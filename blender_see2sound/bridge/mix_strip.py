"""The mix on the timeline: a sound strip at the clip's start, replaced in place by the next bake.

It bears the custom property ``see2sound_mix``; strips of a person are never touched.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import See2SoundError
from . import files, versions
from .strips import shown_range, top_level

#: The custom property that tells a mix strip.
UID = "see2sound_mix"
_LAST_CHANNEL = 128
#: What a person may have set on a mix strip that outlives its replacement.
_KEPT = ("name", "volume", "pan", "lock", "color_tag", "mute")
#: The scene's audio channels that carry a layout, and those that carry it too.
_CHANNELS = {
    "5.1": ("SURROUND51", {"SURROUND51", "SURROUND71"}, "5.1"),
    "stereo": ("STEREO", {"STEREO", "SURROUND4", "SURROUND51", "SURROUND71"}, "stereo"),
}


def mix_strip_of(scene: bpy.types.Scene, collection: bpy.types.Collection) -> Any | None:
    """The strip that plays a collection's mix; None when there is none (any more)."""
    uid = collection.see2sound.mix_strip_uid
    if not uid:
        return None
    bearing = [s for s in versions.all_strips(scene) if s.type == "SOUND" and s.get(UID) == uid]
    # A person's copy bears the uid too; the copy's name is the longer one.
    return min(bearing, key=lambda s: (len(s.name), s.name), default=None)


def place_mix(
    scene: bpy.types.Scene,
    strip: Any,
    collection: bpy.types.Collection,
    path: str | Path,
    name: str,
) -> tuple[str, ...]:
    """Put a mix on the timeline, under the picture: at its start, on its own channel.

    The first channel above the picture's that is free all along is taken. A mix that is
    there is replaced: the same strip, or where the picture's span changed one on the same
    channel and with the same volume, as far as that channel is free.

    Parameters
    ----------
    strip : Strip
        The picture.
    path : path
        The mix, as long as the strip is shown.
    name : str
        Of a new mix strip.

    Returns
    -------
    tuple of str
        What a person should know: that the scene's audio channels were changed.

    Raises
    ------
    See2SoundError
        When no channel is free.
    """
    start, end = shown_range(strip)
    settings = collection.see2sound
    old = mix_strip_of(scene, collection)
    if old is not None and _spans(old, start, end):
        _replace_sound(old, Path(path))
    else:
        channel = _free_channel(scene, top_level(strip).channel + 1, start, end, old)
        here = old is not None and old.parent_meta() is None
        if here and _is_free(scene, old.channel, start, end, old):
            channel = old.channel
        kept = {} if old is None else {f: getattr(old, f) for f in _KEPT}
        if old is not None:
            remove_mix(scene, collection)
        new = versions.strips(scene).new_sound(name, str(path), channel, start)
        # Rounding may make a sound a frame longer than the picture.
        new.frame_final_duration = end - start
        new.sound.filepath = files.to_blend(path)
        new[UID] = settings.mix_strip_uid = uuid.uuid4().hex
        for field, value in kept.items():
            setattr(new, field, value)
    settings.mix_path = files.to_blend(path)
    return _set_channels(scene, settings.layout)


def follow(
    scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection, moved: int
) -> None:
    """Move the mix along with its picture, unless a person moved both; a taken channel is left."""
    mix = mix_strip_of(scene, collection)
    start, end = shown_range(strip)
    if mix is None or versions.left_edge(mix) + moved != start:
        return
    if not _is_free(scene, mix.channel, start, end, mix):
        mix.channel = _free_channel(scene, top_level(strip).channel + 1, start, end, mix)
    versions.set_content_start(mix, versions.content_start(mix) + moved)


def remove_mix(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    """Take the mix off the timeline; its file stays."""
    mix = mix_strip_of(scene, collection)
    if mix is not None:
        sound, parent = mix.sound, mix.parent_meta()
        (versions.strips(scene) if parent is None else parent.strips).remove(mix)
        _forget(sound)
    settings = collection.see2sound
    settings.mix_strip_uid = settings.mix_path = settings.mix_fingerprint = ""
    settings.mix_levels = ""


def _spans(mix: Any, start: int, end: int) -> bool:
    return (versions.left_edge(mix), versions.right_edge(mix)) == (
        start,
        end,
    ) and versions.content_start(mix) == start


def _replace_sound(mix: Any, path: Path) -> None:
    """Let the same strip play another file; a sound that something else uses stays as it is."""
    old = mix.sound
    mix.sound = bpy.data.sounds.load(str(path))
    mix.sound.filepath = files.to_blend(path)
    _forget(old)


def _forget(sound: bpy.types.Sound | None) -> None:
    if sound is not None and sound.users == 0:
        bpy.data.sounds.remove(sound)


def _free_channel(scene: bpy.types.Scene, first: int, start: int, end: int, but: Any | None) -> int:
    for channel in range(first, _LAST_CHANNEL + 1):
        if _is_free(scene, channel, start, end, but):
            return channel
    raise See2SoundError(
        "there is no room for the mix on the timeline",
        f"every channel above the picture, up to {_LAST_CHANNEL}, is in use there",
        "Free a channel",
        kind="bad-request",
    )


def _is_free(scene: bpy.types.Scene, channel: int, start: int, end: int, but: Any | None) -> bool:
    return not any(
        s.channel == channel
        and s != but
        and versions.left_edge(s) < end
        and start < versions.right_edge(s)
        for s in versions.strips(scene)
    )


def _set_channels(scene: bpy.types.Scene, layout: str) -> tuple[str, ...]:
    wanted, enough, words = _CHANNELS[layout]
    if scene.render.ffmpeg.audio_channels in enough:
        return ()
    scene.render.ffmpeg.audio_channels = wanted
    return (
        f"The scene's audio channels were set to {words}, so that the mix is heard and rendered",
    )
