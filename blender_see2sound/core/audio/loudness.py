"""Integrated loudness (ITU-R BS.1770-5, annex 1) and loudness range (EBU Tech 3342), measured
while a mix streams by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import SAMPLE_RATE

#: The K-weighting at 48 kHz: the head's shelf, then the high-pass (tables 1 and 2).
K_WEIGHTING = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)  # fmt: skip

#: A gating block is 400 ms and begins every 100 ms.
_STEP = SAMPLE_RATE // 10
_STEPS_IN_BLOCK = 4
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_OFFSET = -0.691

#: The loudness range: windows of 3 s, gates, and the percentiles it lies between.
_STEPS_IN_WINDOW = 30
_RANGE_GATE = -20.0
_SOFT, _LOUD = 10.0, 95.0


class LoudnessMeter:
    """Takes a mix in pieces of any length and gives its integrated loudness and its range.

    A mix shorter than 400 ms is measured as if silence followed.

    Parameters
    ----------
    weights : sequence of float
        Of each channel (annex 1, table 4); what has none, as the LFE, is left out.
    """

    def __init__(self, weights: Sequence[float] = (1.0,)) -> None:
        self._heard = [channel for channel, weight in enumerate(weights) if weight]
        self._weights = np.array([weights[channel] for channel in self._heard])
        self._state = np.zeros((len(K_WEIGHTING), len(self._heard), 2))
        self._energies: list[float] = []
        self._open = 0.0
        self._filled = 0

    def push(self, samples: NDArray[np.float32]) -> None:
        """Take the next samples (C, n), channels in the file's order."""
        from scipy.signal import sosfilt

        weighted, self._state = sosfilt(K_WEIGHTING, samples[self._heard], zi=self._state)
        start = 0
        while start < weighted.shape[1]:
            piece = weighted[:, start : start + _STEP - self._filled]
            powers = np.einsum("cn,cn->c", piece, piece)
            self._open += float(np.sum(self._weights * powers))
            self._filled += piece.shape[1]
            start += piece.shape[1]
            if self._filled == _STEP:
                self._energies.append(self._open)
                self._open, self._filled = 0.0, 0

    def integrated(self) -> float | None:
        """LUFS (LKFS) of all so far; None where nothing passes the absolute gate."""
        steps = np.asarray(self._energies)
        if len(steps) < _STEPS_IN_BLOCK:
            steps = np.append(steps, self._open)
            steps = np.pad(steps, (0, max(0, _STEPS_IN_BLOCK - len(steps))))
        total = np.concatenate([[0.0], np.cumsum(steps)])
        blocks = (total[_STEPS_IN_BLOCK:] - total[:-_STEPS_IN_BLOCK]) / (_STEP * _STEPS_IN_BLOCK)
        heard = blocks[blocks > _power(_ABSOLUTE_GATE)]
        if not len(heard):
            return None
        heard = heard[heard > _power(_loudness(heard) + _RELATIVE_GATE)]
        return _loudness(heard)

    def loudness_range(self, gain_db: float = 0.0) -> float | None:
        """LU between soft and loud parts (EBU Tech 3342), with so much more gain.

        None where it is shorter than 3 s, or nothing passes the absolute gate.
        """
        total = np.concatenate([[0.0], np.cumsum(self._energies)])
        windows = total[_STEPS_IN_WINDOW:] - total[:-_STEPS_IN_WINDOW]
        windows = windows * (10.0 ** (gain_db / 10.0) / (_STEP * _STEPS_IN_WINDOW))
        heard = windows[windows >= _power(_ABSOLUTE_GATE)]
        if not len(heard):
            return None
        heard = heard[heard >= heard.mean() * 10.0 ** (_RANGE_GATE / 10.0)]
        soft, loud = np.percentile(heard, [_SOFT, _LOUD], method="nearest")
        return float(10.0 * np.log10(loud / soft))


def _power(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET) / 10.0))


def _loudness(blocks: NDArray[np.float64]) -> float:
    return float(_OFFSET + 10.0 * np.log10(blocks.mean()))
