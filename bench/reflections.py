"""How steady the reflection of a moving tone is: python bench/reflections.py.

A tone goes away over a hard floor, 2.6 m above it, the listener 1.6 m above; nothing else
reflects. Of the floor's reflection alone (the mix with the floor, less the one without) the
level is taken every 5 ms, what it loses to distance made up for: the table has how far it
ranges from lowest to highest, in 5.1 (all channels), headphones (an ear) and ambisonics (W).

The last rows are a control: the same when filters that are found anew every 0.17 s are
cross-faded, as it is in closed rooms, where dozens of reflections overlap.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile

from blender_see2sound.core.mix import mix_to_file
from blender_see2sound.core.mix.acoustics.room import RoomModel
from blender_see2sound.core.mix.layouts.table import layout_named
from blender_see2sound.core.mix.travel.distance import Travel
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source

RATE = 48_000
SECONDS = 2.0
TONES = (500.0, 1000.0, 2000.0, 4000.0, 8000.0)
FLOOR = ("open",) * 4 + ("tiles", "open")


def levels(layout: str, hertz: float, speed: float) -> np.ndarray:
    """Levels of the reflection every 5 ms, dB."""
    room = Room((200.0, 200.0, 50.0), 0.5, (100.0, 100.0, 1.6), FLOOR)
    ends = ((0.0, 3.0, 1.0), (0.0, 3.0 + speed * SECONDS, 1.0))
    source = Source("s", "", "", "point", (0.0, SECONDS), ends, (1.0, 1.0), sound="tone.wav")
    clip = Clip(None, 0.0, SECONDS, 25.0, (64, 36), 50.0)
    times = np.arange(round(SECONDS * RATE)) / RATE
    mixes = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        soundfile.write(folder / "tone.wav", 0.1 * np.sin(2 * np.pi * hertz * times), RATE, "FLOAT")
        for surroundings in (room, None):
            mix_to_file(
                SoundScene(clip, (source,), surroundings), folder / "scene.json",
                folder / "mix.wav", layout=layout, lufs=None, format="float",
                travel=Travel(None),
            )  # fmt: skip
            mixes.append(soundfile.read(folder / "mix.wav", always_2d=True)[0])
    mains = list(layout_named(layout).mains)
    reflected = (mixes[0] - mixes[1])[:, mains if layout == "5.1" else mains[:1]]
    power = np.mean(np.sum(reflected.reshape(-1, RATE // 200, reflected.shape[1]) ** 2, 2), 1)
    middles = (np.arange(len(power)) + 0.5) / 200.0
    return np.asarray(10.0 * np.log10(power * ((3.0 + speed * middles) ** 2 + 4.2**2)))[20:-20]


def main() -> None:
    print(f"range in dB{'':24}" + "".join(f"{hertz:8.0f} Hz" for hertz in TONES))
    fading = mock.patch.object(RoomModel, "gliding", return_value=np.zeros(0, np.intp))
    for title, way, layouts in (
        ("", contextlib.nullcontext(), ("5.1", "binaural", "ambix1")),
        (", cross-faded", fading, ("5.1",)),
    ):
        with way:
            for layout in layouts:
                for speed in (1.4, 15.0):
                    ranges = [np.ptp(levels(layout, hertz, speed)) for hertz in TONES]
                    name = f"{layout}, {speed:g} m/s{title}"
                    print(f"{name:35}" + "".join(f"{found:11.2f}" for found in ranges), flush=True)


if __name__ == "__main__":
    main()
