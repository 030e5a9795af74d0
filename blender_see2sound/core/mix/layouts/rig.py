"""The loudspeakers that sound from all around comes from: a layout's own, or virtual ones."""

from __future__ import annotations

import math

from .layout import Channel, Layout


def _sphere() -> Layout:
    """24 loudspeakers all around, none of them in the middle between the ears.

    A. D. McLaren's (1963) design: the turns of one point by the rotations of a cube, its squares
    the roots of ``t^3 - t^2 + t/5 - 1/105``. Averages over it are exact to the seventh degree:
    what all of them play alike is a diffuse field in third order.
    """
    squares = (0.071094437342, 0.178522012776, 0.750383549882)
    one, two, three = (math.sqrt(s) for s in squares)
    turned = [(one, two, three), (two, three, one), (three, one, two)]
    points = [(x, y, z) for a, b, c in turned for x, y, z in _signs(a, b, c)]
    places = tuple(
        (math.degrees(math.atan2(-x, y)), math.degrees(math.asin(z))) for x, y, z in points
    )
    channels = tuple(Channel(f"V{n}", *place) for n, place in enumerate(places))
    return Layout("sphere", channels, 0, places)


def _signs(a: float, b: float, c: float) -> list[tuple[float, float, float]]:
    """The eight points that a cube's rotations make of one without turning its axes around."""
    even = [(a, b, c), (a, -b, -c), (-a, b, -c), (-a, -b, c)]
    odd = [(b, a, -c), (b, -a, c), (-b, a, c), (-b, -a, -c)]
    return even + odd


#: Virtual loudspeakers that spread sound comes from, in headphones and ambisonics.
RIG = _sphere()


def rig_of(layout: Layout) -> Layout:
    """The loudspeakers that spread sound comes from: a layout's own, or virtual ones."""
    return layout if layout.coding == "loudspeakers" else RIG
