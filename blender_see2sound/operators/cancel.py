"""Cancel: stop the job that runs."""

from __future__ import annotations

import bpy

from ..bridge.jobs import session


class SEE2SOUND_OT_cancel(bpy.types.Operator):
    """Stop the job that runs; what it had not finished is not there"""

    bl_idname = "see2sound.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is something to cancel."""
        if not session.busy():
            cls.poll_message_set("See2Sound is not working")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the job to stop; whoever drives it does the rest."""
        session.cancel()
        return {"FINISHED"}


CLASSES = (SEE2SOUND_OT_cancel,)
