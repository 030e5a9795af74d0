"""The list of sets and parts in the preferences: what each is for, its terms, and whether it is here."""

from __future__ import annotations

import bpy

from ..bridge.setup import model_list
from .common import draw_text


def draw_models(layout: bpy.types.UILayout, context: bpy.types.Context, which: str) -> None:
    """Draw the sets, or the parts of a role, as they were looked up last.

    Parameters
    ----------
    which : str
        "set", or a role.
    """
    shown = model_list.shown
    if shown is None:
        model_list.look_soon()
        layout.label(text="Looking for models…")
        return
    row = layout.row()
    row.label(text=f"Models in {shown.folder}", translate=False)
    row.operator("see2sound.look_again", text="", icon="FILE_REFRESH")
    if shown.refused:
        draw_text(layout, context, shown.refused, icon="ERROR")
    for entry in shown.rows[which]:
        box = layout.box()
        icon = "CHECKMARK" if entry.here else "X"
        state = "" if entry.here else " (not here)"
        column = box.column(align=True)
        column.label(text=f"{entry.name}{state}", icon=icon, translate=False)
        for text in entry.lines:
            draw_text(column, context, text, icon="BLANK1")
