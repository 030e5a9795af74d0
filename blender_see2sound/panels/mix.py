"""The mix's settings: what it is for, how loud, in which room; and the way to a file of it."""

from __future__ import annotations

import bpy

from ..bridge.sources import selection
from ..core.materials import OCTAVES, WALLS
from .common import settings_of
from .places import in_both


class _OfTheMix:
    """A panel about the mix of the active strip."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is something to mix."""
        return selection.active_collection(context) is not None


class Mix(_OfTheMix):
    """How the mix of the strip is baked."""

    bl_label = "Mix"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings."""
        layout, settings = settings_of(self, context)
        layout.prop(settings, "layout")
        if settings.layout == "binaural":
            layout.prop(settings, "sofa")
        layout.prop(settings, "loudness")
        if settings.loudness == "CUSTOM":
            layout.prop(settings, "lufs")
        layout.prop(settings, "room_kind")
        if settings.room_kind != "NONE":
            room = layout.column()
            room.prop(settings, "room_size", text="Size")
            room.prop(settings, "room_fits")
            room.prop(settings, "rt60")
        layout.prop(settings, "bake_on_render")
        layout.operator("see2sound.export_mix", icon="EXPORT")


class Walls(_OfTheMix):
    """What the room is made of, and how it decays."""

    bl_label = "Walls"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a room."""
        collection = selection.active_collection(context)
        return collection is not None and collection.see2sound.room_kind != "NONE"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a menu for each wall, and the decay in each octave."""
        layout, settings = settings_of(self, context)
        walls = layout.column(align=True)
        for wall in WALLS:
            walls.prop(settings, f"wall_{wall}")
        octaves = layout.column(align=True)
        for index, hertz in enumerate(OCTAVES):
            name = f"{hertz} Hz" if hertz < 1000 else f"{hertz // 1000} kHz"
            text = f"Decay at {name}" if index == 0 else name
            octaves.prop(settings, "rt60_shape", index=index, text=text)


class Advanced(_OfTheMix):
    """How the mix is computed."""

    bl_label = "Advanced"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what film seldom changes."""
        layout, settings = settings_of(self, context)
        layout.prop(settings, "renderer")
        layout.prop(settings, "use_air")
        layout.prop(settings, "use_propagation")


CLASSES = (
    *in_both("mix", Mix, parent="main"),
    *in_both("walls", Walls, parent="mix", closed=True),
    *in_both("advanced", Advanced, parent="mix", closed=True),
)
