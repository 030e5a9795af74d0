"""Which sound a speaker plays: another of its takes, or a file of the person's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from ..bridge.blend import files
from ..bridge.interface import view
from ..bridge.sources import document, selection
from ..bridge.speakers import sounds
from ..core.errors import See2SoundError
from .job import common_problem, speaker_property


class _OfASource:
    """Changes the sound of one speaker of the active strip, here and now."""

    bl_options = {"UNDO"}

    speaker: speaker_property("the chosen source's")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether the strip has speakers, and nothing is working on them."""
        problem = common_problem(context)
        if not problem and selection.active_collection(context) is None:
            problem = "Find Sources first: this strip has no speakers yet"
        if problem:
            cls.poll_message_set(problem)
        return not problem

    def change(
        self,
        context: bpy.types.Context,
        do: Callable[[bpy.types.Scene, bpy.types.Collection, bpy.types.Object], None],
    ) -> set[str]:
        """Do it to the speaker that is named, or the chosen one; say what is wrong."""
        scene, strip = selection.active_strip(context)
        collection = document.collection_of(scene, strip)
        there = {s.name: s for s in document.speakers_of(collection)}
        speaker = there.get(self.speaker) if self.speaker else selection.chosen_speaker(context)
        if speaker is None:
            self.report({"ERROR"}, "There is no such speaker: select a source in the list")
            return {"CANCELLED"}
        try:
            do(scene, collection, speaker)
        except See2SoundError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        view.refresh()
        return {"FINISHED"}


class SEE2SOUND_OT_choose_take(_OfASource, bpy.types.Operator):
    """Play another of the sounds that were made for this source; it is heard at once"""

    bl_idname = "see2sound.choose_take"
    bl_label = "Choose Take"

    number: bpy.props.IntProperty(
        name="Number", description="Which take, from 1", default=1, options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Choose it."""
        return self.change(context, lambda *of: sounds.choose_take(*of, self.number))


class SEE2SOUND_OT_choose_sound(_OfASource, bpy.types.Operator):
    """Let this source play a sound file of your own: it is used as it is and never replaced"""

    bl_idname = "see2sound.choose_sound"
    bl_label = "Choose Sound File"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_sound: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file, where none is named yet."""
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the file."""
        path: Path = files.absolute(self.filepath)
        return self.change(context, lambda *of: sounds.choose_file(*of, path))


CLASSES = (SEE2SOUND_OT_choose_take, SEE2SOUND_OT_choose_sound)
