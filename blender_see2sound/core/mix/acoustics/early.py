"""Reflections of a moving source that stand alone: read from a delay line, as direct sound is.

A mirror image moves with its source. Its delay changes from sample to sample, so that a
tone keeps its level and takes the Doppler shift of its own way; filters that are
cross-faded would add two copies of it that cancel tone by tone.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ...audio import SAMPLE_RATE
from ..channels.arrivals import between, made_up_for
from ..channels.direct import EARLY, point_to
from ..channels.sums import Sums
from ..layouts.layout import Layout
from ..signals.control import BATCH, CONTROL, MARGIN, POINTS, RAMP, STEPS, at_marks, between_points
from ..signals.convolution import STEP, Partition, Samples, Spectra
from ..travel.propagation import SPEED_OF_SOUND, emission_times
from ..travel.tracks import Track
from .room import RoomModel

Array = NDArray[np.float64]

#: Samples after a place that reading there needs.
_AHEAD = 8

#: Where a delay changes by more than this share of the time that passes, a source has jumped.
_FASTEST = 0.7


class Early:
    """The reflections of one moving source that stand alone (`RoomModel.gliding`).

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
    partition : Partition
        How its sound comes cut.
    own_time : bool
        Whether sound takes its time (`core.mix.travel.propagation`): then the samples given are
        those that arrive directly, and each image is heard from when its own sound left.
    """

    def __init__(
        self,
        room: RoomModel,
        track: Track,
        layout: Layout,
        sent: float,
        partition: Partition,
        own_time: bool,
    ) -> None:
        self._room, self._track, self._sent, self._own_time = room, track, sent, own_time
        self.images = room.gliding()
        self._points = [point_to(layout, early=True) for _ in self.images]
        self._cut = partition
        late = np.exp(-2j * np.pi * np.fft.rfftfreq(partition.fft) * (EARLY - _AHEAD))
        made_up = fft.rfft(room.colours, partition.fft, axis=-1) * made_up_for(partition.fft)
        self._colours: Spectra = (made_up * late).astype(np.complex64)
        self._kept = int(np.ceil(room.mixing_time * SAMPLE_RATE)) + 128
        self._longest = room.mixing_time * SPEED_OF_SOUND
        # What of each image's line is still to be heard, and what its colour rings on.
        self._lines = np.zeros((len(self.images), self._kept), np.float32)
        self._tails = np.zeros((len(self.images), partition.fft - partition.block), np.float32)

    @property
    def rings(self) -> bool:
        """Whether something of the batches before still sounds."""
        return bool(self._lines.any() or self._tails.any())

    def add(self, batch: int, going: Spectra, coming: Spectra, sums: Sums) -> None:
        """Add a batch.

        Parameters
        ----------
        batch : int
        going, coming : (B, F) arrays
            Transforms of its blocks, faded out and in over each step.
        sums : Sums
        """
        for number, image in enumerate(self.images):
            line = self._line(number, self._colour(image, batch), going, coming)
            if not line.any():
                continue
            points = np.arange(-3 * MARGIN, POINTS + 1 + 3 * MARGIN) + batch * POINTS
            times = points * (CONTROL / SAMPLE_RATE) - EARLY / SAMPLE_RATE
            if self._own_time:
                way = partial(self._room.ways_to, image)
                times = emission_times(self._track, times, way, self._longest)
            places, delays, levels, _ = self._room.reflection(
                image, self._track.positions(times), self._sent
            )
            rates = np.abs(np.diff(delays)) * (SAMPLE_RATE / CONTROL)
            cuts = np.convolve(rates > _FASTEST, np.ones(4 * MARGIN), mode="valid") > 0.0
            inner = slice(2 * MARGIN, -2 * MARGIN)
            # One that is later has faded out.
            late: Array = np.minimum(between_points(delays[inner]) * SAMPLE_RATE, self._kept - 64.0)
            heard = _read(line, self._kept - _AHEAD - late)
            gains = np.where(cuts, 0.0, levels[inner])
            self._points[number].add(sums, heard, at_marks(places[inner]), at_marks(gains))

    def _colour(self, image: int, batch: int) -> Spectra:
        """An image's spectra (STEPS + 1, F) where steps begin, and at the last one's end."""
        times = (np.arange(STEPS + 1) + batch * STEPS) * (STEP / SAMPLE_RATE)
        _, _, _, weights = self._room.reflection(image, self._track.positions(times), 1.0)
        return weights.astype(np.float32) @ self._colours

    def _line(self, number: int, colour: Spectra, going: Spectra, coming: Spectra) -> Samples:
        """What an image has sounded like for as long as it can be late, and in this batch."""
        rings = self._tails.shape[1]
        line = np.zeros(self._kept + BATCH + rings, np.float32)
        line[: self._kept] = self._lines[number]
        line[self._kept : self._kept + rings] = self._tails[number]
        blocks = STEP // self._cut.block
        spectra = np.repeat(colour, blocks, axis=0)
        before, after = spectra[:-blocks], spectra[blocks:]
        coloured = fft.irfft(going * before + coming * after, self._cut.fft, axis=-1)
        begins = range(self._kept, self._kept + BATCH, self._cut.block)
        for begin, samples in zip(begins, coloured, strict=True):
            line[begin : begin + len(samples)] += samples
        self._lines[number] = line[BATCH : BATCH + self._kept]
        self._tails[number] = line[-rings:]
        return line[:-rings]


def _read(line: Samples, begins: Array) -> Samples:
    """A batch of a line, read between samples.

    `begins` (POINTS + 1,) tells at control points where the line's batch begins by then.
    """
    taps = between()
    fractions, reach = taps.shape
    places = (begins + np.arange(POINTS + 1) * CONTROL) * fractions
    whole = np.floor(places[:-1])
    # From the last whole one on, 32 bits tell places exactly enough, and are faster.
    since = (places[:-1] - whole + 0.5).astype(np.float32)[:, None]
    rises = np.diff(places).astype(np.float32)[:, None]
    fine = (since + rises * RAMP).astype(np.int32) + whole.astype(np.int32)[:, None]
    fine = fine.ravel()
    # A power of two: shifting takes a tenth of the time that dividing takes.
    starts, rows = (fine >> fractions.bit_length() - 1) - (reach // 2 - 1), fine & fractions - 1
    made = np.zeros(len(starts), np.float32)
    for number, column in enumerate(taps.T.astype(np.float32)):
        made += line[number:][starts] * column[rows]
    return made
