"""The sphere around a layout cut into regions, and amplitude panning within them.

The polar point-source panner of ITU-R BS.2127-1, section 6.1: the convex hull of
the loudspeakers, with virtual ones where a layer is open and at the poles, has
triangles (vector base amplitude panning; Pulkki 1997) and quadrilaterals (two
panning positions, each the root of a quadratic). What goes to a virtual
loudspeaker is handed to real ones, and power is made one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Elevations, in degrees, at which a layer is added where there is none, and the elevations
#: that belong to such a layer.
_LAYERS = ((30.0, 10.0, 70.0), (-30.0, -70.0, -10.0))
_MIDDLE = 10.0

#: A loudspeaker of the middle layer needs no virtual one above (or below) it up to this many
#: degrees beyond the widest one of that layer.
_BEYOND = 40.0

#: Degrees per cell of the table that says in which region a direction most likely lies.
_CELL = 5.0

#: How far outside a region a direction may lie by rounding.
_ROUNDING = 1e-9


def unit_vectors(azimuths: Array | float, elevations: Array | float = 0.0) -> Array:
    """Unit vectors (..., 3), x right, y forward, z up, of angles in degrees."""
    a, e = np.broadcast_arrays(np.radians(azimuths), np.radians(elevations))
    return np.stack([-np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)], axis=-1)


@dataclass(frozen=True)
class _Triangle:
    """Three loudspeakers."""

    inverse: Array  # (3, 3) directions to gains
    downmix: Array  # (3, M)

    def gains(self, directions: Array) -> tuple[Array, Array]:
        """Gains (N, M), of unit power where inside, and how far inside (N,)."""
        three = directions @ self.inverse
        three /= np.linalg.norm(three, axis=1, keepdims=True)
        return np.maximum(three, 0.0) @ self.downmix, three.min(axis=1)


@dataclass(frozen=True)
class _Quadrilateral:
    """Four loudspeakers, in order around."""

    across: Array  # (3, 3) directions to the quadratic of the position between 1, 4 and 2, 3
    along: Array  # (3, 3) ... between 1, 2 and 4, 3
    vertices: Array  # (4, 3)
    downmix: Array  # (4, M)

    def gains(self, directions: Array) -> tuple[Array, Array]:
        """As `_Triangle.gains`."""
        x, y = _root(directions @ self.across), _root(directions @ self.along)
        inside = np.minimum(np.minimum(x, 1.0 - x), np.minimum(y, 1.0 - y))
        x, y = np.clip(x, 0.0, 1.0), np.clip(y, 0.0, 1.0)
        four = np.stack([(1.0 - x) * (1.0 - y), x * (1.0 - y), x * y, (1.0 - x) * y], axis=1)
        # The line through a direction meets the surface on the other side too.
        behind = np.einsum("ni,ni->n", four @ self.vertices, directions) <= 0.0
        inside[behind] = -1.0
        return four @ self.downmix, inside


def _root(quadratics: Array) -> Array:
    """The root (N,) nearest to the middle of 0 to 1 of ``a x^2 + b x + c``, rows (a, b, c)."""
    a, b, c = quadratics.T
    q = -0.5 * (b + np.copysign(np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0)), b))
    far = np.full_like(a, np.inf)
    one = np.divide(q, a, out=far.copy(), where=np.abs(a) > 1e-12)
    other = np.divide(c, q, out=far.copy(), where=np.abs(q) > 1e-12)
    root = np.where(np.abs(one - 0.5) < np.abs(other - 0.5), one, other)
    return np.where(np.isfinite(root), root, -1.0)


class Regions:
    """The regions of loudspeakers on a sphere.

    Parameters
    ----------
    vertices : (V, 3) array
        Unit vectors of all loudspeakers, virtual ones too.
    downmix : (V, M) array
        What of each goes to the real ones.
    """

    def __init__(self, vertices: Array, downmix: Array) -> None:
        self._regions = [_region(vertices[f], downmix[f]) for f in _facets(vertices)]
        self._channels = downmix.shape[1]
        self._columns = round(360.0 / _CELL)
        elevations = np.arange(-90.0 + _CELL / 2.0, 90.0, _CELL)
        azimuths = np.arange(_CELL / 2.0, 360.0, _CELL)
        centres = unit_vectors(*np.meshgrid(azimuths, elevations)).reshape(-1, 3)
        _, self._likely, _ = self._searched(centres)

    def gains(self, directions: Array) -> Array:
        """Gains (N, M) of unit power of unit vectors (N, 3)."""
        x, y, z = directions.T
        column = np.degrees(np.arctan2(-x, y)) % 360.0 / _CELL
        row = (np.degrees(np.arcsin(np.clip(z, -1.0, 1.0))) + 90.0) / _CELL
        rows = len(self._likely) // self._columns
        cells = np.minimum(row.astype(np.intp), rows - 1) * self._columns
        region = self._likely[cells + np.minimum(column.astype(np.intp), self._columns - 1)]
        gains = np.empty((len(directions), self._channels))
        missed = []
        for number in np.flatnonzero(np.bincount(region)):
            here = np.flatnonzero(region == number)
            gains[here], inside = self._regions[number].gains(directions[here])
            missed.append(here[inside < -_ROUNDING])
        if missed:
            others = np.concatenate(missed)
            gains[others] = self._found(directions[others], cells[others])
        return gains / np.linalg.norm(gains, axis=1, keepdims=True)

    def _found(self, directions: Array, cells: NDArray[np.intp]) -> Array:
        """Gains of directions in cells whose likely region they are not in."""
        rows, columns = np.divmod(cells, self._columns)
        beside = [
            np.clip(rows + up, 0, len(self._likely) // self._columns - 1) * self._columns
            + (columns + along) % self._columns
            for up in (-1, 0, 1)
            for along in (-1, 0, 1)
        ]
        near = np.unique(self._likely[np.concatenate(beside)])
        gains, _, inside = self._searched(directions, near)
        left = np.flatnonzero(inside < -_ROUNDING)
        if len(left):
            gains[left], _, _ = self._searched(directions[left])
        return gains

    def _searched(
        self, directions: Array, among: NDArray[np.intp] | None = None
    ) -> tuple[Array, NDArray[np.intp], Array]:
        """Gains and region of directions, whichever they lie in, and how far inside."""
        best = np.full(len(directions), -np.inf)
        found = np.zeros(len(directions), np.intp)
        gains = np.zeros((len(directions), self._channels))
        for number in range(len(self._regions)) if among is None else among:
            these, inside = self._regions[number].gains(directions)
            better = inside > best
            best[better], found[better] = inside[better], number
            gains[better] = these[better]
        return gains, found, best


def _region(vertices: Array, downmix: Array) -> _Triangle | _Quadrilateral:
    if len(vertices) == 3:
        return _Triangle(np.linalg.inv(vertices), downmix)
    one, two, three, four = vertices
    return _Quadrilateral(
        _quadratic(one, two, three, four), _quadratic(one, four, three, two), vertices, downmix
    )


def _quadratic(one: Array, two: Array, three: Array, four: Array) -> Array:
    """Columns a, b, c of where a direction lies between the edges one-four and two-three.

    A direction lies in the plane of the points at x on the two other edges:
    ``((1-x) one + x two) x ((1-x) four + x three) . d = 0``.
    """
    rise, other_rise = two - one, three - four
    return np.stack(
        [
            np.cross(rise, other_rise),
            np.cross(one, other_rise) + np.cross(rise, four),
            np.cross(one, four),
        ],
        axis=1,
    )


def _facets(vertices: Array) -> list[list[int]]:
    """The facets of the convex hull of points on a sphere, each in order around.

    Points are few, so that all planes through three of them can be tried. (SciPy's hull takes
    half a second to load.)
    """
    threes = np.array(list(itertools.combinations(range(len(vertices)), 3)))
    corners = vertices[threes]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    heights = normals @ vertices.T - np.einsum("ni,ni->n", normals, corners[:, 0])[:, None]
    outer = (heights < 1e-6).all(axis=1) | (heights > -1e-6).all(axis=1)
    facets = {tuple(np.flatnonzero(np.abs(row) < 1e-6)) for row in heights[outer]}
    ordered = []
    for facet in sorted(facets):
        points = vertices[list(facet)]
        middle = points.mean(axis=0)
        first = points[0] - middle
        side = np.cross(middle, first) / np.linalg.norm(middle)
        around = np.arctan2((points - middle) @ side, (points - middle) @ first)
        ordered.append([int(facet[i]) for i in np.argsort(around)])
    return ordered


@cache
def surrounding(loudspeakers: tuple[tuple[float, float], ...]) -> Regions:
    """The regions of a layout of (azimuth, elevation), in degrees, completed as in 6.1.3.

    Layers that are open, or not there, take virtual loudspeakers, each heard from the one of
    the middle layer at its azimuth; those at the poles, where there are none, are heard from all
    around them.
    """
    places = list(loudspeakers)
    downmix = list(np.eye(len(places)))
    middle = [(n, a) for n, (a, e) in enumerate(loudspeakers) if abs(e) <= _MIDDLE]
    for elevation, low, high in _LAYERS:
        layer = [(a, e) for a, e in loudspeakers if low <= e <= high]
        closed = max(abs(a) for a, _ in layer) + _BEYOND if layer else 0.0
        height = float(np.mean([e for _, e in layer])) if layer else elevation
        for number, azimuth in middle:
            if abs(azimuth) >= closed:
                places.append((azimuth, height))
                downmix.append(downmix[number])
    vertices = unit_vectors(*np.array(places).T)
    poles = [[0.0, 0.0, z] for z in (1.0, -1.0) if not np.any(vertices[:, 2] * z > 1.0 - 1e-9)]
    whole = np.concatenate([vertices, np.reshape(poles, (-1, 3))])
    facets = _facets(whole)
    for pole in range(len(places), len(whole)):
        around = _neighbours(facets, pole)
        downmix.append(np.sum([downmix[n] for n in around], axis=0) / np.sqrt(len(around)))
    return Regions(whole, np.array(downmix))


def _neighbours(facets: Sequence[Sequence[int]], vertex: int) -> list[int]:
    """The vertices that share a facet with one."""
    return sorted({n for facet in facets if vertex in facet for n in facet} - {vertex})
