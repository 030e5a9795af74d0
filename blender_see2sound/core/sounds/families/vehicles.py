"""Vehicles: engines by their firing, tyres by speed, trains, aircraft, traffic.

An engine is its cylinders firing one after the other, each a little different,
through the resonances of exhaust and body (Farnell, Designing Sound, 2010, "Cars"; Baldan
et al., Physically informed car engine sound synthesis, 2015). Larger ones have longer pipes
and more displacement: they are lower.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..drive import CONTROL_RATE, Curve
from ..synth import (
    BINS,
    Events,
    Formants,
    Oscillator,
    Render,
    Samples,
    ShapedNoise,
    bandpass,
    burst,
    drift,
    filtered,
    gusts,
    highpass,
    hump,
    lowpass,
    mixed,
    modes,
    pulses,
    scaled,
    slope,
    smooth,
    white,
)
from .family import Family, Take


@dataclass(frozen=True)
class Engine:
    """A kind of engine and what it moves.

    Attributes
    ----------
    physics : str
        What is particular about it.
    usual_size : float
        Metres, as `core.sounds.size` measures it.
    cylinders : int
        Of a four-stroke engine: each fires every other turn.
    idle, top : float
        Turns per minute, standing and in haste.
    gears : tuple of float
        m/s at which each gear ends; the last one holds on.
    pipe : tuple of (hertz, bandwidth, gain)
        Signs alternate, so that the resonances do not all start with one spike.
    uneven : float
        How much the cylinders differ, 0 to 1.
    tyres : float
        Level of what rolls, at 14 m/s.
    """

    physics: str
    usual_size: float
    cylinders: int
    idle: float
    top: float
    gears: tuple[float, ...]
    pipe: tuple[tuple[float, float, float], ...]
    uneven: float = 0.2
    tyres: float = 0.3


ENGINES = {
    "car": Engine(
        "Four cylinders fire at 26 Hz idling, 60 to 110 Hz driving; tyres drown them above 50 km/h.",
        2.2,
        4, 780.0, 3400.0, (5.0, 10.0, 16.0, 24.0, 45.0),
        ((70.0, 50.0, 1.0), (165.0, 90.0, -0.7), (420.0, 200.0, 0.35), (1100.0, 600.0, -0.12)),
    ),
    "truck": Engine(
        "Six large cylinders of a diesel at 30 to 95 Hz, uneven, with long pipes.",
        4.0,
        6, 600.0, 1900.0, (3.0, 6.0, 9.0, 13.0, 18.0, 30.0),
        ((48.0, 36.0, 1.0), (120.0, 70.0, -0.8), (330.0, 180.0, 0.4), (1400.0, 800.0, -0.18)),
        uneven=0.3, tyres=0.25,
    ),
    "motorcycle": Engine(
        "Two cylinders at 18 to 87 Hz through a short pipe, hardly damped.",
        1.4,
        2, 1100.0, 5200.0, (8.0, 14.0, 21.0, 45.0),
        ((95.0, 60.0, 1.0), (240.0, 120.0, -0.9), (620.0, 260.0, 0.6), (1900.0, 900.0, -0.25)),
        uneven=0.3, tyres=0.08,
    ),
    "motorboat": Engine(
        "An engine whose exhaust bubbles under water, and the wake.",
        3.5,
        4, 700.0, 3000.0, (20.0,),
        ((60.0, 45.0, 1.0), (140.0, 90.0, -0.8), (300.0, 160.0, 0.4)),
        uneven=0.4, tyres=0.0,
    ),
    "tractor": Engine(
        "Three uneven cylinders of a slow diesel at 16 to 42 Hz.",
        3.0,
        3, 650.0, 1700.0, (12.0,),
        ((52.0, 40.0, 1.0), (130.0, 80.0, -0.8), (480.0, 220.0, 0.4)),
        uneven=0.55, tyres=0.1,
    ),
}  # fmt: skip


def revs(kind: Engine, speed: Curve) -> Curve:
    """Turns per minute at these speeds in m/s: up in each gear, down as the next engages."""
    ends = np.asarray(kind.gears)
    # An automatic box changes by the speed over a second, not by its trembling.
    calm = gaussian_filter1d(speed, 0.4 * CONTROL_RATE, mode="nearest")
    gear = np.minimum(np.searchsorted(ends, calm), len(ends) - 1)
    share = np.clip(calm / ends[gear], 0.0, 1.0)
    begin = np.where(gear > 0, 0.45, 0.0)
    turns = kind.idle + (kind.top - kind.idle) * np.maximum(share, begin * (calm > 0)) ** 1.2
    return smooth(np.where(calm > 0.05, turns, kind.idle), 0.25)


def engine(take: Take, name: str) -> Render:
    """An engine that idles, pulls and rolls as the source moves."""
    kind, rng, drive = ENGINES[name], take.rng(), take.drive
    scale = take.scale
    turns = revs(kind, drive.speed) / scale**0.5 * np.exp(0.008 * drift(rng, drive.count, 4.0))
    pull = np.clip(
        np.gradient(gaussian_filter1d(drive.speed, 30.0)) * CONTROL_RATE / 2.5, -0.4, 1.0
    )
    effort = smooth(0.35 + 0.5 * turns / kind.top + 0.5 * pull, 0.2)
    # Firing: integer crossings of the phase of all cylinders.
    firing = turns / 120.0 * kind.cylinders
    phase = rng.uniform() + np.concatenate(([0.0], np.cumsum(firing)[:-1])) / CONTROL_RATE
    shots = np.arange(1, int(phase[-1]) + 1)
    times = np.interp(shots, phase, np.arange(drive.count) / CONTROL_RATE)
    own = 1.0 + kind.uneven * rng.uniform(-1.0, 1.0, kind.cylinders)
    gains = own[shots % kind.cylinders] * rng.normal(1.0, 0.06 + 0.1 * kind.uneven, len(shots))
    jitter = rng.normal(0.0, 0.012, len(times)) / drive.at(firing, times)
    order = np.argsort(times + jitter)
    shot = pulses((times + jitter)[order], gains[order] * 40.0)
    pipe = Formants([(f / scale, width / scale, gain) for f, width, gain in kind.pipe])
    body = filtered(lambda a, b: pipe(shot(a, b)), highpass(30.0), lowpass(5000.0, 1))
    # Air through the valves follows each firing; belts and gears whine along.
    breath = filtered(white(take.rng("breath")), bandpass(300.0 / scale, 2600.0 / scale))
    whine = Oscillator(turns / 60.0 * 11.0, [1.0, 0.3, 0.15], rng)
    parts = [
        scaled(body, scale * effort),
        scaled(breath, 0.10 * effort * turns / kind.top),
        scaled(whine, 0.01 * effort),
    ]
    if kind.tyres:
        parts.append(_rolling(take, kind.tyres, scale))
    if name == "motorboat":
        wake = filtered(white(take.rng("wake")), bandpass(150.0 / scale, 1200.0 / scale))
        parts.append(scaled(wake, 0.2 * np.minimum(drive.speed / 8.0, 1.2)))
    return mixed(*parts)


def _rolling(take: Take, level: float, scale: float = 1.0) -> Render:
    """Tyres on the road: a band about 1 kHz that rises steeply with speed (Sandberg and Ejsmont,
    Tyre/Road Noise Reference Book, 2002)."""
    drive = take.drive
    pace = np.minimum(drive.speed / 14.0, 2.0)
    road = drift(take.rng("road"), drive.count, 2.0)

    def shape(times: Samples) -> Samples:
        p = drive.at(pace, times)
        loud = level * p**1.5 * np.exp(0.08 * drive.at(road, times))
        return loud[:, None] * (
            hump((700.0 + 350.0 * p) / scale**0.5, 0.9) + 0.5 * hump(140.0 / scale, 0.8)
        )

    return ShapedNoise(take.rng("tyres"), shape)


def bicycle(take: Take) -> Render:
    """A freewheel that ticks, a chain, thin tyres.

    Pawls fall into 18 teeth a turn of a wheel of 2.1 m while the rider coasts; light steel
    rings at 3 to 5 kHz (typical figures); thin tyres hiss softly (Sandberg and Ejsmont 2002).
    """
    rng, drive = take.rng(), take.drive
    coasting = smooth((drift(rng, drive.count, 0.3) > 0.2).astype(float), 0.1)
    ticks = drive.cycles(np.minimum(drive.speed / 2.1 * 18.0, 90.0), rng.uniform())
    loud = drive.at(0.2 + coasting, ticks)

    def tick(i: int) -> Samples:
        f = rng.uniform(0.97, 1.03)
        return 0.25 * loud[i] * modes([3100.0 * f, 5200.0 * f], [0.012, 0.008], [1.0, 0.6], 0.013)

    chain = scaled(
        filtered(white(take.rng("chain")), bandpass(1800.0, 5000.0)),
        0.03 * np.minimum(drive.speed / 5.0, 1.5) * (1.2 - coasting),
    )
    return mixed(Events(ticks, tick), chain, scaled(_rolling(take, 0.25), 1.0))


def train(take: Take) -> Render:
    """Wheels over rail joints, the rumble of the track, the hum of the motors.

    Roughness of wheel and rail makes them shake: rail at 0.5 to 2 kHz, track below; joints
    knock once an axle (Thompson, Railway Noise and Vibration, 2009).
    """
    rng, drive = take.rng(), take.drive
    pace = smooth(np.minimum(drive.speed / 20.0, 2.0), 0.4)
    sway = drift(rng, drive.count, 1.5)
    low_free = BINS / (BINS + 35.0)

    def shape(times: Samples) -> Samples:
        p = drive.at(pace, times)
        loud = np.exp(0.12 * drive.at(sway, times))
        rumble = slope(110.0 + 120.0 * p, 5.0) * low_free
        steel = 0.35 * hump(900.0 + 700.0 * p, 0.8)
        return (loud * p)[:, None] * (rumble + steel)

    # A carriage of 20 m: bogies 14 m apart, axles 2.5 m apart, over one joint.
    offsets = np.array([0.0, 2.5, 14.0, 16.5]) / 20.0
    phase = rng.uniform()
    joints = np.sort(
        np.concatenate([drive.cycles(drive.speed / 20.0, phase - part) for part in offsets])
    )
    hardness = drive.at(np.sqrt(pace), joints)

    def clack(i: int) -> Samples:
        tune = rng.uniform(0.95, 1.05)
        hit = modes(
            [85.0 * tune, 190.0 * tune, 640.0 * tune, 1900.0 * tune],
            [0.16, 0.12, 0.06, 0.04],
            [1.0, 0.7, 0.35, 0.15],
            0.2,
        )
        noise = burst(rng, 0.07, bandpass(400.0, 3500.0), 0.002)
        hit[: len(noise)] += 0.4 * noise
        return 1.6 * hardness[i] * rng.uniform(0.7, 1.0) * hit

    motor = Oscillator(45.0 + 160.0 * pace, 1.0 / np.arange(1, 12) ** 1.2, rng)
    vent = filtered(white(take.rng("vent")), bandpass(150.0, 900.0))
    return mixed(
        ShapedNoise(take.rng("rumble"), shape),
        Events(joints, clack),
        scaled(motor, 0.05 + 0.04 * pace),
        scaled(vent, 0.10),
    )


def jet(take: Take) -> Render:
    """A jet overhead: low roar that tears and billows, with the whine of the fan.

    Turbulence mixes with still air (Lighthill 1952): a broad hump at 0.2 times speed by
    width of the jet (Tam, Golebiowski and Seiner 1996), so larger engines are lower; fan
    after Farnell, Designing Sound (2010), "Jet engine".
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    billow, tear = drift(rng, drive.count, 0.5), drift(rng, drive.count, 5.0)
    low_free = BINS / (BINS + 45.0)

    def shape(times: Samples) -> Samples:
        loud = np.exp(0.2 * drive.at(billow, times) + 0.12 * drive.at(tear, times))
        edge = 260.0 / scale * 2.0 ** (0.35 * drive.at(billow, times))
        roar: Samples = slope(edge, 6.5) * low_free + 0.06 * hump(2400.0 / scale, 0.9)
        return loud[:, None] * roar

    whine = Oscillator(
        2350.0 / scale * np.exp(0.01 * drift(rng, drive.count, 0.3)), [1.0, 0.25, 0.15], rng
    )
    return mixed(ShapedNoise(take.rng("roar"), shape), scaled(whine, 0.012))


