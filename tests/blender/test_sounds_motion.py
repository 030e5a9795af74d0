"""What a source does in itself stays with its speaker, in step with the picture, or is left out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_see2sound.bridge.blend import versions
from blender_see2sound.bridge.mix import export
from blender_see2sound.bridge.sources import document
from blender_see2sound.bridge.speakers import own_motion, recipe
from blender_see2sound.bridge.timeline.strips import clip_of
from blender_see2sound.core.scene import Motion

from .cut import add_effect, place, run, sequencer, source, speaker

#: A step at frame 24, one at 48 and one at 72, counted from the strip's first frame.
WALK = Motion(
    times=tuple(np.arange(0, 97) / 24.0),
    speed=tuple(1.0 + 0.01 * n for n in range(97)),
    impacts=(1.0, 2.0, 3.0),
    strengths=(0.5, 1.0, 0.25),
)


@pytest.fixture
def walking(scene: bpy.types.Scene, strip: Any, tmp_path: Path) -> Any:
    walker = source("s1", (0, 3, 0), motion=WALK)
    return place(scene, strip, walker, source("s2", (1, 3, 0)), folder=tmp_path)


def told(scene: bpy.types.Scene, strip: Any, collection: Any) -> Motion | None:
    """What the maker of the first source's sound is told of its motion."""
    document.follow_strip(scene, strip, collection)
    work = export.to_sound_scene(scene, strip, collection, for_mix=False)
    return run(work).source("s1").motion


def asked_of(scene: bpy.types.Scene, strip: Any, collection: Any) -> dict[str, Any]:
    mark = own_motion.mark_of(scene, strip)
    return recipe.asked(collection, speaker(collection, "s1"), mark)


def test_makers_are_told_what_was_found(scene: bpy.types.Scene, strip: Any, walking: Any) -> None:
    motion = told(scene, strip, walking)
    assert motion is not None
    assert motion.times == pytest.approx(WALK.times, abs=1e-4)
    assert motion.speed == pytest.approx(WALK.speed, abs=1e-3)
    assert motion.impacts == pytest.approx(WALK.impacts, abs=1e-4)
    assert motion.strengths == pytest.approx(WALK.strengths, abs=1e-3)
    still = run(export.to_sound_scene(scene, strip, walking, for_mix=False)).source("s2")
    assert still.motion is None
    mixed = run(export.to_sound_scene(scene, strip, walking)).source("s1")
    assert mixed.motion is None, "a mix has no use for it"


def test_it_survives_saving_and_loading(scene: bpy.types.Scene, strip: Any, walking: Any) -> None:
    before = told(scene, strip, walking)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    strip = scene.sequence_editor.strips["Film"]
    assert told(scene, strip, document.collection_of(scene, strip)) == before


def shifted(motion: Motion | None) -> tuple[tuple[float, ...], float, float]:
    """The impacts, and the speed at the clip's start and end."""
    assert motion is not None
    return motion.impacts, motion.speed[0], motion.speed[-1]


def test_it_follows_a_strip_that_is_moved(scene: bpy.types.Scene, strip: Any, walking: Any) -> None:
    before, asked = told(scene, strip, walking), asked_of(scene, strip, walking)
    strip.frame_start += 100
    assert told(scene, strip, walking) == before
    assert asked_of(scene, strip, walking) == asked


def test_a_trim_cuts_it(scene: bpy.types.Scene, strip: Any, walking: Any) -> None:
    asked = asked_of(scene, strip, walking)
    strip.frame_final_start += 36
    impacts, first, _ = shifted(told(scene, strip, walking))
    assert impacts == pytest.approx((0.5, 1.5), abs=1e-4)
    assert first == pytest.approx(1.36, abs=1e-3)
    strip.frame_final_end -= 60
    impacts, first, last = shifted(told(scene, strip, walking))
    assert impacts == ()  # the clip ends before the step at 0.5 s
    assert (first, last) == pytest.approx((1.36, 1.40), abs=2e-3)
    assert asked_of(scene, strip, walking) == asked, "a trim makes no sound out of date"
    strip.frame_final_start += 3
    strip.frame_final_end = strip.frame_final_start + 1
    assert told(scene, strip, walking) is not None


def test_it_follows_a_slip(scene: bpy.types.Scene, strip: Any, walking: Any) -> None:
    strip.frame_final_start += 20
    strip.frame_final_end -= 20
    before = told(scene, strip, walking)
    strip.select = True
    with sequencer(scene):
        bpy.ops.sequencer.slip(offset=-12)
    after = told(scene, strip, walking)
    assert before is not None
    assert after is not None
    gone = [round(a - b, 3) for a, b in zip(after.impacts, before.impacts, strict=False)]
    assert set(gone) <= {-0.5, 0.5}
    assert gone


