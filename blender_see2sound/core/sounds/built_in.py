"""The maker without a model: procedural sounds, layered, at balanced levels.

Sounds are made a second at a time, so that hours need no more memory. Presence and distance are left to the mix;
here presence only decides when single events happen.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE
from ..progress import Progress, part_of
from ..scene import Clip, Source
from ..seeds import seed_after
from ..version import version
from .drive import drive_of
from .families import FAMILIES, Take
from .levels import LEVELS
from .origin import Origin, now
from .protocol import Made, Making
from .size import size_of
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

#: Families of words that say no more than that something moves.
ONLY_MOVES = frozenset({"cloth", "whoosh", "room tone"})

#: What cannot be heard and shifts the zero line is taken away below this, Hz.
LOWEST = 20.0


class ProceduralMaker:
    """Makes sounds from the families that the words of a source name."""

    warnings: Sequence[str] = ()

    def make(
        self, sources: Sequence[Source], clip: Clip, making: Making, progress: Progress
    ) -> Iterator[Sequence[Made]]:
        """Give each source its sound; see `core.sounds.protocol.Maker`."""
        each = 1.0 / max(len(sources) * making.candidates, 1)
        steps = (part_of(progress, n * each, (n + 1) * each) for n in itertools.count())
        for source in sources:
            choices, size = choices_of(source), size_of(source, clip)
            takes = (
                dataclasses.replace(source, seed=seed_after(source.seed, number))
                for number in range(making.candidates)
            )
            yield [
                Made(
                    blocks_of(take, clip.duration, next(steps), choices, size),
                    _origin_of(take, choices),
                )
                for take in takes
            ]


def choices_of(source: Source) -> tuple[Choice, ...]:
    """The families of a source: those that its words name, and blows where only the picture has them.

    What is known only to move ("a moving thing") may be seen to strike.
    """
    choices = families_for(source.label, source.prompt, source.kind)
    strikes = source.motion is not None and len(source.motion.impacts) > 0
    if strikes and all(choice.family in ONLY_MOVES for choice in choices):
        return (*choices, Choice("impact", 1.0))
    return choices


def _origin_of(source: Source, choices: Sequence[Choice]) -> Origin:
    return Origin(
        maker="draft",
        synthetic=True,
        model="See2Sound's procedural bank",
        revision=version(),
        prompt=source.prompt,
        seed=source.seed,
        settings={choice.family: round(choice.weight, 3) for choice in choices},
        made=now(),
    )


def blocks_of(
    source: Source,
    duration: float,
    progress: Progress,
    choices: Sequence[Choice] | None = None,
    size: float | None = None,
) -> Iterator[NDArray[np.float32]]:
    """The sound of one source, a second at a time.

    Parameters
    ----------
    duration : float
        Seconds.
    choices : sequence of Choice, optional
        The families to layer; `choices_of` it when None.
    size : float, optional
        Metres; that of an ordinary thing of its kind when None.

    Yields
    ------
    (n,) float32 array
        Together round(duration x 48000) samples, within -1 dBFS, silent at both ends.

    Raises
    ------
    Cancelled
    """
    count = round(duration * SAMPLE_RATE)
    if choices is None:
        choices = choices_of(source)
    phase = f"Making the sound of {source.label or source.id}"
    progress(phase, 0.0)
    layers = _layers(source, choices, duration, size, lambda: progress(phase, 0.0))
    steady = Filter(highpass(LOWEST))
    fade = max(min(FADE, count // 2), 1)
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        total = np.zeros(stop - start)
        for render in layers:
            total += render(start, stop)
        from_ends = np.minimum(np.arange(start, stop), count - 1 - np.arange(start, stop))
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.minimum(from_ends / fade, 1.0))
        yield (_rounded(steady(total)) * ramp).astype(np.float32)
        progress(phase, stop / count)


def _layers(
    source: Source,
    choices: Sequence[Choice],
    duration: float,
    size: float | None,
    alive: Callable[[], None],
) -> list[Render]:
    """The families of a source, each at its level, ready to be rendered."""
    moves = says_it_moves(source.label, source.prompt)
    layers = []
    for choice in choices:
        family = FAMILIES[choice.family]
        drive = drive_of(source, duration, family.usual_speed if moves else None)
        scale = family.scale(size)
        render = family.render(Take(drive, source.seed, family.name, alive, scale))
        # Of the same stuff what is twice as large has four times the surface: 6 dB.
        layers.append(scaled(render, choice.weight * LEVELS[family.name].gain * scale))
    return layers


def _rounded(samples: Samples) -> Samples:
    """Samples below the ceiling: peaks above the knee are bent, without a corner."""
    size = np.abs(samples)
    if np.max(size, initial=0.0) <= KNEE:
        return samples
    room = CEILING - KNEE
    bent = KNEE + room * np.tanh((size - KNEE) / room)
    return np.where(size > KNEE, np.sign(samples) * bent, samples)
