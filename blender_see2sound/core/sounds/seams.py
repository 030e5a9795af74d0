"""Where a recording can be left and entered so that no seam is heard.

A seam is heard where colour or level jump, where something begins in the middle of it, where a
rhythm stumbles, and where waves cancel. So places are compared by the spectra over a seam's
whole length, calm ones are preferred, the entry is moved to where what lies around it goes on
in the same rhythm, and then by some milliseconds to where the waves agree best. No place is
used again soon, so that no loop is heard (the idea of video textures, Schödl et al., SIGGRAPH
2000, for sound).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from ..audio import SAMPLE_RATE
from .synth import Samples

#: A seam lasts this part of the recording, and no longer than so many samples (0.6 s).
SEAM_SHARE, LONGEST_SEAM = 0.2, int(0.6 * SAMPLE_RATE)

#: It is shortened, by this factor each time, down to so many samples (30 ms), where less would
#: leave no place at which nothing begins.
SHORTENED, SHORTEST_SEAM = 0.4, int(0.03 * SAMPLE_RATE)

#: Something begins where the level rises by so much, dB.
BEGINNING = 6.0

#: Between two seams at least this part of what lies between the first and the last place of one.
SHORTEST_STRETCH = 0.3

#: An entry lies at least this part of the recording away from where it was left.
SHORTEST_JUMP = 0.12

#: Places in a recording that are compared with each other.
PLACES = 400

#: What is compared for the rhythm: so much to either side of a seam, over so many samples to
#: either side of an entry (0.4 s: rhythms above 1.25 Hz).
_AROUND, _REACH = int(0.5 * SAMPLE_RATE), int(0.4 * SAMPLE_RATE)

#: How far an entry is moved for the waves, samples to either side (10 ms: a period of 50 Hz).
_SHIFT = SAMPLE_RATE // 100

#: The longest frame of a spectrum, the longest step between two, samples; its bands' edges, Hz.
_FRAME, _HOP = 2048, SAMPLE_RATE // 100
_EDGES = np.geomspace(60.0, 18_000.0, 25)

#: What is softer than the loudest by so much counts as equal, dB.
_DEEPEST = 60.0

#: How much of the reluctance to use a place again is left at the next seam.
_FORGETTING = 0.75


@dataclass(frozen=True)
class Seam:
    """A way from one place of a recording to another.

    Attributes
    ----------
    leave, enter : int
        The first samples that fade out and in.
    length : int
        Samples.
    alike : float
        The correlation of the two, 0 to 1.
    """

    leave: int
    enter: int
    length: int
    alike: float


class Seams:
    """The seams of a recording, one after the other.

    Parameters
    ----------
    recording : (M,) float32 array
    rng : Generator
        Another one, another order.
    """

    def __init__(self, recording: NDArray[np.float32], rng: np.random.Generator) -> None:
        self._recording, self._rng = recording, rng
        self._heard = _Heard(recording)
        longest = max(min(int(SEAM_SHARE * len(recording)), LONGEST_SEAM), 4)
        self._length = self._heard.calm_length(longest)
        last = len(recording) - self._length
        self._places = np.unique(np.linspace(0, last, PLACES).astype(np.int64))
        self._shortest = int(SHORTEST_STRETCH * last)
        colours = self._heard.colours(self._places, self._length)
        rises = self._heard.rises(self._places, self._length) ** 2
        square = np.sum(colours**2, axis=1)
        unlike = (square[:, None] + square - 2.0 * colours @ colours.T) / colours.shape[1]
        self._cost = unlike + 0.5 * (rises[:, None] + rises)
        near = np.abs(self._places[:, None] - self._places) < SHORTEST_JUMP * len(recording)
        self._cost[near] = np.inf
        # An entry must leave room for a stretch.
        self._cost[:, self._places > last - self._shortest] = np.inf
        #: What makes using a place again as bad as another one that fits less.
        self._reluctance = float(np.percentile(self._cost[np.isfinite(self._cost)], 10)) + 1.0
        self._left, self._entered = (np.zeros(len(self._places)) for _ in range(2))

    def after(self, entry: int) -> Seam:
        """The seam at which a stretch ends that was entered here."""
        first = int(np.searchsorted(self._places, entry + self._shortest))
        first = min(first, len(self._places) - 1)
        cost = self._cost[first:] + self._reluctance * (self._left[first:, None] + self._entered)
        # Of all ways half are closed, so that another seed goes another way.
        cost += self._reluctance * (self._rng.random(cost.shape) < 0.5)
        row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
        for marks, place in ((self._left, first + row), (self._entered, column)):
            away = (np.arange(len(marks)) - place) / (0.03 * len(marks))
            marks *= _FORGETTING
            marks += np.exp(-0.5 * away**2)
        leave = int(self._places[first + row])
        enter = self._in_rhythm(leave, int(self._places[column]))
        enter, alike = self._in_phase(leave, enter)
        return Seam(leave, enter, self._length, alike)

    def _in_rhythm(self, leave: int, enter: int) -> int:
        """The entry moved so that what lies around it goes on as what lies around the exit."""
        heard, hop = self._heard.levels, self._heard.hop
        reach = min(_REACH, int(0.5 * SHORTEST_JUMP * len(self._recording))) // hop
        before = min(_AROUND // hop, leave // hop, enter // hop - reach)
        after = (self._length + _AROUND) // hop
        room = len(heard) - reach - after
        after = min(after, len(heard) - leave // hop, after + room - enter // hop)
        if reach < 1 or before < 0 or after < 1:
            return enter
        left = heard[leave // hop - before : leave // hop + after]
        first = enter // hop - reach - before
        around = heard[first : first + 2 * reach + before + after]
        windows = np.lib.stride_tricks.sliding_window_view(around, len(left), axis=0)
        unlike = np.mean((windows - left.T) ** 2, axis=(1, 2))
        moved = enter + (int(np.argmin(unlike)) - reach) * hop
        return int(np.clip(moved, 0, len(self._recording) - self._length - self._shortest))

    def _in_phase(self, leave: int, enter: int) -> tuple[int, float]:
        """The entry moved to where the waves agree best, and their correlation there."""
        low = max(enter - _SHIFT, 0)
        high = min(enter + _SHIFT, len(self._recording) - self._length - self._shortest)
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


class _Heard:
    """What is heard when in a recording: the level of bands at short steps.

    Attributes
    ----------
    hop : int
        Samples from one frame to the next.
    levels : (F, B) float32 array
        dB in each band.
    """

    def __init__(self, recording: NDArray[np.float32]) -> None:
        frame = min(_FRAME, 1 << max((len(recording) // 4).bit_length() - 1, 2))
        self.hop = min(_HOP, max(frame // 4, 4))
        starts = np.arange(0, len(recording), self.hop)
        padded = np.pad(recording, (frame // 2, frame))
        window = np.hanning(frame + 2)[1:-1].astype(np.float32)
        bins = np.fft.rfftfreq(frame, 1.0 / SAMPLE_RATE)
        band = np.searchsorted(_EDGES, bins) - 1
        kept = (band >= 0) & (band < len(_EDGES) - 1)
        # Bands narrower than a bin stay empty in short frames; they tell nothing.
        filled, column = np.unique(band[kept], return_inverse=True)
        gather = np.zeros((len(bins), len(filled)), np.float32)
        gather[np.flatnonzero(kept), column] = 1.0
        frames = np.lib.stride_tricks.sliding_window_view(padded, frame)
        powers = np.concatenate(
            [
                np.abs(np.fft.rfft(frames[starts[i : i + 256]] * window)) ** 2 @ gather
                for i in range(0, len(starts), 256)
            ]
        )
        self.levels = _decibels(powers).astype(np.float32)
        self._sums = np.concatenate([np.zeros((1, powers.shape[1])), np.cumsum(powers, axis=0)])
        whole = _decibels(powers.sum(axis=1))
        # A rise takes up to 30 ms to show in frames of 43 ms that overlap.
        ahead = np.minimum(np.arange(len(whole)) + 3, len(whole) - 1)
        self._rises = np.maximum(whole[ahead] - whole, 0.0)

    def colours(self, places: NDArray[np.int64], length: int) -> Samples:
        """The mean level of each band over a seam's length from each place, dB (P, B)."""
        first, last = self._span(places, length)
        return _decibels((self._sums[last] - self._sums[first]) / (last - first)[:, None])

    def rises(self, places: NDArray[np.int64], length: int) -> Samples:
        """The strongest rise of the level in each seam, dB (P,)."""
        first, last = self._span(places, length)
        return np.asarray([self._rises[a:b].max() for a, b in zip(first, last, strict=True)])

    def calm_length(self, longest: int) -> int:
        """The longest seam that finds enough places at which nothing begins."""
        length = longest
        while True:
            last = len(self._rises) * self.hop - length
            rises = self.rises(np.linspace(0, max(last, 0), PLACES).astype(np.int64), length)
            if np.percentile(rises, 20) < BEGINNING or length * SHORTENED < SHORTEST_SEAM:
                return length
            length = int(length * SHORTENED)

    def _span(
        self, places: NDArray[np.int64], length: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first frame of each seam, and one beyond its last."""
        first = np.minimum(places // self.hop, len(self.levels) - 1)
        last = np.minimum((places + length) // self.hop + 1, len(self.levels))
        return first, np.maximum(last, first + 1)


def _decibels(powers: Samples) -> Samples:
    floor = max(float(powers.max()), 1e-20) * 10.0 ** (-_DEEPEST / 10.0)
    return 10.0 * np.log10(np.maximum(powers, floor))
