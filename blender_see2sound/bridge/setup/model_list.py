"""What the preferences list of sets and parts, prepared outside of drawing.

Which files are here is looked up by `look`: when the preferences are first drawn, when a
person asks for it, and when the models folder changes. Which packages the worker's Python
lacks is only known after its check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy

from ...core import parts, sets
from ...core.models.folder import models_folder
from ..blend import windows
from . import computer


@dataclass(frozen=True)
class Row:
    """A set or a part.

    Attributes
    ----------
    name : str
    here : bool
        It can be used.
    lines : tuple of str
        What else there is to know.
    """

    name: str
    here: bool
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """What is shown.

    Attributes
    ----------
    folder : str
        The models folder.
    refused : str
        Why the one that the preferences name cannot be it; empty where it can.
    rows : dict
        Under "set" and under each role.
    """

    folder: str
    refused: str
    rows: dict[str, tuple[Row, ...]]


#: What was looked up last; None before the first time.
shown: Listed | None = None
#: The packages that each part lacks in the worker's Python, by role and name, and that Python.
_missing: dict[tuple[str, str], list[str]] = {}
_checked = ""


def look() -> None:
    """Look up which files are here."""
    global shown
    own = computer.settings()
    known = _missing if _checked == own.python else {}
    rows = parts.listing(own.models)
    for row in rows:
        # Blender's Python is not the one that computes.
        row["missing"] = known.get((row["role"], row["name"]), [])
        row["here"] = not row["missing"] and not row["absent"]
    listed: dict[str, tuple[Row, ...]] = {"set": tuple(map(_set_row, sets.listing(rows)))}
    for role in sets.ROLES:
        listed[role] = tuple(_part_row(row) for row in rows if row["role"] == role)
    refused = computer.refused("models")
    shown = Listed(str(models_folder(own.models)), str(refused or ""), listed)
    windows.redraw()


def look_soon() -> None:
    """Look as soon as nothing is being drawn."""
    if not bpy.app.timers.is_registered(look):
        bpy.app.timers.register(look, first_interval=0.0)


def take(rows: Sequence[dict[str, Any]]) -> None:
    """Take what the worker says of the packages of its Python, and look again."""
    global _checked
    _missing.clear()
    _missing.update({(row["role"], row["name"]): row["missing"] for row in rows})
    _checked = computer.settings().python
    look()


def register() -> None:
    """Begin with nothing looked up."""
    _forget()


def unregister() -> None:
    """Look no more."""
    _forget()


def _forget() -> None:
    global shown, _checked
    shown, _checked = None, ""
    _missing.clear()
    if bpy.app.timers.is_registered(look):
        bpy.app.timers.unregister(look)


def _set_row(row: dict[str, Any]) -> Row:
    lacking = ", ".join(f"{role} {row[role]}" for role in row["lacking"])
    lines = [
        row["about"],
        ", ".join(f"{role} {row[role]}" for role in sets.ROLES),
        f"Commercial use: {row['commercial']}",
        f"{_size(row['size_mb'])} on disk, {_size(row['memory_mb'])} of memory, "
        f"with Low Memory {_size(row['low_memory_mb'])}",
    ]
    if lacking:
        lines.append(f"Not here: {lacking}")
    return Row(row["title"], row["complete"], tuple(lines))


def _part_row(row: dict[str, Any]) -> Row:
    lines = [
        row["about"],
        f"Licence: {row['licence']}. Commercial use: {row['commercial']}",
        f"{_size(row['size_mb'])} on disk, {_size(row['memory_mb'])} of memory",
    ]
    if row["repository"]:
        lines.append(f"{row['repository']}: {row['absent'] or row['path']}")
    if row["missing"]:
        lines.append(f"The worker's Python lacks {', '.join(row['missing'])}")
    return Row(row["name"], row["here"], tuple(lines))


def _size(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"
