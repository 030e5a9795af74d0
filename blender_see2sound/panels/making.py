"""How the sounds of the strip are made: by whom, how many to choose from, with which settings."""

from __future__ import annotations

import bpy

from ..bridge.setup import choice
from ..bridge.sources import selection
from .common import draw_text, settings_of
from .places import in_both


def draw_maker(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    settings: bpy.types.PropertyGroup,
    maker: str,
) -> None:
    """Draw the menu of makers, and the terms of the one that it comes to.

    Parameters
    ----------
    settings : SourceSettings or StripSettings
    maker : str
        The name of who makes the sound, whatever it is that says so.
    """
    layout.prop(settings, "maker_menu")
    named = "" if settings.maker else f"{maker}. "
    draw_text(layout, context, f"{named}{choice.terms(maker)}", icon="BLANK1")


class _OfTheStrip:
    """A panel about making the sounds of the active strip."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it has speakers."""
        return selection.active_collection(context) is not None


class Making(_OfTheStrip):
    """How sounds are made."""

    bl_label = "Sounds"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings."""
        layout, settings = settings_of(self, context)
        maker = choice.choice_of(settings).part("maker")
        column = layout.column()
        draw_maker(column, context, settings, maker)
        if maker == choice.LIBRARY:
            column.operator("see2sound.listen", icon="PLAY_SOUND")
        layout.prop(settings, "takes")


class Generators(_OfTheStrip):
    """How generators compute."""

    bl_label = "Advanced"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what is seldom changed."""
        layout, settings = settings_of(self, context)
        layout.label(text="Generators; 0 for their own")
        layout.prop(settings, "steps")
        layout.prop(settings, "guidance")


CLASSES = (
    *in_both("making", Making, parent="main", closed=True),
    *in_both("generators", Generators, parent="making", closed=True),
)
