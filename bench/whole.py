"""How long the whole takes: python bench/whole.py CLIP [--repeat 3].

Runs `see2sound run` on a clip as a person would, in a process of its own, and
prints the time of each step and of starting the command, with what the project
aims at beside it. The best of the repeats counts, since a busy machine only adds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

COMMAND = [sys.executable, "-m", "blender_see2sound.core"]


def best(repeat: int, work: Callable[[], None]) -> float:
    """The shortest of some runs, seconds."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def command(*arguments: object) -> Callable[[], None]:
    """A run of the command that must end well."""

    def work() -> None:
        subprocess.run([*COMMAND, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

    return work


def enabling() -> float | None:
    """Seconds to enable the extension in Blender, or None without the bpy package."""
    script = (
        "import time, bpy, blender_see2sound as s; t = time.perf_counter(); s.register(); "
        "print('seconds', time.perf_counter() - t, flush=True); import os; os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("seconds ")]
    return float(rows[0][1]) if rows else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = folder / "scene.json"
        rows = [
            ("see2sound --help", best(options.repeat, command("--help")), "0.5 s"),
            ("find", best(options.repeat, command("find", options.clip, "-o", scene)), "6 s"),
            ("sound", best(options.repeat, command("sound", scene)), ""),
            ("mix", best(options.repeat, command("mix", scene, "-o", folder / "mix.wav")), ""),
            ("run (all, and the overview)", best(options.repeat, command("run", options.clip, "-o", folder / "all")), "15 s"),
        ]  # fmt: skip
    enabled = enabling()
    if enabled is not None:
        rows.append(("enabling the extension", enabled, "0.05 s"))
    print(f"{options.clip.name}, best of {options.repeat}, each in a process of its own")
    print(f"{'step':<30}{'seconds':>9}{'aim':>9}")
    for name, seconds, aim in rows:
        print(f"{name:<30}{seconds:>9.2f}{aim:>9}")


if __name__ == "__main__":
    main()
