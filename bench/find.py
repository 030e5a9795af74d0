"""How long finding takes and how right it is: python bench/find.py CLIP [--truth FILE].

Prints how long each phase took, what that is in real time, and what was found.
With ``--truth`` (a JSON file such as the example's: ``horizontal_fov``, ``fps``,
``objects`` with a name and ``positions`` in the listener's frame, metres) also, per
object, the median error of azimuth and of distance of the source that fits it best, and
the nearest and farthest that it is put while seen, as shares of the true distance.
``--late 0 0.02 0.05`` looks at the frames so many seconds later, in turn: what is found
should not depend on that.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Fit:
    """How well the best region fits a true object: degrees, and shares of the true distance."""

    name: str
    label: str = "nothing"
    turn: float = np.inf
    most_turn: float = np.inf
    off: float = np.inf
    nearest: float = np.nan
    farthest: float = np.nan


def fits(
    clip: OpenClip, regions: list[Region], truth: Path, late: float, progress: Progress
) -> list[Fit]:
    """Per true object the region whose azimuth is nearest to its own."""
    data = json.loads(truth.read_text(encoding="utf-8"))
    view = float(data["horizontal_fov"])
    distances = parts.load("depth").distances(clip, regions, view, progress).metres
    found = []
    for name, row in data["objects"].items():
        places = np.array(row["positions"])
        times = np.arange(len(places)) / float(data["fps"]) - late
        azimuth = -np.degrees(np.arctan2(places[:, 0], places[:, 1]))
        away = np.linalg.norm(places, axis=1)
        seen = np.array(row.get("visible", np.ones(len(places))), bool)
        best = Fit(name)
        for region, metres in zip(regions, distances, strict=True):
            if region.kind != "point":
                continue
            at = np.array(positions_of(region, metres, view, clip.size))
            x, y, z = (np.interp(times, region.times, at[:, k]) for k in range(3))
            turn = np.abs(-np.degrees(np.arctan2(x, y)) - azimuth)
            share = np.sqrt(x**2 + y**2 + z**2) / away
            both = share[seen & (np.interp(times, region.times, region.presence) > 0.5)]
            if np.median(turn) < best.turn and len(both):
                best = Fit(
                    name, region.label, float(np.median(turn)), float(np.percentile(turn, 90)),
                    float(np.median(np.abs(share - 1.0))), float(both.min()), float(both.max()),
                )  # fmt: skip
        found.append(best)
    return found


def looked_at(path: Path, late: float) -> ClipRange:
    """The whole clip, its frames taken some seconds later."""
    with open_clip(ClipRange(path)) as clip:
        length = clip.duration
    return ClipRange(path, time_map=((0.0, late), (length, length + late)) if late else ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--late", type=float, nargs="+", default=[0.0])
    parser.add_argument("--sources", type=int, default=5)
    options = parser.parse_args()
    table = []
    for number, late in enumerate(options.late):
        phases = Phases()
        with open_clip(looked_at(options.clip, late)) as clip:
            start = time.perf_counter()
            regions = parts.load("finder").find(clip, options.sources, phases)
            regions = parts.load("describer").describe(clip, regions, phases)
            total = time.perf_counter() - start
            if number == 0:
                show(clip, regions, phases, total)
            if options.truth is not None:
                table += [(late, fit) for fit in fits(clip, regions, options.truth, late, phases)]
    if table:
        print(
            f"{'late':>8}  {'truth':<12}{'found as':<16}{'azimuth':>9}{'90 %':>9}{'distance':>10}"
            f"{'nearest':>9}{'farthest':>10}"
        )
    for late, fit in table:
        print(
            f"{late:>6.4f} s  {fit.name:<12}{fit.label:<16}{fit.turn:>8.2f}°{fit.most_turn:>8.2f}°"
            f"{100 * fit.off:>8.0f} %{fit.nearest:>9.2f}{fit.farthest:>10.2f}"
        )


def show(clip: OpenClip, regions: list[Region], phases: Phases, total: float) -> None:
    """Print how long it took and what was found."""
    print(f"{clip.range.path.name}: {clip.duration:.2f} s, {clip.size[0]} x {clip.size[1]}")
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


if __name__ == "__main__":
    main()
