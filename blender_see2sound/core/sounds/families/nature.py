"""Fire, leaves, birds and insects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import signal

from ..synth import (
    Events,
    Oscillator,
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
    resonance,
    scaled,
    seconds,
    white,
)
from .family import Family, Take


def fire(take: Take) -> Render:
    """Flames that lap, wood that cracks in bursts, steam that hisses.

    Burning gas that swells and shrinks roars below 200 Hz (Chadwick and James 2011); a fire
    puffs at 1.5 Hz divided by the root of its width in metres (Cetegen and Ahmed 1993), so
    a larger one is slower and lower. Layers after Farnell, Designing Sound (2010), "Fire".
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    blaze = gusts(rng, drive.count, 0.35)
    flicker = np.abs(drift(rng, drive.count, 6.0 / scale**0.5)) ** 1.5
    steam = np.maximum(drift(rng, drive.count, 2.0), 0.0) ** 3
    lapping = scaled(
        filtered(
            white(take.rng("lap")),
            bandpass(35.0 / scale**0.5, 170.0 / scale**0.5),
            lowpass(400.0),
        ),
        1.1 * scale**0.3 * (0.4 + blaze) * (0.35 + 0.6 * flicker),
    )
    breath = scaled(
        filtered(white(take.rng("breath")), bandpass(250.0, 1600.0)), 0.06 * (0.5 + blaze)
    )
    hiss = scaled(filtered(white(take.rng("hiss")), highpass(3500.0)), 0.01 + 0.012 * steam)
    # Cracks come in bursts: wood splits along a fibre.
    seeds = drive.events(rng, 0.11, first=0.1)
    runs = [s + np.cumsum(rng.exponential(0.022, rng.geometric(0.4))) for s in seeds]
    times = drive.while_present(np.sort(np.concatenate([np.empty(0), *runs])))
    sizes = np.minimum(0.14 * (rng.pareto(1.8, len(times)) + 0.3), 1.0)

    def crack(i: int) -> Samples:
        pitch = rng.uniform(700.0, 4200.0) / (1.0 + 0.5 * sizes[i]) / scale**0.3
        snap = burst(
            rng,
            rng.uniform(0.003, 0.016),
            bandpass(0.6 * pitch, 1.6 * pitch),
            0.0003,
        )
        return 1.6 * sizes[i] * snap / scale**0.5

    return mixed(lapping, breath, hiss, Events(times, crack))


def leaves(take: Take) -> Render:
    """Foliage in the wind: countless leaves that rub and knock, more and brighter in gusts.

    The level grows with the wind's speed and the band lies at 1 to 10 kHz (Fegeant 1999;
    Bolin 2009).
    """
    rng, drive = take.rng(), take.drive
    force = 0.2 + 0.8 * gusts(rng, drive.count, 0.3)
    tremble = np.exp(0.4 * drift(rng, drive.count, 14.0))
    band = drift(rng, drive.count, 0.7)

    def shape(times: Samples) -> Samples:
        f = drive.at(force, times)
        centre = (2300.0 + 2600.0 * f) * 2.0 ** (0.15 * drive.at(band, times))
        rub = ((0.08 + f**1.6) * drive.at(tremble, times))[:, None] * hump(centre, 0.85)
        return rub + (0.25 * f**2)[:, None] * hump(450.0, 0.9)

    single = drive.events(rng, 0.02, first=0.02)
    strong = rng.uniform(size=len(single)) ** 3 * drive.at(force, single) ** 1.5

    def one() -> Samples:
        low = rng.uniform(1800.0, 4500.0)
        return 0.9 * burst(rng, rng.uniform(0.008, 0.035), bandpass(low, 2.4 * low), 0.002)

    sorts = [one() for _ in range(120)]  # a draw from them is quicker than a new one

    def rub(i: int) -> Samples:
        return strong[i] * sorts[int(rng.integers(len(sorts)))]

    return mixed(ShapedNoise(rng, shape), Events(single, rub))


