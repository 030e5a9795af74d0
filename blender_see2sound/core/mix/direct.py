"""Direct sound on its way to the channels of a layout, with gains and delays for every sample.

To loudspeakers and ambisonics it takes a gain per channel. To headphones it takes a
delay line per ear and gains to the head's shared filters, which all sources feed.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .arrivals import LATENCY
from .control import BATCH, CONTROL, STEPS, add_scaled, smooth, smoothed
from .convolution import STEP, Samples, Spectra, spectra_of
from .fractional import REACH, read_between, shifted
from .headphones import BEFORE, FINE, Head, MeasuredHead
from .heads import head_of
from .layouts import Layout
from .panning import point_gains
from .sums import Sums

Array = NDArray[np.float64]

#: Samples by which both ears' delay lines are late, so that the nearer ear can be early.
_LATE = 64

#: What the delay lines keep of the batch before.
_KEPT = 256


class Panned:
    """One source's direct sound on loudspeakers or in ambisonics."""

    #: Whether something of the batch before still sounds.
    rings = False

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._panned = np.zeros((1, 0))
        # Where it was when it was panned.
        self._still: Array | None = None

    def add(self, sums: Sums, samples: Samples, positions: Array, gains: Array) -> None:
        """Add a batch.

        Parameters
        ----------
        sums : Sums
        samples : (BATCH,) array
        positions : (P, 3) array
            At the control points and some around; one alone holds for all.
        gains : (P,) array
        """
        if self._still is None or len(positions) > 1 or np.any(self._still != positions):
            self._panned = point_gains(positions, self._layout)
            self._still = positions.copy()
        rows = self._panned * gains[:, None]
        for bus, row in zip(sums.direct, smooth(rows.T), strict=True):
            add_scaled(bus, samples, row)


class AtEars:
    """One source's direct sound at two ears."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._past = np.zeros(_KEPT, np.float32)

    @property
    def rings(self) -> bool:
        """Whether something of the batch before still sounds."""
        return bool(self._past.any())

    def add(self, sums: Sums, samples: Samples, positions: Array, gains: Array) -> None:
        """As `Panned.add`."""
        line = np.concatenate([self._past, samples, np.zeros(REACH, np.float32)])
        self._past = samples[-_KEPT:].copy()
        if isinstance(self._head, MeasuredHead):
            self._add_measured(self._head, sums, line, positions, gains)
            return
        delays, weights = self._head.heard(positions, self._head.fine)
        rows = weights * gains[:, None, None]
        buses = sums.direct.reshape(2, FINE, BATCH)
        for ear, ear_buses in enumerate(buses):
            heard = _delayed(line, smoothed(delays[None, :, ear])[0] + _LATE)
            for bus, row in zip(ear_buses, smooth(rows[:, ear].T), strict=True):
                add_scaled(bus, heard, row)

    def _add_measured(
        self, head: MeasuredHead, sums: Sums, line: Samples, positions: Array, gains: Array
    ) -> None:
        """Filter by each response that is near, faded in and out as the source passes."""
        numbers, shares = head.locate(positions)
        delays = np.sum(head.delays[numbers] * shares, axis=2)
        for ear in range(2):
            heard = _delayed(line, smoothed(delays[None, :, ear])[0] + _LATE)
            if len(positions) == 1:
                own = shares[0, ear].astype(np.float32) @ head.taps[numbers[0, ear]]
                rows = [(own, gains)]
            else:
                rows = [
                    (head.taps[n], np.sum(shares[:, ear] * (numbers[:, ear] == n), axis=1) * gains)
                    for n in np.unique(numbers[:, ear])
                ]
            for taps, row in rows:
                faded = np.zeros_like(heard)
                add_scaled(faded, heard, smooth(row[None])[0])
                if faded.any():
                    steps = fft.rfft(faded.reshape(STEPS, STEP), 2 * STEP, axis=-1)
                    sums.spectra[:STEPS, ear] += steps * (spectra_of(taps) * _in_time())
        sums.filtered = True


@cache
def _in_time() -> Spectra:
    """What brings the taps of a head and late ears to `LATENCY`."""
    turns = np.arange(STEP + 1) / (2 * STEP)
    late: Spectra = np.exp(-2j * np.pi * turns * (LATENCY - _LATE - BEFORE)).astype(np.complex64)
    return late


def _delayed(line: Samples, late: Array) -> Samples:
    """A batch, late by samples at control points (POINTS + 1,)."""
    if np.all(late == late[0]):
        return shifted(line, _KEPT - late[0], BATCH)
    places = _KEPT + np.arange(len(late)) * CONTROL - late
    steps = np.arange(CONTROL) / CONTROL
    exact = places[:-1, None] + np.diff(places)[:, None] * steps
    return read_between(line, exact.ravel())


def direct_to(layout: Layout) -> Panned | AtEars:
    """How a source's direct sound gets to a layout."""
    return AtEars(head_of(layout)) if layout.coding == "binaural" else Panned(layout)


def add_shared(head: Head, sums: Sums) -> None:
    """Play what was added up for two ears through the filters that all sources share."""
    if not sums.direct.any():
        return
    steps = sums.direct.reshape(2, FINE, STEPS, STEP)
    filters = head.fine.spectra * _in_time()
    for step in range(STEPS):
        transformed = fft.rfft(steps[:, :, step], 2 * STEP, axis=-1)
        sums.spectra[step] += np.einsum("ekf,kf->ef", transformed, filters)
    sums.filtered = True
