"""Clear: take away what the steps made for the active strip, after asking."""

from __future__ import annotations

import bpy

from ..bridge.interface import view
from ..bridge.jobs import session
from ..bridge.sources import document, selection
from ..core.errors import See2SoundError
from .job import strip_problem


class SEE2SOUND_OT_clear(bpy.types.Operator):
    """Remove the speakers and the mix strip that See2Sound made for this strip; files stay"""

    bl_idname = "see2sound.clear"
    bl_label = "Clear"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is something to clear."""
        problem = strip_problem(context)
        if not problem and selection.active_collection(context) is None:
            problem = "Nothing was made for this strip yet"
        if problem:
            cls.poll_message_set(problem)
        return not problem

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(
            self,
            event,
            title="Clear the Sounds of This Strip?",
            message="Its speakers and its mix strip are removed. Sound files stay on disk.",
            confirm_text="Clear",
            icon="WARNING",
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Clear without asking."""
        scene, strip = selection.active_strip(context)
        try:
            document.clear(scene, strip)
        except See2SoundError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        session.forget()
        view.refresh()
        return {"FINISHED"}


CLASSES = (SEE2SOUND_OT_clear,)
