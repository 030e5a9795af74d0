"""Listen to Library: a person's recordings are heard once, then found by how they sound."""

from __future__ import annotations

import bpy

from ..bridge.jobs.task import Work
from .job import JobOperator


class SEE2SOUND_OT_listen(JobOperator, bpy.types.Operator):
    """Hear all recordings of the library once (with CLAP, a model), so that those are found too whose names say nothing. You can stop it: it goes on from there"""

    bl_idname = "see2sound.listen"
    bl_label = "Listen to Library"
    bl_options = {"REGISTER"}

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge.jobs import upkeep

        return upkeep.listen()


CLASSES = (SEE2SOUND_OT_listen,)
