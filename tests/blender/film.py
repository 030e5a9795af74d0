"""A small film to work on: a file with one movie strip, and looks at what is in it."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import bpy

import blender_see2sound
from tests.core.clips import write_movie

#: A film whose finding takes seconds, for tests that must meet a job in its middle.
LONG = 12.0


@functools.cache
def _movie(seconds: float) -> Path:
    return write_movie(Path(tempfile.mkdtemp()) / "walk.mp4", seconds=seconds)


def open_film(folder: Path, start: int = 11, seconds: float = 2.0) -> Any:
    """Register the extension, save a new file with a strip, and make that active."""
    if not hasattr(bpy.types.Collection, "see2sound"):
        blender_see2sound.register()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "film.blend"))
    clip = shutil.copy(_movie(seconds), folder / "walk.mp4")
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = 320, 180
    strip = scene.sequence_editor_create().strips.new_movie("Walk", str(clip), 1, start)
    scene.frame_start, scene.frame_end = start, strip.frame_final_end - 1
    scene.sequence_editor.active_strip = strip
    return strip


def speakers() -> list[bpy.types.Object]:
    """The scene's speakers, by name."""
    found = [o for o in bpy.context.scene.objects if o.type == "SPEAKER"]
    return sorted(found, key=lambda o: o.name)


def mixes() -> list[Any]:
    """The scene's sound strips."""
    return [s for s in bpy.context.scene.sequence_editor.strips if s.type == "SOUND"]


def document() -> dict[str, object]:
    """What a person would see change."""
    scene = bpy.context.scene
    return {
        "objects": sorted(o.name for o in bpy.data.objects),
        "collections": sorted(c.name for c in bpy.data.collections),
        "sounds": sorted(s.filepath for s in bpy.data.sounds),
        "actions": sorted(a.name for a in bpy.data.actions),
        "strips": sorted(
            (s.name, s.type, s.channel, s.frame_final_start, s.mute)
            for s in scene.sequence_editor.strips
        ),
        "camera": scene.camera and scene.camera.name,
        "channels": scene.render.ffmpeg.audio_channels,
        "speakers": [
            (s.name, s.data.sound and s.data.sound.filepath, s.data.muted) for s in speakers()
        ],
        "frame": scene.frame_current,
    }
