"""What the steps made of a speaker, kept so that what a person changed since can be told.

`SourceSettings.made` is a JSON object of aspects: ``placement`` and ``volume``
as fingerprints, the other settings and the sound file's name as they are. An
aspect that is no longer as recorded was changed by a person and stays. ``object``
and ``uid`` tell the speaker that the steps made from a person's copies of it.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

import bpy
import numpy as np

from ..animation.actions import curve_values, curves_of

#: The settings of a source that a step fills in.
SETTINGS = (
    *("label", "prompt", "negative_prompt", "kind", "seed", "spread", "reverb_db", "use_lfe"),
    *("lfe_db", "maker", "locked"),
)
#: What a record means that does not say it.
_UNSAID = {"sound": "", "negative_prompt": "", "maker": "", "locked": False}


def read(speaker: bpy.types.Object) -> dict[str, Any]:
    """The record; empty for a speaker that a person made."""
    text = speaker.data.see2sound.made
    if not text:
        return {}
    try:
        made = json.loads(text)
    except ValueError:
        # Edited by hand: as good as a person's own.
        return {}
    return made if isinstance(made, dict) else {}


def made_by_steps(speaker: bpy.types.Object) -> bool:
    """The steps made this very object; a person's copy of it bears the record too.

    Under the recorded name it is the original. A renamed one is as long as no other bearer
    is: a copy is called as its original and a number, its name the longer one.
    """
    made = read(speaker)
    name, uid = made.get("object"), made.get("uid")
    if not name or not uid or speaker.library is not None:  # what is linked was made elsewhere
        return False
    if speaker.name == name:
        return True
    bearers = [other.name for other in _bearers(uid)]
    if name in bearers or _is_copy(speaker.name, name):
        return False
    renamed = [other for other in bearers if not _is_copy(other, name)]
    return speaker.name == min(renamed, key=lambda other: (len(other), other))


def claim(speaker: bpy.types.Object) -> None:
    """Record that the steps made this object, under its name of now; its copies are a person's."""
    made = read(speaker)
    uid = made.setdefault("uid", uuid.uuid4().hex)
    for copy in _bearers(uid):
        if copy.data != speaker.data:
            _keep(copy, {**read(copy), "uid": ""})
    _keep(speaker, {**made, "object": speaker.name})


def write(speaker: bpy.types.Object, aspects: Iterable[str]) -> None:
    """Record how these aspects of the speaker are now; the others stay as recorded."""
    made, now = read(speaker), current(speaker)
    _keep(speaker, {**made, **{aspect: now[aspect] for aspect in aspects}})


def add(speaker: bpy.types.Object, name: str, value: Any) -> None:
    """Record something that is not read off the speaker."""
    _keep(speaker, {**read(speaker), name: value})


def has_own_sound(speaker: bpy.types.Object) -> bool:
    """A person chose the speaker's sound."""
    sound = speaker.data.sound
    return sound is not None and sound_name(sound) != read(speaker).get("sound")


def changed(speaker: bpy.types.Object) -> set[str]:
    """The aspects that a person changed; nearly all on one that the steps did not make."""
    made, now = {**_UNSAID, **read(speaker)}, current(speaker)
    return {aspect for aspect, value in now.items() if made.get(aspect) != value}


def current(speaker: bpy.types.Object) -> dict[str, Any]:
    """Every aspect as it is now."""
    settings = speaker.data.see2sound
    now: dict[str, Any] = {name: _plain(getattr(settings, name)) for name in SETTINGS}
    now["placement"] = _placement(speaker)
    now["volume"] = _volume(speaker.data)
    now["sound"] = sound_name(speaker.data.sound)
    return now


def sound_name(sound: bpy.types.Sound | None) -> str:
    """By what a sound is known again: its file's name; folders change when a .blend moves."""
    if sound is None:
        return ""
    return PurePath(sound.filepath.replace("\\", "/")).name or sound.name


def _bearers(uid: str) -> list[bpy.types.Object]:
    """The speakers whose record has this uid."""
    speakers = (o for o in bpy.data.objects if o.type == "SPEAKER" and o.library is None)
    return [s for s in speakers if uid in s.data.see2sound.made and read(s).get("uid") == uid]


def _is_copy(name: str, original: str) -> bool:
    """Blender calls a copy so: ``Dog.001``, which a copy of ``Dog.001`` is called too."""
    base = re.sub(r"\.\d{3,}$", "", original)
    return re.fullmatch(rf"{re.escape(base)}\.\d{{3,}}", name) is not None


def _keep(speaker: bpy.types.Object, made: dict[str, Any]) -> None:
    text = json.dumps(made, ensure_ascii=False, sort_keys=True)
    if speaker.data.see2sound.made != text:
        speaker.data.see2sound.made = text


def _plain(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _placement(speaker: bpy.types.Object) -> str:
    digest = hashlib.sha256()
    parent = speaker.parent
    # One whose camera was removed is as it was made, and gets the next camera.
    digest.update(
        ("OBJECT CAMERA" if parent is None else f"{speaker.parent_type} {parent.type}").encode()
    )
    for name in ("location", "rotation_euler", "scale"):
        # What is keyframed changes with the frame; then the keyframes tell.
        if not any(c.data_path == name for c in curves_of(speaker)):
            digest.update(np.round(np.array(getattr(speaker, name)), 5).tobytes())
    _add_curves(digest, speaker, ("location", "rotation_euler", "rotation_quaternion", "scale"))
    digest.update(",".join(c.type for c in speaker.constraints).encode())
    return digest.hexdigest()[:16]


def _volume(data: bpy.types.Speaker) -> str:
    digest = hashlib.sha256()
    if not any(c.data_path == "volume" for c in curves_of(data)):
        digest.update(f"{data.volume:.5f}".encode())
    _add_curves(digest, data, ("volume",))
    return digest.hexdigest()[:16]


def _add_curves(digest: Any, block: bpy.types.ID, paths: tuple[str, ...]) -> None:
    for curve in curves_of(block):
        if curve.data_path in paths:
            digest.update(f"{curve.data_path}{curve.array_index}".encode())
            # Times relative to the first: a speaker that followed its strip in time is unchanged.
            values = curve_values(curve)
            if len(values):
                values[:, 0] -= values[0, 0]
            digest.update(np.round(values, 3).tobytes())
