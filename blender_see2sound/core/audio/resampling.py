"""Resampling to 48 kHz in pieces that join without a seam."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from . import SAMPLE_RATE

#: Sample rates that can be a recording, Hz.
SLOWEST, FASTEST = 1_000, 384_000

#: Zero crossings to each side of the resampling filter (96 dB down past the band), fewer
#: where an odd rate makes the filter longer than so many taps.
_CROSSINGS, _FEWEST = 48, 10
_MOST_TAPS = 4_000_000
_CUTOFF = 0.95


class Resampler:
    """Polyphase resampling to 48 kHz, piece by piece.

    Each piece is resampled together with its neighbours' ends; the filter is finite, so the
    samples are those of the whole file resampled at once.

    Parameters
    ----------
    rate : int
        Samples per second of what comes, `SLOWEST` to `FASTEST`.

    Attributes
    ----------
    wanted : int
        Frames in a piece.
    """

    def __init__(self, rate: int) -> None:
        from scipy.signal import firwin

        ratio = Fraction(SAMPLE_RATE, rate)
        self._up, self._down = ratio.numerator, ratio.denominator
        longer = max(self._up, self._down)
        crossings = min(_CROSSINGS, _MOST_TAPS // (2 * longer))
        half = max(crossings, _FEWEST) * longer
        self._filter = firwin(2 * half + 1, _CUTOFF / longer, window=("kaiser", 9.6))
        #: Frames of context to either side, and frames in a piece; both whole turns of the filter.
        self._context = self._down * -(-(half // self._up + 1) // self._down)
        self.wanted = self._down * max(1, -(-rate // self._down))
        self._held = np.zeros(self._context, np.float32)

    def push(self, frames: NDArray[np.float32], *, last: bool) -> NDArray[np.float32]:
        """Take the next `wanted` frames (fewer when last); give what can be resampled now.

        The first piece comes with a call's delay, the last two together.
        """
        from scipy.signal import resample_poly

        self._held = np.concatenate([self._held, frames])
        ahead = 0 if last else self._context
        ready = len(self._held) - self._context - ahead
        if ready <= 0:
            return np.zeros(0, np.float32)
        if not last:
            ready -= ready % self._down
        made = resample_poly(
            np.concatenate([self._held, np.zeros(self._context, np.float32)])
            if last
            else self._held,
            self._up,
            self._down,
            window=self._filter,
        )
        start = self._context * self._up // self._down
        count = -(-ready * self._up // self._down)
        self._held = self._held[ready:]
        piece: NDArray[np.float32] = made[start : start + count].astype(np.float32)
        return piece
