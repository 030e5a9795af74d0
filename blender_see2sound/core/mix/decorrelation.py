"""All-pass filters that give each channel its own copy of one sound, alike in colour.

Each filter has a flat spectrum and a group delay that swings over frequency, at
another phase in each channel: a tone keeps its level, a click is smeared by
some tens of milliseconds at low frequencies and less at high ones, and any two
channels are decorrelated within the millisecond in which hearing would fuse
them (all-pass decorrelation: Kendall 1995, Computer Music Journal 19-4). Used
for beds and for the spread share of a source.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..sounds.protocol import SAMPLE_RATE

#: Taps of a filter, and which of them is the earliest that any frequency is delayed to: what
#: little lies before it only rounds the beginning off.
LENGTH = 5120
BEGIN = 864

_REACH = 0.030
_CENTRE = BEGIN + round(_REACH * SAMPLE_RATE)

_FFT = 16384

#: ERBs (Glasberg and Moore 1990) in one swing of the group delay. Two filters meet in delay
#: twice a swing, and pass each other fast enough that little correlation is left.
_SWING = 4.0


def _reach(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far group delay swings to either side, in seconds."""
    return np.clip(_REACH * np.sqrt(800.0 / np.maximum(frequencies, 1.0)), _REACH / 3.0, _REACH)


@cache
def decorrelators(count: int) -> NDArray[np.float32]:
    """Filters (count, LENGTH), each with unit energy; the same ones every time."""
    frequencies = np.fft.rfftfreq(_FFT, 1.0 / SAMPLE_RATE)
    erbs = 21.4 * np.log10(1.0 + 0.00437 * frequencies)
    starts = np.arange(count) / count
    swings = np.sin(2.0 * np.pi * (erbs / _SWING + starts[:, None]))
    phases = -2.0 * np.pi * np.cumsum(swings * _reach(frequencies), axis=1) * frequencies[1]
    # A real filter needs a real value at half the sample rate.
    phases -= frequencies / frequencies[-1] * (phases[:, -1:] % np.pi)
    spectra = np.exp(1j * (phases - 2.0 * np.pi * frequencies * _CENTRE / SAMPLE_RATE))
    filters = np.fft.irfft(spectra, axis=1)[:, :LENGTH]
    fade = np.sin(0.5 * np.pi * (np.arange(256) + 0.5) / 256.0)
    filters[:, :256] *= fade
    filters[:, -256:] *= fade[::-1]
    filters /= np.sqrt(np.sum(filters**2, axis=1, keepdims=True))
    return filters.astype(np.float32)
