"""Spectra from levels per octave, and how to share few of them among many arrivals.

A spectrum is given by its level in each octave, in between by interpolation over
the logarithm of frequency, with the phase that belongs to it (minimum phase), so
that nothing sounds before its time. Hundreds of reflections differ little in
colour: each is a mix of a handful of spectra, so that a room costs a handful of
transforms, not hundreds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...materials import OCTAVES
from ..signals.convolution import STEP, Spectra
from ..signals.phase import log_spectrum

Array = NDArray[np.float64]

#: Levels lower than this, in nepers, are as good as none.
_LOWEST = -14.0

#: A mix may miss its spectrum by this share of its energy, on average; or there are so many.
_MISSED = 1e-3
_MOST = 5

#: Where spectra are compared, Hz.
_COMPARED = np.geomspace(60.0, 16_000.0, 40)


@cache
def _log_spectra() -> NDArray[np.complex128]:
    """Logarithms (7, STEP + 1) of minimum-phase spectra, each up by a neper in one octave."""
    frequencies = np.fft.rfftfreq(2 * STEP, 1.0 / SAMPLE_RATE)
    places = np.log2(np.maximum(frequencies, 1.0))
    levels = [np.interp(places, np.log2(OCTAVES), row) for row in np.eye(len(OCTAVES))]
    return log_spectrum(np.array(levels))


def spectra_from(nepers: Array) -> Spectra:
    """Minimum-phase spectra (N, STEP + 1) of levels (N, 7) in nepers, an octave each."""
    levels = np.maximum(nepers, _LOWEST)
    return np.exp(levels @ _log_spectra()).astype(np.complex64)


def shared(nepers: Array, tell: Callable[[], None] = lambda: None) -> tuple[Spectra, Array]:
    """Few spectra, and how each row of levels is mixed from them.

    Parameters
    ----------
    nepers : (N, 7) array
    tell : callable
        Called a few times a second; may raise `Cancelled`.

    Returns
    -------
    spectra : (K, STEP + 1) array
    weights : (N, K) array
        ``weights @ spectra`` comes near ``spectra_from(nepers)``.
    """
    levels = np.maximum(nepers, _LOWEST)
    frequencies = np.fft.rfftfreq(2 * STEP, 1.0 / SAMPLE_RATE)
    at = np.searchsorted(frequencies, _COMPARED)
    tell()
    values = np.exp(levels @ _log_spectra()[:, at])
    tell()
    rows = np.concatenate([values.real, values.imag], axis=1)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= norms
    left = rows.copy()
    chosen: list[int] = []
    while len(chosen) < _MOST:
        tell()
        # The spectrum that those chosen so far miss most.
        missed = np.sum(left**2, axis=1)
        if chosen and missed.mean() <= _MISSED:
            break
        number = int(np.argmax(missed))
        chosen.append(number)
        axis = left[number] / np.sqrt(missed[number])
        left -= np.outer(left @ axis, axis)
    weights, *_ = np.linalg.lstsq(rows[chosen].T, rows.T, rcond=None)
    return spectra_from(levels[chosen]), weights.T * norms / norms[chosen].T
