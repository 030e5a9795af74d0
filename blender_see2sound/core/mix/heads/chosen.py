"""Which head listens: the spherical one, or that of a SOFA file."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from pathlib import Path

from ...errors import See2SoundError, from_os_error
from ..layouts.layout import Layout
from .head import Head
from .sofa import measured_head
from .sphere import sphere_head


def with_head(layout: Layout, sofa: Path | None) -> Layout:
    """The layout, heard through a SOFA file's head where one is named.

    Raises
    ------
    See2SoundError
        When the layout is not for headphones, or the file is not there.
    """
    if sofa is None:
        return layout
    if layout.coding != "binaural":
        raise See2SoundError(
            f"a SOFA file does nothing to {layout.name}",
            "it is for headphones",
            "Choose the layout binaural, or leave the file out",
            kind="bad-request",
        )
    try:
        written = sofa.stat().st_mtime_ns
    except OSError as error:
        raise from_os_error(error, sofa, "read") from error
    return dataclasses.replace(layout, head=(str(sofa.resolve()), written))


def head_of(layout: Layout) -> Head:
    """The head that a layout for headphones is heard through."""
    return sphere_head() if layout.head is None else _measured(*layout.head)


@lru_cache(maxsize=2)
def _measured(path: str, written: int) -> Head:
    return measured_head(Path(path))
