"""How sound arrives at the listener, and the filters that play it on a layout.

The one description that every layout is fed from: each arrival has a direction,
a delay and a spectrum, and either stands alone (a point: direct sound, a
reflection) or is spread over an arc and decorrelated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..sounds.protocol import SAMPLE_RATE
from . import decorrelation
from .control import STEPS
from .convolution import STEP, Spectra, spectra_of
from .distance import REFERENCE_DISTANCE
from .headphones import BEFORE, TAPS
from .heads import head_of
from .layouts import RIG, Layout, rig_of
from .panning import point_gains
from .regions import unit_vectors
from .sums import Sums
from .tabled import tabled_gains

Array = NDArray[np.float64]

#: Samples by which every filter is late, so that it may begin before the sound does: filters
#: with a delay of their own (decorrelation, the LFE's low-pass) stay in time with the rest.
LATENCY = 3072


#: Fractions of a sample that delays are rounded to (a power of two), and the taps of one.
_FRACTIONS = 2048
_TAPS = 6
_BETA = 10.5

#: Filters that are transformed at once: together faster than one by one, and few enough to stay in
#: the processor's cache.
_AT_ONCE = 8


@cache
def on_time() -> Spectra:
    """The transform (F,) of a click that is `LATENCY` late."""
    late = np.zeros(STEP, np.float32)
    late[LATENCY] = 1.0
    return spectra_of(late)


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
    colours : (K, F) array
        Spectra that the arrivals share.
    """

    positions: Array
    delays: Array
    gains: Array
    moments: NDArray[np.intp]
    colours: Spectra


@cache
def between() -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Taps (`_FRACTIONS`, `_TAPS`) that stand between samples, and what makes up for them (F,).

    A Kaiser-Bessel kernel, its fall at high frequencies undone (as in a non-uniform FFT): 55 dB
    near to an exact delay up to 16 kHz, 35 dB up to 20 kHz, where it begins to fall.
    """
    half = _TAPS / 2
    offsets = np.arange(_TAPS) - (half - 1.0)
    fractions = np.arange(_FRACTIONS) / _FRACTIONS

    def kernel(places: Array) -> Array:
        return np.i0(_BETA * np.sqrt(np.maximum(1.0 - (places / half) ** 2, 0.0))) / np.i0(_BETA)

    taps = kernel(offsets - fractions[:, None])
    turns = np.minimum(np.arange(STEP + 1) / (2 * STEP), 20_000.0 / SAMPLE_RATE)
    # The kernel's own transform.
    root = np.sqrt(_BETA**2 - (np.pi * _TAPS * turns) ** 2 + 0j)
    fall = _TAPS / np.i0(_BETA) * (np.sinh(root) / root).real
    return taps, (1.0 / fall).astype(np.float32)


def point_filters(arrivals: Arrivals, moments: int, parts: int, layout: Layout) -> Spectra:
    """Transforms (moments, parts, M, F) of filters that play arrivals from their directions.

    Each part is of what comes a step later than in the one before; what would come after the
    last one is left out.
    """
    places = LATENCY + arrivals.delays * SAMPLE_RATE
    if layout.coding != "binaural":
        tabled = layout.coding == "loudspeakers"
        panned = (tabled_gains if tabled else point_gains)(arrivals.positions, layout)
        return np.swapaxes(_combs(arrivals, places, panned, moments, parts), 1, 2)
    head = head_of(layout)
    delays, weights = head.heard(arrivals.positions, head.coarse)
    turns = np.arange(STEP + 1) / (2 * STEP)
    early = np.exp(2j * np.pi * turns * BEFORE).astype(np.complex64)
    shared = head.coarse.spectra * early
    ears = [
        np.einsum(
            "tkpf,kf->tpf",
            _combs(arrivals, places + delays[:, ear], weights[:, ear], moments, parts),
            shared,
        )
        for ear in range(2)
    ]
    return np.stack(ears, axis=2)


def _combs(arrivals: Arrivals, places: Array, panned: Array, moments: int, parts: int) -> Spectra:
    """Transforms (moments, C, parts, F) of arrivals at places (N,), with gains (N, C)."""
    channels, length = panned.shape[1], parts * STEP
    heard = places < length - _TAPS
    kernels, made_up_for = between()
    fine = np.rint(places[heard] * _FRACTIONS).astype(np.intp)
    taps = kernels[fine % _FRACTIONS]
    first = fine // _FRACTIONS - (_TAPS // 2 - 1)
    panned = panned[heard]
    arrival, channel = np.nonzero(panned)
    if not len(arrival):
        return np.zeros((moments, channels, parts, STEP + 1), np.complex64)
    rows = arrivals.moments[heard][arrival] * channels + channel
    # Nearly all of a filter is empty: only from the first tap to the last is summed up.
    begin, end = int(first.min()), int(first.max()) + _TAPS
    at = ((rows * (end - begin) + first[arrival] - begin)[:, None] + np.arange(_TAPS)).ravel()
    summed = [
        np.bincount(
            at,
            ((gains[arrival] * panned[arrival, channel])[:, None] * taps[arrival]).ravel(),
            moments * channels * (end - begin),
        ).reshape(-1, end - begin)
        for gains in arrivals.gains[heard].T
    ]
    filters = np.zeros((moments * channels, parts, STEP + 1), np.complex64)
    colours = arrivals.colours * made_up_for
    padded = np.zeros((_AT_ONCE, 2 * STEP), np.float32)
    for part in range(begin // STEP, (end - 1) // STEP + 1):
        here = slice(max(begin - part * STEP, 0), min(end - part * STEP, STEP))
        there = slice(here.start + part * STEP - begin, here.stop + part * STEP - begin)
        padded[:] = 0.0
        for row in range(0, len(filters), _AT_ONCE):
            made = filters[row : row + _AT_ONCE, part]
            for colour, combs in zip(colours, summed, strict=True):
                padded[: len(made), here] = combs[row : row + _AT_ONCE, there]
                spectra = fft.rfft(padded[: len(made)], axis=-1)
                spectra *= colour
                made += spectra
    return filters.reshape(moments, channels, parts, STEP + 1)


@cache
def _decorrelated(layout: Layout) -> Spectra:
    """Transforms (R, F) of the filters that give each loudspeaker its own copy of a sound."""
    copies = decorrelation.decorrelators(layout)
    filters = np.zeros((len(copies), STEP), np.float32)
    start = LATENCY - decorrelation.BEGIN
    filters[:, start : start + decorrelation.LENGTH] = copies
    return spectra_of(filters)


@lru_cache(maxsize=4)
def _copies_at_ears(layout: Layout) -> Spectra:
    """Transforms (2, R, F) of the virtual loudspeakers' own copies at each ear."""
    heard = head_of(layout).spectra(_places(RIG))
    return np.ascontiguousarray(np.swapaxes(heard * _decorrelated(RIG)[:, None], 0, 1))


