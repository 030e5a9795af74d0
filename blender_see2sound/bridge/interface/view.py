"""What the panels show, prepared outside of drawing.

`refresh` looks at the document and is called by a timer and by the operators;
panels read `shown` and draw.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import bpy

from ...core.errors import See2SoundError
from ..blend import files, versions, windows
from ..listener import camera
from ..mix import mix_report
from ..mix.mix_state import State
from ..setup import choice, computer
from ..sources import selection
from ..timeline import strips

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
        As `mix_state.state_of` gives it.
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


_views: dict[int, StripView] = {}
_keys: dict[int, tuple[object, ...]] = {}


def shown(context: bpy.types.Context) -> StripView | None:
    """What `refresh` prepared for this context; None when it has not yet."""
    scene = versions.sequencer_scene(context)
    return None if scene is None else _views.get(scene.session_uid)


def distance_text(context: bpy.types.Context, speaker: bpy.types.Object) -> str:
    """How far a speaker is from the camera now."""
    scene = versions.sequencer_scene(context)
    if scene is None or scene.camera is None:
        return ""
    apart = speaker.matrix_world.translation - scene.camera.matrix_world.translation
    metres = apart.length * camera.metres_per_unit(scene)
    return f"{metres:.1f} m"


def refresh(look_again: bool = False) -> bool:
    """Prepare what the panels show; say whether it has changed.

    Parameters
    ----------
    look_again : bool
        Also where the strip seems to be the same but cannot be taken: a missing file may be
        there now.
    """
    scenes = {scene.session_uid: scene for scene in windows.shown_scenes()}
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
    selection.outdated()
    _views.clear()
    _keys.clear()


def _key(scene: bpy.types.Scene) -> tuple[object, ...]:
    """What tells cheaply that the active strip is another one or was cut otherwise."""
    strip, collection = selection.chosen_in(scene)
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
    strip, collection = selection.chosen_in(scene)
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
