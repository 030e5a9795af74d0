"""The speakers of a strip become a sound file: for the timeline, or where a person wants it."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import See2SoundError, from_os_error
from ...core.files import keep_apart
from ...core.scene import Room, SoundScene, Source
from ...core.scene_file import write_scene
from ..blend import files
from ..mix import export, mix_settings
from ..sources import document
from ..speakers import freshness
from . import session
from .target import Target
from .task import Work, reading, share

READING = "Reading the speakers"


@dataclass(frozen=True)
class Mixed:
    """A mix that was written.

    Attributes
    ----------
    report : dict
        The worker's (`core.mix.delivery.report`).
    room : Room or None
        The room that it was made in.
    notes : tuple of str
        What a person should know beside the report's warnings.
    """

    report: dict[str, Any]
    room: Room | None
    notes: tuple[str, ...]


def sound_scene(target: Target, for_mix: bool = True) -> Work[SoundScene]:
    """The strip's speakers as a sound scene: see `export`."""
    work = export.to_sound_scene(*target.collection(), for_mix=for_mix)
    return (yield from reading(work, READING))


def mix(
    target: Target,
    folder: Path,
    output: Path,
    layout: str = "",
    encoding: str | None = None,
    stems: Path | None = None,
) -> Work[Mixed]:
    """Mix the speakers of a strip as its settings say; nothing in the document changes.

    Parameters
    ----------
    folder : Path
        For what the worker is handed.
    output : Path
        The file to write.
    layout, encoding : str, optional
        Others than the strip's layout, and than the output's name says.
    stems : Path, optional
        A folder for one file per source.

    Raises
    ------
    See2SoundError, Cancelled
    """
    _, strip, collection = target.collection()
    mix_settings.check(collection)
    name_of_strip, wanted = strip.name, mix_settings.asked(collection, layout)
    names = names_of(collection)
    silent = tuple(
        f"{name!r} is left out of the mix: {why}"
        for name, why in freshness.unheard(collection).items()
    )
    heard = yield from share(sound_scene(target), 0.0, 0.1)
    heard = dataclasses.replace(
        heard, sources=tuple(source for source in heard.sources if source.sound is not None)
    )
    if not heard.sources:
        raise See2SoundError(
            f"{name_of_strip!r} has no sounds to mix",
            "no speaker in its collection has a sound, or a prompt to make one from",
            "Write a prompt for a speaker, or give it a sound file",
            kind="bad-request",
        )
    finals = {} if stems is None else _stem_names(stems, heard.sources)
    keep_apart([output, *finals.values()], files.named())
    path = folder / "scene.json"
    write_scene(heard, path)
    wanted |= {"scene": str(path), "output": str(output)}
    if encoding is not None:
        wanted["format"] = encoding
    if stems is not None:
        wanted["stems"] = str(stems)
    try:
        report = yield from share(session.ask("mix", wanted), 0.1, 1.0)
    except See2SoundError as error:
        raise named_error(error, names) from error
    report["warnings"] = [named(warning, names) for warning in report["warnings"]]
    for source_id, final in finals.items():
        try:
            os.replace(stems / f"{source_id}.wav", final)
        except OSError as error:
            raise from_os_error(error, final, "write") from error
    return Mixed(report, heard.room, silent)


def names_of(collection: bpy.types.Collection) -> dict[str, str]:
    """The speakers' names by the ids of their sources."""
    return {source_id: name for name, source_id in document.source_ids(collection).items()}


def named_error(error: See2SoundError, names: Mapping[str, str]) -> See2SoundError:
    """As `named`, for what the worker fails with."""
    what, why = named(error.what, names), named(error.why, names)
    return See2SoundError(what, why, error.remedy, kind=error.kind, report=error.report)


def named(text: str, names: Mapping[str, str]) -> str:
    """What the worker says, with the speakers' names for the ids of sources: a person knows those."""
    told = {repr(source_id): repr(name) for source_id, name in names.items()}
    return re.sub("|".join(map(re.escape, told)), lambda found: told[found[0]], text)


def _stem_names(folder: Path, sources: tuple[Source, ...]) -> dict[str, Path]:
    """Stems bear the words of their sources, not their ids alone."""
    return {s.id: folder / f"{files.safe_name(f'{s.id} {s.label}')}.wav" for s in sources}
