"""A new blend file around a clip: its scene, its strip, its save and its render."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ...core.errors import See2SoundError, from_os_error
from ..animation import curves
from ..blend import files, versions

#: How long a single picture lasts, seconds.
STILL_SECONDS = 10.0
#: Of the sound of a movie, kbit/s, by the scene's audio channels.
_BITRATES = {"MONO": 128, "STEREO": 192, "SURROUND51": 384, "SURROUND71": 512}
#: From how high a 3D view looks down, and how much of it is filled: the sidebar and the frame
#: of another window need room.
_FROM_ABOVE = math.radians(35.0)
_FILLED = 0.7
#: How much room a camera or a speaker needs around its place, units.
_AROUND = 0.5


def begin() -> None:
    """Open a new, empty file of the video-editing template, as Blender ships it.

    Its colours show footage as it is, and its workspaces are those that an editor expects;
    where the template lists files, the speakers are shown.
    """
    bpy.ops.wm.read_homefile(app_template="Video_Editing", use_factory_startup=True, use_empty=True)
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "FILE_BROWSER":
                area.type = "VIEW_3D"


def add_clip(scene: bpy.types.Scene, path: Path) -> Any:
    """Put a clip on the timeline and give the scene its size, rate and length.

    Returns
    -------
    Strip
        A movie strip, or an image strip for a picture or a folder of pictures.

    Raises
    ------
    See2SoundError
        Where Blender finds no picture in it.
    """
    strips = versions.strips(scene)
    suffix = path.suffix.lower()
    if path.is_dir():
        strip = _add_sequence(scene, path)
    elif suffix in bpy.path.extensions_movie:
        _check_readable(path)
        strip = strips.new_movie(path.stem, str(path), 1, 1)
        if strip.elements[0].orig_width == 0 or strip.fps <= 0.0:
            raise _no_picture(path)
        _set_rate(scene, strip.fps)
    elif suffix in bpy.path.extensions_image:
        _check_readable(path)
        strip = strips.new_image(path.stem, str(path), 1, 1)
        strip.frame_final_duration = round(STILL_SECONDS * versions.frame_rate(scene))
    else:
        raise See2SoundError(
            f"{path.name} is no movie and no picture",
            f"Blender knows no kind of picture that ends with {suffix or 'nothing'}",
            "Choose a movie or a picture",
            kind="bad-media",
        )
    width, height = strip.elements[0].orig_width, strip.elements[0].orig_height
    if width == 0 or height == 0:
        raise _no_picture(path)
    # The movie codec wants even numbers, Blender at least 4.
    scene.render.resolution_x = max(4, width - width % 2)
    scene.render.resolution_y = max(4, height - height % 2)
    scene.render.resolution_percentage = 100
    scene.frame_start = 1
    scene.frame_end = strip.frame_final_end - 1
    scene.frame_set(1)
    scene.sequence_editor.active_strip = strip
    versions.show_in_sequencer(scene)
    return strip


def _add_sequence(scene: bpy.types.Scene, folder: Path) -> Any:
    names = sorted(
        p.name for p in folder.iterdir() if p.suffix.lower() in bpy.path.extensions_image
    )
    if not names:
        raise See2SoundError(
            f"{folder} holds no pictures", "", "Choose a folder of pictures", kind="bad-media"
        )
    strip = versions.strips(scene).new_image(folder.name, str(folder / names[0]), 1, 1)
    for name in names[1:]:
        strip.elements.append(name)
    strip.frame_final_duration = len(names)
    return strip


def _check_readable(path: Path) -> None:
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    if empty:
        raise _no_picture(path, "the file is empty")


def _no_picture(path: Path, why: str = "Blender finds no picture in it") -> See2SoundError:
    return See2SoundError(
        f"cannot read {path}", why, "Choose a movie or a picture", kind="bad-media"
    )


def _set_rate(scene: bpy.types.Scene, rate: float) -> None:
    """Give the scene the clip's frame rate, exactly where it is one of the usual ones."""
    for base in (1.0, 1.001):
        if math.isclose(rate * base, round(rate * base), rel_tol=1e-4):
            scene.render.fps, scene.render.fps_base = round(rate * base), base
            return
    exact = Fraction(rate).limit_denominator(1000)
    scene.render.fps = max(1, math.ceil(rate))
    scene.render.fps_base = scene.render.fps / float(exact)


