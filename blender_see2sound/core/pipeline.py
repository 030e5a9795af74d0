"""The four steps as functions on files: what the command, the worker and scripts call.

Each reads and writes a sound scene (`core.scene`) and the files beside it:
``thumbnails/<id>.png``, ``sounds/<id>.wav``, the mix. Each reports progress and
can be cancelled; what it had not finished is not there, what was there stays.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import parts, rooms, sets
from .errors import See2SoundError, from_os_error
from .fields import check_words
from .files import atomic_path, check_text, keep_apart
from .progress import Progress, part_of, shares_of, silent
from .scene import (
    Clip,
    SoundScene,
    Source,
    read_scene,
    scene_from_json,
    scene_to_json,
    write_scene,
)
from .seeds import SEEDS

if TYPE_CHECKING:
    from .catalogue import Role
    from .media import ClipRange
    from .mix import MixReport
    from .models.keeper import Computing
    from .regions.protocol import Region
    from .sounds.protocol import Making

DEFAULT_SOURCES = 5

#: Degrees Celsius and percent of the air that a mix assumes.
DEFAULT_AIR = (20.0, 50.0)
MOST_SOURCES = 64
#: How long parts work without a model and with one, beside each other, and measuring motion.
WORK: dict[str, tuple[float, float]] = {
    "finder": (8.0, 60.0), "describer": (0.2, 25.0), "depth": (1.0, 12.0),
}  # fmt: skip
WORK_OF_MOTION = 1.0
#: A bed that accompanies things one sees lies below them, as in film mixes; dB.
BED_GAIN_DB = -12.0
#: What large low events send to the LFE channel, dB, and the families of sounds that are such.
LFE_DB = -6.0
LFE_FAMILIES = frozenset({"thunder", "explosion"})


@dataclass(frozen=True)
class StepResult:
    """What a step has to say beside the scene it wrote."""

    scene: SoundScene
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class SoundedResult(StepResult):
    """A step's result that also names the sources whose sound was made."""

    made: tuple[str, ...] = ()