# ------------------------------------------------------------------ birds


def _chirp(hertz: Samples, level: Samples, bright: float = 0.08) -> Samples:
    """A syllable: a swept tone with a little of its second partial."""
    phase = 2.0 * np.pi * np.cumsum(hertz) / 48_000.0
    return level * (np.sin(phase) + bright * np.sin(2.0 * phase))


def _syllable(rng: np.random.Generator, pitch: float) -> Callable[[], Samples]:
    """A syllable of a song: its form is drawn once, each singing differs a little."""
    length = rng.uniform(0.04, 0.16)
    form = rng.integers(4)
    reach = rng.uniform(0.15, 0.6)
    trill = rng.uniform(25.0, 60.0)

    def sing() -> Samples:
        span = length * rng.uniform(0.95, 1.05)
        u = seconds(span) / span
        curve = (
            1.0 + reach * (0.5 - u),
            1.0 + reach * (u - 0.5),
            1.0 + reach * (np.sin(np.pi * u) - 0.5),
            1.0 + 0.12 * np.sin(2.0 * np.pi * trill * u * span),
        )[form]
        level = envelope(span, 0.2 * span, 0.5 * span)
        return _chirp(pitch * rng.uniform(0.99, 1.01) * curve, level)

    return sing


def birds(take: Take) -> Render:
    """Some songbirds, each with its own phrases, pitch and distance.

    A syllable is a nearly pure tone of the syrinx that sweeps, 0.04 to 0.16 s long at 1.5 to
    8 kHz; some make a phrase (Marler and Slabbekoorn, Nature's Music, 2004; Catchpole and
    Slater, Bird Song, 2008). Larger animals are lower (Fletcher 2004).
    """
    rng = take.rng()
    return mixed(*(_bird(rng, take, number) for number in range(5)))


def _bird(rng: np.random.Generator, take: Take, number: int) -> Render:
    pitch = rng.uniform(2400.0, 6200.0) / take.scale
    repertoire = [_syllable(rng, pitch * rng.uniform(0.75, 1.3)) for _ in range(4)]
    gap = rng.uniform(0.03, 0.09)
    distance = (1.0, 0.6, 0.4, 0.25, 0.15)[number]
    phrases = take.drive.events(rng, 1.8 + 0.5 * number, first=0.6 + 0.5 * number, least=1.2)
    air = lowpass(3500.0 + 12_000.0 * distance, 1)

    def phrase(_: int) -> Samples:
        parts: list[Samples] = []
        for _group in range(int(rng.integers(1, 4))):
            sing = repertoire[int(rng.integers(len(repertoire)))]
            for _note in range(int(rng.integers(1, 6))):
                parts += [sing(), np.zeros(int(gap * rng.uniform(0.8, 1.3) * 48_000))]
        song = np.concatenate(parts)
        song = song * np.linspace(rng.uniform(0.6, 1.0), rng.uniform(0.7, 1.0), len(song))
        # Trees and ground send it back: a short sparse tail.
        echoed = np.concatenate((song, np.zeros(9_600)))
        for delay, gain in ((1_310, 0.2), (3_470, 0.13), (6_130, 0.07)):
            echoed[delay : delay + len(song)] += gain * song
        return distance * np.asarray(signal.sosfilt(air, echoed))

    return Events(phrases, phrase)


# ------------------------------------------------------------------ insects


def insects(take: Take) -> Render:
    """Crickets: a few that chirp near, a field of them behind.

    A file on one wing is drawn over the other, which rings at 4 to 5 kHz; a chirp is three
    or four such pulses, 30 a second, two or three chirps a second (Bennet-Clark 1989;
    Gerhardt and Huber, Acoustic Communication in Insects and Anurans, 2002).
    """
    rng, drive = take.rng(), take.drive
    near = [_cricket(take, take.rng(f"cricket {n}"), (1.0, 0.55, 0.35, 0.2)[n]) for n in range(4)]
    swell = np.exp(0.25 * drift(rng, drive.count, 0.4))
    # Thousands of far ones blur into a band.
    field = filtered(white(take.rng("field")), resonance(4600.0, 350.0), bandpass(3500.0, 6500.0))
    return mixed(*near, scaled(field, 0.35 * swell))


