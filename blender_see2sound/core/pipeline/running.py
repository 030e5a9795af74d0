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
from .mix_settings import MixSettings
from .mixing import check_mixing, mix_scene
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
    mixing: MixSettings | None = None,
    progress: Progress = silent,
) -> tuple[StepResult, MixReport]:
    """Find, sound and mix; leave scene.json, sounds/, thumbnails/, mix.wav, overview.png in a folder.

    Parameters are those of the single steps; a room that the mix names goes into the scene. With
    the format "flac" the mix is mix.flac.

    Raises
    ------
    See2SoundError, Cancelled
    """
    from ..overview import draw_overview

    mixing = mixing or MixSettings()
    mix_path = Path(folder) / ("mix.flac" if mixing.format == "flac" else "mix.wav")
    check_mixing(mixing, mix_path)  # what cannot be mixed is told before the work
    parts.load("maker", sets.mixed(part_set, maker=maker).maker, computing)  # as is a missing one
    scene_path = Path(folder) / "scene.json"
    picture = Path(folder) / "overview.png"
    keep_apart([mix_path, picture], [clip.path, *clip.files])
    found = find_sources(
        clip, scene_path, sources=sources, part_set=part_set, finder=finder, depth=depth,
        describer=describer, fov=fov, off_screen=off_screen, computing=computing,
        progress=part_of(progress, 0.0, 0.5),
    )  # fmt: skip
    if isinstance(mixing.room, str):
        placed = rooms.chosen(mixing.room, found.scene.sources)
        write_scene(dataclasses.replace(found.scene, room=placed), scene_path)
        mixing = dataclasses.replace(mixing, room=True)
    sounded = make_sounds(
        scene_path, part_set=part_set, maker=maker, making=making, speech=speech,
        computing=computing, progress=part_of(progress, 0.5, 0.7),
    )  # fmt: skip
    report = mix_scene(scene_path, mix_path, mixing, progress=part_of(progress, 0.7, 0.9))
    draw_overview(
        read_scene(scene_path),
        clip,
        mix_path,
        picture,
        progress=part_of(progress, 0.9, 1.0),
    )
    return StepResult(sounded.scene, found.warnings + sounded.warnings), report
