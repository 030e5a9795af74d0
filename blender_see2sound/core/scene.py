"""The sound scene: what is heard where and when; `core.scene_file` reads and writes it.

Axes as in ADM: the listener sits at the origin, x right, y forward, z up, in metres;
azimuth is positive to the left, elevation positive up, in degrees; times are seconds
from the clip's start. Standard library only.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import See2SoundError
from .materials import WALLS

Kind = Literal["point", "area", "ambience"]
Vector = tuple[float, float, float]
Box = tuple[float, float, float, float]

#: No position may lie farther from the listener than this, in metres.
FARTHEST = 10_000.0

#: What a room's walls, in metres, and its reverberation, in seconds, may be.
SHORTEST_WALL, LONGEST_WALL = 1.0, 2.5 * FARTHEST
SHORTEST_RT60, LONGEST_RT60 = 0.05, 20.0


@dataclass(frozen=True)
class Clip:
    """The picture that the sounds belong to.

    Attributes
    ----------
    path : str or None
        The media file, relative to the scene file or absolute; None without a picture.
    start, duration : float
        The part of the file that is used, seconds.
    frame_rate : float
        Pictures per second.
    size : (int, int)
        Width and height in pixels, as shown (rotation applied).
    horizontal_fov : float
        Horizontal field of view in degrees.
    """

    path: str | None
    start: float
    duration: float
    frame_rate: float
    size: tuple[int, int]
    horizontal_fov: float


@dataclass(frozen=True)
class Motion:
    """How what is seen of a source moves in itself, finer in time than its track.

    Attributes
    ----------
    times : tuple of float, length M
        Seconds from the clip's start, strictly rising.
    speed : tuple of float, length M
        m/s, mean over what is seen of it, across the line of sight, the camera's own motion
        taken out; interpolated between times, 0 outside them.
    impacts : tuple of float, length K
        Seconds, strictly rising: when it hits something, or sets a foot down.
    strengths : tuple of float, length K
        0 to 1, the hardest being 1.
    """

    times: tuple[float, ...]
    speed: tuple[float, ...]
    impacts: tuple[float, ...] = ()
    strengths: tuple[float, ...] = ()


@dataclass(frozen=True)
class Source:
    """One thing that sounds.

    Attributes
    ----------
    id : str
        Unique in the scene; letters, digits, ``-``, ``_`` and ``.``, so that files can bear it.
    label, prompt : str
        A word or two for a person; what it sounds like, for a maker of sounds.
    kind : {"point", "area", "ambience"}
    times : tuple of float, length T
        Seconds from the clip's start, strictly rising. One time: it does not move.
    positions : tuple of (x, y, z), length T
        Metres in the listener's frame; interpolated between times, held outside.
    boxes : tuple of (x0, y0, x1, y1), length T or 0
        Pixels of the clip; empty where a source was never seen.
    presence : tuple of float, length T
        0 to 1, scales the sound in time, interpolated like positions.
    sound : str or None
        A sound file, relative to the scene file or absolute; None while there is none.
    gain_db : float
    spread : float
        0 (a point) to 1 (all around).
    reverb_db : float
        What goes to the room, relative to the room's own level.
    lfe_db : float or None
        What goes to the LFE channel; None for nothing.
    seed : int
    maker : str or None
        What makes its sound (`core.parts`); None for the scene's.
    negative_prompt : str
        What it must not sound like, for makers that take that.
    locked : bool
        Its sound is not made again.
    motion : Motion or None
        None where it was never seen, or does not move in itself.
    """

    id: str
    label: str
    prompt: str
    kind: Kind
    times: tuple[float, ...]
    positions: tuple[Vector, ...]
    boxes: tuple[Box, ...] = ()
    presence: tuple[float, ...] = ()
    sound: str | None = None
    gain_db: float = 0.0
    spread: float = 0.0
    reverb_db: float = 0.0
    lfe_db: float | None = None
    seed: int = 0
    maker: str | None = None
    negative_prompt: str = ""
    locked: bool = False
    motion: Motion | None = None


@dataclass(frozen=True)
class Room:
    """A shoebox room.

    Attributes
    ----------
    size : (x, y, z)
        Metres.
    rt60 : float or tuple of 7 float
        Reverberation time in seconds, in all octaves or in each of `materials.OCTAVES`.
    listener : (x, y, z) or None
        The listener's place, metres from the room's corner (left, back, floor);
        None for the middle, 1.6 m high.
    materials : tuple of str, length 6 or 0
        What each wall is made of (`materials.MATERIALS`), in the order of `materials.WALLS`;
        empty where all are alike. They colour the reflections, `rt60` sets the decay.
    """

    size: Vector
    rt60: float | tuple[float, ...]
    listener: Vector | None = None
    materials: tuple[str, ...] = ()

    def wall_materials(self) -> tuple[str, ...]:
        """What each of the six walls is made of, the default resolved."""
        return self.materials or ("plain",) * len(WALLS)

    def listener_place(self) -> Vector:
        """The listener's place in metres from the corner, the default resolved."""
        if self.listener is not None:
            return self.listener
        return (self.size[0] / 2, self.size[1] / 2, min(1.6, self.size[2] / 2))


@dataclass(frozen=True)
class SoundScene:
    """A clip, its sources and, perhaps, a room."""

    clip: Clip
    sources: tuple[Source, ...] = ()
    room: Room | None = None

    def source(self, source_id: str) -> Source:
        """The source with this id.

        Raises
        ------
        See2SoundError
            Of kind "bad-request", naming the ids there are.
        """
        for source in self.sources:
            if source.id == source_id:
                return source
        known = ", ".join(source.id for source in self.sources) or "none"
        raise See2SoundError(
            f"there is no source {source_id!r}",
            f"the scene has: {known}",
            "Choose one of these",
            kind="bad-request",
        )

    def replace_source(self, changed: Source) -> SoundScene:
        """The same scene with the source of the same id replaced."""
        self.source(changed.id)
        sources = tuple(changed if s.id == changed.id else s for s in self.sources)
        return dataclasses.replace(self, sources=sources)


def resolve(path: str, scene_path: str | Path) -> Path:
    """Where a path written in a scene file leads: relative ones start at the file's folder."""
    return Path(scene_path).parent / path
