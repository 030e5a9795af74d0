"""Export Mix: the mix as a file of its own, in any layout, for another program."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..bridge.blend import files
from ..bridge.jobs.target import Target
from ..bridge.jobs.task import Work
from ..bridge.sources import selection
from ..core.errors import See2SoundError
from .job import JobOperator, sources_problem

#: Every layout that the method has (`core.mix.layouts.table`), whether or not a strip can carry it.
LAYOUTS = (
    ("mono", "Mono", "One channel"),
    ("stereo", "Stereo", "Left and right"),
    ("binaural", "Headphones", "What two ears hear, from all around: two channels"),
    ("5.1", "5.1 Surround", "Six channels"),
    ("7.1", "7.1 Surround", "Eight channels"),
    ("5.1.4", "5.1.4 Immersive", "Ten channels, four of them above"),
    ("7.1.4", "7.1.4 Immersive", "Twelve channels, four of them above"),
    ("ambix1", "Ambisonics, 1st Order", "AmbiX: four channels, ACN and SN3D"),
    ("ambix2", "Ambisonics, 2nd Order", "AmbiX: nine channels, ACN and SN3D"),
    ("ambix3", "Ambisonics, 3rd Order", "AmbiX: sixteen channels, ACN and SN3D"),
)
FORMATS = (
    ("pcm24", "WAV, 24 Bits", "What every program reads"),
    ("float", "WAV, 32-Bit Float", "For further work"),
    ("flac", "FLAC, 24 Bits", "About half as large: up to 7.1, and no ambisonics"),
)


def suffix_of(encoding: str) -> str:
    """What the name of a file of this format ends with."""
    return ".flac" if encoding == "flac" else ".wav"


class SEE2SOUND_OT_export_mix(JobOperator, bpy.types.Operator):
    """Write the mix to a file, in any layout; the timeline stays as it is"""

    bl_idname = "see2sound.export_mix"
    bl_label = "Export Mix"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.wav;*.flac", options={"HIDDEN", "SKIP_SAVE"})
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    layout_name: bpy.props.EnumProperty(
        name="Layout", description="What the mix is for", items=LAYOUTS, default="5.1"
    )
    encoding: bpy.props.EnumProperty(
        name="Format", description="How samples are kept", items=FORMATS
    )
    stems: bpy.props.BoolProperty(
        name="Stems",
        description="Also write what each source gives, to a folder beside the mix. "
        "Together they are the mix before its limiter",
    )

    _asked = False

    @classmethod
    def problem(cls, context: bpy.types.Context) -> str:
        """Why it cannot start."""
        return sources_problem(context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file first, where none is named yet."""
        if self.filepath or bpy.app.background or context.window is None:
            return super().invoke(context, event)
        _, strip = selection.active_strip(context)
        collection = selection.active_collection(context)
        if not self.properties.is_property_set("layout_name"):
            self.layout_name = collection.see2sound.layout
        name = files.safe_name(f"{strip.name} Mix") + suffix_of(self.encoding)
        self.filepath = str(Path(bpy.data.filepath).with_name(name) if bpy.data.filepath else name)
        self._asked = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: bpy.types.Context) -> bool:
        """Let the name end as its format does."""
        path = self._path()
        if str(path) == self.filepath:
            return False
        self.filepath = str(path)
        return True

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the choices beside the files."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "layout_name")
        layout.prop(self, "encoding")
        layout.prop(self, "stems")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write it here and now; after the choice of a file go on with a timer.

        Blender frees an operator once its file is chosen: another one does the work.
        """
        if not self._asked:
            return super().execute(context)
        bpy.ops.see2sound.export_mix(
            "INVOKE_DEFAULT",
            filepath=str(self._path()),
            layout_name=self.layout_name,
            encoding=self.encoding,
            stems=self.stems,
        )
        return {"FINISHED"}

    def work(self, context: bpy.types.Context) -> Work[str]:
        """The job."""
        from ..bridge.jobs import baking

        target = Target.active(context)
        named = Path(self.filepath).suffix.lower()
        if named == ".flac" and not self.properties.is_property_set("encoding"):
            self.encoding = "flac"  # a script that names the file only
        elif named in (".wav", ".flac") and named != suffix_of(self.encoding):
            raise See2SoundError(
                f"{self.filepath} cannot be written in this format",
                f"its name would end in {suffix_of(self.encoding)}",
                "Choose another name or format",
                kind="bad-request",
            )
        return baking.export_mix(target, self._path(), self.layout_name, self.encoding, self.stems)

    def _path(self) -> Path:
        path = files.absolute(self.filepath)
        wanted = suffix_of(self.encoding)
        if path.suffix.lower() in (".wav", ".flac") and path.suffix.lower() != wanted:
            return path.with_suffix(wanted)
        return path if path.suffix.lower() == wanted else path.with_name(path.name + wanted)


CLASSES = (SEE2SOUND_OT_export_mix,)
