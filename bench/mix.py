"""How fast a mix is, beside others: python bench/mix.py [--seconds 60] [--repeat 3] [--skip WORD ...].

One scene (8 sources on a circle of 3 m, 5.1, a room of 10 x 8 x 3.5 m with an RT60
of 0.4 s), mixed in one run by

- `see2sound mix` in a process of its own, from reading the sounds to the written
  file; its start, taken as the same scene cut to a tenth of a second, is not counted;
- the renderer alone (no loudness, no file), still and moving;
- pyroomacoustics' `simulate` for one microphone per channel, orders 10, 17 and 42;
- the paper's call: six rooms with a microphone each, absorption and order by
  `inverse_sabine`;
- Blender's own mixdown of the same speakers, dry (where this Python has bpy).

Then again, after one of the sources has moved and with the stems of the others
kept: by the command, and by a worker that has been there before, as Blender has
it (all that passes between asking and the answer).

The best of the repeats counts, since a busy machine only adds. Seconds on the
clock depend on what else runs: processor seconds do less, and ratios are of
those. At last: where the time of `see2sound mix` goes.

`--hours 2` instead mixes two hours by the command and prints the time and the
most memory that it took (not on Windows), still and moving.
"""

from __future__ import annotations

import argparse
import cProfile
import dataclasses
import importlib.util
import multiprocessing
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile

from blender_see2sound.core.mix.acoustics.room import RoomModel
from blender_see2sound.core.mix.delivery import aside
from blender_see2sound.core.mix.layouts.table import layout_named
from blender_see2sound.core.mix.rendering import renderer
from blender_see2sound.core.mix.rendering.renderer import render
from blender_see2sound.core.mix.signals.reading import SoundReader
from blender_see2sound.core.mix.travel.distance import Travel
from blender_see2sound.core.pipeline import mix_scene
from blender_see2sound.core.progress import silent
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source
from blender_see2sound.core.scene_file import write_scene
from blender_see2sound.worker.client import WorkerClient

RATE = 48_000
FRAME_RATE = 25.0
RT60 = 0.4
ROOM = Room((10.0, 8.0, 3.5), RT60)
SOURCES = 8

#: Blender's own way: a speaker for each sound, mixed down to 5.1.
BLENDER = """
import math, os, sys, time, bpy
folder, seconds, sources = sys.argv[-3], float(sys.argv[-2]), int(sys.argv[-1])
scene = bpy.context.scene
scene.render.fps, scene.frame_start, scene.frame_end = 25, 1, round(25 * seconds)
scene.render.ffmpeg.audio_mixrate = 48000
for number in range(sources):
    angle = 2 * math.pi * number / sources
    bpy.ops.object.speaker_add(location=(3 * math.sin(angle), 3 * math.cos(angle), 0))
    bpy.context.object.data.sound = bpy.data.sounds.load(f"{folder}/s{number}.wav")
# Blender looks for sounds when it rebuilds the relations of its dependency graph.
passing = bpy.data.objects.new("passing", None)
scene.collection.objects.link(passing)
bpy.context.view_layer.update()
bpy.data.objects.remove(passing)
for speaker in scene.objects:
    speaker.update_tag()
    if speaker.type == "SPEAKER":
        speaker.data.update_tag()
bpy.context.view_layer.update()
before, start = os.times(), time.perf_counter()
bpy.ops.sound.mixdown(
    filepath=f"{folder}/blender.wav", container="WAV", codec="PCM", format="S24",
    channels="SURROUND51",
)
after = os.times()
print("TOOK", time.perf_counter() - start, after.user + after.system - before.user - before.system)
"""


