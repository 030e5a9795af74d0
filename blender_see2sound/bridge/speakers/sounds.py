"""Speakers get their sounds: takes to choose from, kept beside the .blend; or a person's own file.

What was made is known again by its record (`record`); any other file is a person's
and stays as it is until the person takes it away.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import bpy

from ...core.errors import See2SoundError
from ...core.sounds.origin import read_origin
from ..animation import actions
from ..blend import files, found
from ..listener import motion
from ..sources import document, monitor, record
from ..timeline.strips import shown_range
from . import recipe


@dataclass(frozen=True)
class Kept:
    """A take at its place beside the .blend.

    Attributes
    ----------
    path : Path
    origin : str
        How it came about, a sentence; empty where nothing is known.
    """

    path: Path
    origin: str


def keep_sounds(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    takes: Mapping[str, Sequence[str | Path]],
) -> Generator[float, None, dict[str, list[Kept]]]:
    """Copy sounds to the strip's folder, each with its origin; what can fail of giving them.

    Parameters
    ----------
    takes : mapping of source id to paths
        The best first.

    Returns
    -------
    dict
        The copies, by source id; of takes that are the same, one.
    """
    strip = document.strip_of(scene, collection)
    folder = files.folder_of(strip or collection) / "sounds"
    ids = document.source_ids(collection)
    labels = {ids[s.name]: s.data.see2sound.label for s in document.speakers_of(collection)}
    all_takes = [(source_id, path) for source_id, paths in takes.items() for path in paths]
    kept: dict[str, dict[Path, Kept]] = {}
    for number, (source_id, path) in enumerate(all_takes):
        name = f"{source_id}-{labels.get(source_id, '')}".strip("-")
        place = yield from motion.scaled(
            files.keep(path, folder, name), number / len(all_takes), (number + 1) / len(all_takes)
        )
        files.keep_origin(path, place)
        origin = read_origin(path)
        told = "" if origin is None else origin.sentence()
        kept.setdefault(source_id, {}).setdefault(place, Kept(place, told))
    return {source_id: list(rows.values()) for source_id, rows in kept.items()}


def give_sounds(
    scene: bpy.types.Scene,
    collection: bpy.types.Collection,
    takes: Mapping[str, Sequence[Kept]],
    recipes: Mapping[str, recipe.Recipe],
    seeds: Mapping[str, int] | None = None,
) -> Generator[float, None, tuple[str, ...]]:
    """Give speakers their sounds, to be heard in playback at once.

    Yields the fraction done between speakers. A sound that a person chose stays, and one that was
    locked while another was made. The first take is taken, unless the one that a person had
    chosen is there again.

    Parameters
    ----------
    takes : mapping of source id to Kept
        As `keep_sounds` gives it.
    recipes : mapping of source id to Recipe
        What they were made from.
    seeds : mapping of source id to int, optional
        Seeds that were taken instead of the sources' own, and become theirs.

    Returns
    -------
    tuple of str
        What a person should know: whose own sounds stayed.
    """
    scene_uid, collection_uid = scene.session_uid, collection.session_uid
    notes = []
    for number, (source_id, kept) in enumerate(takes.items()):
        yield number / (len(takes) + 1)
        scene, collection = found.scene(scene_uid), found.collection(collection_uid)
        ids = document.source_ids(collection)
        for speaker in document.speakers_of(collection):
            if ids[speaker.name] != source_id:
                continue
            if record.has_own_sound(speaker):
                notes.append(f"{speaker.name!r} keeps its own sound")
            elif speaker.data.see2sound.locked and speaker.data.sound is not None:
                notes.append(f"{speaker.name!r} was locked meanwhile and keeps its sound")
            else:
                strip = document.strip_of(scene, collection)
                _set_takes(speaker, kept)
                recipe.keep_recipe(speaker, recipes[source_id])
                if seeds is not None and source_id in seeds:
                    speaker.data.see2sound.seed = seeds[source_id]
                if strip is not None:
                    start_sound(speaker, strip)
    yield len(takes) / (len(takes) + 1)
    collection = found.collection(collection_uid)
    monitor.follow(collection)
    make_heard(found.scene(scene_uid), collection)
    return tuple(notes)


def _set_takes(speaker: bpy.types.Object, kept: Sequence[Kept]) -> None:
    before = record.sound_name(speaker.data.sound)
    takes = speaker.data.see2sound.takes
    takes.clear()
    for one in kept:
        take = takes.add()
        take.path, take.origin = files.to_blend(one.path), one.origin
    again = next((one for one in kept if one.path.name == before), kept[0])
    _set_sound(speaker, again.path)


# ------------------------------------------------------------------ what a person chooses


def take_of(speaker: bpy.types.Object) -> int:
    """The number of the take that a speaker plays, from 1; 0 where it plays none of them."""
    if speaker.data.sound is None or record.has_own_sound(speaker):
        return 0
    name = record.sound_name(speaker.data.sound)
    names = [PurePath(t.path.replace("\\", "/")).name for t in speaker.data.see2sound.takes]
    return names.index(name) + 1 if name in names else 0


def choose_take(
    scene: bpy.types.Scene, collection: bpy.types.Collection, speaker: bpy.types.Object, number: int
) -> None:
    """Let a speaker play another of its takes, to be heard at once.

    Parameters
    ----------
    number : int
        From 1.

    Raises
    ------
    See2SoundError
    """
    takes = speaker.data.see2sound.takes
    if not 1 <= number <= len(takes):
        raise See2SoundError(
            f"{speaker.name!r} has no take {number}",
            f"it has {len(takes)}",
            "Make its sound again" if not len(takes) else "Choose one of these",
            kind="bad-request",
        )
    _change_file(speaker)
    path = files.absolute(takes[number - 1].path)
    if not path.is_file():
        raise See2SoundError(
            f"take {number} of {speaker.name!r} is missing",
            f"{path} does not exist",
            "Make its sound again",
            kind="missing-file",
        )
    _set_sound(speaker, path)
    _hear(scene, collection)


def choose_file(
    scene: bpy.types.Scene, collection: bpy.types.Collection, speaker: bpy.types.Object, path: Path
) -> None:
    """Let a speaker play a person's own file, as it is.

    Raises
    ------
    See2SoundError
    """
    _change_file(speaker)
    if not path.is_file():
        raise See2SoundError(
            f"cannot read {path}", "there is no such file", "Choose a sound", kind="missing-file"
        )
    sound = bpy.data.sounds.load(str(path), check_existing=False)
    if sound.channels == "INVALID":
        bpy.data.sounds.remove(sound)
        raise See2SoundError(
            f"cannot read {path}",
            "it is no sound that Blender knows",
            "Choose a WAV, FLAC, MP3 or OGG file",
            kind="bad-sound",
        )
    sound.filepath = files.to_blend(path)
    sound.use_mono = True  # Blender gives a place to mono sounds only
    old, made = speaker.data.sound, not record.has_own_sound(speaker)
    speaker.data.sound = sound
    if old is not None and made and old.users == 0:
        bpy.data.sounds.remove(old)
    _hear(scene, collection)


def _change_file(speaker: bpy.types.Object) -> None:
    """Refuse what cannot be changed."""
    if speaker.data.library is not None:
        raise See2SoundError(
            f"the sound of {speaker.name!r} cannot be changed here",
            "it is linked from another file",
            "Change it there, or make it local",
            kind="bad-request",
        )


def _hear(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    """A person who chooses a sound wants to hear it, not the mix of before."""
    monitor.switch(collection, "SPEAKERS")
    make_heard(scene, collection)


# ------------------------------------------------------------------ one speaker's sound


def start_sound(speaker: bpy.types.Object, strip: Any) -> None:
    """Let a speaker's sound start with the strip, as the sounds that are made do."""
    start, end = shown_range(strip)
    for part in actions.sound_strips(speaker):
        part.frame_start, part.frame_end = start, max(end, start + 1)


