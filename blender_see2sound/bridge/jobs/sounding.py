"""Make Sounds: each speaker of the strip gets a sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import bpy

from ...core.errors import Cancelled, See2SoundError
from ...core.scene_file import write_scene
from ...core.seeds import seed_after
from ..setup import choice, computer
from ..sources import document
from ..speakers import freshness, own_motion, recipe, sounds
from . import changes, mixing, session
from .target import Target
from .task import Fractions, Work, reading, share


def make_sounds(
    target: Target, only: str | None = None, another: bool = False, library: Path | None = None
) -> Work[str]:
    """Make a sound for each speaker of the strip.

    Parameters
    ----------
    only : str, optional
        The name of the one speaker to make a sound for.
    another : bool
        With the next seed that was not heard yet.
    library : Path, optional
        The folder of recordings; the preferences' when None.
    """
    yield from share(changes.follow(target), 0.0, 0.0)
    _, _, collection = target.collection()
    chosen = _all_to_make(collection) if only is None else [_one_to_make(collection, only)]
    if not chosen:
        return "Nothing was made: every source keeps its sound"
    count = yield from make(target, chosen, another, library)
    return said(count)


def _all_to_make(collection: bpy.types.Collection) -> list[str]:
    """The names of all speakers but those that keep their sound; notes whose is refused."""
    names = []
    for speaker in document.speakers_of(collection):
        refused = freshness.refusal(collection, speaker)
        if freshness.keeps_sound(speaker):
            continue
        if refused is not None:
            session.note(f"No sound was made for {speaker.name!r}: {refused.why}")
        else:
            names.append(speaker.name)
    return names


def _one_to_make(collection: bpy.types.Collection, name: str) -> str:
    """The name of a speaker, where a sound can be made for it.

    Raises
    ------
    See2SoundError
    """
    speaker = next((s for s in document.speakers_of(collection) if s.name == name), None)
    if speaker is None:
        raise See2SoundError(
            f"there is no speaker {name!r}",
            "it is not in the strip's collection",
            "Select a source in the list",
            kind="bad-request",
        )
    refused = freshness.refusal(collection, speaker)
    if freshness.keeps_sound(speaker):
        locked = speaker.data.see2sound.locked
        why = "it is locked" if locked else "it plays a file of your own"
        remedy = "Unlock it" if locked else "Take the file away from the speaker"
    elif refused is not None:
        why, remedy = refused.why, refused.remedy
    else:
        return name
    raise See2SoundError(f"{name!r} keeps its sound", why, remedy, kind="bad-request")


def make(
    target: Target, chosen: Sequence[str], another: bool = False, library: Path | None = None
) -> Work[int]:
    """Make sounds for the speakers of these names; how many were made."""
    scene, strip, collection = target.collection()
    own, making = computer.settings(), choice.making_of(collection.see2sound)
    library = library or own.library
    mark, ids = own_motion.mark_of(scene, strip), document.source_ids(collection)
    speakers_there = [s for s in document.speakers_of(collection) if s.name in chosen]
    for maker in dict.fromkeys(recipe.maker_of(collection, s) for s in speakers_there):
        lacking = choice.lacking({"maker": maker}, library)
        if lacking is not None:
            raise lacking
    seeds = {ids[s.name]: _next_seed(s) for s in speakers_there if another}
    motions = {ids[s.name]: recipe.motion_of(s, mark) for s in speakers_there}
    settled, names = document.ids_by_uid(collection), mixing.names_of(collection)
    with session.job_folder() as name:
        path = Path(name) / "scene.json"
        heard = yield from share(mixing.sound_scene(target, for_mix=False), 0.0, 0.05)
        for source_id, seed in seeds.items():
            heard = heard.replace_source(replace(heard.source(source_id), seed=seed))
        write_scene(heard, path)
        recipes = {
            i: recipe.recipe_of(heard.source(i), text, making) for i, text in motions.items()
        }
        request = {
            "scene": str(path),
            "only": list(motions),
            "library": None if library is None else str(library),
            "speech": own.speech,
            **making.request(),
            **own.computing(),
        }
        try:
            answer = yield from share(session.ask("sound", request), 0.05, 0.95)
        except See2SoundError as error:
            raise mixing.named_error(error, names) from error
        session.note(*(mixing.named(warning, names) for warning in answer["warnings"]))
        kept = yield from share(_keep(target, answer["takes"]), 0.95, 0.97)
        giving = _give(target, kept, recipes, seeds, settled)
        notes, cancelled = yield from share(
            changes.changing(giving, "Giving the speakers their sounds"), 0.97, 1.0
        )
    session.note(*notes)
    if cancelled:
        raise Cancelled
    return len(kept)


def _next_seed(speaker: bpy.types.Object) -> int:
    """The seed after those of the takes that a source has."""
    settings = speaker.data.see2sound
    return seed_after(settings.seed, max(len(settings.takes), 1))


def _keep(target: Target, takes: dict[str, list[str]]) -> Work[dict[str, list[sounds.Kept]]]:
    scene, _, collection = target.collection()
    keeping = sounds.keep_sounds(scene, collection, takes)
    return (yield from reading(keeping, "Keeping the sounds"))


def _give(
    target: Target,
    kept: dict[str, list[sounds.Kept]],
    recipes: dict[str, recipe.Recipe],
    seeds: dict[str, int],
    settled: dict[int, str],
) -> Fractions[tuple[str, ...]]:
    scene, _, collection = target.collection()
    document.settle_ids(collection, settled)
    return (yield from sounds.give_sounds(scene, collection, kept, recipes, seeds))


def said(count: int) -> str:
    """How many sounds were made, as a sentence."""
    return f"{count} {'sound was' if count == 1 else 'sounds were'} made"
