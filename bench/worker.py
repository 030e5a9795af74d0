"""How quick the worker is: python bench/worker.py [--repeat 5] [--python PYTHON].

Starts real workers through the client and prints, with what the project aims at
beside it, how long it takes to be ready, to answer, to do its first small job, to
notice a cancel, and to end. The best and the worst of the repeats are shown: a
busy machine only adds.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from blender_see2sound.core.scene import Clip, SoundScene, Source
from blender_see2sound.core.scene_file import write_scene
from blender_see2sound.worker.client import Job, WorkerClient


def scene_file(folder: Path, seconds: float, sources: int) -> str:
    """Write a scene of so many sources that have no sounds yet."""
    clip = Clip(None, 0.0, seconds, 24.0, (640, 360), 50.0)
    rows = tuple(
        Source(f"s{n}", "rain", "rain on leaves", "point", (0.0,), ((0.0, 4.0, 0.0),), seed=n)
        for n in range(1, sources + 1)
    )
    path = folder / f"{sources}.json"
    write_scene(SoundScene(clip, rows), path)
    return str(path)


def until(client: WorkerClient, happened: Callable[[], bool]) -> None:
    """Poll closely until something has happened."""
    while not happened():
        client.poll()
        time.sleep(0.0005)


def measure(python: str, folder: Path) -> dict[str, float]:
    """One worker's life, in seconds by what was done."""
    small, large = scene_file(folder, 1.0, 1), scene_file(folder, 60.0, 400)
    times: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> None:
        start = time.perf_counter()
        work()
        times[name] = time.perf_counter() - start

    client = WorkerClient(python)
    jobs: list[Job] = []
    start = time.perf_counter()
    jobs.append(client.submit("ping", {}))
    times["submit, starting a worker"] = time.perf_counter() - start
    until(client, lambda: client.worker is not None)
    times["ready"] = time.perf_counter() - start
    until(client, lambda: jobs[0].finished)

    def round_trip() -> None:
        job = client.submit("ping", {})
        until(client, lambda: job.finished)

    timed("round trip", round_trip)
    timed("a look with no news", client.poll)
    timed("first sound of a second (imports)", lambda: client.wait(client.submit("sound", {"scene": small})))  # fmt: skip
    timed("second sound of a second", lambda: client.wait(client.submit("sound", {"scene": small})))
    job = client.submit("sound", {"scene": large})
    until(client, lambda: job.fraction > 0.0 or job.finished)
    client.cancel(job)
    timed("cancel of a running job", lambda: until(client, lambda: job.finished))
    timed("release", client.release)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    aims = {"ready": "1.5", "cancel of a running job": "1", "submit, starting a worker": "0.05",
            "a look with no news": "0.05", "release": "0.05"}  # fmt: skip
    rows = collections.defaultdict(list)
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory() as name:
            for what, seconds in measure(options.python, Path(name)).items():
                rows[what].append(seconds)
    print(f"{'seconds, of ' + str(options.repeat):<36}{'best':>10}{'worst':>10}{'aim':>8}")
    for what, times in rows.items():
        print(f"{what:<36}{min(times):>10.5f}{max(times):>10.5f}{aims.get(what, ''):>8}")


if __name__ == "__main__":
    main()
