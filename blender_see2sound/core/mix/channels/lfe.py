"""The LFE channel's low-pass: nothing above 120 Hz (ITU-R BS.775), in time with the mains."""

from __future__ import annotations

from functools import cache

import numpy as np

from ...audio import SAMPLE_RATE
from ..signals.convolution import Spectra, spectra_of
from .sums import LATENCY

#: Hz: all below the first passes, all above the second is 60 dB down.
_PASSED, _STOPPED = 92.0, 120.0


@cache
def lfe_spectrum() -> Spectra:
    """The transform (F,) of a linear-phase low-pass, its middle at `sums.LATENCY`."""
    from scipy.signal import firwin, kaiser_beta

    middle = 0.5 * (_PASSED + _STOPPED)
    window = ("kaiser", kaiser_beta(60.0))
    taps = firwin(2 * LATENCY + 1, middle, window=window, fs=SAMPLE_RATE)
    return spectra_of(taps.astype(np.float32))
