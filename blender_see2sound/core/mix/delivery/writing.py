"""Writes sound files with a right channel mask, past 4 GB too, that say what made them."""

from __future__ import annotations

import errno
import math
import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...errors import See2SoundError, from_os_error
from ...sounds.writing import undate
from ...version import version
from ..layouts.layout import Layout


@dataclass(frozen=True)
class Encoding:
    """How samples are kept in a file.

    Attributes
    ----------
    name, suffix : str
    subtype : str
        libsndfile's name.
    width : int
        Bytes of a sample.
    """

    name: str
    suffix: str
    subtype: str
    width: int


PCM24 = Encoding("pcm24", ".wav", "PCM_24", 3)
FLOAT = Encoding("float", ".wav", "FLOAT", 4)
FLAC = Encoding("flac", ".flac", "PCM_24", 3)

ENCODINGS = (PCM24, FLOAT, FLAC)

#: The most a plain WAV can hold, less room for its header and what is written behind.
_MOST_BYTES = 2**32 - 65536

_MOST_FLAC_CHANNELS = 8

#: The largest sample of 24 bits.
_FULL_SCALE = np.float32(2**23 - 1)

#: A disk with less than this free is full.
_FULL_BYTES = 4 * 2**20

#: Characters that are kept free in a file's comment for what is known only at its end.
_COMMENT = 120
_HEAD = 1 << 18


def encoding_for(output: Path, name: str | None, layout: Layout) -> Encoding:
    """How to write a file of this name.

    Parameters
    ----------
    output : Path
    name : {"pcm24", "float", "flac"} or None
        None takes what its suffix says, 24 bits for WAV.
    layout : Layout

    Raises
    ------
    See2SoundError
        Of kind "bad-request".
    """
    suffix = output.suffix.lower()
    fitting = [e for e in ENCODINGS if e.suffix == suffix and name in (None, e.name)]
    named = [e for e in ENCODINGS if e.name == name]
    if not fitting:
        known = ", ".join(e.name for e in ENCODINGS)
        raise _refused(
            output,
            f"{name!r} is none of the formats {known}"
            if name is not None and not named
            else f"a {name} file ends in {named[0].suffix}"
            if named
            else "a mix is a WAV or a FLAC file",
            f"End its name in {named[0].suffix}" if named else "End its name in .wav or .flac",
        )
    if fitting[0] is FLAC and len(layout.channels) > _MOST_FLAC_CHANNELS:
        raise _refused(
            output,
            f"FLAC has at most {_MOST_FLAC_CHANNELS} channels, and {layout.name} has "
            f"{len(layout.channels)}",
            "End its name in .wav",
        )
    if fitting[0] is FLAC and layout.coding == "ambisonics":
        raise _refused(output, "FLAC takes its channels for loudspeakers", "End its name in .wav")
    return fitting[0]


def _refused(output: Path, why: str, remedy: str) -> See2SoundError:
    return See2SoundError(f"cannot write {output}", why, remedy, kind="bad-request")


def container(samples: int, channels: int, encoding: Encoding) -> str:
    """libsndfile's name of the format that holds so much; RF64 is WAV past 4 GB."""
    if encoding is FLAC:
        return "FLAC"
    return "WAVEX" if samples * channels * encoding.width <= _MOST_BYTES else "RF64"


