"""What is kept in the .blend: what Blender has no field for, on the Speaker and on the strip's collection.

Position, motion, volume and sound are the Speaker object's own. A strip and its
collection know each other by a uid: a custom property on the strip
(`bridge.sources.document`), `StripSettings.strip_uid` on the collection.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .core import materials, sets, targets
from .core.fields import LONGEST_WORDS
from .core.scene import LONGEST_RT60, SHORTEST_RT60
from .core.seeds import SEEDS
from .core.sounds.protocol import MOST_GUIDANCE, MOST_STEPS, MOST_TAKES
from .menus import (
    KINDS,
    LAYOUTS,
    LOUDNESS,
    MATERIALS,
    MONITORS,
    RENDERERS,
    ROOMS,
    SETS,
    maker_menu,
    part_names,
    part_property,
)

#: How wide a source becomes when a person makes it an area, as areas that are found are.
_AREA_SPREAD = 0.5


def _monitor_again(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """What is heard follows the switches."""
    from .bridge.sources import monitor

    monitor.follow(self.id_data)


def _fit_spread(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """An area is wide and a point is not; a width of one's own stays."""
    usual = {("area", 0.0): _AREA_SPREAD, ("point", _AREA_SPREAD): 0.0}
    self.spread = usual.get((self.kind, self.spread), self.spread)


