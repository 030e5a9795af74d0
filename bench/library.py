"""How long a library takes to be indexed and searched: python bench/library.py [--files N].

Makes short recordings in all formats, with tags and names as libraries have them, in a folder of
their own; indexes them, once more unchanged, and after some have changed; then searches, also an
index of `MANY` recordings, by words and by sound. What CLAP would hear of these is made up:
directions at random, as many numbers as its own have; CLAP itself does not take part. Runs on
`CORES` processors where the system can hold it to them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from blender_see2sound.core.progress import silent
from blender_see2sound.core.sounds.library.categories import described
from blender_see2sound.core.sounds.library.directions import near
from blender_see2sound.core.sounds.library.index import Entry, Index, Stamp, with_index
from blender_see2sound.core.sounds.library.listening import packed
from blender_see2sound.core.sounds.library.names import named
from blender_see2sound.core.sounds.library.scanning import scan
from blender_see2sound.core.sounds.library.searching import search
from blender_see2sound.core.sounds.library.stems import stemmed
from blender_see2sound.core.sounds.library.wanted import wanted

MANY, CORES = 100_000, 2

#: How many numbers CLAP makes of a recording.
WIDTH = 512

THINGS = [
    "dog bark",
    "cat meow",
    "horse gallop",
    "car pass by",
    "truck idle",
    "train station",
    "heavy rain",
    "light drizzle",
    "wind trees",
    "wind howl",
    "river flow",
    "waterfall",
    "sea waves",
    "footsteps gravel",
    "footsteps wood",
    "door creak",
    "door slam",
    "glass break",
    "crowd cheer",
    "restaurant walla",
    "children playground",
    "birds morning",
    "crickets night",
    "fire crackle",
    "thunder clap",
    "church bell",
    "clock tick",
    "keyboard typing",
    "phone ring",
    "helicopter fly by",
    "jet take off",
    "motorcycle rev",
    "bicycle wheel",
    "boat engine",
    "metal impact",
    "wood scrape",
    "water drip",
    "water splash",
    "machine hum",
    "fan room tone",
    "siren distant",
    "horn honk",
    "gunshot single",
    "explosion large",
    "whoosh fast",
]
HOW = [
    "close",
    "distant",
    "soft",
    "hard",
    "interior",
    "exterior",
    "stereo",
    "mono",
    "slow",
    "quick",
    "old",
    "big",
]
FOLDERS = ["Ambience", "Animals", "Foley", "Vehicles", "Weather", "Field Recordings 2019", "Misc"]

PROMPTS = (
    "a dog barking in a park",
    "wind blowing through the trees",
    "a man walking on a gravel path",
    "a red car driving down a wet street",
    "people talking in a restaurant",
    "rain on a window",
    "waves on a beach",
    "a church bell in the distance",
    "water",
    "a motorcycle passing",
)


LISTS = (
    "strong wind with rain and distant thunder",
    "a dog barking, birds and a stream",
    "traffic, horns and people talking",
    "waves crashing on rocks and gulls calling",
    "birds, crickets and a fire crackling",
)


def names() -> Iterator[str]:
    """Paths of recordings, without their endings; no end."""
    for number in itertools.count():
        thing = THINGS[number % len(THINGS)].title()
        how = HOW[number // len(THINGS) % len(HOW)].title()
        folder = f"{FOLDERS[number % len(FOLDERS)]}/Volume {number // 1000}"
        yield f"{folder}/{thing} {how} {number:06d}"


def fill(library: Path, count: int) -> None:
    """Write that many recordings of a fifth of a second."""
    noise = (0.1 * np.random.default_rng(1).standard_normal(9600)).astype(np.float32)
    templates = []
    for suffix in (".wav", ".flac", ".mp3", ".ogg"):
        path = library / f"template{suffix}"
        with soundfile.SoundFile(path, "w", 48_000, 1) as file:
            file.title, file.comment = "Field recording", "Recorded with two microphones"
            file.write(noise)
        templates.append(path)
    for name, template in zip(itertools.islice(names(), count), itertools.cycle(templates)):
        path = library / f"{name}{template.suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(template, path)
    for template in templates:
        template.unlink()


def searched(index: Index, prompts: Sequence[str]) -> str:
    """How long searches take, and how much of that the processor works."""
    taken, worked = [], []
    for prompt in (*prompts, *prompts):
        start, began = time.perf_counter(), time.process_time()
        search(index, wanted("", prompt), 20.0, 20)
        taken.append(1000.0 * (time.perf_counter() - start))
        worked.append(1000.0 * (time.process_time() - began))
    return told(taken, worked)


def told(taken: Sequence[float], worked: Sequence[float]) -> str:
    """Milliseconds that searches took, and that the processor worked."""
    return (
        f"{statistics.median(taken):.0f} ms, the slowest {max(taken):.0f} ms "
        f"(the processor: {statistics.median(worked):.0f} and {max(worked):.0f} ms)"
    )


def directions(count: int, seed: int) -> NDArray[np.float32]:
    """What CLAP might make of that many recordings or texts: directions at random."""
    rows = np.random.default_rng(seed).standard_normal((count, WIDTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_sound(index: Index, library: Path) -> str:
    """How long searches by sound take among `MANY` recordings, the first one and others."""
    for start in range(0, MANY, 10_000):
        rows = directions(10_000, start)
        index.keep_embeddings("made up", {start + n + 1: packed(r) for n, r in enumerate(rows)})
    others = directions(len(described()), 1)
    taken, worked = [], []
    for number in range(21):
        prompt = directions(1, 1000 + number)
        start_time, began = time.perf_counter(), time.process_time()
        near(index, library, "made up", prompt, lambda: others, silent)
        taken.append(1000.0 * (time.perf_counter() - start_time))
        worked.append(1000.0 * (time.process_time() - began))
    return f"{told(taken[1:], worked[1:])}; the first after a change {taken[0] / 1000.0:.1f} s"


def entries(count: int) -> Iterator[Entry]:
    """What the index would keep of that many recordings."""
    for path in itertools.islice(names(), count):
        name = named(f"{path}.wav")
        words = (name.words, name.category, "field recording", name.folder)
        cut = tuple(" ".join(stemmed(text)) for text in words)
        yield Entry(f"{path}.wav", Stamp(1, 1), 10.0, words=(cut[0], cut[1], cut[2], cut[3]))


def measure(files: int = 10_000) -> None:
    """Print the times for a library of so many recordings, and the searches."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = f"{folder}/data"
        library = Path(folder, "library")
        library.mkdir()
        fill(library, files)

        def timed(index: Index) -> str:
            start, began = time.perf_counter(), time.process_time()
            scan(index, library, silent)
            worked = time.process_time() - began
            return f"{time.perf_counter() - start:.2f} s (the processor: {worked:.2f} s)"

        print(f"{files} recordings indexed: {with_index(library, timed)}")
        print(f"nothing changed since: {with_index(library, timed)}")
        some = sorted(library.rglob("*.wav"))[:100]
        for path in some[:50]:
            os.utime(path)
        for path in some[50:]:
            path.rename(path.with_name(f"moved {path.name}"))
        print(f"50 changed, 50 moved: {with_index(library, timed)}")
        print(f"a search among {files}: {with_index(library, lambda i: searched(i, PROMPTS))}")
        print(f"for a list: {with_index(library, lambda i: searched(i, LISTS))}")

        many = Path(folder, "many")
        many.mkdir()
        with_index(many, lambda index: index.put(entries(MANY)))
        print(f"a search among {MANY}: {with_index(many, lambda i: searched(i, PROMPTS))}")
        print(f"for a list: {with_index(many, lambda i: searched(i, LISTS))}")
        heard = with_index(many, lambda index: by_sound(index, many))
        print(f"a search by sound among {MANY}, directions made up: {heard}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    measure(parser.parse_args().files)


if __name__ == "__main__":
    main()
