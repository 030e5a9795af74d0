"""Blender's data found again after a pause in which anything may have happened to it.

References die when a person undoes or removes something; session uids tell what
is still the same.
"""

from __future__ import annotations

from typing import Any

import bpy

from ...core.errors import See2SoundError
from . import versions


def scene(uid: int) -> bpy.types.Scene:
    """The scene with this session uid."""
    return _there(bpy.data.scenes, uid, "scene")


def collection(uid: int) -> bpy.types.Collection:
    """The collection with this session uid."""
    return _there(bpy.data.collections, uid, "collection of speakers")


def thing(uid: int) -> bpy.types.Object:
    """The object with this session uid."""
    return _there(bpy.data.objects, uid, "speaker or camera")


def strip(of: bpy.types.Scene, name: str) -> Any:
    """The strip with this name."""
    for there in versions.all_strips(of):
        if there.name == name:
            return there
    raise _gone(f"strip {name!r}")


def _there(blocks: Any, uid: int, what: str) -> Any:
    for block in blocks:
        if block.session_uid == uid:
            return block
    raise _gone(what)


def _gone(what: str) -> See2SoundError:
    return See2SoundError(
        f"the {what} is not there any more",
        "it was removed or renamed while See2Sound was working",
        "Start again",
        kind="bad-request",
    )
