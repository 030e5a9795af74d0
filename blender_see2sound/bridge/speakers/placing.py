"""Sources become Speaker objects.

A speaker is a child of the scene camera, the listener: its place is that of the
sound in the picture, whatever the camera does, and dragging it in the 3D view
works as ever. Where the source moves its location is keyframed, linearly, on
whole frames; where its presence changes the speaker's volume is.

A person's changes stay: every aspect of a speaker (`record`) that is no longer
as the steps made it is left alone when they do it again.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ...core.scene import SoundScene, Source
from ..animation import actions
from ..animation.knots import knots_in_slices
from ..blend import files, found, versions
from ..listener import camera, levels, motion
from ..sources import document, monitor, record
from ..timeline.strips import shown_range
from . import matching, own_motion, sounds

#: What of a source goes into the settings as it is.
_SETTINGS = ("label", "prompt", "negative_prompt", "kind", "seed", "spread", "reverb_db")
#: How far keyframes may stray from the track: metres, and share of the distance (0.1 degree).
_METRES, _ANGLE = 0.01, 0.1 * np.pi / 180.0
_VOLUME = 0.01
#: How many boxes of a track are kept to know it again.
_BOXES = 64


@dataclass(frozen=True)
class Prepared:
    """What can be made ready for `place` without touching the document.

    Attributes
    ----------
    keyframes : dict of Keyframes
        By source id.
    thumbnails : dict of Path
        By source id; at their place beside the .blend.
    """

    keyframes: dict[str, Keyframes]
    thumbnails: dict[str, Path]


def prepare(
    scene: bpy.types.Scene, strip: Any, sound_scene: SoundScene, folder: str | Path
) -> Generator[float, None, Prepared]:
    """Do what of placing takes long or can fail: draw the tracks, keep the thumbnails.

    Parameters
    ----------
    sound_scene : SoundScene
        As a finder gives it.
    folder : path
        Where its file lies, with ``thumbnails/<id>.png`` beside it.
    """
    fps, place = versions.frame_rate(scene), files.folder_of(strip) / "thumbnails"
    prepared = Prepared({}, {})
    count = max(1, len(sound_scene.sources))
    for number, source in enumerate(sound_scene.sources):
        end = (number + 1) / count
        drawing = keyframes_of(source, fps)
        prepared.keyframes[source.id] = yield from motion.scaled(drawing, number / count, end)
        thumbnail = Path(folder) / "thumbnails" / f"{source.id}.png"
        if thumbnail.is_file():
            kept = yield from motion.scaled(files.keep(thumbnail, place, source.id), end, end)
            prepared.thumbnails[source.id] = kept
    return prepared


def place(
    scene: bpy.types.Scene,
    strip: Any,
    collection: bpy.types.Collection,
    sound_scene: SoundScene,
    prepared: Prepared,
) -> Generator[float, None, tuple[str, ...]]:
    """Give every source a speaker; speakers of an earlier time take new sources that match.

    Yields the fraction done between speakers. Speakers that match nothing any more go,
    unless a person changed something about them.

    Parameters
    ----------
    sound_scene : SoundScene
        As a finder gives it.
    prepared : Prepared
        As `prepare` gives it.

    Returns
    -------
    tuple of str
        The ids of the speakers, in the order of the sources.
    """
    scene_uid, collection_uid = scene.session_uid, collection.session_uid
    strip_name = strip.name
    camera.ensure_camera(scene)
    document.settle_ids(collection)
    old = [s for s in document.speakers_of(collection) if record.made_by_steps(s)]
    for speaker in old:
        record.claim(speaker)  # one that was renamed is ours under its new name
    matched = matching.match(sound_scene.sources, old)
    uids = {source_id: speaker.session_uid for source_id, speaker in matched.items()}
    kept = set(uids.values())
    gone = [s.session_uid for s in old if s.session_uid not in kept and not record.changed(s)]
    steps = len(sound_scene.sources) + 1
    ids, placed = [], []
    for number, source in enumerate(sound_scene.sources):
        yield number / steps
        scene, collection = found.scene(scene_uid), found.collection(collection_uid)
        strip = found.strip(scene, strip_name)
        camera.ensure_camera(scene)
        if source.id in uids:
            speaker = found.thing(uids[source.id])
        else:
            speaker = _new_speaker(scene, collection, source)
            sounds.start_sound(speaker, strip)
        _fill(scene, strip, speaker, source, prepared)
        ids.append(speaker.data.see2sound.source_id)
        placed.append(speaker.session_uid)
    yield (steps - 1) / steps
    scene, collection = found.scene(scene_uid), found.collection(collection_uid)
    strip = found.strip(scene, strip_name)
    camera.ensure_camera(scene)
    for speaker in map(found.thing, placed):
        # The camera may have been removed, and with it the parent.
        if speaker.parent is None and "placement" not in record.changed(speaker):
            _seat(scene, speaker)
    document.remove([found.thing(uid) for uid in gone])
    settings = collection.see2sound
    settings.strip_name = strip.name
    settings.strip_start = versions.content_start(strip)
    monitor.follow(collection)
    sounds.make_heard(scene, collection)
    return tuple(ids)


# ------------------------------------------------------------------ one speaker


def _new_speaker(
    scene: bpy.types.Scene, collection: bpy.types.Collection, source: Source
) -> bpy.types.Object:
    """A speaker with the NLA strip that makes it sound, which only this operator makes.

    It works in a scene of its own, so that selection and mode of the person's are as before.
    """
    workshop = bpy.data.scenes.new("See2Sound")
    try:
        with bpy.context.temp_override(
            scene=workshop,
            view_layer=workshop.view_layers[0],
            active_object=None,
            object=None,
            edit_object=None,
        ):
            bpy.ops.object.speaker_add()
        speaker = workshop.objects[0]
        speaker.select_set(False, view_layer=workshop.view_layers[0])
        collection.objects.link(speaker)
    finally:
        bpy.data.scenes.remove(workshop)
    speaker.name = speaker.data.name = source.label.strip().capitalize() or "Source"
    taken = [s.data.see2sound.source_id for s in document.speakers_of(collection)]
    used = {t.lower() for t in taken}
    source_id = document.free_id(taken) if source.id.lower() in used else source.id
    speaker.data.see2sound.source_id = source_id
    # In a view of the whole place a speaker is a dot; a person may switch its name off.
    speaker.show_name = True
    # A speaker that comes while the mix is heard must not play on top of it.
    monitor.follow(speaker.data)
    return speaker


def _seat(scene: bpy.types.Scene, speaker: bpy.types.Object) -> None:
    """Let a speaker's location count from the listener: the camera that the scene has now."""
    listener = scene.camera
    speaker.parent, speaker.parent_type = listener, "OBJECT"
    # A scaled camera is the same listener.
    size = listener.matrix_world.to_scale()
    speaker.matrix_parent_inverse = Matrix.Diagonal([1.0 / (s or 1.0) for s in size]).to_4x4()


