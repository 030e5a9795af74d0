"""Reads from a recording what a source needs of it: one channel, 48 kHz, a good part of a long one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ...errors import See2SoundError, from_os_error
from ...mix.reading import FASTEST, SLOWEST, Resampler
from ...progress import Progress
from ..generated.mono import folded

#: No more is read of a recording, seconds, and samples of all channels: it goes on from there.
LONGEST, _MOST_SAMPLES = 120.0, 50_000_000

#: What is not longer than this is read from its beginning, seconds.
WHOLE = 60.0

#: A long recording is heard in so many places, for so many seconds each, to find a good part.
_PLACES, _LISTENED = 40, 0.25

#: Parts whose goodness differs by less are alike; dB.
_ALIKE = 2.0

#: Seconds that are read between two reports of progress.
_PIECE = 5.0


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
            if not SLOWEST <= file.samplerate <= FASTEST:
                raise _bad(path, f"its sample rate is {file.samplerate} Hz")
            rate = file.samplerate
            wanted = min(max(seconds, WHOLE), LONGEST, _MOST_SAMPLES / (rate * file.channels))
            count = min(int(wanted * rate), file.frames)
            first = _good_part(file, count, seed) if file.frames > 1.25 * count else 0
            file.seek(first)
            sound = np.empty((count, file.channels), np.float32)
            read = 0
            while read < count:
                piece = file.read(
                    min(int(_PIECE * rate), count - read), dtype="float32", always_2d=True
                )
                if not len(piece):
                    break  # shorter than its header says
                sound[read : read + len(piece)] = piece
                read += len(piece)
                progress(phase, 0.8 * read / count)
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    except (soundfile.SoundFileError, TypeError) as error:
        said = str(getattr(error, "error_string", error)).strip().rstrip(".")
        raise _bad(path, said or "it cannot be read") from error
    sound = sound[:read]
    if not read or not np.isfinite(sound).all():
        raise _bad(path, "it is empty" if not read else "it holds samples that are no numbers")
    samples = resampled(folded(np.ascontiguousarray(sound.T), rate), rate)
    progress(phase, 1.0)
    return Part(samples, first / rate)


def resampled(mono: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """One channel at 48 kHz."""
    resampler = Resampler(rate)
    pieces = [
        resampler.push(mono[at : at + resampler.wanted], last=at + resampler.wanted >= len(mono))
        for at in range(0, len(mono), resampler.wanted)
    ]
    return np.concatenate(pieces)


def _good_part(file: soundfile.SoundFile, count: int, seed: int) -> int:
    """Where a loud and steady part of this many frames begins."""
    short = int(_LISTENED * file.samplerate)
    places = np.linspace(0, file.frames - short, _PLACES).astype(np.int64)
    levels = np.empty(_PLACES)
    for number, place in enumerate(places):
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
