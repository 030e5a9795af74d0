"""Renders sources to the channels of a layout, in steps of fixed length, however long the clip.

Direct sound is panned sample by sample. All that has a spectrum or a delay
(reflections, late sound, spread, beds, the LFE's low-pass) goes through filters:
each source's signal is transformed once, all sources' products are summed per
channel, and each channel is transformed back once (overlap-add, uniformly
partitioned where a filter is longer than a step). Filters of a moving source
are made anew at each step's border and cross-faded in between.

Steps and control points lie at fixed places in time and everything is summed in
the scene's order, so the same scene gives the same samples every time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ..scene import Source
from ..sounds.protocol import SAMPLE_RATE
from .arrivals import LATENCY, bed_filters, point_filters, spread_filters
from .distance import distance_gain
from .layouts import Layout
from .lfe import lfe_filter
from .panning import point_gains, spread_share
from .reading import SoundReader
from .room import RoomModel
from .tracks import Track

Samples = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

#: Samples in a step, and the length of the transforms: a step and a filter as long.
STEP = 8192
_FFT = 2 * STEP

#: Samples between control points; gains are linear in between.
_CONTROL = 128
_PER_STEP = STEP // _CONTROL
_RAMP = (np.arange(_CONTROL) / _CONTROL).astype(np.float32)

#: Steps whose control points are computed at once.
_CHAPTER = 32

#: Gains are smoothed over 10 ms to either side, so that a track that jumps does not click.
_SMOOTHING = np.hanning(11)[1:-1] / np.hanning(11).sum()
_MARGIN = len(_SMOOTHING) // 2

#: What is sent at less than this many decibels is not computed.
_NOTHING_DB = -120.0


def _transformed(filters: Samples) -> Spectrum:
    spectrum: Spectrum = fft.rfft(filters, _FFT, axis=-1)
    return spectrum


@dataclasses.dataclass
class _Sums:
    """What a step's sources add up to."""

    mains: Samples  # (M, STEP) direct sound
    spectrum: Spectrum  # (M, F) filtered sound
    late: Samples  # (STEP,) what goes to the late sound
    lfe: Samples  # (STEP,) what goes to the LFE