def _fill(
    scene: bpy.types.Scene,
    strip: Any,
    speaker: bpy.types.Object,
    source: Source,
    prepared: Prepared,
) -> None:
    """Make a speaker what the source says, but for what a person changed."""
    keyframes = prepared.keyframes[source.id]
    settings, data = speaker.data.see2sound, speaker.data
    theirs = record.changed(speaker) if settings.made else set()
    spread = settings.spread
    for name in _SETTINGS:
        if name not in theirs:
            setattr(settings, name, getattr(source, name))
    if "spread" in theirs:  # another kind has brought its own
        settings.spread = spread
    if "use_lfe" not in theirs and "lfe_db" not in theirs:
        settings.use_lfe = source.lfe_db is not None
        settings.lfe_db = -10.0 if source.lfe_db is None else source.lfe_db
    start, _ = shown_range(strip)
    if "placement" not in theirs:
        _seat(scene, speaker)
        local = camera.to_camera(keyframes.places) / camera.metres_per_unit(scene)
        _set(speaker, "location", keyframes.place_frames + start, local)
    if "volume" not in theirs:
        _set(data, "volume", keyframes.volume_frames + start, keyframes.volumes)
        levels.set_law(scene, data, source)
    settings.boxes = json.dumps(_seen(source))
    settings.motion = own_motion.packed(scene, strip, source.motion)
    if source.id in prepared.thumbnails:
        settings.thumbnail = files.to_blend(prepared.thumbnails[source.id])
    record.write(speaker, set(record.current(speaker)) - theirs - {"sound"})
    record.claim(speaker)


def _set(
    block: bpy.types.ID, name: str, frames: NDArray[np.float64], values: NDArray[np.float64]
) -> None:
    """Set a property, by keyframes where it changes."""
    actions.remove_keyframes(block, name)
    setattr(block, name, values[0])
    if len(frames) > 1:
        actions.set_keyframes(block, name, frames, values, f"{block.name} {name.capitalize()}")


def _seen(source: Source) -> dict[str, Any]:
    """The source's region at some of its times: enough to know it again."""
    if not source.boxes:
        return {"times": [], "boxes": []}
    some = np.unique(np.linspace(0, len(source.boxes) - 1, _BOXES).astype(int))
    return {
        "times": [source.times[i] for i in some],
        "boxes": [source.boxes[i] for i in some],
    }


# ------------------------------------------------------------------ keyframes of a source


@dataclass(frozen=True)
class Keyframes:
    """A source's track as keyframes; one where nothing changes.

    Attributes
    ----------
    place_frames : (K,) array
        From the clip's start, whole.
    places : (K, 3) array
        Metres in the listener's frame.
    volume_frames : (M,) array
    volumes : (M,) array
        0 to 1.
    """

    place_frames: NDArray[np.float64]
    places: NDArray[np.float64]
    volume_frames: NDArray[np.float64]
    volumes: NDArray[np.float64]


def keyframes_of(source: Source, fps: float) -> Generator[float, None, Keyframes]:
    """Draw a source's track with as few keyframes as its shape needs."""
    times = np.asarray(source.times)
    places = np.asarray(source.positions, dtype=np.float64)
    volumes = np.asarray(source.presence or (1.0,) * len(times), dtype=np.float64)
    volumes = volumes * min(1.0, 10.0 ** (source.gain_db / 20.0))
    # Keyframes lie on whole frames, where a person expects them.
    frames = np.unique(np.rint(times * fps))
    at = frames / fps
    places = np.stack([np.interp(at, times, column) for column in places.T], axis=1)
    volumes = np.interp(at, times, volumes)
    near = np.clip(_ANGLE * np.linalg.norm(places, axis=1), 1e-3, _METRES)
    moved = yield from motion.scaled(knots_in_slices(frames, places, near), 0.0, 0.5)
    changed = yield from motion.scaled(knots_in_slices(frames, volumes, _VOLUME), 0.5, 1.0)
    return Keyframes(frames[moved], places[moved], frames[changed], volumes[changed])
