"""``blender --command see2sound`` from outside: a process of its own, files in, files out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import bpy
import numpy as np
import pytest
import soundfile
from mathutils import Vector

from tests.core.clips import write_movie

from .cut import new_file

ROOT = Path(__file__).resolve().parents[2]

#: What `blender --command see2sound` does, in Blender as a Python module.
RUN = """
import os, sys
import blender_see2sound
blender_see2sound.register()
from blender_see2sound.bridge.background import command
code = command.execute(sys.argv[1:])
sys.stdout.flush()
sys.stderr.flush()
os._exit(code)  # 4.5 can hang in a destructor after a render with sound
"""


def run(
    *arguments: object, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a person reads."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("see2sound: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("clips") / "Größe 1.mp4", seconds=2.0)


@pytest.fixture(scope="module")
def made(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, passing = tmp_path_factory.mktemp("film é"), tmp_path_factory.mktemp("passing")
    outputs = ("--blend", folder / "out.blend", "--render", folder / "out.mp4")
    done = run(clip, *outputs, "--fov", 60, TMPDIR=str(passing), TMP="", TEMP="")
    assert done.returncode == 0, done.stdout + done.stderr
    left = [p.name for p in passing.rglob("*") if p.is_file()]
    assert left == [], "a script's end does not empty Blender's folder"
    return folder


def test_the_folder_holds_the_blend_the_movie_and_the_files_of_the_strip(made: Path) -> None:
    assert sorted(p.name for p in made.iterdir()) == ["out.blend", "out.mp4", "see2sound"]
    (strip,) = (made / "see2sound").iterdir()
    assert strip.name == "Größe 1"
    assert any(p.suffix == ".wav" for p in strip.rglob("*"))
    assert not [p for p in made.rglob("*") if p.name.startswith(".")]


def test_the_blend_holds_strip_speakers_and_mix_by_relative_paths(made: Path, clip: Path) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(made / "out.blend"))
    scene = bpy.context.scene
    by_type = {s.type: s for s in scene.sequence_editor.strips}
    assert sorted(by_type) == ["MOVIE", "SOUND"]
    picture, mix = by_type["MOVIE"], by_type["SOUND"]
    assert mix.frame_final_start == picture.frame_final_start == scene.frame_start
    assert picture.frame_final_duration == 48
    assert scene.frame_end == 48
    assert (scene.render.resolution_x, scene.render.resolution_y, scene.render.fps) == (
        320,
        180,
        24,
    )
    speakers = [o for o in scene.objects if o.type == "SPEAKER"]
    assert speakers
    assert scene.camera.data.angle == pytest.approx(np.radians(60.0), abs=1e-4)
    for path in (picture.filepath, mix.sound.filepath, *(s.data.sound.filepath for s in speakers)):
        assert path.startswith("//"), path
        assert Path(bpy.path.abspath(path)).is_file()


def test_the_blend_opens_with_camera_and_speakers_in_view(made: Path) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(made / "out.blend"))
    scene = bpy.context.scene
    things = [scene.camera, *(o for o in scene.objects if o.type == "SPEAKER")]
    assert all(o.show_name for o in things[1:])
    areas = [a for s in bpy.data.screens for a in s.areas if a.type == "VIEW_3D"]
    assert areas
    for area in areas:
        view, lens = area.spaces.active.region_3d, area.spaces.active.lens
        assert view.view_perspective == "PERSP"
        eye = Vector(view.view_location) + view.view_rotation @ Vector((0, 0, view.view_distance))
        assert eye.y < scene.camera.location.y
        assert eye.z > max(o.matrix_world.translation.z for o in things)
        for frame in (scene.frame_start, scene.frame_end):
            scene.frame_set(frame)
            for thing in things:
                place = view.view_rotation.inverted() @ (thing.matrix_world.translation - eye)
                assert place.z < 0.0, thing.name
                # The larger side of a view shows 72 mm at the distance of its lens.
                half = 36.0 / lens / max(area.width, area.height)
                assert abs(place.x / place.z) < half * area.width, thing.name
                assert abs(place.y / place.z) < half * area.height, thing.name


def test_the_movie_carries_the_mix_on_six_channels(made: Path) -> None:
    with av.open(str(made / "out.mp4")) as container:
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert (video.width, video.height, video.codec_context.name) == (320, 180, "h264")
        assert (audio.codec_context.name, audio.rate, audio.channels) == ("aac", 48000, 6)
        rendered = np.concatenate([f.to_ndarray() for f in container.decode(audio)], axis=1)
    mix = next((made / "see2sound").rglob("*mix*.wav"))
    baked = soundfile.read(mix)[0].T
    powers = [10 * np.log10(np.mean(np.square(s), axis=1) + 1e-9) for s in (rendered, baked)]
    assert powers[0][[0, 1, 2, 4, 5]] == pytest.approx(powers[1][[0, 1, 2, 4, 5]], abs=1.0)


def test_a_still_becomes_a_clip_of_ten_seconds(tmp_path: Path) -> None:
    image = bpy.data.images.new("still", 64, 48)
    image.pixels.foreach_set(np.random.default_rng(1).random(64 * 48 * 4, dtype=np.float32))
    image.filepath_raw, image.file_format = str(tmp_path / "still.png"), "PNG"
    image.save()
    done = run(tmp_path / "still.png", "--blend", tmp_path / "o.blend", "--sources", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "o.blend"))
    scene = bpy.context.scene
    (strip,) = (s for s in scene.sequence_editor.strips if s.type == "IMAGE")
    assert strip.frame_final_duration == 10 * scene.render.fps


@pytest.mark.parametrize(
    ("arguments", "channels", "lufs", "room"),
    [
        (("--layout", "7.1", "--room", "hall,1.5", "--lufs", "atsc"), 8, -24.0, ("hall", 1.5)),
        (("--layout", "binaural", "--room", "9x8x3,0.3", "--lufs=-30"), 2, -30.0, ("CUSTOM", 0.3)),
    ],
)
def test_layout_room_and_loudness_are_as_asked(
    clip: Path, tmp_path: Path, arguments: tuple[str, ...], channels: int, lufs: float, room: Any
) -> None:
    outputs = ("--blend", tmp_path / "o.blend", "--render", tmp_path / "o.mp4")
    done = run(clip, *outputs, "--sources", 1, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    mix = next((tmp_path / "see2sound").rglob("*mix*.wav"))
    assert soundfile.info(mix).channels == channels
    with av.open(str(tmp_path / "o.mp4")) as container:
        assert container.streams.audio[0].channels == channels
    new_file()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "o.blend"))
    (settings,) = (c.see2sound for c in bpy.data.collections if c.see2sound.is_see2sound)
    assert (settings.room_kind, settings.rt60) == (room[0], pytest.approx(room[1]))
    assert settings.layout == arguments[1]
    told = json.loads(settings.mix_report)
    assert told["integrated_lufs"] == pytest.approx(lufs, abs=0.6)
    assert told["room"] is not None


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (None, "gone.mp4", "gone.mp4"),
        (b"", "empty.mp4", "empty"),
        (b"not a movie" * 100, "broken.mp4", "broken.mp4"),
        (b"\x89PNG\r\n\x1a\n", "torn.png", "torn.png"),
        (b"hello", "text.xyz", "text.xyz"),
    ],
)
def test_a_bad_clip_is_one_line_and_leaves_nothing(
    tmp_path: Path, content: bytes | None, name: str, words: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    out = tmp_path / "out"
    done = run(path, "--blend", out / "o.blend", "--render", out / "o.mp4")
    assert words in complaint(done)
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--blend", "a.txt"),
        ("--blend", "a.blend", "--sources", "0"),
        ("--blend", "a.blend", "--sources", "many"),
        ("--blend", "a.blend", "--fov", "200"),
        ("--blend", "a.blend", "--render", "a.mov"),
        ("--blend", "a.blend", "--colour", "red"),
        ("--blend", "a.blend", "--layout", "ambix1"),
        ("--blend", "a.blend", "--room", "garage"),
        ("--blend", "a.blend", "--room", "hall,soon"),
        ("--blend", "a.blend", "--lufs", "loud"),
        ("--blend", "a.blend", "--lufs", "nan"),
        ("--blend", "a.blend", "--lufs", "6"),
    ],
)
def test_bad_arguments_are_one_line(clip: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    complaint(run(clip, *arguments, cwd=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(clip: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    assert "file" in complaint(run(clip, "--blend", blocked / "o.blend"))


def test_the_help_says_what_it_does() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "--render" in done.stdout
