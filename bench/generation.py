"""How long generators take for sounds of ten seconds: python bench/generation.py [NAME ...].

No weights are needed: the models are as large as the published ones, but **their weights are
random**, so what they make is noise. Some sounds are made together, each of another source.

Per maker: seconds with the model loaded for all of them (at its own number of steps, or at the
``--steps`` that are given, and what its own number would then take), for a step, for what is not
steps (words and decoding), and the peak of the GPU's memory.

``--tiny --device cpu`` goes the same way with tiny models, to see that it works.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import full_generators
from blender_see2sound.core import parts
from blender_see2sound.core.models import keeper
from blender_see2sound.core.models.devices import choose_device
from blender_see2sound.core.models.keeper import Computing, borrowed
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import Clip, Source
from blender_see2sound.core.sounds.protocol import Maker, Making

PROMPTS = ("a dog barking", "rain on a car's roof", "footsteps on gravel", "wind in the trees")


def sources(count: int) -> list[Source]:
    """Still sources with different words and seeds."""
    return [
        Source(
            id=f"s{n}", label=f"thing {n}", prompt=PROMPTS[n % len(PROMPTS)], kind="point",
            times=(0.0,), positions=((0.0, 2.0, 0.0),), seed=n,
        )
        for n in range(1, count + 1)
    ]  # fmt: skip


def timed(maker: Maker, count: int, clip: Clip, steps: int) -> float:
    """Seconds to generate sounds; they are not fitted to the clip."""
    start = time.perf_counter()
    for _ in maker.make(sources(count), clip, Making(steps=steps), silent):
        pass
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=full_generators.NAMES, metavar="NAME")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--tiny", action="store_true", help="tiny models: only to see it work")
    parser.add_argument("--seconds", type=float, default=9.5, help="of the clip (9.5)")
    parser.add_argument("--sources", type=int, default=4)
    parser.add_argument("--steps", type=int, help="instead of a maker's own number; at least 2")
    options = parser.parse_args()
    device = choose_device(options.device)
    where = torch.cuda.get_device_name() if device.name == "cuda" else device.name
    size = "TINY models: these figures tell nothing" if options.tiny else "full-size models"
    print(f"{size}, RANDOM WEIGHTS; {where}, {device.half}")
    print(f"{options.sources} sounds together, for a clip of {options.seconds:g} s")
    print(f"  {'maker':<26}{'steps':>6}{'together':>11}{'a step':>10}{'rest':>9}{'own':>6}{'that':>9}{'memory':>10}")  # fmt: skip
    clip = Clip(None, 0.0, options.seconds, 25.0, (64, 48), 50.0)
    for name in options.names:
        with tempfile.TemporaryDirectory() as folder:
            save = full_generators.save_tiny if options.tiny else full_generators.save
            save(Path(folder), name, *(() if options.tiny else (device,)))
            computing = Computing(device.name, models=Path(folder))
            maker = parts.load("maker", name, computing)
            timed(maker, options.sources, clip, 1)
            part = parts.named("maker", name)
            assert part.checkpoint is not None
            with borrowed(part.checkpoint, computing, type(maker).load) as (generator, _):
                own = generator.steps
            steps = max(2, options.steps or own)
            if device.name == "cuda":
                torch.cuda.reset_peak_memory_stats()
            one, all_steps = (timed(maker, options.sources, clip, n) for n in (1, steps))
            step = (all_steps - one) / (steps - 1)
            peak = torch.cuda.max_memory_allocated() / 1e9 if device.name == "cuda" else 0.0
            print(
                f"  {name:<26}{steps:>6}{all_steps:>9.2f} s{step:>8.3f} s{one - step:>7.2f} s"
                f"{own:>6}{one + (own - 1) * step:>7.1f} s"
                + (f"{peak:>7.1f} GB" if peak else f"{'-':>10}"),
                flush=True,
            )
            keeper.release()


if __name__ == "__main__":
    main()
