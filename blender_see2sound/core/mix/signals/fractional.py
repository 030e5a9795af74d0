"""Sound read between its samples: a windowed sinc for every place."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .convolution import Samples

Array = NDArray[np.float64]

#: Taps to either side of a place between samples, and such places; -80 dB from exact up to
#: 16 kHz.
REACH = 24
_PLACES = 2048

#: Samples that are interpolated at once.
_PIECE = 8192


@cache
def _kernels() -> NDArray[np.float32]:
    """Taps (`_PLACES`, 2 `REACH`) of a windowed sinc for each place between two samples."""
    offsets = np.arange(2 * REACH) - (REACH - 1) - np.arange(_PLACES)[:, None] / _PLACES
    window = np.i0(9.0 * np.sqrt(np.maximum(1.0 - (offsets / REACH) ** 2, 0.0))) / np.i0(9.0)
    taps = np.sinc(offsets) * window
    return (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)


def read_between(line: Samples, places: Array) -> Samples:
    """The sound (n,) at places between its samples.

    Parameters
    ----------
    line : (L,) array
    places : (n,) array
        Indices into the line, `REACH` from its ends at least.
    """
    fine = np.rint(places * _PLACES).astype(np.int64)
    starts = fine // _PLACES - (REACH - 1)
    windows = np.lib.stride_tricks.sliding_window_view(line, 2 * REACH)
    made = np.empty(len(places), np.float32)
    for begin in range(0, len(made), _PIECE):
        here = slice(begin, begin + _PIECE)
        taps = _kernels()[fine[here] % _PLACES]
        np.einsum("nt,nt->n", windows[starts[here]], taps, out=made[here])
    return made


def shifted(line: Samples, place: float, count: int) -> Samples:
    """`read_between` at count places from one on, a sample apart."""
    fine = round(place * _PLACES)
    start = fine // _PLACES - (REACH - 1)
    stretch = line[start : start + count + 2 * REACH - 1]
    made: Samples = np.convolve(stretch, _kernels()[fine % _PLACES][::-1], mode="valid")
    return made
