"""Filtering in the frequency domain, step by step (overlap-add, uniformly partitioned).

A step of `STEP` samples, transformed at twice that length, times the transform
of a filter no longer than a step is that step filtered, and rings into the next
one. Longer filters are cut into parts, each a step later than the one before.
Products of many sources can be summed before one transform back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Samples = NDArray[np.float32]
Spectra = NDArray[np.complex64]

#: Samples in a step, and the most that a filter can have in one part.
STEP = 8192
_FFT = 2 * STEP


def spectra_of(filters: Samples) -> Spectra:
    """Transforms (..., STEP + 1) of filters (..., up to STEP)."""
    spectra: Spectra = fft.rfft(filters, _FFT, axis=-1)
    return spectra


class Transform:
    """Transforms of `rows` steps at a time, in memory of its own: one for each thread.

    Several rows at once take a third of the time that they take one by one.
    """

    def __init__(self, rows: int) -> None:
        self._padded = np.zeros((rows, _FFT), np.float32)

    def __call__(self, samples: Samples) -> Spectra:
        """Transforms (rows, STEP + 1) of steps (rows, STEP)."""
        self._padded[:, :STEP] = samples
        spectra: Spectra = fft.rfft(self._padded, axis=-1)
        return spectra


class LongFilter:
    """A filter longer than a step, with the spectra of what it still rings of.

    Parameters
    ----------
    filters : (M, L) array
        A row per channel.
    """

    def __init__(self, filters: Samples) -> None:
        parts = -(-filters.shape[1] // STEP)
        padded = np.zeros((len(filters), parts * STEP), np.float32)
        padded[:, : filters.shape[1]] = filters
        self._parts = spectra_of(np.stack(np.split(padded, parts, axis=1)))
        self._past: list[Spectra | None] = [None] * parts

    def add(self, samples: Samples, spectra: Spectra) -> None:
        """Filter the next steps (S, STEP) into spectra (S, M, F)."""
        transformed = spectra_of(samples) if samples.any() else [None] * len(samples)
        for step, spectrum in zip(transformed, spectra, strict=True):
            self._past = [step, *self._past[:-1]]
            for part, past in zip(self._parts, self._past, strict=True):
                if past is not None:
                    spectrum += part * past


class OverlapAdd:
    """Sums what rings across steps and gives it out in time.

    Parameters
    ----------
    channels : int
    """

    def __init__(self, channels: int) -> None:
        self._sum = np.zeros((channels, 0), np.float32)
        self._steps = 0

    def add(self, channels: Sequence[int], spectra: Spectra) -> None:
        """Transform the spectra (S, M, F) of the next steps back and add them to M channels."""
        self._open(len(spectra))
        rows = list(channels)
        for number, samples in enumerate(fft.irfft(spectra, _FFT, axis=-1)):
            start = number * STEP
            self._sum[rows, start : start + _FFT] += samples

    def add_direct(self, channels: Sequence[int], samples: Samples, late: int) -> None:
        """Add unfiltered samples (M, S x STEP) to M channels, late by some samples."""
        self._open(samples.shape[1] // STEP)
        self._sum[list(channels), late : late + samples.shape[1]] += samples

    def take(self) -> Samples:
        """What has been added and is complete (C, S x STEP); what rings on stays."""
        count = self._steps * STEP
        done, self._sum = self._sum[:, :count], self._sum[:, count:]
        self._steps = 0
        return done

    def _open(self, steps: int) -> None:
        """Make room for the next steps and what they may ring into."""
        self._steps = max(self._steps, steps)
        missing = self._steps * STEP + STEP - self._sum.shape[1]
        if missing > 0:
            rings, have = self._sum, self._sum.shape[1]
            self._sum = np.zeros((len(rings), have + missing), np.float32)
            self._sum[:, :have] = rings
