"""One source on its way into the mix: its direct sound, and all of it that goes through filters."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ...audio import SAMPLE_RATE
from ...scene import Source
from ..acoustics.early import Early
from ..acoustics.microphones import Microphones
from ..acoustics.room import RoomModel
from ..channels.arrivals import point_filters
from ..channels.direct import Panned, ways_to
from ..channels.sums import Sums
from ..layouts.layout import Layout
from ..panning.gains import point_gains
from ..signals.control import BATCH, STEPS, add_scaled, at_marks, mark_times, scaled, smooth
from ..signals.convolution import STEP, Partition, Samples, Spectra, Transform
from ..signals.reading import SoundReader
from ..travel.air import AirFilter, spectrum
from ..travel.distance import Travel, distance_gain, metres_of_air
from ..travel.propagation import SPEED_OF_SOUND, DelayLine, emission_times, heard
from ..travel.tracks import Track

Array = NDArray[np.float64]

_FADE = (np.arange(STEP) / STEP).astype(np.float32)

#: Metres of air whose filter fits into that of the reflections.
_FITTING = 500.0

#: What is sent at less than this many decibels is not computed.
_NOTHING_DB = -120.0


def _borders(batch: int) -> Array:
    """The times (STEPS + 1,) at which a batch's steps begin, and its end, seconds."""
    return np.arange(batch * STEPS, (batch + 1) * STEPS + 1) * (STEP / SAMPLE_RATE)


def moves(source: Source) -> bool:
    """Whether a source is heard from places that change."""
    return Track(source).moves and source.kind != "ambience"


