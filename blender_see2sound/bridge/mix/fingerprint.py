"""A fingerprint of all that a mix is made from, so that "out of date" is a fact.

Transforms, keyframes, NLA, drivers, constraints, parents and the targets of all
of these; the camera; the speakers' own fields, settings and sound files; the
strip's length and what is asked of the mix. Nothing is evaluated and no frame is
changed: values that keyframes or drivers set are left out, what sets them counts.
Times count from the clip's start, so that moving all of it changes nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..animation import actions
from ..blend import files, found, versions
from ..listener import levels
from ..sources import document, monitor, record
from ..timeline.strips import shown_range
from . import mix_settings, room

#: Changed when the way from the document to the mix changes.
_VERSION = "2"
_OBJECT = [
    "location",
    "delta_location",
    "rotation_mode",
    "rotation_euler",
    "rotation_quaternion",
    "rotation_axis_angle",
    "delta_rotation_euler",
    "delta_rotation_quaternion",
    "scale",
    "delta_scale",
    "parent_type",
    "parent_bone",
    "parent_vertices",
]
_SPEAKER = ["volume", "pitch"]
#: What a thing at a place has besides (`levels`).
_LAW = [
    "volume_min",
    "volume_max",
    "attenuation",
    "distance_reference",
    "distance_max",
    "cone_angle_inner",
    "cone_angle_outer",
    "cone_volume_outer",
]
_SOURCE = ("kind", "use_lfe", "lfe_db")
_SHAPE = ("spread", "reverb_db")
#: Of constraints, modifiers and NLA strips: what tells of the interface or of this moment.
_PASSING = {
    *("rna_type", "name", "show_expanded", "is_valid", "active", "select", "error_location"),
    *("error_rotation", "is_override_data", "is_proxy_local", "strips", "fcurves", "modifiers"),
}


def of_collection(
    scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection
) -> Generator[float, None, str]:
    """The fingerprint of what a bake of this strip would read now.

    Yields the fraction done after each speaker.
    """
    scene_uid, collection_uid = scene.session_uid, collection.session_uid
    uids = [s.session_uid for s in document.speakers_of(collection)]
    start, end = shown_range(strip)
    page = _Page(start)
    page.add(_VERSION, end - start, versions.frame_rate(scene), scene.unit_settings.scale_length)
    wanted = mix_settings.asked(collection)
    head = wanted.pop("sofa", None)
    page.add(*sorted(wanted.items()))
    if head is not None:  # by its name: folders change when a .blend moves
        page.add(os.path.basename(head), _state(head))
    page.add(room.asked(scene, collection))
    page.add_thing(scene.camera)
    for marker in scene.timeline_markers:
        if marker.camera is not None:
            page.add("marker", marker.frame - start)
            page.add_thing(marker.camera)
    ids = document.source_ids(collection)
    for number, uid in enumerate(uids):
        yield number / len(uids)
        found.scene(scene_uid)
        collection, speaker = found.collection(collection_uid), found.thing(uid)
        page.add("source", ids.get(speaker.name), monitor.muted_by_person(collection, speaker))
        page.add_thing(speaker)
        page.add_fields(speaker.data, _SPEAKER)
        if speaker.data.see2sound.kind == "ambience":
            page.add(levels.bed_over_mixed(speaker.data))
        else:
            page.add_fields(speaker.data, _LAW)
        page.add_animation(speaker.data)
        shape = () if mix_settings.shapeless(collection, speaker) else _SHAPE
        page.add(*(getattr(speaker.data.see2sound, name) for name in (*_SOURCE, *shape)))
        page.add(*_file(speaker))
    return page.digest()


def _file(speaker: bpy.types.Object) -> tuple[Any, ...]:
    """What tells a sound file: its name where that was derived from the content, else its date too."""
    sound = speaker.data.sound
    if sound is None:
        return ("no sound",)
    name = record.sound_name(sound)
    if sound.packed_file is not None:
        return ("packed", name, sound.packed_file.size)
    state = _state(files.absolute(sound.filepath, sound.library))
    if state is not None and record.read(speaker).get("sound") == name:
        return ("made", name, state[0])
    return ("own", name, state)


def _state(path: str | Path) -> tuple[int, int] | None:
    """What tells that a file was written again; None where there is none."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


