"""How sound arrives at the listener, and the filters that play it on a layout.

The one description that every layout is fed from: each arrival is a point (direct sound,
a reflection) with a direction, a delay and a spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ...audio import SAMPLE_RATE
from ..heads.chosen import head_of
from ..heads.head import BEFORE, TAPS
from ..layouts.layout import Layout
from ..panning.gains import point_gains
from ..panning.tabled import tabled_gains
from ..signals.convolution import Partition, Samples, Spectra

Array = NDArray[np.float64]

#: Fractions of a sample that delays are rounded to (a power of two), and the taps of one.
_FRACTIONS = 2048
_TAPS = 6
_BETA = 10.5

#: Samples of filters that are transformed at once: together faster than one by one, and few enough
#: to stay in the processor's cache.
_AT_ONCE = 2**17

#: What makes up for the taps ends at this frequency, over so many Hz.
_MADE_UP, _ENDING = 20_000.0, 400.0

#: Samples by which filters of points begin before their arrivals, and ring on after them: for what
#: makes up for the taps, and for a head.
BEFORE_POINTS, BEFORE_EARS = 64, 192
AFTER_POINTS, AFTER_EARS = 64, 64 + TAPS


@dataclass(frozen=True)
class Arrivals:
    """Points that sound reaches the listener from: each a direction, a delay and a spectrum.

    Attributes
    ----------
    positions : (N, 3) array
        Their directions from the listener, in metres (a mirror image's own place).
    delays : (N,) array
        Seconds after the direct sound, at least 0.
    gains : (N, K) array
        How much of each of `colours` an arrival's spectrum is mixed from.
    moments : (N,) array of int
        Which moment of a moving source they belong to, from 0.
    colours : (K, n) array
        Filters that the arrivals share.
    """

    positions: Array
    delays: Array
    gains: Array
    moments: NDArray[np.intp]
    colours: Samples


@cache
def between() -> NDArray[np.float64]:
    """Taps (`_FRACTIONS`, `_TAPS`) that stand between samples.

    A Kaiser-Bessel kernel, its fall at high frequencies undone by `made_up_for` (as in a
    non-uniform FFT): 55 dB near to an exact delay up to 16 kHz, 35 dB up to 20 kHz, where it
    begins to fall.
    """
    half = _TAPS / 2
    offsets = np.arange(_TAPS) - (half - 1.0)
    fractions = np.arange(_FRACTIONS) / _FRACTIONS

    def kernel(places: Array) -> Array:
        return np.i0(_BETA * np.sqrt(np.maximum(1.0 - (places / half) ** 2, 0.0))) / np.i0(_BETA)

    return kernel(offsets - fractions[:, None])


@cache
def made_up_for(size: int) -> NDArray[np.float32]:
    """What makes up for the taps of `between` in transforms of some samples (F,)."""
    frequencies = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE)
    # Softly, lest it ring.
    ended = _MADE_UP - _ENDING * np.logaddexp(0.0, (_MADE_UP - frequencies) / _ENDING)
    turns = ended / SAMPLE_RATE
    # The kernel's own transform.
    root = np.sqrt(_BETA**2 - (np.pi * _TAPS * turns) ** 2 + 0j)
    fall = _TAPS / np.i0(_BETA) * (np.sinh(root) / root).real
    return np.asarray(1.0 / fall, np.float32)


def point_filters(
    arrivals: Arrivals, moments: int, partition: Partition, layout: Layout
) -> Spectra:
    """Transforms (moments, parts, M, F) of filters that play arrivals from their directions.

    There are parts enough for the latest one.
    """
    places = arrivals.delays * SAMPLE_RATE
    if layout.coding != "binaural":
        tabled = layout.coding == "loudspeakers"
        panned = (tabled_gains if tabled else point_gains)(arrivals.positions, layout)
        return np.swapaxes(_combs(arrivals, places, panned, moments, partition), 1, 2)
    head = head_of(layout)
    delays, weights = head.heard(arrivals.positions, head.coarse)
    turns = np.fft.rfftfreq(partition.fft)
    early = np.exp(2j * np.pi * turns * BEFORE).astype(np.complex64)
    shared = fft.rfft(head.coarse.taps, partition.fft, axis=-1) * early
    ears = [
        np.einsum(
            "tkpf,kf->tpf",
            _combs(arrivals, places + delays[:, ear], weights[:, ear], moments, partition),
            shared,
        )
        for ear in range(2)
    ]
    return np.stack(ears, axis=2)


def _combs(
    arrivals: Arrivals, places: Array, panned: Array, moments: int, partition: Partition
) -> Spectra:
    """Transforms (moments, C, parts, F) of arrivals at places (N,), with gains (N, C)."""
    channels, parts, size = panned.shape[1], partition.parts, partition.fft
    shape = moments, channels, parts, size // 2 + 1
    kernels = between()
    fine = np.rint(places * _FRACTIONS).astype(np.intp)
    arrival, channel = np.nonzero(panned)
    if not len(arrival):
        return np.zeros(shape, np.complex64)
    first, fraction = np.divmod(fine[arrival], _FRACTIONS)
    taps = kernels[fraction] * panned[arrival, channel][:, None]
    # Before the first part, after the last one, and where there is only one, is room.
    part = np.clip(first // partition.block, 0, parts - 1)
    moment = arrivals.moments[arrival]
    start = partition.late + first - part * partition.block - (_TAPS // 2 - 1)
    start += ((moment * channels + channel) * parts + part) * size
    at = start[:, None] + np.arange(_TAPS)
    colours = fft.rfft(arrivals.colours, size, axis=-1) * made_up_for(size)
    step = max(1, _AT_ONCE // (channels * parts * size))
    filters = np.empty(shape, np.complex64)
    combs = np.empty((step, channels, parts, size), np.float32)
    for begin in range(0, moments, step):
        made = filters[begin : begin + step]
        here = slice(*np.searchsorted(moment, (begin, begin + step)))
        indices = at[here].ravel() - begin * channels * parts * size
        for number, (colour, gains) in enumerate(zip(colours, arrivals.gains.T, strict=True)):
            combs.fill(0.0)
            values = taps[here] * gains[arrival[here]][:, None]
            np.add.at(combs.reshape(-1), indices, values.ravel().astype(np.float32))
            spectra = fft.rfft(combs[: len(made)], axis=-1)
            if number == 0:
                np.multiply(spectra, colour, out=made)
            else:
                spectra *= colour
                made += spectra
    return filters
