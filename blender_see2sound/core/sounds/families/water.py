"""Water: stream, sea, waterfall, drops, splashes, pouring.

Water sounds by the bubbles that it closes in: each rings at Minnaert's frequency,
3 m/s divided by its radius (Minnaert 1933), damped and rising as it nears the surface
(van den Doel, Physically based models for liquid sounds, ACM TAP 2005).
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
    """Bubbles that water closes in over stones, and the rush between them.

    Bubbles of many radii at random times, each at Minnaert's frequency (Minnaert 1933; van
    den Doel 2005). A broader bed has more of them, and bigger ones.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    ripple = np.exp(0.45 * drift(rng, drive.count, 3.0))
    small = _bubbles(rng, drive.scatter(rng, 190.0 * ripple), 0.0004, 0.003 * scale**0.5)
    gurgle = np.exp(0.8 * drift(rng, drive.count, 1.5))
    big = _bubbles(rng, drive.scatter(rng, 16.0 * gurgle), 0.002, 0.009 * scale**0.5)
    rush = filtered(white(take.rng("rush")), bandpass(350.0, 3800.0 / scale**0.5))
    return mixed(small, scaled(big, 1.3 * scale**0.5), scaled(rush, 0.05 * ripple))


def waterfall(take: Take) -> Render:
    """The roar of falling water: bubbles of all sizes at once, so many that it hardly changes.

    Spectra of falls and fountains are broad, and the more water falls the more low ones
    they have (Watts et al. 2009; Galbrun and Ali 2013); the bubbles as in Minnaert 1933.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    roar = drift(rng, drive.count, 1.2)
    spray = drift(rng, drive.count, 5.0)
    body = slope(420.0 / scale**0.7, 4.6) * (BINS / (BINS + 45.0))
    mist = hump(5200.0 / scale**0.3, 0.9)

    def shape(times: Samples) -> Samples:
        low = np.exp(0.09 * drive.at(roar, times))[:, None]
        high = 0.08 * np.exp(0.14 * drive.at(spray, times))[:, None]
        return low * body + high * mist

    near = _bubbles(
        rng, drive.scatter(rng, np.full(drive.count, 120.0)), 0.0006, 0.005 * scale**0.5
    )
    return mixed(ShapedNoise(rng, shape), scaled(near, 0.5))


def sea(take: Take) -> Render:
    """Waves that come each 5 to 10 s, break, and run back over the sand, in sets.

    A breaking crest closes in bubbles of all sizes: a roar that begins below 500 Hz and
    gets brighter as it breaks (Deane 1997; Deane and Stokes 2002; heard in air: Bolin and
    Abom 2010); then foam hisses. Larger waves are lower and slower.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    slower = scale**0.3
    count = drive.count
    swell, break_, wash = np.zeros(count), np.zeros(count), np.zeros(count)
    grid = np.arange(count) / 100.0
    begin = -rng.uniform(3.0, 9.0)
    while begin < drive.seconds:
        height = rng.uniform(0.45, 1.0)
        rise, fall = slower * rng.uniform(2.0, 3.6), slower * rng.uniform(2.4, 4.5)
        crest = begin + rise
        first, last = np.searchsorted(grid, (begin - 2.0, crest + 16.0))
        t = grid[first:last] - crest
        swell[first:last] += height * np.exp(-0.5 * (t / (0.55 * rise)) ** 2)
        falling = np.where(t > 0.0, np.exp(-np.maximum(t, 0.0) / fall), 0.0)
        break_[first:last] += height * np.where(t > 0.0, falling, np.exp(3.2 * np.minimum(t, 0.0)))
        late = t - 1.4
        hiss = np.where(late > 0.0, np.exp(-np.maximum(late, 0.0) / (1.3 * fall)), 0.0)
        wash[first:last] += height * np.where(late > 0.0, hiss, np.exp(1.6 * np.minimum(late, 0.0)))
        begin += slower * rng.uniform(5.0, 9.5)
    churned = break_ * np.exp(0.16 * drift(rng, count, 4.0))
    hiss_band, low_free = hump(6000.0 / scale**0.3, 0.8), BINS / (BINS + 40.0)

    def shape(times: Samples) -> Samples:
        s, b, w = (drive.at(c, times)[:, None] for c in (swell, break_, wash))
        broken = drive.at(churned, times)[:, None]
        rumble = (0.25 + 0.9 * s) * slope(110.0, 6.0) * low_free
        foam = broken * slope((300.0 + 600.0 * b[:, 0]) / scale**0.7, 6.0) * low_free
        return rumble + 0.75 * foam + 0.06 * (0.05 + w) * hiss_band

    fizz = _bubbles(rng, drive.scatter(rng, 70.0 * wash), 0.0003, 0.0016)
    return mixed(ShapedNoise(rng, shape), scaled(fizz, 0.25))


