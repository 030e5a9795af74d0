"""What part of which media a strip shows, as cut: plain data for the worker.

Trims, offsets, playback rate, retiming, reversal and a Speed effect on top become
a map from clip time to media time. Strobe and proxies change nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.errors import See2SoundError
from ..animation.knots import knots
from ..blend import files, versions
from . import timing

StripKind = Literal["movie", "still", "sequence"]

#: How far the map to media time may be off, in pictures of the media.
_PICTURE_TOLERANCE = 0.02

#: Why a strip of another type cannot be taken, and what to do, by `Strip.type`.
_REFUSED = {
    "SCENE": ("it shows a 3D scene", "Render it to a movie, and select the movie"),
    "MOVIECLIP": ("it shows a movie clip of the tracker", "Add its file as a movie strip"),
    "MASK": ("a mask has no picture of its own", "Select the picture under it"),
    "TEXT": ("text makes no sound", "Select the picture under it"),
    "COLOR": ("a colour makes no sound", "Select a movie or an image"),
    "SOUND": ("it is a sound already", "Select a movie or an image"),
    "META": ("a meta strip holds other strips", "Open it with Tab, and select a picture in it"),
    "ADJUSTMENT": ("it has no picture of its own", "Select the picture under it"),
    "MULTICAM": ("it shows other strips", "Select the picture that it shows"),
}
_EFFECT = ("it is an effect on other strips", "Select the picture that it changes")


@dataclass(frozen=True)
class StripClip:
    """A strip as plain data.

    Attributes
    ----------
    name : str
        The strip's.
    kind : {"movie", "still", "sequence"}
    path : Path
        The movie or still; of a sequence its folder.
    files : tuple of Path
        The pictures of a sequence from the first to the last that is shown; else empty.
    size : (int, int)
        Pixels of the media as Blender measured it; (0, 0) when it did not.
    frame_start, frame_end : int
        Where the timeline shows it: the first frame, and the one after the last.
    fps : float
        Frames per second of the timeline.
    media_rate : float
        Pictures per second of the media.
    time_map : tuple of (float, float)
        Pairs of clip seconds and media seconds, linear in between; of a still empty. The media
        of a sequence are its `files`.
    """

    name: str
    kind: StripKind
    path: Path
    files: tuple[Path, ...]
    size: tuple[int, int]
    frame_start: int
    frame_end: int
    fps: float
    media_rate: float
    time_map: tuple[tuple[float, float], ...]

    @property
    def duration(self) -> float:
        """Seconds on the timeline."""
        return (self.frame_end - self.frame_start) / self.fps

    def request(self) -> dict[str, Any]:
        """The worker's ``clip``: see `worker.protocol`."""
        return {
            "path": str(self.path),
            "files": [str(f) for f in self.files],
            "start": 0.0,
            "duration": self.duration,
            "frame_rate": None if self.kind == "movie" else self.media_rate,
            "time_map": [list(pair) for pair in self.time_map],
        }


def refusal(strip: Any) -> See2SoundError | None:
    """Why a strip of this type cannot be taken; None when it can. Touches no file."""
    if strip.type in ("MOVIE", "IMAGE"):
        return None
    why, remedy = _REFUSED.get(strip.type, _EFFECT)
    return See2SoundError(
        f"the strip {strip.name!r} cannot be given sounds", why, remedy, kind="bad-request"
    )


def problem_of(scene: bpy.types.Scene, strip: Any) -> See2SoundError | None:
    """Why a strip cannot be taken, as far as a quick look tells; None when it can.

    The panel asks this again and again: no media is opened.
    """
    refused = refusal(strip)
    if refused is not None:
        return refused
    start, end = shown_range(strip)
    if end <= start:
        return See2SoundError(
            f"the strip {strip.name!r} shows nothing",
            "the meta strip around it hides it",
            "Lengthen the meta strip, or select another one",
            kind="bad-request",
        )
    bent = _bent_by_meta(scene, strip)
    if bent is not None:
        return bent
    first = _first_file(scene, strip)
    # Only those pictures of a sequence that are shown must be there, which a quick look cannot tell.
    sequence = strip.type == "IMAGE" and len(strip.elements) > 1
    if sequence and not first.parent.is_dir():
        return _missing(strip, first.parent)
    if not sequence and not first.is_file():
        return _missing(strip, first)
    return None


