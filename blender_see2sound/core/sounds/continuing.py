"""Continues a recording to any length: stretches of it in changing order, joined where they fit.

A seam is heard where colour or level jump, where something begins in the middle of it, and
where waves cancel. So a seam leaves and enters the recording where the spectra over its whole
length are most alike and nothing begins, the entry is moved by some milliseconds to where the
waves agree best, and the fades keep the power for the correlation that is there. No pair of
places is used again soon, so no loop is heard (the idea of video textures, Schödl et al.,
SIGGRAPH 2000, for sound).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from .protocol import SAMPLE_RATE
from .synth import Render, Samples

#: A seam lasts this part of the recording, and no longer than so many samples (0.6 s).
SEAM_SHARE, LONGEST_SEAM = 0.2, int(0.6 * SAMPLE_RATE)

#: Between two seams at least this part of what lies between the first and the last place of one.
SHORTEST_STRETCH = 0.3

#: An entry lies at least this part of the recording away from where it was left.
SHORTEST_JUMP = 0.12

#: Places in a recording that are compared; a matrix of these is all that is kept of it.
PLACES = 400

#: An entry is moved by at most so many samples to either side (20 ms: a period of 50 Hz).
_SHIFT = SAMPLE_RATE // 50

#: The longest frame of a spectrum, samples; and the edges of its bands, Hz.
_FRAME = 2048
_EDGES = np.geomspace(60.0, 18_000.0, 25)

#: What is softer than the loudest by so much counts as equal, dB.
_DEEPEST = 60.0

#: How much a seam on something that begins costs beside unlike spectra.
_BEGINNING = 0.5

#: How much of the reluctance to use a place again is left at the next seam.
_FORGETTING = 0.75


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
        self._seams = _Seams(recording, rng)
        #: Of each stretch: where it begins in what is heard, and its faded samples.
        self._stretches: list[tuple[int, Samples]] = []
        self._entry, self._starts = 0, 0
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
        leave, entry, fade_out, fade_in = self._seams.after(self._entry)
        samples = self._recording[self._entry : leave + len(fade_out)].astype(np.float64)
        samples[: len(self._fade_in)] *= self._fade_in
        samples[-len(fade_out) :] *= fade_out
        stretch = (self._starts, samples)
        self._starts += leave - self._entry
        self._entry, self._fade_in = entry, fade_in
        return stretch


class _Seams:
    """Where a recording can be left and entered."""

    def __init__(self, recording: NDArray[np.float32], rng: np.random.Generator) -> None:
        self._recording, self._rng = recording, rng
        self._length = max(min(int(SEAM_SHARE * len(recording)), LONGEST_SEAM), 4)
        last = len(recording) - self._length
        self._places = np.unique(np.linspace(0, last, PLACES).astype(np.int64))
        self._shortest = int(SHORTEST_STRETCH * last)
        colours, begins = _heard(recording, self._places, self._length)
        square = np.sum(colours**2, axis=1)
        unlike = (square[:, None] + square - 2.0 * colours @ colours.T) / colours.shape[1]
        self._cost = unlike + _BEGINNING * (begins[:, None] + begins)
        near = np.abs(self._places[:, None] - self._places) < SHORTEST_JUMP * len(recording)
        self._cost[near] = np.inf
        # An entry must leave room for a stretch.
        self._cost[:, self._places > last - self._shortest] = np.inf
        #: What makes using a place again as bad as another one that fits less.
        self._reluctance = float(np.percentile(self._cost[np.isfinite(self._cost)], 10)) + 1.0
        self._left, self._entered = (np.zeros(len(self._places)) for _ in range(2))

    def after(self, entry: int) -> tuple[int, int, Samples, Samples]:
        """Where to leave after this entry, where to enter next, and the fades out and in."""
        first = min(
            int(np.searchsorted(self._places, entry + self._shortest)), len(self._places) - 1
        )
        used = self._left[first:, None] + self._entered
        cost = self._cost[first:] + self._reluctance * used
        # Of all ways some are closed, so that another seed goes another way.
        cost = np.where(self._rng.random(cost.shape) < 0.5, cost, cost + self._reluctance)
        row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
        self._left *= _FORGETTING
        self._entered *= _FORGETTING
        for marks, place in ((self._left, first + row), (self._entered, column)):
            away = (np.arange(len(marks)) - place) / (0.03 * len(marks))
            marks += np.exp(-0.5 * away**2)
        leave = int(self._places[first + row])
        enter, alike = self._aligned(leave, int(self._places[column]))
        return leave, enter, *fades(self._length, alike)

    def _aligned(self, leave: int, entry: int) -> tuple[int, float]:
        """The entry moved to where the waves agree best, and their correlation there."""
        low = max(entry - _SHIFT, 0)
        high = min(entry + _SHIFT, len(self._recording) - self._length - self._shortest)
        high = max(high, low)
        weight = np.hanning(self._length + 2)[1:-1]
        left = self._recording[leave : leave + self._length].astype(np.float64)
        entered = self._recording[low : high + self._length].astype(np.float64)
        products = signal.correlate(entered, left * weight, "valid")
        energies = signal.correlate(entered**2, weight, "valid")
        scale = np.sqrt(np.maximum(energies, 1e-12) * max(float(weight @ left**2), 1e-12))
        alike = products / scale
        best = int(np.argmax(alike))
        return low + best, float(np.clip(alike[best], 0.0, 1.0))


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


def _heard(
    recording: NDArray[np.float32], places: NDArray[np.int64], length: int
) -> tuple[Samples, Samples]:
    """What is heard over a seam's length from each place.

    Returns
    -------
    colours : (P, B) array
        Mean level of each band, dB.
    begins : (P,) array
        The strongest rise of the level inside, dB squared.
    """
    frame = min(_FRAME, 1 << max(length.bit_length() - 1, 2))
    hop = max(frame // 2, length // 8)
    starts = np.arange(0, max(len(recording) - frame, 0) + 1, hop)
    window = np.hanning(frame + 2)[1:-1].astype(np.float32)
    bins = np.fft.rfftfreq(frame, 1.0 / SAMPLE_RATE)
    band = np.searchsorted(_EDGES, bins) - 1
    kept = (band >= 0) & (band < len(_EDGES) - 1)
    # Bands narrower than a bin stay empty in short frames; they tell nothing.
    filled, column = np.unique(band[kept], return_inverse=True)
    gather = np.zeros((len(bins), len(filled)), np.float32)
    gather[np.flatnonzero(kept), column] = 1.0
    powers = np.concatenate(
        [
            np.abs(np.fft.rfft(_frames(recording, starts[i : i + 256], frame) * window)) ** 2
            @ gather
            for i in range(0, len(starts), 256)
        ]
    )
    whole = powers.sum(axis=1)
    level = 10.0 * np.log10(np.maximum(whole, whole.max() * 10.0 ** (-_DEEPEST / 10.0) + 1e-20))
    rises = np.maximum(np.diff(level, prepend=level[0]), 0.0)
    sums = np.concatenate([np.zeros((1, powers.shape[1])), np.cumsum(powers, axis=0)])
    first = np.searchsorted(starts, places - frame // 4)
    last = np.searchsorted(starts, places + length - frame // 2)
    first = np.minimum(first, len(starts) - 1)
    last = np.maximum(last, first + 1)
    means = (sums[last] - sums[first]) / (last - first)[:, None]
    floor = max(float(means.max()), 1e-20) * 10.0 ** (-_DEEPEST / 10.0)
    colours = 10.0 * np.log10(np.maximum(means, floor))
    begins = np.asarray([rises[a:b].max() ** 2 for a, b in zip(first, last, strict=True)])
    return colours, begins


def _frames(
    recording: NDArray[np.float32], starts: NDArray[np.int64], frame: int
) -> NDArray[np.float32]:
    places = starts[:, None] + np.arange(frame)
    inside: NDArray[np.float32] = recording[np.minimum(places, len(recording) - 1)]
    return inside
