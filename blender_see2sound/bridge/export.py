"""The document as a sound scene: what making sounds and mixing read.

Every Speaker in the strip's collection is a source, as Blender evaluates it.
A sound that starts elsewhere than the clip, is packed into the .blend or plays
at another pitch is written to the session folder as it is heard.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Generator
from pathlib import Path
from typing import Any

import aud
import bpy
import numpy as np
from numpy.typing import NDArray

from ..core import rooms
from ..core.errors import See2SoundError
from ..core.files import atomic_path
from ..core.scene import Clip, Room, SoundScene, Source
from . import actions, camera, document, files, found, levels, monitor, motion
from .strips import StripClip, clip_of

#: A source that is left out, dB: nothing of it is left.
_SILENT_DB = -200.0
_LOUDEST_DB = 60.0
#: Of the sounds that are written, Hz.
_RATE = 48_000
#: How far a sound may start from the clip before that matters, seconds.
_TOGETHER = 0.002


def to_sound_scene(
    scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection
) -> Generator[float, None, SoundScene]:
    """Read every speaker of a strip.

    Yields the fraction done; the current frame is as before at every pause.

    Returns
    -------
    SoundScene
        With absolute paths. A speaker without a sound has none there either; one that a
        person muted has a gain of -200 dB.

    Raises
    ------
    See2SoundError
        When the scene has no camera, a sound file is missing, or Blender cannot read it.
    """
    scene_uid, collection_uid = scene.session_uid, collection.session_uid
    document.settle_ids(collection)
    clip = clip_of(scene, strip)
    fov = camera.horizontal_fov(scene, clip.size)
    speakers = document.speakers_of(collection)
    uids = [s.session_uid for s in speakers]
    ids = document.source_ids(collection)
    sampling = motion.tracks(scene, speakers, clip.frame_start, clip.frame_end)
    tracks = yield from motion.scaled(sampling, 0.0, 0.9)
    sources = []
    for number, (uid, track) in enumerate(zip(uids, tracks, strict=True)):
        yield 0.9 + 0.1 * number / len(uids)
        scene, collection = found.scene(scene_uid), found.collection(collection_uid)
        speaker = found.thing(uid)
        sources.append(_source(scene, collection, speaker, ids[speaker.name], track, clip))
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
        _room(found.collection(collection_uid), sources),
    )


def _source(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    speaker: bpy.types.Object,
    source_id: str,
    track: motion.Track,
    clip: StripClip,
) -> Source:
    settings = speaker.data.see2sound
    distances = np.linalg.norm(track.positions, axis=1)
    heard = track.volumes * levels.live_over_mixed(scene, speaker.data, distances)
    loudest = float(heard.max(initial=0.0))
    # The speaker's level is a gain where it stands still, and presence where it changes.
    gain = 20.0 * math.log10(max(loudest, 1e-10))
    if monitor.muted_by_person(collection, speaker) or loudest <= 0.0:
        gain = _SILENT_DB
    presence = heard / loudest if loudest > 0.0 else np.ones(len(heard))
    return Source(
        id=source_id,
        label=settings.label or speaker.name,
        prompt=settings.prompt or settings.label or speaker.name,
        kind=settings.kind,
        times=tuple(float(t) for t in (track.frames - clip.frame_start) / clip.fps),
        positions=tuple((float(x), float(y), float(z)) for x, y, z in track.positions),
        presence=tuple(float(p) for p in np.clip(presence, 0.0, 1.0)),
        sound=_sound(scene, speaker, clip),
        gain_db=min(max(gain, _SILENT_DB), _LOUDEST_DB),
        spread=settings.spread,
        reverb_db=settings.reverb_db,
        lfe_db=settings.lfe_db if settings.use_lfe else None,
        seed=settings.seed,
    )


def _room(collection: bpy.types.Collection, sources: list[Source]) -> Room | None:
    settings = collection.see2sound
    if not settings.use_room:
        return None
    x, y, z = settings.room_size
    if settings.room_kind == "PLAIN":
        room = Room((x, y, z), settings.rt60)
    else:
        room = rooms.edited(rooms.preset_named(settings.room_kind), (x, y, z), settings.rt60)
    return rooms.fitted(room, sources) if settings.room_fits else room


def _render_size(scene: bpy.types.Scene) -> tuple[int, int]:
    return scene.render.resolution_x, scene.render.resolution_y


# ------------------------------------------------------------------ sounds as they are heard


def _sound(scene: bpy.types.Scene, speaker: bpy.types.Object, clip: StripClip) -> str | None:
    """The file with a speaker's sound from the clip's start on."""
    sound = speaker.data.sound
    if sound is None:
        return None
    path = files.absolute(sound.filepath, sound.library)
    packed = sound.packed_file
    if packed is None and not path.is_file():
        raise See2SoundError(
            f"the sound of {speaker.name!r} is missing",
            f"{path} does not exist",
            "Choose another sound for the speaker, or make it again",
            kind="missing-file",
        )
    starts = [s.frame_start for s in actions.sound_strips(speaker) if not s.mute]
    late = (starts[0] - clip.frame_start) / clip.fps if starts else 0.0
    pitch = speaker.data.pitch
    if packed is None and abs(late) < _TOGETHER and abs(pitch - 1.0) < 1e-6:
        return str(path)
    return str(_written(sound, path, late, pitch, clip.duration))


def _written(sound: bpy.types.Sound, path: Path, late: float, pitch: float, seconds: float) -> Path:
    """Write a sound as it is heard from the clip's start; once, its name tells from what."""
    if sound.packed_file is not None:
        path = _unpacked(sound.packed_file.data, path.suffix)
    state = path.stat()
    what = f"{path} {state.st_size} {state.st_mtime_ns} {late:.6f} {pitch:.6f} {seconds:.6f}"
    target = _heard_folder() / f"{hashlib.sha256(what.encode()).hexdigest()[:16]}.wav"
    if target.exists():
        return target
    try:
        samples = _heard(path, late, pitch, seconds)
    except aud.error as error:
        raise See2SoundError(
            f"cannot read the sound {path}",
            str(error),
            "Choose another sound for the speaker, or make it again",
            kind="bad-sound",
        ) from error
    with atomic_path(target) as part:
        part.write_bytes(_wav(samples))
    return target


def _heard(path: Path, late: float, pitch: float, seconds: float) -> NDArray[np.float32]:
    """A sound's samples from the clip's start to its end: mono, 48 kHz."""
    sound = aud.Sound(str(path))
    if pitch != 1.0:
        sound = sound.pitch(pitch)
    sound = sound.resample(_RATE, True).rechannel(1)
    samples = sound.limit(max(-late, 0.0), max(seconds - late, 0.0)).data()[:, 0]
    return np.concatenate((np.zeros(round(max(late, 0.0) * _RATE), dtype=np.float32), samples))


def _wav(samples: NDArray[np.float32]) -> bytes:
    """A WAV file of 32-bit floats (RIFF, WAVE_FORMAT_IEEE_FLOAT), mono, 48 kHz."""
    data = samples.astype("<f4").tobytes()
    kind = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, _RATE, 4 * _RATE, 4, 32)
    fact = struct.pack("<4sII", b"fact", 4, len(samples))
    body = b"WAVE" + kind + fact + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def _unpacked(data: bytes, suffix: str) -> Path:
    target = _heard_folder() / f"{hashlib.sha256(data).hexdigest()[:16]}{suffix}"
    if not target.exists():
        with atomic_path(target) as part:
            part.write_bytes(data)
    return target


def _heard_folder() -> Path:
    return files.session_folder() / "heard"
