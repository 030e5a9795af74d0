"""Every difference between Blender versions, and what only Blender's memory tells.

Blender 4.5 is the oldest; what 4.4 renamed (strips) has its new name here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import bpy

from ...core.errors import See2SoundError
from . import dna

# DNA_sequence_types.h: bits of Strip.flag and SeqRetimingKey.flag.
_AUTO_PLAYBACK_RATE = 1 << 17
_TRANSITION_IN = 1 << 0


def strips(scene: bpy.types.Scene) -> Any:
    """The scene's top-level strips, a sequence editor being made where there is none."""
    return scene.sequence_editor_create().strips


def all_strips(scene: bpy.types.Scene) -> Iterable[Any]:
    """Every strip of the scene, those inside meta strips too."""
    editor = scene.sequence_editor
    return () if editor is None else editor.strips_all


def strip_named(scene: bpy.types.Scene, name: str) -> Any | None:
    """The scene's strip with this name, one inside a meta strip too."""
    editor = scene.sequence_editor
    return None if editor is None else editor.strips_all.get(name)


def frame_rate(scene: bpy.types.Scene) -> float:
    """Frames per second of the timeline."""
    return scene.render.fps / scene.render.fps_base


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene | None:
    """The scene whose strips the sequencer shows; since 5.0 the workspace chooses it."""
    if hasattr(context, "sequencer_scene"):
        return context.sequencer_scene or context.scene
    return context.scene


def show_in_sequencer(scene: bpy.types.Scene) -> None:
    """Let every workspace's sequencer show this scene (a choice since 5.0)."""
    for workspace in bpy.data.workspaces:
        if hasattr(workspace, "sequencer_scene"):
            workspace.sequencer_scene = scene


def set_movie_output(scene: bpy.types.Scene) -> None:
    """Let a render write a movie file."""
    image = scene.render.image_settings
    if hasattr(image, "media_type"):  # since 5.0
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"


def left_edge(strip: Any) -> int:
    """The first frame at which the strip is shown."""
    return strip.left_handle if hasattr(strip, "left_handle") else strip.frame_final_start


def right_edge(strip: Any) -> int:
    """The frame after the last one at which the strip is shown."""
    return strip.right_handle if hasattr(strip, "right_handle") else strip.frame_final_end


def content_start(strip: Any) -> float:
    """The frame at which the strip's content would start if it were not trimmed."""
    return strip.content_start if hasattr(strip, "content_start") else strip.frame_start


def set_content_start(strip: Any, frame: float) -> None:
    """Move a strip in time, its trims with it."""
    if hasattr(strip, "content_start"):
        strip.content_start = frame
    else:
        strip.frame_start = frame


# ------------------------------------------------------------------ what only memory tells


@dataclass(frozen=True)
class RetimingKey:
    """A key of a strip's retiming.

    Attributes
    ----------
    frame : float
        Frames from the content's start.
    factor : float
        Which part of the media has passed, 0 to 1.
    transition : bool
        A speed transition starts here.
    """

    frame: float
    factor: float
    transition: bool


@dataclass(frozen=True)
class Content:
    """What a strip plays, before it is cut.

    Attributes
    ----------
    pictures : int
        How many of the media's pictures there are to play.
    rate : float
        How many of them a frame of the timeline advances, retiming aside: 1 unless the strip
        was added with "Adjust Playback Rate".
    keys : tuple of RetimingKey
        Two at least, with rising frames; empty without retiming.
    length : float
        How many frames of the timeline it lasts.
    whole : float
        The number that a key's factor of 1 stands for, in pictures.
    """

    pictures: int
    rate: float
    keys: tuple[RetimingKey, ...]
    length: float
    whole: float


