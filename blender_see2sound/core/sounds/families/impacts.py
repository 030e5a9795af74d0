"""What strikes, breaks, bursts and claps: knocks, glass, metal, explosions, balls, hands.

A struck body rings in modes that say of what it is and how large (Gaver 1993; van den Doel,
Kry and Pai 2001): of the same form and stuff, all its frequencies go with one over its size.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import signal

from ..synth import (
    Events,
    Render,
    Samples,
    bandpass,
    burst,
    drift,
    envelope,
    gusts,
    highpass,
    lowpass,
    modes,
    resonance,
    seconds,
)
from .family import Family, Take

Blow = Callable[[np.random.Generator, float], Samples]


def _place(total: Samples, at: float, samples: Samples, gain: float = 1.0) -> None:
    """Add a sound into a longer one; what goes beyond its end is cut there."""
    start = int(at * 48_000)
    part = total[start : start + len(samples)]
    part += gain * samples[: len(part)]


def _thud(rng: np.random.Generator, scale: float) -> Samples:
    """Something heavy falls or is put down: a few low modes, damped within a third of a second.

    Modes of a body on a floor (Gaver 1993; van den Doel, Kry and Pai 2001); it settles.
    """
    total = np.zeros(int(0.6 * 48_000))
    tune = rng.uniform(0.8, 1.2) / scale
    _place(total, 0.0, modes(
        [68.0 * tune, 134.0 * tune, 287.0 * tune, 630.0 * tune, 1340.0 * tune],
        [0.28, 0.18, 0.1, 0.05, 0.03], [1.0, 0.6, 0.4, 0.2, 0.1], 0.4,
    ))  # fmt: skip
    _place(total, 0.0, burst(rng, 0.09, bandpass(150.0 / scale, 3500.0 / scale), 0.001), 0.5)
    for _ in range(int(rng.integers(1, 4))):  # it settles
        settle = burst(rng, 0.05, bandpass(300.0 / scale, 2500.0 / scale), 0.002)
        _place(total, rng.uniform(0.08, 0.3), settle, rng.uniform(0.05, 0.15))
    return total


def _knock(rng: np.random.Generator, scale: float) -> Samples:
    """Knuckles on a door, two to four in a row, four to six a second (typical).

    A panel's modes from 120 Hz on, damped by the wood (Gaver 1993; Fletcher and Rossing).
    """
    total = np.zeros(int(1.3 * 48_000))
    panel, at = rng.uniform(0.9, 1.1), 0.0
    for _ in range(int(rng.integers(2, 5))):
        _place(total, at, _rap(rng, scale / panel))
        at += rng.uniform(0.16, 0.24)
    return total


def _rap(rng: np.random.Generator, scale: float) -> Samples:
    """One knock on a panel."""
    panel = 1.0 / scale
    hit = rng.uniform(0.7, 1.0) * modes(
        [125.0 * panel, 268.0 * panel, 495.0 * panel, 930.0 * panel, 1850.0 * panel],
        [0.1, 0.08, 0.05, 0.03, 0.02], [0.8, 1.0, 0.6, 0.3, 0.15], 0.14,
    )  # fmt: skip
    _place(hit, 0.0, burst(rng, 0.012, bandpass(800.0, 4500.0), 0.0005), 0.3)
    return hit


def _door(rng: np.random.Generator, scale: float) -> Samples:
    """A door that creaks and falls shut.

    A dry hinge sticks and slips some tens of times a second (Akay 2002; Farnell, Designing
    Sound, 2010, "Creaking"); then the leaf thuds and the latch clicks.
    """
    total = np.zeros(int(2.2 * 48_000))
    creaking = rng.uniform(0.7, 1.2)
    # A hinge sticks and slips: pulses at a changing rate through the wood.
    t = seconds(creaking)
    rate = 45.0 + 70.0 * np.interp(t / creaking, np.linspace(0, 1, 9), rng.uniform(0.0, 1.0, 9))
    slips = np.diff(np.floor(np.cumsum(rate) / 48_000.0), prepend=0.0)
    slips *= rng.uniform(0.5, 1.0, len(slips))
    creak = sum(
        signal.sosfilt(resonance(f, w), slips)
        for f, w in ((430 / scale, 60), (980 / scale, 90), (1900 / scale, 160))
    )
    _place(total, 0.0, creak * envelope(creaking, 0.15, 0.2), 9.0)
    _place(total, creaking + 0.12, _slam(rng, scale))
    return total


def _slam(rng: np.random.Generator, scale: float) -> Samples:
    """A door meets its frame, and the latch falls."""
    shut = 0.9 * _thud(rng, scale)
    _place(shut, 0.02, modes([1650.0, 2700.0], [0.05, 0.04], [0.4, 0.3], 0.08))
    return shut


def _glass(rng: np.random.Generator, scale: float) -> Samples:
    """Glass that breaks, and its splinters that fall.

    A burst, then many damped rings at 2 to 10 kHz whose times do not keep together, which is
    what tells breaking from bouncing (Warren and Verbrugge 1984).
    """
    total = np.zeros(int(1.6 * 48_000))
    _place(total, 0.0, burst(rng, 0.12, bandpass(1800.0, 8000.0), 0.0006), 0.7)
    for _ in range(int(rng.integers(26, 45))):
        at = 0.0 if rng.uniform() < 0.2 else rng.beta(1.0, 2.5) * 1.1
        size = rng.uniform(0.05, 1.0) ** 2
        pitch = rng.uniform(2000.0, 7500.0) / scale**0.5
        splinter = modes(
            [pitch, pitch * rng.uniform(1.3, 1.7)],
            [rng.uniform(0.05, 0.35), 0.08],
            [1.0, 0.5],
            0.35,
        )
        _place(total, at, splinter, 0.35 * size)
    return total


def _metal(rng: np.random.Generator, scale: float) -> Samples:
    """A struck plate or pot: many inharmonic modes, hardly damped.

    Plates have modes at unequal steps and metals fade slowly (Fletcher and Rossing; Gaver 1993).
    """
    base = rng.uniform(260.0, 520.0) / scale
    ratios = np.array([1.0, 1.52, 2.31, 2.74, 3.63, 4.18, 5.4, 6.9, 8.3])
    ring = modes(
        base * ratios * rng.uniform(0.98, 1.02, 9),
        1.1 / ratios**0.6,
        rng.uniform(0.3, 1.0, 9) / ratios**0.4,
        1.2,
    )
    _place(ring, 0.0, burst(rng, 0.02, highpass(1500.0), 0.0004), 0.5)
    return 0.5 * ring


def _explosion(rng: np.random.Generator, scale: float) -> Samples:
    """A blast: a crack, a body of low noise, debris and a long rumble.

    A blast wave's length grows with the cube root of the energy, so a larger one is lower
    (Kinney and Graham, Explosive Shocks in Air, 1985); layers after Farnell, Designing
    Sound (2010), "Explosions".
    """
    length = rng.uniform(3.2, 4.5)
    total = np.zeros(int(length * 48_000))
    _place(total, 0.0, burst(rng, 0.25, bandpass(80.0 / scale, 6000.0 / scale), 0.0008), 0.7)
    _place(total, 0.0, burst(rng, 1.6, lowpass(320.0 / scale), 0.03), 4.0)
    _place(total, 0.02, burst(rng, length - 0.1, lowpass(95.0 / scale), 0.05), 9.0)
    for _ in range(40):
        debris = burst(rng, rng.uniform(0.01, 0.05), bandpass(500.0, 5000.0), 0.001)
        _place(total, 0.25 + rng.beta(1.2, 2.5) * 2.0, debris, rng.uniform(0.02, 0.16))
    return np.asarray(signal.sosfilt(highpass(24.0), total)) * envelope(length, 0.0005, 0.8)


def _gunshot(rng: np.random.Generator, _scale: float) -> Samples:
    """A shot: a sharp crack and its echo from far things.

    A muzzle blast of 3 to 5 ms, then reflections (Maher 2007; Farnell, Designing Sound, 2010,
    "Guns").
    """
    total = np.zeros(int(1.4 * 48_000))
    _place(total, 0.0, burst(rng, 0.05, bandpass(150.0, 3500.0), 0.0002), 1.4)
    _place(total, 0.0, burst(rng, 0.22, bandpass(70.0, 700.0), 0.001), 2.0)
    for _ in range(7):
        echo = burst(rng, rng.uniform(0.2, 0.6), bandpass(100.0, 1800.0), 0.02)
        _place(total, rng.uniform(0.08, 0.7), echo, rng.uniform(0.08, 0.3))
    return total * envelope(1.4, 0.0002, 0.4)


def _ball(rng: np.random.Generator, scale: float) -> Samples:
    """A ball that is dropped and bounces lower and quicker.

    Each gap is a fixed part of the one before (Warren and Verbrugge 1984; Farnell, Designing
    Sound, 2010, "Bouncing"); skin and air inside ring, a larger ball lower.
    """
    total = np.zeros(int(2.6 * 48_000))
    at, gap, force = 0.0, rng.uniform(0.45, 0.65), 1.0
    scale *= rng.uniform(0.85, 1.2)
    while gap > 0.05 and at < 2.4:
        _place(total, at, _bounce(rng, scale), force)
        at, gap, force = at + gap, gap * 0.76, force * 0.74
    return total


def _bounce(rng: np.random.Generator, scale: float) -> Samples:
    """A ball that meets the ground once."""
    tune = 1.0 / scale
    skin = modes(
        [92.0 * tune, 205.0 * tune, 640.0 * tune, 990.0 * tune],
        [0.09, 0.07, 0.05, 0.03], [1.0, 0.6, 0.35, 0.2], 0.1,
    )  # fmt: skip
    _place(skin, 0.0, burst(rng, 0.02, bandpass(700.0 / scale, 4000.0 / scale), 0.0008), 0.25)
    return skin


def _scrape(rng: np.random.Generator, scale: float) -> Samples:
    """Something heavy is dragged over a floor.

    Roughness passes under it: noise whose band goes with speed, through the body's modes (van
    den Doel, Kry and Pai 2001; Gaver 1993).
    """
    length = rng.uniform(0.7, 1.4)
    count = int(length * 48_000)
    grip = np.interp(
        np.arange(count),
        np.linspace(0, count, int(40 * length)),
        rng.uniform(0, 1, int(40 * length)),
    )
    noise = rng.standard_normal(count) * (0.15 + grip**2)
    rub = signal.sosfilt(bandpass(300.0 / scale, 1900.0 / scale), noise)
    body = sum(signal.sosfilt(resonance(f / scale, 40.0), noise) for f in (170.0, 310.0, 560.0))
    return (0.6 * rub + 1.2 * np.asarray(body)) * envelope(length, 0.12, 0.2)


#: Each with its mean gap in seconds, and its usual size in metres: None where what is seen is not
#: what sounds, as the hand that knocks and the person with the gun.
BLOWS: dict[str, tuple[Blow, float, float | None]] = {
    "impact": (_thud, 2.4, 0.5),
    "knocking": (_knock, 3.5, None),
    "door": (_door, 6.0, 1.3),
    "glass": (_glass, 3.5, 0.4),
    "metal": (_metal, 1.5, 0.3),
    "explosion": (_explosion, 6.0, 5.0),
    "gunshot": (_gunshot, 3.0, None),
    "ball": (_ball, 3.4, 0.23),
    "scraping": (_scrape, 2.2, 0.8),
}

#: Of what comes in rows or late in its sound: the strike itself, for when the picture shows it.
SINGLE: dict[str, Blow] = {"knocking": _rap, "ball": _bounce, "door": _slam}

#: What the picture's impacts do not make: their sound has another cause, or no moment.
UNSEEN = frozenset({"scraping", "gunshot", "explosion"})


def blows(take: Take, name: str) -> Render:
    """Strikes when the picture shows impacts, else at random while the source is there."""
    rng = take.rng()
    blow, every, _ = BLOWS[name]
    scale = take.scale
    times = take.drive.events(rng, every, first=min(every, 1.2), least=0.4 * every)
    if name in UNSEEN or not len(take.drive.impacts):
        return Events(times, lambda _: rng.uniform(0.7, 1.0) * blow(rng, scale))
    seen, force = take.drive.struck(np.empty(0))
    single = SINGLE.get(name, blow)
    return Events(seen, lambda i: force[i] * rng.uniform(0.85, 1.0) * single(rng, scale))


# ------------------------------------------------------------------ hands


def _clap(rng: np.random.Generator, hollow: float) -> Samples:
    """Two hands: a click, and the air between them that resonates."""
    total = np.zeros(int(0.045 * 48_000))
    _place(total, 0.0, burst(rng, 0.03, bandpass(0.7 * hollow, 1.6 * hollow), 0.0005), 1.0)
    _place(total, 0.0, burst(rng, 0.012, bandpass(2200.0, 7000.0), 0.0003), 0.3)
    return total


def clapping(take: Take) -> Render:
    """Applause: each person keeps a time and has hands of their own.

    Claps come about four times a second, and the hollow of the hands sets where the power
    lies, at 0.5 to 3 kHz (Repp 1987; Peltola et al. 2007).
    """
    rng, drive = take.rng(), take.drive
    zeal = 0.35 + 0.65 * gusts(rng, drive.count, 0.2)
    times, owners = [], []
    hollow = rng.uniform(700.0, 2400.0, 26)
    near = rng.uniform(0.12, 1.0, 26) ** 2
    for person in range(26):
        own_rng = take.rng(f"person {person}")
        rhythm = own_rng.uniform(3.0, 4.6) * np.exp(0.06 * drift(own_rng, drive.count, 0.8))
        rests = drift(own_rng, drive.count, 0.2) + 4.0 * zeal > 0.6
        own = drive.cycles(np.where(rests, rhythm, 0.0), rng.uniform())
        times.append(own + rng.normal(0.0, 0.008, len(own)))
        owners.append(np.full(len(own), person))
    owner = np.concatenate(owners)
    # Each pair of hands claps in some ways; a draw from them is quicker than a new one.
    sorts = [[_clap(rng, h * rng.uniform(0.9, 1.1)) for _ in range(6)] for h in hollow]

    def one(i: int) -> Samples:
        person = int(owner[i])
        return near[person] * rng.uniform(0.5, 1.0) * sorts[person][int(rng.integers(6))]

    return Events(np.maximum(np.concatenate(times), 0.0), one)


FAMILIES = (
    *(
        Family(name, partial(blows, name=name), usual_size=usual, row=inspect.getdoc(blow) or "")
        for name, (blow, _, usual) in BLOWS.items()
    ),
    Family("clapping", clapping),
)
