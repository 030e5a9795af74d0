"""From what a model or a file gives to a recording as the project uses it: one channel, 48 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE

#: Edges of the octave bands in which a fold is looked at, Hz.
_EDGES = 31.25 * 2.0 ** np.arange(11)
#: Bands with less of the sound's power than this do not decide.
_MATTERS = 0.01
#: A band of the fold must keep so much of the channels' mean power: 3 dB below what is left of
#: channels that have nothing in common.
_KEPT = 0.25


def recording_of(sound: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """One channel at 48 kHz.

    Parameters
    ----------
    sound : (channels, n) float32 array
    rate : int
        Samples per second.

    Returns
    -------
    (m,) float32 array
    """
    import soxr

    mono = folded(sound, rate)
    if rate == SAMPLE_RATE:
        return mono
    return np.asarray(soxr.resample(mono, rate, SAMPLE_RATE, quality="HQ"), np.float32)


def folded(sound: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """One channel of several: their mean, or the loudest where they would cancel each other.

    A sound that lies in opposite phase in two channels, wholly or in one range of tones, would
    be thin or gone in the mean; each channel alone has all of it.

    Parameters
    ----------
    sound : (channels, n) float32 array
    rate : int

    Returns
    -------
    (n,) float32 array
    """
    return np.asarray(folding(sound, rate) @ sound, np.float32)


def folding(sound: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """How much of each channel is in the one that `folded` makes of them.

    Parameters
    ----------
    sound : (channels, n) float32 array
        Or a part of it that stands for the whole.
    rate : int

    Returns
    -------
    (channels,) float32 array
        All alike, or 1 for the loudest and 0 for the others.
    """
    alike = np.full(len(sound), 1.0 / len(sound), np.float32)
    if len(sound) == 1:
        return alike
    each = np.mean([_bands(channel, rate) for channel in sound], axis=0)
    left = _bands(alike @ sound, rate)
    matters = each > _MATTERS * max(float(each.sum()), 1e-30)
    if np.all(left[matters] >= _KEPT * each[matters]):
        return alike
    loudest = int(np.argmax(np.square(sound, dtype=np.float64).sum(axis=1)))
    return np.eye(len(sound), dtype=np.float32)[loudest]


def _bands(channel: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """The power of a sound in octave bands."""
    power = np.abs(np.fft.rfft(channel)) ** 2
    edges = np.searchsorted(np.fft.rfftfreq(len(channel), 1.0 / rate), _EDGES)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    return np.asarray(np.diff(sums[edges]), np.float64)
