"""The files of a mix: format, stems, repeatability, and what is said of bad ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.mix.delivery import rendered_mix
from blender_see2sound.core.mix.delivery.writing import PCM24, container
from blender_see2sound.core.scene import Room

from .mixes import RATE, Desk, at, decibels, noise, rms, tone, without_sound

ROOM = Room((10.0, 8.0, 3.5), 0.3)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def lively(desk: Desk, seconds: float) -> list:
    """One source of every kind, still and moving."""
    return [
        desk.source(noise(seconds, 1, 0.03), at(20.0), id="still", lfe_db=-6.0),
        desk.source(
            noise(seconds, 2, 0.03), at(-80.0), at(100.0, 2.0), times=(0.0, seconds), id="moving"
        ),
        desk.source(
            noise(seconds, 3, 0.03),
            at(0.0),
            at(60.0),
            times=(0.0, seconds),
            id="wide",
            kind="area",
            spread=0.6,
        ),
        desk.source(noise(seconds, 4, 0.03), at(0.0), id="bed", kind="ambience", spread=1.0),
        desk.source(noise(seconds, 5, 0.03), at(-160.0), id="behind"),
    ]


@pytest.mark.parametrize(
    ("layout", "mask", "names"),
    [
        ("mono", 0x4, ("FC",)),
        ("stereo", 0x3, ("FL", "FR")),
        ("5.1", 0x3F, ("FL", "FR", "FC", "LFE", "BL", "BR")),
        ("7.1", 0x63F, ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR")),
    ],
)
def test_the_file_is_24_bit_wav_that_says_which_loudspeaker_is_which(desk, layout, mask, names):
    desk.mix(desk.source(noise(0.2), at(0.0)), seconds=0.2, layout=layout)
    path = desk.folder / "mix.wav"
    info = soundfile.info(path)
    assert (info.format, info.subtype, info.samplerate) == ("WAVEX", "PCM_24", RATE)
    # The mask lies 20 bytes into the data of WAVE_FORMAT_EXTENSIBLE's fmt chunk.
    head = path.read_bytes()[:128]
    start = head.index(b"fmt ") + 8
    assert int.from_bytes(head[start + 20 : start + 24], "little") == mask
    assert desk.report.channels == names
    assert desk.report.path == path
    assert json.loads(json.dumps(desk.report.to_json()))["channels"] == list(names)


def test_two_hours_of_5_1_are_more_than_a_plain_wav_holds():
    assert container(2 * 3600 * RATE, 6, PCM24) == "RF64"
    assert container(3600 * RATE, 6, PCM24) == "WAVEX"


def test_stems_sum_to_the_mix(desk):
    samples = desk.mix(
        *lively(desk, 2.0), seconds=2.0, room=ROOM, lufs=-23.0, stems=desk.folder / "stems"
    )
    assert desk.report.limited_db == 0.0
    stems = sorted((desk.folder / "stems").iterdir())
    assert [p.stem for p in stems] == ["bed", "behind", "moving", "still", "wide"]
    parts = [soundfile.read(p)[0] for p in stems]
    assert all(rms(part).max() > 0.0 for part in parts)
    error = decibels(rms(sum(parts) - samples).max() / rms(samples).max())
    assert error <= -90.0


def test_the_same_scene_gives_the_same_file(desk):
    sources = lively(desk, 1.0)
    desk.mix(*sources, seconds=1.0, room=ROOM, lufs=-23.0, name="one.wav")
    desk.mix(*sources, seconds=1.0, room=ROOM, lufs=-23.0, name="two.wav")
    one, two = ((desk.folder / f"{n}.wav").read_bytes() for n in ("one", "two"))
    assert one == two


def test_a_longer_clip_begins_with_the_same_samples(desk):
    # Pieces in which a mix is computed end elsewhere in the longer one.
    sources = lively(desk, 4.0)
    short = desk.mix(*sources, seconds=1.3, room=ROOM)
    long = desk.mix(*sources, seconds=3.9, room=ROOM)
    assert (short == long[: len(short)]).all()


@pytest.mark.gate
@pytest.mark.parametrize("processors", [1, 3, 16])
def test_the_number_of_processors_changes_no_sample(desk, monkeypatch, processors):
    sources = lively(desk, 3.0)
    desk.mix(*sources, seconds=3.0, room=ROOM, lufs=-23.0, name="one.wav")
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    for cache in (None, desk.folder / "kept", desk.folder / "kept"):
        desk.mix(*sources, seconds=3.0, room=ROOM, lufs=-23.0, name="two.wav", cache=cache)
        one, two = (soundfile.read(desk.folder / f"{n}.wav")[0] for n in ("one", "two"))
        # With stems sums are rounded otherwise.
        assert np.abs(one - two).max() <= (0.0 if cache is None else 2.0**-23)


@pytest.mark.gate
@pytest.mark.parametrize("steps", [1, 3, 13])
def test_the_size_of_the_batches_changes_no_sample(desk, steps):
    # It is fixed; here it is another one before anything has been told of it.
    sources = lively(desk, 4.0)
    desk.mix(*sources, seconds=4.0, room=ROOM, name="one.wav")
    script = f"""
