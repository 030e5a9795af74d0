"""How right sources are placed, on scenes of which everything is known: python bench/placement.py.

For each scene of examples/scenes.py, and each finder with the depth estimator that
goes with it, prints per sounding thing whether it was found, and the median errors of
azimuth, elevation and distance while it is seen whole. The row "perfect masks" has the
scenes' own masks and depths: what placement itself adds. Parts whose weights are
not here are left out and named.

A thing is found when a source lies within 5 degrees of it (median); a source is of one
thing only. "beside" counts the point sources that are of none.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from blender_see2sound.core import parts
from blender_see2sound.core.media import ClipRange, OpenClip, open_clip
from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.placement import positions_of
from blender_see2sound.core.placement.depth_maps import Way, distances_by
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.protocol import Region
from blender_see2sound.core.regions.sounding import candidates_for, choose
from tests.core.rendered import (
    errors,
    movie_of,
    perfect_look,
    perfect_regions_cached,
    scenes,
)

#: A source farther from a thing than this, degrees, is not of it.
NEAR = 5.0
SOURCES = 5


@dataclass(frozen=True)
class Pair:
    """A finder and a depth estimator; both None for what makes no mistakes."""

    finder: str | None
    depth: str | None

    @property
    def name(self) -> str:
        if self.finder is None and self.depth is None:
            return "perfect masks, perfect depth"
        return f"{self.finder or 'perfect masks'}, {self.depth or 'perfect depth'}"


def chosen(finders: list[str], depths: list[str], computing: Computing) -> list[Pair]:
    """The pairs that can be run here; tells which cannot."""
    here = {"finder": finders, "depth": depths}
    for role in ("finder", "depth"):
        rows = [row for row in parts.listing(computing.models) if row["role"] == role]
        absent = [r["name"] for r in rows if r["missing"] or r["absent"]]
        if not here[role]:
            here[role] = [r["name"] for r in rows if r["name"] not in absent]
            if absent:
                print(f"not here, not measured: {role} {', '.join(absent)}")
    perfect = [Pair(None, None), *(Pair(None, depth) for depth in here["depth"])]
    return perfect + [Pair(f, d) for f in here["finder"] for d in here["depth"]]


def place(
    pair: Pair, describer: str, scene: Any, clip: OpenClip, computing: Computing
) -> list[tuple[Region, Any]]:
    """Point regions and their positions."""
    if pair.finder is None:
        regions = list(perfect_regions_cached(scene.name).values())
    else:
        # As `core.pipeline.find_sources` goes.
        finder = parts.load("finder", pair.finder, computing)
        count = candidates_for(SOURCES) if finder.proposes else SOURCES
        regions = finder.find(clip, count, silent)
        regions = parts.load("describer", describer, computing).describe(clip, regions, silent)
        if finder.proposes:
            regions = choose(regions, SOURCES)
    if pair.depth is None:
        way = Way("metres", scenes.SIZE[0], 4)
        look = perfect_look(scene)
        found = distances_by(look, way, clip, regions, scene.fov, silent)
    else:
        estimator = parts.load("depth", pair.depth, computing)
        found = estimator.distances(clip, regions, scene.fov, silent)
    return [
        (region, positions_of(region, metres, found.horizontal_fov, clip.size))
        for region, metres in zip(regions, found.metres, strict=True)
        if region.kind == "point"
    ]


def match(scene: Any, placed: list[tuple[Region, Any]]) -> dict[str, tuple[int, np.ndarray]]:
    """Which source is of which thing, the nearest first, and the median errors."""
    offers = []
    for thing in scene.sounding:
        for number, (region, positions) in enumerate(placed):
            rows = errors(scene, thing.name, positions, region)
            middle = np.median(rows, axis=0)
            offers.append((float(np.hypot(middle[0], middle[1])), thing.name, number, middle))
    result: dict[str, tuple[int, np.ndarray]] = {}
    for off, name, number, middle in sorted(offers, key=lambda o: o[:3]):
        if off < NEAR and name not in result and number not in {n for n, _ in result.values()}:
            result[name] = (number, middle)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scene", action="append", help="its name; all when not given")
    parser.add_argument("--finder", action="append", default=[])
    parser.add_argument("--depth", action="append", default=[])
    parser.add_argument("--describer", default="draft")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    computing = Computing(device=options.device, models=options.models)
    pairs = chosen(options.finder, options.depth, computing)
    picked = [s for s in scenes.SCENES if not options.scene or s.name in options.scene]
    totals: dict[Pair, tuple[int, int, int, list[np.ndarray], float]] = {}
    for scene in picked:
        print(f"\n{scene.name}: {scene.about}")
        print(
            f"  {'finder, depth':<40}{'thing':<10}{'azimuth':>9}{'elevation':>11}{'distance':>10}"
        )
        with open_clip(ClipRange(movie_of(scene))) as clip:
            for pair in pairs:
                start = time.perf_counter()
                placed = place(pair, options.describer, scene, clip, computing)
                seconds = time.perf_counter() - start
                found = match(scene, placed)
                for thing in scene.sounding:
                    if thing.name in found:
                        a, e, d = found[thing.name][1]
                        told = f"{a:>8.2f}°{e:>10.2f}°{100 * d:>8.1f} %"
                    else:
                        told = f"{'missed':>9}"
                    print(f"  {pair.name:<40}{thing.name:<10}{told}")
                before = totals.get(pair, (0, 0, 0, [], 0.0))
                totals[pair] = (
                    before[0] + len(found),
                    before[1] + len(scene.sounding),
                    before[2] + len(placed) - len(found),
                    before[3] + [row for _, row in found.values()],
                    before[4] + seconds,
                )
    print(f"\nAll {len(picked)} scenes; medians over the things found")
    print(
        f"  {'finder, depth':<40}{'found':>8}{'beside':>8}{'azimuth':>9}{'elevation':>11}"
        f"{'distance':>10}{'seconds':>9}"
    )
    for pair, (count, of, beside, rows, seconds) in totals.items():
        a, e, d = np.median(rows, axis=0) if rows else (np.nan,) * 3
        print(
            f"  {pair.name:<40}{f'{count} of {of}':>8}{beside:>8}{a:>8.2f}°{e:>10.2f}°"
            f"{100 * d:>8.1f} %{seconds:>9.1f}"
        )


if __name__ == "__main__":
    main()
