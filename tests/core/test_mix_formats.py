"""The files that a mix can be: WAV, RF64 and FLAC, what they say of themselves."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.mix.delivery import writing
from blender_see2sound.core.mix.layouts.table import LAYOUTS, layout_named

from .mixes import RATE, Desk, at, noise

SECONDS = 0.301


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def source(desk: Desk):
    return desk.source(noise(SECONDS), at(20.0, elevation=50.0))


def chunks(path: Path) -> dict[bytes, bytes]:
    """A RIFF file's chunks, its sizes checked."""
    data = path.read_bytes()
    sizes: dict[bytes, int] = {}
    assert data[8:12] == b"WAVE"
    if data[:4] == b"RF64":
        riff, sizes[b"data"] = struct.unpack_from("<QQ", data, 20)
    else:
        assert data[:4] == b"RIFF"
        riff = struct.unpack_from("<I", data, 4)[0]
    assert riff == len(data) - 8
    found, place = {}, 12
    while place < len(data):
        name, size = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        size = sizes.get(name, size)
        found[name] = data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    assert place == len(data)
    return found


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS])
@pytest.mark.parametrize("big", [False, True])
def test_a_wav_file_has_the_layout_s_mask_and_says_what_it_is(desk, layout, big, monkeypatch):
    if big:  # 4 GB are too much for a test
        monkeypatch.setattr(writing, "_MOST_BYTES", 1000)
    desk.mix(source(desk), seconds=SECONDS, layout=layout, lufs=-23.0)
    path = desk.folder / "mix.wav"
    assert soundfile.info(path).format == ("RF64" if big else "WAVEX")
    found = chunks(path)
    assert int.from_bytes(found[b"fmt "][20:24], "little") == layout_named(layout).wav_mask
    # EBU Tech 3285: description, originator, version, loudness, true peak.
    bext = found[b"bext"]
    assert bext[:256].rstrip(b"\0").decode().startswith(f"{layout} mix, -23.0 LUFS, true peak -")
    assert bext[256:288].startswith(b"See2Sound ")
    version, loudness, spread, peak = struct.unpack("<H64xhhh", bext[346:418])
    assert spread == 0x7FFF  # too short for a range
    assert version == 2
    assert loudness == pytest.approx(100 * desk.report.integrated_lufs, abs=1)
    assert peak == pytest.approx(100 * desk.report.true_peak_db, abs=1)
    with soundfile.SoundFile(path) as file:
        assert file.software.startswith("See2Sound ")
        assert file.comment.startswith(f"{layout} mix, -23.0 LUFS")


def test_a_wav_file_tells_its_loudness_range(desk):
    sound = noise(6.0) * np.repeat([0.1, 1.0], 3 * RATE)
    desk.mix(desk.source(sound, at(20.0)), seconds=6.0, lufs=-23.0)
    (spread,) = struct.unpack("<h", chunks(desk.folder / "mix.wav")[b"bext"][414:416])
    assert spread == pytest.approx(100 * desk.report.loudness_range, abs=1)
    assert spread > 500


def test_floats_and_stems_are_the_same_bytes_another_day(desk):
    found = []
    for wait in (0.0, 1.1):  # the clock of a PEAK chunk counts seconds
        time.sleep(wait)
        desk.mix(source(desk), seconds=SECONDS, format="float", stems=desk.folder / "stems")
        found.append([(desk.folder / n).read_bytes() for n in ("mix.wav", "stems/s1.wav")])
    assert found[0] == found[1]
    # The chunk itself is there still: other programs read it.
    assert b"PEAK" in chunks(desk.folder / "mix.wav")


@pytest.mark.parametrize("layout", ["stereo", "5.1", "7.1"])
def test_flac_and_float_hold_the_same_mix(desk, layout):
    one = desk.mix(source(desk), seconds=SECONDS, layout=layout, lufs=-23.0)
    flac = desk.mix(source(desk), seconds=SECONDS, layout=layout, lufs=-23.0, name="mix.flac")
    other = desk.mix(
        source(desk), seconds=SECONDS, layout=layout, lufs=-23.0, name="f.wav", format="float"
    )
    assert np.abs(one - flac).max() <= 2.0**-22  # libsndfile rounds them apart
    assert 0.0 < np.abs(one - other).max() <= 2.0**-23
    info = soundfile.info(desk.folder / "mix.flac")
    assert (info.format, info.subtype) == ("FLAC", "PCM_24")
    assert soundfile.info(desk.folder / "f.wav").subtype == "FLOAT"
    with soundfile.SoundFile(desk.folder / "mix.flac") as file:
        assert file.comment.startswith(f"{layout} mix, -23.0 LUFS")


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="an outside opinion: ffprobe")
@pytest.mark.parametrize(
    ("layout", "name", "known"),
    [
        ("5.1", "mix.wav", "5.1"),
        ("7.1", "mix.wav", "7.1"),
        ("7.1", "mix.flac", "7.1"),
        ("5.1.4", "mix.wav", "FL+FR+FC+LFE+BL+BR+TFL+TFR+TBL+TBR"),
        ("7.1.4", "mix.wav", "FL+FR+FC+LFE+BL+BR+SL+SR+TFL+TFR+TBL+TBR"),
    ],
)
def test_ffprobe_reads_the_channels(desk, layout, name, known):
    desk.mix(source(desk), seconds=SECONDS, layout=layout, name=name, lufs=-23.0)
    asked = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format"]
    said = subprocess.run([*asked, desk.folder / name], capture_output=True, check=True)
    told = json.loads(said.stdout)
    # Newer ones name what older ones list.
    assert known in told["streams"][0]["channel_layout"] or told["streams"][0][
        "channel_layout"
    ].startswith(layout)
    assert int(told["streams"][0]["duration_ts"]) == round(SECONDS * RATE)
    tags = {key.lower(): value for key, value in told["format"]["tags"].items()}
    assert "See2Sound" in tags.get("encoder", "") + tags.get("software", "")
    assert "-23.0 LUFS" in tags["comment"]


@pytest.mark.parametrize(
    ("layout", "name", "format", "why"),
    [
        ("7.1.4", "mix.flac", None, r"at most 8 channels, and 7\.1\.4 has 12\. End its name in \.wav"),
        ("5.1", "mix.flac", "float", r"a float file ends in \.wav"),
        ("5.1", "mix.wav", "flac", r"a flac file ends in \.flac"),
        ("5.1", "mix.wav", "mp3", "none of the formats pcm24, float, flac"),
        ("5.1", "mix.ogg", None, r"End its name in \.wav or \.flac"),
    ],
)  # fmt: skip
def test_what_a_format_cannot_hold_is_said_before_any_work(desk, layout, name, format, why):
    one = source(desk)
    before = sorted(desk.folder.iterdir())
    with pytest.raises(See2SoundError, match=why):
        desk.mix(one, seconds=SECONDS, layout=layout, name=name, format=format)
    assert sorted(desk.folder.iterdir()) == before
