"""See to Sound: all three steps with one button."""

from __future__ import annotations

import bpy

from ..bridge.jobs.target import Target
from ..bridge.jobs.task import Work
from .job import FindingOperator


class SEE2SOUND_OT_see_to_sound(FindingOperator, bpy.types.Operator):
    """Find what sounds in the active strip, make the sounds, and bake the mix"""

    bl_idname = "see2sound.see_to_sound"
    bl_label = "See to Sound"

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge.jobs import whole

        return whole.see_to_sound(Target.active(context), **self.asked)


CLASSES = (SEE2SOUND_OT_see_to_sound,)
