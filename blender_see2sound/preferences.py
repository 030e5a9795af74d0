"""This computer's settings: which Python computes, how long it stays, how much is looked for.

`bridge.computer` reads them.
"""

from __future__ import annotations

import bpy

from .panels.common import draw_check


class SEE2SOUND_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    python: bpy.props.StringProperty(
        name="Python",
        description=(
            "The Python that finds, makes and mixes, in a process of its own. "
            "Empty for the one that Blender brings"
        ),
        subtype="FILE_PATH",
    )
    idle_minutes: bpy.props.FloatProperty(
        name="Release Memory After",
        description="Minutes without work after which the computing process ends",
        default=10.0,
        min=1.0,
        max=1440.0,
        precision=0,
    )
    sources: bpy.props.IntProperty(
        name="Sources",
        description="How many things that sound are looked for in a clip, at most",
        default=5,
        min=1,
        max=64,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings and what the last check said."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "python")
        layout.prop(self, "idle_minutes", text="Release Memory After (Minutes)")
        layout.prop(self, "sources")
        row = layout.row()
        row.operator("see2sound.check_worker", icon="CHECKMARK")
        row.operator("see2sound.release_memory", icon="TRASH")
        draw_check(layout, context)


def register() -> None:
    bpy.utils.register_class(SEE2SOUND_AP_preferences)


def unregister() -> None:
    bpy.utils.unregister_class(SEE2SOUND_AP_preferences)
