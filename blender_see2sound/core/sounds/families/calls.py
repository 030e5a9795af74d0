"""Calls of animals: barks, mews, moos, bleats, caws, croaks.

One throat for all: a buzzing tone that bends, roughened by noise, through the formants of a
head: source and filter (Fant 1960; of animals: Taylor and Reby 2010). A table says how each
species uses it. Larger animals are lower: formants go with one over length (Riede and Fitch
1999), pitch with mass to the power of -0.4, so length to -1.2 (Fletcher 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from scipy import signal

from ..synth import Events, Render, Samples, drift, resonance, seconds
from .family import Family, Take


@dataclass(frozen=True)
class Call:
    """How a species calls.

    Attributes
    ----------
    physics : str
        What it is, and where that is written.
    usual_size : float
        Metres, as `core.sounds.size` measures it.
    length : (low, high)
        Seconds.
    pitch : tuple of float
        Hz at even steps through a call.
    level : tuple of float
        Loudness at even steps, from silence to silence.
    formants : tuple of (hertz, bandwidth, gain)
    rough : float
        Share of noise, 0 to 1.
    wobble : (hertz, depth)
        Trembling of the loudness: bleats, croaks.
    run : (low, high)
        Calls in a row.
    gap : float
        Between calls in a row, seconds.
    every : float
        Between rows, seconds.
    """

    physics: str
    usual_size: float
    length: tuple[float, float]
    pitch: tuple[float, ...]
    level: tuple[float, ...]
    formants: tuple[tuple[float, float, float], ...]
    rough: float = 0.1
    wobble: tuple[float, float] = (0.0, 0.0)
    run: tuple[int, int] = (1, 1)
    gap: float = 0.4
    every: float = 4.0


CALLS = {
    "dog": Call(
        "Short bursts of a rough throat tone, harmonics at 0.3 to 2 kHz, in rows (Yin and McCowan 2004); formants lie as the tract's length (Riede and Fitch 1999).",
        0.7,
        (0.16, 0.26), (330, 620, 560, 380), (0, 1, 0.8, 0.3, 0),
        ((640, 180, 1.0), (1250, 240, 0.8), (2600, 420, 0.4), (4200, 700, 0.15)),
        rough=0.45, run=(1, 4), gap=0.33, every=3.2,
    ),
    "cat": Call(
        "A long, clear voiced tone that rises and falls, 0.5 to 0.9 s at 400 to 800 Hz (Nicastro and Owren 2003).",
        0.4,
        (0.5, 0.9), (480, 640, 700, 620, 430), (0, 0.5, 1, 0.9, 0.5, 0),
        ((850, 160, 1.0), (1900, 260, 0.8), (3400, 420, 0.35)),
        rough=0.05, run=(1, 2), gap=0.6, every=4.5,
    ),
    "cow": Call(
        "A long moo: 80 to 180 Hz in the throat, opened to its higher part in the middle (Padilla de la Torre et al. 2015).",
        1.9,
        (1.2, 2.0), (105, 135, 150, 145, 110), (0, 0.6, 1, 1, 0.8, 0),
        ((280, 90, 1.0), (620, 130, 0.7), (1350, 250, 0.25)),
        rough=0.12, every=7.0,
    ),
    "sheep": Call(
        "A bleat: a harmonic tone of about 300 Hz that trembles 8 to 9 times a second (Searby and Jouventin 2003; its rate is typical).",
        1.0,
        (0.6, 1.0), (290, 330, 320, 280), (0, 1, 0.9, 0.7, 0),
        ((620, 140, 1.0), (1450, 220, 0.7), (2700, 400, 0.3)),
        rough=0.12, wobble=(8.5, 0.75), run=(1, 2), gap=0.7, every=4.0,
    ),
    "horse": Call(
        "A whinny: a high tone that falls over more than a second and trembles (Briefer et al. 2015).",
        1.9,
        (1.2, 1.7), (700, 1250, 1050, 800, 500, 350), (0, 0.8, 1, 0.9, 0.6, 0.3, 0),
        ((950, 220, 1.0), (1900, 320, 0.7), (3300, 600, 0.35)),
        rough=0.25, wobble=(11.0, 0.6), every=8.0,
    ),
    "crow": Call(
        "Caws: 0.3 to 0.4 s of a rough throat, strongest at 1 to 2 kHz, in rows of two to four (Chamberlain and Cornwell 1971).",
        0.35,
        (0.28, 0.42), (470, 560, 520, 430), (0, 1, 1, 0.7, 0),
        ((1350, 260, 1.0), (2100, 380, 0.7), (3600, 700, 0.3)),
        rough=0.6, wobble=(38.0, 0.5), run=(2, 4), gap=0.28, every=4.5,
    ),
    "gull": Call(
        "Calls of a rising and falling tone of 0.9 to 1.4 kHz in rows (the long call: Tinbergen, The Herring Gull's World, 1953; figures typical).",
        0.45,
        (0.35, 0.6), (900, 1350, 1250, 950), (0, 1, 0.9, 0.6, 0),
        ((1500, 320, 1.0), (2900, 500, 0.8), (4600, 800, 0.3)),
        rough=0.15, run=(2, 6), gap=0.16, every=4.0,
    ),
    "duck": Call(
        "Quacks: short harsh calls, many harmonics with their power at 1 to 3 kHz, in falling rows (Abraham 1974).",
        0.4,
        (0.13, 0.2), (230, 270, 240), (0, 1, 0.8, 0),
        ((1150, 200, 1.0), (2300, 300, 0.8), (3400, 500, 0.4)),
        rough=0.25, run=(2, 5), gap=0.14, every=3.0,
    ),
    "rooster": Call(
        "A crow: four notes of a harmonic tone in about two seconds, the last the longest (Collias and Joos 1953).",
        0.4,
        (1.5, 2.0), (480, 900, 620, 980, 1050, 900, 520), (0, 0.9, 0.3, 1, 1, 0.8, 0),
        ((1200, 240, 1.0), (2400, 380, 0.8), (3800, 600, 0.35)),
        rough=0.12, every=8.0,
    ),
    "eagle": Call(
        "Thin falling screams at 2 to 4 kHz (a syrinx as in Marler and Slabbekoorn, Nature's Music, 2004; figures typical of birds of prey).",
        0.7,
        (0.35, 0.6), (2900, 3300, 2700, 2300), (0, 1, 0.8, 0.5, 0),
        ((2800, 700, 1.0), (5400, 900, 0.3)),
        rough=0.3, run=(2, 5), gap=0.12, every=4.5,
    ),
    "owl": Call(
        "Hoots: an almost pure tone at 350 to 450 Hz, the throat's bag tuned to it (Marler and Slabbekoorn, Nature's Music, 2004; figures typical).",
        0.4,
        (0.35, 0.6), (360, 400, 375), (0, 1, 0.9, 0),
        ((390, 90, 1.0),),
        rough=0.06, run=(2, 4), gap=0.35, every=6.0,
    ),
    "frog": Call(
        "Croaks: a tone that is pulsed about 40 times a second, power at 0.5 to 2 kHz (Gerhardt and Huber, Acoustic Communication in Insects and Anurans, 2002).",
        0.08,
        (0.22, 0.4), (210, 260, 240), (0, 0.7, 1, 0.6, 0),
        ((620, 150, 1.0), (1500, 220, 0.8), (2600, 400, 0.25)),
        rough=0.15, wobble=(42.0, 0.95), run=(1, 4), gap=0.3, every=1.6,
    ),
}  # fmt: skip


def call(take: Take, species: str) -> Render:
    """Rows of calls, while the animal is there."""
    kind, rng = CALLS[species], take.rng()
    starts = take.drive.events(rng, kind.every, first=1.0, least=0.5 * kind.every)
    individual = rng.uniform(0.9, 1.12)
    scale = take.scale
    times: list[float] = []
    moment = 0.0
    for start in starts:
        moment = max(float(start), moment)  # it has one throat: rows do not overlap
        for _ in range(int(rng.integers(kind.run[0], kind.run[1] + 1))):
            times.append(moment)
            moment += float(np.mean(kind.length)) + kind.gap * rng.uniform(0.7, 1.3)
    kept = take.drive.while_present(np.asarray(times, np.float64))
    return Events(kept, lambda _: _one(rng, kind, individual, scale))


#: Samples of a stored period; without interpolation its noise lies at -60 dB.
_PERIOD = 8192


@lru_cache(maxsize=64)
def _buzz(reach: int) -> Samples:
    """One period of a throat's pulses: harmonics that fall by 6 dB per octave, and no aliases."""
    spectrum = np.zeros(_PERIOD // 2 + 1, np.complex128)
    spectrum[1 : reach + 1] = -0.5j * _PERIOD / np.arange(1, reach + 1)
    return np.fft.irfft(spectrum, _PERIOD)


def _one(rng: np.random.Generator, kind: Call, individual: float, scale: float) -> Samples:
    """A call of an animal `scale` times as large as such animals are."""
    length = rng.uniform(*kind.length) * scale**0.3
    t = seconds(length)
    u = t / length

    def through(points: tuple[float, ...]) -> Samples:
        return np.interp(u, np.linspace(0.0, 1.0, len(points)), points)

    tremor = np.interp(u, np.linspace(0, 1, 64), drift(rng, 64, 20.0))
    pitch = individual * rng.uniform(0.95, 1.05) * through(kind.pitch) / scale**1.2
    pitch *= 1.0 + 0.012 * tremor
    reach = max(1, min(40, int(9000.0 / float(np.max(pitch)))))
    place = np.cumsum(pitch) * (_PERIOD / 48_000.0)
    tone = _buzz(reach).take(place.astype(np.int64) & (_PERIOD - 1))
    # Rough throats break the tone's cycles rather than add a hiss beside them.
    noise = signal.sosfilt(resonance(1500.0 / scale, 2200.0 / scale), rng.standard_normal(len(t)))
    excited = (1.0 - kind.rough) * tone + kind.rough * noise * (1.2 + tone)
    hertz, depth = kind.wobble
    if depth:
        excited *= 1.0 - depth * (0.5 + 0.5 * np.sin(2.0 * np.pi * hertz * t))
    voiced = np.zeros(len(t))
    tract = rng.uniform(0.97, 1.03) / scale
    for formant, width, gain in kind.formants:
        voiced += gain * signal.sosfilt(resonance(formant * tract, width * tract), excited)
    level = through(kind.level) ** 1.5
    ends = np.minimum(1.0, np.minimum(t, t[-1] - t) / 0.006)
    return rng.uniform(0.75, 1.0) * voiced * level * ends


FAMILIES = tuple(
    Family(
        species,
        partial(call, species=species),
        usual_size=kind.usual_size,
        sizes=(0.4, 2.0),
        row=kind.physics,
    )
    for species, kind in CALLS.items()
)
