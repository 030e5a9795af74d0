"""See to Sound: all three steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..setup import choice
from ..sources import document
from . import baking, finding, sounding
from .target import Target
from .task import Work, share


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
    chosen = finding.chosen_for(document.collection_of(scene, strip), part_set)
    maker = (settings or {}).get("maker") or chosen.part("maker")
    lacking = choice.lacking({"maker": maker}, library)
    if lacking is not None:
        raise lacking  # before minutes of work
    work = finding.find_sources(target, sources, part_set, off_screen)
    found = yield from share(work, 0.0, 0.5)
    target = Target.of(*target.find())
    for name, value in (settings or {}).items():
        setattr(target.collection()[2].see2sound, name, value)
    yield from share(sounding.make_sounds(target, library=library), 0.5, 0.75)
    mixed = yield from share(baking.bake_mix(target), 0.75, 1.0)
    return f"{found}. {mixed}"
