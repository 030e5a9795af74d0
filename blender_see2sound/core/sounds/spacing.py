"""Lets a sound that happens once, a bark or a thunderclap, happen again after pauses.

Continued without a pause it would be a machine gun. How often is a guess, like that of the
procedural calls: a person who knows better places single files by hand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE
from ..scene import Source
from .drive import drive_of
from .synth import Events, Render, Samples, decibels
from .words import says_it_moves

#: Levels are taken over so many samples (50 ms).
_FRAME = SAMPLE_RATE // 20

#: Loud is what is less than so many dB below the loudest.
LOUD = 15.0

#: Loud parts with less between them than so many frames (0.4 s) are one.
_TOGETHER = 8

#: It happens once where there are at most so many loud parts, in at most this share of a
#: recording of at most so many seconds.
MOST_PARTS, LARGEST_SHARE, LONGEST = 3, 0.5, 15.0

#: Or where it is shorter than so many seconds and ends so far below its loudest, dB.
SHORT, FALLEN = 1.5, 12.0

#: The mean pause: this long, and this many times the sound's own length at least; seconds.
PAUSE, TIMES = 4.0, 2.0

#: It is softer by up to so many dB each time.
VARIED = 4.0


def happens_once(recording: NDArray[np.float32], source: Source) -> bool:
    """Whether a recording is one event, or a short call, rather than something that goes on.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz, without silence around it.
    source : Source
        What walks or drives goes on, however short its recording is.
    """
    seconds = len(recording) / SAMPLE_RATE
    if seconds > LONGEST or (seconds > SHORT and says_it_moves(source.label, source.prompt)):
        return False
    whole = np.pad(recording, (0, -len(recording) % _FRAME)).reshape(-1, _FRAME)
    level = 10.0 * np.log10(np.mean(whole.astype(np.float64) ** 2, axis=1) + 1e-14)
    loudest = float(np.max(level))
    if seconds < SHORT:
        last = recording[-max(len(recording) // 10, 1) :].astype(np.float64)
        return 10.0 * np.log10(np.mean(last**2) + 1e-14) < loudest - FALLEN
    loud = np.flatnonzero(level > loudest - LOUD)
    parts = 1 + int(np.sum(np.diff(loud) > _TOGETHER))
    return parts <= MOST_PARTS and len(loud) < LARGEST_SHARE * len(level)


def spaced(recording: NDArray[np.float32], source: Source, duration: float) -> Render:
    """A recording again and again, with pauses, while the source is present.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz.
    source : Source
        Its seed decides when.
    duration : float
        Seconds.

    Returns
    -------
    Render
    """
    rng = np.random.default_rng([source.seed, 0x0CE])
    seconds = len(recording) / SAMPLE_RATE
    pause = max(PAUSE, TIMES * seconds)
    times = drive_of(source, duration).events(
        rng, seconds + pause, first=0.5, least=seconds + 0.25 * pause
    )
    softer = rng.uniform(-VARIED, 0.0, len(times))
    if len(softer):
        softer[0] = 0.0

    def make(number: int) -> Samples:
        return recording.astype(np.float64) * decibels(float(softer[number]))

    return Events(times, make)
