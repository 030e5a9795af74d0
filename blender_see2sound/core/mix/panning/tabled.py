"""Panning from a table: for reflections, of which a moving source has a hundred thousand a minute.

Powers between the table's directions are interpolated, so that the power law stays
as it is; a reflection may lie a degree beside its place.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..layouts.layout import Layout
from .gains import point_gains
from .regions import unit_vectors

Array = NDArray[np.float64]

#: Degrees between directions of the table.
_STEP = 2.5

#: Metres: far enough not to be near.
_FAR = 100.0


@cache
def _powers(layout: Layout) -> Array:
    """Powers (columns + 1, rows + 1, M), azimuths from -180 to 180, elevations from -90 to 90."""
    azimuths = np.arange(-180.0, 180.0 + _STEP / 2.0, _STEP)
    elevations = np.arange(-90.0, 90.0 + _STEP / 2.0, _STEP)
    grid = np.meshgrid(azimuths, elevations, indexing="ij")
    gains = point_gains(_FAR * unit_vectors(*grid).reshape(-1, 3), layout)
    return (gains**2).reshape(len(azimuths), len(elevations), -1)


def tabled_gains(positions: Array, layout: Layout) -> Array:
    """Gains (N, M) of points (N, 3) that are not near, as `point_gains` of loudspeakers."""
    table = _powers(layout)
    x, y, z = positions.T
    column = (np.degrees(np.arctan2(-x, y)) + 180.0) / _STEP
    row = (np.degrees(np.arctan2(z, np.hypot(x, y))) + 90.0) / _STEP
    left = np.minimum(column.astype(np.intp), table.shape[0] - 2)
    low = np.minimum(row.astype(np.intp), table.shape[1] - 2)
    along, up = (column - left)[:, None], (row - low)[:, None]
    below = (1.0 - along) * table[left, low] + along * table[left + 1, low]
    above = (1.0 - along) * table[left, low + 1] + along * table[left + 1, low + 1]
    return np.asarray(np.sqrt((1.0 - up) * below + up * above))
