"""What is seldom needed: how much is looked for and by what, selecting, clearing, memory."""

from __future__ import annotations

import bpy

from ..bridge import view
from .places import in_both


class Tools:
    """Seldom needed."""

    bl_label = "Tools"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons."""
        layout = self.layout
        collection = view.active_collection(context)
        if collection is not None:
            column = layout.column()
            column.use_property_split = True
            column.use_property_decorate = False
            for name in ("sources", "finder", "depth", "describer", "maker"):
                column.prop(collection.see2sound, name)
        column = layout.column(align=True)
        column.operator("see2sound.select_speakers", icon="RESTRICT_SELECT_OFF")
        column.operator("see2sound.clear", icon="TRASH")
        layout.operator("see2sound.release_memory", icon="MEMORY")


CLASSES = in_both("tools", Tools, parent="main", closed=True)
