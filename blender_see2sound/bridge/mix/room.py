"""The room of a mix: what a person has set, filled in by its kind and grown until the sources fit.

The settings hold plain values in units of the scene; what a kind of room is, and how
one grows, is `core.rooms`. The listener stands in its middle, 1.6 m high, or as high as
the lowest source needs. A bed comes from everywhere and lies nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core import rooms
from ...core.errors import See2SoundError
from ...core.materials import WALLS
from ...core.scene import LONGEST_WALL, SHORTEST_WALL, Room, Source, Vector
from ..listener import camera

#: A room of one's own, before anything was set: metres.
_USUAL = (10.0, 8.0, 3.5)
#: By how much a side grows at a time: a source that is moved a little leaves the room as it is,
#: and with it all that was rendered of the other sources.
_GROWTH = 1.25


def fill(collection: bpy.types.Collection) -> None:
    """Fill in what the chosen kind of room brings; a room of one's own keeps what was set."""
    settings = collection.see2sound
    scene = next(
        (s for s in bpy.data.scenes if collection in s.collection.children_recursive), None
    )
    unit = 1.0 if scene is None else camera.metres_per_unit(scene)
    if settings.room_kind == "CUSTOM" and not settings.is_property_set("room_size"):
        settings.room_size = [side / unit for side in _USUAL]
    if settings.room_kind in ("NONE", "CUSTOM"):
        return
    preset = rooms.preset_named(settings.room_kind)
    settings.room_size = [side / unit for side in preset.size]
    settings.rt60 = preset.middle_rt60
    settings.rt60_shape = preset.shape
    for wall, material in zip(WALLS, preset.materials, strict=True):
        setattr(settings, f"wall_{wall}", material)


def is_wanted(collection: bpy.types.Collection) -> bool:
    """Whether the mix has a room."""
    return collection.see2sound.room_kind != "NONE"


def asked(scene: bpy.types.Scene, collection: bpy.types.Collection) -> tuple[Any, ...] | None:
    """All that a person has set of the room, as plain values; None for no room."""
    settings = collection.see2sound
    if not is_wanted(collection):
        return None
    room = _set_room(scene, settings)
    return room.size, room.rt60, room.materials, settings.room_fits


def around(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    names: Sequence[str],
    sources: Sequence[Source],
) -> Room | None:
    """The room that a person asked for, around these sources; None for none.

    Parameters
    ----------
    names : sequence of str
        What the sources' speakers are called.

    Raises
    ------
    See2SoundError
        When its size is no room's; when a source lies outside and the room may not grow: which,
        where, and the room that all fit in.
    """
    if not is_wanted(collection):
        return None
    room = _set_room(scene, collection.see2sound)
    for side in room.size:
        if not SHORTEST_WALL <= side <= LONGEST_WALL:
            raise See2SoundError(
                f"a room of {_metres(room.size)} cannot be used",
                f"its sides are {SHORTEST_WALL:g} to {LONGEST_WALL:g} m long",
                "Change the room's size",
                kind="bad-request",
            )
    grown = rooms.fitted(room, sources, _GROWTH)
    if collection.see2sound.room_fits or grown == room:
        return grown
    placed = [(n, s) for n, s in zip(names, sources, strict=True) if s.kind != "ambience"]
    lowest = min(p[2] for _, source in placed for p in source.positions)
    ears = room.listener_place()
    if ears[2] < -lowest < room.size[2]:
        room = Room(room.size, room.rt60, (ears[0], ears[1], -lowest), room.materials)
    for name, source in placed:
        place = _first_outside(np.array(source.positions), room)
        if place is not None:
            raise _outside(name, place, room.size, rooms.fitted(room, sources).size)
    return room


def _set_room(scene: bpy.types.Scene, settings: bpy.types.PropertyGroup) -> Room:
    """The room as it is set: metres, to the millimetre."""
    unit = camera.metres_per_unit(scene)
    x, y, z = (round(side * unit, 3) for side in settings.room_size)
    walls = tuple(getattr(settings, f"wall_{wall}") for wall in WALLS)
    return Room((x, y, z), rooms.decay(settings.rt60, settings.rt60_shape), None, walls)


def _first_outside(places: NDArray[np.float64], room: Room) -> NDArray[np.float64] | None:
    corner = places + room.listener_place()
    outside = np.flatnonzero(((corner < 0.0) | (corner > room.size)).any(axis=1))
    return places[outside[0]] if len(outside) else None


def _outside(name: str, place: NDArray[np.float64], size: Vector, needed: Vector) -> See2SoundError:
    x, y, z = place
    where = ", ".join(
        (
            f"{abs(x):.1f} m to the {'right' if x > 0 else 'left'}",
            f"{abs(y):.1f} m {'ahead' if y > 0 else 'behind'}",
            f"{abs(z):.1f} m {'up' if z > 0 else 'down'}",
        )
    )
    fitting = [math.ceil(2.0 * side - 0.01) / 2.0 for side in needed]
    return See2SoundError(
        f"{name!r} is outside the room",
        f"it is {where} of the listener, who stands in the middle of {_metres(size)}",
        f"Switch Fit Sources on, make the room {_metres(fitting)} or larger, or move the speaker",
        kind="bad-request",
    )


def _metres(size: Iterable[float]) -> str:
    return " x ".join(f"{side:g}" for side in size) + " m"
