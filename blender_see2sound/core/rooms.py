"""Rooms to choose from, in one table, and how one is chosen, edited and made to fit a scene.

A preset only fills in the values of a scene's room; what is written is plain
sizes, seconds and materials. Standard library only.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import See2SoundError
from .scene import (
    LONGEST_RT60,
    LONGEST_WALL,
    SHORTEST_RT60,
    SHORTEST_WALL,
    Room,
    Source,
    Vector,
)

#: Metres between a source and the wall of a room that was made to fit.
_MARGIN = 0.5


@dataclass(frozen=True)
class Preset:
    """A room by its usual values.

    Attributes
    ----------
    name, label, about : str
        As the command takes it; as a menu shows it; a sentence for a person.
    size : (x, y, z)
        Metres.
    rt60 : tuple of 7 float
        Seconds, in each of `materials.OCTAVES`.
    materials : tuple of 6 str
        In the order of `materials.WALLS`: left, right, back, front, floor, ceiling.
    """

    name: str
    label: str
    about: str
    size: Vector
    rt60: tuple[float, ...]
    materials: tuple[str, ...]

    @property
    def middle_rt60(self) -> float:
        """Seconds from 500 to 1000 Hz: what is meant where one number is given."""
        return 0.5 * (self.rt60[2] + self.rt60[3])

    @property
    def shape(self) -> tuple[float, ...]:
        """Each octave's reverberation, as a share of that from 500 to 1000 Hz."""
        return tuple(t / self.middle_rt60 for t in self.rt60)


PRESETS = (
    Preset(
        "open-air", "Open Air", "A meadow: nothing but the ground answers",
        (100.0, 100.0, 50.0), (0.5,) * 7,
        ("open", "open", "open", "open", "grass", "open"),
    ),
    Preset(
        "street", "Street", "Houses on both sides, sky above",
        (16.0, 120.0, 20.0), (1.3, 1.3, 1.2, 1.1, 1.0, 0.8, 0.55),
        ("brick", "brick", "open", "open", "asphalt", "open"),
    ),
    Preset(
        "forest", "Forest", "Trunks all around send a little back, for long",
        (40.0, 40.0, 20.0), (1.2, 1.3, 1.4, 1.4, 1.2, 0.9, 0.55),
        ("trees", "trees", "trees", "trees", "soil", "open"),
    ),
    Preset(
        "small-room", "Small Room", "An office or a bedroom",
        (3.6, 3.0, 2.5), (0.48, 0.42, 0.36, 0.33, 0.31, 0.3, 0.27),
        ("plasterboard", "plasterboard", "plaster", "glass", "wood", "plaster"),
    ),
    Preset(
        "living-room", "Living Room", "Carpet, curtains, soft furniture",
        (6.5, 5.0, 2.6), (0.6, 0.55, 0.48, 0.44, 0.42, 0.4, 0.36),
        ("plaster", "plaster", "curtains", "plaster", "carpet", "plaster"),
    ),
    Preset(
        "hall", "Hall", "A concert hall with its seats",
        (24.0, 36.0, 14.0), (2.2, 2.1, 2.0, 1.9, 1.7, 1.4, 1.0),
        ("panelling", "panelling", "plaster", "panelling", "seats", "plaster"),
    ),
    Preset(
        "church", "Church", "Stone, high and long",
        (22.0, 50.0, 18.0), (4.2, 4.1, 3.9, 3.6, 3.0, 2.2, 1.4),
        ("stone", "stone", "stone", "stone", "tiles", "plaster"),
    ),
    Preset(
        "cave", "Cave", "Bare rock all around",
        (15.0, 25.0, 9.0), (3.2, 3.0, 2.8, 2.6, 2.3, 1.8, 1.2),
        ("stone", "stone", "stone", "stone", "stone", "stone"),
    ),
)  # fmt: skip


def preset_named(name: str) -> Preset:
    """The preset of this name.

    Raises
    ------
    See2SoundError
        Of kind "bad-request", naming the presets there are.
    """
    for preset in PRESETS:
        if preset.name == name:
            return preset
    known = ", ".join(preset.name for preset in PRESETS)
    raise See2SoundError(
        f"there is no room {name!r}",
        f"there is: {known}",
        "Choose one, or give its size and reverberation, as 10x8x3.5,0.4 or auto,0.4",
        kind="bad-request",
    )


def edited(preset: Preset, rt60: float | None = None) -> Room:
    """A preset's room, with another reverberation from 500 to 1000 Hz if given."""
    octaves = decay(preset.middle_rt60 if rt60 is None else rt60, preset.shape)
    return Room(preset.size, octaves, None, preset.materials)


