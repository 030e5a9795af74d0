"""What a maker of sounds must offer: a mono sound for a source, as long as the clip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from ..scene import Clip, Source

#: The sample rate of everything that this project makes, Hz.
SAMPLE_RATE = 48_000


class Maker(Protocol):
    """Makes sounds from words, motion and presence."""

    def make(
        self, sources: Sequence[Source], clip: Clip, progress: Progress
    ) -> list[NDArray[np.float32]]:
        """Give each source its sound.

        Parameters
        ----------
        sources : sequence of Source
            Those to sound; their prompt says what, `seed` makes it repeatable, motion and
            presence drive it.
        clip : Clip
            Its duration is the length of every sound.

        Returns
        -------
        list of (N,) float32 arrays
            Mono, 48 kHz, N = round(duration x 48000), within -1 to 1, without clicks.
        """
        ...
