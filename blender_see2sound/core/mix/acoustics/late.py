"""The late sound of a room: noise that decays in each octave as asked, its own in each channel.

The noise is cut into octaves with steep borders, each octave is evened out so that
each channel, and what they sum to when they are folded down, follow the decay and
not chance, and the octaves are summed again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d

from ...audio import SAMPLE_RATE
from ...materials import OCTAVES
from ..channels.sums import LATENCY
from ..channels.wide import from_rig
from ..layouts.layout import Layout
from ..layouts.rig import rig_of
from ..panning.gains import diffuse_gains
from .room import RoomModel

#: The late sound ends where it has decayed by this many decibels.
_RANGE = 75.0

#: Octaves over which one octave gives way to the next.
_BORDER = 0.25

#: Seconds in which scattered sound builds up.
_BUILD_UP = 0.03

_SEED = 5

#: Samples whose energy is found at once.
_PIECE = 2**16

#: Evening out the sum stirs the channels a little, and the other way round: done so many times.
_ROUNDS = 2


#: Those of the last rooms and layouts.
_kept: OrderedDict[tuple[RoomModel, Layout], NDArray[np.float32]] = OrderedDict()
_KEPT = 2
_making = Lock()


def late_sound(room: RoomModel, layout: Layout, tell: Callable[[], None]) -> NDArray[np.float32]:
    """Filters (M, L) of the late sound for the main channels of a layout.

    They are kept: the stems of one mix ask one by one, or side by side.

    Parameters
    ----------
    room : RoomModel
    layout : Layout
    tell : callable
        Called several times a second; may raise `Cancelled`.
    """
    while not _making.acquire(timeout=0.2):
        tell()
    try:
        made = _kept.pop((room, layout), None)
        if made is None:
            made = from_rig(late_filters(room, rig_of(layout), tell), layout)
        _kept[room, layout] = made
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
        return made
    finally:
        _making.release()


def late_filters(room: RoomModel, layout: Layout, tell: Callable[[], None]) -> NDArray[np.float32]:
    """Filters (M, L) for a layout of loudspeakers; the same noise every time."""
    if not room.late_levels.any():
        return np.zeros((len(layout.mains), 1), np.float32)
    lengths = (_RANGE / 10.0 * np.log(10.0) / room.decay_rates * SAMPLE_RATE).astype(int) + 1
    length, channels = int(lengths.max()), len(layout.mains)
    energy = _energy(room, length, tell)
    padded = fft.next_fast_len(length, real=True)
    random = np.random.default_rng(_SEED)
    spectra = np.empty((channels, padded // 2 + 1), np.complex64)
    for spectrum in spectra:
        tell()
        spectrum[:] = fft.rfft(random.standard_normal(padded, np.float32))
    shares = diffuse_gains(layout) ** 2
    filters = np.zeros((channels, length), np.float32)
    for band, count, part in zip(_bands(padded, tell), lengths, energy, strict=True):
        noise = np.empty((channels, count), np.float32)
        for row, spectrum in zip(noise, spectra, strict=True):
            tell()
            row[:] = fft.irfft(spectrum * band, padded)[:count]
        power = float(np.mean(band**2))
        # Wide enough to leave the noise its own waves.
        around = int(6.0 * SAMPLE_RATE / (0.7 * _middle(band, padded)))
        _even(noise, np.sqrt(shares), power, around, tell)
        decay = np.sqrt(part[:count])
        wanted = power * shares * part[:count].sum()
        got = np.empty(channels)
        for number, row in enumerate(noise):
            tell()
            row *= decay
            got[number] = np.sum(row**2)
        scales = np.sqrt(wanted / got) if got.all() else np.ones(channels)
        for row, scale, whole in zip(noise, scales[:, None], filters, strict=True):
            tell()
            row *= scale
            whole[:count] += row
    # Octaves overlap a little at their borders; all channels shall be alike in that too.
    got = np.empty(channels)
    for number, row in enumerate(filters):
        tell()
        got[number] = np.sum(row.astype(np.float64) ** 2)
    delayed = np.zeros((channels, LATENCY + length), np.float32)
    scales = np.sqrt(shares * got.sum() / shares.sum() / got) if got.all() else np.ones(channels)
    np.multiply(filters, scales[:, None], out=delayed[:, LATENCY:], casting="same_kind")
    return delayed


def _energy(room: RoomModel, length: int, tell: Callable[[], None]) -> NDArray[np.float64]:
    """The late sound's energy (7, length) in each octave, sample by sample."""
    energy = np.empty((len(OCTAVES), length))
    for begin in range(0, length, _PIECE):
        tell()
        edges = np.arange(begin, min(begin + _PIECE, length) + 1) / SAMPLE_RATE
        piece = room.late_energy(edges[:-1], edges[1:])
        if room.scatters:
            piece *= np.sin(0.5 * np.pi * np.minimum(edges[:-1, None] / _BUILD_UP, 1.0)) ** 2
        else:
            piece *= 1.0 - room.fading(edges[:-1, None]) ** 2
        energy[:, begin : begin + _PIECE] = piece.T
    return energy


def _even(
    noise: NDArray[np.float32],
    gains: NDArray[np.float64],
    power: float,
    around: int,
    tell: Callable[[], None],
) -> None:
    """Give the channels of noise (M, n), and their sum with gains (M,), one power throughout."""
    share = (gains / np.sum(gains**2)).astype(np.float32)
    for _ in range(_ROUNDS):
        tell()
        whole = gains.astype(np.float32) @ noise
        missing = whole * (_evening(whole, around, power * np.sum(gains**2)) - 1.0)
        for part, row in zip(share, noise, strict=True):
            tell()
            row += part * missing
            row *= _evening(row, around, power)


def _evening(noise: NDArray[np.float32], around: int, power: float) -> NDArray[np.float32]:
    """What brings noise (n,) to a power in any stretch of some samples."""
    local = uniform_filter1d(noise**2, around, mode="reflect")
    gains: NDArray[np.float32] = np.sqrt(power / np.maximum(local, 1e-12)).astype(np.float32)
    return gains


def _bands(length: int, tell: Callable[[], None]) -> Iterator[NDArray[np.float32]]:
    """The share (length / 2 + 1,) of each octave in each frequency; they sum to 1.

    The first takes all below it too, the last all above.
    """
    octaves = np.log2(np.maximum(np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE), 1.0))
    above = np.ones(len(octaves))
    for border in np.log2(OCTAVES[:-1]) + 0.5:
        tell()
        rise = np.clip((octaves - border) / _BORDER + 0.5, 0.0, 1.0)
        higher = np.sin(0.5 * np.pi * rise) ** 2
        yield (above - higher).astype(np.float32)
        above = higher
    yield above.astype(np.float32)


def _middle(band: NDArray[np.float32], length: int) -> float:
    """The frequency in the middle of a band, Hz."""
    return float(np.argmax(np.cumsum(band) >= 0.5 * band.sum()) * SAMPLE_RATE / length)
