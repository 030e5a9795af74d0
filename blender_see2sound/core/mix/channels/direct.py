"""Direct sound on its way to the channels of a layout, with gains and delays for every sample.

To loudspeakers and ambisonics it takes a gain per channel; that of spread sources and
beds is decorrelated between channels, by filters that all of them share. To headphones it takes a
delay line per ear and gains to the head's shared filters, which all sources feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..heads.chosen import head_of
from ..heads.head import BEFORE, FINE, Head, MeasuredHead
from ..layouts.layout import Layout
from ..layouts.rig import rig_of
from ..panning.gains import point_gains, ring_gains, spread_gains, spread_share
from ..panning.tabled import tabled_gains
from ..signals.control import BATCH, CONTROL, STEPS, add_scaled, smooth, smoothed
from ..signals.convolution import STEP, Samples, Spectra, spectra_of
from ..signals.fractional import REACH, read_between, shifted
from .sums import LATENCY, Sums

Array = NDArray[np.float64]

#: Samples by which both ears' delay lines are late, so that the nearer ear can be early.
_LATE = 64

#: Samples by which reflections that glide are ahead of direct sound: what makes up for reading
#: between samples is not causal, and one that is hardly late needs samples that come after it.
EARLY = 256

#: What the delay lines keep of the batch before.
_KEPT = 256


class Panned:
    """One source's direct sound, or a reflection, on loudspeakers or in ambisonics.

    Parameters
    ----------
    layout : Layout
    early : bool
        A reflection, `EARLY` samples ahead, panned as all of them are (`core.mix.panning.tabled`).
    """

    #: Whether something of the batch before still sounds.
    rings = False

    def __init__(self, layout: Layout, early: bool = False) -> None:
        self._layout = layout
        self._early = early
        tabled = early and layout.coding == "loudspeakers"
        self._panning = tabled_gains if tabled else point_gains
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
            At the marks and some around; one alone holds for all.
        gains : (P,) array
        """
        if self._still is None or len(positions) > 1 or np.any(self._still != positions):
            self._panned = self._panning(positions, self._layout)
            self._still = positions.copy()
        rows = self._panned * gains[:, None]
        for bus, row in zip(_buses(sums, self._early), smooth(rows.T), strict=True):
            add_scaled(bus, samples, row)


class Wide:
    """One source's direct sound from all around a direction, decorrelated.

    On loudspeakers all of a spread source passes the same filters, what is left of the point
    too: if it met its own copies in a channel they would add or cancel, tone by tone. Elsewhere
    every channel hears all copies anyway, and the point stays a point.

    Parameters
    ----------
    spread : float or None
        0 to 1; None is a bed: all around, wherever it is put.
    """

    #: As of `Panned`.
    rings = False

    def __init__(self, spread: float | None, layout: Layout) -> None:
        self._spread = spread
        self._rig = rig_of(layout)
        self._whole = layout.coding == "loudspeakers"
        self._panned = ring_gains(self._rig)[None] if spread is None else np.zeros((1, 0))
        self._still: Array | None = None

    def add(self, sums: Sums, samples: Samples, positions: Array, gains: Array) -> None:
        """As `Panned.add`."""
        if self._spread is not None and (
            self._still is None or len(positions) > 1 or np.any(self._still != positions)
        ):
            self._panned = self._around(positions, self._spread)
            self._still = positions.copy()
        rows = self._panned * gains[:, None]
        for bus, row in zip(sums.wide, smooth(rows.T), strict=True):
            add_scaled(bus, samples, row)
        sums.widened = True

    def _around(self, positions: Array, spread: float) -> Array:
        """Gains (P, R): powers of the point and of the arc around it add."""
        share = spread_share(spread)
        powers = share * spread_gains(positions, spread, self._rig) ** 2
        if self._whole:
            powers += (1.0 - share) * point_gains(positions, self._rig) ** 2
        return np.asarray(np.sqrt(powers))


class AtEars:
    """One source's direct sound, or a reflection, at two ears.

    Parameters
    ----------
    head : Head
    early : bool
        A reflection, `EARLY` samples ahead.
    """

    def __init__(self, head: Head, early: bool = False) -> None:
        self._head = head
        self._early = early
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
        buses = _buses(sums, self._early).reshape(2, FINE, BATCH)
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
                    sums.spectra[:, ear] += steps * (spectra_of(taps) * _in_time(self._early))
        sums.filtered = True


@cache
def _in_time(early: bool) -> Spectra:
    """What brings the taps of a head and late ears to `LATENCY`."""
    turns = np.arange(STEP + 1) / (2 * STEP)
    samples = LATENCY - _LATE - BEFORE - EARLY * early
    late: Spectra = np.exp(-2j * np.pi * turns * samples).astype(np.complex64)
    return late


def _buses(sums: Sums, early: bool) -> Samples:
    """Where direct sound, or reflections, of points are added up."""
    sums.glided |= early
    return sums.early if early else sums.direct


def _delayed(line: Samples, late: Array) -> Samples:
    """A batch, late by samples at control points (POINTS + 1,)."""
    if np.all(late == late[0]):
        return shifted(line, _KEPT - late[0], BATCH)
    places = _KEPT + np.arange(len(late)) * CONTROL - late
    steps = np.arange(CONTROL) / CONTROL
    exact = places[:-1, None] + np.diff(places)[:, None] * steps
    return read_between(line, exact.ravel())


def point_to(layout: Layout, early: bool = False) -> Panned | AtEars:
    """How the direct sound of a point, or a reflection, gets to a layout."""
    if layout.coding == "binaural":
        return AtEars(head_of(layout), early)
    return Panned(layout, early)


@dataclass(frozen=True)
class Way:
    """One of the ways that a source's direct sound takes, and how much of it."""

    to: Panned | AtEars | Wide
    gain: float


def ways_to(layout: Layout, spread: float, bed: bool) -> list[Way]:
    """How a source's direct sound gets to a layout."""
    if bed:
        return [Way(Wide(None, layout), 1.0)]
    if layout.coding == "loudspeakers" and spread > 0.0:
        return [Way(Wide(spread, layout), 1.0)]
    share = spread_share(spread)
    ways = []
    if share < 1.0:
        ways.append(Way(point_to(layout), float(np.sqrt(1.0 - share))))
    if share > 0.0:
        ways.append(Way(Wide(spread, layout), 1.0))
    return ways


def add_shared(head: Head, sums: Sums) -> None:
    """Play what was added up for two ears through the filters that all sources share."""
    for early in (False, True) if sums.glided else (False,):
        added = _buses(sums, early)
        if not added.any():
            continue
        steps = added.reshape(2, FINE, STEPS, STEP)
        filters = head.fine.spectra * _in_time(early)
        for step in range(STEPS):
            transformed = fft.rfft(steps[:, :, step], 2 * STEP, axis=-1)
            sums.spectra[step] += np.einsum("ekf,kf->ef", transformed, filters)
        sums.filtered = True
