"""Leaving out what straight lines tell as well (Ramer 1972; Douglas and Peucker 1973)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: How many samples one slice of work looks at.
_SLICE = 200_000


def knots(times: ArrayLike, values: ArrayLike, tolerance: ArrayLike) -> NDArray[np.int64]:
    """Choose the samples from which linear interpolation gives all others.

    Parameters
    ----------
    times : (N,) array
        Rising.
    values : (N,) or (N, C) array
    tolerance : float, (N,) or (N, C) array
        How far a left-out sample may lie from the line: as a Euclidean distance over the C
        components, each in units of its tolerance.

    Returns
    -------
    (K,) int array
        Rising indices; the first and the last sample, unless all are the same: then the first.
    """
    return _exhaust(knots_in_slices(times, values, tolerance))


def knots_in_slices(times: ArrayLike, values: ArrayLike, tolerance: ArrayLike) -> Iterator[float]:
    """`knots` as a generator that yields a fraction between slices and returns the indices."""
    t = np.asarray(times, dtype=np.float64)
    v = np.asarray(values, dtype=np.float64).reshape(len(t), -1)
    units = np.asarray(tolerance, dtype=np.float64)
    units = np.broadcast_to(units[:, None] if units.ndim == 1 else units, v.shape)
    if len(t) == 0 or (np.linalg.norm((v - v[0]) / units, axis=1) <= 1.0).all():
        return np.arange(min(len(t), 1))
    keep = np.zeros(len(t), dtype=bool)
    keep[[0, -1]] = True
    waiting = [(0, len(t) - 1)]
    looked = 0
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        part = slice(first + 1, last)
        share = ((t[part] - t[first]) / (t[last] - t[first]))[:, None]
        away = v[part] - (v[first] + share * (v[last] - v[first]))
        excess = np.linalg.norm(away / units[part], axis=1)
        worst = int(np.argmax(excess))
        if excess[worst] > 1.0:
            middle = first + 1 + worst
            keep[middle] = True
            waiting += [(first, middle), (middle, last)]
        looked += last - first
        if looked > _SLICE:
            looked = 0
            yield float(np.count_nonzero(keep)) / len(t)
    return np.flatnonzero(keep)


def _exhaust(work: Iterator[float]) -> NDArray[np.int64]:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
