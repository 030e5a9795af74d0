"""How long models look at a clip, and how much memory they take: python bench/gpu.py.

A clip of 10 s at 720p, four sources, the parts of a set. No weights are needed: the models
are as large as the published ones, but **their weights are random**, so what they find means
nothing. So that there is as much to do as with four sources, the finder is given as many masks
to follow as there are candidates for four sources (twelve) wherever it looks for new ones; all
twelve are put into words, four of them are measured, and four sounds are generated together, at
the maker's own number of steps.

Per stage: seconds with the models loaded (the second of two runs), the peak of the GPU's
memory, the operations that were counted while it ran (matrix products, convolutions,
attention), and the floor: how long they take at 40 % of 790 TFLOP/s, an H200 in 16 bits.

``--tiny --device cpu`` goes the same way with tiny models, to see that it works.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import full_generators, full_models, generation
from blender_see2sound.core import parts, sets
from blender_see2sound.core.media import ClipRange, OpenClip, open_clip
from blender_see2sound.core.models import keeper
from blender_see2sound.core.models.devices import Device, choose_device
from blender_see2sound.core.models.keeper import Computing
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.protocol import Look, Region
from blender_see2sound.core.regions.segmentation import sam2
from blender_see2sound.core.regions.sounding import candidates_for
from blender_see2sound.core.scene import Clip
from blender_see2sound.core.sounds.protocol import Making
from tests.core.clips import write_movie

SOURCES = 4
#: Operations a second of an H200 in 16 bits, and the share of them that is taken to be possible.
PEAK, SHARE = 790e12, 0.4
CANDIDATES = candidates_for(SOURCES)
#: Where the candidates are, fractions of the picture: in rows of six, each of another size.
BOXES = tuple(
    (x, 0.05 + 0.5 * row, x + 0.06 + 0.01 * k, 0.3 + 0.5 * row + 0.02 * k)
    for row in range(CANDIDATES // 6)
    for k, x in enumerate(np.linspace(0.02, 0.85, 6))
)


def regions_at(clip: OpenClip) -> list[Region]:
    """Boxes that drift to the right through the clip, one for each candidate."""
    times = np.linspace(0.0, clip.duration, 21)
    drift = 0.04 * clip.size[0] * times[:, None] / clip.duration * np.array([1.0, 0.0, 1.0, 0.0])
    return [
        Region(
            kind="point", times=times, boxes=np.array(box) * np.tile(clip.size, 2) + drift,
            presence=np.ones(len(times)), prominence=1.0, moving=True, stands=True,
            thumbnail=np.zeros((64, 64, 3), np.uint8), look=Look(),
        )
        for box in BOXES
    ]  # fmt: skip


@contextmanager
def known_masks() -> Iterator[None]:
    """Let the SAM 2.1 finder ask for everything, and begin tracks of known masks whatever it hears."""
    asked = sam2.everything

    def everything(ask: Any, sieve: Any, device: Any, progress: Any) -> Any:
        asked(ask, sieve, device, progress)
        logits = torch.full((CANDIDATES, 256, 256), -10.0, device=device)
        for mask, box in zip(logits, BOXES, strict=True):
            x0, y0, x1, y1 = (round(256 * v) for v in box)
            mask[y0:y1, x0:x1] = 10.0
        return logits, np.full(CANDIDATES, 0.9)

    sam2.everything = everything
    try:
        yield
    finally:
        sam2.everything = asked


def measured(work: Callable[[], Any], device: Device) -> tuple[float, float, float]:
    """Seconds, the peak of the GPU's memory in GB, and 10^12 operations counted apart from them."""
    cuda = device.name == "cuda"
    if cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    work()
    if cuda:
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    peak = torch.cuda.max_memory_allocated() / 1e9 if cuda else float("nan")
    with FlopCounterMode(display=False) as counter:
        work()
    return seconds, peak, counter.get_total_flops() / 1e12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--set", default="free", choices=("free", "best"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--tiny", action="store_true", help="tiny models: only to see it work")
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    device, chosen = choose_device(options.device), sets.set_named(options.set)
    names = {
        "Regions": chosen.finder, "Depth": chosen.depth, "Words": chosen.describer,
        "Sounds": chosen.maker,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        for stage, name in names.items():
            room = full_generators if stage == "Sounds" else full_models
            if options.tiny:
                room.save_tiny(models, name)
            else:
                room.save(models, name, device)
        if device.name == "cuda":
            torch.cuda.empty_cache()
        movie = write_movie(Path(folder) / "clip.mp4", seconds=options.seconds, size=(1280, 720))
        computing = Computing(device.name, models=models)
        with open_clip(ClipRange(movie)) as clip, known_masks():
            show(clip, chosen, names, computing, device, options.tiny)
    keeper.release()


def show(
    clip: OpenClip,
    chosen: sets.PartSet,
    names: dict[str, str],
    computing: Computing,
    device: Device,
    tiny: bool,
) -> None:
    """Run every stage twice and once more counting, and print the table."""
    regions = regions_at(clip)
    finder = parts.load("finder", chosen.finder, computing)
    depth = parts.load("depth", chosen.depth, computing)
    describer = parts.load("describer", chosen.describer, computing)
    maker = parts.load("maker", chosen.maker, computing)
    length = Clip(None, 0.0, clip.duration, 25.0, clip.size, 50.0)
    sources = generation.sources(SOURCES)
    stages: dict[str, Callable[[], Any]] = {
        "Regions": lambda: finder.find(clip, CANDIDATES, silent),
        "Depth": lambda: depth.distances(clip, regions[:SOURCES], 50.0, silent),
        "Words": lambda: describer.describe(clip, regions, silent),
        "Sounds": lambda: list(maker.make(sources, length, Making(), silent)),
    }
    where = torch.cuda.get_device_name() if device.name == "cuda" else device.name
    size = "TINY models: these figures tell nothing" if tiny else "full-size models"
    print(f"{size}, RANDOM WEIGHTS; {where}, {device.half}; set {chosen.name!r}")
    print(
        f"{clip.duration:.1f} s at {clip.size[0]} x {clip.size[1]}, {SOURCES} sources of "
        f"{CANDIDATES} candidates"
    )
    print(
        f"  {'stage':<10}{'part':<22}{'first':>9}{'kept':>9}{'memory':>10}"
        f"{'counted':>12}{'floor':>10}"
    )
    whole = 0.0
    for stage, work in stages.items():
        begun = time.perf_counter()
        work()
        first = time.perf_counter() - begun
        seconds, peak, tera = measured(work, device)
        whole += seconds
        print(
            f"  {stage:<10}{names[stage]:<22}{first:>7.2f} s{seconds:>7.2f} s{peak:>7.1f} GB"
            f"{tera:>7.1f} TFLOP{1e12 * tera / (SHARE * PEAK):>8.3f} s",
            flush=True,
        )
    print(f"  {'together':<41}{whole:>7.2f} s")


if __name__ == "__main__":
    main()
