"""Makes the sounds of a scene: who makes which, what is left alone, and which files result.

Beside the scene lie ``sounds/<id>.wav``, the other takes ``sounds/takes/<id>-<n>.wav`` (n from
2), and for each file the origin (`core.sounds.origin`). They get their names when all are whole.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import parts
from ..errors import See2SoundError, from_os_error
from ..files import Pending, keep_apart
from ..interrupts import held
from ..models.keeper import Computing
from ..progress import Progress, part_of
from ..scene import SoundScene, Source, resolve
from ..scene_file import read_scene, scene_text
from .origin import add_origin, is_ours, is_sidecar, read_origin, sidecar_of
from .protocol import MOST_TAKES, Maker, Making
from .speech import refusal
from .writing import add_sound

#: What of a source making its sound may change.
_TOLD = ("sound", "maker", "prompt", "negative_prompt", "seed")


@dataclass(frozen=True)
class Sounded:
    """A scene with its sounds, and what a person should know."""

    scene: SoundScene
    made: tuple[str, ...]
    warnings: tuple[str, ...]


def make_into(
    scene: SoundScene,
    scene_path: str | Path,
    chosen: Sequence[Source],
    maker: str,
    making: Making,
    *,
    named: bool,
    speech: bool,
    computing: Computing | None,
    progress: Progress,
) -> Sounded:
    """Make the sounds of some sources, write their files and the scene, all or nothing.

    Parameters
    ----------
    scene : SoundScene
    scene_path : path
        Beside it the files are written.
    chosen : sequence of Source
        As they are to be from now on.
    maker : str
        The maker of sources that name none (`core.parts`).
    making : Making
    named : bool
        A person has named these sources; else all are meant, and those with a sound of the
        person's own keep it.
    speech : bool
        Whether generators may be asked for speech.
    computing : Computing or None
    progress : Progress

    Raises
    ------
    See2SoundError, Cancelled
    """
    wanted, warnings = _wanted(chosen, scene_path, maker, named, speech)
    others = _sounds_of_others(scene, scene_path, wanted)
    _keep_others(scene_path, wanted, making.candidates, others)
    groups: dict[str, list[Source]] = {}
    for source in wanted:
        groups.setdefault(source.maker or maker, []).append(source)
    makers: dict[str, Maker] = {name: parts.load("maker", name, computing) for name in groups}
    done: list[Source] = []
    lacking: list[See2SoundError] = []
    counts: dict[str, int] = {}
    fewer: list[str] = []
    with Pending() as files:
        # What is asked for first is named last: a scene never names sounds that are not there.
        scene_part = files.path(scene_path)
        for name, group in groups.items():
            begun = (len(done) + len(lacking)) / len(wanted)
            step = part_of(progress, begun, begun + len(group) / len(wanted))
            offers = makers[name].make(group, scene.clip, making, step)
            for source, takes in zip(group, offers, strict=True):
                if isinstance(takes, See2SoundError):
                    lacking.append(takes)
                    continue
                for number, take in enumerate(takes, 1):
                    file = resolve(take_name(source.id, number), scene_path)
                    said = take.origin.sentence()
                    add_sound(files, file, take.blocks, comment=said)
                    add_origin(files, take.origin, file)
                if len(takes) < making.candidates:
                    fewer.append(
                        f"{source.id!r} has {_takes(len(takes))}, not {making.candidates}: the "
                        f"maker {name!r} has no more that fit"
                    )
                counts[source.id] = len(takes)
                done.append(dataclasses.replace(source, sound=take_name(source.id, 1)))
            warnings += makers[name].warnings
        if lacking and not done:
            raise lacking[0]
        # Read again: somebody may have changed the other sources meanwhile.
        scene = _with_sounds(read_scene(scene_path), done)
        text = scene_text(scene, str(scene_path))
        try:
            scene_part.write_text(text, encoding="utf-8")
        except OSError as error:
            raise from_os_error(error, scene_path, "write") from error
        with held():
            files.name()
            untidy = [_forget_takes(s.id, counts[s.id], scene_path, others) for s in done]
    warnings += [*map(str, lacking), *fewer, *_alike(scene, set(counts), scene_path)]
    warnings += itertools.chain.from_iterable(untidy)
    return Sounded(scene, tuple(source.id for source in done), tuple(warnings))


def _takes(count: int) -> str:
    return "1 take" if count == 1 else f"{count} takes"


def _alike(scene: SoundScene, made: Collection[str], scene_path: str | Path) -> list[str]:
    """Warnings of sounds that nothing tells apart: mixed, they would be one from between them.

    Those that were made at another time count too: what was asked for then, their origins tell.
    """
    same: dict[tuple[str, str, str, int, str], list[str]] = {}
    for source in scene.sources:
        if source.sound is None or not is_made(source, scene_path):
            continue
        try:
            origin = read_origin(resolve(source.sound, scene_path))
        except See2SoundError:
            continue  # it cannot be compared; the mix tells why
        if origin is not None and origin.maker:
            words = origin.prompt or source.label
            of = (origin.maker, words, source.kind, origin.seed, origin.recording)
            same.setdefault(of, []).append(source.id)
    return [
        f"{', '.join(map(repr, ids[:-1]))} and {ids[-1]!r} have the same words and the same seed, "
        "and so much the same sound: give each another seed"
        for ids in same.values()
        if len(ids) > 1 and any(one in made for one in ids)
    ]


def _with_sounds(scene: SoundScene, made: Sequence[Source]) -> SoundScene:
    """A scene whose sources sound as they were made; those that are gone by now stay away."""
    for source in made:
        now = next((s for s in scene.sources if s.id == source.id), None)
        if now is not None:
            told = {name: getattr(source, name) for name in _TOLD}
            scene = scene.replace_source(dataclasses.replace(now, **told))
    return scene


def take_name(source_id: str, number: int) -> str:
    """The file of a source's sound, relative to the scene: the first take, or another."""
    if number == 1:
        return f"sounds/{source_id}.wav"
    return f"sounds/takes/{source_id}-{number}.wav"


