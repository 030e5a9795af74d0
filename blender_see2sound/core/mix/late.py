"""The late sound of a room: noise that decays in each octave as asked, its own in each channel.

The noise is cut into octaves with steep borders, each octave is evened out so that
each channel, and what they sum to when they are folded down, follow the decay and
not chance, and the octaves are summed again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d

from ..materials import OCTAVES
from ..sounds.protocol import SAMPLE_RATE
from .arrivals import LATENCY
from .layouts import Layout
from .panning import diffuse_gains
from .room import RoomModel

#: The late sound ends where it has decayed by this many decibels.
_RANGE = 75.0

#: Octaves over which one octave gives way to the next.
_BORDER = 0.25

#: Seconds in which scattered sound builds up.
_BUILD_UP = 0.03

_SEED = 5

#: Evening out the sum stirs the channels a little, and the other way round: done so many times.
_ROUNDS = 2


def late_filters(room: RoomModel, layout: Layout) -> NDArray[np.float32]:
    """Filters (M, L) of the late sound, a row per main channel; the same noise every time."""
    if not room.late_levels.any():
        return np.zeros((len(layout.mains), 1), np.float32)
    lengths = (_RANGE / 10.0 * np.log(10.0) / room.decay_rates * SAMPLE_RATE).astype(int) + 1
    length, channels = int(lengths.max()), len(layout.mains)
    edges = np.arange(length + 1) / SAMPLE_RATE
    energy = room.late_energy(edges[:-1], edges[1:])  # (L, 7)
    if room.scatters:
        energy *= np.sin(0.5 * np.pi * np.minimum(edges[:-1, None] / _BUILD_UP, 1.0)) ** 2
    else:
        energy *= 1.0 - room.fading(edges[:-1, None]) ** 2
    padded = fft.next_fast_len(length, real=True)
    random = np.random.default_rng(_SEED)
    spectra = fft.rfft(random.standard_normal((channels, padded), np.float32))
    shares = diffuse_gains(layout) ** 2
    filters = np.zeros((channels, length), np.float32)
    for band, count, part in zip(_bands(padded), lengths, energy.T, strict=True):
        noise = fft.irfft(spectra * band, padded)[:, :count]
        power = float(np.mean(band**2))
        # Wide enough to leave the noise its own waves.
        around = int(6.0 * SAMPLE_RATE / (0.7 * _middle(band, padded)))
        noise = _even(noise, np.sqrt(shares), power, around)
        noise *= np.sqrt(part[:count])
        got = np.sum(noise**2, axis=1)
        if got.all():
            noise *= np.sqrt(power * shares * part[:count].sum() / got)[:, None]
        filters[:, :count] += noise
    # Octaves overlap a little at their borders; all channels shall be alike in that too.
    got = np.sum(filters.astype(np.float64) ** 2, axis=1)
    if got.all():
        filters *= np.sqrt(shares * got.sum() / shares.sum() / got)[:, None]
    delayed = np.zeros((channels, LATENCY + length), np.float32)
    delayed[:, LATENCY:] = filters
    return delayed


def _even(
    noise: NDArray[np.float32], gains: NDArray[np.float64], power: float, around: int
) -> NDArray[np.float32]:
    """Noise (M, n) whose channels, and whose sum with gains (M,), are of one power throughout."""
    share = (gains / np.sum(gains**2)).astype(np.float32)[:, None]
    for _ in range(_ROUNDS):
        whole = gains.astype(np.float32) @ noise
        noise = noise + share * (whole * (_evening(whole, around, power * np.sum(gains**2)) - 1.0))
        noise *= _evening(noise, around, power)
    return noise


def _evening(noise: NDArray[np.float32], around: int, power: float) -> NDArray[np.float32]:
    """What brings noise (..., n) to a power in any stretch of some samples."""
    local = uniform_filter1d(noise**2, around, axis=-1, mode="reflect")
    gains: NDArray[np.float32] = np.sqrt(power / np.maximum(local, 1e-12)).astype(np.float32)
    return gains


def _bands(length: int) -> NDArray[np.float32]:
    """The share (7, length / 2 + 1) that each octave has in each frequency; they sum to 1.

    The first takes all below it too, the last all above.
    """
    octaves = np.log2(np.maximum(np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE), 1.0))
    borders = np.log2(OCTAVES[:-1])[:, None] + 0.5
    rise = np.clip((octaves - borders) / _BORDER + 0.5, 0.0, 1.0)
    above = np.sin(0.5 * np.pi * rise) ** 2
    top, bottom = np.ones((1, len(octaves))), np.zeros((1, len(octaves)))
    return -np.diff(np.concatenate([top, above, bottom]), axis=0).astype(np.float32)


def _middle(band: NDArray[np.float32], length: int) -> float:
    """The frequency in the middle of a band, Hz."""
    return float(np.argmax(np.cumsum(band) >= 0.5 * band.sum()) * SAMPLE_RATE / length)