def retimed(strip: Any) -> bool:
    """Retiming keys bend what the strip plays; those of a meta strip only memory tells.

    Raises
    ------
    See2SoundError
        When this Blender keeps a meta strip in a way that we do not know.
    """
    if hasattr(strip, "retiming_keys"):
        return len(strip.retiming_keys) >= 2
    try:
        data = dna.view("Sequence", strip)
        if data.text("name", 64)[2:] != strip.name:
            raise dna.unknown("the strip in memory is not the one that it shows")
        return data.number("retiming_handle_num") >= 2
    except See2SoundError as error:
        raise See2SoundError(
            f"this Blender does not tell whether {strip.name!r} is retimed",
            error.why,
            "Take the picture out of the meta strip",
            kind="bad-request",
        ) from error


def content_of(scene: bpy.types.Scene, strip: Any) -> Content:
    """What a movie or image strip plays.

    Python sees only where retiming keys lie, not what they show, and nothing of the
    playback rate. Where there are such keys, or a movie of another frame rate than the
    timeline's may play at its own, memory is read; else Python tells everything.

    Raises
    ------
    See2SoundError
        When this Blender keeps them in a way that we do not know.
    """
    if not retimed(strip) and not _may_have_a_rate(scene, strip):
        count = strip.frame_duration
        return Content(count, 1.0, (), float(count), float(count))
    try:
        return _content_in_memory(scene, strip)
    except See2SoundError as error:
        if retimed(strip):
            raise
        raise See2SoundError(
            f"this Blender does not tell at which rate {strip.name!r} plays",
            error.why,
            "Set the scene's frame rate to the movie's, or render the strip to a movie",
            kind="bad-request",
        ) from error


def _content_in_memory(scene: bpy.types.Scene, strip: Any) -> Content:
    data = _strip_data(strip)
    pictures = int(data.number("len"))
    rate = data.number("media_playback_rate") / frame_rate(scene)
    if rate <= 0.0 or not int(data.number("flag")) & _AUTO_PLAYBACK_RATE:
        rate = 1.0
    keys = _retiming_keys(strip, data)
    # Since 5.0 the last key lies after the last picture, before it lay on it.
    after = bpy.app.version >= (5, 0)
    length = keys[-1].frame + (0.0 if after else 1.0) if keys else float(pictures)
    whole = float(pictures if after else pictures - 1)
    return Content(pictures, rate, keys, length / rate, whole)


def _may_have_a_rate(scene: bpy.types.Scene, strip: Any) -> bool:
    """Whether "Adjust Playback Rate" would change what this strip plays."""
    if strip.type != "MOVIE":
        return False
    noted = strip.elements[0].orig_fps if len(strip.elements) else 0.0
    return not math.isclose(noted, frame_rate(scene), rel_tol=1e-6)


def _retiming_keys(strip: Any, data: dna.View) -> tuple[RetimingKey, ...]:
    count = len(strip.retiming_keys)
    if count < 2:
        return ()
    if data.number("retiming_handle_num") != count:
        raise dna.unknown("the keys in memory are not those that it shows")
    keys = tuple(
        RetimingKey(
            key.number("strip_frame_index"),
            key.number("retiming_factor"),
            bool(int(key.number("flag")) & _TRANSITION_IN),
        )
        for key in data.follow("retiming_handles", count)
    )
    rising = all(a.frame < b.frame for a, b in itertools.pairwise(keys))
    if not rising or not all(-1e-4 <= key.factor <= 1.0001 for key in keys):
        raise dna.unknown("the keys in memory do not rise from 0 to 1")
    return keys


def _strip_data(strip: Any) -> dna.View:
    """The strip in memory, checked against what Python shows of it."""
    data = dna.view("Sequence", strip)
    same = (
        data.text("name", 64)[2:] == strip.name
        and data.number("len") >= 1
        and math.isclose(data.number("start"), content_start(strip), abs_tol=1e-3)
        and data.number("anim_startofs") == strip.animation_offset_start
        and data.number("anim_endofs") == strip.animation_offset_end
    )
    if not same:
        raise dna.unknown("the strip in memory is not the one that it shows")
    return data
