"""Renders sources to the channels of a layout, in batches of fixed length, however long the clip.

Direct sound is panned sample by sample. All that has a spectrum or a delay
(reflections, late sound, spread, beds, the LFE's low-pass) goes through filters:
each source's signal is transformed once, all sources' products are summed per
channel, and each channel is transformed back once (`core.mix.convolution`).
Filters of a moving source are made anew at each step's border and cross-faded
in between.

Steps and control points lie at fixed places in time and everything is summed in
a fixed order, on however many processors, so the same scene gives the same
samples every time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..scene import Source
from ..sounds.protocol import SAMPLE_RATE
from .arrivals import LATENCY, decorrelated, point_filters
from .convolution import (
    STEP,
    LongFilter,
    OverlapAdd,
    Samples,
    Spectra,
    Transform,
    spectra_of,
)
from .distance import distance_gain
from .layouts import Layout
from .late import late_filters
from .lfe import lfe_spectrum
from .panning import point_gains, ring_gains, spread_gains, spread_share
from .reading import SoundReader
from .room import RoomModel
from .tracks import Track

Array = NDArray[np.float64]

#: Steps that are rendered at once, and samples in such a batch.
STEPS = 8
BATCH = STEPS * STEP

#: Samples between control points; gains are linear in between.
_CONTROL = 128
_POINTS = BATCH // _CONTROL
_RAMP = (np.arange(_CONTROL) / _CONTROL).astype(np.float32)
_FADE = (np.arange(STEP) / STEP).astype(np.float32)

#: Gains are smoothed over 12 ms to either side, so that a track that jumps does not click.
_SMOOTHING = np.hanning(11)[1:-1] / np.hanning(11).sum()
_MARGIN = len(_SMOOTHING) // 2

#: What is sent at less than this many decibels is not computed.
_NOTHING_DB = -120.0

#: Sources are rendered in so many groups side by side; fixed, so that sums do not depend on
#: the computer.
_GROUPS = 4


@dataclass
class _Sums:
    """What sources add up to in a batch."""

    mains: Samples  # (M, BATCH) direct sound
    spectra: Spectra  # (STEPS and what rings on, M, F) filtered sound
    late: Samples  # (BATCH,) what goes to the late sound
    lfe: Samples  # (BATCH,) what goes to the LFE
    filtered: bool = False

    @classmethod
    def empty(cls, mains: int, parts: int) -> _Sums:
        return cls(
            np.zeros((mains, BATCH), np.float32),
            np.zeros((STEPS + parts - 1, mains, STEP + 1), np.complex64),
            np.zeros(BATCH, np.float32),
            np.zeros(BATCH, np.float32),
        )

    def clear(self) -> None:
        for part in (self.mains, self.late, self.lfe):
            part.fill(0.0)
        if self.filtered:
            ringing = self.spectra[STEPS:].copy()
            self.spectra.fill(0.0)
            self.spectra[: len(ringing)] = ringing
            self.filtered = bool(ringing.any())

    def add(self, other: _Sums) -> None:
        self.mains += other.mains
        self.late += other.late
        self.lfe += other.lfe
        if other.filtered:
            # What rings on stays where it is until its time has come.
            self.spectra[:STEPS] += other.spectra[:STEPS]
            self.filtered = True


class _Lane:
    """A source on its way into the mix."""

    def __init__(
        self, source: Source, reader: SoundReader, layout: Layout, room: RoomModel | None
    ) -> None:
        self._reader = reader
        self._layout = layout
        self._track = Track(source)
        self._spread = source.spread
        self._bed = source.kind == "ambience"
        # A bed has its own surroundings in it already.
        self._room = None if self._bed or source.reverb_db <= _NOTHING_DB else room
        self._sent = 10.0 ** (source.reverb_db / 20.0)
        share = spread_share(source.spread)
        self._direct = 0.0 if self._bed else float(np.sqrt(1.0 - share))
        self._arc = float(np.sqrt(share))
        self._filtered = self._bed or share > 0.0 or self._room is not None
        self._moves = self._track.moves and not self._bed
        self._to_lfe = (
            0.0
            if layout.lfe is None or source.lfe_db is None or source.lfe_db <= _NOTHING_DB
            else 10.0 ** (source.lfe_db / 20.0)
        )
        self._parts = 1 if self._room is None else self._room.parts
        self._transform = Transform(STEPS)
        # The filters at the last step's end, which are those at the next one's beginning.
        self._last: Spectra | None = None

    def add(self, batch: int, sums: _Sums) -> None:
        """Add the source's next batch to the sums."""
        samples = self._reader.read(BATCH)
        if samples is None:
            return
        points = np.arange(batch * _POINTS - _MARGIN, (batch + 1) * _POINTS + 1 + _MARGIN)
        times = points * (_CONTROL / SAMPLE_RATE)
        samples = _scaled(samples, _smooth(self._track.levels(times)[None])[0])
        if not samples.any():
            self._last = None
            return
        positions = self._track.positions(times if self._moves else times[:1])
        distances = np.linalg.norm(positions, axis=1)
        near = np.ones(len(distances)) if self._bed else distance_gain(distances)
        if self._direct:
            gains = point_gains(positions, self._layout) * (self._direct * near)[:, None]
            for main, row in zip(sums.mains, _smooth(gains.T), strict=True):
                _add_scaled(main, samples, row)
        if self._room is not None:
            late = self._room.late_gains(distances) * self._sent
            _add_scaled(sums.late, samples, _smooth(late[None])[0])
        if self._to_lfe:
            _add_scaled(sums.lfe, samples, _smooth(self._to_lfe * near[None])[0])
        if self._filtered:
            self._add_filtered(batch, samples.reshape(STEPS, STEP), sums.spectra)
            sums.filtered = True

    def _add_filtered(self, batch: int, samples: Samples, spectra: Spectra) -> None:
        """Filter a batch (STEPS, STEP) into spectra (STEPS, M, F)."""
        whole = self._transform(samples)
        if not self._moves:
            if self._last is None:
                self._last = self._filters(np.zeros(1))
            for step, part in np.ndindex(STEPS, self._parts):
                spectra[step + part] += self._last[0, part] * whole[step]
            return
        borders = np.arange(batch * STEPS, (batch + 1) * STEPS + 1) * (STEP / SAMPLE_RATE)
        if self._last is None:
            self._last = self._filters(borders[:1])
        filters = np.concatenate([self._last, self._filters(borders[1:])])
        self._last = filters[-1:]
        coming = self._transform(samples * _FADE)
        going = whole - coming
        for step, part in np.ndindex(STEPS, self._parts):
            spectra[step + part] += filters[step, part] * going[step]
            spectra[step + part] += filters[step + 1, part] * coming[step]

    def _filters(self, times: Array) -> Spectra:
        """The filters (T, parts, M, F) of all but the direct sound at times (T,)."""
        if self._bed:
            gains = ring_gains(self._layout).astype(np.float32)
            return (gains[:, None] * decorrelated(self._layout))[None, None]
        positions = self._track.positions(times)
        mains = len(self._layout.mains)
        filters = np.zeros((len(times), self._parts, mains, STEP + 1), np.complex64)
        if self._arc:
            near = distance_gain(np.linalg.norm(positions, axis=1))
            gains = spread_gains(positions, self._spread, self._layout) * near[:, None] * self._arc
            filters[:, 0] += gains.astype(np.float32)[:, :, None] * decorrelated(self._layout)
        if self._room is not None:
            arrivals = self._room.reflections(positions, self._sent)
            filters += point_filters(arrivals, len(times), self._parts, self._layout)
        return filters


