"""Find Sources: what sounds in the active strip becomes speakers in the 3D scene."""

from __future__ import annotations

import bpy

from ..bridge.jobs.target import Target
from ..bridge.jobs.task import Work
from .job import FindingOperator


class SEE2SOUND_OT_find_sources(FindingOperator, bpy.types.Operator):
    """Find what sounds in the active strip and place a speaker for each in the 3D scene"""

    bl_idname = "see2sound.find_sources"
    bl_label = "Find Sources"

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge.jobs import finding

        return finding.find_sources(Target.active(context), **self.asked)


CLASSES = (SEE2SOUND_OT_find_sources,)
