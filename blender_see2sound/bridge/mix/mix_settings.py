"""The settings of a mix as the worker is told, and as the fingerprint holds them."""

from __future__ import annotations

from typing import Any

import bpy

from ...core.errors import See2SoundError
from ..blend import files
from . import room


def asked(collection: bpy.types.Collection, layout: str = "") -> dict[str, Any]:
    """The worker's ``mix``, but for files and scene: see `worker.protocol`.

    Parameters
    ----------
    layout : str, optional
        Another one than is set.
    """
    settings = collection.see2sound
    wanted: dict[str, Any] = {
        "layout": layout or settings.layout,
        "lufs": None if settings.loudness == "NONE" else settings.lufs,
        "renderer": settings.renderer,
        "propagation": settings.use_propagation,
    }
    if not settings.use_air:
        wanted["air"] = None
    if wanted["layout"] == "binaural" and settings.sofa:
        wanted["sofa"] = str(files.absolute(settings.sofa, collection.library))
    return wanted


def shapeless(collection: bpy.types.Collection, speaker: bpy.types.Object) -> str:
    """Why a source's spread and reverb mean nothing in the mix, for a person; empty where they do."""
    if speaker.data.see2sound.kind == "ambience":
        return "Ambience: all around, without a room"
    if collection.see2sound.renderer == "microphones":
        return "Microphones: a point, in the room as it is"
    return ""


def check(collection: bpy.types.Collection) -> None:
    """Say what cannot be before the work.

    Raises
    ------
    See2SoundError
    """
    if collection.see2sound.renderer == "microphones" and not room.is_wanted(collection):
        raise See2SoundError(
            "microphones need a room to stand in",
            "the mix has none",
            "Choose a Room, or Panning as the Renderer",
            kind="bad-request",
        )