def add_wide(layout: Layout, sums: Sums) -> None:
    """Play what was added up for the loudspeakers of `layouts.rig_of`, decorrelated."""
    for number, step in enumerate(sums.wide.reshape(len(sums.wide), STEPS, STEP).swapaxes(0, 1)):
        if not step.any():
            continue
        heard = spectra_of(step)
        if layout.coding == "binaural":
            sums.spectra[number] += np.einsum("rf,erf->ef", heard, _copies_at_ears(layout))
            continue
        heard *= _decorrelated(rig_of(layout))
        if layout.coding == "ambisonics":
            heard = point_gains(_places(RIG), layout).T.astype(np.float32) @ heard
        sums.spectra[number] += heard
    sums.filtered = True


def from_rig(filters: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """Filters (R, L) for the loudspeakers of `layouts.rig_of` as filters (M, L) for a layout."""
    if layout.coding == "loudspeakers":
        return filters
    if layout.coding == "ambisonics":
        return point_gains(_places(RIG), layout).T.astype(np.float32) @ filters
    from scipy.signal import oaconvolve

    head = head_of(layout)
    impulses = np.fft.irfft(head.spectra(_places(RIG)), axis=2)
    # What is early at an ear lies at the end of its period.
    impulses = np.roll(impulses, TAPS, axis=2)[:, :, : 2 * TAPS].astype(np.float32)
    made = np.zeros((2, filters.shape[1]), np.float32)
    for row, ears in zip(filters, impulses, strict=True):
        for ear in range(2):
            made[ear] += oaconvolve(row, ears[ear])[TAPS : TAPS + len(row)]
    return made


def _places(layout: Layout) -> Array:
    """Where loudspeakers stand, (R, 3), a long way off."""
    return REFERENCE_DISTANCE * unit_vectors(*np.array(layout.loudspeakers).T)
