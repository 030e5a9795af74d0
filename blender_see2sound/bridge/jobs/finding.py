"""Find Sources: what sounds in the strip gets a speaker each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import Cancelled, See2SoundError
from ...core.scene import SoundScene
from ...core.scene_file import read_scene
from ..listener import camera
from ..setup import choice, computer
from ..sources import document
from ..speakers import placing
from ..timeline import strips
from . import changes, session
from .target import Target
from .task import Fractions, Work, reading, share


def find_sources(
    target: Target, sources: int = 0, part_set: str = "", off_screen: bool | None = None
) -> Work[str]:
    """Find what sounds in the strip and place a speaker each.

    Parameters
    ----------
    sources : int
        How many to keep at most; 0 for the strip's own number, else the preferences'.
    part_set : str
        Which parts do it; empty for the strip's own set, else the preferences'.
    off_screen : bool, optional
        Whether sources that are not seen are looked for; as the strip says, else the
        preferences.
    """
    scene, strip = target.find()
    clip = strips.clip_of(scene, strip)
    collection = document.collection_of(scene, strip)
    settings = None if collection is None else collection.see2sound
    sources = sources or _sources(settings)
    chosen = chosen_for(collection, part_set)
    if off_screen is not None:
        chosen = replace(chosen, off_screen=off_screen)
    lacking = chosen.lacking()
    if lacking is not None:
        raise lacking
    with session.job_folder() as name:
        folder = Path(name)
        answer = yield from share(
            session.ask(
                "find",
                {
                    "clip": clip.request(),
                    "scene": str(folder / "scene.json"),
                    "sources": sources,
                    "fov": camera.horizontal_fov(scene, clip.size),
                    **chosen.request(),
                    **computer.settings().computing(),
                },
            ),
            0.0,
            0.9,
        )
        found = read_scene(folder / "scene.json")
        if not found.sources:
            raise See2SoundError(
                "no sources were found",
                "nothing in this picture moves or stands out",
                "Add Speakers by hand to the strip's collection, or choose another clip",
                kind="bad-request",
            )
        prepared = yield from share(_prepare(target, found, folder), 0.9, 0.95)
        _, cancelled = yield from share(
            changes.changing(_place(target, found, prepared, sources, chosen), "Placing"), 0.95, 1.0
        )
    session.note(*answer["warnings"])
    if cancelled:
        raise Cancelled
    count = len(found.sources)
    return f"{count} {'source was' if count == 1 else 'sources were'} found"


def chosen_for(collection: bpy.types.Collection | None, part_set: str) -> choice.Choice:
    """What a strip is set to, with another set where one is named."""
    chosen = choice.choice_of(None if collection is None else collection.see2sound)
    return choice.with_set(chosen, part_set) if part_set else chosen


def _sources(settings: Any) -> int:
    if settings is not None:
        return settings.sources
    return computer.settings().sources


def _prepare(target: Target, found: SoundScene, folder: Path) -> Work[placing.Prepared]:
    scene, strip = target.find()
    return (yield from reading(placing.prepare(scene, strip, found, folder), "Drawing the tracks"))


def _place(
    target: Target,
    found: SoundScene,
    prepared: placing.Prepared,
    sources: int,
    chosen: choice.Choice,
) -> Fractions[None]:
    scene, strip = target.find()
    collection = document.collection_of(scene, strip)
    if collection is None:
        collection = document.collection_of(scene, strip, create=True)
        settings = collection.see2sound
        settings.sources = sources
        settings.part_set, settings.off_screen = chosen.part_set, chosen.off_screen
    uid = collection.session_uid
    try:
        yield from placing.place(scene, strip, collection, found, prepared)
    except See2SoundError:
        document.discard_empty(uid)
        raise