def find_sources(
    clip: ClipRange,
    scene_path: str | Path,
    *,
    sources: int = DEFAULT_SOURCES,
    part_set: str | None = None,
    finder: str | None = None,
    depth: str | None = None,
    describer: str | None = None,
    fov: float | None = None,
    off_screen: bool = False,
    computing: Computing | None = None,
    progress: Progress = silent,
) -> StepResult:
    """Find what sounds in a clip and where it is; write the scene and thumbnails.

    Parameters
    ----------
    clip : ClipRange
        The part of a media file to look at.
    scene_path : path
        The scene file to write; an older one is replaced when the step ends well.
    sources : int
        How many to keep at most, 1 to 64.
    part_set : str, optional
        A name from `core.sets`; the built-in one when None.
    finder, depth, describer : str, optional
        Names from `core.parts`; those of the set when None.
    fov : float, optional
        Horizontal field of view in degrees, 1 to 175; when None as the depth estimator sees it, else 50.
    off_screen : bool
        Whether sources that one would hear there but does not see are added, at most
        `core.regions.offscreen.MOST`, beside or behind.
    computing : Computing, optional
        Where models are and on what they compute.
    progress : Progress

    Raises
    ------
    See2SoundError, Cancelled
    """
    from .media import open_clip
    from .motion import MEASURED, motions_of
    from .placement import positions_of
    from .placement.doubts import doubts
    from .regions.offscreen import MOST, placed_apart
    from .regions.sounding import candidates_for, choose

    if not 1 <= sources <= MOST_SOURCES:
        raise See2SoundError(
            f"{sources} sources cannot be kept",
            "",
            f"Choose 1 to {MOST_SOURCES}",
            kind="bad-request",
        )
    if fov is not None and not 1.0 <= fov <= 175.0:
        raise See2SoundError(
            f"a field of view of {fov:g} degrees cannot be used",
            "",
            "Choose 1 to 175",
            kind="bad-request",
        )
    path = _relative(clip.path, scene_path)
    thumbnails = Path(scene_path).parent / "thumbnails"
    made = [thumbnails / f"s{number}.png" for number in range(1, sources + MOST + 1)]
    keep_apart([Path(scene_path), *made], [clip.path, *clip.files])
    wanted = sets.mixed(part_set, finder=finder, depth=depth, describer=describer)
    finding, estimating, describing = (
        parts.load("finder", wanted.finder, computing),
        parts.load("depth", wanted.depth, computing),
        parts.load("describer", wanted.describer, computing),
    )
    finds, describes, measures, moves = shares_of(part_of(progress, 0.0, 0.98), _work(wanted))
    with open_clip(clip) as opened:
        opened.remember(MEASURED)
        count = candidates_for(sources) if finding.proposes else sources
        regions = finding.find(opened, count, finds)
        regions = describing.describe(opened, regions, describes, off_screen=off_screen)
        if finding.proposes:
            regions = choose(regions, sources)
        in_picture, unseen = placed_apart(regions)
        measured = estimating.distances(opened, in_picture, fov, measures)
        view = measured.horizontal_fov
        moved = motions_of(opened, in_picture, measured.metres, view, moves)
        accompanied = any(region.kind != "ambience" for region in in_picture)
        found = tuple(
            Source(
                id=f"s{number}",
                label=region.label,
                prompt=region.prompt,
                kind=region.kind,
                times=tuple(float(t) for t in region.times),
                positions=positions_of(region, metres, view, opened.size),
                boxes=tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in region.boxes)
                if region.azimuth is None
                else (),
                presence=tuple(float(p) for p in region.presence),
                gain_db=BED_GAIN_DB if region.kind == "ambience" and accompanied else 0.0,
                spread={"point": 0.0, "area": 0.5, "ambience": 1.0}[region.kind],
                seed=number,
                motion=motion,
            )
            for number, (region, metres, motion) in enumerate(
                zip(
                    regions,
                    [*measured.metres, *unseen],
                    [*moved, *(None for _ in unseen)],
                    strict=True,
                ),
                1,
            )
        )
        found = tuple(dataclasses.replace(s, lfe_db=_lfe_of(s)) for s in found)
        scene = SoundScene(
            Clip(
                path=path,
                start=float(clip.start),
                duration=float(opened.duration),
                frame_rate=float(opened.frame_rate),
                size=opened.size,
                horizontal_fov=view,
            ),
            found,
        )
    progress("Writing the scene", 0.98)
    for source, region in zip(found, regions, strict=True):
        _write_thumbnail(region, thumbnails / f"{source.id}.png")
    write_scene(scene, scene_path)
    progress("Found the sources", 1.0)
    warnings = [] if found else ["Nothing that could sound was found in this picture"]
    if off_screen and found and not unseen:
        warnings.append(
            "No off-screen source was added: the words for what is seen tell of no place in which "
            "one would hear more"
        )
    return StepResult(scene, (*warnings, *doubts(in_picture, measured)))


def _work(wanted: sets.PartSet) -> list[float]:
    """How long finding, describing, measuring distances and measuring motion take beside each other."""
    roles: tuple[Role, ...] = ("finder", "describer", "depth")
    loaded = [parts.named(role, wanted.part(role)).checkpoint is not None for role in roles]
    return [*(WORK[role][model] for role, model in zip(roles, loaded, strict=True)), WORK_OF_MOTION]


def make_sounds(
    scene_path: str | Path,
    *,
    part_set: str | None = None,
    maker: str | None = None,
    prompt: str | None = None,
    negative_prompt: str | None = None,
    seed: int | None = None,
    only: Sequence[str] | None = None,
    making: Making | None = None,
    speech: bool = False,
    computing: Computing | None = None,
    progress: Progress = silent,
) -> SoundedResult:
    """Make a mono sound for each source of a scene; write them and the scene.

    Locked sources keep their sound, and so do those with a file that a person has chosen,
    unless they are named.

    Parameters
    ----------
    scene_path : path
    part_set : str, optional
        A name from `core.sets`; the built-in one when None.
    maker : str, optional
        A name from `core.parts`. Of named sources it becomes their own; else it is the maker of
        those that have none of their own, instead of the set's.
    prompt, negative_prompt, seed : optional
        Replace those of the sources that are sounded.
    only : sequence of str, optional
        Ids; the other sources keep what they have.
    making : Making, optional
        How many takes, a generator's settings, the library's folder.
    speech : bool
        Whether generators may be asked for speech.
    computing : Computing, optional
        Where models are and on what they compute.

    Raises
    ------
    See2SoundError, Cancelled
    """
    from .sounds.making import make_into
    from .sounds.protocol import Making

    scene = read_scene(scene_path)
    chosen = [scene.source(i) for i in only] if only is not None else list(scene.sources)
    if seed is not None and not 0 <= seed < SEEDS:
        raise See2SoundError(
            f"seed {seed} cannot be used", "", f"Choose 0 to {SEEDS - 1}", kind="bad-request"
        )
    for text in filter(None, (prompt, negative_prompt)):
        check_words(text)
    told: dict[str, Any] = {"prompt": prompt, "negative_prompt": negative_prompt, "seed": seed}
    if only is not None:
        told["maker"] = maker
    told = {name: value for name, value in told.items() if value is not None}
    done = make_into(
        scene, scene_path, [dataclasses.replace(s, **told) for s in chosen],
        sets.mixed(part_set, maker=maker).maker, making or Making(), named=only is not None, speech=speech,
        computing=computing, progress=progress,
    )  # fmt: skip
    progress("Made the sounds", 1.0)
    return SoundedResult(done.scene, done.warnings, done.made)


