"""Select Speakers: all of the strip's, in the 3D scene."""

from __future__ import annotations

import bpy

from ..bridge.sources import document, selection
from .job import sources_problem


class SEE2SOUND_OT_select_speakers(bpy.types.Operator):
    """Select the speakers of the strip in the 3D scene, and nothing else"""

    bl_idname = "see2sound.select_speakers"
    bl_label = "Select Speakers"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there are speakers, and objects can be selected now."""
        problem = sources_problem(context)
        if not problem and context.mode != "OBJECT":
            problem = "Objects are selected in Object Mode"
        if problem:
            cls.poll_message_set(problem)
        return not problem

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Select them."""
        scene, strip = selection.active_strip(context)
        collection = document.collection_of(scene, strip)
        speakers = document.speakers_of(collection)
        layer = selection.layer_of(context, scene)
        for other in layer.objects:
            if other not in speakers:
                other.select_set(False, view_layer=layer)
        shown = [s for s in speakers if s.name in layer.objects]
        for speaker in shown:
            speaker.select_set(True, view_layer=layer)
        if shown and layer.objects.active not in shown:
            layer.objects.active = shown[0]
        self.report({"INFO"}, f"{len(shown)} speakers are selected")
        return {"FINISHED"}


CLASSES = (SEE2SOUND_OT_select_speakers,)
