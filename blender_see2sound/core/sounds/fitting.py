"""The one way from a recording, generated or from a library, to the sound of a source.

Evened first (`evening`), then continued to the clip's length (`continuing`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from ..scene import Source
from .continuing import continued
from .evening import evened
from .protocol import SAMPLE_RATE

#: Samples made between two reports of progress.
BLOCK = SAMPLE_RATE

#: Fade at both ends, samples (10 ms).
FADE = SAMPLE_RATE // 100


def fitted(
    recording: NDArray[np.float32], source: Source, duration: float, progress: Progress
) -> Iterator[NDArray[np.float32]]:
    """A recording as the sound of a source, as long as the clip, a second at a time.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz.
    source : Source
        Its words decide the loudness, its seed the order in which the recording goes on.
    duration : float
        Seconds.
    progress : Progress

    Yields
    ------
    (n,) float32 array
        Together round(duration x 48000) samples, within -1 dBFS, silent at both ends.

    Raises
    ------
    See2SoundError
        Of kind "bad-sound", naming the source, for a recording that cannot be used.
    Cancelled
    """
    count = round(duration * SAMPLE_RATE)
    phase = f"Fitting the sound of {source.label or source.id}"
    progress(phase, 0.0)
    render = continued(evened(recording, source), duration, source.seed)
    fade = max(min(FADE, count // 2), 1)
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        from_ends = np.minimum(np.arange(start, stop), count - 1 - np.arange(start, stop))
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.minimum(from_ends / fade, 1.0))
        yield (render(start, stop) * ramp).astype(np.float32)
        progress(phase, stop / count)
