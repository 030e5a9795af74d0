"""The scenes of examples/, as a finder and a depth model that make no mistakes would see them."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from blender_see2sound.core.media.clip import Frame
from blender_see2sound.core.placement.depth_maps import Maps
from blender_see2sound.core.regions.outline import outline_of
from blender_see2sound.core.regions.protocol import Look, Region

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: Width and height of the perfect masks and depth maps.
SMALL = (256, 144)
#: What is seen of a thing when its place is compared: less moves the middle of what is seen.
WHOLE = 0.97
#: Every so manieth picture is looked at.
STEP = 3


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("see2sound_scenes", EXAMPLES / "scenes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


scenes = _load()


def movie_of(scene: Any) -> Path:
    return EXAMPLES / f"scene-{scene.name}.mp4"


@cache
def seen(scene_name: str, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Index and depth of a scene's picture of this number."""
    scene = named(scene_name)
    index, depth = scenes.look(scene, scene.times[number], SMALL)
    return index.astype(np.int8), depth.astype(np.float32)


def named(name: str) -> Any:
    return next(scene for scene in scenes.SCENES if scene.name == name)


def perfect_regions(scene: Any) -> dict[str, Region]:
    """Each sounding thing as a region with perfect masks; presence is the share that is seen."""
    scale = np.tile(np.divide(scenes.SIZE, SMALL), 2)
    result = {}
    for thing in scene.sounding:
        own = scene.things.index(thing)
        masks, boxes, presence = [], [], []
        for number, time in list(enumerate(scene.times))[::STEP]:
            mask = seen(scene.name, number)[0] == own
            whole = scenes.look(scene, time, SMALL, alone=thing)[0] >= 0
            # What reaches the picture's edge may go on outside.
            edge = mask[:, 0].any() or mask[:, -1].any() or mask[-1].any()
            share = float(mask.sum()) / max(float(whole.sum()), 1.0)
            presence.append(min(share, 0.9 if edge else 1.0) if mask.sum() > 3 else 0.0)
            masks.append(mask)
            if presence[-1] > 0.0:
                rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
                boxes.append([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
            else:
                boxes.append(boxes[-1] if boxes else [0, 0, 1, 1])
        result[thing.name] = Region(
            "point", np.array(scene.times[::STEP]), np.array(boxes, float) * scale, np.array(presence),
            1.0, thing.moving, thing.path(0.0)[2] == 0.0, np.zeros((8, 8, 3), np.uint8),
            Look(), thing.label, thing.label, outline_of(masks),
        )  # fmt: skip
    return result


def perfect_look(
    scene: Any, change: Callable[[np.ndarray, int], np.ndarray] = lambda depth, number: depth
) -> Callable[[Sequence[Frame]], Maps]:
    """What gives a scene's true depth, changed as asked: ``change(depth, picture's number)``."""

    def look(frames: Sequence[Frame]) -> Maps:
        numbers = [min(round(f.time * scenes.FPS), len(scene.times) - 1) for f in frames]
        maps = [change(seen(scene.name, number)[1], number) for number in numbers]
        return Maps(np.stack(maps).astype(np.float32))

    return look


def errors(scene: Any, name: str, positions: Any, region: Region) -> np.ndarray:
    """Azimuth and elevation errors in degrees and distance errors relative to the true one.

    Returns
    -------
    (T, 3) array
        At the scene's times at which the thing is seen whole.
    """
    thing = next(t for t in scene.things if t.name == name)
    whole = perfect_regions_cached(scene.name)[name].presence >= WHOLE
    found = np.array(positions)
    rows = []
    for time in np.array(scene.times[::STEP])[whole]:
        true = scenes.position(scene, thing, time)
        at = np.array([np.interp(time, region.times, found[:, k]) for k in range(3)])
        rows.append(
            [
                abs(_azimuth(at) - _azimuth(true)),
                abs(_elevation(at) - _elevation(true)),
                abs(np.linalg.norm(at) / np.linalg.norm(true) - 1.0),
            ]
        )
    return np.array(rows).reshape(-1, 3)


@cache
def perfect_regions_cached(scene_name: str) -> dict[str, Region]:
    return perfect_regions(named(scene_name))


def _azimuth(place: np.ndarray) -> float:
    return math.degrees(math.atan2(-place[0], place[1]))


def _elevation(place: np.ndarray) -> float:
    return math.degrees(math.atan2(place[2], math.hypot(place[0], place[1])))
