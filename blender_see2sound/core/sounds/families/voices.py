"""Voices without words: one that talks, a crowd, cheering.

Source and filter (Fant 1960): a buzzing tone whose harmonics fall by 6 dB per
octave is weighted, frame by frame, by the formants of a vowel that changes from
syllable to syllable (formants after Peterson and Barney 1952).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..drive import CONTROL_RATE, Curve
from ..synth import (
    BINS,
    FRAME,
    Oscillator,
    Render,
    Samples,
    ShapedNoise,
    at_samples,
    bandpass,
    drift,
    filtered,
    gusts,
    hump,
    mixed,
    scaled,
    smooth,
    white,
)
from .family import Family, Take

#: Bins of a frame that voices use: up to 9 kHz.
SPOKEN = int(np.searchsorted(BINS, 9000.0))

#: First three formants of a man's vowels, Hz: heed, head, hod, hawed, who'd, heard.
VOWELS = (
    (270, 2290, 3010),
    (530, 1840, 2480),
    (730, 1090, 2440),
    (570, 840, 2410),
    (300, 870, 2240),
    (490, 1350, 1690),
)

#: Voices have no tone above 6.5 kHz: every second sample of it is enough.
HALVED = 2


@dataclass(frozen=True)
class Manner:
    """How voices speak.

    Attributes
    ----------
    syllables : float
        Per second.
    phrase, pause : float
        Mean lengths, seconds.
    pitch : float
        Factor on the speakers' pitch.
    openness : float
        0: all vowels; 1: only open ones, as in shouting.
    breath : float
        Share of noise in the voice.
    """

    syllables: float = 4.6
    phrase: float = 1.9
    pause: float = 0.7
    pitch: float = 1.0
    openness: float = 0.0
    breath: float = 0.12


TALK = Manner()
CHEER = Manner(1.7, 3.0, 0.5, 1.9, 0.85, 0.5)
PLAY = Manner(4.0, 1.2, 1.0, 2.3, 0.4, 0.2)


class Speaker:
    """One person's voice, as spectra of successive frames."""

    def __init__(
        self,
        rng: np.random.Generator,
        count: int,
        manner: Manner,
        level: float,
        alive: Callable[[], None],
    ) -> None:
        woman = rng.uniform() < 0.5
        size = (1.17 if woman else 1.0) * (1.15 if manner.pitch > 2.0 else 1.0)
        base = (rng.uniform(175.0, 230.0) if woman else rng.uniform(95.0, 135.0)) * manner.pitch
        talk, weights, consonants, fall = _speech(rng, count, manner, alive)
        pitch = base * 2.0 ** (0.16 * drift(rng, count, 1.3) + 0.28 * fall)
        partials = np.arange(1, max(3, int(6500.0 / base)))
        self.level = (level * talk).astype(np.float32)
        self.vowels = weights
        self.consonants = (level * consonants).astype(np.float32)
        self._breath = manner.breath
        self._tone = Oscillator(pitch, 1.0 / partials, rng)
        self._forms = np.stack([_formants(v, size) for v in VOWELS])
        self._past = np.zeros(FRAME // 2 // HALVED)
        self._window = np.sin(np.pi * (np.arange(0, FRAME, HALVED) + 0.5) / FRAME)

    def spectra(self, start: int, frames: int, noise: Samples) -> Samples:
        """The next frames' spectra (frames, bins), from `frames` half frames of new tone."""
        hop = FRAME // 2
        stop = start + frames * hop
        tone = self._tone(start, stop, HALVED) * at_samples(self.level, start, stop)[::HALVED]
        tone = np.concatenate((self._past, tone * HALVED))
        self._past = tone[-hop // HALVED :]
        halves = tone.reshape(-1, hop // HALVED)
        voiced = np.fft.rfft(
            np.concatenate((halves[:-1], halves[1:]), axis=1) * self._window, axis=1
        )[:, :SPOKEN]
        index = np.minimum(
            np.arange(start, stop, hop) * CONTROL_RATE // 48_000, len(self.level) - 1
        )
        forms = self.vowels[index].astype(np.float32) @ self._forms
        aspirate = self._breath * self.level[index, None] * forms
        sibilant = self.consonants[index, None] * _SIBILANT
        return voiced * forms + noise * (aspirate + sibilant)


#: Spectrum of s, sh and t, roughly.
_SIBILANT = 0.16 * hump(5200.0, 0.55)[:SPOKEN].astype(np.float32)


def _formants(vowel: tuple[int, int, int], size: float) -> Samples:
    """Amplitude spectrum of a vowel; a smaller head has higher formants."""
    total = np.zeros(len(BINS))
    for formant, width, gain in zip(vowel, (80.0, 110.0, 170.0), (1.0, 0.6, 0.35), strict=True):
        total += gain / np.sqrt(1.0 + ((BINS - formant * size) / width) ** 2)
    total += 0.12 / np.sqrt(1.0 + ((BINS - 3600.0 * size) / 300.0) ** 2)
    return (total * (BINS / (BINS + 90.0)))[:SPOKEN].astype(np.float32)


def _speech(
    rng: np.random.Generator, count: int, manner: Manner, alive: Callable[[], None]
) -> tuple[Curve, NDArray[np.float16], Curve, Curve]:
    """Loudness, weights of the vowels, consonants and fall of pitch of made-up speech."""
    grid_end = count / CONTROL_RATE
    talk, consonants, fall = np.zeros(count), np.zeros(count), np.zeros(count)
    spoken = np.full(count, len(VOWELS) - 1)
    likely = np.ones(len(VOWELS))
    likely[[0, 4, 5]] *= 1.0 - manner.openness
    likely = np.cumsum(likely / likely.sum())
    moment = -rng.uniform(0.0, manner.phrase)
    told = 0.0
    while moment < grid_end:
        if moment > told + 100.0:  # some tenths of a second of work
            alive()
            told = moment
        length = manner.phrase * rng.uniform(0.4, 1.8)
        end = moment + length
        stress = rng.uniform(0.7, 1.0)
        while moment < end:
            span = rng.uniform(0.6, 1.5) / manner.syllables
            a, b = (min(max(int(x * CONTROL_RATE), 0), count) for x in (moment, moment + span))
            if b > a:
                u = np.linspace(0.0, 1.0, b - a)
                loud = stress * rng.uniform(0.4, 1.0)
                talk[a:b] = loud * np.sin(np.pi * u**0.7) ** 0.8
                fall[a:b] = (end - moment) / length - 0.5
                spoken[a:b] = np.searchsorted(likely, rng.uniform())
                if rng.uniform() < 0.45:
                    consonants[a : a + int(rng.uniform(3, 9))] = loud * rng.uniform(0.2, 1.0)
            moment += span
        moment += rng.exponential(manner.pause) + 0.1
    weights = np.stack(
        [smooth((spoken == v).astype(float), 0.035).astype(np.float16) for v in range(len(VOWELS))],
        axis=1,
    )
    return smooth(talk, 0.015), weights, smooth(consonants, 0.012), smooth(fall, 0.08)


class Voices:
    """Several speakers, added as spectra and brought back to time together."""

    def __init__(self, rng: np.random.Generator, speakers: list[Speaker]) -> None:
        self._rng = rng
        self._speakers = speakers
        self._made = 0
        self._ready = np.empty(0)
        self._overlap = np.zeros(FRAME // 2)
        self._window = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME)

    def __call__(self, start: int, stop: int) -> Samples:
        hop = FRAME // 2
        missing = stop - start - len(self._ready)
        if missing > 0:
            frames = -(-missing // hop)
            parts = self._rng.standard_normal((2, frames, SPOKEN), np.float32)
            noise = (parts[0] + 1j * parts[1]) * np.float32(np.sqrt(FRAME / 2.0))
            total = np.zeros((frames, SPOKEN), np.complex128)
            for speaker in self._speakers:
                total += speaker.spectra(self._made, frames, noise)
            self._made += frames * hop
            grains = np.fft.irfft(total, FRAME, axis=1) * self._window
            tails = np.concatenate((self._overlap[None], grains[:-1, hop:]))
            self._overlap = grains[-1, hop:]
            self._ready = np.concatenate((self._ready, (grains[:, :hop] + tails).ravel()))
        given, self._ready = self._ready[: stop - start], self._ready[stop - start :]
        return given


def _group(take: Take, manner: Manner, levels: tuple[float, ...]) -> Render:
    speakers = [
        Speaker(take.rng(f"speaker {n}"), take.drive.count, manner, level, take.alive)
        for n, level in enumerate(levels)
    ]
    return Voices(take.rng("voices"), speakers)


def voice(take: Take) -> Render:
    """One person who talks, without words.

    Vocal folds at 95 to 230 Hz through the formants of vowels (Fant 1960; Peterson and
    Barney 1952), 3 to 8 syllables a second (Houtgast and Steeneken 1985; Ding et al. 2017).
    Among adults pitch says little of size, so it does not follow it.
    """
    return _group(take, TALK, (1.0,))


def children(take: Take) -> Render:
    """Children who play and call.

    Shorter tracts and folds: pitch about twice a man's and formants a third higher (Lee,
    Potamianos and Narayanan 1999); calls are short, with pauses (typical).
    """
    return _group(take, PLAY, (1.0, 0.7, 0.5, 0.35))


def crowd(take: Take) -> Render:
    """Babble: some voices near, a blur of many behind.

    The mean spectrum of speech is largest at 0.3 to 0.8 kHz (Byrne et al. 1994); the more
    voices, the flatter the level, since their syllables (Houtgast and Steeneken 1985) do
    not keep time.
    """
    near = _group(take, TALK, (1.0, 0.9, 0.75, 0.65, 0.55, 0.45))
    return mixed(near, scaled(_far_voices(take, 500.0), 0.55))


def cheering(take: Take) -> Render:
    """A crowd that shouts: open vowels, high and rough, in swells.

    In a shout pitch and first formant rise and the power moves to 1 to 3 kHz (Rostolland
    1982); swells of some seconds are typical.
    """
    swell = 0.35 + 0.65 * gusts(take.rng("swell"), take.drive.count, 0.18)
    near = _group(take, CHEER, (1.0, 0.9, 0.8, 0.7, 0.6))
    return scaled(mixed(near, scaled(_far_voices(take, 1000.0), 1.6)), swell)


def _far_voices(take: Take, centre: float) -> Render:
    """Too many voices to tell apart: noise with the spectrum and rhythm of speech."""
    rng, drive = take.rng("far"), take.drive
    parts = [(drift(rng, drive.count, 5.0), hump(centre * c, 0.45)) for c in (0.5, 1.0, 2.0, 4.0)]
    gains = (0.8, 1.0, 0.5, 0.22)

    def shape(times: Samples) -> Samples:
        return np.asarray(
            sum(
                gain * np.exp(0.3 * drive.at(curve, times))[:, None] * form
                for gain, (curve, form) in zip(gains, parts, strict=True)
            )
        )

    murmur = filtered(white(take.rng("murmur")), bandpass(120.0, 350.0))
    return mixed(scaled(ShapedNoise(rng, shape), 0.5), scaled(murmur, 0.12))


FAMILIES = (
    Family("voice", voice),
    Family("children", children),
    Family("crowd", crowd),
    Family("cheering", cheering),
)
