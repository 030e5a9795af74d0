"""Where this person's computer keeps what this project needs again: one rule for all of it.

Data is what costs a person something to get again (models, indexes of libraries), cache what is
only made again. Standard library only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path | None:
    """This person's folder for data; None where the person has no folder of their own."""
    return _own("XDG_DATA_HOME", ".local/share", "Library/Application Support", "")


def cache_folder() -> Path | None:
    """This person's folder for what can be made again; None where there is none.

    Not among temporary files: on many computers these lie in memory.
    """
    return _own("XDG_CACHE_HOME", ".cache", "Library/Caches", "Cache")


def _own(variable: str, linux: str, mac: str, windows: str) -> Path | None:
    own = os.environ.get(variable, "")
    if os.path.isabs(own):
        return Path(own) / "see2sound"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        base = Path(local) if os.path.isabs(local) else home / "AppData" / "Local"
        return base / "See2Sound" / windows
    if sys.platform == "darwin":
        return home / mac / "See2Sound"
    return home / linux / "see2sound"