def choose_take(scene_path: str | Path, source_id: str, number: int) -> StepResult:
    """Let a source sound like another of its takes, 1 being the first; write the scene.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" where there is no such take.
    """
    from .sounds.making import take_name, takes_of

    scene = read_scene(scene_path)
    source = scene.source(source_id)
    names = takes_of(source_id, scene_path)
    if take_name(source_id, number) not in names:
        raise See2SoundError(
            f"source {source_id!r} has no take {number}",
            f"it has {len(names)}",
            "Make its sound again with more takes" if len(names) < 2 else "Choose one of these",
            kind="bad-request",
        )
    scene = scene.replace_source(dataclasses.replace(source, sound=take_name(source_id, number)))
    write_scene(scene, scene_path)
    return StepResult(scene)


def mix_scene(
    scene_path: str | Path,
    output: str | Path,
    *,
    layout: str = "5.1",
    lufs: float | None = -23.0,
    room: bool | str = True,
    format: str | None = None,
    stems: str | Path | None = None,
    air: tuple[float, float] | None = DEFAULT_AIR,
    propagation: bool = False,
    sofa: str | Path | None = None,
    renderer: str = "panning",
    cache: str | Path | None = None,
    progress: Progress = silent,
) -> MixReport:
    """Mix the sounds of a scene to a loudspeaker layout; write the file, and stems if asked.

    Parameters
    ----------
    scene_path, output : path
    layout : str
        mono, stereo, 5.1, 7.1, 5.1.4, 7.1.4, binaural, ambix1, ambix2 or ambix3.
    lufs : float or None
        Integrated loudness to reach (ITU-R BS.1770), -70 to 0; None leaves it.
    room : bool or str
        False ignores the scene's room; a text stands for another one (`rooms.chosen`).
    format : {"pcm24", "float", "flac"}, optional
        By default what the output's name says: WAV in 24 bits, or FLAC.
    stems : path, optional
        A folder for one file per source.
    air : (celsius, percent) or None
        Temperature and relative humidity of the air that absorbs on the way; None absorbs
        nothing.
    propagation : bool
        Whether sound takes its time, with Doppler.
    sofa : path, optional
        A SOFA file: the head that a binaural mix is heard through, instead of a sphere.
    renderer : {"panning", "microphones"}
        By panning, or as microphones in the room would hear it (the paper's way).
    cache : path, optional
        A folder that keeps what each source gives to the mix, so that a later mix renders only
        what has changed.

    Raises
    ------
    See2SoundError, Cancelled
    """
    from .mix import mix_to_file
    from .mix.air import Air
    from .mix.distance import Travel

    if lufs is not None and not (math.isfinite(lufs) and -70.0 <= lufs <= 0.0):
        raise See2SoundError(
            f"a loudness of {lufs:g} LUFS cannot be reached",
            "",
            "Choose -70 to 0",
            kind="bad-request",
        )
    scene = read_scene(scene_path)
    keep_apart([Path(output)], [Path(scene_path)])
    if isinstance(room, str):
        scene = dataclasses.replace(scene, room=rooms.chosen(room, scene.sources))
        scene_from_json(scene_to_json(scene), str(scene_path))
    elif not room:
        scene = dataclasses.replace(scene, room=None)
    return mix_to_file(
        scene, Path(scene_path), Path(output), layout=layout, lufs=lufs,
        format=format, stems=None if stems is None else Path(stems),
        travel=Travel(None if air is None else Air(*air), propagation),
        sofa=None if sofa is None else Path(sofa), renderer=renderer,
        cache=None if cache is None else Path(cache), progress=progress,
    )  # fmt: skip


