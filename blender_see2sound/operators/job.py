"""What the operators that start a long job share: modal with a timer in a window, blocking without."""

from __future__ import annotations

from typing import Any

import bpy

from ..bridge.blend import windows
from ..bridge.jobs import session
from ..bridge.jobs.task import Task, Work
from ..bridge.sources import selection
from ..bridge.timeline import strips

#: Seconds between two slices of a job in a window; what is left of it is the person's.
_EVERY = 0.04


class JobOperator:
    """Runs `work`, the generator that a subclass gives.

    ``EXEC_DEFAULT`` blocks until the job has ended, ``INVOKE_DEFAULT`` returns at once
    where there is a window. Either way what the job changed is one step of undo, and
    an error is both in the operator's report and in the panel.
    """

    bl_options = {"UNDO"}

    _task: Task

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a job can start here and now; says why not."""
        problem = cls.problem(context)
        if problem:
            cls.poll_message_set(problem)
        return not problem

    @classmethod
    def problem(cls, context: bpy.types.Context) -> str:
        """Why it cannot start, one sentence; empty when it can."""
        return common_problem(context)

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job; what it returns is the sentence of its success.

        What does the work is imported here, so that enabling the extension stays quick.
        """
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do the job here and now."""
        task = self._task = session.start(self.bl_label, self.work(context))
        wm = context.window_manager
        wm.progress_begin(0, 100)
        try:
            task.run(lambda t: wm.progress_update(int(t.fraction * 100)))
        finally:
            wm.progress_end()
        return self._end()

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Begin the job and go on with a timer."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        task = self._task = session.start(self.bl_label, self.work(context))
        wm = context.window_manager
        timer = wm.event_timer_add(_EVERY, window=context.window)
        task.at_end(lambda: wm.event_timer_remove(timer))
        wm.modal_handler_add(self)
        windows.redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Go on with the job; everything but Esc is left to the person."""
        task = self._task
        if not task.running:  # the file was replaced, or the extension disabled
            return self._end()
        if event.type == "ESC" and event.value == "PRESS" and not task.cancelling:
            task.cancel()
            windows.redraw()
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            if task.advance():
                windows.redraw()
            if not task.running:
                return self._end()
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """The window closes, or Blender ends."""
        self._task.abandon()
        session.finish(self._task)

    def _end(self) -> set[str]:
        task = self._task
        session.finish(task)
        if task.state == "failed":
            self.report({"ERROR"}, str(task.error))
        elif task.state == "done":
            self.report({"INFO"}, task.result)
        else:
            self.report({"INFO"}, f"{self.bl_label} was cancelled")
        # Whatever a job that ended early has changed must be in a step of undo of its own.
        return {"FINISHED"} if task.state == "done" or task.changed else {"CANCELLED"}


class FindingOperator(JobOperator):
    """A job that finds the sources of the active strip."""

    sources: bpy.props.IntProperty(
        name="Sources",
        description="How many sources to keep at most; 0 takes the number that the strip has "
        "in Tools, the first time that in the preferences",
        default=0,
        min=0,
        max=64,
        options={"SKIP_SAVE"},
    )
    part_set: bpy.props.StringProperty(
        name="Set",
        description="Which parts do it; empty takes the set that the strip has in Tools, the "
        "first time that in the preferences",
        options={"SKIP_SAVE"},
    )
    off_screen: bpy.props.BoolProperty(
        name="Off-Screen",
        description="Also add what is heard and not seen; not set, as the strip has it in Tools, "
        "the first time as the preferences",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def problem(cls, context: bpy.types.Context) -> str:
        """Why it cannot start."""
        return strip_problem(context)

    @property
    def asked(self) -> dict[str, Any]:
        """What the person or script asks for, as the steps take it."""
        own = self.properties.is_property_set("off_screen")
        return {
            "sources": self.sources,
            "part_set": self.part_set,
            "off_screen": self.off_screen if own else None,
        }


def speaker_property(otherwise: str) -> Any:
    """The name of the speaker that an operator is for; `otherwise` says whose an empty one means."""
    return bpy.props.StringProperty(
        name="Speaker",
        description=f"The name of the speaker; empty for {otherwise}",
        options={"SKIP_SAVE"},
    )


def common_problem(context: bpy.types.Context) -> str:
    """Why no job can start in this context, one sentence; empty when one can."""
    if session.busy():
        return session.busy_message()
    if bpy.app.is_job_running("RENDER"):
        return "Blender is rendering: wait for it to end"
    return ""


def strip_problem(context: bpy.types.Context) -> str:
    """As `common_problem`, for what needs an active strip that can be given sounds."""
    problem = common_problem(context)
    if problem:
        return problem
    _, strip = selection.active_strip(context)
    if strip is None:
        return "Select a movie or image strip in the sequencer"
    refused = strips.refusal(strip)
    return "" if refused is None else str(refused)


def sources_problem(context: bpy.types.Context) -> str:
    """As `strip_problem`, for what needs its speakers."""
    problem = strip_problem(context)
    if not problem and selection.active_collection(context) is None:
        return "Find Sources first: this strip has no speakers yet"
    return problem
