"""Hums, motors, tools, fans, clocks, keyboards, sirens, horns and bells."""

from __future__ import annotations

import numpy as np

from ..synth import (
    Events,
    Oscillator,
    Render,
    Samples,
    bandpass,
    burst,
    drift,
    envelope,
    filtered,
    highpass,
    lowpass,
    mixed,
    modes,
    scaled,
    seconds,
    smooth,
    white,
)
from .family import Family, Take

#: Frequency of the mains, Hz (Europe, Africa, most of Asia).
MAINS = 50.0


def hum(take: Take) -> Render:
    """Mains hum: a fundamental, strong even partials, a breath of fan noise.

    Iron cores stretch twice a period of the mains, so the even partials lead (Beranek and
    Ver, Noise and Vibration Control Engineering, 1992).
    """
    rng, drive = take.rng(), take.drive
    partials = np.array([0.9, 1.0, 0.3, 0.45, 0.12, 0.22, 0.06, 0.12, 0.04, 0.07, 0.02, 0.04])
    partials *= rng.uniform(0.7, 1.2, len(partials))
    tone = Oscillator(MAINS * (1.0 + 0.0004 * drift(rng, drive.count, 0.2)), partials, rng)
    swell = np.exp(0.05 * drift(rng, drive.count, 0.5))
    air = filtered(white(take.rng("air")), bandpass(120.0, 1200.0))
    return mixed(scaled(tone, swell), scaled(air, 0.12))


