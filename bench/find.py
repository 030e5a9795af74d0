"""How long finding takes and how right it is: python bench/find.py CLIP [--truth FILE].

Prints how long each phase took, what that is in real time, and what was found.
With ``--truth`` (a JSON file such as the example's: ``horizontal_fov``, ``fps``,
``objects`` with a name and ``positions`` in the listener's frame, metres) also, per
object, the median error of azimuth and of distance of the source that fits it best.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from blender_see2sound.core import parts
from blender_see2sound.core.media import ClipRange, OpenClip, open_clip
from blender_see2sound.core.placement import positions_of
from blender_see2sound.core.progress import Progress
from blender_see2sound.core.regions.protocol import Region


class Phases:
    """A progress that adds up the time between its calls by the phase that ends."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.longest = 0.0
        self._last = time.perf_counter()

    def __call__(self, phase: str, fraction: float) -> None:
        now = time.perf_counter()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        self.longest = max(self.longest, now - self._last)
        self._last = now


def errors(
    clip: OpenClip, regions: list[Region], truth: Path, progress: Progress
) -> list[tuple[str, str, float, float, float]]:
    """Per true object: its name, the best region's label, and the errors of that.

    Median and 90th percentile of azimuth in degrees, median of distance relative to
    the true one.
    """
    data = json.loads(truth.read_text(encoding="utf-8"))
    view = float(data["horizontal_fov"])
    distances = parts.load("depth").distances(clip, regions, view, progress).metres
    rows = []
    for name, row in data["objects"].items():
        places = np.array(row["positions"])
        times = np.arange(len(places)) / float(data["fps"])
        azimuth = -np.degrees(np.arctan2(places[:, 0], places[:, 1]))
        away = np.linalg.norm(places, axis=1)
        best = ("", "nothing", np.inf, np.inf, np.inf)
        for region, metres in zip(regions, distances, strict=True):
            if region.kind != "point":
                continue
            at = np.array(positions_of(region, metres, view, clip.size))
            x, y, z = (np.interp(times, region.times, at[:, k]) for k in range(3))
            off = np.abs(-np.degrees(np.arctan2(x, y)) - azimuth)
            far = np.abs(np.sqrt(x**2 + y**2 + z**2) / away - 1.0)
            if np.median(off) < best[2]:
                best = (
                    name, region.label, float(np.median(off)),
                    float(np.percentile(off, 90)), float(np.median(far)),
                )  # fmt: skip
        rows.append((name, *best[1:]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--sources", type=int, default=5)
    options = parser.parse_args()
    phases = Phases()
    with open_clip(ClipRange(options.clip)) as clip:
        start = time.perf_counter()
        regions = parts.load("finder").find(clip, options.sources, phases)
        regions = parts.load("describer").describe(clip, regions, phases)
        total = time.perf_counter() - start
        print(f"{options.clip.name}: {clip.duration:.2f} s, {clip.size[0]} x {clip.size[1]}")
        for phase, seconds in phases.seconds.items():
            print(f"  {phase:<32}{seconds:>8.2f} s")
        print(f"  {'all':<32}{total:>8.2f} s, {total / clip.duration:.2f} of real time")
        print(f"  {'longest without a word':<32}{phases.longest:>8.2f} s")
        print(f"{'label':<16}{'kind':<10}{'present':>8}{'area':>7}{'speed':>7}  prompt")
        for r in regions:
            print(
                f"{r.label:<16}{r.kind:<10}{r.presence.mean():>8.2f}{r.look.area:>7.3f}"
                f"{r.look.speed:>7.2f}  {r.prompt}"
            )
        if options.truth is not None:
            print(f"{'truth':<16}{'found as':<16}{'azimuth':>9}{'90 %':>9}{'distance':>10}")
            for name, label, off, most, far in errors(clip, regions, options.truth, phases):
                print(f"{name:<16}{label:<16}{off:>8.2f}°{most:>8.2f}°{100 * far:>8.0f} %")


if __name__ == "__main__":
    main()
