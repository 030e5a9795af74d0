"""Sources become Speaker objects, and speakers get their sounds.

A speaker is a child of the scene camera, the listener: its place is that of the
sound in the picture, whatever the camera does, and dragging it in the 3D view
works as ever. Where the source moves its location is keyframed, linearly, on
whole frames; where its presence changes the speaker's volume is.

A person's changes stay: every aspect of a speaker (`record`) that is no longer
as the steps made it is left alone when they do it again.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..core.scene import SoundScene, Source
from . import actions, camera, document, files, found, levels, matching, monitor, record, versions
from .knots import knots
from .strips import shown_range

#: What of a source goes into the settings as it is.
_SETTINGS = ("label", "prompt", "kind", "seed", "spread", "reverb_db")
#: How far keyframes may stray from the track: metres, and share of the distance (0.1 degree).
_METRES, _ANGLE = 0.01, 0.1 * np.pi / 180.0
_VOLUME = 0.01


def place(
    scene: bpy.types.Scene,
    strip: Any,
    collection: bpy.types.Collection,
    sound_scene: SoundScene,
    folder: str | Path,
) -> Generator[float, None, tuple[str, ...]]:
    """Give every source a speaker; speakers of an earlier time take new sources that match.

    Yields the fraction done between speakers. Speakers that match nothing any more go,
    unless a person changed something about them.

    Parameters
    ----------
    sound_scene : SoundScene
        As a finder gives it.
    folder : path
        Where its file lies, with ``thumbnails/<id>.png`` beside it.

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
    matched = matching.match(sound_scene.sources, old)
    uids = {source_id: speaker.session_uid for source_id, speaker in matched.items()}
    kept = set(uids.values())
    gone = [s.session_uid for s in old if s.session_uid not in kept and not record.changed(s)]
    ids = []
    for number, source in enumerate(sound_scene.sources):
        yield number / (len(sound_scene.sources) + 1)
        scene, collection = found.scene(scene_uid), found.collection(collection_uid)
        strip = found.strip(scene, strip_name)
        speaker = found.thing(uids[source.id]) if source.id in uids else None
        if speaker is None:
            speaker = _new_speaker(scene, collection, source)
        _fill(scene, strip, speaker, source, Path(folder))
        ids.append(speaker.data.see2sound.source_id)
    yield len(sound_scene.sources) / (len(sound_scene.sources) + 1)
    scene, collection = found.scene(scene_uid), found.collection(collection_uid)
    strip = found.strip(scene, strip_name)
    document.remove([found.thing(uid) for uid in gone])
    settings = collection.see2sound
    settings.strip_name = strip.name
    settings.strip_start = versions.content_start(strip)
    monitor.follow(collection)
    make_heard(scene, collection)
    return tuple(ids)


def give_sounds(
    scene: bpy.types.Scene, collection: bpy.types.Collection, sounds: Mapping[str, str | Path]
) -> Generator[float, None, tuple[str, ...]]:
    """Give speakers their sounds, to be heard in playback at once.

    Yields the fraction done between speakers. A sound that a person chose stays.

    Parameters
    ----------
    sounds : mapping of source id to path
        The files are copied to the strip's folder.

    Returns
    -------
    tuple of str
        What a person should know: whose own sounds stayed.
    """
    scene_uid, collection_uid = scene.session_uid, collection.session_uid
    notes = []
    for number, (source_id, path) in enumerate(sounds.items()):
        yield number / (len(sounds) + 1)
        scene, collection = found.scene(scene_uid), found.collection(collection_uid)
        ids = document.source_ids(collection)
        for speaker in document.speakers_of(collection):
            if ids[speaker.name] != source_id:
                continue
            if has_own_sound(speaker):
                notes.append(f"{speaker.name!r} keeps its own sound")
            else:
                strip = document.strip_of(scene, collection)
                _set_sound(speaker, Path(path), files.folder_of(strip or collection))
    yield len(sounds) / (len(sounds) + 1)
    make_heard(found.scene(scene_uid), found.collection(collection_uid))
    return tuple(notes)


def has_own_sound(speaker: bpy.types.Object) -> bool:
    """A person chose the speaker's sound."""
    sound = speaker.data.sound
    return sound is not None and record.sound_name(sound) != record.read(speaker).get("sound")


