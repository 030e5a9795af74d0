"""The mix's settings: loudness, room, and whether a render bakes it."""

from __future__ import annotations

import bpy

from ..bridge import view
from .places import in_both


class Mix:
    """How the mix of the strip is baked."""

    bl_label = "Mix"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is something to mix."""
        return view.active_collection(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = view.active_collection(context).see2sound
        layout.prop(settings, "loudness")
        level = layout.row()
        level.active = settings.use_lufs
        level.prop(settings, "lufs", text="LUFS")
        layout.prop(settings, "use_room")
        room = layout.column()
        room.active = settings.use_room
        room.prop(settings, "room_kind")
        room.prop(settings, "room_size", text="Size")
        room.prop(settings, "room_fits")
        room.prop(settings, "rt60")
        layout.prop(settings, "bake_on_render")


CLASSES = in_both("mix", Mix, parent="main")
