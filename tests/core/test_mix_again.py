"""Mixing again: what has not changed is kept, and the file is the same as one made anew."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blender_see2sound.core.errors import Cancelled
from blender_see2sound.core.mix.stems import folder as stem_folder
from blender_see2sound.core.mix.travel.distance import Travel
from blender_see2sound.core.scene import Room, Source

from .mixes import RATE, Desk, at, decibels, noise, rms

ROOM = Room((10.0, 8.0, 3.5), 0.3)
#: A batch and some more of the next one.
SECONDS = 3.0


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def sources(desk: Desk) -> list[Source]:
    return [
        desk.source(noise(SECONDS, 1, 0.03), at(20.0), id="still", lfe_db=-6.0),
        desk.source(
            noise(SECONDS, 2, 0.03), at(-80.0), at(100.0, 2.0), times=(0.0, SECONDS), id="moving"
        ),
        desk.source(noise(SECONDS, 3, 0.03), at(60.0), id="wide", kind="area", spread=0.6),
        desk.source(noise(0.4, 4, 0.03), at(0.0), id="bed", kind="ambience"),
    ]


def kept(folder: Path) -> dict[str, float]:
    """The stems in a folder and when they were used last; nothing else may lie there."""
    assert all(p.suffix == ".stem" for p in folder.iterdir())
    return {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}


def mixed(
    desk: Desk, scene: list[Source], cache: Path | None, name: str = "m.wav", **more
) -> bytes:
    more = {"room": ROOM, "lufs": -23.0, "layout": "5.1"} | more
    desk.mix(*scene, seconds=SECONDS, name=name, cache=cache, **more)
    return (desk.folder / name).read_bytes()


@pytest.mark.parametrize(
    "layout",
    [
        "5.1",
        "binaural",
        *(pytest.param(n, marks=pytest.mark.gate) for n in ("stereo", "7.1.4", "ambix2")),
    ],
)
def test_a_mix_of_kept_stems_is_the_same_file(desk, layout):
    scene = sources(desk)
    one = mixed(desk, scene, desk.folder / "kept", layout=layout)
    before = kept(desk.folder / "kept")
    assert len(before) == len(scene)
    assert mixed(desk, scene, desk.folder / "kept", layout=layout) == one
    assert kept(desk.folder / "kept").keys() == before.keys()
    assert mixed(desk, scene, desk.folder / "other", layout=layout) == one
    # Without a folder only the last bits differ.
    plain = desk.mix(*scene, seconds=SECONDS, room=ROOM, lufs=-23.0, layout=layout)
    samples, _ = soundfile.read(desk.folder / "m.wav")
    assert np.abs(samples - plain).max() < 1e-6


def test_when_one_source_moves_only_its_stem_is_made_anew(desk):
    scene = sources(desk)
    mixed(desk, scene, desk.folder / "kept")
    before = kept(desk.folder / "kept")
    moved = [dataclasses.replace(scene[0], positions=(at(-40.0, 2.0),)), *scene[1:]]
    again = mixed(desk, moved, desk.folder / "kept")
    after = kept(desk.folder / "kept")
    assert len(after.keys() - before.keys()) == 1
    assert sum(after[name] > before[name] for name in before) == len(scene) - 1
    assert again == mixed(desk, moved, desk.folder / "other")


def test_all_that_a_stem_depends_on_makes_it_anew(desk):
    scene = sources(desk)[:1]
    folder = desk.folder / "kept"
    source = scene[0]
    mixed(desk, scene, folder)
    changes = [
        ([dataclasses.replace(source, gain_db=1.0)], {}),
        ([dataclasses.replace(source, spread=0.2)], {}),
        ([dataclasses.replace(source, lfe_db=None)], {}),
        ([dataclasses.replace(source, presence=(0.5,))], {}),
        (scene, {"room": None}),
        (scene, {"room": Room((10.0, 8.0, 3.5), 0.4)}),
        (scene, {"travel": Travel(None)}),
        (scene, {"travel": Travel(propagation=True)}),
        (scene, {"layout": "7.1"}),
    ]
    for number, (changed, options) in enumerate(changes):
        mixed(desk, changed, folder, **options)
        assert len(kept(folder)) == number + 2
    # What is not heard does not.
    mixed(desk, [dataclasses.replace(source, label="cat", boxes=((0, 0, 1, 1),))], folder)
    mixed(desk, scene, folder, lufs=-16.0)
    assert len(kept(folder)) == len(changes) + 1
    # Another sound under the same name does, even of the same size.
    other = [desk.source(noise(SECONDS, 9, 0.03), at(20.0), id="still", lfe_db=-6.0)]
    assert mixed(desk, other, folder) == mixed(desk, other, None, lufs=-23.0)
    assert len(kept(folder)) == len(changes) + 2


def damages(whole: bytes) -> dict[str, bytes]:
    middle = len(whole) // 2
    # Samples near the end, which sound.
    one, other = whole[-64:-48], whole[-32:-16]
    assert one != other
    return {
        "empty": b"",
        "cut short": whole[:middle],
        "a byte short": whole[:-1],
        "a byte more": whole + b"\0",
        "zeros": whole[:middle] + bytes(len(whole) - middle),
        "words swapped": whole[:-64] + other + whole[-48:-32] + one + whole[-16:],
        "something else": b"RIFF" * 1000,
        "lying about its length": whole[:36] + b"\xff" * 8 + whole[44:],
        "lying about a block": whole[:52] + b"\xff" * 24 + whole[76:],
    }


def test_damaged_stems_are_made_anew(desk):
    scene = sources(desk)
    one = mixed(desk, scene, desk.folder / "kept")
    path = max((desk.folder / "kept").iterdir(), key=lambda p: p.stat().st_size)
    whole = path.read_bytes()
    for damaged in damages(whole).values():
        path.write_bytes(damaged)
        assert mixed(desk, scene, desk.folder / "kept") == one
        assert path.read_bytes() == whole


def test_stems_under_each_others_names_are_made_anew(desk):
    scene = sources(desk)
    one = mixed(desk, scene, desk.folder / "kept")
    first, second, *_ = sorted((desk.folder / "kept").iterdir())
    whole = first.read_bytes(), second.read_bytes()
    assert whole[0] != whole[1]
    for path, content in zip((first, second), reversed(whole), strict=True):
        path.write_bytes(content)
    assert mixed(desk, scene, desk.folder / "kept") == one
    assert (first.read_bytes(), second.read_bytes()) == whole


@pytest.fixture
def brief(desk):
    """A sound of a tenth of a second in a mix of three: mostly a stem holds heads alone."""
    scene = [desk.source(noise(0.1, 1), at(20.0))]
    mixed(desk, scene, desk.folder / "kept", room=None)
    return desk, scene


@pytest.mark.gate
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 1, exclude_max=True), from_end=st.booleans(), bit=st.integers(0, 7))
def test_a_bit_that_fell_over_is_seen_wherever_it_is(brief, share, from_end, bit):
    desk, scene = brief
    (path,) = (desk.folder / "kept").iterdir()
    whole = path.read_bytes()
    one = (desk.folder / "m.wav").read_bytes()
    # The last bytes are heads; so are the first.
    place = len(whole) - 1 - int(share * 32) if from_end else int(share**4 * len(whole))
    torn = bytearray(whole)
    torn[place] ^= 1 << bit
    path.write_bytes(torn)
    assert mixed(desk, scene, desk.folder / "kept", room=None) == one
    assert path.read_bytes() == whole


def test_a_folder_is_kept_below_its_size_and_the_newest_stay(desk, monkeypatch):
    scene = sources(desk)
    folder = desk.folder / "kept"
    sizes = []
    monkeypatch.setattr(stem_folder, "MOST_BYTES", 4_000_000 * len(scene))
    for number in range(4):
        moved = [dataclasses.replace(scene[0], positions=(at(10.0 * number),)), *scene[1:]]
        one = mixed(desk, moved, folder)
        sizes.append(sum(p.stat().st_size for p in folder.iterdir()))
        assert mixed(desk, moved, folder) == one
    assert max(sizes) <= stem_folder.MOST_BYTES
    # Where the stems of one mix are too much, nothing is kept, and the mix is made all the same.
    monkeypatch.setattr(stem_folder, "MOST_BYTES", 1_000_000)
    mixed(desk, scene, desk.folder / "none")
    assert not (desk.folder / "none").exists()


def test_a_folder_that_cannot_be_used_is_no_reason_to_fail(desk):
    scene = sources(desk)
    one = mixed(desk, scene, desk.folder / "kept")
    (desk.folder / "file").write_text("no folder")
    assert mixed(desk, scene, desk.folder / "file") == one


def stopped_at(call: int) -> Callable[[str, float], None]:
    """A progress that cancels when it is called so often."""
    left = iter(range(call))

    def progress(phase: str, fraction: float) -> None:
        if next(left, None) is None:
            raise Cancelled

    return progress


def test_a_cancelled_mix_leaves_no_half_stems(desk):
    scene = sources(desk)
    one = mixed(desk, scene, desk.folder / "kept")
    (desk.folder / "stopped").mkdir()
    for call in (1, 4, 7, 10):
        with pytest.raises(Cancelled):
            mixed(desk, scene, desk.folder / "stopped", progress=stopped_at(call))
        assert kept(desk.folder / "stopped").keys() <= kept(desk.folder / "kept").keys()
    assert mixed(desk, scene, desk.folder / "stopped") == one


def test_mixes_that_are_cancelled_at_their_end_do_not_fill_the_disk(desk, monkeypatch):
    scene = sources(desk)[:1]
    monkeypatch.setattr(stem_folder, "MOST_BYTES", 12_000_000)

    def progress(phase: str, fraction: float) -> None:
        if phase == "Writing":
            raise Cancelled

    for number in range(6):
        moved = [dataclasses.replace(scene[0], positions=(at(10.0 * number),))]
        with pytest.raises(Cancelled):
            mixed(desk, moved, desk.folder / "kept", progress=progress)
        sizes = [p.stat().st_size for p in (desk.folder / "kept").iterdir()]
        assert len(sizes) == min(number + 1, 3)
        assert sum(sizes) <= stem_folder.MOST_BYTES


def test_where_the_disk_is_nearly_full_nothing_new_is_kept(desk, monkeypatch):
    scene = sources(desk)
    one = mixed(desk, scene, desk.folder / "kept")
    usage = shutil.disk_usage(desk.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=8_000_000))
    assert mixed(desk, scene, desk.folder / "none") == one
    assert not kept(desk.folder / "none")
    # What is there is used all the same.
    before = kept(desk.folder / "kept")
    assert mixed(desk, scene, desk.folder / "kept") == one
    after = kept(desk.folder / "kept")
    assert all(after[name] > before[name] for name in before)


def in_a_process(desk: Desk, script: str) -> subprocess.Popen[str]:
    """Mixes in a process of their own: `scene` is a source that fills all channels."""
    head = f"""
