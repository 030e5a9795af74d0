"""Make Sounds: each speaker of the strip gets a sound, or a single one does."""

from __future__ import annotations

import bpy

from ..bridge.jobs.target import Target
from ..bridge.jobs.task import Work
from .job import JobOperator, sources_problem, speaker_property


class SEE2SOUND_OT_make_sounds(JobOperator, bpy.types.Operator):
    """Make a sound for each speaker of the strip; locked ones and files of your own stay"""

    bl_idname = "see2sound.make_sounds"
    bl_label = "Make Sounds"

    speaker: speaker_property("all of the strip")
    another: bpy.props.BoolProperty(
        name="Another",
        description="With the next seed: another sound from the same prompt",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, context: bpy.types.Context, properties: SEE2SOUND_OT_make_sounds) -> str:
        """The tooltip."""
        if properties.another:
            return "Make another sound of this source: from the same prompt, with the next seed"
        if properties.speaker:
            return "Make the sound of this source again, from its prompt and seed"
        return cls.__doc__ or ""

    @classmethod
    def problem(cls, context: bpy.types.Context) -> str:
        """Why it cannot start."""
        return sources_problem(context)

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge.jobs import sounding

        only = self.speaker or None
        return sounding.make_sounds(Target.active(context), only, self.another)


CLASSES = (SEE2SOUND_OT_make_sounds,)
