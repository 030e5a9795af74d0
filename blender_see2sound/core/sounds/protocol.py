"""What a maker of sounds must offer: mono sounds for sources, as long as the clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import See2SoundError
from ..progress import Progress
from ..scene import Clip, Source
from .origin import Origin

#: What a person may ask for at most: takes of a source at once, and a generator's settings.
MOST_TAKES = 8
MOST_STEPS, MOST_GUIDANCE = 1000, 50.0


@dataclass(frozen=True)
class Making:
    """How a person wants sounds to be made, apart from what a source says itself.

    Attributes
    ----------
    candidates : int
        How many sounds a maker offers for a source, the best first; 1 to 8.
    steps : int or None
        Denoising steps of a generator, 1 to 1000; None for its own number.
    guidance : float or None
        How closely a generator keeps to the prompt, 0 to 50; None for its own.
    library : Path or None
        The folder of the person's own recordings.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" where one is out of range, whoever makes the sounds.
    """

    candidates: int = 1
    steps: int | None = None
    guidance: float | None = None
    library: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what no maker can do."""
        for value, low, high, what in (
            (self.candidates, 1, MOST_TAKES, "{} takes of a sound cannot be made"),
            (self.steps, 1, MOST_STEPS, "{} steps cannot be made"),
            (self.guidance, 0, MOST_GUIDANCE, "a guidance of {:g} cannot be used"),
        ):
            if value is not None and not low <= value <= high:
                raise See2SoundError(
                    what.format(value), "", f"Choose {low} to {high:g}", kind="bad-request"
                )


@dataclass(frozen=True)
class Made:
    """A sound that a maker offers.

    Attributes
    ----------
    blocks : iterable of (n,) float32 arrays
        Mono, 48 kHz, in order and once, together round(duration x 48000) samples, within -1 to
        1, without clicks. May raise `Cancelled`.
    origin : Origin
        How it came about.
    """

    blocks: Iterable[NDArray[np.float32]]
    origin: Origin


class Maker(Protocol):
    """Makes sounds from words, motion and presence.

    Attributes
    ----------
    warnings : sequence of str
        What a person should know once all is made, beside the errors.
    """

    @property
    def warnings(self) -> Sequence[str]: ...

    def make(
        self, sources: Sequence[Source], clip: Clip, making: Making, progress: Progress
    ) -> Iterator[Sequence[Made] | See2SoundError]:
        """Give each source its sound, and others to choose from.

        Parameters
        ----------
        sources : sequence of Source
            Those to sound; their prompt says what, `seed` makes it repeatable, motion drives it.
        clip : Clip
            Its duration is the length of every sound.
        making : Making
        progress : Progress
            Told of all the work, also that of the blocks.

        Yields
        ------
        sequence of Made or See2SoundError
            For each source in order, the best first, at most `making.candidates`; each is used up
            before the next is asked for. Presence is left to the mix, which scales by it. An error
            where there is no sound for this source, while others may have theirs.

        Raises
        ------
        See2SoundError
            Where no source can have a sound.
        Cancelled
        """
        ...
