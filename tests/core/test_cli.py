"""The command from outside: exit codes, one clear line, results on standard output."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import soundfile

from blender_see2sound.core import cli, parts
from tests.core.clips import SHARED, write_movie

COMMAND = [sys.executable, "-m", "blender_see2sound.core"]


def started(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own: where that is the point, or as a spot check."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, timeout=300
    )


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def see2sound(capfd: pytest.CaptureFixture[str]) -> Command:
    """The same in this process, with what libraries in C print too."""

    def command(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        given = [str(argument) for argument in arguments]
        capfd.readouterr()
        with contextlib.chdir(cwd) if cwd is not None else contextlib.nullcontext():
            try:
                code = cli.run(given)
            except SystemExit as end:  # of --help and --version
                code = int(end.code or 0)
        told = capfd.readouterr()
        return subprocess.CompletedProcess(given, code, told.out, told.err)

    return command


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a disc that crosses a textured ground."""
    return write_movie(tmp_path_factory.mktemp("clip") / "a ball ü.mp4", seconds=1.0)


@pytest.fixture(scope="module")
def result(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "out"
    done = started("run", clip, "-o", folder, "--sources", 3)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder


def test_run_leaves_everything_in_the_folder(result: Path) -> None:
    scene = json.loads((result / "scene.json").read_text(encoding="utf-8"))
    ids = [source["id"] for source in scene["sources"]]
    assert 1 <= len(ids) <= 3
    names = {p.relative_to(result).as_posix() for p in result.rglob("*") if p.is_file()}
    assert names == {
        "scene.json",
        "mix.wav",
        "overview.png",
        *(f"sounds/{i}.{suffix}" for i in ids for suffix in ("wav", "json")),
        *(f"thumbnails/{i}.png" for i in ids),
    }
    info = soundfile.info(result / "mix.wav")
    assert (info.samplerate, info.channels) == (48_000, 6)
    assert info.duration == pytest.approx(1.0, abs=0.01)


def test_the_overview_is_a_picture_with_something_on_it(result: Path) -> None:
    import cv2

    image = cv2.imread(str(result / "overview.png"))
    assert image.shape == (900, 1600, 3)
    colours = image.astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
    assert len(np.unique(colours)) > 1000


@pytest.mark.gate
def test_steps_one_by_one_give_what_run_gives(
    see2sound: Command, clip: Path, result: Path, tmp_path: Path
) -> None:
    scene = tmp_path / "scene.json"
    for arguments in (
        ("find", clip, "-o", scene, "--sources", 3),
        ("sound", scene),
        ("mix", scene, "-o", tmp_path / "mix.wav"),
    ):
        done = see2sound(*arguments)
        assert done.returncode == 0, done.stderr
    one, _ = soundfile.read(tmp_path / "mix.wav")
    all_of_it, _ = soundfile.read(result / "mix.wav")
    np.testing.assert_array_equal(one, all_of_it)


def test_only_one_source_is_sounded_again(see2sound: Command, result: Path) -> None:
    scene = result / "scene.json"
    before = {p.name: p.read_bytes() for p in (result / "sounds").iterdir()}
    done = see2sound("sound", scene, "--only", "s1", "--prompt", "a church bell", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sounds"] == {"s1": "sounds/s1.wav"}
    after = {p.name: p.read_bytes() for p in (result / "sounds").iterdir()}
    assert after.keys() == before.keys()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"s1.wav", "s1.json"}
    assert json.loads(scene.read_text(encoding="utf-8"))["sources"][0]["prompt"] == "a church bell"


@pytest.mark.parametrize(("asked", "lufs"), [("-20", -20.0), ("film", -27.0)])
def test_json_is_one_object_with_the_loudness(
    see2sound: Command, result: Path, tmp_path: Path, asked: str, lufs: float
) -> None:
    done = see2sound(
        "mix", result / "scene.json", "-o", tmp_path / "m.wav", "--lufs", asked, "--json"
    )
    report = json.loads(done.stdout)
    assert report["integrated_lufs"] == pytest.approx(lufs, abs=0.2)


def test_models_lists_a_part_for_each_role(see2sound: Command) -> None:
    rows = json.loads(see2sound("models", "--json").stdout)["parts"]
    assert {row["role"] for row in rows if row["default"]} == {
        "finder",
        "depth",
        "describer",
        "maker",
    }


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["find", "nowhere.mp4", "-o", "scene.json"], "nowhere.mp4"),
        (["find", "bad.mp4", "-o", "scene.json"], "bad.mp4"),
        (["find", "bad.mp4"], "--output"),
        (["find", "CLIP", "-o", "s.json", "--sources", "0"], "0 sources"),
        (["find", "CLIP", "-o", "s.json", "--fov", "nan"], "field of view"),
        (["find", "CLIP", "-o", "s.json", "--start", "-1"], "start"),
        (["find", "CLIP", "-o", "s.json", "--duration", "0"], "duration"),
        (["find", "CLIP", "-o", "s.json", "--finder", "eyes"], "eyes"),
        (["find", "CLIP", "-o", "bad.mp4/scene.json"], "bad.mp4"),
        (["sound", "bad.json"], "bad.json"),
        (["sound", "SCENE", "--only", "s99"], "s99"),
        (["sound", "SCENE", "--maker", "choir"], "choir"),
        (["sound", "SCENE", "--seed", "-5"], "-5"),
        (["sound", "SCENE", "--prompt", "x " * 1001], "2002 characters, more than 2000"),
        (["library", ".", "--search", "dog " * 1000], "4000 characters, more than 2000"),
        (["sound", "SCENE", "--steps", "0"], "0 steps"),
        (["run", "CLIP", "-o", "out", "--guidance", "nan"], "guidance of nan"),
        (["run", "CLIP", "-o", "out", "--takes", "-2"], "-2 takes"),
        (["sound", "SCENE", "--take", "1"], "--only"),
        (["sound", "SCENE", "--only", "s1", "--take", "9"], "has no take 9"),
        (["mix", "SCENE", "-o", "m.wav", "--layout", "9.9"], "9.9"),
        (["mix", "SCENE", "-o", "m.wav", "--lufs", "5"], "-70 to 0"),
        (
            ["mix", "SCENE", "-o", "m.wav", "--lufs", "radio"],
            "'radio' is no loudness: it is ebu, atsc, film, web",
        ),
        (["run", "CLIP", "-o", "out", "--format", "flac", "--layout", "ambix1"], "mix.flac"),
        (["run", "CLIP", "-o", "out", "--layout", "9.9"], "9.9"),
        (["run", "CLIP", "-o", "out", "--air", "20,500"], "500 % humidity"),
        (["mix", "SCENE", "-o", "m.xyz"], "m.xyz"),
        (["mix", "SCENE", "-o", "m.wav", "--air", "20,500"], "500 % humidity"),
        (
            ["mix", "SCENE", "-o", "m.wav", "--air", "warm"],
            "'warm' is no air: it is degrees Celsius and percent",
        ),
        (["mix", "nowhere.json", "-o", "m.wav"], "nowhere.json"),
        (["run", "CLIP", "-o", "bad.mp4"], "bad.mp4"),
        (["run", "CLIP", "-o", "out", "--room", "big"], "big"),
        (["run", "CLIP", "-o", "out", "--room", "0x4x3,0.4"], "room"),
        (["mix", "SCENE", "-o", "m.wav", "--room", "castle"], "castle"),
        (["mix", "SCENE", "-o", "m.wav", "--renderer", "ears"], "ears"),
        (["mix", "SCENE", "-o", "m.wav", "--renderer", "microphones"], "--room"),
        (["mix", "SCENE", "-o", "m.wav", "--room", "hall,99"], "reverberation"),
        (["mix", "SCENE", "-o", "m.wav", "--room", "auto"], "auto,0.4"),
        (["mix", "SCENE", "-o", "m.wav", "--room", "hall", "--no-room"], "--no-room"),
        (["dance"], "dance"),
        ([], "COMMAND"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(
    see2sound: Command, arguments: list[str], names: str, clip: Path, result: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"not a movie")
    (tmp_path / "bad.json").write_text('{"format": "see2sound-scene/1", ')
    filled = {"CLIP": str(clip), "SCENE": str(result / "scene.json")}
    done = see2sound(*(filled.get(a, a) for a in arguments), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert names in done.stderr
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["bad.json", "bad.mp4"]


@pytest.mark.parametrize(
    "arguments",
    [(), pytest.param(("find", "bad.mp4", "-o", "scene.json"), marks=pytest.mark.gate)],
)
def test_a_process_ends_so_too(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"not a movie")
    done = started(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert [p.name for p in tmp_path.rglob("*")] == ["bad.mp4"]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--prompt", "bell", "--seed", "0", "--takes", "1"], "--prompt, --seed, --takes:"),
        (["--maker", "draft", "--allow-speech"], "--maker, --allow-speech:"),
    ],
)
def test_to_choose_a_take_makes_nothing_and_says_so(
    see2sound: Command, more: list[str], named: str, result: Path
) -> None:
    before = {p: p.read_bytes() for p in result.rglob("*") if p.is_file()}
    done = see2sound("sound", result / "scene.json", "--only", "s1", "--take", "1", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"--take cannot be used with {named}" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {p: p.read_bytes() for p in result.rglob("*") if p.is_file()} == before


def test_a_missing_sound_names_source_and_file(
    see2sound: Command, result: Path, tmp_path: Path
) -> None:
    scene = json.loads((result / "scene.json").read_text(encoding="utf-8"))
    scene["sources"][0]["sound"] = "sounds/gone.wav"
    (tmp_path / "scene.json").write_text(json.dumps(scene), encoding="utf-8")
    done = see2sound("mix", tmp_path / "scene.json", "-o", tmp_path / "m.wav")
    assert done.returncode == 2
    assert "gone.wav" in done.stderr
    assert "s1" in done.stderr
    assert not (tmp_path / "m.wav").exists()


@pytest.mark.gate
@pytest.mark.skipif(os.name == "nt", reason="signals and terminals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_half_written(
    number: signal.Signals, clip: Path, tmp_path: Path
) -> None:
    ours, terminal = os.openpty()  # a terminal is told how far it is
    process = subprocess.Popen(
        [*COMMAND, "run", str(clip), "-o", str(tmp_path / "out")],
        stderr=terminal,
        # A run in the background of a shell is started deaf to SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    os.close(terminal)
    told = b""
    with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
        while part := os.read(ours, 4096):
            if b"%" in part and b"%" not in told:
                process.send_signal(number)
            told += part
    os.close(ours)
    assert process.wait(timeout=300) == 130, told
    assert told.endswith(b"see2sound: interrupted\r\n")
    assert b"Traceback" not in told
    hidden = [p for p in tmp_path.rglob("*") if p.name.startswith(".")]
    assert hidden == []


@pytest.mark.gate
def test_run_mixes_as_mix_does_and_both_say_the_room(
    see2sound: Command, clip: Path, tmp_path: Path
) -> None:
    asked = ("--room", "small-room", "--layout", "stereo", "--air", "none", "--lufs", "film")
    done = see2sound(
        "run", clip, "-o", tmp_path / "out", "--sources", 3, *asked,
        "--format", "flac", "--stems", tmp_path / "stems",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ids = [s["id"] for s in json.loads((tmp_path / "out" / "scene.json").read_text())["sources"]]
    assert sorted(p.name for p in (tmp_path / "stems").iterdir()) == [f"{i}.wav" for i in ids]
    mixed, _ = soundfile.read(tmp_path / "out" / "mix.flac")
    arguments = ("mix", tmp_path / "out" / "scene.json", "-o", tmp_path / "mix.flac", *asked)
    told = json.loads(see2sound(*arguments, "--json").stdout)["room"]
    np.testing.assert_array_equal(mixed, soundfile.read(tmp_path / "mix.flac")[0])
    # It has grown around what is in the clip.
    assert max(told["size"]) > 3.6
    assert told["materials"]["floor"] == "wood"
    size = "x".join(f"{side:.4g}" for side in told["size"])
    for text in (done.stdout, see2sound(*arguments).stdout):
        assert f"room {size} m, 0.34 s" in text
    arguments = ("mix", tmp_path / "out" / "scene.json", "-o", tmp_path / "mix.wav", "--no-room")
    assert ", no room" in see2sound(*arguments).stdout


def test_the_version_is_told() -> None:
    done = started("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"see2sound \d+\.\d+\.\d+\n", done.stdout)


def test_help_of_every_command(see2sound: Command) -> None:
    assert "find" in see2sound("--help").stdout
    for step in ("find", "sound", "mix", "run", "models"):
        done = see2sound(step, "--help")
        assert done.returncode == 0
        assert "--json" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["find", "clip.mp4", "-o", "clip.mp4"], "clip.mp4"),
        (["find", "link.mp4", "-o", "clip.mp4"], "clip.mp4"),
        (["run", "overview.png", "-o", "."], "overview.png"),
    ],
)
def test_the_clip_is_never_written_over(
    see2sound: Command, arguments: list[str], kept: str, clip: Path, tmp_path: Path
) -> None:
    import cv2

    (tmp_path / "clip.mp4").write_bytes(clip.read_bytes())
    (tmp_path / "link.mp4").symlink_to("clip.mp4")
    cv2.imwrite(str(tmp_path / "overview.png"), np.full((64, 64, 3), 90, np.uint8))
    before = (tmp_path / kept).read_bytes()
    done = see2sound(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert kept in done.stderr
    assert (tmp_path / kept).read_bytes() == before


@pytest.mark.gate
@pytest.mark.parametrize("name", ["x" * 300 + ".mp4", os.fsdecode(b"caf\xe9.mp4")])
def test_names_that_no_file_system_or_text_can_bear_are_one_line(
    name: str, clip: Path, tmp_path: Path
) -> None:
    if len(name) < 255:
        (tmp_path / name).write_bytes(clip.read_bytes())
    done = started("find", name, "-o", "scene.json", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "scene.json").exists()


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared clips are not here")
def test_thunder_is_sent_to_the_lfe_and_nothing_else(see2sound: Command, tmp_path: Path) -> None:
    see2sound("find", SHARED / "storm.png", "-o", tmp_path / "scene.json")
    scene = json.loads((tmp_path / "scene.json").read_text(encoding="utf-8"))
    sends = {s["prompt"]: s["lfe_db"] for s in scene["sources"]}
    assert any("thunder" in prompt for prompt in sends), sends
    assert all((lfe is not None) == ("thunder" in prompt) for prompt, lfe in sends.items())


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_is_no_fault(closed: str, tmp_path: Path) -> None:
    number = {"stdout": 1, "stderr": 2}[closed]
    done = subprocess.run(
        [*COMMAND, "models"], preexec_fn=lambda: os.close(number), timeout=300, check=False
    )
    assert done.returncode == 0


@pytest.mark.gate
def test_output_that_the_terminal_cannot_show_is_shown_otherwise(
    clip: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [*COMMAND, "find", str(clip), "-o", str(tmp_path / "größe.json")],
        env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_what_a_person_made_is_not_written_over(
    see2sound: Command, result: Path, tmp_path: Path
) -> None:
    import shutil

    import cv2

    folder = tmp_path / "copy"
    shutil.copytree(result, folder)
    scene = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    scene["sources"] = [scene["sources"][0], {**scene["sources"][0], "id": "own"}]
    (folder / "scene.json").write_text(json.dumps(scene), encoding="utf-8")
    thumbnail = folder / "thumbnails" / "s1.png"
    cv2.imwrite(str(thumbnail), np.full((64, 64, 3), 90, np.uint8))
    (folder / "scene.wav").write_bytes((folder / "scene.json").read_bytes())
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for arguments in (
        ("sound", folder / "scene.json", "--only", "s1"),
        ("find", thumbnail, "-o", folder / "new.json"),
        ("mix", folder / "scene.wav", "-o", folder / "scene.wav"),
    ):
        done = see2sound(*arguments)
        assert done.returncode == 2, arguments
        assert "made from" in done.stderr
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_picture_that_is_too_narrow_is_said_so(see2sound: Command, tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "thin.png"), np.full((2000, 16, 3), 90, np.uint8))
    done = see2sound("find", "thin.png", "-o", "scene.json", cwd=tmp_path)
    assert done.returncode == 2
    assert "too narrow" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX's")
def test_a_sound_that_is_a_pipe_is_not_waited_for(
    see2sound: Command, result: Path, tmp_path: Path
) -> None:
    scene = json.loads((result / "scene.json").read_text(encoding="utf-8"))
    os.mkfifo(tmp_path / "pipe.wav")
    scene["sources"][0]["sound"] = str(tmp_path / "pipe.wav")
    (tmp_path / "scene.json").write_text(json.dumps(scene), encoding="utf-8")
    done = see2sound("mix", tmp_path / "scene.json", "-o", tmp_path / "m.wav")
    assert done.returncode == 2
    assert "pipe.wav" in done.stderr


def test_what_is_off_screen_is_marked_and_its_lack_is_said(
    see2sound: Command, clip: Path, tmp_path: Path
) -> None:
    import cv2

    picture = np.full((240, 320, 3), (235, 180, 120), np.uint8)
    leaves = np.random.default_rng(1).integers(0, 60, (130, 320, 1), np.uint8)
    picture[110:] = np.array([20, 90, 40], np.uint8) + leaves
    cv2.imwrite(str(tmp_path / "meadow.png"), picture)
    found = ("find", tmp_path / "meadow.png", "-o", tmp_path / "scene.json")
    assert "off-screen" not in see2sound(*found).stdout
    allowed = see2sound(*found, "--off-screen").stdout
    scene = json.loads((tmp_path / "scene.json").read_text(encoding="utf-8"))
    unseen = [source["id"] for source in scene["sources"] if not source["boxes"]]
    marked = [line.split()[0] for line in allowed.splitlines() if line.endswith(", off-screen)")]
    assert marked == unseen != []
    assert "warning" not in allowed
    # The disc alone tells of no place.
    nowhere = see2sound(
        "find", clip, "-o", tmp_path / "scene.json", "--off-screen", "--sources", 1
    ).stdout
    assert "No off-screen source was added" in nowhere
    assert ", off-screen)" not in nowhere


def test_the_unexpected_is_one_line_and_more_only_when_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fault(*_: object) -> NoReturn:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(parts, "listing", fault)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert cli.run(["models"]) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
        assert "ZeroDivisionError: division by zero" in told.err
        monkeypatch.setenv(cli.DEBUG, "1")
        assert cli.run(["models"]) == 2
        assert "in fault" in capsys.readouterr().err
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("size", [(16, 16), (22, 18), (16, 60)])
def test_a_tiny_clip_gets_its_sound(
    see2sound: Command, size: tuple[int, int], tmp_path: Path
) -> None:
    tiny = write_movie(tmp_path / "tiny.mp4", seconds=1.0, size=size)
    done = see2sound("run", tiny, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    scene = json.loads((tmp_path / "out" / "scene.json").read_text(encoding="utf-8"))
    assert "point" in {source["kind"] for source in scene["sources"]}
    assert soundfile.info(tmp_path / "out" / "mix.wav").duration == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("size", [(8, 8), (2, 200)])
def test_a_clip_with_next_to_no_pixels_is_refused(
    see2sound: Command, size: tuple[int, int], tmp_path: Path
) -> None:
    tiny = write_movie(tmp_path / "tiny.mp4", seconds=0.5, size=size)
    done = see2sound("run", tiny, "-o", tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"it is {size[0]} x {size[1]} pixels" in done.stderr
    assert not (tmp_path / "out").exists()
