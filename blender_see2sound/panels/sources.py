"""The sources: a list of the strip's speakers, and what the chosen one is set to."""

from __future__ import annotations

import bpy

from ..bridge.blend import windows
from ..bridge.interface import view
from ..bridge.mix import mix_settings
from ..bridge.setup import choice
from ..bridge.sources import record, selection
from ..bridge.speakers import freshness, recipe, sounds
from .common import draw_text, sentence
from .making import draw_maker
from .places import in_both

_KIND_ICONS = {"point": "SPEAKER", "area": "MOD_OCEAN", "ambience": "WORLD"}


class SEE2SOUND_UL_sources(bpy.types.UIList):
    """A source a row: its kind, its label, how far it is, whether it is locked, and heard."""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.Collection,
        item: bpy.types.Object,
        icon: int,
        active_data: bpy.types.AnyType,
        active_property: str,
        index: int,
    ) -> None:
        """Draw one row."""
        source, shown = item.data.see2sound, view.shown(context)
        row = layout.row(align=True)
        row.active = not source.mute
        name = row.row(align=True)
        name.prop(source, "label", text="", emboss=False, icon=_KIND_ICONS[source.kind])
        right = row.row(align=True)
        right.alignment = "RIGHT"
        if source.kind != "ambience":
            right.label(text=view.distance_text(context, item), translate=False)
        if item.data.sound is None:
            right.label(text="", icon="QUESTION")
        elif shown is not None and item.session_uid in shown.outdated:
            right.label(text="", icon="FILE_REFRESH")
        right.prop(
            source,
            "locked",
            text="",
            emboss=False,
            icon="LOCKED" if source.locked else "UNLOCKED",
        )
        right.prop(
            source,
            "mute",
            text="",
            emboss=False,
            icon="MUTE_IPO_ON" if source.mute else "MUTE_IPO_OFF",
        )

    def filter_items(
        self, context: bpy.types.Context, data: bpy.types.Collection, propname: str
    ) -> tuple[list[int], list[int]]:
        """Show the speakers only, by their label."""
        items = getattr(data, propname)
        wanted = self.filter_name.lower()
        flags = [
            self.bitflag_filter_item
            if item.type == "SPEAKER"
            and (not wanted or wanted in item.data.see2sound.label.lower())
            else 0
            for item in items
        ]
        return flags, []


