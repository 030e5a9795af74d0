"""What the preferences say of this computer: which Python computes, on what, how long it stays.

The environment variable ``SEE2SOUND_PYTHON`` names the worker's Python where the
preferences name none; it is meant for development and tests.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import See2SoundError
from ...core.sets import SETS

ENVIRONMENT = "SEE2SOUND_PYTHON"
#: The name under which Blender knows the extension.
_EXTENSION = __package__.rsplit(".", 2)[0]
#: How an address on the web begins, which is no folder.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


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
        How many sources are looked for in a strip that has none yet.
    part_set : str
        Which parts look for them.
    off_screen : bool
        Whether sources that are not seen are looked for too.
    models : Path or None
        The models folder; this person's usual one when None.
    device : {"auto", "cuda", "mps", "cpu"}
        What models compute on.
    low_memory : bool
        Whether one model is loaded after the other.
    library : Path or None
        The folder of this person's own recordings.
    speech : bool
        Whether generators may be asked for speech.
    """

    python: str
    python_paths: tuple[str, ...]
    idle_minutes: float
    sources: int
    part_set: str = SETS[0].name
    off_screen: bool = False
    models: Path | None = None
    device: str = "auto"
    low_memory: bool = False
    library: Path | None = None
    speech: bool = False

    def computing(self) -> dict[str, Any]:
        """What a worker is told of how models compute."""
        return {
            "device": self.device,
            "low_memory": self.low_memory,
            "models": None if self.models is None else str(self.models),
        }


def preferences() -> bpy.types.AddonPreferences | None:
    """The preferences; None where the extension is only a library."""
    addon = bpy.context.preferences.addons.get(_EXTENSION)
    return None if addon is None else addon.preferences


def settings() -> Settings:
    """Read the preferences."""
    own = preferences()
    python = bpy.path.abspath(own.python).strip() if own is not None else ""
    python = python or os.environ.get(ENVIRONMENT, "")
    packages = () if python else _extension_packages()
    if own is None:
        return Settings(python or sys.executable, packages, idle_minutes=10.0, sources=5)
    return Settings(
        python=python or sys.executable,
        python_paths=packages,
        idle_minutes=own.idle_minutes,
        sources=own.sources,
        part_set=own.part_set,
        off_screen=own.off_screen,
        models=models_folder(),
        device=own.device,
        low_memory=own.low_memory,
        library=library_folder(),
        speech=own.speech,
    )


def models_folder() -> Path | None:
    """The models folder of the preferences; None where they name none (`refused`). Touches no file."""
    return _folder("models")


def library_folder() -> Path | None:
    """The library of the preferences; None where they name none (`refused`). Touches no file."""
    return _folder("library")


def refused(name: str) -> See2SoundError | None:
    """Why what the preferences name as "models" or "library" cannot be a folder; else None."""
    text = _named(name)
    if not _ADDRESS.match(text):
        return None
    return See2SoundError(
        f"{text} is no folder",
        "it is an address on the web, and nothing is downloaded",
        "Choose a folder of this computer in the preferences",
        kind="missing-part",
    )


def _named(name: str) -> str:
    own = preferences()
    return "" if own is None else str(getattr(own, name)).strip()


def _folder(name: str) -> Path | None:
    text = _named(name)
    if not text or _ADDRESS.match(text):
        return None
    # A home's "~" first: for Blender it is a name like another.
    return Path(os.path.abspath(bpy.path.abspath(os.path.expanduser(text))))


def _extension_packages() -> tuple[str, ...]:
    """Where Blender has put the packages that its extensions bring.

    It is on this process's own path, which the worker's Python does not know.
    """
    return _below(bpy.utils.user_resource("EXTENSIONS"), tuple(sys.path))


@lru_cache(maxsize=1)
def _below(extensions: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    """Of some paths, those of the packages; kept, since settings are asked for again and again."""
    root = Path(extensions) / ".local"
    return tuple(p for p in paths if p and root in Path(p).parents)
