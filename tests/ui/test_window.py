"""The add-on as a person uses it, in a real window: the tests build on each other, in their order.

Install the built zip, press the button, see speakers, mix and picture, undo, cancel, move a
speaker, render, and hear the direction in the rendered file's channels.
"""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from .conftest import PICTURES, ROOT
from .window import Window

SESSION = "__import__('bl_ext.user_default.blender_see2sound.bridge.jobs.session', fromlist=['x'])"
BUSY = f"{SESSION}.busy()"
SPEAKERS = "[o.name for o in bpy.data.objects if o.type == 'SPEAKER']"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project ü")


@pytest.fixture(scope="module")
def region(window: Window, folder: Path) -> tuple[int, int, int, int]:
    """A saved file with the example's strip; where the tab is on the screen (x0, y0, x1, y1)."""
    window.run(f"""
        import pathlib
        scene = bpy.context.scene
        scene.render.fps = 24
        editor = scene.sequence_editor_create()
        strips = editor.strips
        strip = strips.new_movie(name="Park", filepath={str(ROOT / "examples" / "park.mp4")!r}, channel=2, frame_start=11)
        editor.active_strip = strip
        strip.select = True
        scene.frame_end = int(strip.frame_final_end) - 1
        bpy.context.workspace.sequencer_scene = scene
        for cube in [o for o in bpy.data.objects if o.type == "MESH"]:
            bpy.data.objects.remove(cube)
        area = max(bpy.context.window.screen.areas, key=lambda a: a.width * a.height)
        area.ui_type = "SEQUENCE_EDITOR"
        area.spaces.active.view_type = "SEQUENCER"
        area.spaces.active.show_region_ui = True
        bpy.ops.wm.save_as_mainfile(filepath={str(folder / "film.blend")!r})
        # What a person does is remembered for undo; what a script did is only so.
        bpy.ops.ed.undo_push(message="Set up")
    """)
    # The sidebar exists once it has been drawn.
    window.wait_for(
        "any(r.type == 'UI' and r.width > 50 for a in bpy.context.window.screen.areas"
        " if a.type == 'SEQUENCE_EDITOR' for r in a.regions)"
    )
    x, y, width, height, top = window.run("""
        area = next(a for a in bpy.context.window.screen.areas if a.type == "SEQUENCE_EDITOR")
        region = next(r for r in area.regions if r.type == "UI")
        region.active_panel_category = "See2Sound"
        area.tag_redraw()
        answer = [region.x, region.y, region.width, region.height, bpy.context.window.height]
    """)
    return x, top - y - height, x + width, top - y


def big_button(window: Window, region: tuple[int, int, int, int]) -> tuple[float, float]:
    """The centre of the tallest button in the tab, found by its looks."""
    image = window.picture(PICTURES / "tab.png")
    x0, y0, x1, y1 = region
    part = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    # A button is a filled box of one grey, lighter than its panel.
    filled = ((part > 75) & (part < 95)).astype(np.uint8)
    _, _, stats, centres = cv2.connectedComponentsWithStats(filled)
    boxes = [
        (h, centre)
        for (_, _, w, h, area), centre in zip(stats[1:], centres[1:], strict=True)
        if w > 0.5 * (x1 - x0) and 24 <= h < 60 and area > 0.6 * w * h
    ]
    assert boxes, "no button is to be seen: look at build/ui/tab.png"
    _, (x, y) = max(boxes, key=lambda box: box[0])
    return x0 + x, y0 + y


def undo(window: Window) -> None:
    """Ctrl+Z over the sequencer."""
    window.xdotool("mousemove", 500, 500)
    window.keys("ctrl+z")


