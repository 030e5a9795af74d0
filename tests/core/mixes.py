"""Small sound scenes on disk, their mixes, and what a mix says about direction and decay."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile

from blender_see2sound.core.mix import MixReport, mix_to_file
from blender_see2sound.core.mix.layouts.table import layout_named
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source

RATE = 48_000


def noise(seconds: float, seed: int = 0, level: float = 0.1) -> np.ndarray:
    """White noise, the same every time."""
    return level * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def tone(seconds: float, hertz: float, level: float = 0.1) -> np.ndarray:
    """A sine that fades in and out over 50 ms."""
    sine = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    fade = 0.5 - 0.5 * np.cos(np.pi * np.arange(2400) / 2400)
    sine[:2400] *= fade
    sine[-2400:] *= fade[::-1]
    return sine


def at(azimuth: float, distance: float = 3.0, elevation: float = 0.0) -> tuple:
    """A position from degrees, positive to the left and up."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return (
        float(-distance * np.sin(a) * np.cos(e)),
        float(distance * np.cos(a) * np.cos(e)),
        float(distance * np.sin(e)),
    )


class Desk:
    """A folder with sounds, and mixes of them.

    `source` writes a sound and gives its source; `mix` gives the samples (N, C) of the file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report: MixReport | None = None

    def source(
        self,
        sound: np.ndarray,
        *positions: tuple,
        times=(0.0,),
        id: str = "s1",
        kind="point",
        **more,
    ) -> Source:
        soundfile.write(self.folder / f"{id}.wav", sound, RATE, "FLOAT")
        return Source(
            id=id,
            label=id,
            prompt="",
            kind=kind,
            times=tuple(times),
            positions=tuple(positions),
            presence=more.pop("presence", (1.0,) * len(times)),
            sound=f"{id}.wav",
            **more,
        )

    def mix(
        self,
        *sources: Source,
        seconds: float,
        layout: str = "5.1",
        lufs: float | None = None,
        room: Room | None = None,
        name: str = "mix.wav",
        **more,
    ) -> np.ndarray:
        scene = SoundScene(Clip(None, 0.0, seconds, 25.0, (64, 36), 50.0), tuple(sources), room)
        path = self.folder / name
        self.report = mix_to_file(
            scene, self.folder / "scene.json", path, layout=layout, lufs=lufs, **more
        )
        samples, rate = soundfile.read(path, always_2d=True)
        assert rate == RATE
        assert samples.shape == (round(seconds * RATE), len(layout_named(layout).channels))
        assert np.isfinite(samples).all()
        return samples


def without_sound(source: Source) -> Source:
    return replace(source, sound=None)


def mains(samples: np.ndarray, layout: str) -> np.ndarray:
    """The main channels alone (N, M)."""
    return samples[:, list(layout_named(layout).mains)]


def rms(samples: np.ndarray) -> np.ndarray:
    """Per channel."""
    return np.sqrt(np.mean(samples**2, axis=0))


def decibels(ratio) -> np.ndarray:
    return 20.0 * np.log10(np.maximum(ratio, 1e-12))


def azimuths_heard(samples: np.ndarray, layout: str) -> tuple[float, float]:
    """Azimuths of Gerzon's velocity and energy vectors of a stretch (N, C), degrees.

    Amplitudes of the loudspeakers weigh the one, their powers the other.
    """
    channels = [c.azimuth for c in layout_named(layout).channels if c.azimuth is not None]
    angles = np.radians(channels)
    vectors = np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    amplitudes = rms(mains(samples, layout))
    velocity, energy = amplitudes @ vectors, amplitudes**2 @ vectors
    return tuple(float(np.degrees(np.arctan2(-v[0], v[1]))) for v in (velocity, energy))


def apart(one, other):
    """Degrees between azimuths, 0 to 180."""
    return np.abs((np.asarray(one) - np.asarray(other) + 180.0) % 360.0 - 180.0)


MIDDLES = (125, 250, 500, 1000, 2000, 4000, 8000)

#: Seconds before a click in what `responses` gives: filters may ring a little before their time.
BEFORE = 0.03

#: Where rooms are measured: shares of their size from the listener.
SHARES = ((0.2, 0.3, 0.1), (-0.35, 0.15, 0.0), (0.1, -0.4, 0.15))


def click(seconds: float, after: float = 0.0) -> np.ndarray:
    """A single sample, and silence."""
    samples = np.zeros(round(seconds * RATE))
    samples[round(after * RATE)] = 0.5
    return samples


def octave(samples: np.ndarray, middle: float) -> np.ndarray:
    """An octave of each channel (N, ...)."""
    from scipy.signal import butter, sosfiltfilt

    band = butter(3, [middle / 2**0.5, middle * 2**0.5], "band", fs=RATE, output="sos")
    return sosfiltfilt(band, samples, axis=0)


def decay_time(samples: np.ndarray) -> float:
    """RT60 of summed energies (N, M) by Schroeder's backward integration, -5 to -35 dB."""
    energy = np.sum(samples**2, axis=1)
    left = np.cumsum(energy[::-1])[::-1] / energy.sum()
    remaining = 10.0 * np.log10(np.maximum(left, 1e-12))
    fit = np.flatnonzero((remaining <= -5.0) & (remaining >= -35.0))
    return float(-60.0 / np.polyfit(fit / RATE, remaining[fit], 1)[0])


