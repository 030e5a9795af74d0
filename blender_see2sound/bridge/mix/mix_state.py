"""Whether a mix is what its speakers give now."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

import bpy

from ..speakers import freshness
from ..timeline import mix_strip
from . import fingerprint

State = Literal["none", "current", "stale", "missing", "sounds"]


def state_of(
    scene: bpy.types.Scene, strip: Any, collection: bpy.types.Collection
) -> Generator[float, None, State]:
    """Compare sounds and mix with the document.

    Yields the fraction done.

    Returns
    -------
    {"none", "current", "stale", "missing", "sounds"}
        No mix was baked; it is what a bake would give now; it is not; its strip or file is
        gone; sounds are out of date, and with them the mix.
    """
    if freshness.outdated_in(scene, strip, collection):
        return "sounds"
    baked = collection.see2sound.mix_fingerprint
    if not baked:
        return "none"
    if not mix_strip.is_there(scene, collection):
        return "missing"
    if freshness.to_make(scene, strip, collection):
        return "stale"
    now = yield from fingerprint.of_collection(scene, strip, collection)
    return "current" if now == baked else "stale"
