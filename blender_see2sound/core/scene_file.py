"""The file of a sound scene: JSON that finding, sounding, mixing, Blender and scripts agree on.

Its format is ``see2sound-scene/1``. A reader rejects what it does not understand and names the
field. Standard library only.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from .errors import See2SoundError, from_os_error
from .fields import Fields
from .files import write_text
from .materials import MATERIALS, OCTAVES, WALLS
from .scene import (
    FARTHEST,
    LONGEST_RT60,
    LONGEST_WALL,
    SHORTEST_RT60,
    SHORTEST_WALL,
    Clip,
    Kind,
    Motion,
    Room,
    SoundScene,
    Source,
    Vector,
)
from .seeds import SEEDS

FORMAT = "see2sound-scene/1"

# ------------------------------------------------------------------ writing


def scene_to_json(scene: SoundScene) -> dict[str, Any]:
    """The scene as plain lists, dicts, numbers and strings, in the file's layout."""
    clip = dataclasses.asdict(scene.clip)
    clip["size"] = list(scene.clip.size)
    sources = []
    for source in scene.sources:
        row = dataclasses.asdict(source)
        row["times"] = list(source.times)
        row["positions"] = [list(p) for p in source.positions]
        row["boxes"] = [list(b) for b in source.boxes]
        row["presence"] = list(source.presence)
        if row["motion"] is not None:
            row["motion"] = {name: list(values) for name, values in row["motion"].items()}
        sources.append(row)
    room: dict[str, Any] | None = None
    if scene.room is not None:
        rt60 = scene.room.rt60
        room = {
            "size": list(scene.room.size),
            "rt60": list(rt60) if isinstance(rt60, tuple) else rt60,
        }
        if scene.room.listener is not None:
            room["listener"] = list(scene.room.listener)
        if scene.room.materials:
            room["materials"] = dict(zip(WALLS, scene.room.materials, strict=True))
    return {"format": FORMAT, "clip": clip, "sources": sources, "room": room}


def scene_text(scene: SoundScene, name: str) -> str:
    """Check a scene and give the text of its file; `name` is what errors call it.

    Raises
    ------
    See2SoundError
        When the scene breaks the format.
    """
    data = scene_to_json(scene)
    scene_from_json(data, name)
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def write_scene(scene: SoundScene, path: str | Path) -> None:
    """Check a scene and write its file atomically.

    Raises
    ------
    See2SoundError
        When the scene breaks the format, or the file cannot be written.
    """
    write_text(path, scene_text(scene, str(path)))


# ------------------------------------------------------------------ reading