from pathlib import Path
from blender_see2sound.core.mix.signals import control
control.STEPS = {steps}
control.BATCH = {steps} * control.STEP
control.POINTS = control.BATCH // control.CONTROL
control.MARKS = control.POINTS // control.APART
from tests.core.mixes import Desk
from tests.core.test_mix_files import ROOM, lively
desk = Desk(Path({str(desk.folder)!r}))
desk.mix(*lively(desk, 4.0), seconds=4.0, room=ROOM, name="two.wav")
"""
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], cwd=root, check=True)
    one, two = (soundfile.read(desk.folder / f"{n}.wav")[0] for n in ("one", "two"))
    # But for how 32-bit floats are rounded: the last of 24 bits at most.
    assert np.abs(one - two).max() <= 2.0**-23
    assert one.any()


def test_what_waits_in_a_file_is_the_same_as_in_memory(desk, monkeypatch):
    sources = lively(desk, 4.0)
    for lufs in (None, -6.0):
        desk.mix(*sources, seconds=4.0, room=ROOM, lufs=lufs, name="one.wav")
        monkeypatch.setattr(rendered_mix, "_MOST_IN_MEMORY", 10**6)
        desk.mix(*sources, seconds=4.0, room=ROOM, lufs=lufs, name="two.wav")
        monkeypatch.undo()
        one, two = ((desk.folder / f"{n}.wav").read_bytes() for n in ("one", "two"))
        assert one == two


def test_a_short_sound_is_followed_by_silence_and_a_long_one_cut(desk):
    short = desk.mix(desk.source(noise(0.5), at(0.0)), seconds=1.0)
    assert short[: RATE // 2, 2].all()
    assert not short[RATE // 2 :].any()
    assert len(desk.mix(desk.source(noise(3.0), at(0.0)), seconds=1.0)) == RATE


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 47_999, 96_000])
def test_a_sound_at_any_rate_keeps_pitch_level_and_time(desk, rate):
    source = desk.source(noise(0.1), at(0.0))
    seconds = np.arange(round(2.6 * rate)) / rate
    swell = np.exp(-0.5 * ((seconds - 1.3) / 0.3) ** 2)
    sound = 0.2 * np.sin(2 * np.pi * 997.0 * seconds) * swell
    soundfile.write(desk.folder / "s1.wav", sound, rate, "FLOAT")
    centre = desk.mix(source, seconds=2.5)[:, 2]
    exact = np.arange(len(centre)) / RATE
    wanted = 0.2 * np.sin(2 * np.pi * 997.0 * exact) * np.exp(-0.5 * ((exact - 1.3) / 0.3) ** 2)
    assert decibels(rms(centre - wanted) / rms(wanted)) < -70.0


def test_other_files_and_stereo_are_taken(desk):
    source = desk.source(noise(0.1), at(0.0))
    both = np.stack([tone(1.0, 500.0), np.zeros(RATE)], axis=1)
    for suffix in ("flac", "ogg", "aiff"):
        soundfile.write(desk.folder / f"täst 声.{suffix}", both, RATE)
        taken = type(source)(**{**source.__dict__, "sound": f"täst 声.{suffix}"})
        samples = desk.mix(taken, seconds=1.0)
        assert np.abs(samples[:, 2]).max() == pytest.approx(0.05, rel=0.05)
        assert any("'s1' has 2 channels" in w for w in desk.report.warnings)


def test_a_source_without_a_sound_is_left_out_and_said(desk):
    sources = lively(desk, 0.3)
    desk.mix(sources[0], without_sound(sources[1]), seconds=0.3)
    assert desk.report.warnings == ("Source 'moving' has no sound and is left out",)


def bad_sounds(folder: Path) -> dict[str, str]:
    """File names, and the kind of error that each deserves."""
    (folder / "torn.wav").write_bytes(b"RIFF\x00\x00\x00\x00WAVEfmt ")
    (folder / "text.wav").write_text("no sound")
    (folder / "nothing.wav").write_bytes(b"")
    (folder / "folder.wav").mkdir()
    soundfile.write(folder / "empty.wav", np.zeros(0), RATE)
    soundfile.write(folder / "nan.wav", np.array([0.1, np.nan, 0.2]), RATE, "FLOAT")
    soundfile.write(folder / "slow.wav", np.zeros(10), 10)
    return {
        "torn.wav": "bad-sound",
        "text.wav": "bad-sound",
        "nothing.wav": "bad-sound",
        "empty.wav": "bad-sound",
        "nan.wav": "bad-sound",
        "slow.wav": "bad-sound",
        "folder.wav": "no-permission",
        "missing.wav": "missing-file",
    }


def test_bad_sounds_are_named_and_nothing_is_left_behind(desk):
    source = desk.source(noise(0.2), at(0.0))
    for name, kind in bad_sounds(desk.folder).items():
        before = sorted(desk.folder.iterdir())
        with pytest.raises(See2SoundError) as raised:
            desk.mix(type(source)(**{**source.__dict__, "sound": name}), seconds=0.2)
        assert raised.value.kind == kind
        assert name in str(raised.value)
        assert "'s1'" in str(raised.value)
        assert "\n" not in str(raised.value)
        assert sorted(desk.folder.iterdir()) == before


def test_requests_that_cannot_be_met_say_what_can(desk):
    source = desk.source(noise(0.2), at(0.0))
    with pytest.raises(
        See2SoundError, match=r"mono, stereo, 5\.1, 7\.1, 5\.1\.4, 7\.1\.4, binaural"
    ):
        desk.mix(source, seconds=0.2, layout="22.2")
    with pytest.raises(See2SoundError, match="Make the sounds first"):
        desk.mix(without_sound(source), seconds=0.2)
    with pytest.raises(See2SoundError, match=r"End its name in \.wav or \.flac"):
        desk.mix(source, seconds=0.2, name="mix.mp3")


def test_a_mix_never_replaces_the_sounds_it_is_made_of(desk):
    source = desk.source(noise(0.2), at(0.0))
    before = (desk.folder / "s1.wav").read_bytes()
    with pytest.raises(See2SoundError, match="that this mix is made of"):
        desk.mix(source, seconds=0.2, name="s1.wav")
    with pytest.raises(See2SoundError, match="that this mix is made of"):
        desk.mix(source, seconds=0.2, stems=desk.folder)
    assert (desk.folder / "s1.wav").read_bytes() == before


def test_a_stem_that_cannot_get_its_name_leaves_no_mix_either(desk):
    (desk.folder / "stems" / "s1.wav").mkdir(parents=True)
    with pytest.raises(See2SoundError, match="it is a folder"):
        desk.mix(desk.source(noise(0.2), at(0.0)), seconds=0.2, stems=desk.folder / "stems")
    assert not (desk.folder / "mix.wav").exists()


def test_what_is_far_too_soft_to_hear_is_mixed(desk):
    source = desk.source(np.full(RATE // 5, 1e-30), at(0.0))
    desk.mix(source, seconds=0.2, layout="stereo")


def test_a_link_that_leads_to_itself_is_an_error_that_names_it(desk):
    source = desk.source(noise(0.2), at(0.0))
    sound = desk.folder / str(source.sound)
    sound.unlink()
    sound.symlink_to(sound)
    with pytest.raises(See2SoundError, match=str(sound)):
        desk.mix(source, seconds=0.2)


def test_cancelling_leaves_the_old_mix_and_nothing_else(desk):
    sources = lively(desk, 1.0)
    desk.mix(*sources, seconds=1.0, stems=desk.folder / "stems")
    before = {p: p.read_bytes() for p in desk.folder.rglob("*.wav")}
    calls = []
    desk.mix(*sources, seconds=1.0, progress=lambda *call: calls.append(call))
    assert [f for _, f in calls] == sorted(f for _, f in calls)
    assert calls[-1][1] == 1.0
    for stop_at in [*range(0, len(calls) - 1, 3), len(calls) - 1]:
        left = [stop_at]

        def stopping(phase: str, fraction: float, left=left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Cancelled

        with pytest.raises(Cancelled):
            desk.mix(*sources, seconds=1.0, stems=desk.folder / "stems", progress=stopping)
        assert {p: p.read_bytes() for p in desk.folder.rglob("*") if p.is_file()} == before


@pytest.mark.gate
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_disk_that_takes_no_more_is_an_error_and_leaves_nothing(desk):
    # A limit on the size of files stands in for a full disk: the first lets the mix fail halfway,
    # the second while it waits in a file, the third only the stem, which is as large but for its
    # header.
    desk.source(noise(1.0), at(0.0))
    script = f"""
import resource, signal
from pathlib import Path
from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.mix.delivery import rendered_mix
from tests.core.mixes import Desk, at, noise
desk = Desk(Path({str(desk.folder)!r}))
source = desk.source(noise(1.0), at(0.0))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for limit, in_memory in ((200_000, 10**9), (200_000, 0), (2 * 48_000 * 6 * 4 + 20, 0)):
    rendered_mix._MOST_IN_MEMORY = in_memory
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        desk.mix(source, seconds=2.0, stems=desk.folder / "stems")
    except See2SoundError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    *mixes, stem = done.stdout.splitlines()
    assert len(mixes) == 2
    for said in mixes:
        assert said.startswith(f"cannot write {desk.folder / 'mix.wav'}")
    assert stem.startswith(f"cannot write {desk.folder / 'stems' / 's1.wav'}")
    assert done.stderr == ""
    assert [p.name for p in desk.folder.rglob("*") if p.is_file()] == ["s1.wav"]
