"""What is kept in the .blend: what Blender has no field for, on the Speaker and on the strip's collection.

Position, motion, volume and sound are the Speaker object's own. A strip and its
collection know each other by a uid: a custom property on the strip
(`bridge.document`), `StripSettings.strip_uid` on the collection.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .core import catalogue, parts
from .core.catalogue import Role

#: `core.scene.Kind`, for a person.
KINDS = (
    ("point", "Point", "A thing at one place"),
    ("area", "Area", "Something wide, like a crowd, a fire or a waterfall"),
    ("ambience", "Ambience", "All around and without a direction, like wind or room tone"),
)
#: Layouts that a sound strip and the scene's audio carry in the right order.
LAYOUTS = (
    ("5.1", "5.1 Surround", "Left, right, centre, low frequency effects, left and right surround"),
    ("stereo", "Stereo", "Left and right"),
)
MONITORS = (
    ("SPEAKERS", "Speakers", "Hear the speakers, live and as they are now"),
    ("MIX", "Mix", "Hear the baked mix"),
)


def _part_names(role: Role) -> Any:
    def search(_self: object, _context: object, _typed: str) -> list[str]:
        return [part.name for part in catalogue.PARTS if part.role == role]

    return search


def _part_property(role: Role, name: str, description: str) -> Any:
    """A part by its name: a name that this version does not know must survive in the file."""
    return StringProperty(
        name=name,
        description=description,
        default=parts.default(role),
        search=_part_names(role),
        search_options={"SUGGESTION"},
    )


def _monitor_again(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """What is heard follows the switches."""
    from .bridge import monitor

    monitor.follow(self.id_data)


def _fit_room(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """The first time, the room is large enough for what is in it."""
    from .bridge import room

    room.fit(self.id_data)


class SourceSettings(bpy.types.PropertyGroup):
    """A source: what a Speaker has no field for."""

    source_id: StringProperty(
        name="Source ID", description="The source's name in the sound scene and in file names"
    )
    label: StringProperty(name="Label", description="What this is, in a word or two")
    prompt: StringProperty(
        name="Prompt", description="What it sounds like, for the maker of sounds"
    )
    kind: EnumProperty(name="Kind", description="How the sound fills space", items=KINDS)
    seed: IntProperty(
        name="Seed",
        description="Another number makes another sound from the same prompt",
        min=0,
        max=2**31 - 1,
    )
    maker: StringProperty(
        name="Maker",
        description="The maker of this source's sound; empty for the clip's",
        search=_part_names("maker"),
        search_options={"SUGGESTION"},
    )
    spread: FloatProperty(
        name="Spread",
        description="How wide the sound is in the mix: 0 a point, 1 all around",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    reverb_db: FloatProperty(
        name="Reverb",
        description="What goes to the room, in dB relative to the room's own level",
        min=-100.0,
        max=24.0,
        soft_min=-40.0,
        soft_max=12.0,
        precision=1,
        step=50,
    )
    use_lfe: BoolProperty(
        name="LFE", description="Send the low end to the low frequency effects channel too"
    )
    lfe_db: FloatProperty(
        name="LFE Level",
        description="What goes to the low frequency effects channel, in dB",
        default=-10.0,
        min=-100.0,
        max=24.0,
        soft_min=-40.0,
        soft_max=12.0,
        precision=1,
        step=50,
    )
    mute: BoolProperty(
        name="Mute",
        description="Leave this source out, live and in the mix",
        update=_monitor_again,
    )
    thumbnail: StringProperty(
        name="Thumbnail",
        description="A picture of the region that sounds",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    boxes: StringProperty(
        name="Region",
        description="Where the region was seen (JSON: times, boxes), to know it again",
        options={"HIDDEN"},
    )
    made: StringProperty(
        name="Made",
        description="What the steps made here (JSON), to tell it from what a person changed",
        options={"HIDDEN"},
    )


class StripSettings(bpy.types.PropertyGroup):
    """A strip's sound: the settings of its steps and what they left."""

    is_see2sound: BoolProperty(
        name="Sounds of a Strip", description="This collection holds the speakers of a strip"
    )
    strip_uid: StringProperty(name="Strip UID", description="The strip that this belongs to")
    strip_name: StringProperty(
        name="Strip",
        description="The strip's name when it was last seen, to tell it from its copies",
    )
    strip_start: FloatProperty(
        name="Strip Start",
        description="The frame at which the strip's content started when the speakers were in step",
        options={"HIDDEN"},
    )
    sources: IntProperty(
        name="Sources",
        description="How many sources to keep at most, the most prominent first",
        default=5,
        min=1,
        max=64,
        soft_max=16,
    )
    finder: _part_property("finder", "Finder", "What finds the regions that may sound")
    depth: _part_property("depth", "Depth", "What estimates how far away they are")
    describer: _part_property("describer", "Describer", "What puts regions into words")
    maker: _part_property("maker", "Maker", "What makes the sounds")
    use_lufs: BoolProperty(
        name="Set Loudness", description="Bring the mix to a loudness", default=True
    )
    lufs: FloatProperty(
        name="Loudness",
        description="Integrated loudness of the mix in LUFS (ITU-R BS.1770); EBU R 128 asks for -23",
        default=-23.0,
        min=-70.0,
        max=0.0,
        soft_min=-36.0,
        soft_max=-9.0,
        precision=1,
        step=50,
    )
    use_room: BoolProperty(
        name="Room", description="Add the reflections of a room to the mix", update=_fit_room
    )
    room_size: FloatVectorProperty(
        name="Room Size",
        description="Width, depth and height of the room; the listener stands in its middle",
        size=3,
        default=(10.0, 8.0, 3.5),
        min=1.0,
        max=500.0,
        subtype="XYZ",
        unit="LENGTH",
    )
    rt60: FloatProperty(
        name="Reverberation",
        description="How long the room takes to fall silent, by 60 dB",
        default=0.4,
        min=0.05,
        max=20.0,
        soft_max=5.0,
        subtype="TIME_ABSOLUTE",
        unit="TIME_ABSOLUTE",
    )
    bake_on_render: BoolProperty(
        name="Bake on Render",
        description="Bake the mix before a render when it is out of date",
        default=True,
    )
    monitor: EnumProperty(
        name="Monitor",
        description="What is heard in playback",
        items=MONITORS,
        update=_monitor_again,
    )
    heard: StringProperty(
        name="Heard", description="What the mutes were last set for", options={"HIDDEN"}
    )
    layout: EnumProperty(
        name="Layout",
        description="The loudspeakers that the mix is for",
        items=LAYOUTS,
    )
    mix_path: StringProperty(
        name="Mix",
        description="The baked mix",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    mix_fingerprint: StringProperty(
        name="Mix Fingerprint", description="What the mix was baked from", options={"HIDDEN"}
    )
    mix_strip_uid: StringProperty(
        name="Mix Strip UID", description="The sound strip that plays the mix", options={"HIDDEN"}
    )


CLASSES = (SourceSettings, StripSettings)


def register() -> None:
    """Make the classes known and hang them on Speaker and Collection."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Speaker.see2sound = PointerProperty(type=SourceSettings)
    bpy.types.Collection.see2sound = PointerProperty(type=StripSettings)


def unregister() -> None:
    """Take them off again; what files hold stays in the files."""
    del bpy.types.Collection.see2sound
    del bpy.types.Speaker.see2sound
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
