"""From a rendered mix to a delivered one: loudness reached, true peaks under the ceiling.

Where peaks have to be limited, the mix is gone through until what is left of it is as loud as
asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...audio.limiter import CONTEXT, Limiter
from ...audio.loudness import LoudnessMeter
from ...audio.peaks import PeakMeter
from ...progress import Progress, part_of
from .aside import Aside
from .rendered_mix import RenderedMix
from .writing import SoundWriter

Samples = NDArray[np.float32]

#: The largest true peak of a mix, dBTP (EBU R 128).
CEILING_DB = -1.0

#: Where a mix has to be limited, it is to a little less: other meters, with other interpolators,
#: may read higher. A mix that is under the ceiling as it is, is left alone.
_MARGIN_DB = 0.2
_CEILING, _LIMITED_TO = 10.0 ** (CEILING_DB / 20.0), 10.0 ** ((CEILING_DB - _MARGIN_DB) / 20.0)

#: How near to the loudness asked for is good enough, LU, and how often to try.
_NEAR_ENOUGH = 0.05
_TRIES = 5

#: What limiting may be made up for at most, dB.
_MOST_MAKEUP = 12.0

#: Samples that are mastered at once; a multiple of `peaks.CHUNK`.
_PIECE = 65_536


@dataclass(frozen=True)
class Levels:
    """What mastering decided and got.

    Attributes
    ----------
    gain_db : float
    lufs : float or None
    loudness_range : float or None
        LU.
    peak : float
        True peak, full scale 1.
    power : (C,) array
        Mean square per channel.
    limited_db : float
    """

    gain_db: float
    lufs: float | None
    loudness_range: float | None
    peak: float
    power: NDArray[np.float64]
    limited_db: float


def master(mix: RenderedMix, lufs: float | None, writer: SoundWriter, progress: Progress) -> Levels:
    """Bring a mix to a loudness under the true-peak ceiling and write it.

    Limiting takes loudness away, which is made up for by more gain as far as the ceiling lets
    it; where it does not, the mix ends softer than asked, never over the ceiling.

    Parameters
    ----------
    mix : RenderedMix
    lufs : float or None
        None leaves the level, except for what the ceiling forbids.
    writer : SoundWriter
    progress : Progress
    """
    measured, peak = mix.loudness(), mix.peak()
    gain_db = 0.0 if lufs is None or measured is None else lufs - measured
    start = 0.0
    if peak * 10.0 ** (gain_db / 20.0) > _CEILING:
        if lufs is not None and measured is not None:
            gain_db = _made_up(mix, lufs, gain_db, part_of(progress, 0.0, 0.6))
        start = 0.6
    return _pass(mix, gain_db, writer, part_of(progress, start, 1.0))


def _made_up(mix: RenderedMix, lufs: float, gain_db: float, progress: Progress) -> float:
    """The gain before the limiter at which the loudness after it is as asked."""
    first = best = gain_db
    nearest, slope = math.inf, 1.0
    tried: tuple[float, float] | None = None
    for number in range(_TRIES):
        step = part_of(progress, number / _TRIES, (number + 1) / _TRIES)
        got = _pass(mix, gain_db, None, step).lufs
        if got is None:
            break
        error = lufs - got
        if abs(error) < nearest:
            nearest, best = abs(error), gain_db
        if nearest <= _NEAR_ENOUGH or gain_db >= first + _MOST_MAKEUP:
            break
        if tried is not None:
            # A decibel more before the limiter is less than one after it.
            slope = min(max((got - tried[1]) / (gain_db - tried[0]), 0.2), 1.0)
        tried = gain_db, got
        gain_db = min(gain_db + error / slope, first + _MOST_MAKEUP)
    progress("Levelling", 1.0)
    return best


def _pass(
    mix: RenderedMix, gain_db: float, writer: SoundWriter | None, progress: Progress
) -> Levels:
    """Go once through the mix: raise, limit, measure, and write where there is a writer."""
    gain = np.float32(10.0 ** (gain_db / 20.0))
    length, done = mix.length, 0
    # Without a need for the limiter what was measured on the way in holds, but for the gain.
    limiting = mix.peak() * float(gain) > _CEILING
    limiter, meter = Limiter(_LIMITED_TO), LoudnessMeter(mix.layout.loudness_weights)
    peaks = PeakMeter(len(mix.layout.channels))
    power = np.zeros(len(mix.layout.channels))
    phase = "Levelling" if writer is None else "Writing"
    if limiting:
        held = _with_context(mix.blocks(), CONTEXT, _PIECE)
        pieces = (limiter.apply(np.multiply(piece, gain, out=piece)) for piece in held)
    else:
        pieces = (block * gain for block in mix.blocks())
    with Aside() as writing:
        for limited in pieces:
            progress(phase, done / length)
            piece = limited[:, : length - done]
            done += piece.shape[1]
            if writer is not None:
                writing.run(writer.write, piece)
                power += np.einsum("cn,cn->c", piece, piece, dtype=np.float64)
            if limiting:
                meter.push(piece)
                if writer is not None:
                    peaks.push(piece)
    progress(phase, 1.0)
    if limiting:
        lufs, spread, peak = meter.integrated(), meter.loudness_range(), peaks.peak()
    else:
        heard = mix.loudness()
        lufs, peak = None if heard is None else heard + gain_db, mix.peak() * float(gain)
        spread = mix.loudness_range(gain_db)
    return Levels(gain_db, lufs, spread, peak, power / length, limiter.deepest)


def _with_context(blocks: Iterable[Samples], context: int, piece: int) -> Iterator[Samples]:
    """Re-cut a stream into pieces (C, context + piece + context) that overlap by their contexts.

    Silence is before its start and after its end.
    """
    source = iter(blocks)
    first = next(source, None)
    if first is None:
        return
    held = [np.zeros((len(first), context), np.float32), first]
    have, ended = context + first.shape[1], False
    left = first.shape[1]
    while left > 0:
        while have < piece + 2 * context:
            block = None if ended else next(source, None)
            if block is None:
                ended = True
                block = np.zeros((len(first), piece + 2 * context - have), np.float32)
            else:
                left += block.shape[1]
            held.append(block)
            have += block.shape[1]
        joined = np.concatenate(held, axis=1)
        yield joined[:, : piece + 2 * context].copy()
        held, have = [joined[:, piece:]], have - piece
        left -= piece
