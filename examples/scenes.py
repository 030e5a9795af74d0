"""Small scenes of which everything is known: what is where, and what each pixel shows and how far.

Scenes are made of boxes, ellipsoids and upright cylinders on flat ground, so
that rays of sight meet them at exactly computed places. `look` gives, without
Blender, what an object-index and a depth pass give: for every pixel the thing
that is seen there and its depth. `render_scenes.py` makes pictures of the same scenes.

World axes: x right, y away, z up, metres; the camera looks along y when not turned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
#: Where a thing is at a moment: x, y, z and how it is turned, degrees to the left.
Path = Callable[[float], tuple[float, float, float, float]]
#: Where the camera is: x, y, z, turned to the left and up, degrees.
Camera = Callable[[float], tuple[float, float, float, float, float]]
#: Where a part of a thing is in it at a moment: x, y, z.
Place = Callable[[float], tuple[float, float, float]]

SIZE = (640, 360)
FPS = 12
#: Depth of what is never met, metres.
SKY = 1e4


@dataclass(frozen=True)
class Solid:
    """A simple body. Its size is that of the box around it; its place is within its thing."""

    shape: str  # "box", "ellipsoid", "cylinder"
    size: tuple[float, float, float]
    place: tuple[float, float, float] = (0.0, 0.0, 0.0)
    look: str = "stone"  # a key of render_scenes.LOOKS
    moves: Place | None = None

    def at(self, time: float) -> tuple[float, float, float]:
        """Where it is within its thing."""
        return self.place if self.moves is None else self.moves(time)


def standing(x: float, y: float, z: float = 0.0, turned: float = 0.0) -> Path:
    """A path that stays."""
    return lambda time: (x, y, z, turned)


def walking(
    x: float, y: float, across: float, away: float, turned: float = 0.0, start: float = 0.0
) -> Path:
    """A path at a steady speed, metres a second, from a moment on."""
    return lambda t: (
        x + across * max(t - start, 0.0),
        y + away * max(t - start, 0.0),
        0.0,
        turned,
    )


@dataclass(frozen=True)
class Thing:
    """Something made of solids; it sounds where it has a label."""

    name: str
    solids: tuple[Solid, ...]
    path: Path = field(default_factory=lambda: standing(0.0, 0.0))
    label: str = ""
    moving: bool = False

    @property
    def middle(self) -> tuple[float, float, float]:
        """The middle of the box around it, in its own axes."""
        low = np.min([np.subtract(s.place, np.divide(s.size, 2)) for s in self.solids], axis=0)
        high = np.max([np.add(s.place, np.divide(s.size, 2)) for s in self.solids], axis=0)
        x, y, z = (low + high) / 2
        return float(x), float(y), float(z)


@dataclass(frozen=True)
class Scene:
    """Things before a camera; `floor` is how the ground looks."""

    name: str
    about: str
    things: tuple[Thing, ...]
    camera: Camera
    fov: float = 50.0
    duration: float = 4.0
    floor: str = "gravel"
    indoors: bool = False
    fps: int = FPS

    @property
    def times(self) -> Values:
        """The moments of its pictures, seconds."""
        return np.arange(round(self.duration * self.fps)) / self.fps

    @property
    def sounding(self) -> tuple[Thing, ...]:
        return tuple(thing for thing in self.things if thing.label)


def turn(left: float, up: float = 0.0) -> Values:
    """The matrix that turns vectors by degrees: up first, then to the left."""
    a, b = math.radians(left), math.radians(up)
    about_z = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    return about_z @ about_x


def position(scene: Scene, thing: Thing, time: float) -> Values:
    """Where a thing's middle is at a moment, (3,) metres in the listener's frame."""
    *place, turned = thing.path(time)
    *eye, left, up = scene.camera(time)
    world = np.array(place) + turn(turned) @ np.array(thing.middle)
    return turn(left, up).T @ (world - np.array(eye))


def look(
    scene: Scene, time: float, size: tuple[int, int] = SIZE, alone: Thing | None = None
) -> tuple[NDArray[np.int32], Values]:
    """What each pixel shows.

    Parameters
    ----------
    size : (int, int)
        Width and height.
    alone : Thing, optional
        Look as if nothing else stood there.

    Returns
    -------
    index : (h, w) int32 array
        The number of the thing in `scene.things`, -1 for ground and sky.
    depth : (h, w) array
        Metres along the optical axis; `SKY` where nothing is met.
    """
    width, height = size
    *eye, left, up = scene.camera(time)
    around = turn(left, up)
    focal = width / 2 / math.tan(math.radians(scene.fov) / 2)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack([(x - width / 2) / focal, np.ones_like(x), (height / 2 - y) / focal], -1)
    world = rays @ around.T
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(world[..., 2] < 0, -eye[2] / world[..., 2], SKY)
    depth = np.minimum(depth, SKY)
    index = np.full((height, width), -1, np.int32)
    for number, thing in enumerate(scene.things):
        if alone is not None and thing is not alone:
            continue
        *place, turned = thing.path(time)
        own = turn(turned)
        for solid in thing.solids:
            centre = np.array(place) + own @ np.array(solid.at(time))
            rows, columns = _window(around.T @ (centre - np.array(eye)), solid, focal, size)
            if rows.start >= rows.stop or columns.start >= columns.stop:
                continue
            met = _meet(solid, own.T @ (np.array(eye) - centre), world[rows, columns] @ own)
            nearer = met < depth[rows, columns]
            depth[rows, columns][nearer] = met[nearer]
            index[rows, columns][nearer] = number
    return index, depth


def _window(
    centre: Values, solid: Solid, focal: float, size: tuple[int, int]
) -> tuple[slice, slice]:
    """The part of the picture in which a solid can be seen."""
    radius = float(np.linalg.norm(solid.size)) / 2
    if centre[1] < 2 * radius:
        if centre[1] < -radius:
            return slice(0, 0), slice(0, 0)
        return slice(0, size[1]), slice(0, size[0])
    reach = 1.5 * focal * radius / (centre[1] - radius) + 2
    x, y = size[0] / 2 + focal * centre[0] / centre[1], size[1] / 2 - focal * centre[2] / centre[1]
    edge = [max(0, math.floor(v - reach)) for v in (y, x)]
    end = [max(0, min(s, math.ceil(v + reach))) for v, s in ((y, size[1]), (x, size[0]))]
    return slice(edge[0], end[0]), slice(edge[1], end[1])


def _meet(solid: Solid, eye: Values, rays: Values) -> Values:
    """How many rays long the way to a solid is, in its own axes; infinite where it is missed."""
    half = np.divide(solid.size, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        if solid.shape == "box":
            return _entry([_slab(eye[k], rays[..., k], half[k]) for k in range(3)])
        flat = 3 if solid.shape == "ellipsoid" else 2
        e, r = eye[:flat] / half[:flat], rays[..., :flat] / half[:flat]
        a, b, c = np.sum(r * r, -1), r @ e, float(e @ e) - 1
        root = np.sqrt(b * b - a * c)
        spans = [((-b - root) / a, (-b + root) / a)]
        if solid.shape == "cylinder":
            spans.append(_slab(eye[2], rays[..., 2], half[2]))
        return _entry(spans)


def _slab(eye: float, rays: Values, half: float) -> tuple[Values, Values]:
    one, other = (-half - eye) / rays, (half - eye) / rays
    return np.minimum(one, other), np.maximum(one, other)


def _entry(spans: list[tuple[Values, Values]]) -> Values:
    """Where a ray enters what lies within all spans."""
    enter = np.max([span[0] for span in spans], axis=0)
    leave = np.min([span[1] for span in spans], axis=0)
    return np.where((enter <= leave) & (enter > 0.0), enter, np.inf)


# ------------------------------------------------------------------ things


def person(name: str, path: Path, coat: str = "coat", moving: bool = True) -> Thing:
    """Someone 1.76 m tall, who faces along his own y."""
    solids = [
        Solid("ellipsoid", (0.22, 0.24, 0.28), (0, 0, 1.62), "skin"),
        Solid("cylinder", (0.44, 0.26, 0.62), (0, 0, 1.17), coat),
        Solid("cylinder", (0.12, 0.12, 0.6), (-0.26, 0, 1.15), coat),
        Solid("cylinder", (0.12, 0.12, 0.6), (0.26, 0, 1.15), coat),
        Solid("cylinder", (0.16, 0.16, 0.88), (-0.11, 0, 0.44), "trousers"),
        Solid("cylinder", (0.16, 0.16, 0.88), (0.11, 0, 0.44), "trousers"),
    ]
    return Thing(name, tuple(solids), path, "person", moving)


def car(name: str, path: Path, paint: str = "red") -> Thing:
    """A car, 4.2 m long along its own x."""
    solids = [
        Solid("box", (4.2, 1.7, 0.6), (0, 0, 0.6), paint),
        Solid("box", (2.2, 1.5, 0.55), (-0.2, 0, 1.15), "glass"),
    ]
    for x in (-1.3, 1.3):
        solids.append(Solid("ellipsoid", (0.64, 1.66, 0.64), (x, 0, 0.32), "rubber"))
    return Thing(name, tuple(solids), path, "car", True)


def dog(name: str, path: Path) -> Thing:
    """A dog, a metre long along its own x."""
    solids = [
        Solid("ellipsoid", (0.76, 0.3, 0.32), (0, 0, 0.48), "fur"),
        Solid("ellipsoid", (0.3, 0.2, 0.24), (-0.42, 0, 0.64), "fur"),
        Solid("cylinder", (0.09, 0.22, 0.42), (-0.24, 0, 0.21), "fur"),
        Solid("cylinder", (0.09, 0.22, 0.42), (0.26, 0, 0.21), "fur"),
        Solid("ellipsoid", (0.3, 0.07, 0.07), (0.45, 0, 0.58), "fur"),
    ]
    return Thing(name, tuple(solids), path, "dog", True)


def tree(name: str, x: float, y: float, height: float = 5.0) -> Thing:
    solids = (
        Solid("cylinder", (0.35, 0.35, height), (0, 0, height / 2), "bark"),
        Solid("ellipsoid", (3.4, 3.4, 3.0), (0, 0, height), "leaves"),
    )
    return Thing(name, solids, standing(x, y))


def column(name: str, x: float, y: float) -> Thing:
    solids = (Solid("cylinder", (1.1, 1.1, 2.8), (0, 0, 1.4), "poster"),)
    return Thing(name, solids, standing(x, y))


def block(name: str, x: float, y: float, size: tuple[float, float, float], look: str) -> Thing:
    return Thing(name, (Solid("box", size, (0, 0, size[2] / 2), look),), standing(x, y))


def room(wide: float, deep: float, high: float) -> tuple[Thing, ...]:
    """Walls and a ceiling around the origin, the camera near the wall behind it."""
    wall = {"side": (0.2, deep + 4, high), "back": (wide + 0.4, 0.2, high)}
    top = Solid("box", (wide + 0.4, deep + 4, 0.2), (0, 0, high + 0.1), "plaster")
    return (
        block("left wall", -wide / 2 - 0.1, deep / 2, wall["side"], "wallpaper"),
        block("right wall", wide / 2 + 0.1, deep / 2, wall["side"], "wallpaper"),
        block("back wall", 0, deep + 0.1, wall["back"], "brick"),
        Thing("ceiling", (top,), standing(0, deep / 2)),
    )


def level(x: float = 0.0, y: float = 0.0, height: float = 1.6) -> Camera:
    """A camera that stands still and level."""
    return lambda time: (x, y, height, 0.0, 0.0)


RADIO = (Solid("box", (0.5, 0.24, 0.3), (0, 0, 0.15), "red"),
         Solid("cylinder", (0.2, 0.1, 0.06), (0, 0, 0.33), "rubber"))  # fmt: skip
FOUNTAIN = (Solid("cylinder", (1.6, 1.6, 0.5), (0, 0, 0.25), "stone"),
            Solid("cylinder", (0.5, 0.5, 1.1), (0, 0, 1.0), "stone"),
            Solid("ellipsoid", (1.0, 1.0, 0.5), (0, 0, 1.7), "water"))  # fmt: skip
TABLE = Solid("box", (1.2, 0.7, 0.75), (0, 0, 0.375), "wood")

SCENES: tuple[Scene, ...] = (
    Scene(
        "street", "outdoors, still camera: someone walks up, a car passes behind",
        (
            person("man", walking(-1.6, 9.0, 0.25, -0.9, 180)),
            car("car", walking(-8.5, 17.0, 3.6, 0.0)),
            block("house", -4, 30, (26, 6, 9), "brick"),
            tree("tree", 6.5, 20.5), tree("other tree", -9.5, 22),
        ),
        level(), floor="asphalt",
    ),
    Scene(
        "following", "outdoors, the camera turns after a dog; a fountain stands",
        (
            dog("dog", walking(3.4, 8.0, -1.5, 0.0)),
            Thing("fountain", FOUNTAIN, standing(-2.2, 12.0), "fountain"),
            tree("tree", 2.5, 14), tree("other tree", -7, 18), tree("third tree", 8, 19),
            block("hedge", 0, 26, (60, 2, 2.6), "leaves"),
        ),
        lambda t: (0.0, 0.0, 1.5, -10.0 + 6.0 * t, -3.0), floor="grass",
    ),
    Scene(
        "walk", "outdoors, the camera walks forward past trees towards a bench with a radio",
        (
            Thing("radio", RADIO, standing(0.6, 9.0, 0.75), "radio"),
            Thing("bench", (TABLE,), standing(0.6, 9.0)),
            person("woman", walking(-3.6, 12.5, 1.0, 0.0, -90), "red"),
            tree("tree", -2.6, 8), tree("other tree", 3.4, 10), tree("third tree", 6.5, 16),
            block("hedge", 0, 30, (60, 2, 2.2), "leaves"),
        ),
        lambda t: (0.1 * t, 0.9 * t, 1.65, 0.0, -1.0), floor="grass",
    ),
    Scene(
        "room", "indoors, still camera: someone crosses the room, a radio stands on a table",
        (
            person("man", walking(-2.0, 5.2, 0.9, 0.0, -90)),
            Thing("radio", RADIO, standing(1.1, 3.4, 0.75), "radio"),
            Thing("table", (TABLE,), standing(1.1, 3.4)),
            block("shelf", -2.2, 6.6, (1.4, 0.4, 2.0), "wood"),
            *room(6.5, 7.0, 2.7),
        ),
        level(height=1.5), fov=62.0, floor="parquet", indoors=True,
    ),
    Scene(
        "corridor", "indoors, the camera moves sideways; pillars hide someone for a while",
        (
            person("man", walking(1.9, 5.4, -0.9, 0.0, 90), "red"),
            column("pillar", 0.1, 3.6), column("other pillar", 3.0, 4.2),
            Thing("radio", RADIO, standing(-1.3, 4.4, 0.75), "radio"),
            Thing("table", (TABLE,), standing(-1.3, 4.4)),
            *room(10.0, 8.0, 3.0),
        ),
        lambda t: (-0.5 + 0.3 * t, 0.0, 1.6, 0.0, 0.0), fov=60.0, floor="parquet", indoors=True,
    ),
    Scene(
        "column", "outdoors, still camera: a column hides a dog for a while, a car stops",
        (
            dog("dog", walking(2.9, 8.0, -1.35, 0.0)),
            column("advertising column", -0.1, 6.2),
            car("car", lambda t: (5.5 - 2.0 * min(t, 2.5) + 0.4 * min(t, 2.5) ** 2, 18.0, 0.0, 0.0), "blue"),
            tree("tree", -5.5, 15), block("wall", 0, 24, (50, 1, 3.5), "brick"),
        ),
        level(), floor="gravel",
    ),
    Scene(
        "late", "outdoors, still camera: someone stands, a car comes into the picture later",
        (
            person("woman", standing(1.3, 6.5, 0, 180), "red", moving=False),
            car("car", walking(-12.0, 15.0, 5.2, 0.0, start=0.6), "blue"),
            tree("tree", 4.5, 12), block("house", 3, 28, (22, 6, 8), "brick"),
        ),
        level(), floor="asphalt",
    ),
)  # fmt: skip
