"""What walks: footsteps on several grounds, paws, hooves, and the rustle of clothes.

A step is a heel, then a sole: a thud of the body, modes of the ground, and grains
of what lies on it (Cook, Modeling Bill's Gait, 2002; Farnell, Designing Sound, 2010). Feet
are set down when the picture shows it; where it shows none the rhythm follows the
speed, and what stands still makes no step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import signal

from ..drive import Curve, Drive
from ..synth import (
    Events,
    Render,
    Samples,
    ShapedNoise,
    bandpass,
    burst,
    drift,
    envelope,
    hump,
    lowpass,
    modes,
    smooth,
)
from .family import Family, Take


@dataclass(frozen=True)
class Ground:
    """What is walked on.

    Attributes
    ----------
    physics : str
        What it does under a foot.
    thud : float
        Level of the body's weight, 60 to 120 Hz.
    modes : tuple of (hertz, decay in seconds, gain)
        How the ground rings.
    scuff : (low, high, length, gain)
        Noise of the sole: band in Hz, seconds.
    grains : (number, low, high, length, gain)
        Small things that are moved, per footfall.
    """

    physics: str
    thud: float
    modes: tuple[tuple[float, float, float], ...]
    scuff: tuple[float, float, float, float]
    grains: tuple[int, float, float, float, float]


#: Feet that are set down at another rate than these, per second, were not seen well enough.
STEPS, PAWS, HOOVES = (0.7, 4.5), (1.5, 12.0), (1.0, 10.0)

GROUNDS = {
    "pavement": Ground(
        "Stone gives: a click of the heel, short modes, some grit.",
        0.3,
        ((210.0, 0.035, 0.5), (540.0, 0.025, 0.45), (1250.0, 0.018, 0.4), (2700.0, 0.012, 0.22)),
        (900.0, 5000.0, 0.06, 0.35),
        (7, 2500.0, 8000.0, 0.004, 0.14),
    ),
    "wood": Ground(
        "Boards ring at 100 to 900 Hz for a tenth of a second.",
        0.3,
        ((112.0, 0.13, 0.5), (235.0, 0.11, 0.7), (410.0, 0.08, 0.55), (880.0, 0.05, 0.35)),
        (600.0, 3000.0, 0.05, 0.3),
        (2, 1500.0, 4000.0, 0.004, 0.06),
    ),
    "gravel": Ground(
        "Many stones knock and slide under each sole.",
        0.5,
        ((160.0, 0.03, 0.25),),
        (800.0, 4000.0, 0.14, 0.3),
        (70, 900.0, 4600.0, 0.007, 0.55),
    ),
    "leaves": Ground(
        "Dry leaves bend and break under each sole.",
        0.4,
        ((130.0, 0.03, 0.2),),
        (1300.0, 6000.0, 0.2, 0.35),
        (42, 1600.0, 6500.0, 0.016, 0.5),
    ),
    "snow": Ground(
        "Packed crystals break and squeak below 4 kHz.",
        0.45,
        ((110.0, 0.04, 0.25),),
        (400.0, 1700.0, 0.24, 0.5),
        (60, 500.0, 2600.0, 0.010, 0.4),
    ),
    "grass": Ground(
        "Blades brush along the sole, hardly a knock.",
        0.3,
        ((120.0, 0.03, 0.2),),
        (700.0, 4200.0, 0.13, 0.45),
        (10, 1500.0, 6000.0, 0.012, 0.16),
    ),
}


def cadence(speed: Curve) -> Curve:
    """Steps per second of a person at these speeds in m/s; 0 where it stands.

    Longer and quicker steps share the speed about alike: 1.9 per second at 1.4 m/s,
    2.9 for a run.
    """
    return np.where(speed > 0.0, np.clip(1.6 * np.sqrt(speed), 0.8, 3.2), 0.0)


def _uneven(rng: np.random.Generator, count: int) -> Curve:
    """Nobody keeps time exactly."""
    return np.exp(0.03 * drift(rng, count, 2.0))


def footsteps(take: Take, ground: str) -> Render:
    """Steps of a person."""
    rng, drive = take.rng(), take.drive
    rate = cadence(drive.speed) * _uneven(rng, drive.count)
    times, force = drive.struck(drive.cycles(rate, rng.uniform(0.2, 0.9)), STEPS)
    pace = drive.at(drive.speed, times)
    floor = GROUNDS[ground]
    return Events(
        times, lambda i: force[i] * _step(rng, floor, float(pace[i]), 1.0 if i % 2 else 0.88)
    )


def _step(rng: np.random.Generator, ground: Ground, pace: float, side: float) -> Samples:
    """Heel and sole of one step; the faster, the harder and the closer together."""
    force = side * rng.uniform(0.8, 1.05) * min(0.55 + 0.25 * pace, 1.6)
    roll = 0.13 / (1.0 + 0.6 * max(pace - 0.8, 0.0))
    total = np.zeros(int(0.75 * 48_000))
    heel = _footfall(rng, ground, hard=1.0)
    sole = _footfall(rng, ground, hard=0.45)
    late = int(roll * rng.uniform(0.85, 1.15) * 48_000)
    total[: len(heel)] += heel
    total[late : late + len(sole)] += 0.6 * sole[: len(total) - late]
    return force * total


def _footfall(rng: np.random.Generator, ground: Ground, hard: float) -> Samples:
    low, high, length, gain = ground.scuff
    number, grain_low, grain_high, grain_length, grain_gain = ground.grains
    total = np.zeros(int((length + 0.25) * 48_000))
    thud = modes([rng.uniform(62.0, 88.0)], [0.09], [ground.thud * (0.4 + 0.6 * hard)], 0.12)
    total[: len(thud)] += thud
    tune = rng.uniform(0.93, 1.07)
    ring = modes(
        [f * tune * rng.uniform(0.98, 1.02) for f, _, _ in ground.modes],
        [d for _, d, _ in ground.modes],
        [hard * g * rng.uniform(0.7, 1.1) for _, _, g in ground.modes],
        0.2,
    )
    total[: len(ring)] += ring
    scuff = burst(rng, length, bandpass(low, high), 0.006 + 0.25 * length * (1.0 - hard))
    total[: len(scuff)] += gain * scuff
    if number:
        # One noise for all grains of a footfall, each its own window of it.
        noise = signal.sosfilt(
            bandpass(grain_low, grain_high), rng.standard_normal(int((length + 0.1) * 48_000))
        )
        shape = np.zeros(len(noise))
        for _ in range(max(1, int(number * rng.uniform(0.7, 1.2)))):
            window = envelope(grain_length * rng.uniform(0.4, 1.6), 0.0005, 0.8 * grain_length)
            at = int(rng.beta(1.1, 2.2) * length * 48_000)
            size = rng.uniform(0.15, 1.0) ** 2
            part = shape[at : at + len(window)]
            part += size * window[: len(part)]
        total[: len(noise)] += 2.2 * grain_gain * shape * noise
    return total


def cloth(take: Take) -> Render:
    """Cloth that rubs and crumples while somebody moves, very soft; at rest hardly anything.

    Friction of fibres gives a broad band whose level goes with the speed of sliding (An,
    James and Marschner 2012); arms swing once a step.
    """
    rng, drive = take.rng(), take.drive
    stir = smooth(np.minimum(drive.speed / 1.4, 2.5), 0.15)
    swing = np.abs(drift(rng, drive.count, 3.0)) ** 1.5
    rub = hump(2600.0, 0.9)

    def shape(times: Samples) -> Samples:
        level = (0.12 + drive.at(stir, times)) * (0.15 + drive.at(swing, times))
        return level[:, None] * rub

    return ShapedNoise(rng, shape)


# ------------------------------------------------------------------ animals


def _strides(take: Take, rate: Curve, pattern: tuple[float, ...]) -> Samples:
    """Times of footfalls: a pattern in parts of a stride, repeated at a changing rate."""
    rng, drive = take.rng("strides"), take.drive
    rate = rate * _uneven(rng, drive.count)
    phase = rng.uniform()
    # A later foot is the same rhythm with its phase held back.
    feet = [drive.cycles(rate, phase - part) for part in pattern]
    times = np.sort(np.concatenate(feet))
    return np.maximum(times + rng.normal(0.0, 0.006, len(times)), 0.0)


def _stride_rate(drive: Drive, walk: float, run: float) -> Curve:
    """Strides per second, between a slow walk and a run."""
    rate = walk + (run - walk) * np.clip(drive.speed / 6.0, 0.0, 1.0) ** 0.6
    return np.where(drive.speed > 0.0, rate, 0.0)


def paws(take: Take) -> Render:
    """A dog or a cat: four soft feet with claws, in a trot or a gallop.

    The order of the feet after Hildebrand 1965; strides get quicker up to the gallop and are
    slower in larger animals (Heglund and Taylor 1988). A pad thuds, claws click.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    galloping = np.mean(drive.speed[drive.speed > 0.0]) > 3.0 if drive.moving else False
    pattern = (0.0, 0.12, 0.5, 0.62) if galloping else (0.0, 0.25, 0.5, 0.75)
    times = _strides(take, _stride_rate(drive, 1.1, 2.6), pattern)
    times, strength = drive.struck(times, PAWS)
    pace = drive.at(drive.speed, times)

    def foot(i: int) -> Samples:
        force = rng.uniform(0.6, 1.0) * (0.5 + 0.12 * min(float(pace[i]), 8.0))
        total = np.zeros(int(0.12 * 48_000))
        pad = modes([rng.uniform(110.0, 190.0) / scale], [0.04], [0.16 * scale], 0.06)
        total[: len(pad)] += pad
        brush = burst(rng, 0.07, bandpass(900.0 / scale, 4500.0 / scale**0.5), 0.008)
        total[: len(brush)] += 0.4 * brush
        for _claw in range(int(rng.integers(1, 4))):
            claw = modes([rng.uniform(2800.0, 5200.0) / scale**0.5], [0.012], [0.1], 0.014)
            at = int(rng.uniform(0.0, 0.02) * 48_000)
            total[at : at + len(claw)] += claw
        return strength[i] * force * total

    return Events(times, foot)