def test_the_button_makes_speakers_and_a_mix(
    window: Window, region: tuple[int, int, int, int]
) -> None:
    window.run("longest_pause()")
    window.click(*big_button(window, region))
    window.wait_for(BUSY, 10)
    window.picture(PICTURES / "working.png")
    window.wait_for(f"not {BUSY}", 120)
    pause = window.run("answer = longest_pause()")
    print(f"the interface paused for at most {pause * 1000:.0f} ms")
    failure = window.run(f"f = {SESSION}.state.failure; answer = str(f.error) if f else None")
    assert failure is None
    assert len(window.run(f"answer = {SPEAKERS}")) >= 2
    mix = window.run("""
        found = [s for s in bpy.context.scene.sequence_editor.strips if s.type == "SOUND"]
        answer = [[int(s.frame_final_start), s.channel, s.mute, bpy.path.abspath(s.sound.filepath)] for s in found]
    """)
    ((start, channel, muted, path),) = mix
    assert (start, channel, muted) == (11, 3, False)
    assert Path(path).exists()
    assert window.run("answer = bpy.context.scene.render.ffmpeg.audio_channels") == "SURROUND51"
    window.picture(PICTURES / "done.png")


def test_one_undo_takes_all_of_it_back_and_redo_brings_it(window: Window, region: object) -> None:
    before = window.run(f"answer = {SPEAKERS}")
    undo(window)
    assert window.run(f"answer = {SPEAKERS}") == []
    count = "len([s for s in bpy.context.scene.sequence_editor.strips if s.type == 'SOUND'])"
    assert window.run(f"answer = {count}") == 0
    assert window.run("answer = len(bpy.context.scene.sequence_editor.strips)") == 1
    window.keys("ctrl+shift+z")
    assert window.run(f"answer = {SPEAKERS}") == before
    assert window.run(f"answer = {count}") == 1


SETTINGS = "next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound"
VIEW = "__import__('bl_ext.user_default.blender_see2sound.bridge.interface.view', fromlist=['x'])"


def test_a_changed_setting_makes_the_mix_out_of_date_and_back(
    window: Window, region: object
) -> None:
    window.wait_for(f"{VIEW}.shown(bpy.context).mix == 'current'")
    window.run(f"{SETTINGS}.room_kind = 'hall'")
    window.wait_for(f"{VIEW}.shown(bpy.context).mix == 'stale'")
    window.picture(PICTURES / "room.png")
    window.run(f"{SETTINGS}.room_kind = 'NONE'")
    window.wait_for(f"{VIEW}.shown(bpy.context).mix == 'current'")


def test_a_mix_is_exported_by_the_file_browser(
    window: Window, region: object, folder: Path
) -> None:
    """The browser proposes a name; Enter takes it; the job goes on without freezing anything."""
    window.run("""
        area = next(a for a in bpy.context.window.screen.areas if a.type == "SEQUENCE_EDITOR")
        with bpy.context.temp_override(window=bpy.context.window, area=area, region=area.regions[0]):
            bpy.ops.see2sound.export_mix("INVOKE_DEFAULT", layout_name="7.1.4", stems=True)
    """)
    window.wait_for("len(bpy.context.window_manager.windows) == 2", 20)
    window.picture(PICTURES / "export.png")
    window.xdotool("mousemove", 800, 450)
    window.keys("Return")
    path = folder / "Park Mix.wav"
    window.wait_for(f"__import__('os').path.exists({str(path)!r}) and not {BUSY}", 120)
    with av.open(str(path)) as exported:
        assert exported.streams.audio[0].channels == 12
    assert len(list((folder / "Park Mix Stems").glob("s? *.wav"))) == len(
        window.run(f"answer = {SPEAKERS}")
    )
    assert window.run(f"answer = {SESSION}.state.failure") is None


def test_escape_cancels_and_leaves_everything_as_it_was(
    window: Window, region: tuple[int, int, int, int]
) -> None:
    before = window.run(f"answer = sorted({SPEAKERS})")
    window.click(*big_button(window, region))
    window.wait_for(BUSY, 10)
    window.xdotool("mousemove", 500, 500)
    window.keys("Escape")
    window.wait_for(f"not {BUSY}", 5)
    assert window.run(f"answer = sorted({SPEAKERS})") == before
    assert window.run(f"answer = {SESSION}.state.failure") is None


