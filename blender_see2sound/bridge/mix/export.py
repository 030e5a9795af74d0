"""The document as a sound scene: what making sounds and mixing read.

Every Speaker in the strip's collection is a source, as Blender evaluates it. Only
the mix needs what is heard of it: the sounds (`heard`) and the room (`room`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Generator
from typing import Any

import bpy
import numpy as np

from ...core.scene import Clip, SoundScene, Source
from ..blend import found, versions
from ..listener import camera, motion
from ..sources import document, monitor
from ..speakers import heard, own_motion, recipe
from ..timeline.strips import StripClip, clip_of
from . import room

#: A source that is left out, dB: nothing of it is left.
_SILENT_DB = -200.0
_LOUDEST_DB = 60.0


def to_sound_scene(
    scene: bpy.types.Scene,
    strip: Any,
    collection: bpy.types.Collection,
    for_mix: bool = True,
) -> Generator[float, None, SoundScene]:
    """Read every speaker of a strip.

    Yields the fraction done; the current frame is as before at every pause.

    Parameters
    ----------
    for_mix : bool
        With the sounds and the room, which must fit; else with what their makers are told.

    Returns
    -------
    SoundScene
        With absolute paths. A speaker without a sound has none there either; one that a
        person muted has a gain of -200 dB.

    Raises
    ------
    See2SoundError
        When the scene has no camera; for the mix also when a sound file is missing, Blender
        cannot read it, or a speaker is outside the room.
    """
    scene_uid, collection_uid = scene.session_uid, collection.session_uid
    clip = clip_of(scene, strip)
    fov = camera.horizontal_fov(scene, clip.size)
    mark, content_start = own_motion.mark_of(scene, strip), versions.content_start(strip)
    speakers = document.speakers_of(collection)
    uids = [s.session_uid for s in speakers]
    ids = document.source_ids(collection)
    sampling = motion.tracks(scene, speakers, clip.frame_start, clip.frame_end)
    tracks = yield from motion.scaled(sampling, 0.0, 0.6)
    sources = []
    for number, (uid, track) in enumerate(zip(uids, tracks, strict=True)):
        begun, ended = 0.6 + 0.4 * np.array((number, number + 1)) / len(uids)
        yield begun
        scene, collection = found.scene(scene_uid), found.collection(collection_uid)
        speaker = found.thing(uid)
        source = _source(collection, speaker, ids[speaker.name], track, clip)
        if not for_mix:
            own = recipe.motion_of(speaker, mark)
            source = dataclasses.replace(
                source,
                maker=recipe.maker_of(collection, speaker),
                negative_prompt=speaker.data.see2sound.negative_prompt,
                motion=own_motion.unpacked(own, content_start, clip) if own else None,
            )
        played = heard.played(speaker, clip) if for_mix else None
        if played is not None:
            work = heard.from_start(played, clip.duration)
            file = yield from motion.scaled(work, begun, ended)
            source = dataclasses.replace(source, sound=str(file))
        sources.append(source)
    around = None
    if for_mix:
        names = [found.thing(uid).name for uid in uids]
        scene, collection = found.scene(scene_uid), found.collection(collection_uid)
        around = room.around(scene, collection, names, sources)
    return SoundScene(
        Clip(
            path=str(clip.path),
            start=0.0,
            duration=clip.duration,
            frame_rate=clip.fps,
            size=clip.size if min(clip.size) > 0 else _render_size(scene),
            horizontal_fov=fov,
        ),
        tuple(sources),
        around,
    )


def _source(
    collection: bpy.types.Collection,
    speaker: bpy.types.Object,
    source_id: str,
    track: motion.Track,
    clip: StripClip,
) -> Source:
    settings, (label, prompt) = speaker.data.see2sound, recipe.words(speaker)
    volumes = track.volumes
    loudest = float(volumes.max(initial=0.0))
    # The speaker's level is a gain where it stands still, and presence where it changes.
    gain = 20.0 * math.log10(max(loudest, 1e-10))
    if monitor.muted_by_person(collection, speaker) or loudest <= 0.0:
        gain = _SILENT_DB
    presence = volumes / loudest if loudest > 0.0 else np.ones(len(volumes))
    return Source(
        id=source_id,
        label=label,
        prompt=prompt,
        kind=settings.kind,
        times=tuple(float(t) for t in (track.frames - clip.frame_start) / clip.fps),
        positions=tuple((float(x), float(y), float(z)) for x, y, z in track.positions),
        presence=tuple(float(p) for p in np.clip(presence, 0.0, 1.0)),
        gain_db=min(max(gain, _SILENT_DB), _LOUDEST_DB),
        spread=settings.spread,
        reverb_db=settings.reverb_db,
        lfe_db=settings.lfe_db if settings.use_lfe else None,
        seed=settings.seed,
    )


def _render_size(scene: bpy.types.Scene) -> tuple[int, int]:
    return scene.render.resolution_x, scene.render.resolution_y
