"""What arrives at two ears, whichever head is between them.

The response of an ear to a direction is a delay and a filter. Over all directions
the filters are alike, so each is mixed from a few shared ones: a source costs a
delay line per ear and some gains, which may change with every sample, and the
shared filters are paid once for all sources.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ..signals.convolution import STEP, Spectra, spectra_of

Array = NDArray[np.float64]
Responses = NDArray[np.complex128]

#: Taps of a shared filter, and how many of them come before the delay has passed.
TAPS, BEFORE = 512, 64

#: How many filters direct sound shares, and reflections.
FINE, COARSE = 16, 4

#: Frequencies where filters are compared, Hz: as hearing spaces them.
COMPARED = np.geomspace(80.0, 18_000.0, 80)


def frequencies() -> Array:
    """The frequencies (TAPS + 1,) that shared filters are made from, Hz; the first is not 0."""
    values = np.fft.rfftfreq(2 * TAPS, 1.0 / SAMPLE_RATE)
    values[0] = 1.0
    return np.asarray(values)


def taps_of(responses: Responses) -> NDArray[np.float32]:
    """Taps (D, TAPS) of responses (D, TAPS + 1) at `frequencies`, `BEFORE` samples late."""
    late = np.exp(-2j * np.pi * frequencies() * BEFORE / SAMPLE_RATE)
    return np.fft.irfft(responses * late, axis=1)[:, :TAPS].astype(np.float32)


class Shared:
    """Filters that many responses are mixed from.

    Parameters
    ----------
    axes : (D, K) array
        How much of each filter is in each response.
    responses : (D, TAPS + 1) array

    Attributes
    ----------
    weights : (D, K) array
        The axes.
    taps : (K, TAPS) array
        The filters, `BEFORE` samples late.
    spectra : (K, STEP + 1) array
        Their transforms.
    """

    def __init__(self, axes: Array, responses: Responses) -> None:
        self.weights = axes
        self.taps = taps_of(np.linalg.pinv(axes) @ responses)
        self.spectra: Spectra = spectra_of(self.taps)


class Head:
    """Two ears, their responses mixed from shared filters.

    Parameters
    ----------
    compared, responses : (D, 80), (D, TAPS + 1) arrays
        Responses at `COMPARED` and at `frequencies`, without their delays.
    delays : (D,) array
        What was taken out, in samples later than the middle of the head.
    locate : callable
        Which responses stand for positions (N, 3) at the left and right ear: numbers
        (N, 2, J) and shares (N, 2, J) that sum to 1.
    coarse : int
        How many filters reflections share.
    """

    def __init__(
        self,
        compared: Responses,
        responses: Responses,
        delays: Array,
        locate: Callable[[Array], tuple[NDArray[np.intp], Array]],
        coarse: int = COARSE,
    ) -> None:
        rows = np.concatenate([compared.real, compared.imag], axis=1)
        axes = np.linalg.svd(rows, full_matrices=False)[0]
        self.fine = Shared(axes[:, :FINE], responses)
        self.coarse = Shared(axes[:, :coarse], responses)
        self.locate = locate
        self.delays = delays

    def heard(self, positions: Array, shared: Shared) -> tuple[Array, Array]:
        """How positions are heard.

        Parameters
        ----------
        positions : (N, 3) array
            Metres.
        shared : Shared
            `fine` or `coarse`.

        Returns
        -------
        delays : (N, 2) array
            Samples, at the left and right ear, later than in the middle of the head.
        weights : (N, 2, K) array
        """
        numbers, shares = self.locate(positions)
        delays = np.sum(self.delays[numbers] * shares, axis=2)
        weights = np.einsum("nejk,nej->nek", shared.weights[numbers], shares)
        return delays, weights

    def spectra(self, positions: Array) -> Spectra:
        """Transforms (N, 2, STEP + 1) of both ears' responses, in time with the head's middle."""
        delays, weights = self.heard(positions, self.fine)
        turns = np.arange(STEP + 1) / (2 * STEP)
        late = np.exp(-2j * np.pi * turns * (delays - BEFORE)[:, :, None])
        spectra: Spectra = (weights.astype(np.float32) @ self.fine.spectra) * late
        return spectra.astype(np.complex64)


class MeasuredHead(Head):
    """Two ears whose responses have no few filters in common: direct sound takes each as it is.

    Attributes
    ----------
    taps : (D, TAPS) array
        The responses, `BEFORE` samples late.
    """

    def __init__(
        self,
        compared: Responses,
        responses: Responses,
        delays: Array,
        locate: Callable[[Array], tuple[NDArray[np.intp], Array]],
    ) -> None:
        super().__init__(compared, responses, delays, locate, coarse=FINE)
        self.taps = taps_of(responses)
