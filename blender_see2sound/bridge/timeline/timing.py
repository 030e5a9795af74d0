"""Which picture of its media a strip shows at a frame of the timeline, as Blender's sequencer finds it.

A frame of the timeline becomes a frame of the strip's content: counted from the
content's start, backwards where reversed, scaled by the playback rate, bent by
retiming, held at the content's ends. Retiming keys map content frames to a
fraction of the media; between two keys the map is a straight line, in a speed
transition the arc of a circle that touches both neighbouring lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..animation.actions import curves_of
from ..blend import versions
from ..blend.versions import Content, RetimingKey


def media_positions(scene: bpy.types.Scene, strip: Any, frames: ArrayLike) -> NDArray[np.float64]:
    """Where in the media the strip is, in pictures from the media's first.

    Parameters
    ----------
    strip : Strip
        Of a movie or of pictures.
    frames : (N,) array
        Frames of the timeline.

    Returns
    -------
    (N,) float array
        The whole part is the number of the picture that is shown.
    """
    content = versions.content_of(scene, strip)
    shown = _through_speed_effect(scene, strip, content, np.asarray(frames, dtype=np.float64))
    start = versions.content_start(strip)
    last = start + content.length - 1.0
    index = last - shown if strip.use_reverse_frames else shown - start
    index = np.maximum(index, 0.0) * content.rate
    if content.keys:
        passed = retimed(content.keys, index).astype(np.float32)
        index = (passed * np.float32(content.whole)).astype(np.float64)
    index = np.clip(index, 0.0, content.pictures - 1)
    # The nearest picture is shown; of a sequence without retiming the one before.
    nearest = strip.type == "MOVIE" or bool(content.keys)
    return index + (0.5 if nearest else 1e-3) + strip.animation_offset_start


def speed_effect(scene: bpy.types.Scene, strip: Any) -> Any | None:
    """The Speed effect that plays a strip."""
    effects = (s for s in versions.all_strips(scene) if s.type == "SPEED" and not s.mute)
    return next((effect for effect in effects if effect.input_1 == strip), None)


def retimed(keys: Sequence[RetimingKey], frames: ArrayLike) -> NDArray[np.float64]:
    """The part of the media, 0 to 1, at frames from the content's start.

    Parameters
    ----------
    keys : sequence of RetimingKey
        At least two, with rising frames.
    """
    at = np.asarray(frames, dtype=np.float64)
    places = np.array([k.frame for k in keys])
    factors = np.array([k.factor for k in keys])
    # Single precision as in the sequencer, so that halves are rounded the same way.
    number = np.clip(np.searchsorted(places, at, side="right") - 1, 0, len(keys) - 2)
    steps = (np.diff(factors) / np.diff(places)).astype(np.float32)
    result = factors[number] + steps[number].astype(np.float64) * (at - places[number])
    result = np.minimum(result, 1.0)
    for first, key in enumerate(keys[:-1]):
        if key.transition and 0 < first < len(keys) - 2:
            inside = number == first
            result[inside] = _on_arc(keys, first, at[inside])
    return result


def _on_arc(
    keys: Sequence[RetimingKey], number: int, frames: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A transition: on the circle that touches the line before at its start and the one after at its end."""
    points = [np.array((k.frame, k.factor)) for k in keys[number - 1 : number + 3]]
    before, after = points[1] - points[0], points[3] - points[2]
    rows = np.array((before, after))
    if abs(np.linalg.det(rows / np.linalg.norm(rows, axis=1, keepdims=True))) < 1e-12:
        return np.interp(frames, (points[1][0], points[2][0]), (points[1][1], points[2][1]))
    centre = np.linalg.solve(rows, np.array((before @ points[1], after @ points[2])))
    radius = math.dist(centre, points[1])
    side = -1.0 if centre[1] > points[1][1] else 1.0
    return centre[1] + side * np.sqrt(np.maximum(radius**2 - (frames - centre[0]) ** 2, 0.0))


def _through_speed_effect(
    scene: bpy.types.Scene, strip: Any, content: Content, frames: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Which frame of the timeline the strip is asked for, when a Speed effect plays it."""
    effect = speed_effect(scene, strip)
    if effect is None:
        return frames
    start = float(versions.left_edge(effect))
    index = np.rint(np.maximum(frames - start, 0.0))
    length = content.length
    if effect.speed_control == "STRETCH":
        trimmed = length - max(0.0, start - versions.content_start(strip))
        target = trimmed * index / max(versions.right_edge(effect) - start, 1.0)
    elif effect.speed_control == "MULTIPLY":
        target = _multiplied(scene, effect, start, index)
    elif effect.speed_control == "LENGTH":
        target = length * _animated(scene, effect, "speed_length", frames) / 100.0
    else:
        target = _animated(scene, effect, "speed_frame_number", frames)
    return start + np.clip(target, 0.0, length)


def _multiplied(
    scene: bpy.types.Scene, effect: Any, start: float, index: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A speed factor: its sum over the frames so far where it is animated."""
    if _curve(scene, effect, "speed_factor") is None:
        return index * effect.speed_factor
    every = np.arange(int(index.max(initial=0.0)) + 1)
    factors = _animated(scene, effect, "speed_factor", start + every)
    factors[0] = 0.0
    return np.cumsum(factors)[index.astype(np.int64)]


def _curve(scene: bpy.types.Scene, effect: Any, name: str) -> Any | None:
    path = effect.path_from_id(name)
    return next((c for c in curves_of(scene) if c.data_path == path), None)


def _animated(
    scene: bpy.types.Scene, effect: Any, name: str, frames: NDArray[np.float64]
) -> NDArray[np.float64]:
    curve = _curve(scene, effect, name)
    if curve is None:
        return np.full(len(frames), float(getattr(effect, name)))
    return np.array([curve.evaluate(f) for f in frames])
