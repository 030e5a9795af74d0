"""Continues a recording to any length: stretches of it in changing order, joined by seams.

`seams` finds where it can be left and entered; here the stretches sound one after the other,
with fades that keep the power for the correlation that two stretches have.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE
from .seams import Seams
from .synth import Render, Samples


def continued(recording: NDArray[np.float32], duration: float, seed: int) -> Render:
    """A recording, as long as is wanted.

    What is longer is cut; what is shorter goes on without an audible seam. The memory needed
    depends on the recording alone.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz, sounding from its first to its last sample; M at least 64.
    duration : float
        Seconds.
    seed : int
        Another seed, another order.

    Returns
    -------
    Render
        The same samples whatever the stretches it is asked for. Peaks may be up to 3 dB above
        those of the recording, inside seams.
    """
    if len(recording) >= round(duration * SAMPLE_RATE):
        return lambda start, stop: recording[start:stop].astype(np.float64)
    return _Continued(recording, np.random.default_rng([seed, 0x5EA]))


class _Continued:
    """The stretches that sound around the present, and those that follow."""

    def __init__(self, recording: NDArray[np.float32], rng: np.random.Generator) -> None:
        self._recording = recording
        self._seams = Seams(recording, rng)
        #: Of each stretch: where it begins in what is heard, and its faded samples.
        self._stretches: list[tuple[int, Samples]] = []
        self._enter, self._starts = 0, 0
        self._fade_in = np.ones(0)

    def __call__(self, start: int, stop: int) -> Samples:
        while self._starts < stop:
            self._stretches.append(self._next())
        total = np.zeros(stop - start)
        for begins, samples in self._stretches:
            first, last = max(begins, start), min(begins + len(samples), stop)
            if first < last:
                total[first - start : last - start] += samples[first - begins : last - begins]
        self._stretches = [s for s in self._stretches if s[0] + len(s[1]) > stop]
        return total

    def _next(self) -> tuple[int, Samples]:
        seam = self._seams.after(self._enter)
        fade_out, fade_in = fades(seam.length, seam.alike)
        samples = self._recording[self._enter : seam.leave + seam.length].astype(np.float64)
        samples[: len(self._fade_in)] *= self._fade_in
        samples[-seam.length :] *= fade_out
        stretch = (self._starts, samples)
        self._starts += seam.leave - self._enter
        self._enter, self._fade_in = seam.enter, fade_in
        return stretch


def fades(length: int, alike: float) -> tuple[Samples, Samples]:
    """Gains out and in whose sum has constant power for signals of this correlation.

    With g = (cos, sin) / sqrt(1 + r sin(2 angle)) the power g0^2 + g1^2 + 2 r g0 g1 is 1:
    equal power where r is 0, equal amplitude where it is 1.

    Parameters
    ----------
    length : int
        Samples.
    alike : float
        The correlation r of what is left and what is entered, 0 to 1.
    """
    place = (np.arange(length) + 0.5) / length
    angle = 0.5 * np.pi * place * place * (3.0 - 2.0 * place)
    power = np.sqrt(1.0 + alike * np.sin(2.0 * angle))
    return np.cos(angle) / power, np.sin(angle) / power