def _cricket(take: Take, rng: np.random.Generator, level: float) -> Render:
    carrier = rng.uniform(4000.0, 5200.0)
    count = int(rng.integers(3, 5))
    rhythm = rng.uniform(1.6, 2.8) * np.exp(0.05 * drift(rng, take.drive.count, 0.3))
    # Now and then it rests.
    rhythm = np.where(drift(rng, take.drive.count, 0.12) > -1.1, rhythm, 0.0)
    pulse_gap = rng.uniform(0.030, 0.038)

    def chirp(_: int) -> Samples:
        total = np.zeros(int((count * pulse_gap + 0.03) * 48_000))
        for pulse in range(count):
            span = 0.017
            tone = _chirp(
                carrier * (1.0 - 0.02 * seconds(span) / span), envelope(span, 0.006, 0.008), 0.1
            )
            at = int(pulse * pulse_gap * rng.uniform(0.98, 1.02) * 48_000)
            total[at : at + len(tone)] += (0.6 + 0.4 * pulse / count) * tone
        return level * rng.uniform(0.85, 1.0) * total

    return Events(take.drive.cycles(rhythm, rng.uniform(0.5, 1.0)), chirp)


def buzzing(take: Take) -> Render:
    """Bees or flies: wings that beat 150 to 260 times a second, with many harmonics.

    The rates of bees and flies after Dudley, The Biomechanics of Insect Flight (2000); pitch
    and nearness wander as they fly about. Larger ones beat slower.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    harmonics = 1.0 / np.arange(1, 40) ** 1.1
    voices = []
    for number in range(4):
        pitch = rng.uniform(150.0, 260.0) / scale * 2.0 ** (0.12 * drift(rng, drive.count, 1.5))
        near = (1.0, 0.6, 0.4, 0.3)[number] * gusts(rng, drive.count, 0.5) ** 1.5
        tone = Oscillator(pitch, harmonics, rng)
        voices.append(scaled(filtered(tone, bandpass(180.0, 3000.0)), near))
    return mixed(*voices)


def cicadas(take: Take) -> Render:
    """A chorus of cicadas that swells and ebbs: bands at 4 to 9 kHz, ticking fast.

    Ribs of a drum-like plate buckle one after the other some hundred times a second, and
    the air in the body rings (Bennet-Clark and Young 1992; Young and Bennet-Clark 1995).
    """
    rng, drive = take.rng(), take.drive
    swell = 0.25 + 0.75 * gusts(rng, drive.count, 0.15)
    voices = []
    for number in range(3):
        band = rng.uniform(4200.0, 8500.0)
        noise = filtered(white(take.rng(f"cicada {number}")), resonance(band, 700.0))
        beat = Oscillator(
            np.full(drive.count, rng.uniform(70.0, 160.0))
            * np.exp(0.03 * drift(rng, drive.count, 0.5)),
            [1.0, 0.5, 0.25],
            rng,
        )
        voices.append(
            scaled(_modulated(noise, beat), swell * np.exp(0.2 * drift(rng, drive.count, 0.5)))
        )
    return mixed(*voices)


def _modulated(source: Render, by: Render) -> Render:
    return lambda start, stop: source(start, stop) * np.maximum(0.35 + by(start, stop), 0.0)


FAMILIES = (
    Family("fire", fire, usual_size=0.8, sizes=(0.25, 4.0)),
    Family("leaves", leaves),
    Family("birds", birds, usual_size=0.15, sizes=(0.7, 1.8)),
    Family("insects", insects),
    Family("buzzing", buzzing, usual_size=0.015, sizes=(0.6, 1.5)),
    Family("cicadas", cicadas),
)
