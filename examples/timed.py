"""Small scenes of which it is known when something strikes, steps or rolls, and how fast.

What `scenes.py` is for places, these are for times; `render_scenes.py` makes their pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scenes
from scenes import Scene, Solid, Thing, block, level, person, standing, tree


@dataclass(frozen=True)
class Timed:
    """A scene, and what one of its things does.

    Attributes
    ----------
    scene : Scene
    thing : str
        The name of the thing.
    impacts : tuple of float
        Seconds; when it hits, or sets a foot down, while it is seen.
    speed : callable
        Its own speed at a moment, m/s.
    strengths : tuple of float
        How hard it hits, of the hardest; all alike when empty.
    held_out : bool
        Nothing was tuned on it.
    """

    scene: Scene
    thing: str
    impacts: tuple[float, ...]
    speed: Callable[[float], float]
    strengths: tuple[float, ...] = ()
    held_out: bool = False


def speed_of(path: scenes.Path) -> Callable[[float], float]:
    """How fast a thing goes on a path, m/s."""

    def speed(time: float) -> float:
        a, b = np.array(path(time - 0.01)[:3]), np.array(path(time + 0.01)[:3])
        return float(np.linalg.norm(b - a)) / 0.02

    return speed


# ------------------------------------------------------------------ a ball that bounces

BALL = 0.3
GRAVITY = 9.81


def bouncing(
    height: float, kept: float, across: float, x: float, y: float, size: float = BALL
) -> tuple[scenes.Path, tuple[float, ...]]:
    """A path that falls and springs back, keeping a share of its speed; and when it touches."""
    touches = [math.sqrt(2 * height / GRAVITY)]
    speeds = [kept * GRAVITY * touches[0]]
    while speeds[-1] > 0.8:
        touches.append(touches[-1] + 2 * speeds[-1] / GRAVITY)
        speeds.append(kept * speeds[-1])

    def path(t: float) -> tuple[float, float, float, float]:
        place = x + across * t
        if t < touches[0]:
            return place, y, height - GRAVITY * max(t, 0.0) ** 2 / 2 + size / 2, 0.0
        last = max(k for k, at in enumerate(touches) if at <= t)
        after = t - touches[last]
        return place, y, max(speeds[last] * after - GRAVITY * after**2 / 2, 0.0) + size / 2, 0.0

    return path, tuple(touches)


BALL_PATH, BALL_TOUCHES = bouncing(1.9, 0.86, 0.45, -1.1, 4.6)
LASTS = 4.4
HOP = 0.22
HOP_PATH, HOP_TOUCHES = bouncing(1.3, 0.8, -0.55, 1.0, 3.6, HOP)


def softer(touches: tuple[float, ...], kept: float) -> tuple[float, ...]:
    """How hard a ball hits, each time a share less."""
    return tuple(kept**k for k in range(len(touches)))


# ------------------------------------------------------------------ a puck between two banks

PUCK, LANE = 0.34, 2.0


def sliding(
    fast: float, drag: float, kept: float, width: float, duration: float
) -> tuple[scenes.Path, tuple[float, ...], tuple[float, ...]]:
    """A path to and fro between banks, slower and slower; when it strikes them, and how hard."""
    step = 0.0005
    x, speed, way = 0.0, fast, [0.0]
    touches, strengths = [], []
    for n in range(round(duration / step)):
        x += speed * step
        if abs(x) > width / 2 and x * speed > 0:
            touches.append(n * step)
            strengths.append(abs(speed))
            speed *= -kept
        speed -= math.copysign(min(drag * step, abs(speed)), speed)
        way.append(x)

    def path(t: float) -> tuple[float, float, float, float]:
        at = min(max(t / step, 0.0), len(way) - 1.0)
        return float(np.interp(at, np.arange(len(way)), way)), 4.2, 0.0, 0.0

    return path, tuple(touches), tuple(s / strengths[0] for s in strengths)


PUCK_PATH, PUCK_TOUCHES, PUCK_STRENGTHS = sliding(3.4, 0.3, 0.85, LANE - PUCK, 4.0)


# ------------------------------------------------------------------ someone who walks

PACE, WALK_SPEED, WALK_START = 0.54, 1.25, (-2.6, 6.2)


def foot(left: bool) -> scenes.Place:
    """Where a foot of the walker is in him: it stands for 0.6 of two paces, then swings forward."""
    cycle, stand = 2 * PACE, 0.6
    step = cycle * WALK_SPEED

    def place(t: float) -> tuple[float, float, float]:
        phase = (t / cycle + (0.5 if left else 0.0)) % 1.0
        # The foot is set down at phase 0, half a stance's way before the hip.
        front = 0.5 * stand * step
        if phase < stand:
            along, high = front - phase * step, 0.0
        else:
            part = (phase - stand) / (1.0 - stand)
            # It swings fast and is put down while it still moves, as feet are.
            along = front - stand * step + stand * step * part * (1.6 - 0.6 * part)
            high = 0.12 * math.sin(math.pi * part)
        return (0.1 if left else -0.1), along, 0.05 + high

    return place


def part_of_leg(left: bool, share: float, height: float) -> scenes.Place:
    """A piece of a leg between the hip and the foot, `share` of the way down."""

    def place(t: float) -> tuple[float, float, float]:
        x, y, z = foot(left)(t)
        return x, share * y, height + 0.5 * share * (z - 0.05)

    return place


def walker() -> Thing:
    """Someone who crosses the picture to the right on moving feet."""
    solids = [s for s in person("", standing(0, 0)).solids if s.look != "trousers"]
    for left in (False, True):
        solids += [
            Solid(
                "ellipsoid", (0.17, 0.18, 0.5), look="trousers", moves=part_of_leg(left, 0.25, 0.7)
            ),
            Solid(
                "ellipsoid", (0.13, 0.15, 0.5), look="trousers", moves=part_of_leg(left, 0.75, 0.32)
            ),
            Solid("box", (0.11, 0.28, 0.1), look="rubber", moves=foot(left)),
        ]
    x, y = WALK_START
    path = lambda t: (x + WALK_SPEED * t, y, 0.0, -90.0)  # noqa: E731
    return Thing("walker", tuple(solids), path, "person", True)


# ------------------------------------------------------------------ a mallet on a post

BLOWS = (0.62, 1.28, 1.81, 2.72, 3.31, 4.12, 4.66)
RAISE, FALL = 0.34, 0.16


def mallet_height(t: float) -> float:
    """How high a mallet is over the post that it beats at `BLOWS`, metres."""
    for blow in BLOWS:
        if blow - FALL <= t <= blow:
            part = (t - blow + FALL) / FALL
            return 0.55 * (1.0 - part**2)
        if blow < t < blow + 0.12:
            return 0.05 * math.sin(math.pi * (t - blow) / 0.12)
        if blow - FALL - RAISE <= t < blow - FALL:
            part = (t - blow + FALL + RAISE) / RAISE
            return 0.55 * (0.5 - 0.5 * math.cos(math.pi * part))
    return 0.0


def shaken(t: float) -> tuple[float, float, float, float, float]:
    """A camera in somebody's hands: some cycles a second, a fraction of a degree."""
    left = 0.35 * math.sin(2 * math.pi * 1.1 * t) + 0.16 * math.sin(2 * math.pi * 3.7 * t + 1.0)
    up = 0.3 * math.sin(2 * math.pi * 1.6 * t + 0.4) + 0.14 * math.sin(2 * math.pi * 4.3 * t)
    return 0.0, 0.0, 1.5, left, -2.5 + up


