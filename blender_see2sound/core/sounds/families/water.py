"""Water: stream, sea, waterfall, drops, splashes, pouring.

Water sounds by the bubbles that it closes in: each rings at Minnaert's frequency,
3 m/s divided by its radius, damped and rising as it nears the surface (van den
Doel, Physically based models for liquid sounds, ACM TAP 2005).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from ..synth import (
    BINS,
    Events,
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
    scaled,
    seconds,
    slope,
    white,
)
from .family import Family, Take


def bubble(radius: float, rise: float) -> Samples:
    """One bubble, of amplitude 1; not to be written into.

    Parameters
    ----------
    radius : float
        Metres; 0.15 to 15 mm are heard. The nearest of 36 to the octave is taken, so that
        the thousands of a stream are drawn from some hundred.
    rise : float
        How fast its pitch goes up, 0 to about 0.3, in steps of 0.05.
    """
    return _bubble(round(36.0 * math.log2(radius)), round(20.0 * rise))


@lru_cache(maxsize=1024)
def _bubble(size: int, rising: int) -> Samples:
    radius, rise = 2.0 ** (size / 36.0), rising / 20.0
    damping = 0.13 / radius + 0.0072 * radius**-1.5
    t = seconds(6.9 / damping)
    # The frequency is f (1 + rise damping t); its phase is the integral.
    turns = (3.0 / radius) * (t + 0.5 * rise * damping * t**2)
    onset = 1.0 - np.exp(-t * 6.0 / radius)
    return onset * np.exp(-damping * t) * np.sin(2.0 * np.pi * turns)


def _bubbles(
    rng: np.random.Generator, times: Samples, low: float, high: float, tail: float = 1.5
) -> Render:
    """Bubbles of random radii, metres; small ones are more frequent, big ones louder."""
    radii = low * (high / low) ** (rng.uniform(size=len(times)) ** tail)
    gains = (radii / high) ** 0.6 * rng.uniform(0.1, 1.0, len(times)) ** 2
    rises = np.where(rng.uniform(size=len(times)) < 0.4, rng.uniform(0.02, 0.25, len(times)), 0.0)
    return Events(times, lambda i: gains[i] * bubble(radii[i], rises[i]))


def stream(take: Take) -> Render:
    """Bubbles over stones and the rush of the water between them."""
    rng, drive = take.rng(), take.drive
    ripple = np.exp(0.45 * drift(rng, drive.count, 3.0))
    small = _bubbles(rng, drive.scatter(rng, 190.0 * ripple), 0.0004, 0.003)
    gurgle = np.exp(0.8 * drift(rng, drive.count, 1.5))
    big = _bubbles(rng, drive.scatter(rng, 16.0 * gurgle), 0.002, 0.009)
    rush = filtered(white(take.rng("rush")), bandpass(350.0, 3800.0))
    return mixed(small, scaled(big, 1.3), scaled(rush, 0.05 * ripple))


def waterfall(take: Take) -> Render:
    """The roar of falling water: all bubble sizes at once, hardly changing."""
    rng, drive = take.rng(), take.drive
    roar = drift(rng, drive.count, 1.2)
    spray = drift(rng, drive.count, 5.0)
    body = slope(420.0, 3.6) * (BINS / (BINS + 45.0))
    mist = hump(5200.0, 0.9)

    def shape(times: Samples) -> Samples:
        low = np.exp(0.09 * drive.at(roar, times))[:, None]
        high = 0.18 * np.exp(0.14 * drive.at(spray, times))[:, None]
        return low * body + high * mist

    near = _bubbles(rng, drive.scatter(rng, np.full(drive.count, 120.0)), 0.0006, 0.005)
    return mixed(ShapedNoise(rng, shape), scaled(near, 0.5))


def sea(take: Take) -> Render:
    """Waves that come, break and run back over the sand, in sets of changing height."""
    rng, drive = take.rng(), take.drive
    count = drive.count
    swell, break_, wash = np.zeros(count), np.zeros(count), np.zeros(count)
    grid = np.arange(count) / 100.0
    begin = -rng.uniform(3.0, 9.0)
    while begin < drive.seconds:
        height = rng.uniform(0.45, 1.0)
        rise, fall = rng.uniform(2.0, 3.6), rng.uniform(2.4, 4.5)
        crest = begin + rise
        first, last = np.searchsorted(grid, (begin - 2.0, crest + 16.0))
        t = grid[first:last] - crest
        swell[first:last] += height * np.exp(-0.5 * (t / (0.55 * rise)) ** 2)
        falling = np.where(t > 0.0, np.exp(-np.maximum(t, 0.0) / fall), 0.0)
        break_[first:last] += height * np.where(t > 0.0, falling, np.exp(3.2 * np.minimum(t, 0.0)))
        late = t - 1.4
        hiss = np.where(late > 0.0, np.exp(-np.maximum(late, 0.0) / (1.3 * fall)), 0.0)
        wash[first:last] += height * np.where(late > 0.0, hiss, np.exp(1.6 * np.minimum(late, 0.0)))
        begin += rng.uniform(5.0, 9.5)
    churned = break_ * np.exp(0.16 * drift(rng, count, 4.0))
    hiss_band, low_free = hump(6000.0, 0.8), BINS / (BINS + 40.0)

    def shape(times: Samples) -> Samples:
        s, b, w = (drive.at(c, times)[:, None] for c in (swell, break_, wash))
        broken = drive.at(churned, times)[:, None]
        rumble = (0.25 + 0.9 * s) * slope(110.0, 6.0) * low_free
        foam = broken * slope(350.0 + 900.0 * b[:, 0], 5.0) * low_free
        return rumble + 0.75 * foam + 0.11 * (0.15 + w) * hiss_band

    fizz = _bubbles(rng, drive.scatter(rng, 70.0 * wash), 0.0003, 0.0016)
    return mixed(ShapedNoise(rng, shape), scaled(fizz, 0.25))


def drops(take: Take) -> Render:
    """Single drops that fall into water: a tick, and the bubble that it closes in."""
    rng, drive = take.rng(), take.drive
    times = drive.events(rng, 0.55, first=0.6, least=0.12)
    tick = bandpass(2500.0, 9000.0)

    def drop(_: int) -> Samples:
        radius = rng.uniform(0.0012, 0.0032)
        sound = np.concatenate(
            (
                np.zeros(int(rng.uniform(0.004, 0.02) * 48_000)),
                bubble(radius, rng.uniform(0.1, 0.3)),
            )
        )
        hit = burst(rng, 0.006, tick, 0.0004)
        sound[: len(hit)] += 0.12 * hit[: len(sound)]
        return rng.uniform(0.35, 1.0) * sound

    return Events(times, drop)


def splash(take: Take) -> Render:
    """Bodies that fall into water, or move through it: faster is oftener."""
    rng, drive = take.rng(), take.drive
    if drive.moving:
        rate = np.where(drive.speed > 0.0, 0.8 + 0.5 * np.minimum(drive.speed, 5.0), 0.0)
        times = drive.cycles(rate * np.exp(0.25 * drift(rng, drive.count, 1.0)), rng.uniform())
    else:
        times = drive.events(rng, 2.6, first=1.0, least=0.9)

    def one(_: int) -> Samples:
        size = rng.uniform(0.4, 1.0)
        total = np.zeros(int(1.1 * 48_000))
        hit = burst(rng, 0.25 + 0.25 * size, bandpass(250.0, 5500.0), 0.006)
        total[: len(hit)] += hit
        spray = burst(rng, 0.7, highpass(2500.0), 0.08)
        total[: len(spray)] += 0.1 * spray
        for _bubble in range(int(18 + 30 * size)):
            at = int(rng.beta(1.2, 3.5) * 0.85 * 48_000)
            radius = 0.0012 * 7.0 ** (rng.uniform() ** 1.3)
            ring = bubble(radius, rng.uniform(0.0, 0.2))[: len(total) - at]
            total[at : at + len(ring)] += 0.8 * rng.uniform() ** 2 * ring
        return size * total

    return Events(times, one)


def pouring(take: Take) -> Render:
    """A jet into a vessel: bubbles, and the air column above, whose tone rises as it fills."""
    rng, drive = take.rng(), take.drive
    poured = np.cumsum(drive.presence > 0.05) / 100.0
    full = 1.0 - np.exp(-poured / 7.0)
    waver = drift(rng, drive.count, 2.5)
    unsteady = np.exp(0.3 * drift(rng, drive.count, 5.0))
    jet = hump(3200.0, 1.1)

    def shape(times: Samples) -> Samples:
        tone = (480.0 + 950.0 * drive.at(full, times)) * 2.0 ** (0.05 * drive.at(waver, times))
        column = hump(tone, 0.16) + 0.5 * hump(2.9 * tone, 0.12) + 0.25 * hump(4.8 * tone, 0.1)
        return drive.at(unsteady, times)[:, None] * (column + 0.06 * jet)

    times = drive.scatter(rng, 150.0 * unsteady * (drive.presence > 0.05))
    bubbles = _bubbles(rng, times, 0.0006, 0.003)
    return mixed(ShapedNoise(rng, shape), scaled(bubbles, 0.6))


def lake(take: Take) -> Render:
    """A calm lake: lapping at the shore."""
    rng, drive = take.rng(), take.drive
    lap = gusts(rng, drive.count, 0.9)
    times = drive.scatter(rng, 45.0 * lap**3)
    soft = filtered(white(take.rng("soft")), lowpass(500.0, 1), highpass(60.0))
    return mixed(_bubbles(rng, times, 0.0015, 0.008), scaled(soft, 0.05 * lap**2))


FAMILIES = (
    Family("stream", stream),
    Family("waterfall", waterfall),
    Family("sea", sea),
    Family("lake", lake),
    Family("drops", drops),
    Family("splash", splash, usual_speed=1.5),
    Family("pouring", pouring),
)
