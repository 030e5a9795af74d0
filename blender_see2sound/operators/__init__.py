"""What a person can do, a file per verb."""

from __future__ import annotations

import bpy

from . import (
    cancel,
    clear,
    export,
    failure,
    find,
    library,
    memory,
    mix,
    see_to_sound,
    select,
    sounds,
    takes,
)

CLASSES = (
    *find.CLASSES,
    *sounds.CLASSES,
    *takes.CLASSES,
    *library.CLASSES,
    *mix.CLASSES,
    *export.CLASSES,
    *see_to_sound.CLASSES,
    *cancel.CLASSES,
    *clear.CLASSES,
    *select.CLASSES,
    *memory.CLASSES,
    *failure.CLASSES,
)


def register() -> None:
    """Add every operator."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take every operator out again."""
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
