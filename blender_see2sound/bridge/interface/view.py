"""What the panels show, prepared outside of drawing, and what a person has chosen.

`refresh` looks at the document and is called by a timer and by the operators;
panels read `shown` and draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import bpy
import numpy as np

from ...core.errors import See2SoundError
from ..blend import files, versions
from ..listener import camera
from ..mix import mix_report
from ..setup import choice, computer
from ..sources import document
from ..speakers.freshness import State
from ..timeline import mix_strip, strips

MIX_TEXTS: dict[State, str] = {
    "none": "No Mix Yet",
    "current": "Mix Is Up to Date",
    "stale": "Mix Is Out of Date",
    "missing": "Mix Is Missing",
    "sounds": "Sounds Are Out of Date",
}
MIX_ICONS: dict[State, str] = {
    "none": "RADIOBUT_OFF",
    "current": "CHECKMARK",
    "stale": "ERROR",
    "missing": "ERROR",
    "sounds": "ERROR",
}

_STRIP_ICONS = {"MOVIE": "FILE_MOVIE", "IMAGE": "FILE_IMAGE"}
#: The numbers of their types.
_PICTURES = [
    bpy.types.Strip.bl_rna.properties["type"].enum_items[kind].value for kind in _STRIP_ICONS
]


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
    lacking : See2SoundError or None
        What files the parts that are chosen for it lack.
    hint : str
        What to do where no strip is active.
    mix : {"none", "current", "stale", "missing", "sounds"}
        As `freshness.state_of` gives it.
    outdated : frozenset of int
        The session uids of the speakers whose sounds are out of date.
    temporary : bool
        Its files lie in Blender's session folder.
    baked : mix_report.Told
        What its mix turned out to be when it was baked.
    """

    strip: str = ""
    icon: str = "SEQUENCE"
    length: str = ""
    problem: See2SoundError | None = None
    lacking: See2SoundError | None = None
    hint: str = "Select a movie or image strip in the sequencer"
    mix: State = "none"
    outdated: frozenset[int] = frozenset()
    temporary: bool = False
    baked: mix_report.Told = field(default_factory=mix_report.Told)


@dataclass(frozen=True)
class _Chosen:
    """A scene's active strip and its collection, by names: Blender's data must not be held.

    Attributes
    ----------
    key : tuple
        What tells that another strip is active.
    strip : str
        The picture's name.
    collection : str
        The name of its collection; empty where it has none.
    collection_uid : int
    """

    key: tuple[object, ...]
    strip: str
    collection: str = ""
    collection_uid: int = 0


_views: dict[int, StripView] = {}
_chosen: dict[int, _Chosen] = {}
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
    return chosen_in(scene)[0]


def chosen_in(scene: bpy.types.Scene) -> tuple[Any | None, bpy.types.Collection | None]:
    """The strip of a scene that the panel is about, and the collection of its speakers.

    Panels ask many times for each drawing: strips are looked through only after a change.
    """
    editor = scene.sequence_editor
    active = None if editor is None else _meant(editor)
    if active is None:
        return None, None
    key = (active.name, active.get(document.UID), active.get(mix_strip.UID))
    if key[1:] == (None, None):
        return active, None
    known = _chosen.get(scene.session_uid)
    if known is not None and known.key == key:
        found = _found_again(scene, known)
        if found is not None:
            return found
    strip, collection = _look_up(scene, active)
    if strip is not None:
        chosen = _Chosen(key, strip.name)
        if collection is not None:
            chosen = _Chosen(key, strip.name, collection.name, collection.session_uid)
        _chosen[scene.session_uid] = chosen
    return strip, collection


def _meant(editor: bpy.types.SequenceEditor) -> Any | None:
    """The active strip; with a sound or nothing active, the one picture that is selected.

    A movie that is added with its sound leaves both selected, and the sound active.
    """
    active = editor.active_strip
    if active is not None and (active.type != "SOUND" or active.get(mix_strip.UID)):
        return active
    metas = editor.meta_stack
    here = metas[-1].strips if len(metas) else editor.strips
    # Panels and polls ask often, and an edit has thousands of strips: Blender gives both in bulk.
    selected, types = np.empty(len(here), dtype=bool), np.empty(len(here), dtype=np.int32)
    here.foreach_get("select", selected)
    if not selected.any():
        return active
    here.foreach_get("type", types)
    pictures = np.flatnonzero(selected & np.isin(types, _PICTURES))
    return here[int(pictures[0])] if len(pictures) == 1 else active


