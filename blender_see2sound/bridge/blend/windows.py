"""What Blender's windows show and do; without a window there are none."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

#: Where a job or its result shows, by the type of the area.
_SHOWN_IN = ("SEQUENCE_EDITOR", "VIEW_3D", "PREFERENCES")


def shown_scenes() -> Iterator[bpy.types.Scene]:
    """The scenes that the windows' sequencers show."""
    for window in bpy.context.window_manager.windows:
        workspace = window.workspace
        scene = getattr(workspace, "sequencer_scene", None) or window.scene
        if scene is not None:
            yield scene


def modal_operators(window: bpy.types.Window) -> list[bpy.types.Operator]:
    """The operators that a person is in the middle of.

    Of one whose class was unregistered meanwhile Blender keeps an empty place for a while.
    """
    return [operator for operator in window.modal_operators if operator is not None]


def redraw() -> None:
    """Let what shows the state be drawn again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in _SHOWN_IN:
                for region in area.regions:
                    if region.type == ("WINDOW" if area.type == "PREFERENCES" else "UI"):
                        region.tag_redraw()
        # The status bar belongs to no screen; setting its text draws it anew. While another
        # operator writes its own text there, that stays.
        if all(o.bl_idname.startswith("SEE2SOUND_") for o in modal_operators(window)):
            window.workspace.status_text_set_internal(None)
