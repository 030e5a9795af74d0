"""What a mix turned out to be."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...materials import WALLS
from ...scene import Room


@dataclass(frozen=True)
class FileLevels:
    """The levels of a file, as in `MixReport`."""

    path: Path
    integrated_lufs: float | None
    loudness_range: float | None
    true_peak_db: float | None


@dataclass(frozen=True)
class MixReport:
    """What a mix turned out to be, measured on what was written.

    Attributes
    ----------
    path : Path
    layout : str
    channels : tuple of str
        Names in the order of the file.
    duration : float
        Seconds.
    integrated_lufs, loudness_range, true_peak_db : float or None
        LUFS, LU (EBU Tech 3342) and dBTP; None for silence, the range also below 3 s.
    channel_rms_db : tuple of (float or None)
        Per channel, dB relative to full scale; None for silence.
    gain_db : float
        What all sources were raised by to reach the loudness; the limiter came after it.
    limited_db : float
        The most by which the limiter turned down; 0 where it had nothing to do.
    room : Room or None
        The room that was heard; None for none.
    stems : tuple of FileLevels
        In the order of the sources; empty where none were asked for.
    sounds : tuple of str
        What each sound is that was made by a maker, and how, one sentence each: the file's
        metadata says the same.
    warnings : tuple of str
        Sentences for a person.
    """

    path: Path
    layout: str
    channels: tuple[str, ...]
    duration: float
    integrated_lufs: float | None
    loudness_range: float | None
    true_peak_db: float | None
    channel_rms_db: tuple[float | None, ...]
    gain_db: float
    limited_db: float
    room: Room | None
    stems: tuple[FileLevels, ...]
    sounds: tuple[str, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            **dataclasses.asdict(self),
            "path": str(self.path),
            "channels": list(self.channels),
            "channel_rms_db": list(self.channel_rms_db),
            "room": None if self.room is None else _room_to_json(self.room),
            "stems": [{**dataclasses.asdict(s), "path": str(s.path)} for s in self.stems],
            "sounds": list(self.sounds),
            "warnings": list(self.warnings),
        }


def _room_to_json(room: Room) -> dict[str, Any]:
    """A room as in a scene's file, its defaults resolved."""
    return {
        "size": list(room.size),
        "rt60": list(room.rt60) if isinstance(room.rt60, tuple) else room.rt60,
        "listener": list(room.listener_place()),
        "materials": dict(zip(WALLS, room.wall_materials(), strict=True)),
    }
