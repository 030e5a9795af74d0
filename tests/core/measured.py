"""What is measured of a sound, and where it lies in recordings of its kind.

Four figures, after what is used to tell everyday sounds apart (Gygi, Kidd and Watson 2007;
Houtgast and Steeneken 1985 for modulation):

- the centroid of its power, Hz;
- the depth of its modulation: standard deviation of its level (RMS of 25 ms) by the mean;
- its onsets per second: rises of 6 dB over the 50 ms before, at least 120 ms apart;
- the rate of its modulation, Hz: the third of an octave with most power in its level's spectrum.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from .sounding import Samples, centroid, level_curve

Range = tuple[float, float]

#: Thirds of an octave from 0.8 to 80 Hz.
RATES = 0.8 * 2.0 ** (np.arange(21) / 3.0)


@dataclass(frozen=True)
class Figures:
    """What is measured of a sound; see above."""

    centroid: float
    depth: float
    onsets: float
    rate: float


def measured(samples: Samples) -> Figures:
    level = level_curve(samples, 0.025)
    return Figures(
        centroid(samples),
        float(np.std(level) / np.mean(level)),
        len(_onsets(samples)) / (len(samples) / 48_000.0),
        _rate(samples),
    )


def _onsets(samples: Samples) -> list[int]:
    """Stretches of 10 ms in which something begins."""
    level = level_curve(samples, 0.01) + 1e-7
    before = np.convolve(np.concatenate((np.full(5, 1e-7), level)), np.full(5, 0.2), "valid")
    heard = level > 0.03 * np.max(level)
    found: list[int] = []
    heard[:10] = False  # all sounds fade in
    for place in np.flatnonzero(heard & (level > 2.0 * before[: len(level)])):
        if not found or place - found[-1] >= 12:
            found.append(int(place))
    return found


def _rate(samples: Samples) -> float:
    level = level_curve(samples, 0.005)
    spectrum = np.abs(np.fft.rfft((level - np.mean(level)) * np.hanning(len(level)))) ** 2
    hertz = np.fft.rfftfreq(len(level), 0.005)
    sixth = 2.0 ** (1.0 / 6.0)
    bands = [spectrum[(hertz >= f / sixth) & (hertz < f * sixth)].sum() for f in RATES]
    return float(RATES[int(np.argmax(bands))])