def run_clip(
    clip: ClipRange,
    folder: str | Path,
    *,
    sources: int = DEFAULT_SOURCES,
    part_set: str | None = None,
    finder: str | None = None,
    depth: str | None = None,
    describer: str | None = None,
    maker: str | None = None,
    fov: float | None = None,
    off_screen: bool = False,
    making: Making | None = None,
    speech: bool = False,
    computing: Computing | None = None,
    layout: str = "5.1",
    lufs: float | None = -23.0,
    room: str | None = None,
    format: str | None = None,
    stems: str | Path | None = None,
    air: tuple[float, float] | None = DEFAULT_AIR,
    propagation: bool = False,
    sofa: str | Path | None = None,
    renderer: str = "panning",
    cache: str | Path | None = None,
    progress: Progress = silent,
) -> tuple[StepResult, MixReport]:
    """Find, sound and mix; leave scene.json, sounds/, thumbnails/, mix.wav, overview.png in a folder.

    Parameters are those of the single steps; `room` (`rooms.chosen`) goes into the scene. With
    the format "flac" the mix is mix.flac.

    Raises
    ------
    See2SoundError, Cancelled
    """
    from .mix.heads import with_head
    from .mix.layouts import layout_named
    from .mix.writing import encoding_for
    from .overview import draw_overview

    mix_path = Path(folder) / ("mix.flac" if format == "flac" else "mix.wav")
    # What cannot be mixed is told before the work.
    heard_by = with_head(layout_named(layout), None if sofa is None else Path(sofa))
    encoding_for(mix_path, format, heard_by)
    if room is not None:
        rooms.chosen(room, ())
    parts.load("maker", sets.mixed(part_set, maker=maker).maker, computing)  # as is a missing one
    scene_path = Path(folder) / "scene.json"
    picture = Path(folder) / "overview.png"
    keep_apart([mix_path, picture], [clip.path, *clip.files])
    found = find_sources(
        clip, scene_path, sources=sources, part_set=part_set, finder=finder, depth=depth,
        describer=describer, fov=fov, off_screen=off_screen, computing=computing,
        progress=part_of(progress, 0.0, 0.5),
    )  # fmt: skip
    if room is not None:
        placed = rooms.chosen(room, found.scene.sources)
        write_scene(dataclasses.replace(found.scene, room=placed), scene_path)
    sounded = make_sounds(
        scene_path, part_set=part_set, maker=maker, making=making, speech=speech,
        computing=computing, progress=part_of(progress, 0.5, 0.7),
    )  # fmt: skip
    report = mix_scene(
        scene_path, mix_path, layout=layout, lufs=lufs, format=format, stems=stems, air=air,
        propagation=propagation, sofa=sofa, renderer=renderer, cache=cache,
        progress=part_of(progress, 0.7, 0.9),
    )  # fmt: skip
    draw_overview(
        read_scene(scene_path),
        clip,
        mix_path,
        picture,
        progress=part_of(progress, 0.9, 1.0),
    )
    return StepResult(sounded.scene, found.warnings + sounded.warnings), report


def _relative(path: Path, scene_path: str | Path) -> str:
    """A clip's path as the scene file keeps it: relative where one drive holds both."""
    import os

    try:
        name = Path(os.path.relpath(path, Path(scene_path).resolve().parent)).as_posix()
    except ValueError:  # another drive on Windows
        name = str(Path(path).resolve())
    check_text(name)
    return name


def _lfe_of(source: Source) -> float | None:
    """The LFE send of a source that was found: only large low events have one."""
    from .sounds import families_for

    chosen = families_for(source.label, source.prompt, source.kind)
    return LFE_DB if any(c.family in LFE_FAMILIES for c in chosen) else None


def _write_thumbnail(region: Region, path: Path) -> None:
    import cv2

    with atomic_path(path) as part:
        written, data = cv2.imencode(".png", region.thumbnail[:, :, ::-1])
        if not written:
            raise See2SoundError(f"cannot write {path}", "the picture could not be encoded")
        try:
            part.write_bytes(data.tobytes())
        except OSError as error:
            raise from_os_error(error, path, "write") from error
