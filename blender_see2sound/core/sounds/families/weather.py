"""Wind, rain and thunder; their makings follow Farnell, Designing Sound (2010), where named."""

from __future__ import annotations

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
    envelope,
    filtered,
    gusts,
    highpass,
    hump,
    lowpass,
    mixed,
    modes,
    scaled,
    seconds,
    slope,
    white,
)
from .family import Family, Take


def wind(take: Take) -> Render:
    """Turbulent air: noise in bands that move with its speed, and tones where it meets edges.

    A gust is louder and brighter; vortices behind wires and edges whistle at 0.2 times
    speed by width (Strouhal 1878; Blevins, Flow-Induced Vibration, 1990). Bands after
    Farnell 2010, "Wind".
    """
    rng, drive = take.rng(), take.drive
    force = 0.25 + 0.75 * gusts(rng, drive.count, 0.22)
    edge = drift(rng, drive.count, 0.8)
    flutter = drift(rng, drive.count, 6.0)
    rumble_free = BINS / (BINS + 70.0)

    def shape(times: Samples) -> Samples:
        f = drive.at(force, times)
        body = slope(120.0 + 420.0 * f, 8.0) * rumble_free
        tone = 420.0 + 500.0 * f + 60.0 * drive.at(edge, times)
        whistle = (0.5 * f**2)[:, None] * (hump(tone, 0.1) + 0.4 * hump(2.1 * tone, 0.08))
        level = f**1.4 * np.exp(0.12 * drive.at(flutter, times))
        return level[:, None] * (body + whistle)

    return ShapedNoise(rng, shape)


def rain(take: Take) -> Render:
    """Drops of a shower's sizes near by, over the wash of countless far ones.

    Small drops are many, big ones few (Marshall and Palmer 1948); each is a short knock,
    and in puddles it may close in a bubble that rings (Pumphrey, Crum and Bjorno 1989).
    Layers after Farnell 2010, "Rain".
    """
    rng, drive = take.rng(), take.drive
    swell = np.exp(0.18 * drift(rng, drive.count, 0.3))
    wash = scaled(
        filtered(white(take.rng("wash")), highpass(900.0, 1), lowpass(11_000.0, 1)), 0.2 * swell
    )
    patter = filtered(_drops(take.rng("patter"), 1400.0, 1.7), bandpass(1200.0, 9000.0))
    near = filtered(_drops(take.rng("near"), 90.0, 1.3), bandpass(700.0, 4500.0))
    # Drops that fall into puddles close a bubble that rings.
    ring_rng = take.rng("puddle")
    rings = np.sort(ring_rng.uniform(0.0, drive.seconds, ring_rng.poisson(14.0 * drive.seconds)))

    def puddle(_: int) -> Samples:
        pitch = ring_rng.uniform(900.0, 4200.0)
        return modes([pitch], [12.0 / pitch + 0.004], [0.5 * ring_rng.uniform() ** 2], 0.03)

    return mixed(wash, scaled(patter, 1.1 * swell), scaled(near, 1.6), Events(rings, puddle))


def _drops(rng: np.random.Generator, rate: float, tail: float) -> Render:
    """Impacts at random times, `rate` a second; few are big, many are small."""

    def render(start: int, stop: int) -> Samples:
        number = rng.poisson(rate * (stop - start) / 48_000.0)
        sizes = np.minimum(rng.pareto(tail + 1.0, number) + 0.2, 4.0)
        total = np.zeros(stop - start)
        places = rng.integers(0, stop - start, number)
        np.add.at(total, places, sizes * rng.choice((-1.0, 1.0), number))
        return total

    return render


def thunder(take: Take) -> Render:
    """A channel kilometres long that heats up at once: its near parts crack, its far ones roll.

    The shocks of a crooked channel arrive one after the other, the farther the duller
    (Few 1969; Ribner and Roy 1982); the power lies below 300 Hz, its peak at 50 to 200 Hz
    (Few et al. 1967; Holmes et al. 1971).
    """
    rng, drive = take.rng(), take.drive
    strikes = drive.events(rng, 14.0, first=3.0, least=5.0)
    calm = scaled(filtered(white(take.rng("calm")), lowpass(90.0, 2)), 0.02)

    def strike(_: int) -> Samples:
        near = rng.uniform(0.2, 1.0)
        length = rng.uniform(4.5, 8.0)
        t = seconds(length)
        rolling = np.zeros(len(t))
        # The channel is kilometres long: its parts arrive one after the other, the
        # farther ones duller.
        for lump in range(int(rng.integers(9, 16))):
            at = 0.0 if lump == 0 else rng.beta(1.0, 2.6) * (length - 1.8)
            span = rng.uniform(0.7, 1.8)
            sections = lowpass(70.0 + 240.0 * near * np.exp(-at / 1.5), 2)
            noise = np.concatenate(
                (np.zeros(int(at * 48_000)), 9.0 * burst(rng, span, sections, 0.03 + 0.05 * at))
            )
            rolling[: len(noise)] += np.exp(-at / 3.0) * rng.uniform(0.4, 1.0) * noise[: len(t)]
        for _crack in range(int(rng.integers(3, 8))):
            at = int(rng.beta(1.0, 3.0) * 0.45 * 48_000)
            crack = burst(rng, rng.uniform(0.08, 0.35), bandpass(120.0, 3500.0), 0.001)
            rolling[at : at + len(crack)] += 0.5 * near**2 * rng.uniform(0.3, 1.0) * crack
        return rolling * envelope(length, 0.004, 1.2)

    return mixed(calm, filtered(Events(strikes, strike), highpass(26.0)))


FAMILIES = (Family("wind", wind), Family("rain", rain), Family("thunder", thunder))
