"""What air takes from a sound on its way: more the higher the tone and the longer the way.

Absorption by ISO 9613-1 (classical, and relaxation of oxygen and nitrogen), with the
phase that belongs to it (minimum phase). The filter of a moving source is mixed from
those of fixed distances, so that it glides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ...audio import SAMPLE_RATE
from ...errors import See2SoundError
from ...scene import FARTHEST
from ..signals.convolution import STEP, Samples, Spectra
from ..signals.phase import log_spectrum

Array = NDArray[np.float64]

#: Temperatures of ISO 9613-1, kelvin: of its reference air, and of water's triple point.
_REFERENCE, _TRIPLE = 293.15, 273.16

#: Distances whose filters are mixed lie so many metres apart, or this share of the distance
#: where that is more: a tone between two of them is 0.15 dB too loud at most.
_APART, _SHARE = 4.0, 1.0 / 14.0

#: A share of a filter that is less than this is rounded to none: 120 dB below the rest.
_NOTHING = 1e-6


@dataclass(frozen=True)
class Air:
    """Air at sea level.

    Attributes
    ----------
    celsius : float
        Temperature, -20 to 50.
    humidity : float
        Relative, percent, 5 to 100.
    """

    celsius: float = 20.0
    humidity: float = 50.0

    def __post_init__(self) -> None:
        if not (-20.0 <= self.celsius <= 50.0 and 5.0 <= self.humidity <= 100.0):
            raise See2SoundError(
                f"air of {self.celsius:g} degrees and {self.humidity:g} % humidity is not known",
                "ISO 9613-1 holds from -20 to 50 degrees and from 5 to 100 %",
                "Choose values between these",
                kind="bad-request",
            )


def absorption(air: Air, frequencies: Array) -> Array:
    """Decibels per metre at frequencies in Hz (ISO 9613-1, equations 3 to 5 and B.3)."""
    kelvin = air.celsius + 273.15
    warmth = kelvin / _REFERENCE
    saturation = 10.0 ** (-6.8346 * (_TRIPLE / kelvin) ** 1.261 + 4.6151)
    water = air.humidity * saturation  # percent of the molecules
    oxygen = 24.0 + 4.04e4 * water * (0.02 + water) / (0.391 + water)
    nitrogen = warmth**-0.5 * (9.0 + 280.0 * water * np.exp(-4.170 * (warmth ** (-1 / 3) - 1.0)))
    squared = np.asarray(frequencies, dtype=np.float64) ** 2
    relaxation = 0.01275 * np.exp(-2239.1 / kelvin) / (oxygen + squared / oxygen)
    relaxation += 0.1068 * np.exp(-3352.0 / kelvin) / (nitrogen + squared / nitrogen)
    per_metre = 8.686 * squared * (1.84e-11 * warmth**0.5 + warmth**-2.5 * relaxation)
    return np.asarray(per_metre)


def absorption_nepers(air: Air, frequencies: Array) -> Array:
    """What a metre takes at frequencies in Hz, in nepers (of pressure)."""
    return absorption(air, frequencies) * np.log(10.0) / 20.0


@cache
def _log_spectrum(air: Air) -> NDArray[np.complex128]:
    """The logarithm (STEP + 1,) of a metre's minimum-phase spectrum."""
    return log_spectrum(-absorption_nepers(air, np.fft.rfftfreq(2 * STEP, 1.0 / SAMPLE_RATE)))


@cache
def _distances() -> Array:
    """The fixed distances, metres, past any that a scene can have."""
    distances = [0.0]
    while distances[-1] < 2.0 * FARTHEST:
        distances.append(distances[-1] + max(_APART, _SHARE * distances[-1]))
    return np.array(distances)


def spectrum(air: Air, metres: Array) -> Spectra:
    """The transforms (N, STEP + 1) of filters of so much air."""
    spectra: Spectra = np.exp(metres[:, None] * _log_spectrum(air)).astype(np.complex64)
    return spectra


@cache
def _node_spectrum(air: Air, node: int) -> Spectra:
    """The transform (STEP + 1,) of a fixed distance's filter."""
    return spectrum(air, _distances()[node : node + 1])[0]


class AirFilter:
    """What air takes from one sound, batch by batch.

    Parameters
    ----------
    air : Air
    """

    def __init__(self, air: Air) -> None:
        self._air = air
        self._past = np.zeros(STEP, np.float32)

    @property
    def rings(self) -> bool:
        """Whether something of the batch before still sounds."""
        return bool(self._past.any())

    def filtered(self, samples: Samples, metres: Array) -> Iterator[tuple[Samples, Array]]:
        """The next samples after the fixed distances around theirs, and the share of each.

        Parameters
        ----------
        samples : (n STEP,) array
        metres : (P,) array
            Metres of air at marks; one alone holds for all.

        Yields
        ------
        filtered : (n STEP,) array
        shares : (P,) array
            0 to 1; all of them sum to 1, but for `_NOTHING`.
        """
        past, self._past = self._past, samples[-STEP:].copy()
        if len(metres) == 1:
            # It stays where it is: this very distance's filter.
            if metres[0]:
                samples = _back(_transformed(past, samples) * spectrum(self._air, metres))
            yield samples, np.ones(1)
            return
        distances = _distances()
        places = np.interp(metres, distances, np.arange(len(distances)))
        transformed: Spectra | None = None
        for node in range(int(places.min()), int(np.ceil(places.max())) + 1):
            shares = np.maximum(1.0 - np.abs(places - node), 0.0)
            shares[shares < _NOTHING] = 0.0
            if not shares.any():
                continue
            if node == 0:
                yield samples, shares
                continue
            if transformed is None:
                transformed = _transformed(past, samples)
            yield _back(transformed * _node_spectrum(self._air, node)), shares


def _transformed(past: Samples, samples: Samples) -> Spectra:
    """Transforms (n, STEP + 1) of steps, each with the one before."""
    whole = np.concatenate([past, samples])
    steps = np.stack([whole[:-STEP].reshape(-1, STEP), samples.reshape(-1, STEP)], axis=1)
    spectra: Spectra = fft.rfft(steps.reshape(-1, 2 * STEP), axis=-1)
    return spectra


def _back(spectra: Spectra) -> Samples:
    """The later halves of filtered steps (n, STEP + 1), as one row (overlap-save)."""
    made: Samples = fft.irfft(spectra, axis=-1)
    return made[:, STEP:].reshape(-1)
