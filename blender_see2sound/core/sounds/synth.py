"""Building blocks of procedural sound: noise, filters, tones, grains and modes.

A sound is a `Render`: called with consecutive stretches ``(start, stop)`` in
samples it gives their samples. Blocks keep the state that goes over a border
(filters, phases, tails), so a sound of hours needs the memory of a second.
Slow things (gusts, revs) are control curves, 100 values a second for the whole
clip, see `core.sounds.drive`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal
from scipy.interpolate import CubicSpline

from ..audio import SAMPLE_RATE
from .drive import CONTROL_RATE, Curve, to_samples

Samples = NDArray[np.float64]
Render = Callable[[int, int], Samples]

#: Samples in one frame of `ShapedNoise`, 43 ms; its spectra have 23 Hz between bins.
FRAME = 2048

#: Frequencies of the bins of a `ShapedNoise` spectrum, Hz.
BINS: Samples = np.fft.rfftfreq(FRAME, 1.0 / SAMPLE_RATE)


# ------------------------------------------------------------------ control curves


def drift(rng: np.random.Generator, count: int, hertz: float) -> Curve:
    """A smooth random curve about 0, of standard deviation about 1, that never repeats.

    Parameters
    ----------
    count : int
        Length, at 100 values a second.
    hertz : float
        Where its spectrum ends, about; at most 40.
    """
    spacing = CONTROL_RATE / (2.0 * hertz)
    knots = int(count / spacing) + 5
    spline = CubicSpline(np.arange(knots), rng.standard_normal(knots))
    return 1.1 * spline(1.0 + rng.uniform() + np.arange(count) / spacing)


def gusts(rng: np.random.Generator, count: int, hertz: float = 0.25) -> Curve:
    """A curve from 0 to 1 with calms and gusts: slow swells with quicker ones on top."""
    slow = drift(rng, count, hertz)
    quick = drift(rng, count, hertz * 6.0)
    return 1.0 / (1.0 + np.exp(-1.3 * slow - 0.45 * quick))


def smooth(curve: Curve, seconds: float) -> Curve:
    """A curve that follows another with a lag, as what has mass does (one pole)."""
    pole = np.exp(-1.0 / (seconds * CONTROL_RATE))
    followed, _ = signal.lfilter([1.0 - pole], [1.0, -pole], curve, zi=[pole * curve[0]])
    return followed


#: Where samples lie between two values of a control curve, 0 to 1.
_PARTS: Samples = np.arange(SAMPLE_RATE // CONTROL_RATE) * (CONTROL_RATE / SAMPLE_RATE)


def at_samples(curve: Curve | NDArray[np.float32], start: int, stop: int) -> Samples:
    """A control curve at the rate of samples, straight between its values."""
    step = SAMPLE_RATE // CONTROL_RATE
    first, last = start // step, (stop - 1) // step + 2
    knots = np.asarray(curve[first:last], np.float64)
    if len(knots) < last - first:  # beyond its end it holds
        knots = np.concatenate((knots, np.full(last - first - len(knots), curve[-1])))
    lines = knots[:-1, None] + np.diff(knots)[:, None] * _PARTS
    return lines.ravel()[start - first * step : stop - first * step]


def decibels(value: float) -> float:
    """The amplitude factor of a level in dB."""
    return float(10.0 ** (value / 20.0))


# ------------------------------------------------------------------ filters


@lru_cache(maxsize=4096)
def _design(kind: str, order: int, step: int) -> Samples:
    return signal.butter(order, 2.0 ** (step / 48.0), kind, fs=SAMPLE_RATE, output="sos")


def _step(hertz: float) -> int:
    """The nearest 48th of an octave: grains draw their filters from few designs."""
    return round(48.0 * math.log2(hertz))


def lowpass(hertz: float, order: int = 2) -> Samples:
    """Butterworth low-pass, as second-order sections."""
    return _design("low", order, _step(hertz))


def highpass(hertz: float, order: int = 2) -> Samples:
    """Butterworth high-pass, as second-order sections."""
    return _design("high", order, _step(hertz))


def bandpass(low: float, high: float) -> Samples:
    """Butterworth band-pass of first order, as a second-order section.

    In closed form (the bilinear transform of s B / (s^2 + s B + W^2), edges prewarped): grains
    draw thousands of them.
    """
    below, above = (math.tan(math.pi * edge / SAMPLE_RATE) for edge in (low, high))
    width, middle = above - below, above * below
    return _section(width, middle)


def resonance(hertz: float, bandwidth: float) -> Samples:
    """Two poles with gain 1 at their peak, as a second-order section."""
    middle = math.tan(math.pi * hertz / SAMPLE_RATE) ** 2
    return _section(math.tan(math.pi * bandwidth / SAMPLE_RATE) * (1.0 + middle), middle)


def _section(width: float, middle: float) -> Samples:
    """s B / (s^2 + s B + W^2) with s = (1 - 1/z) / (1 + 1/z), B the width, W^2 the middle."""
    whole = 1.0 + width + middle
    poles = (1.0, 2.0 * (middle - 1.0) / whole, (1.0 - width + middle) / whole)
    return np.array([[width / whole, 0.0, -width / whole, *poles]])


class Filter:
    """A linear filter that goes on where the last stretch ended."""

    def __init__(self, *sections: Samples) -> None:
        self._sos = np.ascontiguousarray(np.concatenate(sections))
        self._state = np.zeros((len(self._sos), 2))

    def __call__(self, samples: Samples) -> Samples:
        filtered, self._state = signal.sosfilt(self._sos, samples, zi=self._state)
        return filtered


class Formants:
    """Resonances side by side, as a throat, a pipe or a body has.

    Parameters
    ----------
    peaks : sequence of (hertz, bandwidth, gain)
    """

    def __init__(self, peaks: Sequence[tuple[float, float, float]]) -> None:
        self._filters = [(Filter(resonance(f, b)), g) for f, b, g in peaks]

    def __call__(self, samples: Samples) -> Samples:
        return np.asarray(sum(gain * resonator(samples) for resonator, gain in self._filters))


# ------------------------------------------------------------------ noise


def white(rng: np.random.Generator) -> Render:
    """Gaussian noise of standard deviation 1."""
    return lambda start, stop: rng.standard_normal(stop - start)


def filtered(source: Render, *sections: Samples) -> Render:
    """A sound through a fixed filter."""
    process = Filter(*sections)
    return lambda start, stop: process(source(start, stop))


def scaled(source: Render, level: Curve | float) -> Render:
    """A sound times a control curve or a factor."""
    if isinstance(level, np.ndarray):
        curve = level
        return lambda start, stop: source(start, stop) * at_samples(curve, start, stop)
    return lambda start, stop: source(start, stop) * level


def mixed(*sources: Render) -> Render:
    """The sum of sounds."""
    return lambda start, stop: np.asarray(sum(source(start, stop) for source in sources))


class ShapedNoise:
    """Gaussian noise whose spectrum changes in time.

    Frames of random phase are weighted in the frequency domain, shaped by a sine
    window and overlapped by half, which keeps their power constant.

    Parameters
    ----------
    rng : Generator
    shape : callable
        Given the times (F,) of frames in seconds, their amplitude spectra (F, len(BINS));
        1 everywhere is white noise of standard deviation 1.
    """

    def __init__(self, rng: np.random.Generator, shape: Callable[[Samples], Samples]) -> None:
        self._rng = rng
        self._shape = shape
        self._window = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME)
        self._frame = -1
        self._ready = np.empty(0)
        self._overlap = np.zeros(FRAME // 2)
        self._grow(1)
        self._ready = np.empty(0)

    def __call__(self, start: int, stop: int) -> Samples:
        missing = stop - start - len(self._ready)
        if missing > 0:
            self._grow(-(-missing // (FRAME // 2)))
        given, self._ready = self._ready[: stop - start], self._ready[stop - start :]
        return given

    def _grow(self, frames: int) -> None:
        hop = FRAME // 2
        times = (self._frame + 1 + np.arange(frames)) * hop / SAMPLE_RATE
        self._frame += frames
        parts = self._rng.standard_normal((2, frames, len(BINS)), np.float32)
        spectra = (parts[0] + 1j * parts[1]) * self._shape(times) * np.sqrt(FRAME / 2.0)
        grains = np.fft.irfft(spectra, FRAME, axis=1) * self._window
        tails = np.concatenate((self._overlap[None], grains[:-1, hop:]))
        self._overlap = grains[-1, hop:]
        self._ready = np.concatenate((self._ready, (grains[:, :hop] + tails).ravel()))


def hump(centre: float | Samples, octaves: float) -> Samples:
    """An amplitude spectrum over `BINS`: a bell over log frequency.

    Parameters
    ----------
    centre : float or (F,) array
        Hz.
    octaves : float
        Half its width, where it has fallen to exp(-1/2).
    """
    distance = np.log2(np.maximum(BINS, 1.0)) - np.log2(np.asarray(centre))[..., None]
    return np.exp(-0.5 * (distance / octaves) ** 2)


def slope(corner: float | Samples, decibels_per_octave: float) -> Samples:
    """An amplitude spectrum over `BINS`: flat below the corner, then falling."""
    ratio = np.maximum(BINS / np.asarray(corner)[..., None], 1.0)
    return ratio ** (-decibels_per_octave / 6.0206)


# ------------------------------------------------------------------ tones


#: Samples of the stored period of an `Oscillator`, a power of two.
_PERIOD = 4096


class Oscillator:
    """One period, repeated at a changing frequency.

    Parameters
    ----------
    hertz : (C,) control curve
    harmonics : (H,) array
        Amplitudes of the partials; those that would lie above 20 kHz are left out.
    rng : Generator
        For the partials' phases and the phase at the start.
    """

    def __init__(
        self, hertz: Curve, harmonics: Sequence[float] | Samples, rng: np.random.Generator
    ) -> None:
        weights = np.asarray(harmonics, np.float64)
        weights = weights[: max(1, int(20_000 / np.max(hertz)))]
        spectrum = np.zeros(_PERIOD // 2 + 1, np.complex128)
        phases = 2.0 * np.pi * rng.uniform(size=len(weights))
        spectrum[1 : len(weights) + 1] = 0.5 * _PERIOD * weights * np.exp(1j * phases)
        self._period = np.fft.irfft(spectrum, _PERIOD)
        self._rise = np.diff(self._period, append=self._period[0])
        self._phase = rng.uniform() + np.concatenate(([0.0], np.cumsum(hertz)[:-1])) / CONTROL_RATE

    def __call__(self, start: int, stop: int, every: int = 1) -> Samples:
        """The samples from start to stop, or only each so many of them."""
        place = at_samples(self._phase, start, stop)[::every] * _PERIOD
        whole = place.astype(np.int64)
        place -= whole
        whole &= _PERIOD - 1
        place *= self._rise.take(whole)
        place += self._period.take(whole)
        return place


def pulses(times: NDArray[np.float64], gains: Samples) -> Render:
    """Single samples at fractional places, to be sent through filters."""
    places = times * SAMPLE_RATE

    def render(start: int, stop: int) -> Samples:
        first, last = np.searchsorted(places, (start - 1, stop))
        spread = np.zeros(stop - start + 2)
        whole = np.floor(places[first:last]).astype(np.int64)
        part = places[first:last] - whole
        np.add.at(spread, whole - start + 1, gains[first:last] * (1.0 - part))
        np.add.at(spread, whole - start + 2, gains[first:last] * part)
        return spread[1:-1]

    return render


# ------------------------------------------------------------------ events


class Events:
    """Short sounds, each added where it begins; its tail rings on.

    Parameters
    ----------
    times : (K,) float array
        Seconds.
    make : callable
        Given the number of an event, its samples.
    """

    def __init__(self, times: NDArray[np.float64], make: Callable[[int], Samples]) -> None:
        self._order = np.argsort(times, kind="stable")
        self._starts = to_samples(times[self._order])
        self._make = make
        self._tail = np.zeros(0)

    def __call__(self, start: int, stop: int) -> Samples:
        first, last = np.searchsorted(self._starts, (start, stop))
        sounds = [
            (int(self._starts[i]) - start, self._make(int(self._order[i])))
            for i in range(first, last)
        ]
        length = max([stop - start, len(self._tail), *(p + len(s) for p, s in sounds)])
        total = np.zeros(length)
        total[: len(self._tail)] = self._tail
        for place, samples in sounds:
            total[place : place + len(samples)] += samples
        self._tail = total[stop - start :]
        return total[: stop - start]


def seconds(length: float) -> Samples:
    """The time of each sample of a stretch, seconds."""
    return np.arange(max(int(length * SAMPLE_RATE), 2)) / SAMPLE_RATE


def envelope(length: float, attack: float, release: float) -> Samples:
    """A rise and a fall, both half cosines, over a stretch in seconds."""
    shape = np.ones(max(int(length * SAMPLE_RATE), 2))
    for side, span in ((shape, attack), (shape[::-1], release)):
        rise = _rise(max(round(span * SAMPLE_RATE), 4))[: len(shape)]
        side[: len(rise)] *= rise
    return shape


@lru_cache(maxsize=256)
def _rise(count: int) -> Samples:
    """Half a cosine from 0 towards 1."""
    return 0.5 - 0.5 * np.cos(np.pi / count * np.arange(count))


def modes(
    hertz: Iterable[float], decay: Iterable[float], gains: Iterable[float], length: float
) -> Samples:
    """A struck body: damped sines that start at zero.

    Parameters
    ----------
    hertz, decay, gains : (M,)
        Frequencies, times to fall by 60 dB in seconds, amplitudes.
    length : float
        Seconds.
    """
    impulse = np.zeros(max(int(length * SAMPLE_RATE), 2))
    impulse[0] = 1.0
    struck = np.zeros(len(impulse))
    for frequency, fall, gain in zip(hertz, decay, gains, strict=True):
        # Each mode is the impulse response of two poles; what has faded by 80 dB is left out.
        audible = max(int(1.33 * fall * SAMPLE_RATE), 2)
        radius = math.exp(-6.908 / (fall * SAMPLE_RATE))
        turn = 2.0 * math.pi * frequency / SAMPLE_RATE
        ring = signal.lfilter(
            [0.0, gain * radius * math.sin(turn)],
            [1.0, -2.0 * radius * math.cos(turn), radius * radius],
            impulse[:audible],
        )
        struck[: len(ring)] += ring
    return struck * envelope(length, 0.0003, 0.003)


def burst(
    rng: np.random.Generator, length: float, sections: Samples, attack: float = 0.001
) -> Samples:
    """A short filtered noise that decays by 60 dB over its length."""
    t = seconds(length)
    noise = signal.sosfilt(sections, rng.standard_normal(len(t)))
    return noise * np.exp(-6.908 * t / length) * envelope(length, attack, 0.1 * length)
