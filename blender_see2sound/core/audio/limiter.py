"""A look-ahead limiter: turns a mix down smoothly before a peak would pass the ceiling.

The gain is found for chunks of 32 samples from their true peaks, held around
each peak, let go at a constant rate in decibels and smoothed by a window no
wider than what it looks ahead, so that it is always low enough in time (after
Hämäläinen 2002, "Smoothing of the control signal without clipped output"). All
channels share one gain, so that directions stay.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from . import SAMPLE_RATE
from .peaks import CHUNK, REACH, chunk_peaks

#: Chunks by which the gain looks ahead, and as many again by which it is smoothed (24 ms each):
#: so slow a fall leaves a tone under a drum hit its own.
_AHEAD = 36

#: Chunks for which it stays down after a peak (0.13 s), so that it follows neither the waves of
#: a low tone nor the beats of two; and how fast it then lets go, dB per second.
_HOLD = 200
_RELEASE = 60.0

#: Samples before and after a piece that `Limiter.apply` needs.
CONTEXT = (2 * _AHEAD + _HOLD) * CHUNK + REACH


class Limiter:
    """Limits a stream of pieces.

    Parameters
    ----------
    ceiling : float
        The largest true peak to let through.

    Attributes
    ----------
    deepest : float
        The largest gain reduction so far, dB.
    """

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling
        self._letting_go = 0.0
        self.deepest = 0.0
        window = np.hanning(2 * _AHEAD + 1)[1:-1]
        self._smoothing = window / window.sum()

    def apply(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Limit the next piece.

        Parameters
        ----------
        samples : (C, CONTEXT + n CHUNK + CONTEXT) array
            The piece with what is before and after it, unlimited.

        Returns
        -------
        (C, n CHUNK) array
        """
        piece = samples[:, CONTEXT:-CONTEXT]
        peaks = chunk_peaks(samples, self._ceiling).max(axis=0).astype(np.float64)
        needed = 20.0 * np.log10(np.maximum(peaks / self._ceiling, 1.0))
        falling = np.arange(len(needed)) * (_RELEASE * CHUNK / SAMPLE_RATE)
        needed[0] = max(needed[0], self._letting_go)
        held = np.maximum.accumulate(needed + falling) - falling
        # The next piece begins this much before its own first chunk.
        self._letting_go = float(held[piece.shape[1] // CHUNK])
        if not held.any():
            return piece
        width = 2 * _AHEAD + _HOLD
        around = maximum_filter1d(held, width)[width // 2 :][: len(held) - width + 1]
        # A value per border between the piece's chunks.
        reduction = np.convolve(around, self._smoothing, mode="valid")[
            1 : piece.shape[1] // CHUNK + 2
        ]
        borders = 10.0 ** (-reduction / 20.0)
        self.deepest = max(self.deepest, float(reduction.max()))
        at = np.arange(piece.shape[1]) / CHUNK
        gain = np.interp(at, np.arange(len(borders)), borders)
        return piece * gain.astype(np.float32)
