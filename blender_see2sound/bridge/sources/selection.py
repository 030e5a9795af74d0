"""Which strip and which speaker a person is at.

Panels and polls ask many times for each drawing, so that what was found is kept, by names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..blend import versions
from ..timeline import mix_strip
from . import document

#: The numbers of the types that show a picture.
_PICTURES = [
    bpy.types.Strip.bl_rna.properties["type"].enum_items[kind].value for kind in ("MOVIE", "IMAGE")
]


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


_chosen: dict[int, _Chosen] = {}


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