def drops(take: Take) -> Render:
    """Drops into still water: a faint tick, then the bubble that is closed in behind it.

    The drip's tone is that bubble's, driven through the surface (Franz 1959; Phillips,
    Agarwal and Jordan 2018), at Minnaert's frequency (1933): 0.9 to 2.5 kHz for radii of
    3.2 to 1.2 mm.
    """
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
    """A body enters water: a slap, a cavity that closes, bubbles, and drops that fall back.

    The course of a splash after Worthington, A Study of Splashes (1908) and Franz 1959,
    bubbles after van den Doel 2005. A larger body makes a longer splash with bigger
    bubbles; a faster one splashes oftener.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    if drive.moving:
        rate = np.where(drive.speed > 0.0, 0.8 + 0.5 * np.minimum(drive.speed, 5.0), 0.0)
        times = drive.cycles(rate * np.exp(0.25 * drift(rng, drive.count, 1.0)), rng.uniform())
    else:
        times = drive.events(rng, 2.6, first=1.0, least=0.9)

    def one(_: int) -> Samples:
        size = rng.uniform(0.4, 1.0)
        total = np.zeros(int(1.1 * 48_000))
        hit = burst(
            rng,
            (0.25 + 0.25 * size) * scale**0.5,
            bandpass(250.0 / scale, 5500.0 / scale),
            0.006,
        )
        total[: len(hit)] += hit
        spray = burst(rng, 0.7, highpass(2500.0 / scale**0.5), 0.08)
        total[: len(spray)] += 0.1 * spray
        for _bubble in range(int(18 + 30 * size)):
            at = int(rng.beta(1.2, 3.5) * 0.85 * 48_000)
            radius = 0.0012 * scale * 7.0 ** (rng.uniform() ** 1.3)
            ring = bubble(radius, rng.uniform(0.0, 0.2))[: len(total) - at]
            total[at : at + len(ring)] += 0.8 * rng.uniform() ** 2 * ring
        return size * total

    return Events(times, one)


def pouring(take: Take) -> Render:
    """A jet into a vessel: bubbles, and the air above, whose tone rises as it fills.

    The column is a quarter of a wave long (Fletcher and Rossing, The Physics of Musical
    Instruments; heard as filling: Cabe and Pittenger 2000), so a larger vessel is lower;
    bubbles after Minnaert 1933.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    poured = np.cumsum(drive.presence > 0.05) / 100.0
    full = 1.0 - np.exp(-poured / (7.0 * scale))
    waver = drift(rng, drive.count, 2.5)
    unsteady = np.exp(0.3 * drift(rng, drive.count, 5.0))
    jet = hump(3200.0, 1.1)

    def shape(times: Samples) -> Samples:
        wavers = 2.0 ** (0.05 * drive.at(waver, times))
        tone = (480.0 + 950.0 * drive.at(full, times)) / scale * wavers
        column = hump(tone, 0.16) + 0.5 * hump(2.9 * tone, 0.12) + 0.25 * hump(4.8 * tone, 0.1)
        return drive.at(unsteady, times)[:, None] * (column + 0.06 * jet)

    times = drive.scatter(rng, 150.0 * unsteady * (drive.presence > 0.05))
    bubbles = _bubbles(rng, times, 0.0006, 0.003)
    return mixed(ShapedNoise(rng, shape), scaled(bubbles, 0.6))


def lake(take: Take) -> Render:
    """Small waves lap at a shore: a soft slap each, and bubbles under stones.

    Each lap closes in some bubbles of Minnaert's frequencies (1933; van den Doel 2005);
    their rate, about one a second, is typical of wind waves on small waters.
    """
    rng, drive = take.rng(), take.drive
    lap = gusts(rng, drive.count, 0.9)
    times = drive.scatter(rng, 45.0 * lap**3)
    soft = filtered(white(take.rng("soft")), lowpass(500.0, 1), highpass(60.0))
    return mixed(_bubbles(rng, times, 0.0015, 0.008), scaled(soft, 0.05 * lap**2))


FAMILIES = (
    Family("stream", stream, usual_size=2.0),
    Family("waterfall", waterfall, usual_size=3.0, sizes=(0.25, 4.0)),
    Family("sea", sea, usual_size=8.0),
    Family("lake", lake),
    Family("drops", drops),
    Family("splash", splash, usual_speed=1.5, usual_size=0.7),
    Family("pouring", pouring, usual_size=0.15),
)