class _Page:
    """What the fingerprint is taken of, written down piece by piece."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._digest = hashlib.sha256()
        self._seen: set[int] = set()

    def digest(self) -> str:
        """The fingerprint of what was added so far."""
        return self._digest.hexdigest()[:32]

    def add(self, *values: Any) -> None:
        """Add plain values, vectors and matrices."""
        for value in values:
            self._digest.update(repr(_plain(value)).encode() + b"\0")

    def add_fields(self, block: Any, names: Iterable[str], prefix: str = "") -> None:
        """Add properties, but for those that keyframes or drivers set."""
        animated = _animated_paths(block.id_data)
        for name in names:
            if prefix + name not in animated:
                self.add(name, getattr(block, name))

    def add_thing(self, thing: bpy.types.Object | None) -> None:
        """Add an object with all that moves it; what was added before only by its name."""
        if thing is None:
            self.add("nothing")
            return
        self.add(thing.name)
        if thing.session_uid in self._seen:
            return
        self._seen.add(thing.session_uid)
        self.add_fields(thing, _OBJECT)
        self.add(thing.matrix_parent_inverse)
        self.add_animation(thing)
        for constraint in thing.constraints:
            self._add_all(constraint, f'constraints["{constraint.name}"].')
        if thing.type == "ARMATURE" and thing.pose is not None:
            for bone in thing.pose.bones:
                self.add_fields(bone, ("location", "scale"), f'pose.bones["{bone.name}"].')
                for constraint in bone.constraints:
                    prefix = f'pose.bones["{bone.name}"].constraints["{constraint.name}"].'
                    self._add_all(constraint, prefix)
        self.add_thing(thing.parent)

    def add_animation(self, block: bpy.types.ID) -> None:
        """Add what animates a data-block."""
        data = block.animation_data
        if data is None:
            self.add("still")
            return
        self.add(data.action_influence, data.action_blend_type, data.action_extrapolation)
        for curve in actions.curves_of(block):
            self._add_curve(curve)
        for track in data.nla_tracks:
            self.add("track", track.mute, track.is_solo)
            for strip in track.strips:
                self.add(strip.frame_start - self._start)
                if strip.type != "SOUND":
                    self._add_all(strip, "")
                    for curve in actions.curves_in(strip.action, strip.action_slot):
                        self._add_curve(curve)
        for driver in data.drivers:
            self.add(driver.data_path, driver.array_index, driver.mute)
            self.add(driver.driver.type, driver.driver.expression)
            for variable in driver.driver.variables:
                self.add(variable.name, variable.type)
                for target in variable.targets:
                    self._add_target(target)

    def _add_target(self, target: Any) -> None:
        self.add(target.data_path, target.bone_target, target.transform_type)
        if isinstance(target.id, bpy.types.Object):
            self.add_thing(target.id)
        elif target.id is not None:
            self.add(target.id.name)
            if hasattr(target.id, "animation_data"):
                self.add_animation(target.id)

    def _add_curve(self, curve: Any) -> None:
        points = curve.keyframe_points
        self.add(curve.data_path, curve.array_index, curve.mute, curve.extrapolation, len(points))
        for field in ("co", "handle_left", "handle_right"):
            values = np.empty(2 * len(points), dtype=np.float32)
            points.foreach_get(field, values)
            # Far along the timeline a float32 holds a handle only to some thousandths of a frame.
            values[0::2] = np.round(values[0::2] - self._start, 2) + 0.0
            self._digest.update(values.tobytes())
        kinds = np.empty(len(points), dtype=np.int32)
        points.foreach_get("interpolation", kinds)
        self._digest.update(kinds.tobytes())
        for modifier in curve.modifiers:
            self._add_all(modifier, "")

    def _add_all(self, block: Any, prefix: str) -> None:
        """Add every property of a small structure, and what it points to."""
        self.add(type(block).__name__)
        animated = _animated_paths(block.id_data)
        for field in block.bl_rna.properties:
            name = field.identifier
            if name in _PASSING or prefix + name in animated:
                continue
            value = getattr(block, name)
            if isinstance(value, bpy.types.Object):
                self.add_thing(value)
            elif field.type == "COLLECTION":
                for item in value:
                    self._add_all(item, f"{prefix}{name}.")
            elif field.type != "POINTER":
                self.add(name, value)


def _animated_paths(block: bpy.types.ID) -> set[str]:
    """The properties of a data-block that its animation sets."""
    data = getattr(block, "animation_data", None)
    if data is None:
        return set()
    curves = [*actions.curves_of(block), *data.drivers]
    for track in data.nla_tracks:
        for strip in track.strips:
            curves += actions.curves_in(strip.action, strip.action_slot)
    return {curve.data_path for curve in curves}


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "__len__"):
        return tuple(_plain(v) for v in value)
    return str(value)
