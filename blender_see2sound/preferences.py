"""This computer's settings: what computes and on what, where models are, how a new strip begins.

`bridge.setup.computer` reads them.
"""

from __future__ import annotations

import bpy

from .core.sets import SETS
from .menus import SETS as SET_ITEMS
from .panels.common import draw_check, draw_text
from .panels.models import draw_models

DEVICES = (
    ("auto", "Automatic", "The fastest that is here"),
    ("cuda", "CUDA", "A GPU of NVIDIA's"),
    ("mps", "Metal", "The GPU of an Apple computer"),
    ("cpu", "Processor", "Without a GPU: slow"),
)
LISTED = (
    ("set", "Sets", "Parts that go together"),
    ("finder", "Finders", "What finds the regions that may sound"),
    ("depth", "Depth", "What estimates how far away they are"),
    ("describer", "Describers", "What puts regions into words"),
    ("maker", "Makers", "What makes the sounds"),
)


def _look_again(_self: bpy.types.AddonPreferences, _context: bpy.types.Context) -> None:
    """Another folder holds other models."""
    from .bridge.setup import model_list

    model_list.look()


class SEE2SOUND_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    python: bpy.props.StringProperty(
        name="Python",
        description=(
            "The Python that finds, makes and mixes, in a process of its own. "
            "Empty for the one that Blender brings"
        ),
        subtype="FILE_PATH",
    )
    idle_minutes: bpy.props.FloatProperty(
        name="Release Memory After",
        description="Minutes without work after which the computing process ends",
        default=10.0,
        min=1.0,
        max=1440.0,
        precision=0,
    )
    sources: bpy.props.IntProperty(
        name="Sources",
        description="How many things that sound are looked for in a clip, at most",
        default=5,
        min=1,
        max=64,
    )
    part_set: bpy.props.EnumProperty(
        name="Set",
        description="Which parts a strip that has no speakers yet begins with",
        items=SET_ITEMS,
        default=SETS[0].name,
    )
    off_screen: bpy.props.BoolProperty(
        name="Off-Screen",
        description="Also add what one would hear there but does not see, beside or behind the "
        "camera, where the describer has words for it",
    )
    models: bpy.props.StringProperty(
        name="Models Folder",
        description="Where the models' files are, a folder OWNER--NAME each. "
        "Empty for this person's usual one",
        subtype="DIR_PATH",
        update=_look_again,
    )
    library: bpy.props.StringProperty(
        name="Library Folder",
        description="Your own recordings, subfolders too: what the maker 'library' chooses from",
        subtype="DIR_PATH",
    )
    speech: bpy.props.BoolProperty(
        name="Allow Speech",
        description="Let generators make understandable speech and singing. Such a voice can be "
        "taken for a real person's words: the authors of SEE-2-SOUND ask for safeguards",
    )
    device: bpy.props.EnumProperty(
        name="Device", description="What models compute on", items=DEVICES, default="auto"
    )
    low_memory: bpy.props.BoolProperty(
        name="Low Memory",
        description="Load one model after the other instead of keeping all: slower",
    )
    listed: bpy.props.EnumProperty(
        name="Listed", description="What is listed below", items=LISTED, default="set"
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the settings, what the last check said, and what can be used."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "python")
        layout.prop(self, "idle_minutes", text="Release Memory After (Minutes)")
        row = layout.row()
        row.operator("see2sound.check_worker", icon="CHECKMARK")
        row.operator("see2sound.release_memory", icon="TRASH")
        draw_check(layout, context)
        layout.separator()
        layout.label(text="New strips begin with")
        column = layout.column()
        column.prop(self, "sources")
        column.prop(self, "part_set")
        column.prop(self, "off_screen")
        layout.separator()
        column = layout.column()
        column.prop(self, "library")
        if self.library:
            column.operator("see2sound.listen", icon="PLAY_SOUND")
        column.prop(self, "speech")
        if self.speech:
            text = "Generated voices that speak can be taken for real people: say what they are"
            draw_text(column, context, text, icon="INFO")
        layout.separator()
        layout.prop(self, "models")
        layout.prop(self, "device")
        layout.prop(self, "low_memory")
        row = layout.row()
        row.use_property_split = False
        row.prop(self, "listed", expand=True)
        draw_models(layout, context, self.listed)


def register() -> None:
    bpy.utils.register_class(SEE2SOUND_AP_preferences)


def unregister() -> None:
    bpy.utils.unregister_class(SEE2SOUND_AP_preferences)
