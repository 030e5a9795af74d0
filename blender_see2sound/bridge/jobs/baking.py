"""Bake Mix and Export Mix: the speakers' mix goes on the timeline, or to a file of a person's choice."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import Cancelled
from ...core.files import keep_apart
from ..blend import files
from ..mix import fingerprint, mix_report, mix_state
from ..sources import document, monitor
from ..speakers import freshness
from ..timeline import mix_strip, strips
from . import changes, mixing, session, sounding
from .target import Target
from .task import Fractions, Work, reading, share


def bake_mix(target: Target) -> Work[str]:
    """Mix what the speakers do to the layout and put the mix on the timeline.

    Sounds that are out of date, and those of sources that have none yet, are made first.
    """
    yield from share(changes.follow(target), 0.0, 0.0)
    chosen = freshness.to_make(*target.collection())
    if not chosen:
        return (yield from _bake(target))
    count = yield from share(sounding.make(target, chosen), 0.0, 0.4)
    mixed = yield from share(_bake(target), 0.4, 1.0)
    return f"{sounding.said(count)}. {mixed}"


def _bake(target: Target) -> Work[str]:
    _, strip, collection = target.collection()
    layout, name_of_strip = collection.see2sound.layout, strip.name
    with session.job_folder() as name:
        output = Path(name) / "mix.wav"
        now = yield from share(_fingerprint(target), 0.0, 0.03)
        mixed = yield from share(mixing.mix(target, Path(name), output), 0.03, 0.95)
        kept = yield from share(_keep_mix(target, output), 0.95, 0.99)
        placing = _place_mix(target, kept, layout, now, mixed)
        notes, cancelled = yield from share(changes.changing(placing, "Placing the mix"), 0.99, 1.0)
    session.note(*mixed.notes, *notes)
    if cancelled:
        raise Cancelled
    return f"The mix of {name_of_strip!r} was baked: {mix_report.line(mixed.report)}"


def _fingerprint(target: Target) -> Work[str]:
    scene, strip, collection = target.collection()
    return (yield from reading(fingerprint.of_collection(scene, strip, collection), mixing.READING))


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


def is_stale(target: Target) -> Work[bool]:
    """Whether the mix is not what a bake would give now, or there is none (any more)."""
    yield from changes.follow(target)
    state = yield from reading(mix_state.state_of(*target.collection()), mixing.READING)
    return state != "current"


def hear_mix(target: Target) -> Work[bool]:
    """Let the mix be heard, not the speakers; whether that was a change."""
    if target.collection()[2].see2sound.monitor == "MIX":
        return False
    yield from changes.changing(_switch_to_mix(target), "Switching the monitor")
    session.note("The monitor was switched to the mix, so that the render carries it")
    return True


def _switch_to_mix(target: Target) -> Fractions[None]:
    monitor.switch(target.collection()[2], "MIX")
    yield 1.0


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
    yield from share(changes.follow(target), 0.0, 0.0)
    chosen = freshness.to_make(*target.collection())
    if chosen:
        yield from share(sounding.make(target, chosen), 0.0, 0.4)
    with session.job_folder() as name:
        stems = path.with_name(f"{path.stem} Stems") if with_stems else None
        work = mixing.mix(target, Path(name), path, layout, encoding, stems)
        mixed = yield from share(work, 0.4 if chosen else 0.0, 1.0)
    session.note(*mixed.notes, *mixed.report["warnings"])
    return f"{path.name} was written: {mix_report.line(mixed.report)}"
