"""The last step: mixes the sounds of a scene to a loudspeaker layout."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING

from .. import rooms
from ..errors import See2SoundError
from ..files import keep_apart
from ..progress import Progress, silent
from ..scene_file import read_scene, scene_from_json, scene_to_json

if TYPE_CHECKING:
    from ..mix import MixReport

#: Degrees Celsius and percent of the air that a mix assumes.
DEFAULT_AIR = (20.0, 50.0)


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
    from ..mix import mix_to_file
    from ..mix.air import Air
    from ..mix.distance import Travel

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
