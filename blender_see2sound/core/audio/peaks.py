"""True peaks (ITU-R BS.1770-5, annex 2): the largest value between the samples too, 4x oversampled."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

#: Samples that are judged together, and taps of the interpolator to either side of a point.
CHUNK = 32
REACH = 12
_OVERSAMPLING = 4


@cache
def _interpolator() -> tuple[NDArray[np.float32], float]:
    """A matrix (2 REACH + CHUNK, 3 CHUNK) from samples to the points between, and its bound.

    The bound is the most by which a point between can exceed the samples around it.
    """
    from scipy.signal import firwin

    taps = firwin(2 * REACH * _OVERSAMPLING + 1, 1.0 / _OVERSAMPLING, window=("kaiser", 4.0))
    matrix = np.zeros((2 * REACH + CHUNK, CHUNK, _OVERSAMPLING - 1))
    for phase in range(1, _OVERSAMPLING):
        branch = taps[phase::_OVERSAMPLING][: 2 * REACH][::-1]
        branch = branch / branch.sum()
        for sample in range(CHUNK):
            matrix[sample + 1 : sample + 1 + len(branch), sample, phase - 1] = branch
    bound = float(np.abs(matrix).sum(axis=0).max())
    return matrix.reshape(2 * REACH + CHUNK, -1).astype(np.float32), bound


def chunk_peaks(samples: NDArray[np.float32], above: float) -> NDArray[np.float32]:
    """The true peak of each chunk of samples, exact where it exceeds a level.

    Parameters
    ----------
    samples : (C, REACH + n CHUNK + REACH) array
        With REACH samples of what is before and after.
    above : float
        Where the true peak cannot exceed this, the peak of the samples alone is given, which
        costs far less.

    Returns
    -------
    (C, n) array
    """
    matrix, bound = _interpolator()
    count = (samples.shape[1] - 2 * REACH) // CHUNK
    magnitude = np.abs(samples)
    own = (
        magnitude[:, REACH : REACH + count * CHUNK].reshape(len(samples), count, CHUNK).max(axis=2)
    )
    # A point between chunks lies in reach of the neighbours' samples.
    ends = np.stack([magnitude[:, :REACH].max(axis=1), magnitude[:, -REACH:].max(axis=1)], axis=1)
    padded = np.concatenate([ends[:, :1], own, ends[:, 1:]], axis=1)
    around = np.maximum(np.maximum(padded[:, :-2], padded[:, 2:]), own)
    channel, chunk = np.nonzero(around * bound > above)
    if len(channel):
        windows = np.lib.stride_tricks.sliding_window_view(samples, CHUNK + 2 * REACH, axis=1)
        between = windows[channel, chunk * CHUNK] @ matrix
        own[channel, chunk] = np.maximum(own[channel, chunk], np.abs(between).max(axis=1))
    return own


class PeakMeter:
    """Takes a mix in pieces and gives its true peak."""

    def __init__(self, channels: int) -> None:
        self._held = np.zeros((channels, REACH), np.float32)
        self._highest = 0.0

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples (C, n)."""
        held = np.concatenate([self._held, samples], axis=1)
        whole = (held.shape[1] - 2 * REACH) // CHUNK * CHUNK
        if whole > 0:
            self._judge(held[:, : whole + 2 * REACH])
            held = held[:, whole:]
        self._held = held

    def peak(self) -> float:
        """The largest magnitude of all so far, as if silence followed."""
        padding = np.zeros((len(self._held), 2 * REACH + CHUNK), np.float32)
        last = np.concatenate([self._held, padding], axis=1)
        count = (last.shape[1] - 2 * REACH) // CHUNK * CHUNK
        self._judge(last[:, : count + 2 * REACH])
        return self._highest

    def _judge(self, samples: NDArray[np.float32]) -> None:
        self._highest = max(self._highest, float(chunk_peaks(samples, self._highest).max()))
