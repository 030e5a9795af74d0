"""Small sound scenes on disk, their mixes, and what a mix says about direction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from blender_see2sound.core.mix import MixReport, mix_to_file
from blender_see2sound.core.mix.layouts import layout_named
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
