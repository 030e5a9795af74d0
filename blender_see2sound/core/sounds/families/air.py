"""Air: the whoosh of what moves through it, and the tone of a place where nothing sounds."""

from __future__ import annotations

import numpy as np

from ..synth import BINS, Render, Samples, ShapedNoise, drift, hump, smooth
from .family import Family, Take


def whoosh(take: Take) -> Render:
    """Air that a moving thing displaces.

    Vortices are shed at 0.2 times speed by width (Strouhal 1878; Blevins, Flow-Induced
    Vibration, 1990), so a larger thing is lower; their power grows steeply with speed
    (swung things: Selfridge, Moffat and Reiss 2017).
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    pace = smooth(np.minimum(drive.speed, 30.0), 0.06)
    flutter = drift(rng, drive.count, 9.0)

    def shape(times: Samples) -> Samples:
        v = drive.at(pace, times)
        centre = (160.0 + 190.0 * v**0.8) / scale**0.7
        level = np.minimum((v / 4.0) ** 1.3, 3.0) * np.exp(0.15 * drive.at(flutter, times))
        return level[:, None] * (hump(centre, 0.75) + 0.35 * hump(2.4 * centre, 0.7))

    return ShapedNoise(rng, shape)


def room_tone(take: Take) -> Render:
    """A quiet room: air from ducts and from far away, and some broad modes of the room.

    Levels of octaves fall by 5 dB from one to the next, so the noise by 8 (the neutral room of
    Blazier 1981; steeper still below: Beranek 1957).
    """
    rng, drive = take.rng(), take.drive
    breath = drift(rng, drive.count, 0.15)
    tilt = np.maximum(BINS, 30.0) ** -1.33 * 30.0**1.33 * (BINS / (BINS + 40.0))
    modes = sum(rng.uniform(0.1, 0.25) * hump(float(f), 0.12) for f in rng.uniform(70.0, 420.0, 5))
    still = tilt + np.asarray(modes)

    def shape(times: Samples) -> Samples:
        return np.exp(0.08 * drive.at(breath, times))[:, None] * still

    return ShapedNoise(rng, shape)


FAMILIES = (
    Family("whoosh", whoosh, usual_speed=4.0, usual_size=0.4, sizes=(0.4, 2.5)),
    Family("room tone", room_tone),
)
