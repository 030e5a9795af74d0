"""The second step: makes the sounds of a scene, and chooses among their takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import sets
from ..errors import See2SoundError
from ..fields import check_words
from ..progress import Progress, silent
from ..scene_file import read_scene, write_scene
from ..seeds import SEEDS
from .results import SoundedResult, StepResult

if TYPE_CHECKING:
    from ..models.keeper import Computing
    from ..sounds.protocol import Making


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
    from ..sounds.making import make_into
    from ..sounds.protocol import Making

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
    from ..sounds.making import take_name, takes_of

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
