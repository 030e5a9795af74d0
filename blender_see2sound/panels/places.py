"""Where the panels are: the tab See2Sound, in the sequencer's and the 3D view's sidebar."""

from __future__ import annotations

import bpy

_PLACES = (("sequencer", "SEQUENCE_EDITOR"), ("view3d", "VIEW_3D"))


def in_both(
    name: str, content: type, *, parent: str = "", closed: bool = False
) -> tuple[type, ...]:
    """Make a panel class of `content` for either editor.

    Parameters
    ----------
    name : str
        Becomes a part of the class's name.
    content : type
        Has `bl_label` and `draw`.
    parent : str
        The name of the panel that it lies in.
    closed : bool
        It is closed until a person opens it.
    """
    classes = []
    for place, space in _PLACES:
        members = {
            "__doc__": content.__doc__,
            "bl_idname": f"SEE2SOUND_PT_{place}_{name}",
            "bl_space_type": space,
            "bl_region_type": "UI",
            "bl_category": "See2Sound",
        }
        if parent:
            members["bl_parent_id"] = f"SEE2SOUND_PT_{place}_{parent}"
        if closed:
            members["bl_options"] = {"DEFAULT_CLOSED"}
        classes.append(type(f"SEE2SOUND_PT_{place}_{name}", (content, bpy.types.Panel), members))
    return tuple(classes)