def takes_of(source_id: str, scene_path: str | Path) -> list[str]:
    """The files of a source's takes that are there, the first take first."""
    names = (take_name(source_id, number) for number in range(1, MOST_TAKES + 1))
    return [name for name in names if resolve(name, scene_path).is_file()]


def is_made(source: Source, scene_path: str | Path) -> bool:
    """Whether the sound that a source has was made here, not chosen by a person."""
    if source.sound is None:
        return False
    number = rf"sounds/takes/{re.escape(source.id)}-[2-{MOST_TAKES}]\.wav"
    named = source.sound == take_name(source.id, 1) or bool(re.fullmatch(number, source.sound))
    file = resolve(source.sound, scene_path)
    return named and (is_ours(file) or not file.exists())


def _wanted(
    chosen: Iterable[Source], scene_path: str | Path, maker: str, named: bool, speech: bool
) -> tuple[list[Source], list[str]]:
    """Those of the sources that are made, and why others are not.

    Raises
    ------
    See2SoundError
        Where nothing is left of sources that a person has named.
    """
    wanted, refused = [], []
    for source in chosen:
        generated = parts.named("maker", source.maker or maker).checkpoint is not None
        words = source.prompt or source.label
        if source.locked and source.sound is not None:
            if named:
                refused.append(
                    f"{source.id!r} is locked and keeps its sound. Unlock it to change that"
                )
        elif source.sound is not None and not is_made(source, scene_path) and not named:
            refused.append(f"{source.id!r} keeps its own sound, {source.sound}")
        elif generated and not speech and (told := refusal(words)) is not None:
            refused.append(
                f"{source.id!r} ({words!r:.60}) gets no generated sound: {told.why}. {told.remedy}"
            )
        else:
            wanted.append(source)
    if named and refused and not wanted:
        raise See2SoundError("no sound was made", ". ".join(refused), kind="bad-request")
    return wanted, refused


def _sounds_of_others(
    scene: SoundScene, scene_path: str | Path, wanted: Sequence[Source]
) -> list[Path]:
    """The sound files of the sources whose sound is not made now."""
    ids = {source.id for source in wanted}
    others = (s.sound for s in scene.sources if s.sound is not None and s.id not in ids)
    return [resolve(sound, scene_path) for sound in others]


def _keep_others(
    scene_path: str | Path, wanted: Sequence[Source], candidates: int, others: Sequence[Path]
) -> None:
    """Refuse to write over what other sources sound like, over the scene, or a person's own file.

    Raises
    ------
    See2SoundError
        Of kind "bad-request", naming the file.
    """
    files = [
        resolve(take_name(source.id, number), scene_path)
        for source in wanted
        for number in range(1, candidates + 1)
    ]
    keep_apart([*files, *map(sidecar_of, files)], [Path(scene_path), *others])
    for file in files:
        if file.is_dir() or sidecar_of(file).is_dir():
            raise from_os_error(IsADirectoryError(), file, "write")
        if file.parent.exists() and not file.parent.is_dir():
            raise _in_the_way(file.parent, "its place is that of a folder")
        if file.is_file() and not is_ours(file):
            raise _in_the_way(file, "it is no sound that was made here, but a file of your own")
        if sidecar_of(file).is_file() and not is_sidecar(sidecar_of(file)):
            raise _in_the_way(
                sidecar_of(file), "it was not written here, but is a file of your own"
            )


def _in_the_way(file: Path, why: str) -> See2SoundError:
    return See2SoundError(f"cannot write {file}", why, "Move or rename it", kind="bad-request")


def _forget_takes(
    source_id: str, kept: int, scene_path: str | Path, others: Sequence[Path]
) -> list[str]:
    """Remove takes of an earlier time, but for what another source sounds like or a person put there.

    Returns
    -------
    list of str
        Warnings of those that cannot be removed.
    """
    used = {os.path.realpath(path) for path in others}
    told = []
    for number in range(kept + 1, MOST_TAKES + 1):
        file = resolve(take_name(source_id, number), scene_path)
        if not is_ours(file) or os.path.realpath(file) in used:
            continue
        try:
            file.unlink()
            if is_sidecar(sidecar_of(file)):
                sidecar_of(file).unlink()
        except OSError as error:
            told.append(f"an earlier take stays: {from_os_error(error, file, 'remove')}")
    return told
