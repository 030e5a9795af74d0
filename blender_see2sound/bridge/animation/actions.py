"""Keyframes in bulk, in layered actions with a slot for their data-block."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import ArrayLike, NDArray

_LINEAR = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value


def curves_of(block: bpy.types.ID | None) -> list[Any]:
    """The F-curves that act on a data-block through its active action."""
    bag = _bag_of(block)
    return [] if bag is None else list(bag.fcurves)


def curve_values(curve: Any) -> NDArray[np.float32]:
    """An F-curve's keyframes as frames and values, shape (N, 2)."""
    values = np.empty(2 * len(curve.keyframe_points), dtype=np.float32)
    curve.keyframe_points.foreach_get("co", values)
    return values.reshape(-1, 2)


def set_keyframes(
    block: bpy.types.ID, data_path: str, frames: ArrayLike, values: ArrayLike, name: str
) -> None:
    """Replace the keyframes of a property by linear ones.

    Parameters
    ----------
    frames : (N,) array
        Rising.
    values : (N,) or (N, C) array
        One column for each component of the property.
    name : str
        Of the action, where a new one is made.
    """
    columns = np.asarray(values, dtype=np.float32)
    single = columns.ndim == 1
    columns = columns.reshape(len(columns), -1)
    remove_keyframes(block, data_path)
    bag = _bag_of(block) or _new_bag(block, name)
    times = np.asarray(frames, dtype=np.float32)
    for index in range(columns.shape[1]):
        curve = bag.fcurves.new(data_path, index=0 if single else index)
        points = curve.keyframe_points
        points.add(len(times))
        points.foreach_set("co", np.stack((times, columns[:, index]), axis=1).ravel())
        points.foreach_set("interpolation", np.full(len(times), _LINEAR, dtype=np.int32))
        curve.update()


def remove_keyframes(block: bpy.types.ID, data_path: str) -> None:
    """Take a property's keyframes away; its value stays."""
    bag = _bag_of(block)
    if bag is None:
        return
    for curve in [c for c in bag.fcurves if c.data_path == data_path]:
        bag.fcurves.remove(curve)
    if not bag.fcurves:
        action = block.animation_data.action
        block.animation_data.action = None
        if action.users == 0:
            bpy.data.actions.remove(action)


def shift_keyframes(block: bpy.types.ID, frames: float) -> None:
    """Move every keyframe of a data-block's active action in time, handles too."""
    for curve in curves_of(block):
        points = curve.keyframe_points
        for field in ("co", "handle_left", "handle_right"):
            values = np.empty(2 * len(points), dtype=np.float32)
            points.foreach_get(field, values)
            values[0::2] += frames
            points.foreach_set(field, values)
        curve.update()


def sound_strips(speaker: bpy.types.Object) -> list[Any]:
    """The NLA strips at which a speaker's sound starts."""
    data = speaker.animation_data
    if data is None:
        return []
    return [s for track in data.nla_tracks for s in track.strips if s.type == "SOUND"]


def curves_in(action: bpy.types.Action | None, slot: Any) -> list[Any]:
    """The F-curves of one slot of an action."""
    bag = _bag_in(action, slot)
    return [] if bag is None else list(bag.fcurves)


def _bag_of(block: bpy.types.ID | None) -> Any | None:
    data = None if block is None else block.animation_data
    return None if data is None else _bag_in(data.action, data.action_slot)


def _bag_in(action: bpy.types.Action | None, slot: Any) -> Any | None:
    if action is None or slot is None:
        return None
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                return bag
    return None


def _new_bag(block: bpy.types.ID, name: str) -> Any:
    data = block.animation_data or block.animation_data_create()
    if data.action is None:
        data.action = bpy.data.actions.new(name)
    action = data.action
    if data.action_slot is None:
        data.action_slot = action.slots.new(block.id_type, block.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(data.action_slot, ensure=True)
