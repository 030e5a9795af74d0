"""The strongest reflections of a moving source: read from a delay line, as its direct sound is.

A mirror image moves with its source. Its delay changes from sample to sample, so that a
tone keeps its level and takes the Doppler shift of its own way; filters that are
cross-faded would add two copies of it that cancel tone by tone.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..sounds.protocol import SAMPLE_RATE
from .arrivals import between
from .control import BATCH, CONTROL, MARGIN, POINTS, add_scaled, smooth, smoothed
from .convolution import STEP, Samples, Spectra
from .direct import point_to
from .layouts import Layout
from .propagation import SPEED_OF_SOUND, emission_times
from .room import RoomModel
from .sums import Sums
from .tracks import Track

Array = NDArray[np.float64]

#: So many reflections at most, of those that met one wall: each costs as much as direct sound.
_MOST = 2

#: Samples by which the lines are late, since what makes up for reading between samples is not
#: causal.
_LATE = 256

#: Samples that a reflection is late at least; one that is less cannot be read yet.
_LEAST = 6.0

#: One that is ever so little late changes so little that cross-fading does no harm, samples.
_NEARLY = 12.0

#: Where a delay changes by more than this share of the time that passes, a source has jumped.
_FASTEST = 0.7


class Early:
    """The strongest reflections of one moving source.

    Attributes
    ----------
    images : (K,) array of int
        Which of the room's images they are.

    Parameters
    ----------
    room : RoomModel
    track : Track
    sent : float
        The gain of what the source sends to the room.
    own_time : bool
        Whether sound takes its time (`core.mix.propagation`): then the samples given are those
        that arrive directly, and each image is heard from when its own sound left.
    """

    def __init__(
        self, room: RoomModel, track: Track, layout: Layout, sent: float, own_time: bool
    ) -> None:
        self._room, self._track, self._sent, self._own_time = room, track, sent, own_time
        ways = track.knots()
        self.images = np.array(
            [
                image
                for image in room.strongest(ways, _MOST)
                if room.reflection(image, ways, 1.0)[1].min() * SAMPLE_RATE >= _NEARLY
            ],
            np.intp,
        )
        self._points = [point_to(layout, tabled=True) for _ in self.images]
        colours = room.colours
        turns = np.arange(STEP + 1) / (2 * STEP)
        late = np.exp(-2j * np.pi * turns * _LATE)
        self._colours: Spectra = (colours * between()[1] * late).astype(np.complex64)
        self._kept = int(np.ceil(room.mixing_time * SAMPLE_RATE)) + 64
        self._longest = room.mixing_time * SPEED_OF_SOUND
        # A line for each image, and what each colour rings on.
        self._lines = np.zeros((len(self.images), self._kept), np.float32)
        self._tails = np.zeros((len(colours), STEP), np.float32)

    @property
    def rings(self) -> bool:
        """Whether something of the batches before still sounds."""
        return bool(self._lines.any() or self._tails.any())

    def add(self, batch: int, heard: Spectra, sums: Sums) -> None:
        """Add a batch, given as transforms (STEPS, STEP + 1) of its steps."""
        if not len(self.images):
            return
        coloured = self._coloured(heard)
        around = 3 * MARGIN
        points = np.arange(batch * POINTS - around, (batch + 1) * POINTS + 1 + around)
        times = points * (CONTROL / SAMPLE_RATE)
        inner = slice(2 * MARGIN, -2 * MARGIN)
        for number, image in enumerate(self.images):
            left = times
            if self._own_time:
                way = partial(self._room.ways_to, image)
                left = emission_times(self._track, times, way, self._longest)
            positions = self._track.positions(left)
            places, delays, levels, weights = self._room.reflection(image, positions, self._sent)
            rates = np.abs(np.diff(delays)) * (SAMPLE_RATE / CONTROL)
            cuts = np.convolve(rates > _FASTEST, np.ones(4 * MARGIN), mode="valid") > 0.0
            line = self._mixed(number, coloured, weights[inner])
            gains = np.where(cuts, 0.0, levels[inner])
            if line.any() and gains.any():
                late = smoothed(delays[None, inner])[0] * SAMPLE_RATE
                read = _read(line, self._kept + _LATE - np.maximum(late, _LEAST))
                self._points[number].add(sums, read, places[inner], gains)

    def _coloured(self, heard: Spectra) -> Samples:
        """The batch in each of the room's colours (K, BATCH + STEP), with what it rings on."""
        made = np.zeros((len(self._colours), BATCH + STEP), np.float32)
        made[:, :STEP] = self._tails
        for row, colour in zip(made, self._colours, strict=True):
            for step, samples in enumerate(fft.irfft(heard * colour, axis=-1)):
                row[step * STEP : (step + 2) * STEP] += samples
        self._tails = made[:, BATCH:].copy()
        return made

    def _mixed(self, number: int, coloured: Samples, weights: Array) -> Samples:
        """An image's line, with the batch in its own mix of colours and a little of what follows.

        Its mix changes slowly, so that it may be that of when the sound left.
        """
        end = self._kept + BATCH
        line = np.zeros(end + 2 * _LATE, np.float32)
        line[: self._kept] = self._lines[number]
        for row, share in zip(coloured, smooth(weights.T), strict=True):
            add_scaled(line[self._kept : end], row[:BATCH], share)
            # What is read last is nearly all there: its colour rings on by itself.
            line[end:] += share[-1] * row[BATCH : BATCH + 2 * _LATE]
        self._lines[number] = line[BATCH:end]
        return line


def _read(line: Samples, begins: Array) -> Samples:
    """A batch of a line, read between samples.

    `begins` (POINTS + 1,) tells at control points where the line's batch begins by then.
    """
    taps, _ = between()
    fractions, reach = taps.shape
    places = (begins + np.arange(POINTS + 1) * CONTROL) * fractions
    steps = np.arange(CONTROL) / CONTROL
    fine = np.rint(places[:-1, None] + np.diff(places)[:, None] * steps).astype(np.intp).ravel()
    starts, rows = fine // fractions - (reach // 2 - 1), fine % fractions
    made = np.zeros(len(fine), np.float32)
    for number, column in enumerate(taps.T.astype(np.float32)):
        made += line[number:][starts] * column[rows]
    return made