def make_heard(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    """Let playback and mixdown know of new speakers and sounds.

    Blender looks for them when it rebuilds the relations of its dependency graph, and then
    only at what is tagged: a passing empty makes it rebuild.
    """
    passing = bpy.data.objects.new("See2Sound", None)
    collection.objects.link(passing)
    for layer in scene.view_layers:
        layer.update()
    bpy.data.objects.remove(passing)
    for speaker in document.speakers_of(collection):
        speaker.update_tag()
        speaker.data.update_tag()
    for layer in scene.view_layers:
        layer.update()


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
    listener = scene.camera
    speaker.parent = listener
    # A scaled camera is the same listener.
    size = listener.matrix_world.to_scale()
    speaker.matrix_parent_inverse = Matrix.Diagonal([1.0 / (s or 1.0) for s in size]).to_4x4()
    return speaker


def _fill(
    scene: bpy.types.Scene, strip: Any, speaker: bpy.types.Object, source: Source, folder: Path
) -> None:
    """Make a speaker what the source says, but for what a person changed."""
    settings, data = speaker.data.see2sound, speaker.data
    theirs = record.changed(speaker) if settings.made else set()
    for name in _SETTINGS:
        if name not in theirs:
            setattr(settings, name, getattr(source, name))
    if "use_lfe" not in theirs and "lfe_db" not in theirs:
        settings.use_lfe = source.lfe_db is not None
        settings.lfe_db = -10.0 if source.lfe_db is None else source.lfe_db
    start, end = shown_range(strip)
    fps = versions.frame_rate(scene)
    if "placement" not in theirs:
        _set_track(scene, speaker, source, start, fps)
    if "volume" not in theirs:
        _set_presence(data, source, start, fps)
        levels.set_law(scene, data, source)
    for part in actions.sound_strips(speaker):
        part.frame_start, part.frame_end = start, max(end, start + 1)
    settings.boxes = json.dumps({"times": source.times, "boxes": source.boxes})
    thumbnail = folder / "thumbnails" / f"{source.id}.png"
    if thumbnail.is_file():
        place = files.folder_of(strip) / "thumbnails"
        settings.thumbnail = files.to_blend(files.keep(thumbnail, place, settings.source_id))
    record.write(speaker, set(record.current(speaker)) - theirs - {"sound"})


def _set_track(
    scene: bpy.types.Scene, speaker: bpy.types.Object, source: Source, start: int, fps: float
) -> None:
    places = np.asarray(source.positions, dtype=np.float64)
    frames, places = on_frames(np.asarray(source.times), places, fps)
    distance = np.linalg.norm(places, axis=1)
    chosen = knots(frames, places, np.clip(_ANGLE * distance, 1e-3, _METRES))
    local = camera.to_camera(places[chosen]) / camera.metres_per_unit(scene)
    actions.remove_keyframes(speaker, "location")
    speaker.location = local[0]
    if len(chosen) > 1:
        name = f"{speaker.name} Motion"
        actions.set_keyframes(speaker, "location", frames[chosen] + start, local, name)


def _set_presence(data: bpy.types.Speaker, source: Source, start: int, fps: float) -> None:
    presence = np.asarray(source.presence or (1.0,) * len(source.times), dtype=np.float64)
    volume = presence * min(1.0, 10.0 ** (source.gain_db / 20.0))
    frames, volume = on_frames(np.asarray(source.times), volume, fps)
    chosen = knots(frames, volume, _VOLUME)
    actions.remove_keyframes(data, "volume")
    data.volume = float(volume[0])
    if len(chosen) > 1:
        name = f"{data.name} Presence"
        actions.set_keyframes(data, "volume", frames[chosen] + start, volume[chosen], name)


def on_frames(times: np.ndarray, values: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Sample a track at the whole frames nearest to its times.

    Returns
    -------
    (K,) array, (K, ...) array
        Frames from the clip's start, rising, and the values there.
    """
    frames = np.unique(np.rint(times * fps))
    columns = values.reshape(len(times), -1)
    sampled = np.stack([np.interp(frames / fps, times, c) for c in columns.T], axis=1)
    return frames, sampled.reshape(len(frames), *values.shape[1:])


def _set_sound(speaker: bpy.types.Object, path: Path, folder: Path) -> None:
    name = f"{speaker.data.see2sound.source_id}-{speaker.data.see2sound.label}".strip("-")
    kept = files.keep(path, folder / "sounds", name)
    old = speaker.data.sound
    speaker.data.sound = bpy.data.sounds.load(str(kept), check_existing=True)
    speaker.data.sound.filepath = files.to_blend(kept)
    if old is not None and old.users == 0:
        bpy.data.sounds.remove(old)
    record.write(speaker, ("sound",))
