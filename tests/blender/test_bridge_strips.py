"""What part of which media a strip shows, told by pictures that show their number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
import pytest

from blender_see2sound.bridge.blend import dna
from blender_see2sound.bridge.timeline import strips, timing
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.media import ClipRange, open_clip

from .cut import (
    add_effect,
    add_movie,
    add_sequence,
    new_file,
    number_in,
    select_key,
    sequencer,
    write_movie,
    write_pictures,
)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("media")
    movies = {f"movie{rate}": write_movie(folder / f"m{rate}.mp4", rate) for rate in (24, 30, 48)}
    return {**movies, "sequence": write_pictures(folder / "Bilder ü")}


def worker_sees(clip: strips.StripClip) -> list[int]:
    """The numbers of the pictures that the worker reads, one for each frame of the timeline."""
    asked = clip.request()
    clip_range = ClipRange(
        path=Path(asked["path"]),
        start=asked["start"],
        duration=asked["duration"],
        frame_rate=asked["frame_rate"],
        files=tuple(Path(f) for f in asked["files"]),
        time_map=tuple((t, m) for t, m in asked["time_map"]),
    )
    with open_clip(clip_range) as opened:
        return [number_in(frame.image) for frame in opened.frames(clip.fps, 256)]


def blender_shows(scene: bpy.types.Scene, clip: strips.StripClip, folder: Path) -> list[int]:
    """The numbers of the pictures that the sequencer renders, one for every third frame."""
    scene.render.image_settings.file_format = "PNG"
    scene.view_settings.view_transform = "Standard"
    scene.render.filepath = str(folder / "f")
    scene.frame_start, scene.frame_end = clip.frame_start, clip.frame_end - 1
    scene.frame_step = 3
    bpy.ops.render.render(animation=True)
    paths = [folder / f"f{f:04d}.png" for f in range(clip.frame_start, clip.frame_end, 3)]
    return [number_in(cv2.imread(str(path))) for path in paths]


def trim(scene: bpy.types.Scene, strip: Any) -> None:
    strip.frame_offset_start, strip.frame_offset_end = 10, 15


def trim_content(scene: bpy.types.Scene, strip: Any) -> None:
    strip.animation_offset_start, strip.animation_offset_end = 7, 5


def lengthen(scene: bpy.types.Scene, strip: Any) -> None:
    strip.frame_start = 20
    strip.frame_offset_start, strip.frame_offset_end = -5, -8


def turn_round(scene: bpy.types.Scene, strip: Any) -> None:
    strip.use_reverse_frames = True
    strip.frame_offset_start = 10


def retime(scene: bpy.types.Scene, strip: Any) -> None:
    with sequencer(scene):
        scene.sequence_editor.active_strip = strip
        strip.select = True
        for frame in (21, 51):
            bpy.ops.sequencer.retiming_key_add(timeline_frame=frame)
    strip.retiming_keys[1].timeline_frame = 41  # slow, then fast, then as before


def freeze(scene: bpy.types.Scene, strip: Any) -> None:
    with sequencer(scene):
        scene.sequence_editor.active_strip = strip
        strip.select = True
        bpy.ops.sequencer.retiming_key_add(timeline_frame=41)
        bpy.ops.sequencer.retiming_freeze_frame_add(duration=20)


def ramp(scene: bpy.types.Scene, strip: Any) -> None:
    """A smooth transition from fast to slow."""
    with sequencer(scene):
        scene.sequence_editor.active_strip = strip
        strip.select = True
        bpy.ops.sequencer.retiming_key_add(timeline_frame=51)
        strip.retiming_keys[1].timeline_frame = 31
        strip.show_retiming_keys = True
        bpy.ops.sequencer.select_all(action="SELECT")
        select_key(strip, 1)
        bpy.ops.sequencer.retiming_transition_add(duration=20)
    assert len(strip.retiming_keys) == 4


def retime_and_trim(scene: bpy.types.Scene, strip: Any) -> None:
    retime(scene, strip)
    strip.frame_offset_start, strip.frame_offset_end = 12, 9


def retime_and_turn_round(scene: bpy.types.Scene, strip: Any) -> None:
    retime(scene, strip)
    strip.use_reverse_frames = True


def speed(**fields: Any) -> Callable[[bpy.types.Scene, Any], None]:
    def cut(scene: bpy.types.Scene, strip: Any) -> None:
        trim(scene, strip)
        add_effect(scene, strip, "SPEED", use_frame_interpolate=False, **fields)

    return cut


CUTS = {
    "whole": lambda scene, strip: None,
    "trim": trim,
    "trim content": trim_content,
    "lengthen": lengthen,
    "turn round": turn_round,
    "stretch": speed(speed_control="STRETCH"),
    "faster": speed(speed_control="MULTIPLY", speed_factor=1.7),
    "slower": speed(speed_control="MULTIPLY", speed_factor=0.4),
    "a frame by its number": speed(speed_control="FRAME_NUMBER", speed_frame_number=22),
    "a frame by its share": speed(speed_control="LENGTH", speed_length=37),
}
RETIMED = {
    "retime": retime,
    "freeze": freeze,
    "ramp": ramp,
    "retime and trim": retime_and_trim,
    "retime and turn round": retime_and_turn_round,
}


@pytest.mark.parametrize("cut", CUTS)
def test_the_worker_sees_what_the_sequencer_renders(
    media: dict[str, Any], tmp_path: Path, cut: str
) -> None:
    scene = new_file()
    strip = add_movie(scene, media["movie24"])
    CUTS[cut](scene, strip)
    clip = strips.clip_of(scene, strip)
    assert worker_sees(clip)[::3] == blender_shows(scene, clip, tmp_path)


@pytest.mark.parametrize("cut", ["whole", "trim", "trim content", "lengthen", "turn round"])
def test_a_sequence_of_pictures_is_seen_as_it_is_rendered(
    media: dict[str, Any], tmp_path: Path, cut: str
) -> None:
    scene = new_file()
    strip = add_sequence(scene, media["sequence"])
    CUTS[cut](scene, strip)
    clip = strips.clip_of(scene, strip)
    assert worker_sees(clip)[::3] == blender_shows(scene, clip, tmp_path)


@pytest.mark.parametrize("cut", RETIMED)
def test_retiming_is_read_as_blender_reads_it(media: dict[str, Any], cut: str) -> None:
    scene = new_file()
    strip = add_sequence(scene, media["sequence"])
    RETIMED[cut](scene, strip)
    clip = strips.clip_of(scene, strip)
    frames = np.arange(clip.frame_start, clip.frame_end)
    # Blender's own word for which picture of a sequence is shown.
    shown = [int(strip.strip_elem_from_frame(int(f)).filename[1:4]) for f in frames]
    assert timing.media_positions(scene, strip, frames).astype(int).tolist() == shown
    seen = np.array(worker_sees(clip))
    # Where a frame falls between two pictures, either is right.
    assert np.abs(seen - shown).max() <= 1
    assert np.mean(seen == shown) > 0.9


@pytest.mark.parametrize("cut", RETIMED)
def test_a_retimed_movie_is_seen_as_it_is_rendered(
    media: dict[str, Any], tmp_path: Path, cut: str
) -> None:
    scene = new_file()
    strip = add_movie(scene, media["movie24"])
    RETIMED[cut](scene, strip)
    clip = strips.clip_of(scene, strip)
    apart = np.abs(np.array(worker_sees(clip)[::3]) - blender_shows(scene, clip, tmp_path))
    assert apart.max() <= 1


def test_a_movie_of_another_rate_plays_a_picture_a_frame(
    media: dict[str, Any], tmp_path: Path
) -> None:
    scene = new_file()
    strip = add_movie(scene, media["movie48"])
    clip = strips.clip_of(scene, strip)
    seen = worker_sees(clip)
    assert seen == list(range(100))
    assert seen[::3] == blender_shows(scene, clip, tmp_path)
    assert clip.duration == pytest.approx(100 / 24)


@pytest.mark.skipif(bpy.app.version >= (5, 0), reason="Blender 5 needs a real window for this")
@pytest.mark.parametrize("rate", [30, 48])
@pytest.mark.parametrize("reverse", [False, True])
def test_an_adjusted_playback_rate_is_kept(
    media: dict[str, Any], tmp_path: Path, rate: int, reverse: bool
) -> None:
    scene = new_file()
    with sequencer(scene):
        bpy.ops.sequencer.movie_strip_add(
            filepath=str(media[f"movie{rate}"]),
            adjust_playback_rate=True,
            use_framerate=False,
            sound=False,
            channel=1,
            frame_start=1,
        )
    strip = scene.sequence_editor.active_strip
    strip.use_reverse_frames = reverse
    clip = strips.clip_of(scene, strip)
    assert clip.duration == pytest.approx(100 / rate, abs=1 / 24)
    assert worker_sees(clip)[::3] == blender_shows(scene, clip, tmp_path)


def test_an_animated_speed_is_summed_up(media: dict[str, Any], tmp_path: Path) -> None:
    scene = new_file(tmp_path / "speed.blend")
    effect = add_effect(
        scene,
        add_movie(scene, media["movie24"]),
        "SPEED",
        use_frame_interpolate=False,
        speed_control="MULTIPLY",
    )
    for frame, factor in ((1, 0.5), (60, 2.0)):
        effect.speed_factor = factor
        effect.keyframe_insert("speed_factor", frame=frame)
    # Blender counts the frames anew only when it reads the file.
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    clip = strips.clip_of(scene, scene.sequence_editor.strips["Film"])
    apart = np.abs(np.array(worker_sees(clip)[::3]) - blender_shows(scene, clip, tmp_path))
    assert apart.max() <= 2


def test_a_still_lasts_as_long_as_its_strip(media: dict[str, Any]) -> None:
    scene = new_file()
    strip = scene.sequence_editor.strips.new_image("Still", str(media["sequence"][5]), 1, 8)
    strip.frame_final_duration = 48
    strip.mute = True
    clip = strips.clip_of(scene, strip)
    assert (clip.kind, clip.duration, clip.frame_start) == ("still", 2.0, 8)
    assert clip.path == media["sequence"][5]
    assert worker_sees(clip) == [5]


def test_relative_paths_lead_from_the_blend(media: dict[str, Any], tmp_path: Path) -> None:
    scene = new_file(tmp_path / "film.blend")
    strip = add_movie(scene, media["movie24"])
    strip.filepath = bpy.path.relpath(str(media["movie24"]))
    assert strip.filepath.startswith("//")
    assert strips.clip_of(scene, strip).path == media["movie24"]


def test_inside_a_meta_strip_what_that_shows_counts(media: dict[str, Any]) -> None:
    scene = new_file()
    strip = add_movie(scene, media["movie24"])
    meta = scene.sequence_editor.strips.new_meta("Meta", 2, 1)
    strip.move_to_meta(meta)
    meta.frame_final_end = 31
    meta.frame_final_start = 11
    clip = strips.clip_of(scene, strip)
    assert (clip.frame_start, clip.frame_end) == (11, 31)
    assert worker_sees(clip) == list(range(10, 30))


def test_missing_media_is_named(media: dict[str, Any], tmp_path: Path) -> None:
    scene = new_file()
    gone = tmp_path / "gone.mp4"
    gone.write_bytes(media["movie24"].read_bytes())
    strip = add_movie(scene, gone)
    gone.unlink()
    with pytest.raises(See2SoundError, match=r"gone\.mp4") as error:
        strips.clip_of(scene, strip)
    assert error.value.kind == "missing-file"
    assert error.value.remedy


def test_a_missing_picture_counts_only_where_it_is_shown(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "p")
    scene = new_file()
    strip = add_sequence(scene, pictures)
    pictures[50].unlink()
    with pytest.raises(See2SoundError, match=r"p050\.png"):
        strips.clip_of(scene, strip)
    strip.frame_offset_end = 60
    assert worker_sees(strips.clip_of(scene, strip)) == list(range(40))


@pytest.mark.parametrize("kind", ["TEXT", "COLOR", "ADJUSTMENT", "SCENE", "META", "SPEED"])
def test_other_strips_are_refused_with_a_reason(media: dict[str, Any], kind: str) -> None:
    scene = new_file()
    every = scene.sequence_editor.strips
    if kind == "SCENE":
        strip = every.new_scene("Other", bpy.data.scenes.new("Other"), 2, 1)
    elif kind == "META":
        strip = every.new_meta("Other", 2, 1)
    elif kind == "SPEED":
        strip = add_effect(scene, add_movie(scene, media["movie24"]), "SPEED")
    else:
        span = {"length": 9} if bpy.app.version >= (5, 0) else {"frame_end": 10}
        strip = every.new_effect("Other", kind, 2, 1, **span)
    with pytest.raises(See2SoundError) as error:
        strips.clip_of(scene, strip)
    assert error.value.why
    assert error.value.remedy
    assert strip.name in error.value.what


@pytest.mark.parametrize("bent", ["retimed", "backwards", "Speed effect"])
def test_a_meta_strip_that_bends_time_is_refused(media: dict[str, Any], bent: str) -> None:
    scene = new_file()
    strip = add_movie(scene, media["movie24"])
    meta = scene.sequence_editor.strips.new_meta("Meta", 2, 1)
    strip.move_to_meta(meta)
    meta.frame_final_end = 101
    assert strips.problem_of(scene, strip) is None
    if bent == "retimed":
        if bpy.app.version < (5, 0):
            pytest.skip("only since 5.0 a meta strip can be retimed")
        with sequencer(scene):
            scene.sequence_editor.active_strip = meta
            meta.select = True
            bpy.ops.sequencer.retiming_key_add(timeline_frame=41)
            bpy.ops.sequencer.retiming_freeze_frame_add(duration=20)
    elif bent == "backwards":
        meta.use_reverse_frames = True
    else:
        add_effect(scene, meta, "SPEED", speed_control="MULTIPLY", speed_factor=2.0)
    with pytest.raises(See2SoundError, match=f"meta strip around it, 'Meta', .*{bent}"):
        strips.clip_of(scene, strip)


def test_only_what_python_does_not_tell_is_read_in_memory(
    media: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_tomorrow(*_: object) -> None:
        raise dna.unknown("its Sequence has no len")

    scene = new_file()
    strip = add_movie(scene, media["movie24"])
    trim(scene, strip)
    trim_content(scene, strip)
    other = scene.sequence_editor.strips.new_movie("Other", str(media["movie30"]), 3, 1)
    still = scene.sequence_editor.strips.new_image("Still", str(media["sequence"][5]), 4, 8)
    known = worker_sees(strips.clip_of(scene, strip))
    monkeypatch.setattr(dna, "view", of_tomorrow)
    assert worker_sees(strips.clip_of(scene, strip)) == known
    assert worker_sees(strips.clip_of(scene, still)) == [5]
    with pytest.raises(See2SoundError, match=r"at which rate 'Other' plays"):
        strips.clip_of(scene, other)
    retime(scene, strip)
    with pytest.raises(See2SoundError, match="Remove the retiming"):
        strips.clip_of(scene, strip)
