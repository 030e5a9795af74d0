"""What a person sees: the tab See2Sound in two sidebars, and a bit of the status bar."""

from __future__ import annotations

import bpy

from . import main, making, mix, sources, status, tools

CLASSES = (*main.CLASSES, *sources.CLASSES, *making.CLASSES, *mix.CLASSES, *tools.CLASSES)


def register() -> None:
    """Add every panel."""
    sources.register()
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    status.register()


def unregister() -> None:
    """Take every panel out again."""
    status.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    sources.unregister()
