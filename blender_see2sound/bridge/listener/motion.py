"""Where every speaker is for the listener, frame by frame, as Blender evaluates it.

Parents, constraints and drivers count; the scene camera, also one that a marker
switches to, is the listener, whatever its scale. Where only keyframes move
things their F-curves are evaluated; where anything else acts the scene is
stepped through, a few frames a slice, and put back on its frame at each pause.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...core.errors import See2SoundError
from ..animation import curves
from ..animation.knots import knots_in_slices
from ..blend import found
from . import camera, levels

#: Seconds of work between two pauses.
SLICE = 0.015
#: Frames that are evaluated at a time.
_BLOCK = 500
#: Decimation: metres, radians, share of the largest volume.
_METRES, _RADIANS, _VOLUME = 0.01, np.radians(0.1), 0.01
#: So near, metres, no angle is resolved any finer.
_NEAREST = 1e-3

#: What is sampled, with fractions on the way: positions in metres (speakers, frames, 3), volumes
#: and how speakers face the listener (`levels.live_over_mixed`), both (speakers, frames).
Sampling = Generator[
    float, None, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
]


@dataclass(frozen=True)
class Track:
    """A speaker's way through the listener's frame.

    Attributes
    ----------
    frames : (T,) array
        Rising; one where nothing changes.
    positions : (T, 3) array
        Metres in the listener's frame.
    volumes : (T,) array
        `Speaker.volume`, times what its distance law, cone and limits make of the mix.
    """

    frames: NDArray[np.float64]
    positions: NDArray[np.float64]
    volumes: NDArray[np.float64]


def tracks(
    scene: bpy.types.Scene, speakers: Sequence[bpy.types.Object], start: int, end: int
) -> Generator[float, None, list[Track]]:
    """Sample speakers over frames, and leave out what linear interpolation gives.

    What is left out lies within 1 cm and 0.1 degree of the track, and 0.01 of the largest volume.

    Parameters
    ----------
    start, end : int
        The first frame, and the one after the last.
    """
    frames = np.arange(start, max(end, start + 1), dtype=np.float64)
    listeners = _listeners(scene, start, end)
    plain = all(curves.only_keyframes(o) for o in (*(c for _, c in listeners), *speakers))
    work = _Work(
        scene.session_uid,
        tuple(s.session_uid for s in speakers),
        tuple((frame, listener.session_uid) for frame, listener in listeners),
    )
    sampling = (_evaluated if plain else _stepped)(work, frames)
    positions, volumes, facing = yield from scaled(sampling, 0.0, 0.8)
    result = []
    for number in range(len(work.speakers)):
        distance = np.linalg.norm(positions[number], axis=1)
        scene, speaker = found.scene(work.scene), found.thing(work.speakers[number])
        # Before knots are chosen: on a straight way this is no straight line.
        volumes[number] *= levels.live_over_mixed(scene, speaker.data, distance, facing[number])
        quiet = _VOLUME * max(float(volumes[number].max()), 1e-6)
        near = np.clip(_RADIANS * distance, _NEAREST, _METRES)
        values = np.column_stack((positions[number], volumes[number]))
        units = np.column_stack((near, near, near, np.full(len(near), quiet)))
        share = 0.8 + 0.2 * np.array((number, number + 1)) / len(work.speakers)
        kept = yield from scaled(knots_in_slices(frames, values, units), *share)
        result.append(Track(frames[kept], positions[number][kept], volumes[number][kept]))
    return result


def scaled(work: Generator[float, None, Any], start: float, end: float) -> Any:
    """Let a part of a longer work yield its share of the whole; return what it returns."""
    while True:
        try:
            part = next(work)
        except StopIteration as stop:
            return stop.value
        yield start + (end - start) * part


# ------------------------------------------------------------------ the listener


def _listeners(scene: bpy.types.Scene, start: int, end: int) -> list[tuple[int, bpy.types.Object]]:
    """The cameras that listen, each with the frame from which it does.

    Raises
    ------
    See2SoundError
        When there is none.
    """
    bound = sorted(
        ((m.frame, m.camera) for m in scene.timeline_markers if m.camera is not None),
        key=lambda row: row[0],
    )
    if bound:
        # Before the first marker its camera is seen too.
        first = [row for row in bound if row[0] <= start][-1:] or bound[:1]
        return [(start, first[0][1]), *(row for row in bound if start < row[0] < end)]
    if scene.camera is None:
        raise See2SoundError(
            "there is no listener",
            "the scene has no camera",
            "Add a camera, or find the sources again",
            kind="bad-request",
        )
    return [(start, scene.camera)]


def ears_of(matrices: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Orientations, shape (N, 3, 3), and places, shape (N, 3), of listeners of any scale."""
    axes = matrices[:, :3, :3] / np.linalg.norm(matrices[:, :3, :3], axis=1, keepdims=True)
    axes = axes * np.where(np.linalg.det(axes) < 0.0, -1.0, 1.0)[:, None, None]
    return axes, matrices[:, :3, 3]