def _fill_room(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """A kind of room brings its size, its reverberation and its walls."""
    from .bridge.mix import room

    room.fill(self.id_data)


def _fill_lufs(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """A loudness of one's own begins at the standard that was chosen last."""
    for target in targets.TARGETS:
        if target.name == self.loudness:
            self.lufs = target.lufs


def _own_lufs(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Who sets another loudness than the chosen standard's has one of their own."""
    if any(t.name == self.loudness and t.lufs != self.lufs for t in targets.TARGETS):
        self.loudness = "CUSTOM"


def words_property(name: str, title: str, description: str) -> Any:
    """Words of a source, never longer than a sound scene can bear.

    Blender's own ``maxlen`` counts bytes and may cut a letter in two, which Python cannot read.
    """

    def cut(self: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
        words = getattr(self, name)
        if len(words) > LONGEST_WORDS:
            setattr(self, name, words[:LONGEST_WORDS])

    return StringProperty(name=title, description=description, update=cut)


def _wall(name: str) -> Any:
    return EnumProperty(
        name=name.capitalize(),
        description="What is there, seen by the listener: it colours the reflections",
        items=MATERIALS,
        default="plain",
    )


class Take(bpy.types.PropertyGroup):
    """One of the sounds that were made for a source, to choose from."""

    path: StringProperty(name="File", subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"})
    origin: StringProperty(name="Origin", description="How it came about, as its file says too")


class SourceSettings(bpy.types.PropertyGroup):
    """A source: what a Speaker has no field for."""

    source_id: StringProperty(
        name="Source ID", description="The source's name in the sound scene and in file names"
    )
    label: words_property("label", "Label", "What this is, in a word or two")
    prompt: words_property("prompt", "Prompt", "What it sounds like, for the maker of sounds")
    negative_prompt: words_property(
        "negative_prompt", "Not", "What it must not sound like, for makers that take that"
    )
    kind: EnumProperty(
        name="Kind", description="How the sound fills space", items=KINDS, update=_fit_spread
    )
    seed: IntProperty(
        name="Seed",
        description="Another number makes another sound from the same prompt",
        min=0,
        max=SEEDS - 1,
    )
    maker: StringProperty(
        name="Maker",
        description="The maker of this source's sound by its name; empty for the strip's",
        search=part_names("maker"),
        search_options={"SUGGESTION"},
    )
    maker_menu: maker_menu("As the Strip")
    locked: BoolProperty(name="Lock", description="Its sound stays as it is and is not made again")
    takes: CollectionProperty(type=Take)
    motion: StringProperty(
        name="Motion",
        description="How what is seen of it moves in itself, packed, for makers of sounds",
        options={"HIDDEN"},
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
    part_set: EnumProperty(
        name="Set",
        description="Which parts find, measure, describe and sound",
        items=SETS,
        default=sets.SETS[0].name,
    )
    off_screen: BoolProperty(
        name="Off-Screen",
        description="Also add what one would hear there but does not see, beside or behind the "
        "camera, where the describer has words for it",
    )
    finder: part_property("finder", "Finder", "What finds the regions that may sound")
    depth: part_property("depth", "Depth", "What estimates how far away they are")
    describer: part_property("describer", "Describer", "What puts regions into words")
    maker: part_property("maker", "Maker", "What makes the sounds")
    maker_menu: maker_menu("As the Set")
    takes: IntProperty(
        name="Takes",
        description="How many sounds are made for each source, to choose from; the best is "
        "taken first",
        default=1,
        min=1,
        max=MOST_TAKES,
    )
    steps: IntProperty(
        name="Steps",
        description="How often a generator refines a sound: more is slower; 0 for its own number",
        min=0,
        max=MOST_STEPS,
        soft_max=200,
    )
    guidance: FloatProperty(
        name="Guidance",
        description="How closely a generator keeps to the prompt; 0 for its own",
        min=0.0,
        max=MOST_GUIDANCE,
        soft_max=15.0,
        precision=1,
        step=50,
    )
    loudness: EnumProperty(
        name="Loudness",
        description="How loud the mix becomes as a whole",
        items=LOUDNESS,
        default="ebu",
        update=_fill_lufs,
    )
    lufs: FloatProperty(
        name="LUFS",
        description="Integrated loudness of the mix (ITU-R BS.1770)",
        default=-23.0,
        min=-70.0,
        max=0.0,
        soft_min=-36.0,
        soft_max=-9.0,
        precision=1,
        step=50,
        update=_own_lufs,
    )
    room_kind: EnumProperty(
        name="Room",
        description="Fills in size, reverberation and walls, which can then be changed; "
        "choose it again to have them back",
        items=ROOMS,
        default="NONE",
        update=_fill_room,
    )
    room_size: FloatVectorProperty(
        name="Room Size",
        description="Width, depth and height of the room; the listener stands in its middle",
        size=3,
        default=(10.0, 8.0, 3.5),
        min=0.0,
        soft_min=1.0,
        soft_max=200.0,
        subtype="XYZ",
        unit="LENGTH",
    )
    room_fits: BoolProperty(
        name="Fit Sources",
        description="The room is made larger, in steps, where sources would lie outside",
        default=True,
    )
    rt60: FloatProperty(
        name="Reverberation",
        description="How long the room takes to fall silent, by 60 dB, from 500 to 1000 Hz",
        default=0.4,
        min=SHORTEST_RT60,
        max=LONGEST_RT60,
        soft_max=5.0,
        subtype="TIME_ABSOLUTE",
        unit="TIME_ABSOLUTE",
    )
    rt60_shape: FloatVectorProperty(
        name="Decay",
        description="How long this octave reverberates, as a share of Reverberation",
        size=len(materials.OCTAVES),
        default=(1.0,) * len(materials.OCTAVES),
        min=0.05,
        max=20.0,
        soft_min=0.2,
        soft_max=3.0,
    )
    wall_left: _wall("left")
    wall_right: _wall("right")
    wall_back: _wall("back")
    wall_front: _wall("front")
    wall_floor: _wall("floor")
    wall_ceiling: _wall("ceiling")
    renderer: EnumProperty(
        name="Renderer",
        description="How the channels come about",
        items=RENDERERS,
        default="panning",
    )
    use_air: BoolProperty(
        name="Air Absorption",
        description="Air takes high frequencies from what is far away (ISO 9613-1)",
        default=True,
    )
    use_propagation: BoolProperty(
        name="Propagation Delay",
        description="Sound takes its time, with Doppler; film usually does without",
    )
    sofa: StringProperty(
        name="Head",
        description="A SOFA file with a measured head to listen through; "
        "empty for the built-in spherical one",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
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
        description="What the mix is for. More layouts: Export Mix",
        items=LAYOUTS,
        default="5.1",
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
    mix_report: StringProperty(
        name="Mix Report",
        description="What the mix turned out to be (JSON): its levels, its room, warnings",
        options={"HIDDEN"},
    )
    mix_strip_uid: StringProperty(
        name="Mix Strip UID", description="The sound strip that plays the mix", options={"HIDDEN"}
    )


CLASSES = (Take, SourceSettings, StripSettings)


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
