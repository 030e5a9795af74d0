"""The procedural bank by figures: python bench/sound.py [NAME ...].

Every family sounds for some seconds, moving at its usual speed, in processor time: on one core.
How many times real time that is depends on what else the computer does, so the time is also given
beside that of a fixed piece of work. Then the loudness beside the one it shall have, and the peak.

``--measures`` prints for each family what is measured of its sound beside where recordings of the
kind lie (`tests.core.measured`), ``--groups`` the same in short with the speed, ``--physics`` what makes it. ``--hours H`` makes a bed of that
length and tells the most memory it took. ``--levels`` prints the table of `core.sounds.levels`
with the loudness measured anew, for when a family has changed. ``--library`` times the index and
the search of a library instead (``bench/library.py``).
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import library
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from blender_see2sound.core.audio import SAMPLE_RATE
from blender_see2sound.core.audio.loudness import LoudnessMeter
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import Source
from blender_see2sound.core.sounds import Choice
from blender_see2sound.core.sounds.built_in import blocks_of
from blender_see2sound.core.sounds.drive import drive_of
from blender_see2sound.core.sounds.families import (
    FAMILIES,
    Take,
    air,
    calls,
    impacts,
    machines,
    nature,
    steps,
    vehicles,
    voices,
    water,
    weather,
)
from blender_see2sound.core.sounds.levels import LEVELS
from tests.core.measured import EXPECTED, measured
from tests.core.sounding import family as whole_sound

STILL = Source("s", "", "", "point", (0.0,), ((0.0, 5.0, 0.0),), presence=(1.0,))

#: The bank as it is laid out.
GROUPS = (weather, water, nature, calls, steps, voices, vehicles, machines, impacts, air)

#: How often a second of random numbers is transformed in the fixed piece of work.
TRANSFORMS = 50


def sounded(name: str, seconds: float, seed: int) -> NDArray[np.float32]:
    """A family as its synthesis gives it, at its usual speed."""
    family = FAMILIES[name]
    drive = drive_of(STILL, seconds, family.usual_speed)
    render = family.render(Take(drive, seed, name))
    count = round(seconds * SAMPLE_RATE)
    return np.concatenate(
        [render(start, min(start + SAMPLE_RATE, count)) for start in range(0, count, SAMPLE_RATE)]
    ).astype(np.float32)


def loudness(samples: NDArray[np.float32]) -> float:
    """LUFS; -120 for silence."""
    meter = LoudnessMeter()
    meter.push(samples[None])
    lufs = meter.integrated()
    return -120.0 if lufs is None else lufs


def fixed_work() -> float:
    """Processor seconds of a fixed piece of work with numpy."""
    rng = np.random.default_rng(0)
    start = time.process_time()
    for _ in range(TRANSFORMS):
        np.fft.irfft(np.fft.rfft(rng.standard_normal(SAMPLE_RATE)))
    return time.process_time() - start


def print_speed(names: Sequence[str], seconds: float, repeat: int) -> None:
    print(f"{seconds:g} s each, best of {repeat}")
    print("| family | ms | times real time | fixed work = 1 | LUFS | target | peak dBFS |")
    print("|---|---|---|---|---|---|---|")
    slowest = np.inf
    for name in names:
        best, fixed = np.inf, np.inf
        for _ in range(repeat):
            start = time.process_time()
            samples = sounded(name, seconds, 1)
            best = min(best, time.process_time() - start)
            fixed = min(fixed, fixed_work())
        samples = samples * np.float32(LEVELS[name].gain)
        peak = 20.0 * np.log10(max(float(np.max(np.abs(samples))), 1e-6))
        slowest = min(slowest, seconds / best)
        print(
            f"| {name} | {1e3 * best:.0f} | {seconds / best:.0f} | {best / fixed:.2f} "
            f"| {loudness(samples):.1f} | {LEVELS[name].target:.0f} | {peak:.1f} |"
        )
    print(f"\nThe slowest: {slowest:.0f} times real time. The fixed work: {1e3 * fixed:.0f} ms.")


def told(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:.0f}" if value >= 100.0 else f"{value:.3g}"


def print_groups(seconds: float, repeat: int) -> None:
    """For each group of families: how many, the slowest, and from where to where they lie."""
    print("| group | families | times real time, slowest | centroid, Hz | depth | onsets, 1/s |")
    print("|---|---|---|---|---|---|")
    for group in GROUPS:
        names = [family.name for family in group.FAMILIES]
        slowest = max(min(taken(name, seconds) for _ in range(repeat)) for name in names)
        found = {name: measured(whole_sound(name, 1, 9.0)) for name in names}
        cells = []
        for figure in ("centroid", "depth", "onsets"):
            values = [asdict(figures)[figure] for figures in found.values()]
            cells.append(f"{told(min(values))} to {told(max(values))}")
        inside = sum(not EXPECTED[name].outside(figures) for name, figures in found.items())
        count = f"{len(names)}" if inside == len(names) else f"{len(names)}, {inside} inside"
        print(
            f"| {group.__name__.rpartition('.')[2]} | {count} | {seconds / slowest:.0f} | "
            + " | ".join(cells)
            + " |"
        )


def taken(name: str, seconds: float) -> float:
    """Processor seconds for one family."""
    start = time.process_time()
    sounded(name, seconds, 1)
    return time.process_time() - start


def print_measures(names: Sequence[str]) -> None:
    print("| family | centroid, Hz | depth | onsets, 1/s | rate, Hz |")
    print("|---|---|---|---|---|")
    for name in names:
        expected = asdict(EXPECTED[name])
        cells = []
        for figure, value in asdict(measured(whole_sound(name, 1, 9.0))).items():
            low, high = expected[figure]
            inside = f" ({low:g} to {high:g})"
            mark = "" if low <= value <= high else " OUTSIDE"
            cells.append("" if high == np.inf else f"{told(value)}{inside}{mark}")
        print(f"| {name} | " + " | ".join(cells) + " |")


def print_memory(names: Sequence[str], hours: float) -> None:
    """The most memory of this process so far: give one family at a time to compare."""
    for name in names:
        start = time.process_time()
        samples = sum(
            len(block) for block in blocks_of(STILL, 3600.0 * hours, silent, [Choice(name, 1.0)])
        )
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        print(
            f"{name}: {samples / SAMPLE_RATE / 3600.0:g} hours in "
            f"{time.process_time() - start:.0f} s of processor, at most {most:.0f} MiB"
        )


def print_levels(names: Sequence[str]) -> None:
    for name in names:
        takes = [loudness(sounded(name, 30.0, seed)) for seed in (1, 2, 3, 4)]
        natural = 10.0 * np.log10(np.mean(10.0 ** (np.asarray(takes) / 10.0)))
        print(f'    "{name}": Level({LEVELS[name].target:.0f}, {natural:.1f}),')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="families; all when none is given")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--measures", action="store_true", help="what is measured of each sound")
    parser.add_argument("--groups", action="store_true", help="that and the speed, in short")
    parser.add_argument("--physics", action="store_true", help="what makes each sound")
    parser.add_argument("--hours", type=float, help="memory of a bed of this length")
    parser.add_argument("--levels", action="store_true", help="print the table of levels anew")
    parser.add_argument("--library", action="store_true", help="time a library of recordings")
    options = parser.parse_args()
    if options.library:
        library.measure()
        return
    names = options.names or list(FAMILIES)
    if options.levels:
        print_levels(names)
    elif options.measures:
        print_measures(names)
    elif options.groups:
        print_groups(options.seconds, options.repeat)
    elif options.physics:
        for name in names:
            print(f"{name}: {' '.join(FAMILIES[name].physics.split())}\n")
    elif options.hours:
        print_memory(names, options.hours)
    else:
        print_speed(names, options.seconds, options.repeat)


if __name__ == "__main__":
    main()