def test_a_missing_clip_is_told_in_the_panel(
    window: Window, region: tuple[int, int, int, int]
) -> None:
    path = window.run("""
        strip = bpy.context.scene.sequence_editor.strips["Park"]
        answer = strip.filepath
        strip.filepath = "//gone.mp4"
    """)
    window.xdotool("mousemove", 500, 500)
    window.picture(PICTURES / "missing.png")
    problem = window.run("""
        try:
            bpy.ops.see2sound.find_sources("EXEC_DEFAULT")
        except RuntimeError as error:
            answer = str(error)
    """)
    window.run(f'bpy.context.scene.sequence_editor.strips["Park"].filepath = {path!r}')
    assert "gone.mp4" in (problem or "")


def channel_levels(path: Path) -> np.ndarray:
    """RMS per channel of a movie's sound, in the order FL FR FC LFE BL BR."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.channels == 6
        parts = [frame.to_ndarray() for frame in container.decode(stream)]
        assert [c.name for c in frame_layout(stream)] == ["FL", "FR", "FC", "LFE", "BL", "BR"]
    sound = np.concatenate(parts, axis=1)
    return np.sqrt(np.mean(np.square(sound, dtype=np.float64), axis=1))


def frame_layout(stream: av.AudioStream) -> tuple[av.audio.layout.AudioChannel, ...]:
    return stream.layout.channels


@pytest.mark.parametrize(
    ("side", "loud", "soft"), [(-6.0, 0, 1), (6.0, 1, 0)], ids=["left", "right"]
)
def test_a_moved_speaker_is_heard_from_there_in_the_render(
    window: Window, region: object, folder: Path, side: float, loud: int, soft: int
) -> None:
    """Everything is moved to one side; the render bakes first, since the mix is out of date."""
    window.run(f"""
        speakers = [o for o in bpy.data.objects if o.type == "SPEAKER"]
        for speaker in speakers:
            speaker.animation_data.action = None
            camera = bpy.context.scene.camera
            import mathutils
            speaker.matrix_world = camera.matrix_world @ mathutils.Matrix.Translation(({side}, 0.0, -6.0))
            speaker.data.see2sound.kind = "point"
            speaker.data.see2sound.spread = 0.0
        bpy.context.view_layer.update()
    """)
    movie = folder / f"render{side}.mp4"
    window.run(f"""
        scene = bpy.context.scene
        render = scene.render
        render.resolution_x, render.resolution_y, render.resolution_percentage = 640, 360, 50
        if hasattr(render.image_settings, "media_type"):
            render.image_settings.media_type = "VIDEO"
        render.image_settings.file_format = "FFMPEG"
        render.ffmpeg.format, render.ffmpeg.codec, render.ffmpeg.audio_codec = "MPEG4", "H264", "AAC"
        render.ffmpeg.audio_mixrate = 48000
        render.use_file_extension = False
        render.filepath = {str(movie)!r}
        bpy.context.preferences.view.render_display_type = "NONE"
        bpy.app.driver_namespace["rendered"] = False
        done = lambda *_: bpy.app.driver_namespace.update(rendered=True)
        bpy.app.handlers.render_complete[:] = [*bpy.app.handlers.render_complete, done]
        bpy.ops.render.render("INVOKE_DEFAULT", animation=True)
    """)
    window.wait_for('bpy.app.driver_namespace["rendered"]', 180)
    window.wait_for("not bpy.app.is_job_running('RENDER')", 30)
    levels = channel_levels(movie)
    assert levels[loud] > 0.003, levels
    assert levels[loud] > 4.0 * levels[soft], levels
    window.picture(PICTURES / f"rendered{side}.png")


def test_save_and_load_keep_speakers_and_mix(window: Window, region: object, folder: Path) -> None:
    before = window.run(f"answer = sorted({SPEAKERS})")
    window.run("bpy.ops.wm.save_mainfile()")
    window.run(f"bpy.ops.wm.open_mainfile(filepath={str(folder / 'film.blend')!r})")
    assert window.run(f"answer = sorted({SPEAKERS})") == before
    lost = window.run(
        "answer = [s.name for s in bpy.data.sounds if not __import__('os').path.exists(bpy.path.abspath(s.filepath))]"
    )
    assert lost == []
