"""Batches of samples, and values at control points in them: smoothed, and linear in between.

Where a source is, and what follows from that (gains, the delays at ears), is found at marks,
and brought to the control points between them. Batches, steps, marks and control points lie
at fixed places in time, whatever is asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from .convolution import STEP, Samples

Array = NDArray[np.float64]

#: Steps that are rendered at once, and samples in such a batch.
STEPS = 16
BATCH = STEPS * STEP

#: Samples between control points; gains are linear in between.
CONTROL = 128
POINTS = BATCH // CONTROL

#: Control points from one mark to the next, 11 ms, and marks in a batch.
APART = 4
MARKS = POINTS // APART

#: How far it is from one to the next.
RAMP = (np.arange(CONTROL) / CONTROL).astype(np.float32)

#: Gains are smoothed over 12 ms to either side, so that a track that jumps does not click.
_SMOOTHING = np.hanning(11)[1:-1] / np.hanning(11).sum()
MARGIN = len(_SMOOTHING) // 2  # not more than `APART`


def mark_times(batch: int) -> Array:
    """The times (MARKS + 3,) of a batch's marks, seconds.

    Its end is one of them, and there is one before and one after for `smoothed`.
    """
    marks = np.arange(batch * MARKS - 1, (batch + 1) * MARKS + 2)
    return marks * (APART * CONTROL / SAMPLE_RATE)


def at_marks(values: Array) -> Array:
    """Those of values (POINTS + 1 + 2 MARGIN, ...) at control points that lie at marks."""
    return values[MARGIN % APART :: APART]


def between_points(values: Array) -> Array:
    """Values (POINTS + 1 + 2 MARGIN,) at control points themselves, smoothed to (POINTS + 1,)."""
    return np.convolve(values, _SMOOTHING, mode="valid")


def _weights() -> Array:
    """What each of four marks (4, APART) counts at the control points after the second."""
    places = np.arange(3 * APART + 1) / APART
    linear = np.maximum(1.0 - np.abs(places - np.arange(4)[:, None]), 0.0)
    first = APART - MARGIN
    return np.stack([np.convolve(r, _SMOOTHING, mode="valid")[first:][:APART] for r in linear])


_WEIGHTS = _weights()


def smoothed(values: Array) -> Array:
    """Values (R, MARKS + 3) at marks, smoothed at control points (R, POINTS + 1); (R, 1) holds."""
    if np.all(values == values[:, :1]):
        return np.repeat(values[:, :1], POINTS + 1, axis=1)
    made = np.empty((len(values), POINTS + 1))
    inner = values[:, :MARKS, None] * _WEIGHTS[0]
    for number in range(1, 4):
        inner += values[:, number : number + MARKS, None] * _WEIGHTS[number]
    made[:, :-1] = inner.reshape(-1, POINTS)
    made[:, -1] = values[:, -3:] @ _WEIGHTS[:3, 0]
    return made


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