def read_scene(path: str | Path) -> SoundScene:
    """Read and check a scene file.

    Raises
    ------
    See2SoundError
        Of kind "bad-scene", naming file and field, or what `from_os_error` gives.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    except UnicodeDecodeError as error:
        raise _bad(str(path), "", "it is not text in UTF-8") from error
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(str(path), "", f"it is not JSON ({error})") from error
    return scene_from_json(data, str(path))


def scene_from_json(data: Any, name: str = "the scene") -> SoundScene:
    """Check plain JSON data against the format and make a `SoundScene` of it.

    Parameters
    ----------
    data : dict
        As `scene_to_json` gives it.
    name : str
        What errors call the file.

    Raises
    ------
    See2SoundError
        Of kind "bad-scene", naming the first field that is wrong.
    """
    reader = Fields(functools.partial(_bad, name))
    top = reader.mapping(
        data, "", {"format", "clip", "sources", "room"}, {"format", "clip", "sources"}
    )
    if top["format"] != FORMAT:
        raise _bad(name, "format", f"it must be {FORMAT!r}, not {top['format']!r}")
    clip = _clip(reader, top["clip"])
    rows = reader.sequence(top["sources"], "sources")
    sources = tuple(_source(reader, row, f"sources[{i}]") for i, row in enumerate(rows))
    seen: set[str] = set()
    for i, source in enumerate(sources):
        # Files are named by the id, and some file systems do not tell case apart.
        if source.id.lower() in seen:
            raise _bad(name, f"sources[{i}].id", f"{source.id!r} is there twice")
        seen.add(source.id.lower())
    room = None if top.get("room") is None else _room(reader, top["room"])
    scene = SoundScene(clip, sources, room)
    if room is not None:
        _check_inside(reader, scene, room)
    return scene


def _clip(reader: Fields, data: Any) -> Clip:
    names = {f.name for f in dataclasses.fields(Clip)}
    row = reader.mapping(data, "clip", names, names)
    size = reader.sequence(row["size"], "clip.size", length=2)
    return Clip(
        path=reader.text_or_none(row["path"], "clip.path"),
        start=reader.number(row["start"], "clip.start", low=0.0),
        duration=reader.number(row["duration"], "clip.duration", above=0.0, high=1e6),
        frame_rate=reader.number(row["frame_rate"], "clip.frame_rate", above=0.0, high=1e4),
        size=(
            reader.integer(size[0], "clip.size[0]", low=1),
            reader.integer(size[1], "clip.size[1]", low=1),
        ),
        horizontal_fov=reader.number(
            row["horizontal_fov"], "clip.horizontal_fov", above=0.0, below=180.0
        ),
    )


def _source(reader: Fields, data: Any, where: str) -> Source:
    names = {f.name for f in dataclasses.fields(Source)}
    row = reader.mapping(data, where, names, {"id", "kind", "times", "positions"})
    source_id = reader.text(row["id"], f"{where}.id")
    if (
        not source_id
        or source_id.startswith(".")
        or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in source_id)
        or len(source_id) > 64
    ):
        raise reader.bad(
            f"{where}.id",
            "it must be 1 to 64 letters, digits, '-', '_' or '.', not starting with '.'",
        )
    kind = row["kind"]
    if kind not in get_args(Kind):
        raise reader.bad(f"{where}.kind", f"it must be point, area or ambience, not {kind!r:.40}")
    times = reader.numbers(row["times"], f"{where}.times")
    if not times:
        raise reader.bad(f"{where}.times", "it is empty; one time is needed at least")
    if any(b <= a for a, b in itertools.pairwise(times)):
        raise reader.bad(f"{where}.times", "times must rise")
    count = len(times)
    positions = reader.vectors(row["positions"], f"{where}.positions", 3, (count,))
    for i, position in enumerate(positions):
        if math.hypot(*position) > FARTHEST:
            raise reader.bad(f"{where}.positions[{i}]", f"it is farther than {FARTHEST:g} m")
    boxes = reader.vectors(row.get("boxes", []), f"{where}.boxes", 4, (0, count))
    for i, (x0, y0, x1, y1) in enumerate(boxes):
        if x1 < x0 or y1 < y0:
            raise reader.bad(
                f"{where}.boxes[{i}]", "it must be x0 y0 x1 y1 with x0 <= x1, y0 <= y1"
            )
    presence = reader.numbers(row.get("presence", []), f"{where}.presence", low=0.0, high=1.0)
    if len(presence) not in (0, count):
        raise reader.bad(f"{where}.presence", f"it has {len(presence)} values for {count} times")
    lfe = row.get("lfe_db")
    return Source(
        id=source_id,
        label=reader.words(row.get("label", ""), f"{where}.label"),
        prompt=reader.words(row.get("prompt", ""), f"{where}.prompt"),
        kind=kind,
        times=times,
        positions=tuple((p[0], p[1], p[2]) for p in positions),
        boxes=tuple((b[0], b[1], b[2], b[3]) for b in boxes),
        presence=presence or (1.0,) * count,
        sound=reader.text_or_none(row.get("sound"), f"{where}.sound"),
        gain_db=reader.number(row.get("gain_db", 0.0), f"{where}.gain_db", low=-200.0, high=60.0),
        spread=reader.number(row.get("spread", 0.0), f"{where}.spread", low=0.0, high=1.0),
        reverb_db=reader.number(
            row.get("reverb_db", 0.0), f"{where}.reverb_db", low=-200.0, high=60.0
        ),
        lfe_db=None
        if lfe is None
        else reader.number(lfe, f"{where}.lfe_db", low=-200.0, high=60.0),
        seed=reader.integer(row.get("seed", 0), f"{where}.seed", low=0, high=SEEDS - 1),
        maker=reader.text_or_none(row.get("maker"), f"{where}.maker"),
        negative_prompt=reader.words(row.get("negative_prompt", ""), f"{where}.negative_prompt"),
        locked=reader.flag(row.get("locked", False), f"{where}.locked"),
        motion=None
        if row.get("motion") is None
        else _motion(reader, row["motion"], f"{where}.motion"),
    )


def _motion(reader: Fields, data: Any, where: str) -> Motion:
    names = {f.name for f in dataclasses.fields(Motion)}
    row = reader.mapping(data, where, names, {"times", "speed"})
    times, speed = (
        reader.numbers(row["times"], f"{where}.times"),
        reader.numbers(row["speed"], f"{where}.speed", low=0.0),
    )
    impacts, strengths = (
        reader.numbers(row.get("impacts", []), f"{where}.impacts"),
        reader.numbers(row.get("strengths", []), f"{where}.strengths", low=0.0, high=1.0),
    )
    for name, values in (("times", times), ("impacts", impacts)):
        if any(b <= a for a, b in itertools.pairwise(values)):
            raise reader.bad(f"{where}.{name}", "times must rise")
    for name, values, at in (("speed", speed, times), ("strengths", strengths, impacts)):
        if len(values) != len(at):
            raise reader.bad(f"{where}.{name}", f"it has {len(values)} values for {len(at)} times")
    return Motion(times, speed, impacts, strengths)


def _room(reader: Fields, data: Any) -> Room:
    row = reader.mapping(data, "room", {"size", "rt60", "listener", "materials"}, {"size", "rt60"})
    sides = [
        reader.number(v, f"room.size[{i}]", low=SHORTEST_WALL, high=LONGEST_WALL)
        for i, v in enumerate(reader.sequence(row["size"], "room.size", length=3))
    ]
    size = (sides[0], sides[1], sides[2])
    listener: Vector | None = None
    if row.get("listener") is not None:
        place = [
            reader.number(v, f"room.listener[{i}]", above=0.0, below=size[i])
            for i, v in enumerate(reader.sequence(row["listener"], "room.listener", length=3))
        ]
        listener = (place[0], place[1], place[2])
    return Room(size, _rt60(reader, row["rt60"]), listener, _materials(reader, row))


def _rt60(reader: Fields, value: Any) -> float | tuple[float, ...]:
    if not isinstance(value, (list, tuple)):
        return reader.number(value, "room.rt60", low=SHORTEST_RT60, high=LONGEST_RT60)
    reader.sequence(value, "room.rt60", length=len(OCTAVES))
    return reader.numbers(value, "room.rt60", low=SHORTEST_RT60, high=LONGEST_RT60)


def _materials(reader: Fields, room: Mapping[str, Any]) -> tuple[str, ...]:
    if room.get("materials") is None:
        return ()
    row = reader.mapping(room["materials"], "room.materials", set(WALLS), set())
    for wall, name in row.items():
        if not isinstance(name, str) or name not in MATERIALS:
            known = ", ".join(MATERIALS)
            raise reader.bad(
                f"room.materials.{wall}", f"it must be one of {known}; not {name!r:.40}"
            )
    return tuple(row.get(wall, "plain") for wall in WALLS)


def _check_inside(reader: Fields, scene: SoundScene, room: Room) -> None:
    place = room.listener_place()
    for i, source in enumerate(scene.sources):
        if source.kind == "ambience":
            continue  # a bed comes from everywhere: its position is not a place in the room
        axes = zip(zip(*source.positions, strict=True), place, room.size, strict=True)
        if all(min(axis) + o >= 0.0 and max(axis) + o <= s for axis, o, s in axes):
            continue
        for position in source.positions:
            if not all(
                0.0 <= p + o <= s for p, o, s in zip(position, place, room.size, strict=True)
            ):
                raise reader.bad(
                    f"sources[{i}].positions",
                    f"source {source.id!r} at {_metres(position)} lies outside the room of "
                    f"{_metres(room.size)} with the listener at {_metres(place)}",
                    remedy="Enlarge the room, move the source, or mix without a room",
                )


def _metres(vector: Sequence[float]) -> str:
    return "(" + ", ".join(f"{v:.2f}" for v in vector) + ") m"


def _bad(name: str, where: str, why: str, remedy: str = "") -> See2SoundError:
    what = f"{name} is not a sound scene" if not where else f"{name}: {where} is wrong"
    return See2SoundError(
        what, why, remedy or "Mend the file, or find the sources again", kind="bad-scene"
    )