import os, resource, signal, time
from pathlib import Path
from tests.core.mixes import Desk, at, noise
from tests.core.test_mix_again import ROOM, SECONDS, mixed, sources
desk = Desk(Path({str(desk.folder)!r}))
scene = [desk.source(noise(SECONDS, 1, 0.03), at(20.0), id="loud", lfe_db=0.0)]
"""
    return subprocess.Popen(
        [sys.executable, "-c", head + script],
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.gate
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_disk_that_becomes_full_ends_the_stem_and_not_the_mix(desk):
    # A limit on the size of files stands in for a full disk: the waiting mix just fits in, the
    # stem with its heads does not.
    limit = round(SECONDS * RATE) * 6 * 4 + 20
    process = in_a_process(
        desk,
        f"""
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
one = mixed(desk, scene, desk.folder / "kept")
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
print(mixed(desk, scene, desk.folder / "full") == one, os.listdir(desk.folder / "full"))
""",
    )
    assert process.communicate()[0] == "True []\n"


@pytest.mark.gate
def test_two_programs_share_a_folder(desk):
    process = in_a_process(
        desk,
        """
scene = sources(desk)
print(flush=True)
for number in range(4):
    for path in (desk.folder / "shared").iterdir() if number else ():
        path.unlink(missing_ok=True)
    print(len(mixed(desk, scene, desk.folder / "shared", name="other.wav")), flush=True)
