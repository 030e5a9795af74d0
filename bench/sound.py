"""How long each family of sounds takes, and how loud it is: python bench/sound.py [NAME ...].

Every family sounds for some seconds, moving at its usual speed. The table gives the
time, how many times faster than real time that is, the loudness beside the one it
shall have, and the highest peak. ``--levels`` prints the table of
`core.sounds.levels` with the loudness measured anew, for when a family has changed.
``--library`` times the index and the search of a library instead (``bench/library.py``).
"""

from __future__ import annotations

import argparse
import time

import library
import numpy as np
from numpy.typing import NDArray

from blender_see2sound.core.mix.layouts import layout_named
from blender_see2sound.core.mix.loudness import LoudnessMeter
from blender_see2sound.core.scene import Source
from blender_see2sound.core.sounds import SAMPLE_RATE
from blender_see2sound.core.sounds.drive import drive_of
from blender_see2sound.core.sounds.families import FAMILIES, Take
from blender_see2sound.core.sounds.levels import LEVELS

STILL = Source("s", "", "", "point", (0.0,), ((0.0, 5.0, 0.0),), presence=(1.0,))


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
    meter = LoudnessMeter(layout_named("mono"))
    meter.push(samples[None])
    lufs = meter.integrated()
    return -120.0 if lufs is None else lufs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="families; all when none is given")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--levels", action="store_true", help="print the table of levels anew")
    parser.add_argument("--library", action="store_true", help="time a library of recordings")
    options = parser.parse_args()
    if options.library:
        library.measure()
        return
    names = options.names or list(FAMILIES)
    if options.levels:
        for name in names:
            takes = [loudness(sounded(name, 30.0, seed)) for seed in (1, 2, 3, 4)]
            natural = 10.0 * np.log10(np.mean(10.0 ** (np.asarray(takes) / 10.0)))
            print(f'    "{name}": Level({LEVELS[name].target:.0f}, {natural:.1f}),')
        return
    print(
        f"{'family':22} {'seconds':>8} {'x real time':>12} {'LUFS':>7} {'target':>7} {'peak dBFS':>10}"
    )
    for name in names:
        start = time.process_time()
        samples = sounded(name, options.seconds, 1) * np.float32(LEVELS[name].gain)
        taken = time.process_time() - start
        peak = 20.0 * np.log10(max(float(np.max(np.abs(samples))), 1e-6))
        print(
            f"{name:22} {taken:8.3f} {options.seconds / taken:12.0f} {loudness(samples):7.1f} "
            f"{LEVELS[name].target:7.0f} {peak:10.1f}"
        )


if __name__ == "__main__":
    main()
