"""This computer's settings: which Python computes, how long it stays, how much is looked for.

The environment variable ``SEE2SOUND_PYTHON`` names the worker's Python where the
preferences name none; it is meant for development and tests.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import bpy

ENVIRONMENT = "SEE2SOUND_PYTHON"


@dataclass(frozen=True)
class Settings:
    """What the preferences say, or their defaults where the extension is only a library.

    Attributes
    ----------
    python : str
        The Python that computes.
    python_paths : tuple of str
        Folders with packages for it; empty for a Python that brings its own.
    idle_minutes : float
        How long the worker keeps memory when there is nothing to do.
    sources : int
        How many sources are looked for.
    """

    python: str
    python_paths: tuple[str, ...]
    idle_minutes: float
    sources: int


def settings() -> Settings:
    """Read the preferences."""
    addon = bpy.context.preferences.addons.get(__package__)
    own = addon.preferences if addon is not None else None
    python = bpy.path.abspath(own.python).strip() if own is not None else ""
    python = python or os.environ.get(ENVIRONMENT, "")
    return Settings(
        python=python or sys.executable,
        python_paths=() if python else _extension_packages(),
        idle_minutes=own.idle_minutes if own is not None else 10.0,
        sources=own.sources if own is not None else 5,
    )


def _extension_packages() -> tuple[str, ...]:
    """Where Blender has put the packages that its extensions bring.

    It is on this process's own path, which the worker's Python does not know.
    """
    root = Path(bpy.utils.user_resource("EXTENSIONS")) / ".local"
    return tuple(p for p in sys.path if p and root in Path(p).parents)


class SEE2SOUND_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    python: bpy.props.StringProperty(
        name="Python",
        description=(
            "The Python that finds, makes and mixes, in a process of its own. "
            "Empty for the one that Blender brings"
        ),
        subtype="FILE_PATH",
    )
    idle_minutes: bpy.props.FloatProperty(
        name="Release Memory After",
        description="Minutes without work after which the computing process ends",
        default=10.0,
        min=1.0,
        max=1440.0,
        precision=0,
    )
    sources: bpy.props.IntProperty(
        name="Sources",
        description="How many things that sound are looked for in a clip, at most",
        default=5,
        min=1,
        max=64,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings and what the last check said."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "python")
        layout.prop(self, "idle_minutes", text="Release Memory After (Minutes)")
        layout.prop(self, "sources")
        row = layout.row()
        row.operator("see2sound.check_worker", icon="CHECKMARK")
        row.operator("see2sound.release_memory", icon="TRASH")
        from .panels.common import draw_check

        draw_check(layout, context)


def register() -> None:
    bpy.utils.register_class(SEE2SOUND_AP_preferences)


def unregister() -> None:
    bpy.utils.unregister_class(SEE2SOUND_AP_preferences)
