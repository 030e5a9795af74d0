"""Small movies of which it is known when something strikes or steps, drawn to parts of a pixel."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .moving_clips import Picture, ground, thing

SIZE = (320, 180)
#: Where something is at a moment: x, y of its middle in pixels, None while it is not there.
Way = Callable[[float], tuple[float, float] | None]


@dataclass(frozen=True)
class Sprite:
    """A patchy body that moves."""

    size: tuple[int, int]
    colour: tuple[int, int, int]
    way: Way
    round: bool = False
    seed: int = 7


def scene(
    sprites: Sequence[Sprite],
    shake: Callable[[float], tuple[float, float]] = lambda t: (0.0, 0.0),
    noise: float = 1.5,
    seed: int = 1,
) -> Callable[[float], Picture]:
    """What draws a picture of sprites before a patchy ground.

    Parameters
    ----------
    shake : callable
        How far the camera has moved the picture at a moment, pixels.
    noise : float
        Standard deviation of the sensor's noise, of 255.
    """
    w, h = SIZE
    wide = cv2.GaussianBlur(ground(w + 80, h + 80, seed=seed), (3, 3), 0.7)
    looks = [thing(*s.size, s.colour, seed=s.seed) for s in sprites]
    masks = []
    for sprite in sprites:
        mask = np.full(sprite.size[::-1], 255, np.uint8)
        if sprite.round:
            mask[:] = 0
            middle = (sprite.size[0] // 2, sprite.size[1] // 2)
            cv2.ellipse(mask, middle, (middle[0] - 1, middle[1] - 1), 0, 0, 360, 255, -1)
        masks.append(mask)
    random = np.random.default_rng(seed)

    def draw(time: float) -> Picture:
        dx, dy = shake(time)
        picture = _moved(wide, dx - 40, dy - 40).astype(np.float32)
        for sprite, look, mask in zip(sprites, looks, masks, strict=True):
            place = sprite.way(time)
            if place is None:
                continue
            left = place[0] + dx - sprite.size[0] / 2
            top = place[1] + dy - sprite.size[1] / 2
            # Only where it is: to mix whole pictures takes most of a test's time.
            x0, y0 = max(math.floor(left), 0), max(math.floor(top), 0)
            width = min(math.ceil(left) + sprite.size[0] + 1, w) - x0
            height = min(math.ceil(top) + sprite.size[1] + 1, h) - y0
            if width <= 0 or height <= 0:
                continue
            own = picture[y0 : y0 + height, x0 : x0 + width]
            cover = _moved(mask, left - x0, top - y0, (width, height))[..., None] / np.float32(255)
            own += cover * (_moved(look, left - x0, top - y0, (width, height)) - own)
        picture += random.normal(0.0, noise, (h, w, 1))
        return np.clip(picture, 0, 255).astype(np.uint8)

    return draw


def _moved(
    picture: NDArray[np.uint8], x: float, y: float, size: tuple[int, int] = SIZE
) -> NDArray[np.uint8]:
    matrix = np.array([[1.0, 0.0, x], [0.0, 1.0, y]])
    return np.asarray(cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)


# ------------------------------------------------------------------ ways


def bouncing(
    floor: float, height: float, gravity: float, kept: float, x: float, across: float
) -> tuple[Way, list[float]]:
    """A way that falls and springs back, in pixels and seconds; and when it touches."""
    touches, speeds = [math.sqrt(2 * height / gravity)], []
    speeds.append(kept * gravity * touches[0])
    while len(touches) < 12:
        touches.append(touches[-1] + 2 * speeds[-1] / gravity)
        speeds.append(kept * speeds[-1])

    def way(t: float) -> tuple[float, float]:
        if t < touches[0]:
            return x + across * t, floor - height + gravity * t * t / 2
        last = max(k for k, at in enumerate(touches) if at <= t)
        after = t - touches[last]
        return x + across * t, floor - max(speeds[last] * after - gravity * after**2 / 2, 0.0)

    return way, touches


def walker(x: float, y: float, speed: float, pace: float, size: float = 60.0) -> list[Sprite]:
    """Someone `size` pixels tall who goes to the right: a body, and two feet that stand and swing.

    Feet are set down at whole multiples of `pace`, seconds; y is the ground's.
    """
    stand, cycle = 0.6, 2 * pace
    step = cycle * speed

    def foot(left: bool) -> Way:
        def way(t: float) -> tuple[float, float]:
            phase = (t / cycle + (0.5 if left else 0.0)) % 1.0
            front = 0.5 * stand * step
            if phase < stand:
                return x + speed * t + front - phase * step, y - 0.04 * size
            part = (phase - stand) / (1.0 - stand)
            along = front - stand * step * (1.0 - part * (1.6 - 0.6 * part))
            return x + speed * t + along, y - (0.04 + 0.07 * math.sin(math.pi * part)) * size

        return way

    def between(left: bool, share: float, height: float) -> Way:
        def way(t: float) -> tuple[float, float]:
            fx, fy = foot(left)(t)
            hip = x + speed * t
            return hip + share * (fx - hip), y - height * size + 0.5 * share * (
                fy - y + 0.04 * size
            )

        return way

    s = size / 60.0
    parts = []
    for left, shade in ((True, 55), (False, 75)):
        look = (shade, shade - 5, shade + 20)
        parts += [
            Sprite((round(8 * s), round(18 * s)), look, between(left, 0.25, 0.38)),
            Sprite((round(6 * s), round(16 * s)), look, between(left, 0.75, 0.17), seed=9),
            Sprite((round(12 * s), round(6 * s)), (40, 35, 30), foot(left), seed=11),
        ]
    body = lambda t: (x + speed * t, y - 0.66 * size)  # noqa: E731
    head = lambda t: (x + speed * t, y - 0.93 * size)  # noqa: E731
    parts += [
        Sprite((round(16 * s), round(24 * s)), (40, 80, 190), body, seed=13),
        Sprite((round(9 * s), round(10 * s)), (220, 170, 130), head, round=True, seed=15),
    ]
    return parts