class _Lane:
    """A source on its way into the mix."""

    def __init__(
        self, source: Source, reader: SoundReader, layout: Layout, room: RoomModel | None
    ) -> None:
        self.source = source
        self._reader = reader
        self._layout = layout
        self._track = Track(source)
        self._bed = source.kind == "ambience"
        # A bed has its own surroundings in it already.
        self._room = None if self._bed or source.reverb_db <= _NOTHING_DB else room
        self._sent = 10.0 ** (source.reverb_db / 20.0)
        share = spread_share(source.spread)
        self._direct = 0.0 if self._bed else float(np.sqrt(1.0 - share))
        self._filtered = self._bed or share > 0.0 or self._room is not None
        self._moves = self._track.moves and not self._bed
        self._to_lfe = (
            None
            if layout.lfe is None or source.lfe_db is None or source.lfe_db <= _NOTHING_DB
            else 10.0 ** (source.lfe_db / 20.0)
        )
        self._chapter = -1
        self._before: tuple[NDArray[np.float64], Spectrum] | None = None
        self._here = self._filters(np.zeros(1)) if self._filtered and not self._moves else None

    def add(self, step: int, sums: _Sums) -> None:
        """Add the source's next step to the sums."""
        samples = self._reader.read(STEP)
        if samples is None:
            return
        if step // _CHAPTER != self._chapter:
            self._open_chapter(step // _CHAPTER)
        first = (step % _CHAPTER) * _PER_STEP
        at = slice(first, first + _PER_STEP + 1)
        samples = _scaled(samples, self._levels[at])
        if not samples.any():
            return
        for main, gains in zip(sums.mains, self._gains[:, at], strict=True):
            _add_scaled(main, samples, gains)
        if self._room is not None:
            _add_scaled(sums.late, samples, self._late[at])
        if self._to_lfe is not None:
            _add_scaled(sums.lfe, samples, self._lfe[at])
        if self._here is not None:
            sums.spectrum += self._here * _transformed(samples)
        elif self._filtered:
            self._add_crossfaded(step, samples, sums.spectrum)

    def _open_chapter(self, chapter: int) -> None:
        """Find the gains at the control points of the next steps (last one's end included)."""
        self._chapter = chapter
        first = chapter * _CHAPTER * _PER_STEP
        points = np.arange(first - _MARGIN, first + _CHAPTER * _PER_STEP + 1 + _MARGIN)
        times = points * (_CONTROL / SAMPLE_RATE)
        self._levels = _smooth(self._track.levels(times)[None])[0]
        if self._moves:
            positions = self._track.positions(times)
        else:
            positions = np.repeat(self._track.positions(np.zeros(1)), 1, axis=0)
        distances = np.linalg.norm(positions, axis=1)
        near = np.ones(len(distances)) if self._bed else distance_gain(distances)
        gains = point_gains(positions, self._layout) * (self._direct * near)[:, None]
        self._gains = self._spanned(gains.T, len(points))
        if self._to_lfe is not None:
            self._lfe = self._spanned((near * self._to_lfe)[None], len(points))[0]
        if self._room is not None:
            late = self._room.late_gains(distances) * self._sent
            self._late = self._spanned(late[None], len(points))[0]

    def _spanned(self, values: NDArray[np.float64], points: int) -> Samples:
        """Smoothed values at all control points, from those of a track that may stand still."""
        if values.shape[1] == 1:
            return np.repeat(values, points - 2 * _MARGIN, axis=1).astype(np.float32)
        return _smooth(values)

    def _filters(self, time: NDArray[np.float64]) -> Spectrum:
        """The filters (M, F) of all but the direct sound at a time (1,)."""
        if self._bed:
            return _transformed(bed_filters(self._layout, STEP))
        position = self._track.positions(time)[0]
        filters = np.zeros((len(self._layout.mains), STEP), np.float32)
        if self.source.spread > 0.0:
            near = float(distance_gain(np.linalg.norm(position, keepdims=True))[0])
            filters += spread_filters(position, near, self.source.spread, self._layout, STEP)
        if self._room is not None:
            arrivals = self._room.reflections(position, self._sent)
            filters += point_filters(arrivals, self._layout, STEP)
        return _transformed(filters)

    def _add_crossfaded(self, step: int, samples: Samples, spectrum: Spectrum) -> None:
        if self._before is None or not np.array_equal(self._before[0], self._at(step)):
            self._before = (self._at(step), self._filters(np.array([step * STEP / SAMPLE_RATE])))
        place, here = self._before
        ahead = self._at(step + 1)
        if np.array_equal(place, ahead):
            spectrum += here * _transformed(samples)
            return
        there = self._filters(np.array([(step + 1) * STEP / SAMPLE_RATE]))
        fade = np.arange(STEP, dtype=np.float32) / STEP
        fading_in = _transformed(samples * fade)
        spectrum += here * (_transformed(samples) - fading_in)
        spectrum += there * fading_in
        self._before = (ahead, there)

    def _at(self, step: int) -> NDArray[np.float64]:
        return self._track.positions(np.array([step * STEP / SAMPLE_RATE]))[0]


def _smooth(values: NDArray[np.float64]) -> Samples:
    """Values (R, n + 2 margins) smoothed to (R, n)."""
    if np.all(values == values[:, :1]):
        return values[:, 2 * _MARGIN :].astype(np.float32)
    rows = [np.convolve(row, _SMOOTHING, mode="valid") for row in values]
    return np.stack(rows).astype(np.float32)


def _scaled(samples: Samples, gains: Samples) -> Samples:
    """Samples (STEP,) times gains given at the control points."""
    if np.all(gains == gains[0]):
        return samples if gains[0] == 1.0 else samples * gains[0]
    ramps = gains[:-1, None] + np.diff(gains)[:, None] * _RAMP
    return samples * ramps.reshape(-1)


def _add_scaled(out: Samples, samples: Samples, gains: Samples) -> None:
    if gains.any():
        out += _scaled(samples, gains)


class _LongFilter:
    """A filter longer than a step, in partitions, with the spectra of what it still sounds of."""

    def __init__(self, filters: Samples) -> None:
        parts = -(-filters.shape[1] // STEP)
        padded = np.zeros((len(filters), parts * STEP), np.float32)
        padded[:, : filters.shape[1]] = filters
        # (parts, M, F)
        self._parts = np.stack([_transformed(p) for p in np.split(padded, parts, axis=1)])
        self._past: list[Spectrum | None] = [None] * parts

    def add(self, samples: Samples, spectrum: Spectrum) -> None:
        """Add the filtered next step (STEP,) to a spectrum (M, F)."""
        self._past = [_transformed(samples) if samples.any() else None, *self._past[:-1]]
        for part, past in zip(self._parts, self._past, strict=True):
            if past is not None:
                spectrum += part * past


def render(
    sources: Sequence[Source],
    readers: Sequence[SoundReader],
    layout: Layout,
    room: RoomModel | None,
    samples: int,
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
    mains, lfe = list(layout.mains), layout.lfe
    late = None if room is None else _LongFilter(room.late_filters(layout))
    low_pass = None if lfe is None else _transformed(lfe_filter(STEP))
    # What sounds on after the step it came from.
    rest = np.zeros((len(layout.channels), _FFT), np.float32)
    to_drop, left = LATENCY, samples
    step = 0
    while left > 0:
        sums = _Sums(
            np.zeros((len(mains), STEP), np.float32),
            np.zeros((len(mains), _FFT // 2 + 1), np.complex64),
            np.zeros(STEP, np.float32),
            np.zeros(STEP, np.float32),
        )
        for lane in lanes:
            lane.add(step, sums)
        if late is not None:
            late.add(sums.late, sums.spectrum)
        if sums.spectrum.any():
            rest[mains] += fft.irfft(sums.spectrum, _FFT, axis=1)
        rest[mains, LATENCY : LATENCY + STEP] += sums.mains
        if low_pass is not None and sums.lfe.any():
            rest[lfe] += fft.irfft(low_pass * _transformed(sums.lfe), _FFT)
        done = rest[:, to_drop : min(STEP, to_drop + left)].copy()
        rest[:, :STEP] = rest[:, STEP:]
        rest[:, STEP:] = 0.0
        to_drop = 0
        left -= done.shape[1]
        step += 1
        yield done
