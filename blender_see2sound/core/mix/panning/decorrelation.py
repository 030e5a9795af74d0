"""All-pass filters that give each channel its own copy of one sound, alike in colour.

Each filter has a flat spectrum and a group delay that swings over frequency, at
another phase in each channel: a tone keeps its level, a click is smeared by
some tens of milliseconds at low frequencies and less at high ones, and any two
channels are decorrelated within the millisecond in which hearing would fuse
them (all-pass decorrelation: Kendall 1995, Computer Music Journal 19-4). Used
for beds, and for all of a source that is spread: what a loudspeaker plays is then one
copy at one level, and no tone is lost in it.

Copies of one sound that are folded down meet again, and comb where they cancel. So
the phases are corrected until the folds to stereo and to mono, and any two copies,
keep their power in every third of an octave, as far as filters so short can.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ..layouts.layout import Layout
from .gains import ring_gains

Array = NDArray[np.float64]

#: Taps of a filter, and which of them is the earliest that any frequency is delayed to: what
#: little lies before it only rounds the beginning off.
LENGTH = 5120
BEGIN = 864

_REACH = 0.030
_CENTRE = BEGIN + round(_REACH * SAMPLE_RATE)

_FFT = 16384

#: A filter fades in over so many taps, by this power of a sine.
_RISE, _GENTLE = BEGIN + 144, 8

#: ERBs (Glasberg and Moore 1990) in one swing of the group delay. Two filters meet in delay
#: twice a swing, and pass each other fast enough that little correlation is left.
_SWING = 4.0

#: Octaves in which a fold keeps its power, from this frequency on, Hz, and how often phases are
#: corrected: more folds better, but decorrelates less.
_FOLDED, _FROM, _ROUNDS = 1.0 / 3.0, 40.0, 8

#: Any two copies are corrected by this share in so many of the rounds, up to this frequency, Hz
#: (above, they swing past each other often enough), where there are no more than so many.
_SHARE, _PAIR_ROUNDS, _PAIRED, _MOST_PAIRED = 0.3, 6, 2000.0, 16


def _reach(frequencies: Array) -> Array:
    """How far group delay swings to either side, in seconds."""
    return np.clip(_REACH * np.sqrt(800.0 / np.maximum(frequencies, 1.0)), _REACH / 3.0, _REACH)


@cache
def decorrelators(layout: Layout) -> NDArray[np.float32]:
    """Filters (M, LENGTH) for the main channels, each with unit energy; the same every time."""
    count = len(layout.mains)
    frequencies = np.fft.rfftfreq(_FFT, 1.0 / SAMPLE_RATE)
    erbs = 21.4 * np.log10(1.0 + 0.00437 * frequencies)
    starts = np.arange(count) / count
    swings = np.sin(2.0 * np.pi * (erbs / _SWING + starts[:, None]))
    phases = -2.0 * np.pi * np.cumsum(swings * _reach(frequencies), axis=1) * frequencies[1]
    # A real filter needs a real value at half the sample rate.
    phases -= frequencies / frequencies[-1] * (phases[:, -1:] % np.pi)
    spectra = np.exp(1j * (phases - 2.0 * np.pi * frequencies * _CENTRE / SAMPLE_RATE))
    filters = _cut(spectra)
    paired = slice(0, int(np.searchsorted(frequencies, _PAIRED)))
    for number in range(_ROUNDS if count > 1 else 0):
        spectra = np.fft.rfft(filters, _FFT)
        for pair in _pairs(count) if number < _PAIR_ROUNDS else ():
            both = spectra[pair, paired]
            change = _corrections(both, np.ones(2), frequencies[paired])
            spectra[pair, paired] += _SHARE * change
        for gains in _folds(layout):
            spectra += _corrections(spectra, gains, frequencies)
        filters = _cut(spectra / np.abs(spectra))
    filters /= np.sqrt(np.sum(filters**2, axis=1, keepdims=True))
    return filters.astype(np.float32)


def _cut(spectra: NDArray[np.complex128]) -> Array:
    """Taps (M, LENGTH) of spectra, faded at both ends: gently at first, lest a sound begin early."""
    filters = np.fft.irfft(spectra, axis=1)[:, :LENGTH]
    begin, end = (np.sin(0.5 * np.pi * (np.arange(n) + 0.5) / n) for n in (_RISE, 256))
    filters[:, :_RISE] *= begin**_GENTLE
    filters[:, -256:] *= end[::-1]
    return filters


def _corrections(
    spectra: NDArray[np.complex128], gains: Array, frequencies: Array
) -> NDArray[np.complex128]:
    """What brings spectra (M, F), folded with gains (M,), nearer to their power in each band."""
    folded = gains @ spectra
    power = np.sum(gains**2)
    got = _in_bands(np.abs(folded) ** 2, frequencies)
    change = np.clip(np.sqrt(power / np.maximum(got, 1e-3 * power)), 0.5, 2.0) - 1.0
    change[frequencies < _FROM] = 0.0
    return np.outer(gains / power, folded * change)


def _pairs(count: int) -> Iterator[list[int]]:
    """Any two of so many copies."""
    if count <= _MOST_PAIRED:
        yield from map(list, itertools.combinations(range(count), 2))


def _folds(layout: Layout) -> list[Array]:
    """Gains (M,) of sound from all around in a fold to the left, to the right and to mono.

    As in ITU-R BS.775: front left and right as they are, all else 3 dB lower.
    """
    own = ring_gains(layout)
    folds = [own]
    channels = [layout.channels[i] for i in layout.mains]
    for side in (1.0, -1.0):
        gains = np.zeros(len(channels))
        for number, channel in enumerate(channels):
            across = side * np.sin(np.radians(channel.azimuth or 0.0))
            front = abs(channel.azimuth or 0.0) <= 45.0 and abs(channel.elevation) < 15.0
            if across > -1e-6:
                gains[number] = 1.0 if front and across > 1e-6 else 0.5**0.5
        folds.append(gains * own)
    return folds


def _in_bands(power: Array, frequencies: Array) -> Array:
    """The mean of powers (F,) in the band around each frequency."""
    summed = np.concatenate([[0.0], np.cumsum(power)])
    begin = np.searchsorted(frequencies, frequencies * 2.0 ** (-0.5 * _FOLDED))
    end = np.searchsorted(frequencies, frequencies * 2.0 ** (0.5 * _FOLDED))
    end = np.maximum(end, begin + 1)
    return (summed[end] - summed[begin]) / (end - begin)