def _set_sound(speaker: bpy.types.Object, kept: Path) -> None:
    """Let a speaker play a file; a data-block of a person's that has the same file is not taken."""
    old, written = speaker.data.sound, kept.stat().st_mtime_ns
    made = old is not None and not record.has_own_sound(speaker)
    if old is None or not made or files.absolute(old.filepath, old.library) != kept:
        speaker.data.sound = bpy.data.sounds.load(str(kept), check_existing=False)
        speaker.data.sound.filepath = files.to_blend(kept)
        if made and old.users == 0:
            bpy.data.sounds.remove(old)
    elif record.read(speaker).get("written") != written:
        # The file was missing and is made again: Blender looks for it when its path is set.
        old.filepath = files.to_blend(kept)
    record.write(speaker, ("sound",))
    record.add(speaker, "written", written)


def make_heard(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    """Let playback and mixdown know of new speakers and sounds.

    Blender looks for them when it rebuilds the relations of its dependency graph, and then
    only at what is tagged: a passing empty makes it rebuild. What is tagged before as well
    cannot reach for a sound that was replaced and removed (Blender 4.5 crashes then).
    """
    passing = bpy.data.objects.new("See2Sound", None)
    collection.objects.link(passing)
    _update(scene, collection)
    bpy.data.objects.remove(passing)
    _update(scene, collection)


def _update(scene: bpy.types.Scene, collection: bpy.types.Collection) -> None:
    for speaker in document.speakers_of(collection):
        speaker.update_tag()
        speaker.data.update_tag()
    for layer in scene.view_layers:
        layer.update()
