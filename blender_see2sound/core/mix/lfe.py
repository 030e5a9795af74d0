"""The LFE channel's low-pass: nothing above 120 Hz (ITU-R BS.775), in time with the mains."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..sounds.protocol import SAMPLE_RATE
from .arrivals import LATENCY

#: Hz: all below the first passes, all above the second is 60 dB down.
_PASSED, _STOPPED = 92.0, 120.0


@cache
def lfe_filter(length: int) -> NDArray[np.float32]:
    """A linear-phase low-pass (length,), its middle at `arrivals.LATENCY`."""
    from scipy.signal import firwin, kaiser_beta

    taps = firwin(
        2 * LATENCY + 1,
        0.5 * (_PASSED + _STOPPED),
        window=("kaiser", kaiser_beta(60.0)),
        fs=SAMPLE_RATE,
    )
    padded = np.zeros(length, np.float32)
    padded[: len(taps)] = taps
    return padded
