"""How fast a mix is: python bench/mix.py [--seconds 60] [--sources 8] [--layout 5.1] [--repeat 3].

Mixes scenes of eight sources (still, moving, in a room, all of it, and with beds)
by `see2sound mix` in a process of its own. Its start, taken as the same scene
cut to a tenth of a second, is not counted in "x real time". Where the time goes
is told from the phases of one more mix in this process, whose processor time
over its time on the clock says how many processors worked. The best of the
repeats counts, since a busy machine only adds.
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from blender_see2sound.core.pipeline import mix_scene
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source, write_scene

RATE = 48_000
FRAME_RATE = 25.0
ROOM = Room((10.0, 8.0, 3.5), 0.4)


def scenes(seconds: float, sources: int) -> dict[str, SoundScene]:
    """The scenes to mix, their sounds being ``s0.wav`` and so on."""
    clip = Clip(None, 0.0, seconds, FRAME_RATE, (1280, 720), 50.0)
    frames = np.arange(0.0, seconds, 1.0 / FRAME_RATE)

    def source(number: int, moving: bool) -> Source:
        times = frames if moving else np.zeros(1)
        angles = 2.0 * np.pi * (number / sources + times / 20.0)
        places = 3.0 * np.stack([np.sin(angles), np.cos(angles), 0.0 * angles], axis=1)
        return Source(
            id=f"s{number}",
            label="",
            prompt="",
            kind="point",
            times=tuple(times.tolist()),
            positions=tuple(map(tuple, places.tolist())),
            presence=(1.0,) * len(times),
            sound=f"s{number}.wav",
        )

    still = SoundScene(clip, tuple(source(n, False) for n in range(sources)))
    moving = SoundScene(clip, tuple(source(n, True) for n in range(sources)))
    beds = tuple(
        dataclasses.replace(s, kind="ambience" if n < 2 else "area", spread=0.5)
        for n, s in enumerate(moving.sources)
    )
    return {
        "still, dry": still,
        "moving, dry": moving,
        "moving, beds and areas": dataclasses.replace(moving, sources=beds),
        "still, room": dataclasses.replace(still, room=ROOM),
        "moving, room": dataclasses.replace(moving, room=ROOM),
    }


def command(scene: Path, layout: str, repeat: int) -> float:
    """Seconds that the command takes."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run(
            [
                *(sys.executable, "-m", "blender_see2sound.core", "mix", scene),
                *("-o", scene.with_suffix(".wav"), "--layout", layout),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        times.append(time.perf_counter() - start)
    return min(times)


def phases(scene: Path, layout: str) -> tuple[dict[str, float], float]:
    """Seconds in each phase of a mix, and how many processors it kept busy."""
    spent: dict[str, float] = {}
    last = ["", time.perf_counter()]

    def progress(phase: str, fraction: float) -> None:
        now = time.perf_counter()
        spent[last[0] or phase] = spent.get(last[0] or phase, 0.0) + now - last[1]
        last[:] = [phase, now]

    start, work = time.perf_counter(), time.process_time()
    mix_scene(scene, scene.with_suffix(".wav"), layout=layout, progress=progress)
    return spent, (time.process_time() - work) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--layout", default="5.1")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(options.sources):
            noise = np.random.default_rng(number).standard_normal(round(options.seconds * RATE))
            soundfile.write(folder / f"s{number}.wav", 0.05 * noise, RATE, "PCM_24")
        print(f"{options.sources} sources, {options.seconds:g} s, {options.layout}")
        print(f"{'scene':24} {'seconds':>8} {'start':>7} {'x real time':>12}   where it goes")
        for title, scene in scenes(options.seconds, options.sources).items():
            path, brief = folder / "scene.json", folder / "brief.json"
            write_scene(scene, path)
            write_scene(dataclasses.replace(scene, clip=_cut(scene.clip)), brief)
            start = command(brief, options.layout, options.repeat)
            taken = command(path, options.layout, options.repeat)
            spent, busy = phases(path, options.layout)
            total = sum(spent.values())
            where = ", ".join(
                f"{phase} {100.0 * seconds / total:.0f} %"
                for phase, seconds in spent.items()
                if seconds > 0.02 * total
            )
            factor = options.seconds / max(taken - start, 1e-3)
            print(
                f"{title:24} {taken:8.2f} {start:7.2f} {factor:12.0f}   "
                f"{where}; {busy:.1f} processors",
                flush=True,
            )


def _cut(clip: Clip) -> Clip:
    return dataclasses.replace(clip, duration=0.1)


if __name__ == "__main__":
    main()