def fan(take: Take) -> Render:
    """A fan or an air conditioner: moving air, the passing blades, the motor.

    Broad flow noise with tones at turns times blades (Beranek and Ver 1992; Farnell, Designing
    Sound, 2010, "Fans"). At the same tip speed a larger one turns slower.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    turns = rng.uniform(19.0, 24.0) / scale * np.exp(0.006 * drift(rng, drive.count, 0.4))
    blades = Oscillator(5.0 * turns, [1.0, 0.5, 0.3, 0.15, 0.08], rng)
    motor = Oscillator(np.full(drive.count, 2.0 * MAINS), [1.0, 0.3, 0.2], rng)
    air = filtered(
        white(take.rng("air")), bandpass(120.0 / scale, 900.0 / scale), lowpass(2200.0, 1)
    )
    wow = Oscillator(turns, [1.0], rng)
    return mixed(
        lambda a, b: air(a, b) * (1.0 + 0.1 * wow(a, b)),
        scaled(blades, 0.06),
        scaled(motor, 0.04),
    )


def machine(take: Take) -> Render:
    """A machine at work: a motor under changing load, and a cycle of clanks.

    A motor on the mains turns somewhat less than 25 or 30 times a second, slower under load
    (Farnell, Designing Sound, 2010, "Motors"); struck parts ring as modes (Fletcher and
    Rossing). Larger parts are lower; two strokes a second are typical.
    """
    rng, drive = take.rng(), take.drive
    scale = take.scale
    load = drift(rng, drive.count, 0.6)
    turns = rng.uniform(24.0, 28.0) * (1.0 - 0.02 * load)
    motor = Oscillator(turns, 1.0 / np.arange(1, 50) ** 0.8, rng)
    gears = Oscillator(turns * 17.0, [1.0, 0.4, 0.2], rng)
    hiss = filtered(white(take.rng("hiss")), bandpass(500.0 / scale, 5000.0 / scale))
    beats = drive.cycles(np.full(drive.count, 2.1) * np.exp(0.01 * drift(rng, drive.count, 0.5)))
    bodies = rng.uniform(0.9, 1.1, 4) / scale

    def clank(i: int) -> Samples:
        tune = bodies[i % 4]
        hit = modes(
            [190.0 * tune, 523.0 * tune, 1170.0 * tune, 2310.0 * tune, 3870.0 * tune],
            [0.12, 0.16, 0.12, 0.08, 0.05],
            np.array([1.0, 0.6, 0.5, 0.3, 0.2]) * rng.uniform(0.7, 1.1, 5),
            0.2,
        )
        return 1.1 * (1.0 if i % 2 else 0.55) * hit

    effort = np.exp(0.12 * load)
    return mixed(
        scaled(filtered(motor, bandpass(60.0, 1200.0 / scale)), 0.35 * effort),
        scaled(gears, 0.05 * effort),
        scaled(hiss, 0.12),
        Events(beats, clank),
    )


def tool(take: Take) -> Render:
    """A drill or a saw: it spins up, bites, slows under load, runs free, rests.

    A universal motor whines at its turns and gears, 250 to 420 a second free, a fifth slower
    in the wood; the cut is noise in step with the teeth (after Farnell, Designing Sound,
    2010, "Motors"; figures typical).
    """
    rng, drive = take.rng(), take.drive
    on = np.zeros(drive.count)
    for start in drive.events(rng, 5.5, first=0.4, least=4.0):
        first = int(start * 100)
        on[first : first + int(rng.uniform(2.0, 3.8) * 100)] = 1.0
    on[drive.presence <= 0.05] = 0.0
    spin = smooth(smooth(on, 0.12), 0.06)
    bite = smooth(np.clip(0.6 * drift(rng, drive.count, 0.7) + 0.3, 0.0, 1.0), 0.1) * spin
    pitch = 90.0 + 330.0 * spin * (1.0 - 0.22 * bite) * np.exp(0.01 * drift(rng, drive.count, 9.0))
    whine = Oscillator(pitch, 1.0 / np.arange(1, 40) ** 0.75, rng)
    gears = Oscillator(pitch * 6.3, [1.0, 0.3], rng)
    cut = filtered(white(take.rng("cut")), bandpass(1500.0, 7500.0))
    teeth = Oscillator(pitch * 0.5, [1.0, 0.5, 0.3], rng)
    return mixed(
        scaled(filtered(whine, bandpass(250.0, 5000.0)), spin * (0.5 + 0.3 * bite)),
        scaled(gears, 0.12 * spin),
        scaled(lambda a, b: cut(a, b) * (1.0 + 0.5 * teeth(a, b)), 0.7 * bite),
    )


def clock(take: Take) -> Render:
    """Ticks, two a second, one brighter than the next.

    An escapement drops a tooth each half swing: short modes of the wheels, carried by the
    case (Farnell, Designing Sound, 2010, "Clocks"); two a second is typical of alarm and
    mantel clocks.
    """
    rng, drive = take.rng(), take.drive
    times = drive.cycles(np.full(drive.count, 2.0), rng.uniform())
    case = rng.uniform(0.9, 1.1)

    def tick(i: int) -> Samples:
        tune = case * (1.0 if i % 2 else 0.86)
        hit = modes(
            [1450.0 * tune, 2900.0 * tune, 5200.0 * tune, 420.0],
            [0.025, 0.018, 0.01, 0.04],
            [0.7, 0.6, 0.4, 0.3],
            0.05,
        )
        return rng.uniform(0.92, 1.0) * hit

    return Events(times, tick)


def typing(take: Take) -> Render:
    """Keys in runs, with pauses to think.

    A press and, 50 to 100 ms later, its release (Zhuang, Zhou and Tygar 2005); within runs 5
    to 10 keys a second, about 4 in all (Dhakal et al. 2018).
    """
    rng, drive = take.rng(), take.drive
    runs = [
        start + np.cumsum(rng.uniform(0.07, 0.22, rng.integers(6, 22)))
        for start in drive.events(rng, 3.2, first=0.4, least=2.0)
    ]
    times = drive.while_present(np.sort(np.concatenate([np.empty(0), *runs])))

    def key(_: int) -> Samples:
        low = rng.uniform(0.9, 1.15)
        hit = modes(
            [260.0 * low, 1350.0 * low, 3200.0 * low], [0.03, 0.016, 0.01], [0.6, 0.4, 0.3], 0.1
        )
        click = burst(rng, 0.012, bandpass(1800.0, 8000.0), 0.0006)
        hit[: len(click)] += 0.4 * click
        up = int(rng.uniform(0.05, 0.09) * 48_000)
        release = burst(rng, 0.009, bandpass(2500.0, 9000.0), 0.0006)[: len(hit) - up]
        hit[up : up + len(release)] += 0.18 * release
        return rng.uniform(0.5, 1.0) * hit

    return Events(times, key)


def siren(take: Take) -> Render:
    """Two tones a fourth apart that alternate, as European emergency vehicles have.

    Tones of 360 to 630 Hz in the ratio 3 to 4, changed 40 to 80 times a minute (DIN 14610).
    """
    rng, drive = take.rng(), take.drive
    grid = np.arange(drive.count) / 100.0 + rng.uniform(0.0, 1.5)
    low = rng.uniform(420.0, 450.0)
    pitch = smooth(np.where((grid % 1.5) < 0.75, low, low * 4.0 / 3.0), 0.012)
    tone = Oscillator(pitch, 1.0 / np.arange(1, 16) ** 0.9, rng)
    return filtered(tone, bandpass(350.0, 3200.0))


def horn(take: Take) -> Render:
    """A car's horn: two plates a third apart, in short and long blows.

    Tones of about 400 and 500 Hz, rich in partials up to 3.5 kHz (Lemaitre et al. 2007).
    """
    rng, drive = take.rng(), take.drive
    blown = np.zeros(drive.count)
    for start in drive.events(rng, 4.5, first=0.8, least=2.0):
        first = int(start * 100)
        blown[first : first + int(rng.choice((0.25, 0.4, 0.9)) * 100)] = 1.0
    blown = smooth(blown, 0.015)
    base = rng.uniform(385.0, 425.0)
    plates = [
        Oscillator(np.full(drive.count, base * ratio), 1.0 / np.arange(1, 20) ** 0.6, rng)
        for ratio in (1.0, 1.26)
    ]
    return scaled(filtered(mixed(*plates), bandpass(350.0, 3500.0)), blown)


#: Partials of a church bell relative to its strike note: hum, prime, tierce, quint,
#: nominal and above (Fletcher and Rossing, The Physics of Musical Instruments, ch. 21).
BELL = (0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 2.67, 3.0, 4.0, 5.3)


def bell(take: Take) -> Render:
    """A church bell that is rung.

    Five tuned partials and those above, low ones fading the slowest (Fletcher and Rossing,
    ch. 21; Rossing, Acoustics of Bells, 1984). All frequencies go with one over diameter.
    """
    rng, drive = take.rng(), take.drive
    note = rng.uniform(300.0, 420.0) / take.scale
    times = drive.events(rng, 2.1, first=0.5, least=1.8)

    partials, decay, gains = [], [], []
    for ratio in BELL:
        for split in (0.0, rng.uniform(0.4, 1.2)):  # no bell is round: each partial beats
            partials.append(note * ratio + split)
            decay.append(9.0 / ratio**0.9)
            gains.append(rng.uniform(0.6, 1.0) / (ratio + 0.6))
    # One bell: a harder stroke is brighter, but rings at the same partials.
    ends = envelope(6.0, 0.0003, 2.0)
    dull, bright = (
        modes(partials[part], decay[part], gains[part], 6.0) * ends
        for part in (slice(0, 12), slice(12, None))
    )

    def stroke(_: int) -> Samples:
        ring = rng.uniform(0.7, 1.0) * dull + rng.uniform(0.5, 1.0) * bright
        clang = burst(rng, 0.05, highpass(2000.0), 0.0005)
        ring[: len(clang)] += 0.2 * clang
        return rng.uniform(0.75, 1.0) * ring

    return Events(times, stroke)


def chime(take: Take) -> Render:
    """Small bells or tubes that touch one another in the wind.

    A free tube rings at 1, 2.76 and 5.40 times its note (Fletcher and Rossing, The Physics of
    Musical Instruments, ch. 2); longer ones are lower.
    """
    rng, drive = take.rng(), take.drive
    # A pentatonic row, as wind chimes have; tubes ring at 1, 2.76, 5.40 (free bar).
    notes = rng.uniform(620.0, 760.0) / take.scale * 2.0 ** (np.array([0, 2, 4, 7, 9, 12]) / 12.0)
    starts = drive.events(rng, 1.6, first=0.4)
    runs = [s + np.cumsum(rng.exponential(0.17, rng.integers(1, 5))) for s in starts]
    times = drive.while_present(np.sort(np.concatenate([np.empty(0), *runs])))

    def tube(_: int) -> Samples:
        note = notes[rng.integers(len(notes))]
        ring = modes([note, 2.756 * note, 5.404 * note], [2.6, 1.3, 0.5], [1.0, 0.35, 0.12], 2.4)
        return rng.uniform(0.2, 1.0) ** 1.5 * ring * envelope(2.4, 0.0003, 0.6)

    return Events(times, tube)


def phone(take: Take) -> Render:
    """A telephone that rings: a tone that warbles between 800 and 1000 Hz 20 times a second.

    On for a second, off for two or more: cadences of ring tones as in Farnell, Designing
    Sound (2010), "Phone tones"; the pitches are typical of electronic ringers.
    """
    rng, drive = take.rng(), take.drive
    times = drive.events(rng, 3.2, first=0.5, least=3.0)

    def ring(_: int) -> Samples:
        t = seconds(1.0)
        warble = np.where((t * 20.0) % 1.0 < 0.5, 800.0, 1000.0)
        phase = 2.0 * np.pi * np.cumsum(warble) / 48_000.0
        return envelope(1.0, 0.01, 0.03) * (np.sin(phase) + 0.2 * np.sin(3.0 * phase))

    return Events(times, ring)


FAMILIES = (
    Family("hum", hum),
    Family("fan", fan, usual_size=0.4, sizes=(0.4, 2.5)),
    Family("machine", machine, usual_size=1.2),
    Family("tool", tool),
    Family("clock", clock),
    Family("typing", typing),
    Family("siren", siren),
    Family("horn", horn),
    Family("bell", bell, usual_size=1.0, sizes=(0.12, 2.0)),
    Family("chime", chime, usual_size=0.3),
    Family("phone", phone),
)
