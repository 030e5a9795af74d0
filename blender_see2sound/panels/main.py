"""The main panel: the strip, one big button, the three steps, what is heard, what went wrong."""

from __future__ import annotations

import bpy

from ..bridge.interface import view
from ..bridge.jobs import session
from ..bridge.sources import selection
from .common import draw_failure, draw_job, draw_text, sentence
from .places import in_both

#: The big button is this much higher than others, and so is what replaces it.
BUTTON_HEIGHT = 1.6


class Main:
    """The strip and what can be done with it."""

    bl_label = "See2Sound"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the prepared state."""
        layout = self.layout
        shown = view.shown(context)
        if shown is None:
            layout.label(text="Looking at the sequencer…")
            return
        self._draw_strip(context, shown)
        if session.busy():
            draw_job(layout, BUTTON_HEIGHT)
        else:
            row = layout.row()
            row.scale_y = BUTTON_HEIGHT
            row.operator("see2sound.see_to_sound", icon="SPEAKER")
        column = layout.column(align=True)
        column.operator("see2sound.find_sources", icon="VIEWZOOM")
        column.operator("see2sound.make_sounds", icon="SOUND")
        column.operator("see2sound.bake_mix", icon="RENDER_ANIMATION")
        self._draw_mix(context, shown)
        draw_failure(layout, context)
        for text in session.state.notes:
            draw_text(layout, context, text, icon="INFO")
        if shown.temporary:
            draw_text(
                layout,
                context,
                "The sounds lie in a temporary folder until the file is saved",
                icon="INFO",
            )

    def _draw_strip(self, context: bpy.types.Context, shown: view.StripView) -> None:
        layout = self.layout
        if not shown.strip:
            draw_text(layout, context, shown.hint, icon="INFO")
            return
        column = layout.column(align=True)
        column.label(text=shown.strip, icon=shown.icon, translate=False)
        if shown.length:
            column.label(text=shown.length, icon="BLANK1", translate=False)
        for problem in (shown.problem, shown.lacking):
            if problem is None:
                continue
            draw_text(layout, context, sentence(problem.what), icon="ERROR")
            for text in (problem.why, problem.remedy):
                if text:
                    draw_text(layout, context, sentence(text), icon="BLANK1")

    def _draw_mix(self, context: bpy.types.Context, shown: view.StripView) -> None:
        collection = selection.active_collection(context)
        if collection is None:
            return
        layout = self.layout
        layout.label(text=view.MIX_TEXTS[shown.mix], icon=view.MIX_ICONS[shown.mix])
        levels = layout.column(align=True)
        for text in shown.baked.levels:
            draw_text(levels, context, text, icon="BLANK1")
        if shown.baked.room:
            draw_text(levels, context, f"Room {shown.baked.room}", icon="BLANK1")
        for text in shown.baked.warnings:
            draw_text(layout, context, sentence(text), icon="ERROR")
        split = layout.split(factor=0.3)
        split.label(text="Monitor")
        split.row(align=True).prop(collection.see2sound, "monitor", expand=True)


CLASSES = in_both("main", Main)
