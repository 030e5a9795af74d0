"""What is set of a mix: all of it reaches the worker, and makes the mix out of date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from blender_see2sound import properties
from blender_see2sound.bridge.mix import mix_settings
from blender_see2sound.bridge.sources import document
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.mix.layouts.table import LAYOUTS
from blender_see2sound.core.targets import TARGETS
from blender_see2sound.operators import export

from .cut import exported, mark, place, source, speaker

#: What the mix does not depend on: links, what was left by the steps, and what is heard of it.
NOT_OF_THE_MIX = {
    *("rna_type", "name"),
    *("is_see2sound", "strip_uid", "strip_name", "strip_start"),
    *("sources", "part_set", "off_screen", "finder", "depth", "describer", "maker"),
    *("maker_menu", "takes", "steps", "guidance"),
    *("bake_on_render", "monitor", "heard"),
    *("mix_path", "mix_fingerprint", "mix_report", "mix_strip_uid"),
}
#: What must be so for a setting to be heard.
FIRST = {"lufs": {"loudness": "CUSTOM"}, "sofa": {"layout": "binaural"}}
SETTINGS = [
    name
    for cls in properties.CLASSES
    if cls is properties.StripSettings
    for name in cls.__annotations__
    if name not in NOT_OF_THE_MIX
]


@pytest.fixture
def collection(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> Any:
    made = place(scene, strip, source("s1", (0, 2, 0)), folder=tmp_path)
    made.see2sound.room_kind = "CUSTOM"
    return made


def change(settings: Any, name: str, tmp_path: Path) -> None:
    """Give a setting another value."""
    field, value = settings.bl_rna.properties[name], getattr(settings, name)
    if field.type == "ENUM":
        value = next(i.identifier for i in field.enum_items if i.identifier not in (value, "NONE"))
    elif field.type == "BOOLEAN":
        value = not value
    elif field.type == "STRING":
        value = str(tmp_path / "head.sofa")
    elif field.type == "FLOAT" and field.array_length:
        value = [v + 0.5 for v in value]
    else:
        value += 1 if field.type == "INT" else 0.5
    setattr(settings, name, value)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_makes_the_mix_out_of_date(
    scene: bpy.types.Scene, strip: Any, collection: Any, tmp_path: Path, name: str
) -> None:
    settings = collection.see2sound
    for first, value in FIRST.get(name, {}).items():
        setattr(settings, first, value)
    before = mark(scene, strip, collection)
    change(settings, name, tmp_path)
    assert mark(scene, strip, collection) != before


# The menu of makers is another face of `maker`.
@pytest.mark.parametrize(
    "name", sorted(NOT_OF_THE_MIX - {"rna_type", "name", "strip_uid", "maker_menu"})
)
def test_what_is_not_of_the_mix_leaves_it(
    scene: bpy.types.Scene, strip: Any, collection: Any, tmp_path: Path, name: str
) -> None:
    settings = collection.see2sound
    before = mark(scene, strip, collection)
    change(settings, name, tmp_path)
    assert mark(scene, strip, collection) == before


@pytest.mark.parametrize(
    ("unheard", "name"),
    [({"room_kind": "NONE"}, "rt60"), ({"room_kind": "NONE"}, "wall_floor"), ({}, "sofa"),
     ({"loudness": "NONE"}, "lufs")],
)  # fmt: skip
def test_what_is_not_heard_leaves_the_mix(
    scene: bpy.types.Scene, strip: Any, collection: Any, tmp_path: Path, unheard: Any, name: str
) -> None:
    settings = collection.see2sound
    for first, value in unheard.items():
        setattr(settings, first, value)
    before = mark(scene, strip, collection)
    change(settings, name, tmp_path)
    assert mark(scene, strip, collection) == before


def test_a_head_that_was_written_again_changes_the_mix(
    scene: bpy.types.Scene, strip: Any, collection: Any, tmp_path: Path
) -> None:
    head = tmp_path / "head.sofa"
    head.write_bytes(b"one")
    collection.see2sound.layout, collection.see2sound.sofa = "binaural", "//head.sofa"
    assert mix_settings.asked(collection)["sofa"] == str(head)
    before = mark(scene, strip, collection)
    head.write_bytes(b"another")
    assert mark(scene, strip, collection) != before


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_loudness_by_name_is_the_standard_s(collection: Any, target: Any) -> None:
    collection.see2sound.loudness = target.name
    assert mix_settings.asked(collection)["lufs"] == target.lufs


def test_a_loudness_of_one_s_own(collection: Any) -> None:
    settings = collection.see2sound
    settings.loudness = "web"
    settings.loudness = "CUSTOM"
    assert mix_settings.asked(collection)["lufs"] == -16.0
    settings.loudness = "film"
    settings.lufs = -20.0
    assert settings.loudness == "CUSTOM"
    assert mix_settings.asked(collection)["lufs"] == -20.0
    settings.loudness = "NONE"
    assert mix_settings.asked(collection)["lufs"] is None


def test_microphones_without_a_room_are_told(collection: Any) -> None:
    collection.see2sound.renderer, collection.see2sound.room_kind = "microphones", "NONE"
    with pytest.raises(See2SoundError, match="need a room"):
        mix_settings.check(collection)


def test_the_layouts_are_those_of_the_method() -> None:
    every = [layout.name for layout in LAYOUTS]
    assert sorted(row[0] for row in export.LAYOUTS) == sorted(every)
    assert {row[0] for row in properties.LAYOUTS} <= set(every)


def test_a_menu_keeps_its_choice_when_rows_come_between() -> None:
    """A file keeps a row's number: it has to be the row's own, and never another one."""
    for rows in (properties.ROOMS, properties.LOUDNESS, properties.MATERIALS, properties.LAYOUTS):
        numbers = [row[4] for row in rows]
        assert len(set(numbers)) == len(numbers)
    assert {row[0]: row[4] for row in properties.ROOMS}["church"] == 281926981
    assert {row[0]: row[4] for row in properties.LAYOUTS} == {
        "5.1": 0, "stereo": 1, "mono": 2, "binaural": 3, "7.1": 4,
    }  # fmt: skip


# ------------------------------------------------------------------ the kind of a source


def test_who_makes_a_point_an_area_hears_it_wide(
    scene: bpy.types.Scene, strip: Any, collection: Any
) -> None:
    settings = speaker(collection, "s1").data.see2sound
    told = []
    for kind in ("area", "point", "ambience"):
        settings.kind = kind
        told.append(exported(scene, strip, collection).source("s1").spread)
    assert told == [0.5, 0.0, 0.0]


@pytest.mark.parametrize(("kind", "spread"), [("area", 0.2), ("point", 0.7), ("area", 1.0)])
def test_a_width_of_one_s_own_stays(collection: Any, kind: str, spread: float) -> None:
    settings = speaker(collection, "s1").data.see2sound
    settings.spread = spread
    settings.kind = kind
    assert settings.spread == pytest.approx(spread)


def test_a_found_area_that_a_person_narrowed_stays_narrow(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    where = ((10.0, 20.0, 50.0, 60.0),)
    sea = source("s1", (0, 5, 0), kind="area", spread=0.5, label="sea", boxes=where)
    made = place(scene, strip, sea, folder=tmp_path)
    settings = speaker(made, "s1").data.see2sound
    assert settings.spread == 0.5
    settings.spread = 0.0
    place(scene, strip, sea, folder=tmp_path)
    assert len(document.speakers_of(made)) == 1
    assert (settings.kind, settings.spread) == ("area", 0.0)


@pytest.mark.parametrize(
    ("kind", "renderer", "shaped"),
    [
        ("point", "panning", True),
        ("area", "panning", True),
        ("ambience", "panning", False),
        ("point", "microphones", False),
    ],
)
def test_spread_and_reverb_count_where_they_are_heard(
    scene: bpy.types.Scene, strip: Any, collection: Any, kind: str, renderer: str, shaped: bool
) -> None:
    made = speaker(collection, "s1")
    made.data.see2sound.kind, collection.see2sound.renderer = kind, renderer
    assert bool(mix_settings.shapeless(collection, made)) != shaped
    for name, value in (("spread", 0.3), ("reverb_db", -9.0)):
        before = mark(scene, strip, collection)
        setattr(made.data.see2sound, name, value)
        assert (mark(scene, strip, collection) != before) == shaped
