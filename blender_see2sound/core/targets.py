"""Loudness to aim for: the standards' programme levels, in one table. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A loudness by its name.

    Attributes
    ----------
    name, label, about : str
        As the command takes it; as a menu shows it; a sentence for a person.
    lufs : float
        Integrated loudness (ITU-R BS.1770).
    """

    name: str
    label: str
    about: str
    lufs: float


TARGETS = (
    Target("ebu", "EBU R 128", "Television in Europe: -23 LUFS", -23.0),
    Target("atsc", "ATSC A/85", "Television in America: -24 LKFS", -24.0),
    Target("film", "Film", "Streamed films and series: -27 LUFS", -27.0),
    Target("web", "Web", "Video on the web and on phones: -16 LUFS", -16.0),
)