def scene_of(seconds: float, moving: bool) -> SoundScene:
    """The scene to mix, its sounds being ``s0.wav`` and so on."""
    frames = np.arange(0.0, seconds, 1.0 / FRAME_RATE)

    def source(number: int) -> Source:
        times = frames if moving else np.zeros(1)
        angles = 2.0 * np.pi * (number / SOURCES + times / 20.0)
        places = 3.0 * np.stack([np.sin(angles), np.cos(angles), 0.0 * angles], axis=1)
        return Source(
            id=f"s{number}",
            label="",
            prompt="",
            kind="point",
            times=tuple(times.tolist()),
            positions=tuple(map(tuple, places.tolist())),
            presence=(1.0,) * len(times),
            sound=f"s{number}.wav",
        )

    clip = Clip(None, 0.0, seconds, FRAME_RATE, (1280, 720), 50.0)
    return SoundScene(clip, tuple(source(n) for n in range(SOURCES)), ROOM)


@dataclasses.dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of processors."""

    clock: float
    processors: float


def timed(call: Callable[[], object], repeat: int) -> Took:
    """The best of some calls in this process."""
    best = Took(np.inf, np.inf)
    for _ in range(repeat):
        start, work = time.perf_counter(), time.process_time()
        call()
        clock, processors = time.perf_counter() - start, time.process_time() - work
        best = Took(min(best.clock, clock), min(best.processors, processors))
    return best


def moved(scene: SoundScene, number: int) -> SoundScene:
    """The scene with its first source nearer, each number elsewhere."""
    first, *others = scene.sources
    places = np.array(first.positions) * (0.9 - 0.01 * number)
    nearer = dataclasses.replace(first, positions=tuple(map(tuple, places.tolist())))
    return dataclasses.replace(scene, sources=(nearer, *others))


def command(folder: Path, *more: str | Path) -> list[str | Path]:
    """The command that mixes the scene of a folder."""
    return [
        *(sys.executable, "-m", "blender_see2sound.core", "mix", folder / "scene.json"),
        *("-o", folder / "mix.wav", *more),
    ]


def commanded(scene: SoundScene, folder: Path, repeat: int, cache: Path | None = None) -> Took:
    """What the command takes without its start; with a cache, when one source has moved."""
    more = [] if cache is None else ["--cache", cache]

    def taken(seconds: float) -> Took:
        part = dataclasses.replace(scene, clip=dataclasses.replace(scene.clip, duration=seconds))
        write_scene(part, folder / "scene.json")
        if cache is not None:
            subprocess.run(command(folder, *more), check=True, stdout=subprocess.DEVNULL)
        best = Took(np.inf, np.inf)
        for number in range(repeat):
            if cache is not None:
                write_scene(moved(part, number), folder / "scene.json")
            start, before = time.perf_counter(), os.times()
            subprocess.run(command(folder, *more), check=True, stdout=subprocess.DEVNULL)
            after = os.times()
            work = (after.children_user + after.children_system) - (
                before.children_user + before.children_system
            )
            best = Took(min(best.clock, time.perf_counter() - start), min(best.processors, work))
        return best

    start, whole = taken(0.1), taken(scene.clip.duration)
    return Took(whole.clock - start.clock, whole.processors - start.processors)


def asked(scene: SoundScene, folder: Path, repeat: int, cache: Path) -> Took:
    """What a worker that has mixed before takes when one source has moved."""
    request = {
        "scene": str(folder / "scene.json"),
        "output": str(folder / "mix.wav"),
        "room": True,
        "cache": str(cache),
    }
    client = WorkerClient(sys.executable)
    try:
        write_scene(scene, folder / "scene.json")
        client.wait(client.submit("mix", request))
        best = Took(np.inf, np.inf)
        for number in range(repeat):
            write_scene(moved(scene, number), folder / "scene.json")
            start, before = time.perf_counter(), processor_seconds(client)
            client.wait(client.submit("mix", request))
            clock, work = time.perf_counter() - start, processor_seconds(client) - before
            best = Took(min(best.clock, clock), min(best.processors, work))
        return best
    finally:
        client.release()


def processor_seconds(client: WorkerClient) -> float:
    """What a worker has computed so far; nothing is known of it but on Linux."""
    worker = client.worker
    stat = Path("/proc") / str(worker["pid"] if worker else 0) / "stat"
    if not stat.exists():
        return float("nan")
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def write_long(hours: float, moving: bool, folder: Path) -> None:
    """The scene of a long mix; all sources share a sound, since eight would fill a disk."""
    scene = scene_of(hours * 3600.0, moving)
    sources = tuple(dataclasses.replace(s, sound="s0.wav") for s in scene.sources)
    write_scene(dataclasses.replace(scene, sources=sources), folder / "scene.json")


def long_mix(folder: Path) -> str:
    """Mix by the command; a line with what it took."""
    start = time.perf_counter()
    process = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - start
    if status:
        raise RuntimeError(f"the mix ended with {status}")
    info = soundfile.info(folder / "mix.wav")
    work = usage.ru_utime + usage.ru_stime
    # In bytes on macOS, else in their thousands.
    memory = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return (
        f"{clock:8.0f} s, {work:6.0f} CPU s, {memory:6.0f} MiB at most; {info.format}, "
        f"{info.duration / 3600.0:g} h, {(folder / 'mix.wav').stat().st_size / 1e9:.2f} GB"
    )


def for_hours(hours: float, folder: Path) -> None:
    """Print what long mixes take."""
    minute = 0.05 * np.random.default_rng(0).standard_normal(60 * RATE)
    with soundfile.SoundFile(folder / "s0.wav", "w", RATE, 1, "PCM_16") as file:
        for _ in range(round(hours * 60)):
            file.write(minute)
    for moving in (False, True):
        # In a process of its own: one begins with the most memory of who started it.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
            other.submit(write_long, hours, moving, folder).result()
        title = f"{SOURCES} sources, {hours:g} h, {'moving' if moving else 'still'}"
        print(f"{title:28} {long_mix(folder)}", flush=True)


def rendered(scene: SoundScene, folder: Path) -> None:
    """The renderer alone."""
    readers = [SoundReader(folder / f"{s.id}.wav", s.id) for s in scene.sources]
    room, travel = RoomModel(ROOM, Travel().air, silent), Travel()
    samples = round(scene.clip.duration * RATE)
    layout = layout_named("5.1")
    for _ in render(scene.sources, readers, layout, room, samples, lambda _: None, travel):
        pass


def simulated(folder: Path, seconds: float, order: int | None) -> None:
    """By pyroomacoustics; without an order as the paper's code does, a room for each microphone."""
    import pyroomacoustics

    pyroomacoustics.constants.set("num_threads", os.cpu_count() or 1)
    absorption, needed = pyroomacoustics.inverse_sabine(RT60, ROOM.size)
    listener = np.array(ROOM.listener_place())
    angles = np.radians([30.0, -30.0, 0.0, 110.0, -110.0, 180.0])
    microphones = listener[:, None] + 0.3 * np.stack(
        [-np.sin(angles), np.cos(angles), 0.0 * angles]
    )
    sounds = [soundfile.read(folder / f"s{n}.wav", dtype="float32")[0] for n in range(SOURCES)]
    places = [s.positions[0] for s in scene_of(seconds, False).sources]
    for group in [microphones] if order is not None else np.split(microphones, 6, axis=1):
        box = pyroomacoustics.ShoeBox(
            ROOM.size,
            fs=RATE,
            materials=pyroomacoustics.Material(absorption),
            max_order=needed if order is None else order,
        )
        for sound, place in zip(sounds, places, strict=True):
            box.add_source(listener + place, signal=sound)
        box.add_microphone_array(group)
        box.simulate()


