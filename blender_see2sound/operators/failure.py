"""What can be done about an error in the panel: copy its report, or put it away."""

from __future__ import annotations

import bpy

from ..bridge.blend import windows
from ..bridge.jobs import session


def _has_failure(cls: type[bpy.types.Operator]) -> bool:
    if session.state.failure is None:
        cls.poll_message_set("There is no error")
        return False
    return True


class SEE2SOUND_OT_copy_report(bpy.types.Operator):
    """Copy everything about this error to the clipboard, to send it to the developers"""

    bl_idname = "see2sound.copy_report"
    bl_label = "Copy Report"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is an error."""
        return _has_failure(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the report on the clipboard."""
        context.window_manager.clipboard = session.report_of(session.state.failure)
        self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


class SEE2SOUND_OT_dismiss_error(bpy.types.Operator):
    """Put this error away"""

    bl_idname = "see2sound.dismiss_error"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is an error."""
        return _has_failure(cls)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the error off the panel."""
        session.state.failure = None
        windows.redraw()
        return {"FINISHED"}


CLASSES = (SEE2SOUND_OT_copy_report, SEE2SOUND_OT_dismiss_error)
