"""The maker without a model: procedural sounds, layered, at balanced levels.

Sounds are made a second at a time into one float32 array, so that hours need
little more memory than their result. Presence and distance are left to the mix;
here presence only decides when single events happen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import See2SoundError
from ..progress import Progress, part_of
from ..scene import Clip, Source
from .drive import drive_of
from .families import FAMILIES, Take
from .levels import LEVELS
from .protocol import SAMPLE_RATE
from .synth import Filter, Render, Samples, decibels, highpass, scaled
from .words import Choice, families_for, says_it_moves

#: Samples made between two reports of progress.
BLOCK = SAMPLE_RATE

#: Fade at both ends, samples (10 ms).
FADE = SAMPLE_RATE // 100

#: No sample is larger: -1 dBFS.
CEILING = decibels(-1.0)

#: Above this, peaks are rounded off towards the ceiling: -4.4 dBFS.
KNEE = 0.6

#: What cannot be heard and shifts the zero line is taken away below this, Hz.
LOWEST = 20.0


class ProceduralMaker:
    """Makes sounds from the families that the words of a source name."""

    def make(
        self, sources: Sequence[Source], clip: Clip, progress: Progress
    ) -> list[NDArray[np.float32]]:
        """Give each source its sound; see `core.sounds.protocol.Maker`."""
        return [
            sound_of(
                source,
                clip.duration,
                part_of(progress, number / len(sources), (number + 1) / len(sources)),
            )
            for number, source in enumerate(sources)
        ]


def sound_of(
    source: Source,
    duration: float,
    progress: Progress,
    choices: Sequence[Choice] | None = None,
) -> NDArray[np.float32]:
    """The sound of one source.

    Parameters
    ----------
    duration : float
        Seconds.
    choices : sequence of Choice, optional
        The families to layer; those that its words name when None.

    Returns
    -------
    (N,) float32 array
        N = round(duration x 48000), within -1 dBFS, silent at both ends.

    Raises
    ------
    See2SoundError
        Where this computer has no memory for it.
    Cancelled
    """
    count = round(duration * SAMPLE_RATE)
    if choices is None:
        choices = families_for(source.label, source.prompt, source.kind)
    phase = f"Making the sound of {source.label or source.id}"
    progress(phase, 0.0)
    try:
        sound = np.empty(count, np.float32)
        layers = _layers(
            source,
            families_for(source.label, source.prompt, source.kind) if choices is None else choices,
            duration,
            lambda: progress(phase, 0.0),
        )
        steady = Filter(highpass(LOWEST))
        for start in range(0, count, BLOCK):
            stop = min(start + BLOCK, count)
            total = np.zeros(stop - start)
            for render in layers:
                total += render(start, stop)
            sound[start:stop] = _rounded(steady(total))
            progress(phase, stop / count)
    except MemoryError as error:
        raise See2SoundError(
            f"the sound of {source.label or source.id!r} does not fit into memory",
            f"{duration:.0f} s need about {duration * 0.0006:.1f} GB",
            "Close other programs, or take a shorter part of the clip",
            kind="no-memory",
        ) from error
    fade = min(FADE, count // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / max(fade, 1))).astype(np.float32)
    sound[:fade] *= ramp
    sound[count - fade :] *= ramp[::-1]
    progress(phase, 1.0)
    return sound


def _layers(
    source: Source, choices: Sequence[Choice], duration: float, alive: Callable[[], None]
) -> list[Render]:
    """The families of a source, each at its level, ready to be rendered."""
    moves = says_it_moves(source.label, source.prompt)
    layers = []
    for choice in choices:
        family = FAMILIES[choice.family]
        drive = drive_of(source, duration, family.usual_speed if moves else None)
        render = family.render(Take(drive, source.seed, family.name, alive))
        layers.append(scaled(render, choice.weight * LEVELS[family.name].gain))
    return layers


def _rounded(samples: Samples) -> Samples:
    """Samples below the ceiling: peaks above the knee are bent, without a corner."""
    size = np.abs(samples)
    if np.max(size, initial=0.0) <= KNEE:
        return samples
    room = CEILING - KNEE
    bent = KNEE + room * np.tanh((size - KNEE) / room)
    return np.where(size > KNEE, np.sign(samples) * bent, samples)
