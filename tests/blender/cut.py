"""Strips whose pictures tell their number, and generators run to their end."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import av
import bpy
import cv2
import numpy as np

import blender_see2sound
from blender_see2sound.bridge.blend import dna
from blender_see2sound.bridge.mix import export, fingerprint
from blender_see2sound.bridge.sources import document
from blender_see2sound.bridge.speakers import placing
from blender_see2sound.core.scene import Clip, SoundScene, Source

T = TypeVar("T")
COUNT = 100
_SIZE = (256, 64)


def new_file(path: Path | None = None, fps: int = 24) -> bpy.types.Scene:
    """An empty file with the extension registered, saved where a path is given."""
    if not hasattr(bpy.types.Collection, "see2sound"):
        blender_see2sound.register()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = fps
    scene.render.resolution_x, scene.render.resolution_y = _SIZE
    scene.sequence_editor_create()
    if path is not None:
        bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return scene


def run(work: Generator[float, None, T]) -> T:
    """What a generator returns in the end; its fractions never fall."""
    before = 0.0
    while True:
        try:
            fraction = next(work)
        except StopIteration as stop:
            return stop.value
        assert before <= fraction <= 1.0
        before = fraction


# ------------------------------------------------------------------ pictures with numbers


def numbered(number: int) -> np.ndarray:
    """A picture that shows its number in eight black or white bars."""
    bars = [255 if number >> bit & 1 else 0 for bit in range(8)]
    row = np.repeat(np.array(bars, dtype=np.uint8), _SIZE[0] // 8)
    return np.broadcast_to(row[None, :, None], (_SIZE[1], _SIZE[0], 3)).copy()


def number_in(picture: np.ndarray) -> int:
    """The number that a picture shows."""
    height, width = picture.shape[:2]
    row = picture[height // 2, width // 16 :: width // 8]
    levels = row if row.ndim == 1 else row[:, 0]
    return sum(1 << bit for bit, level in enumerate(levels) if level > 127)


def write_movie(path: Path, rate: int) -> Path:
    """A movie of numbered pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = _SIZE
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "10"}
        for number in range(COUNT):
            frame = av.VideoFrame.from_ndarray(numbered(number))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_pictures(folder: Path) -> list[Path]:
    """Numbered pictures as files."""
    folder.mkdir()
    paths = [folder / f"p{number:03d}.png" for number in range(COUNT)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), numbered(number))
    return paths


def add_movie(scene: bpy.types.Scene, path: Path, start: int = 1) -> Any:
    """A movie strip."""
    return scene.sequence_editor.strips.new_movie("Film", str(path), 1, start)


def add_sequence(scene: bpy.types.Scene, paths: list[Path], start: int = 1) -> Any:
    """An image strip with every picture for a frame."""
    strip = scene.sequence_editor.strips.new_image("Pictures", str(paths[0]), 1, start)
    for path in paths[1:]:
        strip.elements.append(path.name)
    strip.frame_final_duration = len(paths)
    return strip


def add_effect(scene: bpy.types.Scene, strip: Any, kind: str, **fields: Any) -> Any:
    """An effect on a strip."""
    start, length = strip.frame_final_start, strip.frame_final_duration
    span = {"length": length} if bpy.app.version >= (5, 0) else {"frame_end": start + length}
    effect = scene.sequence_editor.strips.new_effect("Effect", kind, 5, start, **span, input1=strip)
    for name, value in fields.items():
        setattr(effect, name, value)
    return effect


def select_key(strip: Any, number: int) -> None:
    """Select a retiming key, for which Blender has no call: only a click."""
    fields = dna.layout().fields
    keys = strip.as_pointer() + fields["Sequence"]["retiming_handles"].offset
    first = ctypes.c_void_p.from_address(keys).value
    flag = number * dna.layout().sizes["SeqRetimingHandle"]
    flag += fields["SeqRetimingHandle"]["flag"].offset
    ctypes.c_int.from_address(first + flag).value |= 1 << 4


@contextlib.contextmanager
def sequencer(scene: bpy.types.Scene) -> Iterator[None]:
    """A context in which operators of the sequencer work."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(r for r in area.regions if r.type == "WINDOW")
    more = {"sequencer_scene": scene} if bpy.app.version >= (5, 0) else {}
    with bpy.context.temp_override(window=window, area=area, region=region, **more):
        yield


# ------------------------------------------------------------------ sources


def source(source_id: str, *positions: tuple[float, float, float], **fields: Any) -> Source:
    """A source at these places, a second apart."""
    given = {
        "label": source_id,
        "prompt": f"a {source_id}",
        "kind": "point",
        "times": tuple(float(t) for t in range(len(positions))),
        "presence": (1.0,) * len(positions),
    }
    return Source(id=source_id, positions=positions, **{**given, **fields})


def place(scene: bpy.types.Scene, strip: Any, *sources: Source, folder: Path) -> Any:
    """Place sources for a strip; give its collection."""
    clip = Clip(None, 0.0, strip.frame_final_duration / 24.0, 24.0, _SIZE, 50.0)
    collection = document.collection_of(scene, strip, create=True)
    sound_scene = SoundScene(clip, sources)
    prepared = run(placing.prepare(scene, strip, sound_scene, folder))
    run(placing.place(scene, strip, collection, sound_scene, prepared))
    return collection


def speaker(collection: Any, source_id: str) -> Any:
    """The speaker of a source."""
    ids = document.source_ids(collection)
    return next(s for s in document.speakers_of(collection) if ids[s.name] == source_id)


def exported(scene: bpy.types.Scene, strip: Any, collection: Any) -> SoundScene:
    """What a bake would read."""
    return run(export.to_sound_scene(scene, strip, collection))


def mark(scene: bpy.types.Scene, strip: Any, collection: Any) -> str:
    """The fingerprint."""
    return run(fingerprint.of_collection(scene, strip, collection))
