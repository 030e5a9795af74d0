"""Filtering in the frequency domain, block by block (overlap-add, uniformly partitioned).

A block of samples, transformed at its own length and a filter's together, times the transform
of the filter is that block filtered, and rings into the next ones. Longer filters are cut into
parts, each a block later than the one before. Products of many sources can be summed before
one transform back.

Sound is cut into steps of `STEP` samples, and blocks are steps where nothing else is said;
filters that are short and made often want smaller ones (`partition_for`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Samples = NDArray[np.float32]
Spectra = NDArray[np.complex64]

#: Samples in a step, and the most that a filter can have in one part.
STEP = 8192
_FFT = 2 * STEP

#: Transforms are multiples of this long, a power of two.
_EVEN = 256

#: The shortest blocks, and how many of them it costs as much to filter as to make a filter.
_SHORTEST, _MAKING = 512, 4


@dataclass(frozen=True)
class Partition:
    """How sound and filters are cut.

    Attributes
    ----------
    block : int
        Samples of sound that are transformed at once; a step holds a whole number of them.
    fft : int
        Samples of a transform.
    parts : int
        Parts of a filter, each a block later than the one before.
    late : int
        Samples by which filters are late, so that they may begin before the sound does.
    """

    block: int
    fft: int
    parts: int
    late: int

    @property
    def taps(self) -> int:
        """The most taps of a part: no more fit beside a block into a transform."""
        return self.fft - self.block


#: Steps that are blocks, for filters that are as long.
WHOLE = Partition(STEP, _FFT, 1, 0)


def partition_for(length: int, before: int, after: int, made_anew: bool) -> Partition:
    """The partition that costs least.

    Parameters
    ----------
    length : int
        Samples in which what a filter is summed up from begins.
    before, after : int
        Samples by which it begins earlier, and rings on.
    made_anew : bool
        Whether filters are made anew with every step.
    """
    around = before + after
    if length > STEP:
        size = _fast(_FFT + around)
        return Partition(STEP, size, -(-length // STEP), before)

    def cost(partition: Partition) -> int:
        return partition.fft * (_MAKING * made_anew + STEP // partition.block)

    blocks = [STEP >> shift for shift in range(STEP.bit_length()) if STEP >> shift >= _SHORTEST]
    sizes = [_fast(block + length + around) for block in blocks]
    fitting = zip(blocks, sizes, strict=True)
    return min((Partition(block, size, 1, before) for block, size in fitting), key=cost)


def _fast(length: int) -> int:
    """The next length that is transformed fast: few of its factors are not two."""
    return int(fft.next_fast_len(-(-length // _EVEN), real=True)) * _EVEN


def spectra_of(filters: Samples) -> Spectra:
    """Transforms (..., STEP + 1) of filters (..., up to STEP)."""
    spectra: Spectra = fft.rfft(filters, _FFT, axis=-1)
    return spectra


class Transform:
    """Transforms of `rows` blocks at a time, in memory of its own: one for each thread.

    Several rows at once take a third of the time that they take one by one.
    """

    def __init__(self, rows: int, partition: Partition) -> None:
        self._padded = np.zeros((rows, partition.fft), np.float32)
        self._block = partition.block

    def __call__(self, samples: Samples) -> Spectra:
        """Transforms (rows, F) of blocks (rows, block)."""
        self._padded[:, : self._block] = samples
        spectra: Spectra = fft.rfft(self._padded, axis=-1)
        return spectra


class LongFilter:
    """A filter that is longer than a step, with the spectra of what it still rings of.

    Parameters
    ----------
    filters : (M, L) array
        A row per channel.
    count, block : int
        Blocks that come at once, and samples in each.

    Attributes
    ----------
    partition : Partition
    """

    def __init__(self, filters: Samples, count: int, block: int) -> None:
        channels, length = filters.shape
        parts = -(-length // block)
        size = _fast(block + min(length, block))
        self.partition = Partition(block, size, parts, 0)
        self._transform = Transform(count, self.partition)
        padded = np.zeros((channels, parts * block), np.float32)
        padded[:, :length] = filters
        self._parts: Spectra = fft.rfft(padded.reshape(channels, parts, block), size, axis=-1)
        self._past: list[Spectra | None] = [None] * parts
        self._made = np.zeros((count, channels, size // 2 + 1), np.complex64)
        self._product = np.empty_like(self._made[0])

    def filtered(self, samples: Samples) -> Spectra | None:
        """Transforms (B, M, F) of the next blocks and what rings in them; None of silence.

        They hold until the next call.
        """
        sounding = samples.any()
        if not sounding and not any(past is not None for past in self._past[:-1]):
            return None
        blocks = samples.reshape(-1, self.partition.block)
        coming = self._transform(blocks) if sounding else [None] * len(blocks)
        self._made.fill(0.0)
        for made, sound in zip(self._made, coming, strict=True):
            self._past = [sound, *self._past[:-1]]
            for part, past in enumerate(self._past):
                if past is not None:
                    made += np.multiply(self._parts[:, part], past, out=self._product)
        return self._made


class OverlapAdd:
    """Sums what rings across steps and gives it out in time.

    Parameters
    ----------
    channels : int
    """

    def __init__(self, channels: int) -> None:
        self._sum = np.zeros((channels, 0), np.float32)
        self._complete = 0

    def add(
        self,
        channels: Sequence[int],
        spectra: Spectra,
        partition: Partition = WHOLE,
        late: int = 0,
    ) -> None:
        """Transform the spectra (B, M, F) of the next blocks back and add them to M channels."""
        length, block = len(spectra) * partition.block, partition.block
        rings = range(late, late + partition.fft, block)
        self._open(length, rings[-1])
        for number, channel in enumerate(channels):
            made = fft.irfft(spectra[:, number], partition.fft, axis=-1)
            for begin, start in enumerate(rings):
                here = made[:, begin * block : (begin + 1) * block]
                out = self._sum[channel, start : start + length].reshape(-1, block)
                out[:, : here.shape[1]] += here

    def add_direct(self, channels: Sequence[int], samples: Samples, late: int) -> None:
        """Add unfiltered samples (M, S x STEP) to M channels, late by some samples."""
        self._open(samples.shape[1], late)
        for channel, row in zip(channels, samples, strict=True):
            self._sum[channel, late : late + len(row)] += row

    def take(self) -> Samples:
        """What has been added and is complete (C, S x STEP); what rings on stays."""
        done, self._sum = self._sum[:, : self._complete], self._sum[:, self._complete :]
        self._complete = 0
        return done

    def _open(self, length: int, rings: int) -> None:
        """Make room for the next samples and so many that they ring into."""
        self._complete = max(self._complete, length)
        missing = self._complete + rings - self._sum.shape[1]
        if missing > 0:
            before, have = self._sum, self._sum.shape[1]
            self._sum = np.zeros((len(before), have + missing), np.float32)
            self._sum[:, :have] = before