def heard_from(
    axes: NDArray[np.float64], ears: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """World places, shape (N, 3), as positions in the listener's frame, in units of the scene."""
    return camera.to_listener(np.einsum("nji,nj->ni", axes, places - ears))


def facing_of(matrices: NDArray[np.float64], ears: NDArray[np.float64]) -> NDArray[np.float64]:
    """How speakers at these matrices face ears at these places, shape (N,), as a cosine.

    A cone opens along -Z. One at the very place of the ears faces them.
    """
    axes, places = ears_of(matrices)
    way = ears - places
    length = np.linalg.norm(way, axis=1)
    along = -np.einsum("ni,ni->n", np.broadcast_to(axes[:, :, 2], way.shape), way)
    return np.divide(along, length, out=np.ones(len(length)), where=length > 0.0)


# ------------------------------------------------------------------ two ways of sampling


@dataclass(frozen=True)
class _Work:
    """What is sampled, by uids that outlive a pause; listeners with the frame they start at."""

    scene: int
    speakers: tuple[int, ...]
    listeners: tuple[tuple[int, int], ...]

    def found(self) -> tuple[bpy.types.Scene, list[bpy.types.Object]]:
        """The scene and the speakers as they are now."""
        return found.scene(self.scene), [found.thing(uid) for uid in self.speakers]


def _evaluated(work: _Work, frames: NDArray[np.float64]) -> Sampling:
    """From keyframes alone, some frames after others."""
    positions = np.empty((len(work.speakers), len(frames), 3))
    volumes, facing = np.empty((2, len(work.speakers), len(frames)))
    pause = time.monotonic() + SLICE
    for first in range(0, len(frames), _BLOCK):
        block = slice(first, first + _BLOCK)
        at = frames[block]
        speakers = work.found()[1]
        axes, ears = np.empty((len(at), 3, 3)), np.empty((len(at), 3))
        for start, uid in work.listeners:
            heard = at >= start
            if heard.any():
                matrices = curves.world_matrices(found.thing(uid), at[heard])
                axes[heard], ears[heard] = ears_of(matrices)
        for number, speaker in enumerate(speakers):
            matrices = curves.world_matrices(speaker, at)
            places = np.broadcast_to(matrices[:, :3, 3], ears.shape)
            positions[number, block] = heard_from(axes, ears, places)
            facing[number, block] = facing_of(matrices, ears)
            volumes[number, block] = curves.property_values(speaker.data, "volume", at)[:, 0]
        if time.monotonic() > pause:
            yield first / len(frames)
            pause = time.monotonic() + SLICE
    return positions * camera.metres_per_unit(found.scene(work.scene)), volumes, facing


def _stepped(work: _Work, frames: NDArray[np.float64]) -> Sampling:
    """By letting Blender evaluate the scene at every frame."""
    positions = np.empty((len(work.speakers), len(frames), 3))
    volumes, facing = np.empty((2, len(work.speakers), len(frames)))
    number = 0
    while number < len(frames):
        scene, speakers = work.found()
        frame, subframe = scene.frame_current, scene.frame_subframe
        graph = _graph(scene)
        pause = time.monotonic() + SLICE
        try:
            while number < len(frames) and time.monotonic() < pause:
                scene.frame_set(int(frames[number]))
                axes, ears = ears_of(np.array(scene.camera.evaluated_get(graph).matrix_world)[None])
                for row, speaker in enumerate(speakers):
                    there = speaker.evaluated_get(graph)
                    matrix = np.array(there.matrix_world)[None]
                    positions[row, number] = heard_from(axes, ears, matrix[:, :3, 3])[0]
                    facing[row, number] = facing_of(matrix, ears)[0]
                    volumes[row, number] = there.data.volume
                number += 1
        finally:
            scene.frame_set(frame, subframe=subframe)
        yield number / len(frames)
    return positions * camera.metres_per_unit(found.scene(work.scene)), volumes, facing


def _graph(scene: bpy.types.Scene) -> bpy.types.Depsgraph:
    """The evaluated scene of its first view layer."""
    layer = scene.view_layers[0]
    layer.update()
    return layer.depsgraph
