"""Large coherent regions that sound: sky, foliage, grass, water, falling water, fire.

Each is recognised by rules on maps of colour (CIE L*a*b*), texture, streaks,
place and flicker that can be read below. They are rough and meant to be: what no
rule is sure of is no area. The describer turns the names into words.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..outline import Mask
from ..tracks.look import gradient, true_lab

#: The maps are this wide.
WIDTH = 160
#: Greys that vary in time by more than this (standard deviation, 0 to 1) flicker.
FLICKER = 0.02
#: More than this only fire does; else it is noise.
NOISE = 0.1

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Maps:
    """What the rules look at, (h, w) each.

    Attributes
    ----------
    light, a, b : CIE L*a*b*, smoothed.
    texture : mean gradient of grey values (0 to 1) around.
    streaks : -1 (vertical stripes) to 1 (horizontal ones).
    edge : the gradient itself.
    flicker : temporal standard deviation of grey values (0 to 1).
    height : 0 at the top, 1 at the bottom.
    """

    light: Map
    a: Map
    b: Map
    texture: Map
    streaks: Map
    edge: Map
    flicker: Map
    height: Map


@dataclass(frozen=True)
class Area:
    """A recognised area.

    Attributes
    ----------
    stuff : str
        One of the keys of `RULES`, or "storm" for a dark sky.
    mask : (h, w) bool array
    """

    stuff: str
    mask: Mask


def maps_of(picture: NDArray[np.uint8], flicker: NDArray[np.float64]) -> Maps:
    """Measure a picture (8-bit Lab) and its flicker, at `WIDTH`."""
    h, w = picture.shape[:2]
    size = (min(WIDTH, w), max(1, round(h * min(WIDTH, w) / w)))
    across, down = gradient(picture[..., 0])
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    across, down, shaking = (
        cv2.resize(m.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        for m in (across, down, flicker)
    )
    lab = true_lab(cv2.GaussianBlur(small, (0, 0), 1.5)).astype(np.float32)
    wide_across, wide_down = (cv2.GaussianBlur(m, (0, 0), 4.0) for m in (across, down))
    texture = wide_across + wide_down
    height = np.repeat(np.linspace(0, 1, size[1], dtype=np.float32)[:, None], size[0], 1)
    return Maps(
        light=lab[..., 0], a=lab[..., 1], b=lab[..., 2], texture=texture,
        streaks=(wide_down - wide_across) / np.maximum(texture, 1e-4),
        edge=across + down, flicker=cv2.GaussianBlur(shaking, (0, 0), 2.0), height=height,
    )  # fmt: skip


def areas_of(maps: Maps) -> list[Area]:
    """The areas that the rules find; a pixel belongs to the first that claims it."""
    free = np.ones(maps.light.shape, bool)
    calm = maps.flicker < NOISE
    found = []
    for stuff, (rule, least) in RULES.items():
        mask = rule(maps, free if stuff == "fire" else free & calm)
        if mask.mean() >= least:
            found.append(Area(_kind_of_sky(maps, mask) if stuff == "sky" else stuff, mask))
            free &= ~mask
    return found


def _fire(m: Maps, free: Mask) -> Mask:
    """Orange, bright, and flickering; in a still, glaring and rough in the dark."""
    orange = (m.a > 8) & (m.b > 20) & (m.light > 30)
    around = cv2.GaussianBlur(m.light, (0, 0), 25.0)
    glaring = (m.light > 65) & (np.hypot(m.a, m.b) > 50) & (m.texture > 0.04) & (around < 40)
    return _solid(free & orange & ((m.flicker > 1.5 * FLICKER) | glaring), 0.004)


def _falling_water(m: Maps, free: Mask) -> Mask:
    """Bright colourless streaks that hang among dark rock."""
    around = cv2.GaussianBlur(m.light, (0, 0), 15.0)
    bright = (m.light > around + 12) & (m.light > 32) & (np.hypot(m.a, m.b) < 14) & (m.b < 3)
    hanging = (m.streaks < 0.1) | (m.flicker > FLICKER)
    place = (m.height > 0.3) & (m.height < 0.9) & (around < 36)
    return _solid(free & bright & hanging & place & (m.texture > 0.06), 0.004)


def _sky(m: Maps, free: Mask) -> Mask:
    """Smooth, from the upper edge down, blue or grey, or of any colour where it is all the top."""
    above = m.height <= _horizon(m)
    # Clouds have soft edges; roofs, hills and leaves have hard ones.
    smooth = free & above & (m.edge < 0.10)
    blue = smooth & (m.b < -3) & (m.a < 6) & (m.light > 25) & (m.texture < 0.09)
    # A grey or glowing sky could as well be a wall: it must be all there is above.
    any_colour = (m.b < 5) | ((m.b > 6) & (m.a > 2))
    sky = _from_top(blue, 0.15) | _from_top(smooth & any_colour & (m.texture < 0.06), 0.85)
    # What goes on to the lower edge or has sharp lying streaks is water seen from above.
    if not sky.any() or sky[-1].mean() > 0.2:
        return np.zeros_like(sky)
    rippled = m.streaks[sky].mean() > 0.5 and m.texture[sky].mean() > 0.02
    return np.zeros_like(sky) if rippled else _solid(sky, 0.02)


def _horizon(m: Maps) -> float:
    """The height of the strongest level edge in the middle of the picture; 1 without one."""
    rows = len(m.light)
    reach = max(1, rows // 30)
    steps = m.light[2 * reach :] - m.light[: -2 * reach]
    rise = steps.mean(1)
    # A horizon goes the same way nearly everywhere; a thing is in a part of the width.
    agree = (steps * np.sign(rise)[:, None] > 2.0).mean(1)
    height = m.height[reach : rows - reach, 0]
    strength = np.where((agree > 0.45) & (height > 0.25) & (height < 0.85), np.abs(rise), 0.0)
    row = int(np.argmax(strength))
    return float(height[row]) if strength[row] > 5.0 else 1.0


def _water(m: Maps, free: Mask) -> Mask:
    """Cool or grey with lying streaks, or a cool surface that flickers, below the horizon."""
    cool = (m.b < 4) & (m.a < 8)
    lying = (m.streaks > 0.35) & (m.texture > 0.012) & (m.texture < 0.25)
    alive = (m.flicker > FLICKER) & (m.texture < 0.15) & (m.height > 0.3)
    mask = _solid(free & cool & (lying | alive), 0.05)
    # A shore or a kerb is a streak too, but a thin one.
    deep = cv2.erode(mask.astype(np.uint8), np.ones((13, 13), np.uint8))
    low = mask.any() and m.height[mask].mean() > 0.45
    return mask if low and deep.mean() > 0.02 else np.zeros_like(mask)


def _foliage(m: Maps, free: Mask) -> Mask:
    """Green to yellow-green and rough."""
    green = (m.b > 5) & (m.a < 0.12 * m.b - 2)
    return _solid(free & green & (m.texture > 0.045) & (m.texture < 0.24), 0.008)


def _grass(m: Maps, free: Mask) -> Mask:
    """Green and smoother, low in the picture."""
    green = (m.b > 8) & (m.a < -3)
    return _solid(free & green & (m.height > 0.4), 0.02)


#: Per stuff its rule and the least share of the picture that counts; the surest first.
RULES = {
    "fire": (_fire, 0.008),
    "sky": (_sky, 0.06),
    "falling water": (_falling_water, 0.008),
    "water": (_water, 0.08),
    "foliage": (_foliage, 0.05),
    "grass": (_grass, 0.08),
}


def _kind_of_sky(m: Maps, mask: Mask) -> str:
    """A dark colourless sky with clouds in it is a storm's."""
    light = m.light[mask]
    colour = float(np.hypot(m.a[mask], m.b[mask]).mean())
    return "storm" if 6 < light.mean() < 45 and light.std() > 8 and colour < 10 else "sky"


def _from_top(mask: Mask, least: float) -> Mask:
    """What of a mask hangs together with the upper edge, if it covers enough of that."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    top = labels[: max(2, len(labels) // 20)]
    numbers = np.unique(top[top > 0])
    hanging = np.isin(labels, numbers) & mask
    return hanging if (top > 0).any(0).mean() >= least else np.zeros_like(mask)


def _solid(mask: Mask, least: float) -> Mask:
    """A mask with its small holes closed and its pieces below a share of the picture dropped."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    closed = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= least * mask.size
    large[0] = False
    return large[labels]