def test_a_split_s_second_part_has_none_of_the_first(
    scene: bpy.types.Scene, strip: Any, walking: Any
) -> None:
    strip.split(frame=60, split_method="SOFT")
    impacts, _, _ = shifted(told(scene, strip, walking))
    assert impacts == pytest.approx((1.0, 2.0), abs=1e-4)


@pytest.mark.parametrize("change", ["reversed", "rate", "media", "speed", "cut"])
def test_where_the_picture_is_another_there_is_none_rather_than_a_wrong_one(
    scene: bpy.types.Scene, strip: Any, walking: Any, movie: Path, tmp_path: Path, change: str
) -> None:
    before, asked = told(scene, strip, walking), asked_of(scene, strip, walking)

    def turn(on: bool) -> None:
        if change == "reversed":
            strip.use_reverse_frames = on
        elif change == "rate":
            scene.render.fps = 25 if on else 24
        elif change == "media":
            strip.filepath = str(shutil.copy(movie, tmp_path / "x.mp4") if on else movie)
        elif change == "cut":
            strip.animation_offset_start = 10 if on else 0
        elif on:
            add_effect(scene, strip, "SPEED", speed_control="MULTIPLY", speed_factor=0.5)
        else:
            scene.sequence_editor.strips.remove(scene.sequence_editor.strips["Effect"])

    turn(True)
    assert told(scene, strip, walking) is None
    assert asked_of(scene, strip, walking) != asked, "its sound was made from more"
    turn(False)
    assert told(scene, strip, walking) == before
    assert asked_of(scene, strip, walking) == asked


def test_retiming_leaves_none(scene: bpy.types.Scene, strip: Any, walking: Any) -> None:
    strip.select = True
    scene.sequence_editor.active_strip = strip
    with sequencer(scene):
        bpy.ops.sequencer.retiming_key_add(timeline_frame=40)
    assert told(scene, strip, walking) is None


def test_found_under_a_speed_effect_it_holds_while_that_stays(
    scene: bpy.types.Scene, strip: Any, tmp_path: Path
) -> None:
    effect = add_effect(scene, strip, "SPEED", speed_control="MULTIPLY", speed_factor=0.5)
    collection = place(scene, strip, source("s1", (0, 3, 0), motion=WALK), folder=tmp_path)
    assert told(scene, strip, collection) is not None
    strip.frame_start += 30
    assert told(scene, strip, collection) is not None
    effect.speed_factor = 0.75
    assert told(scene, strip, collection) is None


def test_nonsense_that_a_person_wrote_is_no_motion(
    scene: bpy.types.Scene, strip: Any, walking: Any
) -> None:
    mark = own_motion.mark_of(scene, strip)
    for text in ("x", f"1 {mark}", f"1 {mark} ???", f"1 {mark} AAAA", f"9 {mark} eJwDAAAAAAE="):
        speaker(walking, "s1").data.see2sound.motion = text
        assert told(scene, strip, walking) is None


def test_hours_of_it_are_small(scene: bpy.types.Scene, strip: Any) -> None:
    count = 24 * 3600
    wander = np.abs(np.cumsum(np.random.default_rng(1).normal(0.0, 0.02, count)))
    motion = Motion(tuple(np.arange(count) / 24.0), tuple(wander), (), ())
    text = own_motion.packed(scene, strip, motion)
    assert len(text) < 3 * count, "more than three bytes for each picture"


@pytest.mark.parametrize("seed", range(8))
def test_any_motion_comes_back(scene: bpy.types.Scene, strip: Any, seed: int) -> None:
    random = np.random.default_rng(seed)

    def moments(most: int) -> tuple[float, ...]:
        """Times within the clip, some of them a thousandth of a second apart."""
        count = int(random.integers(1, most + 1))
        return tuple(np.unique(np.round(random.choice([4.0, 0.01]) * random.random(count), 3)))

    times, hits = moments(200), moments(20)
    motion = Motion(
        times, tuple(80.0 * random.random(len(times))), hits, tuple(random.random(len(hits)))
    )
    text = own_motion.packed(scene, strip, motion)
    again = own_motion.unpacked(text, versions.content_start(strip), clip_of(scene, strip))
    assert again is not None
    assert again.times == pytest.approx(motion.times, abs=1e-4)
    assert again.speed == pytest.approx(motion.speed, abs=1e-3)
    assert again.impacts == pytest.approx(motion.impacts, abs=1e-4)
    assert again.strengths == pytest.approx(motion.strengths, abs=1e-3)
