"""Leaving out what straight lines tell as well (Ramer 1972; Douglas and Peucker 1973)."""

from __future__ import annotations

import time
from collections.abc import Generator

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Seconds of work between two pauses.
_SLICE = 0.012


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


def knots_in_slices(
    times: ArrayLike, values: ArrayLike, tolerance: ArrayLike
) -> Generator[float, None, NDArray[np.int64]]:
    """`knots` as a generator that yields a fraction between slices and returns the indices."""
    t = np.asarray(times, dtype=np.float64)
    v = np.asarray(values, dtype=np.float64).reshape(len(t), -1)
    units = np.asarray(tolerance, dtype=np.float64)
    finer = 1.0 / np.broadcast_to(units[:, None] if units.ndim == 1 else units, v.shape)
    if len(t) == 0 or (np.linalg.norm((v - v[0]) * finer, axis=1) <= 1.0).all():
        return np.arange(min(len(t), 1))
    keep = np.zeros(len(t), dtype=bool)
    keep[[0, -1]] = True
    waiting = [(0, len(t) - 1)]
    pause = time.monotonic() + _SLICE
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        part = slice(first + 1, last)
        share = ((t[part] - t[first]) / (t[last] - t[first]))[:, None]
        away = (v[part] - (v[first] + share * (v[last] - v[first]))) * finer[part]
        excess = np.einsum("ij,ij->i", away, away)
        worst = int(np.argmax(excess))
        if excess[worst] > 1.0:
            middle = first + 1 + worst
            keep[middle] = True
            waiting += [(first, middle), (middle, last)]
        if time.monotonic() > pause:
            yield float(np.count_nonzero(keep)) / len(t)
            pause = time.monotonic() + _SLICE
    return np.flatnonzero(keep)


def _exhaust(work: Generator[float, None, NDArray[np.int64]]) -> NDArray[np.int64]:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
