"""What is seldom needed: how much is looked for and by what, selecting, clearing, memory."""

from __future__ import annotations

import bpy

from ..bridge.setup import choice, computer
from ..bridge.sources import selection
from ..core.sets import set_named
from .places import in_both


class Tools:
    """Seldom needed."""

    bl_label = "Tools"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons."""
        layout = self.layout
        collection = selection.active_collection(context)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        # A strip without speakers begins as the preferences say.
        settings = computer.preferences() if collection is None else collection.see2sound
        if settings is not None:
            for name in ("sources", "part_set", "off_screen"):
                column.prop(settings, name)
        if collection is not None:
            own = set_named(choice.choice_of(settings).part_set)
            for role in choice.LOOKING:
                column.prop(settings, role, placeholder=own.part(role))
        column = layout.column(align=True)
        column.operator("see2sound.select_speakers", icon="RESTRICT_SELECT_OFF")
        column.operator("see2sound.clear", icon="TRASH")
        layout.operator("see2sound.release_memory", icon="MEMORY")


CLASSES = in_both("tools", Tools, parent="main", closed=True)
