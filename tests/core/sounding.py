"""What tests of sounds share: sources that move, and what is heard of a sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.progress import Progress, silent
from blender_see2sound.core.scene import Clip, Kind, Source
from blender_see2sound.core.sounds import Choice, Making
from blender_see2sound.core.sounds.built_in import ProceduralMaker, blocks_of
from blender_see2sound.core.sounds.families import FAMILIES

Samples = NDArray[np.float32]


def clip_of(seconds: float) -> Clip:
    """A clip without a picture."""
    return Clip(None, 0.0, seconds, 25.0, (640, 360), 50.0)


def still(prompt: str, *, kind: Kind = "point", seed: int = 1) -> Source:
    """A source that does not move."""
    return Source("s1", "", prompt, kind, (0.0,), ((0.0, 5.0, 0.0),), presence=(1.0,), seed=seed)


def moving(
    prompt: str,
    speed: Callable[[float], float],
    seconds: float,
    *,
    presence: Callable[[float], float] = lambda t: 1.0,
    seed: int = 1,
) -> Source:
    """A source that goes to the right at a changing speed in m/s, seen 10 times a second."""
    times = np.arange(0.0, seconds + 0.05, 0.1)
    way = np.concatenate(([0.0], np.cumsum([0.1 * speed(t) for t in times[:-1]])))
    return Source(
        "s1", "", prompt, "point",
        times=tuple(map(float, times)),
        positions=tuple((float(x), 6.0, -1.6) for x in way),
        presence=tuple(presence(float(t)) for t in times),
        seed=seed,
    )  # fmt: skip


def sound(source: Source, seconds: float, progress: Progress = silent) -> Samples:
    """What the maker makes of a source."""
    (takes,) = ProceduralMaker().make([source], clip_of(seconds), Making(), progress)
    return np.concatenate([np.zeros(0, np.float32), *takes[0].blocks])


@lru_cache(maxsize=256)
def family(name: str, seed: int = 1, seconds: float = 4.0, size: float | None = None) -> Samples:
    """One family alone, moving as such things do; not to be written into."""
    speed = FAMILIES[name].usual_speed
    source = (
        still("", seed=seed) if speed is None else moving("", lambda t: speed, seconds, seed=seed)
    )
    blocks = blocks_of(source, seconds, silent, [Choice(name, 1.0)], size)
    samples: Samples = np.concatenate([*blocks])
    samples.flags.writeable = False
    return samples


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def during(samples: Samples, start: float, stop: float) -> Samples:
    """The part between two moments in seconds."""
    return samples[int(start * SAMPLE_RATE) : int(stop * SAMPLE_RATE)]


def power(samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies in Hz and the mean power at each."""
    hertz, density = signal.welch(samples.astype(np.float64), SAMPLE_RATE, nperseg=16_384)
    return hertz, density


def share(samples: Samples, low: float, high: float) -> float:
    """The part of the power that lies between two frequencies, 0 to 1."""
    hertz, density = power(samples)
    return float(density[(hertz >= low) & (hertz < high)].sum() / density.sum())


def centroid(samples: Samples) -> float:
    """The mean frequency of the power, Hz."""
    hertz, density = power(samples)
    return float(hertz @ density / density.sum())


def level_curve(samples: Samples, seconds: float = 0.01) -> NDArray[np.float64]:
    """RMS of successive short stretches."""
    step = int(seconds * SAMPLE_RATE)
    whole = samples[: len(samples) // step * step].astype(np.float64).reshape(-1, step)
    return np.sqrt(np.mean(whole**2, axis=1))


def onsets(samples: Samples, apart: float) -> NDArray[np.float64]:
    """When something begins: rises of the level, at least `apart` seconds from each other."""
    level = level_curve(samples)
    rise = np.diff(level, prepend=0.0)
    peaks, _ = signal.find_peaks(rise, height=0.25 * np.max(rise), distance=int(apart / 0.01))
    return peaks * 0.01


def rhythm(samples: Samples, low: float, high: float) -> float:
    """The strongest frequency of the level between two, Hz."""
    level = level_curve(samples)
    level = np.sqrt(level) - np.mean(np.sqrt(level))
    spectrum = np.abs(np.fft.rfft(level * np.hanning(len(level)), 8 * len(level)))
    hertz = np.fft.rfftfreq(8 * len(level), 0.01)
    inside = (hertz >= low) & (hertz <= high)
    return float(hertz[inside][np.argmax(spectrum[inside])])


def profile(samples: Sequence[float] | Samples) -> NDArray[np.float64]:
    """What tells sounds apart: level per octave in dB, and how it changes in time."""
    samples = np.asarray(samples, np.float32)
    hertz, density = power(samples)
    edges = 31.25 * 2.0 ** np.arange(11)
    bands = [density[(hertz >= a) & (hertz < 2 * a)].sum() for a in edges[:-1]]
    colour = 10.0 * np.log10(np.asarray(bands) / density.sum() + 1e-5)
    level = level_curve(samples)
    spread = 20.0 * np.log10(np.percentile(level, [25, 50, 90, 99]) / rms(samples) + 1e-2)
    return np.concatenate((colour, spread))
