"""Smooth tracks without lag.

A running median of three takes out single glitches; then a line is fitted
around every moment with Gaussian weights (local linear regression: Cleveland,
"Robust locally weighted regression", JASA 74, 1979). Weights are symmetric in
time, so nothing lags, and steady motion stays as it is. No value leaves the
range of those around it, so nothing overshoots.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def smooth_track(times: Values, values: Values, presence: Values, seconds: float) -> Values:
    """Smooth values over time, where they were seen; bridge the gaps.

    Parameters
    ----------
    times : (T,) array
        Seconds, strictly rising, not necessarily even.
    values : (T, N) array
    presence : (T,) array
        0 to 1. Values without presence are not looked at: between two stretches with
        presence they are interpolated, before the first and after the last held. Nothing
        is smoothed across a gap.
    seconds : float
        Standard deviation of the weights in time; 0 leaves values as they are, glitches too.

    Returns
    -------
    (T, N) array
    """
    seen = presence > 0.0
    if not seen.any():
        return np.array(values, float)
    smoothed = np.array(values, float)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(int)))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        smoothed[first:end] = _smooth_stretch(times[first:end], smoothed[first:end], seconds)
    for column in range(smoothed.shape[1]):
        smoothed[:, column] = np.interp(times, times[seen], smoothed[seen, column])
    return smoothed


def _smooth_stretch(times: Values, values: Values, seconds: float) -> Values:
    count = len(times)
    if count < 3 or 3 * seconds < float(np.median(np.diff(times))):
        return values  # no neighbour would weigh anything
    steady = values.copy()
    steady[1:-1] = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    reach = min(count - 1, math.ceil(3 * seconds / float(np.median(np.diff(times)))))
    # Sums of weights times powers of the time difference: the normal equations of the line.
    s0, s1, s2 = (np.zeros((count, 1)) for _ in range(3))
    y0, y1 = np.zeros_like(values), np.zeros_like(values)
    low, high = steady.copy(), steady.copy()
    for offset in range(-reach, reach + 1):
        here = slice(max(0, -offset), min(count, count - offset))
        there = slice(max(0, offset), min(count, count + offset))
        apart = (times[there] - times[here])[:, None]
        weight = np.exp(-0.5 * (apart / seconds) ** 2)
        s0[here] += weight
        s1[here] += weight * apart
        s2[here] += weight * apart**2
        y0[here] += weight * steady[there]
        y1[here] += weight * apart * steady[there]
        low[here] = np.minimum(low[here], steady[there])
        high[here] = np.maximum(high[here], steady[there])
    spread = s0 * s2 - s1**2
    line = (s2 * y0 - s1 * y1) / np.where(spread > 1e-12, spread, 1.0)
    fitted = np.where(spread > 1e-12, line, y0 / s0)
    return np.clip(fitted, low, high)