def responses(
    desk: Desk, room: Room, layout: str = "5.1", shares=SHARES, **more
) -> list[np.ndarray]:
    """What clicks at several places in a room leave in the main channels, but for the direct sound.

    They sound one after the other in one mix. Over several places, as ISO 3382 measures it.
    """
    listener, size = np.array(room.listener_place()), np.array(room.size)
    apart_by = 1.3 * float(np.max(room.rt60)) + 0.15
    sources = []
    for number, share in enumerate(shares):
        place = np.clip(np.array(share) * size, 0.1 - listener, size - listener - 0.1)
        begin = number * apart_by + BEFORE
        # Softly: the limiter is no part of the room.
        sources.append(
            desk.source(
                click(begin + 0.1, begin), tuple(place.tolist()), gain_db=-20.0, id=f"p{number}"
            )
        )
    seconds = len(shares) * apart_by
    samples = mains(desk.mix(*sources, seconds=seconds, room=room, layout=layout, **more), layout)
    assert desk.report is not None
    assert desk.report.limited_db == 0.0
    found = []
    for number in range(len(shares)):
        first = round(number * apart_by * RATE)
        part = samples[first : first + round(apart_by * RATE)].copy()
        part[: round(BEFORE * RATE) + 100] = 0.0
        found.append(part)
    return found


def misses(found: list[np.ndarray], rt60) -> list[str]:
    """The octaves whose decay is not as asked: by 10 %; 15 % where chance alone moves it."""
    wrong = []
    for middle, wanted in zip(MIDDLES, np.broadcast_to(rt60, 7), strict=True):
        if not 250 <= middle <= 4000:
            continue
        got = np.mean([decay_time(octave(r, middle)) for r in found])
        allowed = 0.15 if middle <= 250 and wanted < 0.3 else 0.1
        if abs(got / wanted - 1.0) > allowed:
            wrong.append(f"{middle} Hz: {got:.2f} s for {wanted:.2f} s")
    return wrong


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The largest normalised cross-correlation within 1 ms either way."""
    reach = RATE // 1000
    size = 2 * len(one)
    product = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    values = np.concatenate([product[: reach + 1], product[-reach:]])
    return float(np.abs(values).max() / np.sqrt((one @ one) * (other @ other)))


def likenesses(samples: np.ndarray) -> np.ndarray:
    """Of every two channels in each octave from 500 Hz."""
    found = []
    for middle in (500.0, 1000.0, 2000.0, 4000.0, 8000.0):
        filtered = octave(samples, middle)[RATE // 2 : -RATE // 2]
        found += [likeness(a, b) for a, b in combinations(filtered.T, 2)]
    return np.array(found)
