"""What a mix turned out to be, kept in the .blend beside it, and as a person reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core.scene import Room

#: The menus' words for layouts that have no number for a name.
_WORDS = {"mono": "Mono", "stereo": "Stereo", "binaural": "Headphones"}
_NUMBERS = ("integrated_lufs", "loudness_range", "true_peak_db")


@dataclass(frozen=True)
class Told:
    """A kept report, for the panel.

    Attributes
    ----------
    levels : tuple of str
        Layout and loudness; loudness range and true peak. Empty where nothing is known.
    room : str
        The room's size; empty for none.
    warnings : tuple of str
    """

    levels: tuple[str, ...] = ()
    room: str = ""
    warnings: tuple[str, ...] = ()


def kept(report: Mapping[str, Any], room: Room | None) -> str:
    """What the .blend keeps of the worker's report (`core.mix.delivery.report`), as JSON."""
    told = {name: report[name] for name in ("layout", *_NUMBERS, "limited_db", "warnings")}
    return json.dumps({**told, "room": None if room is None else room.size}, ensure_ascii=False)


def read(text: str) -> Told:
    """A kept report."""
    try:
        told = json.loads(text) if text else None
        if told is None:
            return Told()
        size = told["room"]
        return Told(
            _lines(told),
            "" if size is None else " x ".join(f"{side:.4g}" for side in size) + " m",
            tuple(str(warning) for warning in told["warnings"]),
        )
    except (ValueError, KeyError, TypeError):
        # Edited by hand: then the file alone tells.
        return Told()


def line(report: Mapping[str, Any]) -> str:
    """The levels of a report in a line."""
    return ", ".join(_lines(report))


def _lines(report: Mapping[str, Any]) -> tuple[str, ...]:
    """What it is for and how loud it is; how that varies and peaks, where this is known."""
    loud, spread, peak = (report[name] for name in _NUMBERS)
    layout = str(report["layout"])
    layout = _WORDS.get(layout, layout)
    if peak is None:
        return (f"{layout}, silent",)
    first = layout + ("" if loud is None else f", {loud:.1f} LUFS")
    ranging = "" if spread is None else f"LRA {spread:.1f} LU, "
    return first, f"{ranging}true peak {peak:.1f} dBTP"
