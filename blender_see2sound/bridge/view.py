"""What the panels show, prepared outside of drawing, and what a person has chosen.

`refresh` looks at the document and is called by a timer and by the operators;
panels read `shown` and draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import bpy

from ..core.errors import See2SoundError
from . import camera, document, files, mix_strip, strips, versions

MixState = Literal["none", "current", "stale"]

MIX_TEXTS: dict[MixState, str] = {
    "none": "No Mix Yet",
    "current": "Mix Is Up to Date",
    "stale": "Mix Is Out of Date",
}
MIX_ICONS: dict[MixState, str] = {"none": "RADIOBUT_OFF", "current": "CHECKMARK", "stale": "ERROR"}

_STRIP_ICONS = {"MOVIE": "FILE_MOVIE", "IMAGE": "FILE_IMAGE"}


@dataclass(frozen=True)
class StripView:
    """What is known of a scene's active strip.

    Attributes
    ----------
    strip : str
        Its name; empty when none is active.
    icon, length : str
    problem : See2SoundError or None
        Why it cannot be taken.
    hint : str
        What to do where no strip is active.
    mix : {"none", "current", "stale"}
    temporary : bool
        Its files lie in Blender's session folder.
    """

    strip: str = ""
    icon: str = "SEQUENCE"
    length: str = ""
    problem: See2SoundError | None = None
    hint: str = "Select a movie or image strip in the sequencer"
    mix: MixState = "none"
    temporary: bool = False


_views: dict[int, StripView] = {}
_keys: dict[int, tuple[object, ...]] = {}


def shown(context: bpy.types.Context) -> StripView | None:
    """What `refresh` prepared for this context; None when it has not yet."""
    scene = versions.sequencer_scene(context)
    return None if scene is None else _views.get(scene.session_uid)


# ------------------------------------------------------------------ what is chosen


def active_strip(context: bpy.types.Context) -> tuple[bpy.types.Scene | None, Any | None]:
    """The scene of the sequencer, and the strip that the panel is about.

    With a mix strip active that is the picture that the mix belongs to.
    """
    scene = versions.sequencer_scene(context)
    return scene, None if scene is None else strip_in(scene)


def strip_in(scene: bpy.types.Scene) -> Any | None:
    """The strip of a scene that the panel is about."""
    editor = scene.sequence_editor
    strip = None if editor is None else editor.active_strip
    if strip is not None and strip.type == "SOUND":
        for collection in document.collections_of(scene):
            if mix_strip.mix_strip_of(scene, collection) == strip:
                return document.strip_of(scene, collection)
    return strip


def active_collection(context: bpy.types.Context) -> bpy.types.Collection | None:
    """The collection of the active strip's speakers."""
    scene, strip = active_strip(context)
    if scene is None or strip is None:
        return None
    return document.collection_of(scene, strip)


def chosen_speaker(context: bpy.types.Context) -> bpy.types.Object | None:
    """The active object, where it is a speaker of the active strip."""
    scene, strip = active_strip(context)
    collection = None if strip is None else document.collection_of(scene, strip)
    if collection is None:
        return None
    chosen = layer_of(context, scene).objects.active
    if chosen is None or chosen.type != "SPEAKER" or chosen.name not in collection.all_objects:
        return None
    return chosen


def layer_of(context: bpy.types.Context, scene: bpy.types.Scene) -> bpy.types.ViewLayer:
    """The view layer in which this scene's objects are selected."""
    return context.view_layer if context.scene == scene else scene.view_layers[0]


def choose(context: bpy.types.Context, speaker: bpy.types.Object) -> None:
    """Select a speaker, and nothing else, in the 3D scene."""
    scene, _ = active_strip(context)
    if scene is None:
        return
    layer = layer_of(context, scene)
    if speaker.name not in layer.objects:
        return
    for other in layer.objects:
        other.select_set(other == speaker, view_layer=layer)
    layer.objects.active = speaker


def distance_text(context: bpy.types.Context, speaker: bpy.types.Object) -> str:
    """How far a speaker is from the camera now."""
    scene = versions.sequencer_scene(context)
    if scene is None or scene.camera is None:
        return ""
    apart = speaker.matrix_world.translation - scene.camera.matrix_world.translation
    metres = apart.length * camera.metres_per_unit(scene)
    return f"{metres:.1f} m"


# ------------------------------------------------------------------ preparing


def refresh(look_again: bool = False) -> bool:
    """Prepare what the panels show; say whether it has changed.

    Parameters
    ----------
    look_again : bool
        Also where the strip seems to be the same: a missing file may be there now.
    """
    scenes = {scene.session_uid: scene for scene in shown_scenes()}
    changed = False
    for uid in [uid for uid in _views if uid not in scenes]:
        del _views[uid]
        _keys.pop(uid, None)
    for uid, scene in scenes.items():
        key = _key(scene)
        if not look_again and _keys.get(uid) == key:
            continue
        view = _prepare(scene)
        _keys[uid] = key
        changed |= _views.get(uid) != view
        _views[uid] = view
    return changed


def set_mix(scene_uid: int, mix: MixState) -> bool:
    """Tell whether the mix of a scene's strip is up to date; say whether that is news."""
    view = _views.get(scene_uid)
    if view is None or view.mix == mix:
        return False
    _views[scene_uid] = replace(view, mix=mix)
    return True


def clear() -> None:
    """Forget everything: another file is loaded."""
    _views.clear()
    _keys.clear()


def shown_scenes() -> Iterator[bpy.types.Scene]:
    """The scenes that the windows' sequencers show."""
    for window in bpy.context.window_manager.windows:
        workspace = window.workspace
        scene = getattr(workspace, "sequencer_scene", None) or window.scene
        if scene is not None:
            yield scene


def _key(scene: bpy.types.Scene) -> tuple[object, ...]:
    """What tells cheaply that the active strip is another one or was cut otherwise."""
    strip = strip_in(scene)
    if strip is None:
        return (None,)
    collection = document.collection_of(scene, strip)
    return (
        strip.name,
        strip.type,
        strip.frame_final_start,
        strip.frame_final_duration,
        getattr(strip, "filepath", getattr(strip, "directory", "")),
        versions.frame_rate(scene),
        bpy.data.filepath,
        0 if collection is None else collection.session_uid,
        "" if collection is None else collection.see2sound.mix_fingerprint,
        strip.mute,
    )


def _prepare(scene: bpy.types.Scene) -> StripView:
    strip = strip_in(scene)
    if strip is None:
        return StripView()
    rate = versions.frame_rate(scene)
    frames = strip.frame_final_duration
    collection = document.collection_of(scene, strip)
    before = _views.get(scene.session_uid)
    known = before is not None and before.strip == strip.name
    baked = collection is not None and bool(collection.see2sound.mix_fingerprint)
    return StripView(
        strip=strip.name,
        icon=_STRIP_ICONS.get(strip.type, "SEQUENCE"),
        length=f"{frames / rate:.2f} s, {frames} frames from {strip.frame_final_start}",
        problem=strips.problem_of(scene, strip),
        mix=(before.mix if known and before.mix != "none" else "current") if baked else "none",
        temporary=collection is not None and files.is_temporary(),
    )