def clip_of(scene: bpy.types.Scene, strip: Any) -> StripClip:
    """Read a strip as cut.

    Raises
    ------
    See2SoundError
        For a strip of another type, missing media (named), or one that shows nothing.
    """
    problem = problem_of(scene, strip)
    if problem is not None:
        raise problem
    start, end = shown_range(strip)
    fps = versions.frame_rate(scene)
    kind, path, pictures = _media(scene, strip)
    element = strip.elements[0] if len(strip.elements) else None
    rate = fps if kind != "movie" else _movie_rate(strip, element) or fps
    size = (0, 0) if element is None else (element.orig_width, element.orig_height)
    pairs: tuple[tuple[float, float], ...] = ()
    if kind != "still":
        frames = np.arange(start, end)
        positions = timing.media_positions(scene, strip, frames)
        if pictures:
            # Only those that are shown are looked at: the others may be missing.
            first, last = int(positions.min()), int(positions.max())
            pictures, positions = pictures[first : last + 1], positions - first
            _check_pictures(strip, pictures, positions)
        chosen = knots(frames, positions, _PICTURE_TOLERANCE)
        pairs = tuple(
            (float(t), float(m))
            for t, m in zip((frames - start)[chosen] / fps, positions[chosen] / rate, strict=True)
        )
    return StripClip(strip.name, kind, path, pictures, size, start, end, fps, rate, pairs)


def _movie_rate(strip: Any, element: Any) -> float:
    """Pictures per second of a movie, as noted when it was added; 0 when Blender cannot tell."""
    if element is not None and element.orig_fps > 0.0:
        return element.orig_fps
    # This opens the movie, every time: up to a fifth of a second.
    return strip.fps


def shown_range(strip: Any) -> tuple[int, int]:
    """Where the timeline shows a strip: the first frame, and the one after the last.

    Inside meta strips only what these let through counts.
    """
    start, end = versions.left_edge(strip), versions.right_edge(strip)
    meta = strip.parent_meta()
    while meta is not None:
        start, end = max(start, versions.left_edge(meta)), min(end, versions.right_edge(meta))
        meta = meta.parent_meta()
    return start, end


def _bent_by_meta(scene: bpy.types.Scene, strip: Any) -> See2SoundError | None:
    """Why a strip cannot be taken whose time a meta strip bends: `timing` does not follow that."""
    meta = strip.parent_meta()
    while meta is not None:
        try:
            bent = versions.retimed(meta) and "is retimed"
        except See2SoundError as error:
            return error
        bent = bent or (meta.use_reverse_frames and "plays backwards")
        bent = bent or (timing.speed_effect(scene, meta) and "is played by a Speed effect")
        if bent:
            return See2SoundError(
                f"the strip {strip.name!r} cannot be given sounds",
                f"the meta strip around it, {meta.name!r}, {bent}",
                "Undo that, or do it to the strip inside the meta strip",
                kind="bad-request",
            )
        meta = meta.parent_meta()
    return None


def top_level(strip: Any) -> Any:
    """The strip itself, or the outermost meta strip that holds it."""
    meta = strip.parent_meta()
    return strip if meta is None else top_level(meta)


def _media(scene: bpy.types.Scene, strip: Any) -> tuple[StripKind, Path, tuple[Path, ...]]:
    first = _first_file(scene, strip)
    if strip.type == "MOVIE":
        return "movie", first, ()
    if len(strip.elements) > 1:
        pictures = tuple(first.parent / element.filename for element in strip.elements)
        return "sequence", first.parent, pictures
    return "still", first, ()


def _first_file(scene: bpy.types.Scene, strip: Any) -> Path:
    """The movie, or the first picture; the folder where there is no picture."""
    if strip.type == "MOVIE":
        return files.absolute(strip.filepath, scene.library)
    folder = files.absolute(strip.directory, scene.library)
    return folder / strip.elements[0].filename if len(strip.elements) else folder


def _check_pictures(strip: Any, pictures: tuple[Path, ...], positions: NDArray[np.float64]) -> None:
    """Every picture that is shown is there; their folder is listed once, they may be many."""
    try:
        there = set(os.listdir(pictures[0].parent))
    except OSError as error:
        raise _missing(strip, pictures[0].parent) from error
    for number in np.unique(positions.astype(np.int64)):
        if pictures[number].name not in there:
            raise _missing(strip, pictures[number])


def _missing(strip: Any, path: Path) -> See2SoundError:
    return See2SoundError(
        f"the strip {strip.name!r} misses its media",
        f"{path} does not exist",
        "Bring the file back, or choose another one in the strip's source",
        kind="missing-file",
    )