def _found_again(
    scene: bpy.types.Scene, known: _Chosen
) -> tuple[Any, bpy.types.Collection | None] | None:
    """What is known by name, where it is still the same."""
    strip = versions.strip_named(scene, known.strip)
    if strip is None or not known.collection:
        return None if strip is None else (strip, None)
    collection = bpy.data.collections.get(known.collection)
    if collection is None or collection.session_uid != known.collection_uid:
        return None
    if collection.see2sound.strip_uid != strip.get(document.UID):
        return None
    return strip, collection


def _look_up(scene: bpy.types.Scene, active: Any) -> tuple[Any | None, bpy.types.Collection | None]:
    mix = active.get(mix_strip.UID)
    if active.type == "SOUND" and mix:
        for collection in document.collections_of(scene):
            if collection.see2sound.mix_strip_uid == mix:
                strip = document.strip_of(scene, collection)
                return strip, None if strip is None else collection
    return active, document.collection_of(scene, active)


def outdated() -> None:
    """The document may have changed: what belongs to the active strip is to be looked up again."""
    _chosen.clear()


def active_collection(context: bpy.types.Context) -> bpy.types.Collection | None:
    """The collection of the active strip's speakers."""
    scene = versions.sequencer_scene(context)
    return None if scene is None else chosen_in(scene)[1]


def chosen_speaker(context: bpy.types.Context) -> bpy.types.Object | None:
    """The active object, where it is a speaker of the active strip."""
    scene, collection = versions.sequencer_scene(context), active_collection(context)
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
        Also where the strip seems to be the same but cannot be taken: a missing file may be
        there now.
    """
    scenes = {scene.session_uid: scene for scene in shown_scenes()}
    changed = False
    for uid in [uid for uid in _views if uid not in scenes]:
        del _views[uid]
        _keys.pop(uid, None)
    for uid, scene in scenes.items():
        key = _key(scene)
        known = _views.get(uid)
        missed = known is not None and (known.problem or known.lacking) is not None
        if _keys.get(uid) == key and not (look_again and missed):
            continue
        view = _prepare(scene)
        _keys[uid] = key
        changed |= _views.get(uid) != view
        _views[uid] = view
    return changed


def set_mix(scene_uid: int, mix: State, outdated: frozenset[int] = frozenset()) -> bool:
    """Tell whether sounds and mix of a scene's strip are up to date; say whether that is news."""
    before = _views.get(scene_uid)
    if before is None:
        return False
    _views[scene_uid] = replace(before, mix=mix, outdated=outdated)
    return _views[scene_uid] != before


def clear() -> None:
    """Forget everything: another file is loaded."""
    _chosen.clear()
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
    strip, collection = chosen_in(scene)
    if strip is None:
        return (None,)
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
        "" if collection is None else collection.see2sound.mix_report,
        strip.mute,
        _choice(collection),
        _makers(collection),
        computer.models_folder(),
        computer.library_folder(),
        str(computer.refused("models")),
    )


def _choice(collection: bpy.types.Collection | None) -> choice.Choice:
    return choice.choice_of(None if collection is None else collection.see2sound)


def _makers(collection: bpy.types.Collection | None) -> tuple[str, ...]:
    """The names of who makes the sounds of a strip, each once; the strip's own first."""
    things = [] if collection is None else collection.all_objects
    own = (thing.data.see2sound.maker.strip() for thing in things if thing.type == "SPEAKER")
    return tuple(dict.fromkeys((_choice(collection).part("maker"), *filter(None, own))))


def _lacking(collection: bpy.types.Collection | None) -> See2SoundError | None:
    missing = (choice.lacking({"maker": maker}) for maker in _makers(collection))
    return _choice(collection).lacking() or next((m for m in missing if m is not None), None)


def _prepare(scene: bpy.types.Scene) -> StripView:
    strip, collection = chosen_in(scene)
    if strip is None:
        return StripView()
    rate = versions.frame_rate(scene)
    frames = strip.frame_final_duration
    before = _views.get(scene.session_uid)
    known = before is not None and before.strip == strip.name
    baked = collection is not None and bool(collection.see2sound.mix_fingerprint)
    mix: State = before.mix if known else "none"
    if mix != "sounds" and baked == (mix == "none"):
        mix = "current" if baked else "none"  # until it is compared
    return StripView(
        strip=strip.name,
        icon=_STRIP_ICONS.get(strip.type, "SEQUENCE"),
        length=f"{frames / rate:.2f} s, {frames} frames from {strip.frame_final_start}",
        problem=strips.problem_of(scene, strip),
        lacking=_lacking(collection),
        mix=mix,
        outdated=before.outdated if known else frozenset(),
        temporary=collection is not None and files.is_temporary(),
        baked=mix_report.read("" if collection is None else collection.see2sound.mix_report),
    )
