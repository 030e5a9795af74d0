"""The one way from a recording, generated or from a library, to the sound of a source.

It is evened (`evening`). Where the picture shows impacts and the recording holds hits, these
are put there (`conforming`); what happens once happens again after pauses (`spacing`); all else
goes on to the clip's length (`continuing`), and its level follows the source's motion.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..audio import SAMPLE_RATE
from ..progress import Progress
from ..scene import Source
from .conforming import activity, conformed, conforms
from .continuing import continued
from .evening import evened
from .spacing import happens_once, spaced
from .synth import Render, decibels, scaled

#: Samples made between two reports of progress; whole chunks of the limiter.
BLOCK = SAMPLE_RATE

#: Fade at both ends, samples (10 ms).
FADE = SAMPLE_RATE // 100

#: No true peak is above this: -1 dBTP.
CEILING = decibels(-1.0)


def fitted(
    recording: NDArray[np.float32], source: Source, duration: float, progress: Progress
) -> Iterator[NDArray[np.float32]]:
    """A recording as the sound of a source, as long as the clip, a second at a time.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz.
    source : Source
        Its words decide the loudness, its motion when it sounds, its seed in which order.
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
    clean = evened(recording, source)
    progress(phase, 0.0)
    render = _fitting(clean, source, duration)
    progress(phase, 0.0)
    fade = max(min(FADE, count // 2), 1)
    start = 0
    for samples in _limited(render, count):
        stop = start + len(samples)
        from_ends = np.minimum(np.arange(start, stop), count - 1 - np.arange(start, stop))
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.minimum(from_ends / fade, 1.0))
        yield (samples * ramp).astype(np.float32)
        progress(phase, stop / count)
        start = stop


def _fitting(recording: NDArray[np.float32], source: Source, duration: float) -> Render:
    """What makes an evened recording as long as the clip, in time with the picture."""
    if conforms(recording, source):
        return conformed(recording, source, duration)
    longer = len(recording) >= round(duration * SAMPLE_RATE)
    if not longer and happens_once(recording, source):
        return spaced(recording, source, duration)
    level = activity(source, duration)
    render = continued(recording, duration, source.seed)
    return render if level is None else scaled(render, level)


def _limited(render: Render, count: int) -> Iterator[NDArray[np.float32]]:
    """A sound in blocks, turned down before and after peaks above the ceiling.

    Events that overlap can add up to such; the fades between the stretches of one recording
    cannot (`evening.CEILING`).
    """
    from ..audio.limiter import CONTEXT, Limiter

    limiter = Limiter(CEILING)
    held = np.zeros((1, CONTEXT), np.float32)
    for start in range(0, count, BLOCK):
        ahead = min(start + BLOCK + CONTEXT, count)
        already = start - CONTEXT + held.shape[1]
        fresh = render(already, ahead) if ahead > already else np.zeros(0)
        held = np.concatenate([held, fresh[None].astype(np.float32)], axis=1)
        held = np.pad(held, ((0, 0), (0, max(BLOCK + 2 * CONTEXT - held.shape[1], 0))))
        yield limiter.apply(held)[0, : min(BLOCK, count - start)]
        held = held[:, BLOCK:]
