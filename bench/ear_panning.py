"""Panning beside EBU's reference renderer: PYTHON bench/ear_panning.py [--table FILE].

PYTHON is one that has `ear` 2.1 (EBU ADM Renderer, ITU-R BS.2127), NumPy and SciPy;
`ear` wants old releases of much else and lives best in an environment of its own.
Both panners are asked for directions all over the sphere. Differences are of each
loudspeaker's gain in decibels where it is above -60 dB, and of the gain itself
everywhere. ``--table`` writes the reference's gains as the JSON file that the tests
compare with.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from blender_see2sound.core.mix.layouts.layout import Layout
from blender_see2sound.core.mix.layouts.table import layout_named
from blender_see2sound.core.mix.panning.gains import point_gains
from blender_see2sound.core.mix.panning.regions import unit_vectors

#: BS.2051's name of each layout.
SYSTEMS = {"stereo": "0+2+0", "5.1": "0+5+0", "7.1": "0+7+0", "5.1.4": "4+5+0", "7.1.4": "4+7+0"}

#: What is softer than this, as a gain, is not compared in decibels.
FLOOR = 1e-3


def directions(step: float, more: int) -> np.ndarray:
    """Azimuths and elevations (N, 2): a grid over the sphere, and random ones between."""
    elevations = np.arange(-90.0, 90.0 + step / 2.0, step)
    grid = [(a, e) for e in elevations for a in np.arange(-180.0, 180.0, step)]
    random = np.random.default_rng(0)
    between = np.stack(
        [random.uniform(-180.0, 180.0, more), np.degrees(np.arcsin(random.uniform(-1, 1, more)))],
        axis=1,
    )
    return np.concatenate([np.array(grid), between.round(2)])


def reference(layout: Layout, angles: np.ndarray) -> np.ndarray:
    """Gains (N, M) of EBU's renderer, in this layout's order of channels."""
    from ear.core import bs2051, point_source
    from ear.core.geom import cart

    system = bs2051.get_layout(SYSTEMS[layout.name]).without_lfe
    panner = point_source.configure(system)
    gains = np.array([panner.handle(cart(a, e, 1.0)) for a, e in angles])
    places = [(c.polar_nominal_position.azimuth, c.polar_nominal_position.elevation)
              for c in system.channels]  # fmt: skip
    mains = [layout.channels[i] for i in layout.mains]
    return gains[:, [places.index((c.azimuth, c.elevation)) for c in mains]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", type=float, default=5.0, help="degrees of the grid (5)")
    parser.add_argument("--more", type=int, default=3000, help="random directions (3000)")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the reference's gains")
    options = parser.parse_args()
    angles = directions(options.step, options.more)
    tables = {}
    print(f"{len(angles)} directions")
    print(f"{'layout':8} {'system':8} {'max dB':>9} {'mean dB':>9} {'max gain':>10}")
    for name, system in SYSTEMS.items():
        layout = layout_named(name)
        theirs = reference(layout, angles)
        ours = point_gains(unit_vectors(*angles.T), layout)
        loud = theirs > FLOOR
        apart = np.abs(20.0 * np.log10(np.maximum(ours[loud], 1e-9) / theirs[loud]))
        most = np.abs(ours - theirs).max()
        print(f"{name:8} {system:8} {apart.max():9.5f} {apart.mean():9.5f} {most:10.2e}")
        tables[name] = theirs.round(5).tolist()
    if options.table is not None:
        data = {"made_with": "ear 2.1.0", "angles": angles.tolist(), "gains": tables}
        options.table.write_text(json.dumps(data, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
