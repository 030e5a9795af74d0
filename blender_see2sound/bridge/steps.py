"""The three steps inside Blender: read the document, let the worker compute, change the document.

Each is a generator for `task.Task`. A step changes the document only at its end
and then wholly: whatever fails or is cancelled before leaves everything as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..core.errors import Cancelled, See2SoundError
from ..core.scene import SoundScene, read_scene, write_scene
from . import (
    camera,
    document,
    export,
    files,
    fingerprint,
    mix_strip,
    monitor,
    session,
    speakers,
    strips,
    versions,
)
from .task import Fractions, T, Tick, Work, changing, reading, share

_READING = "Reading the speakers"


@dataclass(frozen=True)
class Target:
    """A strip, found again after a pause in which anything may have happened to it.

    Attributes
    ----------
    scene_uid : int
        Its scene, whatever that is renamed to.
    strip : str
        Its name.
    pointer : int
        Where it lay in memory, to know it when it was renamed; never followed.
    """

    scene_uid: int
    strip: str
    pointer: int

    @classmethod
    def of(cls, scene: bpy.types.Scene, strip: Any) -> Target:
        """This strip."""
        return cls(scene.session_uid, strip.name, strip.as_pointer())

    @classmethod
    def active(cls, context: bpy.types.Context) -> Target:
        """The strip that the panel is about.

        Raises
        ------
        See2SoundError
        """
        from . import view

        scene, strip = view.active_strip(context)
        if scene is None or strip is None:
            raise See2SoundError(
                "no strip is active", "", "Select a movie or image strip", kind="bad-request"
            )
        return cls.of(scene, strip)

    def find(self) -> tuple[bpy.types.Scene, Any]:
        """The scene and the strip as they are now.

        Raises
        ------
        See2SoundError
            When either is gone.
        """
        scene = next((s for s in bpy.data.scenes if s.session_uid == self.scene_uid), None)
        if scene is None:
            raise self._gone("its scene was removed while See2Sound was working")
        here = list(versions.all_strips(scene))
        for strip in here:
            if strip.name == self.strip:
                return scene, strip
        for strip in here:
            if strip.as_pointer() == self.pointer and strip.type in {"MOVIE", "IMAGE"}:
                return scene, strip
        raise self._gone("it was removed or renamed while See2Sound was working")

    def collection(self) -> tuple[bpy.types.Scene, Any, bpy.types.Collection]:
        """The scene, the strip and the collection of its speakers.

        Raises
        ------
        See2SoundError
            When any is gone, or there are no speakers.
        """
        scene, strip = self.find()
        collection = document.collection_of(scene, strip)
        if collection is None or not document.speakers_of(collection):
            raise See2SoundError(
                f"{strip.name!r} has no sources",
                "there is no speaker in its collection",
                "Find Sources first, or add a Speaker to the collection",
                kind="bad-request",
            )
        return scene, strip, collection

    def _gone(self, why: str) -> See2SoundError:
        return See2SoundError(
            f"the strip {self.strip!r} is not there any more",
            why,
            "Select a strip and start again",
            kind="bad-request",
        )


def find_sources(target: Target, sources: int = 0) -> Work[str]:
    """Find what sounds in the strip and place a speaker each.

    Parameters
    ----------
    sources : int
        How many to keep at most; 0 for the strip's own number, else the preferences'.
    """
    scene, strip = target.find()
    clip = strips.clip_of(scene, strip)
    collection = document.collection_of(scene, strip)
    settings = None if collection is None else collection.see2sound
    with session.job_folder() as name:
        folder = Path(name)
        answer = yield from share(
            session.ask(
                "find",
                {
                    "clip": clip.request(),
                    "scene": str(folder / "scene.json"),
                    "sources": sources or _sources(settings),
                    "finder": settings.finder if settings else None,
                    "depth": settings.depth if settings else None,
                    "describer": settings.describer if settings else None,
                    "fov": camera.horizontal_fov(scene, clip.size),
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
        _, cancelled = yield from share(
            _changing(_place(target, found, folder), "Placing"), 0.9, 1.0
        )
    session.note(*answer["warnings"])
    if cancelled:
        raise Cancelled
    return _counted(len(found.sources), "source was found", "sources were found")


def _place(target: Target, found: SoundScene, folder: Path) -> Fractions[None]:
    scene, strip = target.find()
    collection = document.collection_of(scene, strip, create=True)
    yield from speakers.place(scene, strip, collection, found, folder)


def make_sounds(target: Target, only: str | None = None) -> Work[str]:
    """Make a sound for each speaker of the strip.

    Parameters
    ----------
    only : str, optional
        The name of the one speaker to make a sound for.
    """
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
    maker = collection.see2sound.maker or None
    with session.job_folder() as name:
        path = Path(name) / "scene.json"
        heard = yield from share(_export(target), 0.0, 0.05)
        write_scene(heard, path)
        answer = yield from share(
            session.ask(
                "sound",
                {
                    "scene": str(path),
                    "maker": maker,
                    "only": [ids[n] for n in chosen],
                },
            ),
            0.05,
            0.95,
        )
        notes, cancelled = yield from share(
            _changing(_give(target, answer["sounds"]), "Giving the speakers their sounds"),
            0.95,
            1.0,
        )
    session.note(*answer["warnings"], *notes)
    if cancelled:
        raise Cancelled
    return _counted(len(answer["sounds"]), "sound was made", "sounds were made")


def bake_mix(target: Target) -> Work[str]:
    """Mix what the speakers do to the layout and put the mix on the timeline."""
    _, strip, collection = target.collection()
    settings = collection.see2sound
    wanted = {
        "layout": settings.layout,
        "lufs": settings.lufs if settings.use_lufs else None,
    }
    name_of_strip = strip.name
    with session.job_folder() as name:
        path, output = Path(name) / "scene.json", Path(name) / "mix.wav"
        now = yield from share(_fingerprint(target), 0.0, 0.03)
        heard = yield from share(_export(target), 0.03, 0.1)
        if all(source.sound is None for source in heard.sources):
            raise See2SoundError(
                f"{name_of_strip!r} has no sounds to mix",
                "no speaker in its collection has a sound",
                "Make Sounds first, or give a speaker a sound file",
                kind="bad-request",
            )
        write_scene(heard, path)
        report = yield from share(
            session.ask(
                "mix",
                {"scene": str(path), "output": str(output), **wanted},
            ),
            0.1,
            0.95,
        )
        notes, cancelled = yield from share(
            _changing(_place_mix(target, output, now, _loudness(report)), "Placing the mix"),
            0.95,
            1.0,
        )
    session.note(*report["warnings"], *notes)
    if cancelled:
        raise Cancelled
    return f"The mix was baked: {_loudness(report)}"


def see_to_sound(target: Target, sources: int = 0) -> Work[str]:
    """All three steps."""
    found = yield from share(find_sources(target, sources), 0.0, 0.5)
    yield from share(make_sounds(target), 0.5, 0.75)
    mixed = yield from share(bake_mix(target), 0.75, 1.0)
    return f"{found}. {mixed}"


def check_worker() -> Work[str]:
    """Start the worker and note what it has and what is missing."""
    from ..preferences import settings

    session.state.check = ()
    who = yield from share(session.ask("ping", {}), 0.0, 0.5)
    parts = yield from share(session.ask("models", {}), 0.5, 1.0)
    lines = [(f"Python {who['python']} ({settings().python})", "CHECKMARK")]
    missing = 0
    for part in parts["parts"]:
        text = f"{part['role'].capitalize()} {part['name']!r}"
        if part["missing"]:
            missing += part["default"]
            lines.append((f"{text}: packages are missing: {', '.join(part['missing'])}", "ERROR"))
        else:
            lines.append((f"{text} is here", "CHECKMARK"))
    session.state.check = tuple(lines)
    if missing:
        raise See2SoundError(
            "the worker's Python lacks packages",
            "; ".join(text for text, icon in lines if icon == "ERROR"),
            "Install them there, or choose another Python in the preferences",
            kind="missing-part",
        )
    return "The worker's Python has everything it needs"


def is_stale(target: Target) -> Work[bool]:
    """Whether the mix is not what a bake would give now, or there is none yet."""
    baked = target.collection()[2].see2sound.mix_fingerprint
    now = yield from _fingerprint(target)
    return now != baked


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
    return [s.name for s in document.speakers_of(collection) if not speakers.has_own_sound(s)]


def _changing(work: Fractions[T], phase: str) -> Work[tuple[T, bool]]:
    """As `task.changing`, but not while a render reads the document."""
    while session.rendering():
        yield Tick("Waiting for the render to end", 0.0, waiting=True)
    return (yield from changing(work, phase))


def _export(target: Target) -> Work[SoundScene]:
    scene, strip, collection = target.collection()
    document.follow_strip(scene, strip, collection)
    return (yield from reading(export.to_sound_scene(scene, strip, collection), _READING))


def _fingerprint(target: Target) -> Work[str]:
    scene, strip, collection = target.collection()
    document.follow_strip(scene, strip, collection)
    return (yield from reading(fingerprint.of_collection(scene, strip, collection), _READING))


def _give(target: Target, sounds: dict[str, str]) -> Fractions[tuple[str, ...]]:
    scene, _, collection = target.collection()
    return (yield from speakers.give_sounds(scene, collection, sounds))


def _place_mix(target: Target, made: Path, now: str, levels: str) -> Fractions[tuple[str, ...]]:
    yield 0.0
    scene, strip, collection = target.collection()
    kept = files.keep(made, files.folder_of(strip), "mix")
    notes = mix_strip.place_mix(scene, strip, collection, kept, f"{strip.name} Mix")
    collection.see2sound.mix_fingerprint = now
    collection.see2sound.mix_levels = levels
    monitor.switch(collection, "MIX")
    return notes


def _sources(settings: Any) -> int:
    if settings is not None:
        return settings.sources
    from ..preferences import settings as of_this_computer

    return of_this_computer().sources


def _loudness(report: dict[str, Any]) -> str:
    loud, peak = report["integrated_lufs"], report["true_peak_db"]
    if loud is None or peak is None:
        return "it is silent"
    spread = report["loudness_range"]
    ranging = "" if spread is None else f"range {spread:.1f} LU, "
    return f"{report['layout']}, {loud:.1f} LUFS, {ranging}true peak {peak:.1f} dBTP"


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
