"""All steps, one after another, from a clip to its mix in a folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from .. import parts, rooms, sets
from ..files import keep_apart
from ..progress import Progress, part_of, silent
from ..scene_file import read_scene, write_scene
from .finding import DEFAULT_SOURCES, find_sources
from .mixing import DEFAULT_AIR, mix_scene
from .results import StepResult
from .sounding import make_sounds

if TYPE_CHECKING:
    from ..media import ClipRange
    from ..mix import MixReport
    from ..models.keeper import Computing
    from ..sounds.protocol import Making


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
    from ..mix.heads import with_head
    from ..mix.layouts import layout_named
    from ..mix.writing import encoding_for
    from ..overview import draw_overview

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