def hooves(take: Take) -> Render:
    """A horse: walk in four beats, trot in two, gallop in three.

    Gaits after Hildebrand 1965, rates after Heglund and Taylor 1988; a hoof is a hollow
    horn cup, whose clop lies at 0.6 to 2 kHz (typical).
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    usual = float(np.mean(drive.speed[drive.speed > 0.0])) if drive.moving else 0.0
    if usual < 2.2:
        pattern: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75)
    elif usual < 5.0:
        pattern = (0.0, 0.02, 0.5, 0.52)
    else:
        pattern = (0.0, 0.22, 0.27, 0.46)
    times = _strides(take, _stride_rate(drive, 0.8, 2.1), pattern)
    times, strength = drive.struck(times, HOOVES)
    tunes = rng.uniform(0.85, 1.2, 4)

    def hoof(i: int) -> Samples:
        tune = tunes[i % 4] * rng.uniform(0.97, 1.03) / scale
        clop = modes(
            [620.0 * tune, 1130.0 * tune, 1900.0 * tune, 95.0 / scale],
            [0.045, 0.03, 0.02, 0.08],
            [0.8, -0.5, 0.25, 0.3],
            0.12,
        )
        dirt = burst(rng, 0.05, bandpass(800.0 / scale, 4000.0 / scale), 0.002)
        clop[: len(dirt)] += 0.3 * dirt
        return strength[i] * rng.uniform(0.7, 1.0) * clop

    return Events(times, hoof)


def wings(take: Take) -> Render:
    """Beating wings: short puffs of air, in flurries; steady while the thing moves.

    Each downstroke presses air away; a pigeon beats six to eight times a second and larger
    birds slower (Pennycuick 1990).
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    beats = 6.5 / scale**0.7
    if drive.moving:
        rate = np.where(drive.speed > 0.0, beats, 0.0) * _uneven(rng, drive.count)
        times = drive.cycles(rate, rng.uniform())
    else:
        starts = drive.events(rng, 4.0, first=1.0, least=1.5)
        flurries = [s + np.arange(rng.integers(4, 10)) / (1.2 * beats) for s in starts]
        times = drive.while_present(np.sort(np.concatenate([np.empty(0), *flurries])))

    def beat(_: int) -> Samples:
        puff = burst(rng, 0.13 * scale**0.5, bandpass(180.0 / scale, 1500.0 / scale), 0.03)
        feathers = burst(rng, 0.1 * scale**0.5, bandpass(2500.0 / scale, 7000.0 / scale), 0.03)
        puff[: len(feathers)] += 0.08 * feathers
        return rng.uniform(0.6, 1.0) * np.asarray(signal.sosfilt(lowpass(3500.0, 1), puff))

    return Events(times, beat)


FAMILIES = (
    *(
        Family(
            "footsteps" if ground == "pavement" else f"footsteps on {ground}",
            partial(footsteps, ground=ground),
            usual_speed=1.4,
            row=f"{kind.physics} Heel, then sole, 1.6 to 2.2 steps a second walking (Cook 2002; "
            "Inman, Ralston and Todd, Human Walking, 1981; Turchet 2016).",
        )
        for ground, kind in GROUNDS.items()
    ),
    Family("cloth", cloth, usual_speed=1.4),
    Family("paws", paws, usual_speed=3.5, usual_size=0.7, sizes=(0.4, 2.0)),
    Family("hooves", hooves, usual_speed=3.0, usual_size=1.9, sizes=(0.6, 1.4)),
    Family("wings", wings, usual_speed=6.0, usual_size=0.35, sizes=(0.4, 3.0)),
)
