"""What the preferences say of this computer: which Python computes, how long it stays.

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
#: The name under which Blender knows the extension.
_EXTENSION = __package__.rpartition(".")[0]


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
    addon = bpy.context.preferences.addons.get(_EXTENSION)
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