def propeller(take: Take) -> Render:
    """A small aeroplane: the beats of two blades and of six cylinders against each other.

    A blade that passes is a harmonic series on turns times blades (Gutin 1936; Magliozzi,
    Hanson and Amiet 1991). Tips are as fast on small ones, so a drone turns quicker.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    turns = 40.0 / scale * np.exp(0.015 * drift(rng, drive.count, 0.4))
    blades = Oscillator(2.0 * turns, 1.0 / np.arange(1, 30) ** 0.9, rng)
    exhaust = Oscillator(3.02 * turns, 1.0 / np.arange(1, 20) ** 1.2, rng)
    air = filtered(white(take.rng("air")), bandpass(200.0 / scale**0.5, 2500.0 / scale**0.5))
    swell = np.exp(0.12 * drift(rng, drive.count, 2.0))
    return scaled(
        mixed(
            filtered(blades, lowpass(2500.0 / scale**0.5, 1)),
            scaled(filtered(exhaust, lowpass(1200.0 / scale**0.5, 1)), 0.5),
            scaled(air, 0.4),
        ),
        swell,
    )


def helicopter(take: Take) -> Render:
    """Blades that slap the air 10 to 20 times a second, above a turbine.

    A blade slaps as it cuts the vortex of the one before (Schmitz and Yu 1986; built after
    Farnell, Designing Sound, 2010, "Helicopter"). Tips of all sizes are about as fast, so a
    small one slaps quicker.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    rate = 12.5 / scale * np.exp(0.012 * drift(rng, drive.count, 0.4))
    phase = rng.uniform() + np.concatenate(([0.0], np.cumsum(rate)[:-1])) / CONTROL_RATE
    beats = np.arange(1, int(phase[-1]) + 1)
    times = np.interp(beats, phase, np.arange(drive.count) / CONTROL_RATE)

    def slap(_: int) -> Samples:
        thump = modes(
            [rng.uniform(62.0, 70.0) / scale, 118.0 / scale], [0.1, 0.07], [1.0, 0.5], 0.1
        )
        air = burst(rng, 0.075 * scale, bandpass(120.0 / scale, 1100.0 / scale), 0.014 * scale)
        thump[: len(air)] += 1.1 * air[: len(thump)]
        return rng.uniform(0.85, 1.0) * thump

    turbine = Oscillator(1480.0 / 12.5 * rate, [1.0, 0.0, 0.4, 0.2], rng)
    wash = filtered(white(take.rng("wash")), bandpass(150.0, 1500.0))
    return mixed(Events(times, slap), scaled(turbine, 0.012), scaled(wash, 0.12))