def frame_camera(scene: bpy.types.Scene, fov: float) -> None:
    """Give the scene a camera with this horizontal field of view, degrees."""
    from ..listener.camera import ensure_camera

    data = ensure_camera(scene).data
    data.sensor_fit = "HORIZONTAL"
    data.lens_unit = "FOV"
    data.angle = math.radians(fov)


def show_speakers(scene: bpy.types.Scene, speakers: Sequence[bpy.types.Object]) -> None:
    """Let every 3D view see the camera and the speakers all along, from above and behind it.

    Parameters
    ----------
    speakers : sequence of Object
        Whose motion is keyframes alone, as the steps make it.
    """
    frames = np.arange(scene.frame_start, scene.frame_end + 1, dtype=np.float64)
    things = [scene.camera, *speakers]
    places = np.concatenate([curves.world_matrices(t, frames)[:, :3, 3] for t in things])
    # What stands for a camera or a speaker is about as large as a unit.
    low, high = places.min(axis=0) - _AROUND, places.max(axis=0) + _AROUND
    corners = np.array(list(itertools.product(*zip(low, high, strict=True))))
    middle = (low + high) / 2.0
    # The camera of a new file looks along +Y.
    turn = Matrix.Rotation(math.pi / 2 - _FROM_ABOVE, 3, "X")
    seen = (corners - middle) @ np.array(turn)  # right, up, towards the viewer
    for screen in bpy.data.screens:
        for area in screen.areas:
            space = area.spaces.active
            if area.type == "VIEW_3D" and space.region_3d is not None:
                longer = max(area.width, area.height)
                sides = np.array((area.width, area.height)) / longer
                # A view is 72 mm wide, or high, where the frame of its lens is 36 mm.
                reach = _FILLED * sides * 36.0 / space.lens
                far = (np.abs(seen[:, :2]) / reach + seen[:, 2:]).max()
                view = space.region_3d
                view.view_perspective = "PERSP"
                view.view_rotation = turn.to_quaternion()
                view.view_location = middle
                view.view_distance = far
                space.clip_end = max(space.clip_end, 4.0 * far)


def save(path: Path) -> None:
    """Save the open file under `path`, with every path relative to it.

    Files that went beside it are not kept in the session folder as well.

    Raises
    ------
    See2SoundError
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, path.parent, "write") from error
    try:
        # On a first save the remap makes every path relative.
        bpy.ops.wm.save_as_mainfile(filepath=str(path), relative_remap=True)
    except RuntimeError as error:
        raise _blender_said(f"cannot write {path}", error) from error
    files.tidy()


def render_movie(scene: bpy.types.Scene, path: Path) -> None:
    """Render picture and sound, in the channels that a bake has set, to an MP4 file: H.264, AAC.

    The scene's own render settings are as before afterwards.

    Raises
    ------
    See2SoundError
    """
    render, movie = scene.render, scene.render.ffmpeg
    before = render.filepath
    versions.set_movie_output(scene)
    movie.format = "MPEG4"
    movie.codec = "H264"
    movie.constant_rate_factor = "HIGH"
    movie.audio_codec = "AAC"
    movie.audio_mixrate = 48000
    movie.audio_bitrate = _BITRATES[movie.audio_channels]
    render.use_file_extension = False
    render.use_sequencer = True
    render.filepath = str(path)
    try:
        with _told_in_tenths(scene):
            bpy.ops.render.render(animation=True)
    except RuntimeError as error:
        raise _blender_said("the movie could not be rendered", error) from error
    finally:
        render.filepath = before
        render.use_file_extension = True
    if not path.exists() or path.stat().st_size == 0:
        raise See2SoundError("the movie could not be rendered", "Blender wrote no file")


@contextlib.contextmanager
def _told_in_tenths(scene: bpy.types.Scene) -> Iterator[None]:
    """Print a line for every tenth of a render, instead of Blender's own for every frame."""
    frames = scene.frame_end - scene.frame_start + 1
    told = -1
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)

    def tell(now: bpy.types.Scene, *_: object) -> None:
        nonlocal told
        tenth = 10 * (now.frame_current - scene.frame_start + 1) // frames
        if tenth > told:
            told = tenth
            os.write(kept, f"{tenth / 10:4.0%} Rendering\n".encode())

    bpy.app.handlers.render_write.append(tell)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
        bpy.app.handlers.render_write.remove(tell)


def _blender_said(what: str, error: RuntimeError) -> See2SoundError:
    text = str(error).removeprefix("Error: ").strip()
    return See2SoundError(what, text, "Check the place and its free space", kind="no-permission")