class SoundWriter:
    """A sound file that is being written, as a context.

    Parameters
    ----------
    part : Path
        Where it is written.
    final : Path
        What a person calls it, for messages.
    samples : int
        How many samples per channel it will hold.
    layout : Layout
    encoding : Encoding
    sounds : tuple of str
        What is said of the sounds in it, a line each.
    """

    def __init__(
        self,
        part: Path,
        final: Path,
        samples: int,
        layout: Layout,
        encoding: Encoding,
        sounds: tuple[str, ...] = (),
    ) -> None:
        self._part, self._final, self._layout, self._encoding = part, final, layout, encoding
        self._comment = f"{layout.name} mix"
        self._sounds = sounds
        self._lufs: float | None = None
        self._range: float | None = None
        self._peak_db: float | None = None
        try:
            self._file = soundfile.SoundFile(
                part,
                "w",
                SAMPLE_RATE,
                len(layout.channels),
                encoding.subtype,
                format=container(samples, len(layout.channels), encoding),
            )
            # libsndfile adds its own name to the software's.
            self._file.software = f"See2Sound {version()}"
            # libsndfile forgets a long comment of a WAV file: there `bext` lists the sounds.
            said = sounds if encoding is FLAC else ()
            self._file.comment = "\n".join([_padded(self._comment), *said])
        except soundfile.SoundFileError as error:
            raise self._failed(error) from error

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples (C, n), within -1 to 1 where the file is PCM."""
        frames: NDArray[np.float32] | NDArray[np.int32]
        if self._encoding is FLOAT:
            frames = np.ascontiguousarray(samples.T)
        else:
            # As libsndfile rounds, which takes four times as long sample by sample.
            scaled = samples * _FULL_SCALE
            np.rint(scaled, out=scaled)
            whole = scaled.astype(np.int32)
            whole <<= 8
            frames = np.empty(samples.shape[::-1], np.int32)
            # Channel by channel: less time than a transposition takes.
            for channel, row in enumerate(whole):
                frames[:, channel] = row
        try:
            self._file.write(frames)
        except (soundfile.SoundFileError, AssertionError) as error:
            raise self._failed(error) from error

    def measured(
        self, lufs: float | None, loudness_range: float | None, peak_db: float | None
    ) -> None:
        """Say how loud it turned out: LUFS, LU and dBTP, None where there is none."""
        self._lufs, self._range, self._peak_db = lufs, loudness_range, peak_db
        loud = "silence" if lufs is None else f"{lufs:.1f} LUFS"
        peak = "" if peak_db is None else f", true peak {peak_db:.1f} dBTP"
        self._comment += f", {loud}{peak}"

    def __enter__(self) -> SoundWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            if error is None:
                self._finish()
        except (soundfile.SoundFileError, OSError) as closing:
            if error is None:
                raise self._failed(closing) from closing

    def _finish(self) -> None:
        """Put in what libsndfile does not write, or writes before it can be known."""
        with self._part.open("r+b") as file:
            head = file.read(_HEAD)
            blank = _padded(f"{self._layout.name} mix").encode()
            file.seek(head.index(blank))
            file.write(_padded(self._comment).encode())
            if self._encoding is FLAC:
                return
            undate(file)
            # libsndfile has one mask per channel count, and for eight it is not 7.1's. In the
            # chunk's data: 16 bytes of WAVEFORMAT, 2 of size, 2 of valid bits, the mask.
            file.seek(head.index(b"fmt ") + 8 + 20)
            file.write(self._layout.wav_mask.to_bytes(4, "little"))
            end = file.seek(0, os.SEEK_END)
            chunk = self._broadcast()
            file.write(b"\0" * (end % 2) + chunk)
            size = file.tell() - 8
            if head[:4] == b"RF64":
                file.seek(head.index(b"ds64") + 8)
                file.write(size.to_bytes(8, "little"))
            else:
                file.seek(4)
                file.write(size.to_bytes(4, "little"))

    def _broadcast(self) -> bytes:
        """A `bext` chunk (EBU Tech 3285, version 2), without a date, so that files compare."""
        maker = f"See2Sound {version()}"
        bits = "F=48000,W=24" if self._encoding is PCM24 else "F=48000,W=32"
        # One line per sound that went in, then the mix (EBU R 98: free text without commas).
        lines = [f"A=PCM,F=48000,M=mono,T={said.replace(',', ';')}" for said in self._sounds]
        lines.append(f"A=PCM,{bits},T={maker};{self._layout.name}")
        history = "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")
        # Loudness, its range, true peak, and the loudest moment and stretch, where known.
        unknown = _hundredths(None)
        known = [_hundredths(level) for level in (self._lufs, self._range, self._peak_db)]
        body = struct.pack(
            "<256s32s32s10s8sQH64s5h180x",
            self._comment.encode(), maker.encode(), b"", b"", b"", 0, 2, b"",
            *known, unknown, unknown,
        ) + history  # fmt: skip
        body += b"\0" * (len(body) % 2)
        return b"bext" + struct.pack("<I", len(body)) + body

    def _failed(self, error: Exception) -> See2SoundError:
        # libsndfile only says "System error"; what is left on the disk says more.
        code = errno.EIO
        if shutil.disk_usage(self._part.parent).free < _FULL_BYTES:
            code = errno.ENOSPC
        said = f"{error}" or os.strerror(code)
        reason = OSError(code, os.strerror(code) if code == errno.ENOSPC else said)
        return from_os_error(reason, self._final, "write")


def _padded(comment: str) -> str:
    return comment.ljust(_COMMENT)


def _hundredths(level: float | None) -> int:
    """A level as `bext` keeps it; 0x7FFF where there is none."""
    known = level is not None and math.isfinite(level) and abs(level) < 300.0
    return round(100.0 * level) if level is not None and known else 0x7FFF
