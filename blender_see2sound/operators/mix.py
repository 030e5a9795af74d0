"""Bake Mix: what the speakers do becomes a sound strip under the picture, as wide as its layout."""

from __future__ import annotations

import bpy

from ..bridge.jobs.target import Target
from ..bridge.jobs.task import Work
from .job import JobOperator, sources_problem


class SEE2SOUND_OT_bake_mix(JobOperator, bpy.types.Operator):
    """Mix the speakers of the strip to its layout and put the mix on the timeline"""

    bl_idname = "see2sound.bake_mix"
    bl_label = "Bake Mix"

    @classmethod
    def problem(cls, context: bpy.types.Context) -> str:
        """Why it cannot start."""
        return sources_problem(context)

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge.jobs import baking

        return baking.bake_mix(Target.active(context))


CLASSES = (SEE2SOUND_OT_bake_mix,)