class Lane:
    """A source on its way into the mix."""

    def __init__(
        self,
        source: Source,
        reader: SoundReader,
        layout: Layout,
        room: RoomModel | Microphones | None,
        partition: Partition,
        travel: Travel,
    ) -> None:
        self._reader = reader
        self._layout = layout
        self._travel = travel
        self._track = Track(source)
        self._bed = source.kind == "ambience"
        # A bed has its own surroundings in it already.
        self._room = None
        self._microphones = None
        if isinstance(room, Microphones):
            self._microphones = None if self._bed else room
        elif not self._bed and source.reverb_db > _NOTHING_DB:
            self._room = room
        self._sent = 10.0 ** (source.reverb_db / 20.0)
        # All that microphones hear comes through them, from a point.
        self._ways = [] if self._microphones else ways_to(layout, source.spread, self._bed)
        self._filtered = self._microphones is not None or self._room is not None
        self._moves = moves(source)
        self._air_filter = None if self._bed or travel.air is None else AirFilter(travel.air)
        self._line = None
        if travel.propagation and not self._bed:
            self._line = DelayLine(reader, self._track.farthest / SPEED_OF_SOUND)
        self._to_lfe = (
            0.0
            if layout.lfe is None or source.lfe_db is None or source.lfe_db <= _NOTHING_DB
            else 10.0 ** (source.lfe_db / 20.0)
        )
        # Direct sound that stays where it is costs nothing in the filter of the reflections.
        self._settled = self._room is not None and not self._moves
        self._settled &= self._track.farthest < _FITTING
        self._settled &= [type(way.to) for way in self._ways] == [Panned]
        if self._settled:
            self._ways = []
        self._early = None
        if self._room is not None and self._moves:
            own_time = travel.propagation
            self._early = Early(self._room, self._track, layout, self._sent, partition, own_time)
        self._cut = partition
        self._blocks = STEP // partition.block
        self._transform = Transform(STEPS * self._blocks, partition)
        self._product = np.empty((len(layout.mains), partition.fft // 2 + 1), np.complex64)
        # The filters at the last step's end, which are those at the next one's beginning.
        self._last: Spectra | None = None
        # A batch, and its filters, which are made while the one before is mixed.
        self._coming: tuple[int, Future[Spectra]] | None = None

    def add(self, batch: int, sums: Sums, ahead: Callable[..., Future[Spectra]]) -> None:
        """Add the source's next batch to the sums.

        Parameters
        ----------
        batch : int
        sums : Sums
        ahead : callable
            Calls a function beside this one, as an executor's `submit`. What it calls waits for
            nothing, so that lanes may wait for it on the same executor.
        """
        samples, times = self._next(batch)
        rings = self._rings()
        if samples is None:
            if not rings:
                return
            samples = np.zeros(BATCH, np.float32)
        if not (rings or samples.any()):
            self._last = None
            return
        positions = self._track.positions(times if self._moves else times[:1])
        distances = np.linalg.norm(positions, axis=1)
        near = np.ones(len(distances)) if self._bed else distance_gain(distances)
        if self._ways:
            direct = self._through_air(samples, distances)
            for way in self._ways:
                way.to.add(sums, direct, positions, way.gain * near)
        if self._room is not None:
            late = self._room.late_gains(distances) * self._sent
            add_scaled(sums.late, samples, smooth(late[None])[0])
        if self._to_lfe:
            add_scaled(sums.lfe, samples, smooth(self._to_lfe * near[None])[0])
        if self._filtered:
            self._add_filtered(batch, samples, sums.reflected, sums, ahead)
            sums.answered = True

    def _rings(self) -> bool:
        """Whether direct sound of the batch before still sounds."""
        in_air = self._air_filter is not None and self._air_filter.rings
        reflected = self._early is not None and self._early.rings
        return in_air or reflected or any(way.to.rings for way in self._ways)

    def _next(self, batch: int) -> tuple[Samples | None, Array]:
        """The source's next batch at its own level, None after its end, and when it left it.

        Times are those of marks.
        """
        if self._line is None:
            times = mark_times(batch)
            samples = self._reader.read(BATCH)
            levels = self._track.levels(times if self._track.swells else times[:1])
        else:
            exact, whole = heard(self._track, batch)
            samples = self._line.read(exact)
            times = at_marks(exact)
            levels = self._track.levels(times) * at_marks(whole)
        return None if samples is None else scaled(samples, smooth(levels[None])[0]), times

    def _through_air(self, samples: Samples, distances: Array) -> Samples:
        """A batch of direct sound after the air on its way."""
        if self._air_filter is None:
            return samples
        made = np.zeros_like(samples)
        for filtered, shares in self._air_filter.filtered(samples, metres_of_air(distances)):
            if np.all(shares == 1.0):
                return filtered
            add_scaled(made, filtered, smooth(shares[None])[0])
        return made

    def _add_filtered(
        self,
        batch: int,
        samples: Samples,
        spectra: Spectra,
        sums: Sums,
        ahead: Callable[..., Future[Spectra]],
    ) -> None:
        """Filter a batch into spectra (B, M, F) of its blocks."""
        whole = self._transform(samples.reshape(-1, self._cut.block))
        if not self._moves:
            if self._last is None:
                self._last = self._filters(np.zeros(1))
            for part, filters in enumerate(self._last[0]):
                for block, sound in enumerate(whole, part):
                    spectra[block] += np.multiply(filters, sound, out=self._product)
            return
        if self._last is None:
            self._last = self._filters(_borders(batch)[:1])
        if self._coming is None or self._coming[0] != batch:
            made = self._filters(_borders(batch)[1:])
        else:
            made = self._coming[1].result()
        self._coming = batch + 1, ahead(self._filters, _borders(batch + 1)[1:])
        borders = [self._last[0], *made]
        self._last = borders[-1][None]
        faded = samples.reshape(STEPS, STEP) * _FADE
        coming = self._transform(faded.reshape(-1, self._cut.block))
        whole -= coming
        if self._early is not None:
            self._early.add(batch, whole, coming, sums)
        for step, (before, after) in enumerate(itertools.pairwise(borders)):
            for part in range(self._cut.parts):
                for block in range(step * self._blocks, (step + 1) * self._blocks):
                    out = spectra[block + part]
                    out += np.multiply(before[part], whole[block], out=self._product)
                    out += np.multiply(after[part], coming[block], out=self._product)

    def _filters(self, times: Array) -> Spectra:
        """The filters (T, parts, M, F) of all but the direct sound at times (T,)."""
        if self._line is not None:
            times = emission_times(self._track, times)
        positions = self._track.positions(times)
        if self._microphones is not None:
            return self._microphones.filters(positions, self._moves)
        assert self._room is not None
        others = None if self._early is None else self._early.images
        arrivals = self._room.reflections(positions, self._sent, others)
        filters = point_filters(arrivals, len(times), self._cut, self._layout)
        if self._settled:
            distances = np.linalg.norm(positions, axis=1)
            gains = point_gains(positions, self._layout) * distance_gain(distances)[:, None]
            direct = np.zeros((len(times), self._cut.taps), np.float32)
            direct[:, self._cut.late] = 1.0
            if self._travel.air is not None:
                taps = fft.irfft(spectrum(self._travel.air, metres_of_air(distances)), axis=-1)
                direct[:, self._cut.late :] = taps[:, : self._cut.taps - self._cut.late]
            heard = fft.rfft(direct, self._cut.fft, axis=-1)
            filters[:, 0] += gains.astype(np.float32)[:, :, None] * heard[:, None]
        return filters
