"""The room of a mix: every source must lie in it, and the person is told which does not.

The listener stands in its middle, 1.6 m high, or as high as the lowest source
needs. A bed comes from everywhere and lies nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import bpy
import numpy as np
from numpy.typing import NDArray

from ..core.errors import See2SoundError
from ..core.scene import Room, Source, Vector
from . import camera, curves, document, motion
from .strips import shown_range

#: A room's usual size and its largest side, metres.
_USUAL, _LARGEST = (10.0, 8.0, 3.5), 500.0
#: How far a source stays from the walls of a room that is made for it, metres.
_AIR = 0.5
#: The height of the listener, metres (`core.scene.Room.listener_place`).
_EARS = 1.6
#: On how many frames speakers are looked at to make a room for them.
_LOOKS = 100


def around(
    collection: bpy.types.Collection, names: Sequence[str], sources: Sequence[Source]
) -> Room | None:
    """The room that a person asked for; None for none.

    Parameters
    ----------
    names : sequence of str
        What the sources' speakers are called.

    Raises
    ------
    See2SoundError
        When a source lies outside: which, where, and the room that all fit in.
    """
    settings = collection.see2sound
    if not settings.use_room:
        return None
    size = (settings.room_size[0], settings.room_size[1], settings.room_size[2])
    places = [np.array(s.positions) for s in sources if s.kind != "ambience"]
    everywhere = np.concatenate([np.zeros((1, 3)), *places])
    room = Room(size, settings.rt60)
    ears = room.listener_place()
    lowest = float(everywhere[:, 2].min())
    if ears[2] < -lowest < size[2]:
        room = Room(size, settings.rt60, (ears[0], ears[1], -lowest))
    needed = _needed(everywhere, size)
    for name, source in zip(names, sources, strict=True):
        if source.kind == "ambience":
            continue
        place = _first_outside(np.array(source.positions), room)
        if place is not None:
            raise _outside(name, place, size, needed)
    return room


def fit(collection: bpy.types.Collection) -> None:
    """Make the room large enough for every source, unless a person has set its size.

    Keyframes are looked at on some frames between the clip's ends; what moves otherwise,
    where it is now.
    """
    settings = collection.see2sound
    if not settings.use_room or settings.is_property_set("room_size"):
        return
    scene = next(
        (s for s in bpy.data.scenes if collection in s.collection.children_recursive), None
    )
    strip = None if scene is None else document.strip_of(scene, collection)
    if scene is None or scene.camera is None or strip is None:
        return
    start, end = shown_range(strip)
    frames = np.linspace(start, max(end - 1, start), _LOOKS)
    speakers = [s for s in document.speakers_of(collection) if s.data.see2sound.kind != "ambience"]
    unit = camera.metres_per_unit(scene)
    places = [_places(speaker, scene.camera, frames) * unit for speaker in speakers]
    settings.room_size = _needed(np.concatenate([np.zeros((1, 3)), *places]), _USUAL)


def _places(
    speaker: bpy.types.Object, listener: bpy.types.Object, frames: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A speaker's places in the listener's frame, in units of the scene."""
    worlds = [
        curves.world_matrices(thing, frames)
        if curves.only_keyframes(thing)
        else np.array(thing.matrix_world)[None]
        for thing in (listener, speaker)
    ]
    listeners, places = np.broadcast_arrays(*worlds)
    return motion.heard_from(*motion.ears_of(listeners), places[:, :3, 3])


def _needed(places: NDArray[np.float64], least: Iterable[float]) -> Vector:
    """The room that places fit in, with some air, to half a metre; no smaller than `least`."""
    low, high = places.min(axis=0), places.max(axis=0)
    ears = max(_EARS, -low[2] + (_AIR if -low[2] > _EARS else 0.0))
    sides = [
        2.0 * (max(-low[0], high[0]) + _AIR),
        2.0 * (max(-low[1], high[1]) + _AIR),
        ears + high[2] + _AIR,
    ]
    fitting = [math.ceil(2.0 * side - 1e-3) / 2.0 for side in sides]
    x, y, z = (min(max(f, side), _LARGEST) for f, side in zip(fitting, least, strict=True))
    return x, y, z


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
    return See2SoundError(
        f"{name!r} is outside the room",
        f"it is {where} of the listener, who stands in the middle of {_metres(size)}",
        f"Make the room {_metres(needed)} or larger, move the speaker, or switch Room off",
        kind="bad-request",
    )


def _metres(size: Iterable[float]) -> str:
    return " x ".join(f"{side:g}" for side in size) + " m"
