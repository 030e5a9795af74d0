"""The last step: mixes the sounds of a scene to a loudspeaker layout."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from .. import rooms
from ..files import keep_apart
from ..progress import Progress, silent
from ..scene_file import read_scene, scene_from_json, scene_to_json
from .mix_settings import MixSettings

if TYPE_CHECKING:
    from ..mix import MixReport
    from ..mix.travel.distance import Travel


def mix_scene(
    scene_path: str | Path,
    output: str | Path,
    mixing: MixSettings | None = None,
    *,
    progress: Progress = silent,
) -> MixReport:
    """Mix the sounds of a scene to a loudspeaker layout; write the file, and stems if asked.

    Parameters
    ----------
    scene_path, output : path
    mixing : MixSettings, optional
    progress : Progress

    Raises
    ------
    See2SoundError, Cancelled
    """
    from ..mix import mix_to_file

    mixing = mixing or MixSettings()
    scene = read_scene(scene_path)
    keep_apart([Path(output)], [Path(scene_path)])
    if isinstance(mixing.room, str):
        scene = dataclasses.replace(scene, room=rooms.chosen(mixing.room, scene.sources))
        scene_from_json(scene_to_json(scene), str(scene_path))
    elif not mixing.room:
        scene = dataclasses.replace(scene, room=None)
    return mix_to_file(
        scene, Path(scene_path), Path(output), layout=mixing.layout, lufs=mixing.lufs,
        format=mixing.format, stems=mixing.stems, travel=travel_of(mixing), sofa=mixing.sofa,
        renderer=mixing.renderer, cache=mixing.cache, progress=progress,
    )  # fmt: skip


def check_mixing(mixing: MixSettings, output: Path) -> None:
    """Refuse what no scene can be mixed with, before any work is done for it.

    Raises
    ------
    See2SoundError
        Of kind "bad-request", or "missing-file" for the head.
    """
    from ..mix.delivery.writing import encoding_for
    from ..mix.heads.chosen import with_head
    from ..mix.layouts.table import layout_named

    encoding_for(output, mixing.format, with_head(layout_named(mixing.layout), mixing.sofa))
    travel_of(mixing)
    if isinstance(mixing.room, str):
        rooms.chosen(mixing.room, ())


def travel_of(mixing: MixSettings) -> Travel:
    """What the way to the listener does to a sound."""
    from ..mix.travel.air import Air
    from ..mix.travel.distance import Travel

    return Travel(None if mixing.air is None else Air(*mixing.air), mixing.propagation)
