"""The three steps inside Blender: read the document, let the worker compute, change the document.

Each is a generator for `task.Task`. A step changes the document only at its end
and then wholly: whatever fails or is cancelled before leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import Cancelled, See2SoundError
from ..core.files import keep_apart
from ..core.scene import SoundScene, read_scene, write_scene
from . import (
    camera,
    choice,
    computer,
    document,
    files,
    fingerprint,
    freshness,
    mix_report,
    mix_strip,
    mixing,
    model_list,
    monitor,
    record,
    session,
    speakers,
    strips,
)
from .target import Target
from .task import Fractions, T, Tick, Work, changing, reading, share


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
    chosen = choice.choice_of(settings)
    if part_set:
        chosen = choice.with_set(chosen, part_set)
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
            _changing(_place(target, found, prepared, sources, chosen), "Placing"), 0.95, 1.0
        )
    session.note(*answer["warnings"])
    if cancelled:
        raise Cancelled
    return _counted(len(found.sources), "source was found", "sources were found")


def _prepare(target: Target, found: SoundScene, folder: Path) -> Work[speakers.Prepared]:
    scene, strip = target.find()
    return (yield from reading(speakers.prepare(scene, strip, found, folder), "Drawing the tracks"))


def _place(
    target: Target,
    found: SoundScene,
    prepared: speakers.Prepared,
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
        yield from speakers.place(scene, strip, collection, found, prepared)
    except See2SoundError:
        document.discard_empty(uid)
        raise


def make_sounds(target: Target, only: str | None = None) -> Work[str]:
    """Make a sound for each speaker of the strip.

    Parameters
    ----------
    only : str, optional
        The name of the one speaker to make a sound for.
    """
    yield from share(_follow(target), 0.0, 0.0)
    _, _, collection = target.collection()
    ids = document.source_ids(collection)
    if only is not None and only not in ids:
        raise See2SoundError(
            f"there is no speaker {only!r}",
            "it is not in the strip's collection",
            "Select a source in the list",
            kind="bad-request",
        )
    chosen = [only] if only is not None else _without_own_sound(collection)
    if not chosen:
        return "Every source has a sound of its own: nothing was made"
    return _counted((yield from _make(target, chosen)), "sound was made", "sounds were made")


def _make(target: Target, chosen: Sequence[str]) -> Work[int]:
    """Make sounds for the speakers of these names; how many were made."""
    _, _, collection = target.collection()
    by_maker = _by_maker(collection, chosen)
    for maker in by_maker:
        lacking = choice.lacking({"maker": maker})
        if lacking is not None:
            raise lacking
    settled = document.ids_by_uid(collection)
    sounds: dict[str, str] = {}
    with session.job_folder() as name:
        path = Path(name) / "scene.json"
        heard = yield from share(mixing.sound_scene(target, for_mix=False), 0.0, 0.05)
        write_scene(heard, path)
        recipes: dict[str, freshness.Recipe] = {}
        for maker, group in by_maker.items():
            recipes |= {i: freshness.recipe_of(heard.source(i), maker) for i in group}
            request = {"scene": str(path), "maker": maker, "only": group}
            request |= computer.settings().computing()
            begun = 0.05 + 0.9 * len(sounds) / len(chosen)
            ended = begun + 0.9 * len(group) / len(chosen)
            answer = yield from share(session.ask("sound", request), begun, ended)
            sounds |= answer["sounds"]
            session.note(*answer["warnings"])
        kept = yield from share(_keep(target, sounds), 0.95, 0.97)
        notes, cancelled = yield from share(
            _changing(_give(target, kept, recipes, settled), "Giving the speakers their sounds"),
            0.95,
            1.0,
        )
    session.note(*notes)
    if cancelled:
        raise Cancelled
    return len(sounds)


def bake_mix(target: Target) -> Work[str]:
    """Mix what the speakers do to the layout and put the mix on the timeline.

    Sounds that are out of date, and those of sources that have none yet, are made first.
    """
    yield from share(_follow(target), 0.0, 0.0)
    chosen = freshness.to_make(target.collection()[2])
    if not chosen:
        return (yield from _bake(target))
    count = yield from share(_make(target, chosen), 0.0, 0.4)
    mixed = yield from share(_bake(target), 0.4, 1.0)
    return f"{_counted(count, 'sound was made', 'sounds were made')}. {mixed}"


def _bake(target: Target) -> Work[str]:
    _, strip, collection = target.collection()
    layout, name_of_strip = collection.see2sound.layout, strip.name
    with session.job_folder() as name:
        output = Path(name) / "mix.wav"
        now = yield from share(_fingerprint(target), 0.0, 0.03)
        mixed = yield from share(mixing.mix(target, Path(name), output), 0.03, 0.95)
        kept = yield from share(_keep_mix(target, output), 0.95, 0.99)
        placing = _place_mix(target, kept, layout, now, mixed)
        notes, cancelled = yield from share(_changing(placing, "Placing the mix"), 0.99, 1.0)
    session.note(*mixed.notes, *notes)
    if cancelled:
        raise Cancelled
    return f"The mix of {name_of_strip!r} was baked: {mix_report.line(mixed.report)}"


def export_mix(
    target: Target, path: Path, layout: str, encoding: str, with_stems: bool = False
) -> Work[str]:
    """Mix what the speakers do to a file of a person's choice; the timeline stays as it is.

    Sounds that are out of date, and those of sources that have none yet, are made first.

    Parameters
    ----------
    path : Path
        The file to write.
    layout : str
        Any that the method has, whether or not a strip can carry it.
    encoding : {"pcm24", "float", "flac"}
    with_stems : bool
        Also write what each source gives, to a folder beside the mix.
    """
    scene, strip = target.find()
    clip = strips.clip_of(scene, strip)
    keep_apart([path], [clip.path, *clip.files])
    yield from share(_follow(target), 0.0, 0.0)
    chosen = freshness.to_make(target.collection()[2])
    if chosen:
        yield from share(_make(target, chosen), 0.0, 0.4)
    with session.job_folder() as name:
        stems = path.with_name(f"{path.stem} Stems") if with_stems else None
        work = mixing.mix(target, Path(name), path, layout, encoding, stems)
        mixed = yield from share(work, 0.4 if chosen else 0.0, 1.0)
    session.note(*mixed.notes, *mixed.report["warnings"])
    return f"{path.name} was written: {mix_report.line(mixed.report)}"


def see_to_sound(
    target: Target,
    sources: int = 0,
    part_set: str = "",
    off_screen: bool | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Work[str]:
    """All three steps.

    Parameters
    ----------
    sources, part_set, off_screen
        As `find_sources` takes them.
    settings : mapping, optional
        What to set of the strip's settings for its mix, in this order.
    """
    finding = find_sources(target, sources, part_set, off_screen)
    found = yield from share(finding, 0.0, 0.5)
    target = Target.of(*target.find())
    for name, value in (settings or {}).items():
        setattr(target.collection()[2].see2sound, name, value)
    yield from share(make_sounds(target), 0.5, 0.75)
    mixed = yield from share(bake_mix(target), 0.75, 1.0)
    return f"{found}. {mixed}"


def check_worker() -> Work[str]:
    """Start the worker and note what it has and what is missing."""
    session.state.check = ()
    who = yield from share(session.ask("ping", {}), 0.0, 0.5)
    own = computer.settings()
    folder = {"models": own.computing()["models"]}
    rows = (yield from share(session.ask("models", folder), 0.5, 1.0))["parts"]
    model_list.take(rows)
    lines = [(f"Python {who['python']} ({own.python})", "CHECKMARK")]
    built_in = [row for row in rows if row["repository"] is None]
    lacked = sorted({name for row in built_in for name in row["missing"]})
    if lacked:
        lines.append((f"Packages are missing: {', '.join(lacked)}", "ERROR"))
    else:
        names = ", ".join(f"{row['role']} {row['name']!r}" for row in built_in)
        lines.append((f"Without models: {names}", "CHECKMARK"))
    others = sorted({name for row in rows for name in row["missing"]} - set(lacked))
    if others:
        text = f"For models packages are missing: {', '.join(others)}"
        lines.append((text, "INFO"))
    session.state.check = tuple(lines)
    if lacked:
        raise See2SoundError(
            "the worker's Python lacks packages",
            ", ".join(lacked),
            "Install them there, or choose another Python in the preferences",
            kind="missing-part",
        )
    return "The worker's Python has everything it needs" + (" without models" if others else "")


def is_stale(target: Target) -> Work[bool]:
    """Whether the mix is not what a bake would give now, or there is none (any more)."""
    yield from _follow(target)
    state = yield from reading(freshness.state_of(*target.collection()), mixing.READING)
    return state != "current"


def hear_mix(target: Target) -> Work[bool]:
    """Let the mix be heard, not the speakers; whether that was a change."""
    if target.collection()[2].see2sound.monitor == "MIX":
        return False
    yield from _changing(_switch_to_mix(target), "Switching the monitor")
    session.note("The monitor was switched to the mix, so that the render carries it")
    return True


def _switch_to_mix(target: Target) -> Fractions[None]:
    monitor.switch(target.collection()[2], "MIX")
    yield 1.0


def _without_own_sound(collection: bpy.types.Collection) -> list[str]:
    return [s.name for s in document.speakers_of(collection) if not record.has_own_sound(s)]


def _changing(work: Fractions[T], phase: str) -> Work[tuple[T, bool]]:
    """As `task.changing`, but not while a render reads the document."""
    while session.rendering():
        yield Tick("Waiting for the render to end", 0.0, waiting=True)
    return (yield from changing(work, phase))


def _by_maker(collection: bpy.types.Collection, chosen: Sequence[str]) -> dict[str, list[str]]:
    """The ids of the chosen speakers by the name of what makes their sound."""
    ids = document.source_ids(collection)
    groups: dict[str, list[str]] = {}
    for speaker in document.speakers_of(collection):
        if speaker.name in chosen:
            maker = freshness.maker_of(collection, speaker)
            groups.setdefault(maker, []).append(ids[speaker.name])
    return groups


def _follow(target: Target) -> Work[None]:
    """Bring speakers and mix along with their strip: a change by itself, whatever comes after."""
    _, strip, collection = target.collection()
    if document.is_in_step(strip, collection):
        return
    _, cancelled = yield from _changing(_bring_along(target), "Following the strip")
    if cancelled:
        raise Cancelled


def _bring_along(target: Target) -> Fractions[None]:
    yield 0.0  # from here on it is a change, should it fail half way
    document.follow_strip(*target.collection())


def _fingerprint(target: Target) -> Work[str]:
    scene, strip, collection = target.collection()
    return (yield from reading(fingerprint.of_collection(scene, strip, collection), mixing.READING))


def _keep(target: Target, sounds: dict[str, str]) -> Work[dict[str, Path]]:
    scene, _, collection = target.collection()
    keeping = speakers.keep_sounds(scene, collection, sounds)
    return (yield from reading(keeping, "Keeping the sounds"))


def _give(
    target: Target,
    sounds: dict[str, Path],
    recipes: dict[str, freshness.Recipe],
    settled: dict[int, str],
) -> Fractions[tuple[str, ...]]:
    scene, _, collection = target.collection()
    document.settle_ids(collection, settled)
    return (yield from speakers.give_sounds(scene, collection, sounds, recipes))


def _keep_mix(target: Target, made: Path) -> Work[Path]:
    _, strip = target.find()
    keeping = files.keep(made, files.folder_of(strip), "mix", take=True)
    return (yield from reading(keeping, "Keeping the mix"))


def _place_mix(
    target: Target, kept: Path, layout: str, now: str, mixed: mixing.Mixed
) -> Fractions[tuple[str, ...]]:
    scene, strip, collection = target.collection()
    notes = mix_strip.place_mix(scene, strip, collection, kept, layout, f"{strip.name} Mix")
    document.settle_ids(collection)
    collection.see2sound.mix_fingerprint = now
    collection.see2sound.mix_report = mix_report.kept(mixed.report, mixed.room)
    monitor.switch(collection, "MIX")
    notes += mix_strip.heard_beside(scene, strip)
    yield 1.0
    return notes


def _sources(settings: Any) -> int:
    if settings is not None:
        return settings.sources
    return computer.settings().sources


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
