"""What several panels draw: wrapped sentences, the running job, the error box."""

from __future__ import annotations

import textwrap

import bpy

from ..bridge.jobs import session
from ..bridge.sources import selection


def columns(context: bpy.types.Context) -> int:
    """About how many letters fit into a line of this region."""
    region = context.region
    width = region.width if region is not None else 280
    return max(20, int(width / (7.0 * context.preferences.system.ui_scale)) - 6)


def settings_of(
    panel: bpy.types.Panel, context: bpy.types.Context
) -> tuple[bpy.types.UILayout, bpy.types.PropertyGroup]:
    """A panel's layout, with names to the left, and the active strip's settings."""
    layout = panel.layout
    layout.use_property_split = True
    layout.use_property_decorate = False
    return layout, selection.active_collection(context).see2sound


def draw_text(
    layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str = "NONE"
) -> None:
    """Draw a sentence over as many lines as it needs."""
    column = layout.column(align=True)
    column.scale_y = 0.85
    for number, line in enumerate(textwrap.wrap(text, columns(context)) or [""]):
        blank = "BLANK1" if icon != "NONE" else "NONE"
        column.label(text=line, icon=icon if number == 0 else blank, translate=False)


def draw_job(layout: bpy.types.UILayout, height: float = 1.0) -> None:
    """Draw how far the running job is, and its Cancel."""
    task = session.state.task
    if task is None:
        return
    text = "Cancelling…" if task.cancelling else f"{task.phase}  {task.fraction:.0%}"
    row = layout.row(align=True)
    row.scale_y = height
    row.progress(factor=task.fraction, text=text, translate=False)
    row.operator("see2sound.cancel", text="", icon="X")


def draw_failure(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what went wrong last, why, and what to do about it."""
    failure = session.state.failure
    if failure is None:
        return
    error = failure.error
    box = layout.box()
    row = box.row()
    row.alert = True
    row.label(text=f"{failure.title} Failed", icon="ERROR", translate=False)
    row.operator("see2sound.dismiss_error", text="", icon="X", emboss=False)
    draw_text(box, context, sentence(error.what))
    if error.why:
        draw_text(box, context, sentence(error.why))
    if error.remedy:
        draw_text(box, context, sentence(error.remedy), icon="LIGHT")
    box.operator("see2sound.copy_report", icon="COPYDOWN")


def draw_check(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw what the last check of the worker's Python said."""
    if session.busy():
        draw_job(layout)
    draw_failure(layout, context)
    for text, icon in session.state.check:
        draw_text(layout, context, text, icon=icon)


def sentence(text: str) -> str:
    """A clause of an error as a sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