class Sources:
    """The speakers of the strip."""

    bl_label = "Sources"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there are any."""
        return selection.active_collection(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the list, and the chosen source's settings."""
        layout = self.layout
        collection = selection.active_collection(context)
        layout.template_list(
            "SEE2SOUND_UL_sources",
            "",
            collection,
            "all_objects",
            context.window_manager,
            "see2sound_active_source",
            rows=4,
        )
        chosen = selection.chosen_speaker(context)
        if chosen is None:
            layout.label(text="Select a source to see its settings")
            return
        self._draw_source(context, collection, chosen)

    def _draw_source(
        self,
        context: bpy.types.Context,
        collection: bpy.types.Collection,
        speaker: bpy.types.Object,
    ) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        source, data = speaker.data.see2sound, speaker.data
        column = layout.column()
        column.prop(source, "label")
        column.prop(source, "prompt")
        column.prop(source, "kind")
        self._draw_making(context, collection, speaker)
        column = layout.column()
        column.prop(data, "volume", text="Gain")
        why_not = mix_settings.shapeless(collection, speaker)
        shape = column.column()
        shape.active = not why_not
        shape.prop(source, "spread")
        shape.prop(source, "reverb_db", text="Reverb (dB)")
        if why_not:
            draw_text(column, context, why_not, icon="INFO")
        row = column.row(heading="LFE")
        row.prop(source, "use_lfe", text="")
        level = row.row()
        level.active = source.use_lfe
        level.prop(source, "lfe_db", text="dB")

    def _draw_making(
        self,
        context: bpy.types.Context,
        collection: bpy.types.Collection,
        speaker: bpy.types.Object,
    ) -> None:
        """Draw what makes its sound again, and which of its takes is heard."""
        source = speaker.data.see2sound
        own, kept = record.has_own_sound(speaker), freshness.keeps_sound(speaker)
        refused = None if kept else freshness.refusal(collection, speaker)
        column = self.layout.column(align=True)
        row = column.row(align=True)
        again = row.row(align=True)
        again.enabled = not kept and refused is None
        for text, icon, another in (
            ("Make Sound", "SOUND", False),
            ("Another", "FILE_REFRESH", True),
        ):
            made = again.operator("see2sound.make_sounds", text=text, icon=icon)
            made.speaker, made.another = speaker.name, another
        row.prop(source, "locked", text="", icon="LOCKED" if source.locked else "UNLOCKED")
        number, count = sounds.take_of(speaker), len(source.takes)
        if own and count:
            made = column.operator(
                "see2sound.choose_take", text="Use the Made Sound", icon="LOOP_BACK"
            )
            made.speaker = speaker.name
        elif number and count > 1:
            row = column.row(align=True)
            for text, icon, step in (("", "TRIA_LEFT", -1), ("", "TRIA_RIGHT", 1)):
                if step > 0:
                    middle = row.row()
                    middle.alignment = "CENTER"
                    middle.label(text=f"Take {number} of {count}", translate=False)
                take = row.operator("see2sound.choose_take", text=text, icon=icon)
                take.speaker, take.number = speaker.name, (number - 1 + step) % count + 1
        if own:
            name = record.sound_name(speaker.data.sound)
            draw_text(column, context, f"Your own file, used as it is: {name}", icon="FILE_SOUND")
        if refused is not None:
            draw_text(column, context, sentence(f"no sound is made: {refused.why}"), icon="ERROR")
            draw_text(column, context, sentence(refused.remedy), icon="BLANK1")


class Sound:
    """Who makes the sound of the chosen source, and where it came from."""

    bl_label = "Maker and File"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a source is chosen."""
        return selection.chosen_speaker(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what is asked of its maker, its file and its origin."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        collection, speaker = (
            selection.active_collection(context),
            selection.chosen_speaker(context),
        )
        source = speaker.data.see2sound
        maker = recipe.maker_of(collection, speaker)
        column = layout.column()
        draw_maker(column, context, source, maker)
        if choice.generates(maker) or maker == choice.LIBRARY:
            column.prop(source, "negative_prompt")
        column.prop(source, "seed")
        layout.template_ID(speaker.data, "sound", open="see2sound.choose_sound")
        number = sounds.take_of(speaker)
        if number and source.takes[number - 1].origin:
            draw_text(layout, context, sentence(source.takes[number - 1].origin), icon="INFO")


def _get_active(self: bpy.types.WindowManager) -> int:
    collection = selection.active_collection(bpy.context)
    chosen = selection.chosen_speaker(bpy.context)
    if collection is None or chosen is None:
        return -1
    return list(collection.all_objects).index(chosen)


def _set_active(self: bpy.types.WindowManager, index: int) -> None:
    collection = selection.active_collection(bpy.context)
    if collection is not None and 0 <= index < len(collection.all_objects):
        selection.choose(bpy.context, collection.all_objects[index])
        windows.redraw()


CLASSES = (
    SEE2SOUND_UL_sources,
    *in_both("sources", Sources, parent="main"),
    *in_both("sound", Sound, parent="sources", closed=True),
)


def register() -> None:
    """Add the row that is chosen: the active object, seen as a number."""
    bpy.types.WindowManager.see2sound_active_source = bpy.props.IntProperty(
        name="Source",
        description="The chosen source; choosing one selects its speaker",
        get=_get_active,
        set=_set_active,
        options={"SKIP_SAVE"},
    )


def unregister() -> None:
    del bpy.types.WindowManager.see2sound_active_source
