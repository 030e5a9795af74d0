"""Release Memory, the check of the Python that computes, and the look for models."""

from __future__ import annotations

import bpy

from ..bridge.jobs import session
from ..bridge.jobs.task import Work
from .job import JobOperator


class SEE2SOUND_OT_release_memory(bpy.types.Operator):
    """End the computing process, and with it the memory that its models hold"""

    bl_idname = "see2sound.release_memory"
    bl_label = "Release Memory"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a process that can be ended."""
        if session.busy():
            cls.poll_message_set(session.busy_message())
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """End the worker; the next job starts another one."""
        had = session.worker_runs()
        session.release()
        self.report({"INFO"}, "Memory was released" if had else "There was nothing to release")
        return {"FINISHED"}


class SEE2SOUND_OT_check_worker(JobOperator, bpy.types.Operator):
    """Start the Python that computes and say what it has and what is missing"""

    bl_idname = "see2sound.check_worker"
    bl_label = "Check"
    bl_options = {"INTERNAL"}

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge.jobs import upkeep

        return upkeep.check_worker()


class SEE2SOUND_OT_look_again(bpy.types.Operator):
    """Look again which models are here"""

    bl_idname = "see2sound.look_again"
    bl_label = "Look Again"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look, in the preferences' list and for the strips that are shown."""
        from ..bridge.interface import view
        from ..bridge.setup import model_list

        model_list.look()
        view.refresh(look_again=True)
        return {"FINISHED"}


CLASSES = (SEE2SOUND_OT_release_memory, SEE2SOUND_OT_check_worker, SEE2SOUND_OT_look_again)
