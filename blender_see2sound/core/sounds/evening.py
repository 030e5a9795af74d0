"""Makes recordings alike before they are placed: no rumble, no silence before the sound, one loudness.

Whatever a sound comes from, it is then as loud as the procedural sound for the same words
(`core.sounds.levels`), so that the balance of a scene does not depend on its maker.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from ..audio import SAMPLE_RATE
from ..errors import See2SoundError
from ..scene import Kind, Source
from .levels import LEVELS
from .synth import decibels, highpass
from .words import UNKNOWN, families_for

#: Below this nothing is heard, and the zero line may be shifted, Hz.
LOWEST = 20.0

#: No peak is above this: two fades of equal power add 3 dB at most, and -1 dBFS is left.
CEILING = decibels(-4.02)

#: LUFS of what words tell nothing about, by its kind.
UNKNOWN_LEVELS: dict[Kind, float] = {"point": -28.0, "area": -30.0, "ambience": -36.0}

#: What is nowhere louder than this is silent, dBFS.
SILENT = -80.0

#: Levels are taken over so many samples (10 ms); so many sound before what is cut away.
_FRAME, _BEFORE = SAMPLE_RATE // 100, SAMPLE_RATE // 100

#: A sound begins so much above the recording's own noise, but no deeper below its loud parts
#: than the second, and wherever it is less far below them than the third; dB.
_ABOVE_NOISE, _DEEPEST, _SURE = 10.0, 60.0, 25.0

#: Less than so many samples are no sound (10 ms).
_SHORTEST = SAMPLE_RATE // 100


def evened(recording: NDArray[np.float32], source: Source) -> NDArray[np.float32]:
    """A recording without rumble and silence around it, at the loudness that its words ask for.

    Where peaks would pass the ceiling it stays softer: nothing is limited.

    Parameters
    ----------
    recording : (M,) float32 array
        Mono, 48 kHz.
    source : Source
        Its words decide the loudness; errors name it.

    Returns
    -------
    (N,) float32 array
        Peaks at most `CEILING`.

    Raises
    ------
    See2SoundError
        Of kind "bad-sound" for a recording that is silent, too short or holds what is no number.
    """
    if not np.isfinite(recording).all():
        raise _unusable(source, "it holds samples that are no numbers")
    if len(recording) < _SHORTEST:
        raise _unusable(source, f"it is only {len(recording) / SAMPLE_RATE:.3f} s long")
    clean = without_rumble(recording)
    loudest = float(np.abs(clean).max())
    if loudest < decibels(SILENT):
        raise _unusable(source, "it is silent")
    first, last = sounding(clean)
    kept = clean[first:last].copy()
    fade = min(_FRAME // 2, len(kept) // 4)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / fade)).astype(np.float32)
    if first > 0:
        kept[:fade] *= ramp
    if last < len(clean):
        kept[len(kept) - fade :] *= ramp[::-1]
    gain = CEILING / loudest
    lufs = loudness(kept)
    if lufs is not None:
        gain = min(gain, decibels(wanted_level(source) - lufs))
    kept *= np.float32(gain)
    return kept


def without_rumble(recording: NDArray[np.float32]) -> NDArray[np.float32]:
    """A recording without what is below `LOWEST` and without a shifted zero line."""
    sections = highpass(LOWEST, 4)
    # As if it had gone on forever before: a shifted zero line makes no thump at the start.
    state = signal.sosfilt_zi(sections) * float(np.mean(recording[: 4 * _FRAME]))
    clean, _ = signal.sosfilt(sections, recording.astype(np.float64), zi=state)
    heard: NDArray[np.float32] = clean.astype(np.float32)
    return heard


def sounding(recording: NDArray[np.float32]) -> tuple[int, int]:
    """The first and one beyond the last sample of what sounds; silence around it is outside.

    The threshold follows the recording's own noise, so that the hiss before a shout counts as
    silence and soft wind does not.
    """
    levels = frame_levels(recording)
    loud, noise = np.percentile(levels, [95.0, 5.0])
    threshold = max(loud - _DEEPEST, min(noise + _ABOVE_NOISE, loud - _SURE))
    heard = np.flatnonzero(levels > threshold)
    if not len(heard):
        return 0, len(recording)
    first = max(int(heard[0]) * _FRAME - _BEFORE, 0)
    return first, min((int(heard[-1]) + 1) * _FRAME + _BEFORE, len(recording))


def frame_levels(recording: NDArray[np.float32]) -> NDArray[np.float64]:
    """The level of each 10 ms, dBFS (RMS)."""
    whole = recording[: len(recording) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.einsum("fn,fn->f", whole, whole, dtype=np.float64) / _FRAME
    return 10.0 * np.log10(power + 1e-14)


def loudness(recording: NDArray[np.float32]) -> float | None:
    """LUFS (ITU-R BS.1770, gated); None for what is too soft to be measured."""
    from ..audio.loudness import LoudnessMeter

    meter = LoudnessMeter()
    meter.push(recording[None])
    return meter.integrated()


def wanted_level(source: Source) -> float:
    """LUFS of a source: what the families that its words name have together.

    `UNKNOWN_LEVELS` where the words say nothing known.
    """
    choices = families_for(source.label, source.prompt, source.kind)
    if choices is UNKNOWN[source.kind]:
        return UNKNOWN_LEVELS[source.kind]
    powers = (
        choice.weight**2 * 10.0 ** (LEVELS[choice.family].target / 10.0) for choice in choices
    )
    return 10.0 * math.log10(sum(powers))


def _unusable(source: Source, why: str) -> See2SoundError:
    return See2SoundError(
        f"the recording for source {source.label or source.id!r} cannot be used",
        why,
        "Choose another seed, prompt or maker",
        kind="bad-sound",
    )