def decay(rt60: float, shape: Iterable[float]) -> tuple[float, ...]:
    """The reverberation in each octave, seconds.

    Parameters
    ----------
    rt60 : float
        Seconds, from 500 to 1000 Hz.
    shape : iterable of 7 float
        As `Preset.shape`; all ones where every octave decays alike.
    """
    return tuple(min(max(round(rt60 * s, 4), SHORTEST_RT60), LONGEST_RT60) for s in shape)


def fitted(room: Room, sources: Iterable[Source], growth: float = 1.0) -> Room:
    """A room made larger around its listener, as far as needed to hold all sources.

    Ambiences have no place. Where a source lies below the floor, the listener is lifted.

    Parameters
    ----------
    growth : float
        By which factor a side grows at a time, so that a source that moves a little seldom
        changes the room; 1 for no larger than needed.
    """
    places = [p for s in sources if s.kind != "ambience" for p in s.positions]
    if not places:
        return room
    listener, size = list(room.listener_place()), list(room.size)
    moved = False
    for axis in range(3):
        below = _MARGIN - min(p[axis] for p in places)
        above = _MARGIN + max(p[axis] for p in places)
        if room.listener is None and axis < 2:
            half = _grown(0.5 * size[axis], max(below, above), growth)
            listener[axis], size[axis] = half, 2.0 * half
            continue
        # A floor that all sources are above stays where it is.
        if below - _MARGIN > listener[axis]:
            lifted = _grown(listener[axis], below, growth)
            size[axis] += lifted - listener[axis]
            listener[axis] = lifted
            moved = True
        size[axis] = _grown(size[axis], listener[axis] + above, growth)
    rounded = [math.ceil(s * 1000.0) / 1000.0 for s in size]
    kept = (listener[0], listener[1], listener[2])
    return dataclasses.replace(
        room,
        size=(rounded[0], rounded[1], rounded[2]),
        listener=kept if moved or room.listener is not None else _default(rounded, kept),
    )


def _grown(length: float, needed: float, growth: float) -> float:
    """A length that is as long as needed, or as much longer as its steps ask for."""
    if needed <= length or growth <= 1.0:
        return max(length, needed)
    stepped = length * growth ** math.ceil(math.log(needed / length, growth) - 1e-9)
    # The last step may lead beyond what a room can be.
    return max(needed, min(stepped, 0.5 * LONGEST_WALL))


def _default(size: list[float], listener: Vector) -> Vector | None:
    """None where the listener's default place in the grown room is the one that it has."""
    return None if abs(min(1.6, size[2] / 2) - listener[2]) < 1e-9 else listener


def chosen(text: str, sources: Iterable[Source]) -> Room:
    """The room that a text stands for.

    Parameters
    ----------
    text : str
        ``hall`` (a preset), ``hall,1.5`` (with another reverberation), ``10x8x3.5,0.4`` (metres
        and seconds), or ``auto,0.4`` (as large as the sources need). Presets grow with the
        sources, too.
    sources : iterable of Source

    Raises
    ------
    See2SoundError
        Of kind "bad-request".
    """
    head, _, tail = text.strip().lower().partition(",")
    numbers = [_number(part, text) for part in head.split("x")] if head[:1].isdigit() else []
    rt60 = _number(tail, text) if tail else None
    if rt60 is not None and not SHORTEST_RT60 <= rt60 <= LONGEST_RT60:
        raise _unclear(text, f"a reverberation lasts {SHORTEST_RT60:g} to {LONGEST_RT60:g} s")
    if len(numbers) == 3 and rt60 is not None:
        if not all(SHORTEST_WALL <= n <= LONGEST_WALL for n in numbers):
            raise _unclear(text, f"walls are {SHORTEST_WALL:g} to {LONGEST_WALL:g} m long")
        room = Room((numbers[0], numbers[1], numbers[2]), rt60)
        needed = fitted(room, sources)
        if needed.size != room.size:
            raise See2SoundError(
                f"not all sources are in a room of {head} m",
                "the listener stands in its middle",
                f"Make it {'x'.join(f'{math.ceil(10.0 * s) / 10.0:g}' for s in needed.size)} m "
                f"or larger, or write auto,{rt60:g}",
                kind="bad-request",
            )
        return room
    if head == "auto" and rt60 is not None:
        return fitted(Room((4.0, 4.0, 2.6), rt60), sources)
    if numbers or head == "auto":
        raise _unclear(text)
    return fitted(edited(preset_named(head), rt60=rt60), sources)


def _number(part: str, text: str) -> float:
    try:
        value = float(part)
    except ValueError as error:
        raise _unclear(text) from error
    if not math.isfinite(value):
        raise _unclear(text)
    return value


def _unclear(
    text: str, why: str = "it must be a preset, or size and reverberation"
) -> See2SoundError:
    return See2SoundError(
        f"{text!r} is no room",
        why,
        "Write it as hall, hall,1.5, 10x8x3.5,0.4 or auto,0.4",
        kind="bad-request",
    )
