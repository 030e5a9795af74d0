"""The rows of the menus in the .blend's settings, and parts chosen by their names."""

from __future__ import annotations

import zlib
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from .core import catalogue, materials, rooms, sets, targets
from .core.catalogue import Role

#: `core.scene.Kind`, for a person.
KINDS = (
    ("point", "Point", "A thing at one place"),
    ("area", "Area", "Something wide, like a crowd, a fire or a waterfall"),
    ("ambience", "Ambience", "All around and without a direction, like wind or room tone"),
)
#: Layouts that a sound strip, the scene's audio and a render carry with every channel in its
#: place. A file keeps the numbers: they never change.
LAYOUTS = (
    ("mono", "Mono", "One channel", "NONE", 2),
    ("stereo", "Stereo", "Left and right", "NONE", 1),
    ("binaural", "Headphones", "What two ears hear, from all around: two channels", "NONE", 3),
    ("5.1", "5.1 Surround", "Left, right, centre, LFE, left and right surround", "NONE", 0),
    ("7.1", "7.1 Surround", "As 5.1, with two more at the sides", "NONE", 4),
)


def _numbered(*rows: tuple[str, str, str]) -> tuple[tuple[str, str, str, str, int], ...]:
    """Rows of a menu. A file keeps a number that a row has by its name, wherever it stands."""
    return tuple((*row, "NONE", zlib.crc32(row[0].encode()) & 0x7FFFFFFF) for row in rows)


LOUDNESS = _numbered(
    *((t.name, f"{t.label}, {t.lufs:g} LUFS", t.about) for t in targets.TARGETS),
    ("CUSTOM", "Custom", "A loudness of your own"),
    ("NONE", "As It Is", "The level is left; only peaks above the ceiling are turned down"),
)
ROOMS = _numbered(
    ("NONE", "None", "Direct sound alone"),
    *((preset.name, preset.label, preset.about) for preset in rooms.PRESETS),
    ("CUSTOM", "Custom", "As set below"),
)
RENDERERS = _numbered(
    ("panning", "Panning", "Each sound and each of its reflections from its own direction"),
    (
        "microphones",
        "Microphones",
        "A microphone per loudspeaker in the room, as the paper does it: slow, for comparison",
    ),
)
MATERIALS = _numbered(
    *((name, name.title(), "What the wall is made of") for name in materials.MATERIALS)
)
SETS = _numbered(*((one.name, one.title, one.about) for one in sets.SETS))
MONITORS = (
    ("SPEAKERS", "Speakers", "Hear the speakers, live and as they are now"),
    ("MIX", "Mix", "Hear the baked mix"),
)


def part_names(role: Role) -> Any:
    """The search of a text field for the names of a role's parts."""

    def search(_self: object, _context: object, _typed: str) -> list[str]:
        return [part.name for part in catalogue.PARTS if part.role == role]

    return search


def part_property(role: Role, name: str, description: str) -> Any:
    """A part by its name: a name that this version does not know must survive in the file."""
    return StringProperty(
        name=name,
        description=f"{description}; empty for the set's",
        search=part_names(role),
        search_options={"SUGGESTION"},
    )


#: The item of a menu of makers for "as above": a number that no name gives.
_AS_ABOVE = 0
#: Blender keeps no reference to the texts of a menu that is made anew each time.
_menus: dict[tuple[str, str], list[tuple[str, str, str, str, int]]] = {}


def _maker_items(own: str, above: str) -> list[tuple[str, str, str, str, int]]:
    """Every maker; before them "as above", after them one that this version does not know."""
    if (own, above) not in _menus:
        parts = [part for part in catalogue.PARTS if part.role == "maker"]
        rows = [(part.name, part.name, part.about) for part in parts]
        if own and own not in {name for name, _, _ in rows}:
            rows.append((own, own, "This version does not have it"))
        as_above = ("AS_ABOVE", above, "", "NONE", _AS_ABOVE)
        _menus[own, above] = [as_above, *_numbered(*rows)]
    return _menus[own, above]


def maker_menu(above: str) -> Any:
    """The maker as a menu; the name itself is kept in ``maker``, where any name survives.

    Parameters
    ----------
    above : str
        What no name of its own means.
    """

    def items(
        self: bpy.types.PropertyGroup, _context: object
    ) -> list[tuple[str, str, str, str, int]]:
        return _maker_items(self.maker, above)

    def get(self: bpy.types.PropertyGroup) -> int:
        name = self.maker or "AS_ABOVE"
        return next(row[4] for row in _maker_items(self.maker, above) if row[0] == name)

    def put(self: bpy.types.PropertyGroup, number: int) -> None:
        rows = _maker_items(self.maker, above)
        name = next(row[0] for row in rows if row[4] == number)
        self.maker = "" if name == "AS_ABOVE" else name

    return EnumProperty(
        name="Maker",
        description="Who makes the sound",
        items=items,
        get=get,
        set=put,
        options={"SKIP_SAVE"},
    )