def _smooth(values: Array) -> Samples:
    """Values (R, n + 2 margins) at control points smoothed to (R, n); (R, 1) is held."""
    count = _POINTS + 1
    if np.all(values == values[:, :1]):
        return np.repeat(values[:, :1], count, axis=1).astype(np.float32)
    rows = [np.convolve(row, _SMOOTHING, mode="valid") for row in values]
    return np.stack(rows).astype(np.float32)


def _add_scaled(out: Samples, samples: Samples, gains: Samples) -> None:
    """Add samples (BATCH,) times gains given at the control points (_POINTS + 1,)."""
    # Step by step, so that what is in between stays in the processor's cache.
    between = np.empty((STEP // _CONTROL, _CONTROL), np.float32)
    flat = between.reshape(-1)
    starts = gains[:-1].reshape(STEPS, -1, 1)
    rises = (gains[1:] - gains[:-1]).reshape(starts.shape)
    steady = ~rises.any(axis=(1, 2))
    for step in range(STEPS):
        here = slice(step * STEP, (step + 1) * STEP)
        if not steady[step]:
            np.multiply(rises[step], _RAMP, out=between)
            between += starts[step]
            flat *= samples[here]
        elif starts[step, 0, 0]:
            np.multiply(samples[here], starts[step, 0, 0], out=flat)
        else:
            continue
        out[here] += flat


def _scaled(samples: Samples, gains: Samples) -> Samples:
    """Samples (BATCH,) times gains given at the control points."""
    if np.all(gains == 1.0):
        return samples
    scaled = np.zeros_like(samples)
    _add_scaled(scaled, samples, gains)
    return scaled


def render(
    sources: Sequence[Source],
    readers: Sequence[SoundReader],
    layout: Layout,
    room: RoomModel | None,
    samples: int,
    tell: Callable[[float], None],
) -> Iterator[Samples]:
    """Render sources to a layout.

    Parameters
    ----------
    sources : sequence of Source
    readers : sequence of SoundReader
        Their sounds, at the start.
    layout : Layout
    room : RoomModel or None
    samples : int
        The length of the mix.
    tell : callable
        Told several times a second which fraction is done; may raise `Cancelled`.

    Yields
    ------
    (C, n) float32 arrays
        The next samples of all channels in the file's order, unlimited; `samples` in all.

    Raises
    ------
    See2SoundError
        When a sound turns out to be unreadable.
    """
    lanes = [_Lane(s, r, layout, room) for s, r in zip(sources, readers, strict=True)]
    groups = [lanes[i::_GROUPS] for i in range(min(_GROUPS, len(lanes)))]
    mains, lfe = list(layout.mains), layout.lfe
    late = None if room is None else LongFilter(late_filters(room, layout))
    output = OverlapAdd(len(layout.channels))

    parts = 1 if room is None else room.parts
    totals = [_Sums.empty(len(mains), parts) for _ in groups]

    def sum_up(group: list[_Lane], sums: _Sums) -> None:
        sums.clear()
        for lane in group:
            lane.add(batch, sums)

    batch, left, early = 0, samples, LATENCY
    with ThreadPoolExecutor(min(_GROUPS, os.cpu_count() or 1)) as pool:
        while left > 0:
            running = {pool.submit(sum_up, *both) for both in zip(groups, totals, strict=True)}
            while running:
                ended, running = wait(running, timeout=0.2)
                for group in ended:
                    group.result()
                tell(1.0 - left / samples)
            sums, *others = totals
            for other in others:
                sums.add(other)
            if late is not None:
                late.add(sums.late.reshape(STEPS, STEP), sums.spectra[:STEPS])
                sums.filtered = True
            if sums.filtered:
                output.add(mains, sums.spectra[:STEPS])
            if lfe is not None and sums.lfe.any():
                filtered = lfe_spectrum() * spectra_of(sums.lfe.reshape(STEPS, STEP))
                output.add([lfe], filtered[:, None])
            output.add_direct(mains, sums.mains, LATENCY)
            done = output.take()[:, early : early + left]
            left -= done.shape[1]
            early = 0
            batch += 1
            yield done
