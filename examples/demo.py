"""The whole in Blender without a window: python examples/demo.py CLIP --output FOLDER.

Needs the bpy package (``make demo`` installs it). Leaves demo.blend, mix.wav,
render.mp4 and overview.png in the folder, and prints what it made. What an
earlier demo left there, and a person may have worked on, is kept beside it.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import shutil
import sys
import traceback
from pathlib import Path

import bpy
import numpy as np

import blender_see2sound
from blender_see2sound.bridge.background import command
from blender_see2sound.bridge.blend import versions
from blender_see2sound.bridge.mix import export
from blender_see2sound.bridge.sources import document
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.overview import draw_overview
from blender_see2sound.core.scene import SoundScene


def main() -> int:
    """Run the demo; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--output", type=Path, default=Path("build/demo"))
    options = parser.parse_args()
    blend, movie, mix, picture = (
        options.output / name for name in ("demo.blend", "render.mp4", "mix.wav", "overview.png")
    )
    blender_see2sound.register()
    try:
        with open_clip(ClipRange(options.clip)):
            pass  # what cannot be read is told before anything is moved
        keep_earlier(options.output)
        code = command.execute([str(options.clip), "--blend", str(blend), "--render", str(movie)])
        if code:
            return code
        heard, baked = read_back()
        shutil.copyfile(baked, mix)
        draw_overview(heard, ClipRange(options.clip), mix, picture)
    except See2SoundError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    finally:
        blender_see2sound.unregister()
    print(f"\nIn {options.output}:")
    for path in (blend, mix, movie, picture):
        print(f"  {path.name:<14}{path.stat().st_size / 1000:>9.0f} kB")
    for number, source in enumerate(heard.sources, 1):
        metres = np.linalg.norm(source.positions, axis=1)
        far = f"{metres.min():.1f} to {metres.max():.1f} m"
        where = "all around" if source.kind == "ambience" else far
        print(f"  {number}  {source.label}: {source.prompt} ({where})")
    return 0


def keep_earlier(folder: Path) -> None:
    """Give a folder that is there the next free name: demo-1, demo-2, ..."""
    if not folder.exists():
        return
    names = (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(1))
    kept = next(name for name in names if not name.exists())
    folder.rename(kept)
    print(f"The earlier demo is now in {kept}")


def read_back() -> tuple[SoundScene, str]:
    """What Blender has now: the speakers as a sound scene, with their regions, and the mix's path."""
    scene = bpy.context.scene
    collection = next(c for c in bpy.data.collections if c.see2sound.is_see2sound)
    strip = document.strip_of(scene, collection)
    reading = export.to_sound_scene(scene, strip, collection)
    while True:
        try:
            next(reading)
        except StopIteration as stop:
            heard: SoundScene = stop.value
            break
    ids = {source_id: name for name, source_id in document.source_ids(collection).items()}
    sources = []
    for source in heard.sources:
        seen = bpy.data.objects[ids[source.id]].data.see2sound.boxes
        if seen:
            track = json.loads(seen)
            boxes = np.asarray(track["boxes"], dtype=float)
            at = [np.interp(source.times, track["times"], boxes[:, i]) for i in range(4)]
            source = dataclasses.replace(source, boxes=tuple(zip(*at, strict=True)))
        sources.append(source)
    sound = next(s for s in versions.all_strips(scene) if s.type == "SOUND")
    return dataclasses.replace(heard, sources=tuple(sources)), bpy.path.abspath(
        sound.sound.filepath
    )


if __name__ == "__main__":
    try:
        code = main()
    except Exception:
        traceback.print_exc()
        code = 1
    # Blender's audio may hang in a destructor when the interpreter ends (seen with bpy 4.5).
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
