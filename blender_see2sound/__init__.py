"""See2Sound: gives a picture its sound, inside Blender's video sequencer.

The package is three things: an extension of Blender (everything here but `core`
and the worker's server), a library (`core`) and a command (`see2sound`). This
file imports nothing heavy, so that the library and the worker start without Blender.
"""

from __future__ import annotations

from types import ModuleType


def _rooms() -> tuple[ModuleType, ...]:
    """The modules that register something, in the order in which they do it."""
    from . import operators, panels, preferences, properties
    from .bridge.background import command
    from .bridge.interface import handlers, watch
    from .bridge.jobs import render_bake, session
    from .bridge.setup import model_list

    return (
        preferences, properties, session, model_list, operators, panels, handlers, watch,
        render_bake, command,
    )  # fmt: skip


def register() -> None:
    """Add everything to Blender, or nothing: what went well is taken back when something fails."""
    done = []
    try:
        for room in _rooms():
            room.register()
            done.append(room)
    except Exception:
        for room in reversed(done):
            room.unregister()
        raise


def unregister() -> None:
    """Take everything out of Blender again, and end the worker."""
    for room in reversed(_rooms()):
        room.unregister()
