"""World matrices over many frames, from keyframes alone, without stepping the scene.

Exact only where nothing but F-curves and plain parents acts: `only_keyframes`
says whether that is so.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion
from numpy.typing import NDArray

from .actions import curves_of

_ROTATIONS = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}


def only_keyframes(thing: bpy.types.Object | None) -> bool:
    """Nothing but F-curves and plain parents moves an object, or sets its data's properties."""
    if bpy.app.handlers.frame_change_pre or bpy.app.handlers.frame_change_post:
        return False  # a script may move anything when the frame changes
    while thing is not None:
        if any(not c.mute for c in thing.constraints) or thing.rigid_body is not None:
            return False
        if not all(_plain(block) for block in (thing, thing.data) if block is not None):
            return False
        if any(c.data_path in ("rotation_mode", "parent_type") for c in curves_of(thing)):
            return False
        parent = thing.parent
        if parent is not None and (thing.parent_type != "OBJECT" or parent.type == "CURVE"):
            return False
        thing = parent
    return True


def world_matrices(thing: bpy.types.Object, frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """The world matrix at every frame, shape (N, 4, 4), or (1, 4, 4) of what does not move."""
    local = _basis(thing, frames)
    if thing.parent is None:
        return local
    return world_matrices(thing.parent, frames) @ np.array(thing.matrix_parent_inverse) @ local


def property_values(
    block: bpy.types.ID, name: str, frames: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A property's value at every frame, shape (N, C); (1, C) where it is not keyframed."""
    still = np.atleast_1d(np.array(getattr(block, name), dtype=np.float64))[None]
    animated = [c for c in curves_of(block) if c.data_path == name and not c.mute]
    if not animated:
        return still
    values = np.repeat(still, len(frames), axis=0)
    for curve in animated:
        values[:, curve.array_index] = [curve.evaluate(f) for f in frames]
    return values


def _basis(thing: bpy.types.Object, frames: NDArray[np.float64]) -> NDArray[np.float64]:
    rotation = _ROTATIONS.get(thing.rotation_mode, "rotation_euler")
    quaternion = thing.rotation_mode == "QUATERNION"
    shift = "delta_rotation_quaternion" if quaternion else "delta_rotation_euler"
    names = ("location", "delta_location", rotation, shift, "scale", "delta_scale")
    values = {name: property_values(thing, name, frames) for name in names}
    result = np.zeros((max(map(len, values.values())), 4, 4))
    result[:, 3, 3] = 1.0
    result[:, :3, 3] = values["location"] + values["delta_location"]
    turned = _turns(thing.rotation_mode, values[rotation])
    if thing.rotation_mode != "AXIS_ANGLE":  # which has no delta rotation
        turned = _turns(thing.rotation_mode, values[shift]) @ turned
    result[:, :3, :3] = turned * (values["scale"] * values["delta_scale"])[:, None, :]
    return result


def _turns(mode: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([_turn(mode, row) for row in values])


def _turn(mode: str, row: NDArray[np.float64]) -> Matrix:
    if mode == "QUATERNION":
        return Quaternion(row).normalized().to_matrix()
    if mode == "AXIS_ANGLE":
        return Quaternion(row[1:], row[0]).to_matrix()
    return Euler(row, mode).to_matrix()


def _plain(block: Any) -> bool:
    data = block.animation_data
    if data is None:
        return True
    if len(data.drivers):
        return False
    if data.action is not None and (
        data.action_influence < 1.0 or data.action_blend_type != "REPLACE" or data.use_tweak_mode
    ):
        return False
    return all(
        strip.type == "SOUND" or strip.mute or track.mute
        for track in data.nla_tracks
        for strip in track.strips
    )
