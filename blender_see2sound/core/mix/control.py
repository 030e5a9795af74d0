"""Batches of samples, and values at control points in them: smoothed, and linear in between.

Batches, steps and control points lie at fixed places in time, whatever is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE
from .convolution import STEP, Samples

Array = NDArray[np.float64]

#: Steps that are rendered at once, and samples in such a batch.
STEPS = 8
BATCH = STEPS * STEP

#: Samples between control points; gains are linear in between.
CONTROL = 128
POINTS = BATCH // CONTROL

#: How far it is from one to the next.
RAMP = (np.arange(CONTROL) / CONTROL).astype(np.float32)

#: Gains are smoothed over 12 ms to either side, so that a track that jumps does not click.
_SMOOTHING = np.hanning(11)[1:-1] / np.hanning(11).sum()
MARGIN = len(_SMOOTHING) // 2


def control_times(batch: int) -> Array:
    """The times (POINTS + 1 + 2 MARGIN,) of a batch's control points, seconds.

    Its end is one of them, and there are some before and after for `smooth`.
    """
    points = np.arange(batch * POINTS - MARGIN, (batch + 1) * POINTS + 1 + MARGIN)
    return points * (CONTROL / SAMPLE_RATE)


def smoothed(values: Array) -> Array:
    """Values (R, n + 2 margins) at control points smoothed to (R, n); (R, 1) is held."""
    if np.all(values == values[:, :1]):
        return np.repeat(values[:, :1], POINTS + 1, axis=1)
    return np.stack([np.convolve(row, _SMOOTHING, mode="valid") for row in values])


def smooth(values: Array) -> Samples:
    """`smoothed`, in the precision of samples."""
    return smoothed(values).astype(np.float32)


def add_scaled(out: Samples, samples: Samples, gains: Samples) -> None:
    """Add samples (BATCH,) times gains given at the control points (POINTS + 1,)."""
    # Step by step, so that what is in between stays in the processor's cache.
    between = np.empty((STEP // CONTROL, CONTROL), np.float32)
    flat = between.reshape(-1)
    starts = gains[:-1].reshape(STEPS, -1, 1)
    rises = (gains[1:] - gains[:-1]).reshape(starts.shape)
    steady = ~rises.any(axis=(1, 2))
    for step in range(STEPS):
        here = slice(step * STEP, (step + 1) * STEP)
        if not steady[step]:
            np.multiply(rises[step], RAMP, out=between)
            between += starts[step]
            flat *= samples[here]
        elif starts[step, 0, 0]:
            np.multiply(samples[here], starts[step, 0, 0], out=flat)
        else:
            continue
        out[here] += flat


def scaled(samples: Samples, gains: Samples) -> Samples:
    """Samples (BATCH,) times gains given at the control points."""
    if np.all(gains == 1.0):
        return samples
    made = np.zeros_like(samples)
    add_scaled(made, samples, gains)
    return made