MALLET = (
    Solid("cylinder", (0.36, 0.36, 0.4), (0, 0, 0.2), "wood"),
    Solid("cylinder", (0.07, 0.07, 0.5), (0, 0, 0.6), "bark"),
)


# ------------------------------------------------------------------ a car that goes and stops


def going(t: float) -> float:
    """How fast the car goes, m/s: it comes, stands, and goes on."""
    return float(np.interp(t, (0.0, 1.2, 2.2, 3.3, 4.6, 6.0), (4.0, 4.0, 0.0, 0.0, 4.5, 4.5)))


_GRID = np.arange(0.0, 7.0, 0.01)
_WAY = np.concatenate(([0.0], np.cumsum([going(t) for t in _GRID])[:-1])) * 0.01


def car_path(t: float) -> tuple[float, float, float, float]:
    return -6.0 + float(np.interp(t, _GRID, _WAY)), 13.0, 0.0, 0.0


SCENES: tuple[Timed, ...] = (
    Timed(
        Scene(
            "ball", "outdoors, still camera: a ball falls, bounces and drifts away",
            (
                Thing("ball", (Solid("ellipsoid", (BALL,) * 3, look="red"),), BALL_PATH, "ball", True),
                tree("tree", 3.2, 13), block("wall", 0, 20, (40, 1, 2.4), "brick"),
            ),
            lambda t: (0.0, 0.0, 1.5, 0.0, -7.0), duration=LASTS, floor="asphalt", fps=30,
        ),
        "ball", tuple(t for t in BALL_TOUCHES if t < LASTS), speed_of(BALL_PATH),
        softer(tuple(t for t in BALL_TOUCHES if t < LASTS), 0.86),
    ),
    Timed(
        Scene(
            "hop", "indoors, a camera in the hands: a small ball hops to the left",
            (
                Thing("ball", (Solid("ellipsoid", (HOP,) * 3, look="blue"),), HOP_PATH, "ball", True),
                block("crate", -1.6, 5.5, (0.7, 0.7, 0.6), "wood"),
                block("wall", 0, 7, (14, 0.4, 3.0), "plaster"),
            ),
            lambda t: (*shaken(t)[:2], 1.1, 4.0 + shaken(t)[3], -6.0 + shaken(t)[4]),
            duration=3.2, floor="parquet", fps=25,
        ),
        "ball", tuple(t for t in HOP_TOUCHES if t < 3.2), speed_of(HOP_PATH),
        softer(tuple(t for t in HOP_TOUCHES if t < 3.2), 0.8),
    ),
    Timed(
        Scene(
            "puck", "indoors, still camera from above: a puck slides between two banks",
            (
                Thing("puck", (Solid("cylinder", (PUCK, PUCK, 0.12), (0, 0, 0.06), "blue"),),
                      PUCK_PATH, "thing", True),
                block("left bank", -LANE / 2 - 0.1, 4.2, (0.2, 1.6, 0.25), "wood"),
                block("right bank", LANE / 2 + 0.1, 4.2, (0.2, 1.6, 0.25), "wood"),
                block("wall", 0, 8, (14, 0.4, 3.0), "plaster"),
            ),
            lambda t: (0.0, 0.0, 1.9, 0.0, -20.0), duration=4.0, floor="parquet", fps=30,
        ),
        "puck", PUCK_TOUCHES, speed_of(PUCK_PATH), PUCK_STRENGTHS, held_out=True,
    ),
    Timed(
        Scene(
            "steps", "outdoors, still camera: someone crosses on moving feet; a fountain stands",
            (
                walker(),
                Thing("fountain", scenes.FOUNTAIN, standing(2.3, 11.0), "fountain"),
                tree("tree", -5.0, 15), block("hedge", 0, 26, (60, 2, 2.4), "leaves"),
            ),
            level(height=1.3), duration=LASTS, floor="gravel", fps=25,
        ),
        "walker", tuple(PACE * k for k in range(1, 9)), lambda t: WALK_SPEED,
    ),
    Timed(
        Scene(
            "mallet", "outdoors, a camera in the hands: a mallet beats a post at uneven times",
            (
                Thing(
                    "mallet", MALLET, lambda t: (0.2, 3.8, 0.75 + mallet_height(t), 0.0), "mallet", True
                ),
                block("post", 0.2, 3.8, (0.22, 0.22, 0.75), "bark"),
                tree("tree", -2.6, 9), block("wall", 0, 14, (30, 1, 2.6), "brick"),
            ),
            shaken, duration=5.2, floor="grass", fps=24,
        ),
        "mallet", BLOWS, speed_of(lambda t: (0.0, 0.0, mallet_height(t), 0.0)),
    ),
    Timed(
        Scene(
            "stop", "outdoors, still camera: a car comes, stands and goes on",
            (
                scenes.car("car", car_path),
                tree("tree", 7.5, 19), tree("other tree", -8.5, 21),
                block("house", -2, 30, (24, 6, 8), "brick"),
            ),
            level(), duration=5.6, floor="asphalt", fps=15,
        ),
        "car", (), going,
    ),
)  # fmt: skip
