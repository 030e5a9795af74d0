"""Which collection belongs to which strip, and what is in it.

The strip bears a uid (custom property ``see2sound``), its collection the same
(`StripSettings.strip_uid`), so that both can be renamed. A copied or split strip
bears the uid of its original: of several, the one whose name the collection
remembers owns it, else the first in time; another one gets a uid and a
collection of its own when its sources are found.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import bpy

from ..animation import actions
from ..blend import versions
from ..timeline import mix_strip
from . import record

#: The custom property of a strip that links it to its collection.
UID = "see2sound"


def owner_of(scene: bpy.types.Scene, uid: str, name: str) -> Any | None:
    """The strip that owns a uid, when its collection remembers this name."""
    named = versions.strip_named(scene, name)
    if named is not None and named.get(UID) == uid:
        return named
    return first_of(s for s in versions.all_strips(scene) if s.get(UID) == uid)


def first_of(strips: Iterable[Any]) -> Any | None:
    """Of strips that bear the same uid, the one that owns it when none has the known name."""
    return min(strips, key=lambda s: (versions.left_edge(s), s.name), default=None)


class Bearers:
    """The strips of a scene that bear a uid of ours, read in one pass; good for this moment only.

    Parameters
    ----------
    scene : Scene
    """

    def __init__(self, scene: bpy.types.Scene) -> None:
        self._pictures: dict[str, list[Any]] = {}
        self._mixes: dict[str, list[Any]] = {}
        for strip in versions.all_strips(scene):
            for key, bearers in ((UID, self._pictures), (mix_strip.UID, self._mixes)):
                uid = strip.get(key)
                if uid:
                    bearers.setdefault(uid, []).append(strip)

    def strip_of(self, collection: bpy.types.Collection) -> Any | None:
        """As the function of this name."""
        settings = collection.see2sound
        bearing = self._pictures.get(settings.strip_uid, [])
        named = next((s for s in bearing if s.name == settings.strip_name), None)
        return named or first_of(bearing)

    def mix_strip_of(self, collection: bpy.types.Collection) -> Any | None:
        """As `mix_strip.mix_strip_of`."""
        return mix_strip.first_of(self._mixes.get(collection.see2sound.mix_strip_uid, []))


def collection_of(
    scene: bpy.types.Scene, strip: Any, create: bool = False
) -> bpy.types.Collection | None:
    """The collection of a strip's speakers.

    Parameters
    ----------
    create : bool
        Make it, and give the strip a uid of its own, where there is none.

    Returns
    -------
    Collection or None
    """
    uid = strip.get(UID)
    if isinstance(uid, str) and uid:
        for collection in scene.collection.children_recursive:
            settings = collection.see2sound
            if settings.is_see2sound and settings.strip_uid == uid:
                known = settings.strip_name == strip.name  # names are unique in a scene
                if known or owner_of(scene, uid, settings.strip_name) == strip:
                    return collection
                break
    if not create:
        return None
    strip[UID] = uuid.uuid4().hex
    collection = bpy.data.collections.new(f"{strip.name} Sounds")
    scene.collection.children.link(collection)
    collection.see2sound.is_see2sound = True
    collection.see2sound.strip_uid = strip[UID]
    collection.see2sound.strip_start = versions.content_start(strip)
    collection.see2sound.strip_name = strip.name
    return collection


def strip_of(scene: bpy.types.Scene, collection: bpy.types.Collection) -> Any | None:
    """The strip that a collection belongs to; None when it was deleted."""
    settings = collection.see2sound
    if not settings.is_see2sound or not settings.strip_uid:
        return None
    return owner_of(scene, settings.strip_uid, settings.strip_name)


def collections_of(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Every collection of a strip in this scene, those of deleted strips too."""
    return [c for c in scene.collection.children_recursive if c.see2sound.is_see2sound]


def remember(scene: bpy.types.Scene) -> None:
    """Let every collection know its strip's name of now, before a copy can be taken for it."""
    for collection in collections_of(scene):
        strip = strip_of(scene, collection)
        if strip is not None and collection.see2sound.strip_name != strip.name:
            collection.see2sound.strip_name = strip.name


def speakers_of(collection: bpy.types.Collection) -> list[bpy.types.Object]:
    """Every Speaker object in a collection, those in nested collections too, by name."""
    return sorted((o for o in collection.all_objects if o.type == "SPEAKER"), key=lambda o: o.name)


def settle_ids(collection: bpy.types.Collection, settled: Mapping[int, str] | None = None) -> None:
    """Write the ids that `source_ids` gives, where a speaker has none or a copy's.

    Linked duplicates share their settings, and with them the id of the first of them.

    Parameters
    ----------
    settled : mapping of int to str, optional
        The ids that speakers, by their session uid, were given before: they keep these.
    """
    if settled is not None:
        _write_ids(collection, settled)
    _write_ids(collection, ids_by_uid(collection))