""",
    )
    assert process.stdout is not None
    process.stdout.readline()
    # Its sounds lie there now.
    (desk.folder / "like it").mkdir()
    scene = sources(Desk(desk.folder / "like it"))
    one = mixed(desk, scene, desk.folder / "kept")
    while process.poll() is None:
        assert mixed(desk, scene, desk.folder / "shared") == one
    assert process.returncode == 0
    assert process.stdout.read().split() == [str(len(one))] * 4
    assert (desk.folder / "other.wav").read_bytes() == one
    assert kept(desk.folder / "shared").keys() == kept(desk.folder / "kept").keys()


@pytest.mark.gate
def test_what_a_killed_program_left_behind_goes(desk):
    process = in_a_process(
        desk,
        """
def progress(phase, fraction):
    if phase == "Mixing" and fraction > 0.1:
        print(flush=True)
        time.sleep(100)
mixed(desk, scene, desk.folder / "kept", progress=progress)
""",
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait()
    (part,) = (desk.folder / "kept").iterdir()
    assert part.suffix == ".part"
    scene = sources(desk)[:1]
    one = mixed(desk, scene, desk.folder / "kept")
    # It might be another program's that is busy: it goes when nobody has written to it for long.
    assert part.exists()
    os.utime(part, (0, time.time() - 3600))
    assert mixed(desk, scene, desk.folder / "kept") == one
    assert len(kept(desk.folder / "kept")) == 1


def test_a_sound_that_changes_while_it_is_mixed_is_not_kept_as_what_it_was(desk):
    scene = [desk.source(noise(SECONDS, 1), at(20.0))]
    sound = desk.folder / "s1.wav"
    before = sound.read_bytes()
    one = mixed(desk, scene, desk.folder / "other")
    soundfile.write(desk.folder / "new.wav", noise(SECONDS, 2), RATE, "FLOAT")

    def progress(phase: str, fraction: float) -> None:
        if phase == "Mixing" and (desk.folder / "new.wav").exists():
            os.replace(desk.folder / "new.wav", sound)

    assert mixed(desk, scene, desk.folder / "kept", progress=progress) is not None
    sound.write_bytes(before)
    assert mixed(desk, scene, desk.folder / "kept") == one


def test_written_stems_come_from_kept_ones_and_sum_to_the_mix(desk):
    scene = sources(desk)
    for _ in range(2):
        mixed(desk, scene, desk.folder / "kept", stems=desk.folder / "stems")
        assert desk.report.limited_db == 0.0
        samples, _ = soundfile.read(desk.folder / "m.wav")
        parts = [soundfile.read(p)[0] for p in sorted((desk.folder / "stems").iterdir())]
        assert len(parts) == len(scene)
        assert decibels(rms(sum(parts) - samples).max() / rms(samples).max()) <= -90.0


@pytest.mark.gate
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    azimuths=st.lists(st.floats(-180, 180), min_size=1, max_size=4),
    seconds=st.floats(0.01, 3.0),
    spread=st.floats(0, 1),
    layout=st.sampled_from(["stereo", "5.1.4", "binaural", "ambix1"]),
)
def test_whatever_the_scene_kept_and_made_anew_are_the_same(
    desk, azimuths, seconds, spread, layout
):
    scene = [
        desk.source(noise(max(seconds - 0.5, 0.1), n), at(a), id=f"s{n}", spread=spread)
        for n, a in enumerate(azimuths)
    ]
    found = [
        desk.mix(
            *scene, seconds=round(seconds * RATE) / RATE, layout=layout, cache=desk.folder / "k"
        )
        for _ in range(2)
    ]
    assert (found[0] == found[1]).all()
