"""What Blender tells: a file is loaded or saved, the document has changed."""

from __future__ import annotations

import bpy
from bpy.app.handlers import persistent

from ...core.errors import See2SoundError
from ..blend import files
from ..jobs import session
from ..sources import document
from . import view, watch


@persistent
def _on_load_pre(*_: object) -> None:
    session.abandon()


@persistent
def _on_load_post(*_: object) -> None:
    session.forget()
    view.clear()
    watch.mark_changed()


@persistent
def _on_save_pre(path: str, *_: object) -> None:
    for scene in bpy.data.scenes:
        document.remember(scene)
    try:
        files.settle(path)
    except See2SoundError as error:
        # The file itself must be saved all the same; what was not copied keeps its path.
        session.fail("Save", error)


@persistent
def _on_save_post(path: str, *_: object) -> None:
    files.saved(path)


@persistent
def _on_change(*_: object) -> None:
    watch.mark_changed()


_HANDLERS = (
    ("load_pre", _on_load_pre),
    ("load_post", _on_load_post),
    ("save_pre", _on_save_pre),
    ("save_post", _on_save_post),
    ("undo_post", _on_change),
    ("redo_post", _on_change),
    ("depsgraph_update_post", _on_change),
)


def register() -> None:
    """Listen."""
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Listen no more."""
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
