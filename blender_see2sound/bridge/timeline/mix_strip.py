"""The mix on the timeline: a sound strip at the clip's start, replaced in place by the next bake.

It bears the custom property ``see2sound_mix``; strips of a person are never touched.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import See2SoundError
from ..blend import files, versions
from .strips import shown_range, top_level

#: The custom property that tells a mix strip.
UID = "see2sound_mix"
_LAST_CHANNEL = 128
#: What a person may have set on a mix strip that outlives its replacement.
_KEPT = ("name", "volume", "pan", "lock", "color_tag", "mute")
#: The scene's audio channels for a layout, and those that carry it too, every channel in its
#: place. Blender takes stereo in a surround scene to come from 90 degrees to either side, mostly
#: from behind, and folds 7.1 down to 5.1 askew.
_CHANNELS = {
    "mono": ("MONO", {"MONO", "STEREO"}, "mono"),
    "stereo": ("STEREO", {"STEREO"}, "stereo"),
    "binaural": ("STEREO", {"STEREO"}, "stereo"),
    "5.1": ("SURROUND51", {"SURROUND51", "SURROUND71"}, "5.1"),
    "7.1": ("SURROUND71", {"SURROUND71"}, "7.1"),
}
#: The layouts that a strip carries.
LAYOUTS = tuple(_CHANNELS)


def mix_strip_of(scene: bpy.types.Scene, collection: bpy.types.Collection) -> Any | None:
    """The strip that plays a collection's mix; None when there is none (any more)."""
    uid = collection.see2sound.mix_strip_uid
    if not uid:
        return None
    return first_of(s for s in versions.all_strips(scene) if s.get(UID) == uid)


def first_of(strips: Iterable[Any]) -> Any | None:
    """Of strips that bear the same uid, the mix; a person's copy of it has the longer name."""
    sounds = (s for s in strips if s.type == "SOUND")
    return min(sounds, key=lambda s: (len(s.name), s.name), default=None)


def is_there(scene: bpy.types.Scene, collection: bpy.types.Collection) -> bool:
    """Whether a collection's mix can be heard: its strip is there, and the file that it plays."""
    mix = mix_strip_of(scene, collection)
    if mix is None or mix.sound is None:
        return False
    sound = mix.sound
    return sound.packed_file is not None or files.absolute(sound.filepath, sound.library).is_file()


def place_mix(
    scene: bpy.types.Scene,
    strip: Any,
    collection: bpy.types.Collection,
    path: str | Path,
    layout: str,
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
    layout : str
        What the mix is for.
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
    return _set_channels(scene, layout)


def heard_beside(scene: bpy.types.Scene, strip: Any) -> tuple[str, ...]:
    """What a person should know: the clip's own sound plays under the mix.

    That strip is the person's and stays as it is.

    Parameters
    ----------
    strip : Strip
        The picture.
    """
    if strip.type != "MOVIE":
        return ()
    clip = _same_file(files.absolute(strip.filepath, scene.library))
    start, end = shown_range(strip)
    names = []
    for other in versions.all_strips(scene):
        if other.type != "SOUND" or other.sound is None or not _is_heard(scene, other):
            continue
        first, last = shown_range(other)
        sound = files.absolute(other.sound.filepath, other.sound.library)
        if first < end and start < last and _same_file(sound) == clip:
            names.append(other.name)
    return tuple(
        f"{name!r} plays under the mix: mute it if the mix is to replace it"
        for name in sorted(names)
    )


def _is_heard(scene: bpy.types.Scene, strip: Any) -> bool:
    """Neither the strip is muted, nor a channel or a meta strip that it lies in."""
    here: Any | None = strip
    while here is not None:
        meta = here.parent_meta()
        channels = (scene.sequence_editor if meta is None else meta).channels
        if here.mute or channels[here.channel].mute:
            return False
        here = meta
    return strip.volume > 0.0


def _same_file(path: Path) -> str:
    """What two paths to one file have in common."""
    return os.path.normcase(os.path.realpath(path))


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
    settings.mix_report = ""


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
