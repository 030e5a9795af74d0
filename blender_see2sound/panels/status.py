"""The status bar's share: how far the job is, wherever the sidebar may be."""

from __future__ import annotations

import bpy

from ..bridge.jobs import session


def draw(self: bpy.types.Header, context: bpy.types.Context) -> None:
    """Draw the running job after what Blender itself shows."""
    task = session.state.task
    if task is None:
        return
    row = self.layout.row(align=True)
    row.ui_units_x = 12
    row.progress(factor=task.fraction, text=f"{task.title}  {task.fraction:.0%}")
    row.operator("see2sound.cancel", text="", icon="X", emboss=False)


def register() -> None:
    """Add it to the status bar."""
    bpy.types.STATUSBAR_HT_header.append(draw)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(draw)
