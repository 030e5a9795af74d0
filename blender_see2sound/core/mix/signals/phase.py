"""The phase that belongs to a level: nothing sounds before its time, and no later than it must."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def log_spectrum(nepers: NDArray[np.float64]) -> NDArray[np.complex128]:
    """The logarithm of the minimum-phase spectrum of a level.

    Parameters
    ----------
    nepers : (..., N + 1) array
        From 0 Hz to half the sample rate, evenly; N even.

    Returns
    -------
    (..., N + 1) array
        The level, and the phase as its imaginary part.
    """
    # The phase is the level's Hilbert transform: fold the cepstrum to the times after zero
    # (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 12).
    count = nepers.shape[-1] - 1
    cepstra = np.fft.irfft(nepers, axis=-1)
    cepstra[..., 1:count] *= 2.0
    cepstra[..., count + 1 :] = 0.0
    return np.asarray(np.fft.rfft(cepstra, axis=-1))