def traffic(take: Take) -> Render:
    """A road at some distance: its steady rumble, and cars that pass one by one.

    The level of each is that of a point on a line; tyres give the band about 1 kHz (Sandberg
    and Ejsmont 2002; EN 1793-3), which air and ground take from far ones.
    """
    rng, drive = take.rng(), take.drive
    hum = drift(rng, drive.count, 0.25)
    passing, bright = np.zeros(drive.count), np.zeros(drive.count)
    grid = np.arange(drive.count) / CONTROL_RATE
    moment = -rng.uniform(0.0, 3.0)
    while moment < drive.seconds + 4.0:
        width, near = rng.uniform(0.7, 2.0), rng.uniform(0.3, 1.0) ** 1.5
        first, last = np.searchsorted(grid, (moment - 6.0 * width, moment + 6.0 * width))
        # Level of a car on a straight road, by its distance.
        swell = near / (1.0 + ((grid[first:last] - moment) / width) ** 2)
        passing[first:last] += swell
        bright[first:last] = np.maximum(bright[first:last], swell)
        moment += rng.exponential(2.4) + 0.3
    low_free = BINS / (BINS + 40.0)

    def shape(times: Samples) -> Samples:
        p, b = drive.at(passing, times)[:, None], drive.at(bright, times)
        far = np.exp(0.15 * drive.at(hum, times))[:, None] * slope(130.0, 6.0) * low_free
        near = p * (0.6 * hump(750.0 + 300.0 * b, 0.9) + 0.7 * slope(150.0, 6.0) * low_free)
        return 0.5 * far + near

    motors = Oscillator(58.0 * 2.0 ** (0.25 * drift(rng, drive.count, 0.3)), [1.0, 0.7, 0.4], rng)
    return mixed(
        ShapedNoise(take.rng("road"), shape), scaled(motors, 0.02 + 0.03 * gusts(rng, drive.count))
    )


FAMILIES = (
    *(
        Family(
            name,
            partial(engine, name=name),
            usual_speed=speed,
            usual_size=ENGINES[name].usual_size,
            sizes=(0.6, 1.6),
            row=f"{ENGINES[name].physics} Firing, pipes and body after Farnell 2010 and Baldan "
            "et al. 2015; tyres after Sandberg and Ejsmont 2002.",
        )
        for name, speed in zip(ENGINES, (12.0, 11.0, 14.0, 7.0, 5.0), strict=True)
    ),
    Family("bicycle", bicycle, usual_speed=5.0),
    Family("train", train, usual_speed=20.0),
    Family("jet", jet, usual_size=15.0),
    Family("propeller", propeller, usual_size=4.5, sizes=(0.3, 2.0)),
    Family("helicopter", helicopter, usual_size=5.5, sizes=(0.4, 1.6)),
    Family("traffic", traffic),
)