def _write_ids(collection: bpy.types.Collection, ids: Mapping[int, str]) -> None:
    for speaker in speakers_of(collection):
        settings = speaker.data.see2sound
        wanted = ids.get(speaker.session_uid, settings.source_id)
        if settings.source_id != wanted and speaker.data.users == 1:
            settings.source_id = wanted


def source_ids(collection: bpy.types.Collection) -> dict[str, str]:
    """Each speaker's id in the sound scene, by the object's name: unique, nothing is written.

    A copy bears its original's id: of several, the object that the steps made keeps it.
    """
    ids: dict[str, str] = {}
    taken: set[str] = set()
    waiting = []
    for speaker in sorted(speakers_of(collection), key=lambda o: not record.made_by_steps(o)):
        source_id = speaker.data.see2sound.source_id
        if source_id and source_id.lower() not in taken:
            taken.add(source_id.lower())
            ids[speaker.name] = source_id
        else:
            waiting.append(speaker)
    for speaker in waiting:
        ids[speaker.name] = free_id(taken)
        taken.add(ids[speaker.name])
    return ids


def ids_by_uid(collection: bpy.types.Collection) -> dict[int, str]:
    """As `source_ids`, by the object's session uid, which outlives a new name."""
    ids = source_ids(collection)
    return {speaker.session_uid: ids[speaker.name] for speaker in speakers_of(collection)}


def free_id(taken: Iterable[str]) -> str:
    """The first of s1, s2, … that is not taken."""
    used = {t.lower() for t in taken}
    number = 1
    while f"s{number}" in used:
        number += 1
    return f"s{number}"


# ------------------------------------------------------------------ changing


def is_in_step(strip: Any, collection: bpy.types.Collection) -> bool:
    """Whether `follow_strip` would change nothing."""
    settings = collection.see2sound
    return settings.strip_name == strip.name and _moved(strip, settings) == 0


def _moved(strip: Any, settings: Any) -> int:
    return round(versions.content_start(strip) - settings.strip_start)


def follow_strip(scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection) -> int:
    """Bring speakers and mix along when their strip was moved in time.

    A trim moves nothing: what is seen when stays the same.

    Returns
    -------
    int
        The frames that the strip had moved.
    """
    settings = collection.see2sound
    if settings.strip_name != strip.name:
        settings.strip_name = strip.name
    moved = _moved(strip, settings)
    if moved == 0:
        return 0
    settings.strip_start += moved
    blocks: dict[int, Any] = {}
    for speaker in speakers_of(collection):
        if record.made_by_steps(speaker):
            blocks[speaker.session_uid] = speaker
            blocks[speaker.data.session_uid] = speaker.data
            for part in actions.sound_strips(speaker):
                length = part.frame_end - part.frame_start
                part.frame_start += moved
                part.frame_end = part.frame_start + length
    shifted: set[tuple[int, int]] = set()
    for block in blocks.values():
        data = block.animation_data
        # Copies may share an action: it moves once.
        if data is not None and data.action is not None:
            key = (data.action.session_uid, data.action_slot_handle)
            if key not in shifted:
                shifted.add(key)
                actions.shift_keyframes(block, moved)
    mix_strip.follow(scene, strip, collection, moved)
    return moved


def clear(scene: bpy.types.Scene, strip: Any) -> None:
    """Remove what the steps made for a strip: speakers, mix strip and collection; files stay.

    Speakers that a person added or copied stay, and with them the collection. The scene
    camera stays.
    """
    collection = collection_of(scene, strip)
    if collection is None:
        return
    mix_strip.remove_mix(scene, collection)
    remove([s for s in speakers_of(collection) if record.made_by_steps(s)])
    for speaker in speakers_of(collection):
        if speaker.data.muted and not speaker.data.see2sound.mute:
            speaker.data.muted = False
    discard_empty(collection.session_uid)


def discard_empty(session_uid: int) -> None:
    """Remove a collection that holds nothing, and the link of its strip; one that is gone is gone."""
    for collection in bpy.data.collections:
        if collection.session_uid != session_uid or collection.all_objects or collection.children:
            continue
        uid = collection.see2sound.strip_uid
        for scene in bpy.data.scenes:
            strip = strip_of(scene, collection)
            if strip is not None and strip.get(UID) == uid:
                del strip[UID]
        bpy.data.collections.remove(collection)
        return


def remove(speakers: list[bpy.types.Object]) -> None:
    """Remove speakers, and with them their keyframes and sounds that nothing else uses."""
    left: list[Any] = []
    for speaker in speakers:
        for block in (speaker, speaker.data):
            if block.animation_data is not None:
                left.append(block.animation_data.action)
        left += [speaker.data.sound, speaker.data]
    bpy.data.batch_remove(speakers)
    # The data-block of a speaker goes before its sound, so that the sound is counted right.
    data = {b for b in left if isinstance(b, bpy.types.Speaker) and b.users == 0}
    bpy.data.batch_remove(data)
    rest = {b for b in left if isinstance(b, (bpy.types.Action, bpy.types.Sound)) and b.users == 0}
    bpy.data.batch_remove(rest)
