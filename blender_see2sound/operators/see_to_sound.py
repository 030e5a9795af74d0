"""See to Sound: all three steps with one button."""

from __future__ import annotations

import bpy

from ..bridge.task import Work
from .job import JobOperator, strip_problem


class SEE2SOUND_OT_see_to_sound(JobOperator, bpy.types.Operator):
    """Find what sounds in the active strip, make the sounds, and bake the mix"""

    bl_idname = "see2sound.see_to_sound"
    bl_label = "See to Sound"

    sources: bpy.props.IntProperty(
        name="Sources",
        description="How many sources to keep at most; 0 takes the number in the preferences",
        default=0,
        min=0,
        max=64,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def problem(cls, context: bpy.types.Context) -> str:
        """Why it cannot start."""
        return strip_problem(context)

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge import steps

        return steps.see_to_sound(steps.Target.active(context), sources=self.sources)


CLASSES = (SEE2SOUND_OT_see_to_sound,)
