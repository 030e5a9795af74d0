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

from ...core.errors import Cancelled, See2SoundError
from ...core.files import keep_apart
from ...core.scene import SoundScene
from ...core.scene_file import read_scene, write_scene
from ...core.seeds import seed_after
from ..blend import files
from ..listener import camera
from ..mix import fingerprint, mix_report, mix_state
from ..setup import choice, computer, model_list
from ..sources import document, monitor
from ..speakers import freshness, own_motion, placing, recipe, sounds
from ..timeline import mix_strip, strips
from . import mixing, session
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
    chosen = _chosen(collection, part_set)
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


def _chosen(collection: bpy.types.Collection | None, part_set: str) -> choice.Choice:
    """What a strip is set to, with another set where one is named."""
    chosen = choice.choice_of(None if collection is None else collection.see2sound)
    return choice.with_set(chosen, part_set) if part_set else chosen


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
    yield from share(_follow(target), 0.0, 0.0)
    _, _, collection = target.collection()
    chosen = _all_to_make(collection) if only is None else [_one_to_make(collection, only)]
    if not chosen:
        return "Nothing was made: every source keeps its sound"
    count = yield from _make(target, chosen, another, library)
    return _counted(count, "sound was made", "sounds were made")


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


def _make(
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
            _changing(giving, "Giving the speakers their sounds"), 0.97, 1.0
        )
    session.note(*notes)
    if cancelled:
        raise Cancelled
    return len(kept)


def _next_seed(speaker: bpy.types.Object) -> int:
    """The seed after those of the takes that a source has."""
    settings = speaker.data.see2sound
    return seed_after(settings.seed, max(len(settings.takes), 1))


def bake_mix(target: Target) -> Work[str]:
    """Mix what the speakers do to the layout and put the mix on the timeline.

    Sounds that are out of date, and those of sources that have none yet, are made first.
    """
    yield from share(_follow(target), 0.0, 0.0)
    chosen = freshness.to_make(*target.collection())
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
    chosen = freshness.to_make(*target.collection())
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
    library: Path | None = None,
) -> Work[str]:
    """All three steps.

    Parameters
    ----------
    sources, part_set, off_screen
        As `find_sources` takes them.
    settings : mapping, optional
        What to set of the strip's settings before sounds are made, in this order.
    library : Path, optional
        As `make_sounds` takes it.
    """
    scene, strip = target.find()
    chosen = _chosen(document.collection_of(scene, strip), part_set)
    maker = (settings or {}).get("maker") or chosen.part("maker")
    lacking = choice.lacking({"maker": maker}, library)
    if lacking is not None:
        raise lacking  # before minutes of work
    finding = find_sources(target, sources, part_set, off_screen)
    found = yield from share(finding, 0.0, 0.5)
    target = Target.of(*target.find())
    for name, value in (settings or {}).items():
        setattr(target.collection()[2].see2sound, name, value)
    yield from share(make_sounds(target, library=library), 0.5, 0.75)
    mixed = yield from share(bake_mix(target), 0.75, 1.0)
    return f"{found}. {mixed}"


def listen() -> Work[str]:
    """Hear all recordings of the library once, so that they are found by how they sound."""
    lacking = choice.lacking({"maker": choice.LIBRARY})
    if lacking is not None:
        raise lacking
    own = computer.settings()
    request = {"library": str(own.library), **own.computing()}
    found = yield from session.ask("listen", request)
    if found["unreadable"]:
        session.note(f"{found['unreadable']} recordings of the library could not be heard")
    return f"{found['heard']} recordings were heard; the library has {found['files']}"


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
    state = yield from reading(mix_state.state_of(*target.collection()), mixing.READING)
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


def _changing(work: Fractions[T], phase: str) -> Work[tuple[T, bool]]:
    """As `task.changing`, but not while a render reads the document."""
    while session.rendering():
        yield Tick("Waiting for the render to end", 0.0, waiting=True)
    return (yield from changing(work, phase))


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
