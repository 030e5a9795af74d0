"""Reads from a recording what a source needs of it: one channel, 48 kHz, a good part of a long one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ...audio.resampling import FASTEST, SLOWEST, Resampler
from ...errors import See2SoundError, from_os_error
from ...progress import Progress, part_of
from ..mono import folding
from .metadata import said

#: No more is read of a recording, seconds: it goes on from there.
LONGEST = 120.0

#: What is not longer than this is read from its beginning, seconds.
WHOLE = 60.0

#: A long recording is heard in so many places, for so many seconds each, to find a good part.
_PLACES, _LISTENED = 40, 0.25

#: Parts whose goodness differs by less are alike; dB.
_ALIKE = 2.0

#: In so many places a part is heard for a second, to tell how its channels go together.
_PLACES_OF_PART = 8


@dataclass(frozen=True)
class Part:
    """A part of a recording.

    Attributes
    ----------
    samples : (M,) float32 array
        Mono, 48 kHz.
    begins : float
        Where it begins in the recording, seconds.
    """

    samples: NDArray[np.float32]
    begins: float


def read_part(path: Path, seconds: float, seed: int, progress: Progress) -> Part:
    """Read as much of a recording as is wanted.

    Several channels become one without cancelling each other. Of a recording much longer than
    what is wanted, a loud and steady part is taken.

    Parameters
    ----------
    path : Path
    seconds : float
        Wanted; at most `LONGEST` are read, and short recordings whole.
    seed : int
        Another seed, another one of the good parts.
    progress : Progress

    Raises
    ------
    See2SoundError
        Of kind "missing-file", "no-permission" or "bad-sound", naming the file.
    Cancelled
    """
    phase = f"Reading {path.name}"
    progress(phase, 0.0)
    try:
        with path.open("rb") as raw, soundfile.SoundFile(raw) as file:
            rate = file.samplerate
            if not SLOWEST <= rate <= FASTEST:
                raise _bad(path, f"its sample rate is {rate} Hz")
            if file.frames <= 0:
                raise _bad(path, "it is empty")
            count = min(int(min(max(seconds, WHOLE), LONGEST) * rate), file.frames)
            listening = partial(part_of(progress, 0.0, 0.3), phase)
            first = 0
            if file.frames > 1.25 * count:
                first = _good_part(file, count, seed, listening)
            listening(1.0)
            shares = folding(_heard(file, first, count, listening), rate)
            file.seek(first)
            resampler = Resampler(rate)
            pieces = [np.zeros(0, np.float32)]
            read, last = 0, False
            while not last:
                frames = file.read(
                    min(resampler.wanted, count - read), dtype="float32", always_2d=True
                )
                read += len(frames)
                # A file may be shorter than its header says.
                last = len(frames) < resampler.wanted or read == count
                pieces.append(resampler.push(frames @ shares, last=last))
                progress(phase, 0.3 + 0.7 * read / count)
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    except (soundfile.SoundFileError, TypeError) as error:
        raise _bad(path, said(error)) from error
    samples = np.concatenate(pieces)
    if not np.isfinite(samples).all():
        raise _bad(path, "it holds samples that are no numbers")
    return Part(samples, first / rate)


def _heard(
    file: soundfile.SoundFile, first: int, count: int, listening: Callable[[float], None]
) -> NDArray[np.float32]:
    """Some seconds of a part, from all over it: (channels, n)."""
    short = min(file.samplerate, count)
    pieces = []
    for place in np.linspace(first, first + count - short, _PLACES_OF_PART):
        listening(1.0)
        file.seek(int(place))
        pieces.append(file.read(short, dtype="float32", always_2d=True))
    return np.ascontiguousarray(np.concatenate(pieces).T)


def _good_part(
    file: soundfile.SoundFile, count: int, seed: int, listening: Callable[[float], None]
) -> int:
    """Where a loud and steady part of this many frames begins."""
    short = int(_LISTENED * file.samplerate)
    places = np.linspace(0, file.frames - short, _PLACES).astype(np.int64)
    levels = np.empty(_PLACES)
    for number, place in enumerate(places):
        listening(number / len(places))
        file.seek(int(place))
        heard = file.read(short, dtype="float32", always_2d=True)
        power = np.mean(heard.astype(np.float64) ** 2, axis=0) if len(heard) else np.zeros(1)
        levels[number] = 10.0 * np.log10(float(power.max()) + 1e-12)
    starts = places[places <= file.frames - count]
    good = np.empty(len(starts))
    for number, start in enumerate(starts):
        inside = levels[(places >= start) & (places <= start + count)]
        soft, loud = np.percentile(inside, [10, 90])
        # Steadiness counts half as much as level.
        good[number] = np.median(inside) - 0.5 * (loud - soft)
    alike = np.flatnonzero(good > good.max() - _ALIKE)
    ordered = alike[np.argsort(-good[alike], kind="stable")]
    return int(starts[ordered[seed % len(ordered)]])


def _bad(path: Path, why: str) -> See2SoundError:
    return See2SoundError(
        f"cannot use {path}", why, "Choose another seed or prompt", kind="bad-sound"
    )