def by_blender(folder: Path, seconds: float, repeat: int) -> Took:
    """Blender's mixdown, in a process of its own; only the mixdown counts."""
    best = Took(np.inf, np.inf)
    for _ in range(repeat):
        told = subprocess.run(
            [sys.executable, "-c", BLENDER, folder, str(seconds), str(SOURCES)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        clock, work = next(
            line.split()[1:] for line in told.splitlines() if line.startswith("TOOK")
        )
        if not soundfile.read(folder / "blender.wav", frames=RATE, start=RATE)[0].any():
            raise RuntimeError("Blender's mixdown is silent")
        best = Took(min(best.clock, float(clock)), min(best.processors, float(work)))
    return best


class _Here:
    """Stands for a pool of threads, so that a profile sees all: runs calls where it is."""

    def __init__(self, *_: object) -> None:
        pass

    def submit(self, call: Callable[..., object], *arguments: object) -> Future[object]:
        done: Future[object] = Future()
        done.set_result(call(*arguments))
        return done

    def shutdown(self, **_: object) -> None:
        pass

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def where(scene: SoundScene, folder: Path) -> list[str]:
    """The functions that a mix spends processor time in, the most expensive first."""
    write_scene(scene, folder / "scene.json")
    mix_scene(folder / "scene.json", folder / "mix.wav")  # modules, and what is prepared once
    profile = cProfile.Profile(time.process_time)
    with (
        mock.patch(f"{renderer.__name__}.ThreadPoolExecutor", _Here),
        mock.patch(f"{aside.__name__}.ThreadPoolExecutor", _Here),
    ):
        profile.runcall(mix_scene, folder / "scene.json", folder / "mix.wav")
    rows = sorted(
        ((row[2], name) for name, row in pstats.Stats(profile).stats.items()),  # type: ignore[attr-defined]
        reverse=True,
    )
    total = sum(seconds for seconds, _ in rows)
    lines = []
    for seconds, (file, _, name) in rows[:12]:
        place = name if file == "~" else f"{Path(file).name}: {name}"
        lines.append(f"{100.0 * seconds / total:4.0f} %  {place}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--skip", nargs="*", default=[], help="words in the names of rows")
    parser.add_argument("--hours", type=float, help="measure memory over so many hours instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, seconds, repeat = Path(name), options.seconds, options.repeat
        if options.hours is not None:
            for_hours(options.hours, folder)
            return
        for number in range(SOURCES):
            noise = np.random.default_rng(number).standard_normal(round(seconds * RATE))
            soundfile.write(folder / f"s{number}.wav", 0.05 * noise, RATE, "PCM_24")
        still, moving = scene_of(seconds, False), scene_of(seconds, True)
        rows: dict[str, Callable[[], Took]] = {
            "see2sound mix, still": lambda: commanded(still, folder, repeat),
            "see2sound mix, moving": lambda: commanded(moving, folder, repeat),
            "one moved, still": lambda: commanded(still, folder, repeat, folder / "kept"),
            "one moved, moving": lambda: commanded(moving, folder, repeat, folder / "kept"),
            "one moved, worker, still": lambda: asked(still, folder, repeat, folder / "kept"),
            "one moved, worker, moving": lambda: asked(moving, folder, repeat, folder / "kept"),
            "renderer alone, still": lambda: timed(lambda: rendered(still, folder), repeat),
            "renderer alone, moving": lambda: timed(lambda: rendered(moving, folder), repeat),
        }
        if importlib.util.find_spec("bpy"):
            rows["Blender's mixdown, dry"] = lambda: by_blender(folder, seconds, repeat)
        for order in (10, 17, 42):
            rows[f"pyroomacoustics, order {order}"] = lambda order=order: timed(
                lambda: simulated(folder, seconds, order), 1
            )
        rows["the paper's six rooms"] = lambda: timed(lambda: simulated(folder, seconds, None), 1)
        print(f"{SOURCES} sources, {seconds:g} s, 5.1, RT60 {RT60:g} s")
        print(f"{'':28} {'clock s':>8} {'x real':>7} {'CPU s':>7} {'x real':>7} {'CPU':>6}")
        rendered(still, folder)  # what is prepared once
        base: float | None = None
        for title, call in rows.items():
            if any(word in title for word in options.skip):
                continue
            took = call()
            if title == "renderer alone, still":
                base = took.processors
            ratio = "" if base is None else f"{took.processors / base:6.1f}"
            print(
                f"{title:28} {took.clock:8.2f} {seconds / max(took.clock, 1e-3):7.0f}"
                f" {took.processors:7.2f} {seconds / max(took.processors, 1e-3):7.0f} {ratio}",
                flush=True,
            )
        print("the last column: processor time over that of the renderer alone, still")
        for title, scene in (("still", still), ("moving", moving)):
            print(f"where a mix goes, {title}:")
            print("\n".join(where(scene, folder)), flush=True)


if __name__ == "__main__":
    main()
