"""WAV files without decoding: where their samples lie, and the head of a new one (RIFF, WAVE)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

from ...core import riff

#: Format tags: whole numbers, floats, and "see the extension" (WAVE_FORMAT_EXTENSIBLE).
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


@dataclass(frozen=True)
class Wav:
    """A file's format, and where its samples lie.

    Attributes
    ----------
    kind : bytes
        The ``fmt`` chunk, its rate left out of account.
    rate : int
        Hz.
    frame : int
        Bytes of one moment, all channels.
    silence : bytes
        One moment of silence.
    offset, size : int
        Of the samples, bytes.
    """

    kind: bytes
    rate: int
    frame: int
    silence: bytes
    offset: int
    size: int

    def head(self, size: int, rate: int) -> bytes:
        """What a file of this format has before `size` bytes of samples."""
        rates = struct.pack("<II", rate, rate * self.frame)
        kind = self.kind[:4] + rates + self.kind[12:]
        fact = struct.pack("<4sII", b"fact", 4, size // self.frame)
        body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(kind)) + kind + fact
        body += struct.pack("<4sI", b"data", size)
        return struct.pack("<4sI", b"RIFF", len(body) + size) + body


#: 32-bit floats, mono.
MONO = Wav(struct.pack("<HHIIHHH", _FLOAT, 1, 0, 0, 4, 32, 0), 0, 4, bytes(4), 0, 0)


def read(path: Path) -> Wav | None:
    """A file's format; None for what is no WAV file with plain samples."""
    found: Wav | None = None
    with path.open("rb") as file:
        head = file.read(riff.FIRST)
        # RF64 says its size elsewhere: such a file is decoded.
        if head[:4] != b"RIFF" or not riff.is_wave(head):
            return None
        for name, size in riff.chunks(file):
            if name == b"fmt ":
                found = _format(file.read(min(size - size % 2, 64)))
            elif name == b"data":
                return None if found is None else replace(found, offset=file.tell(), size=size)
    return None


def _format(kind: bytes) -> Wav | None:
    if len(kind) < 16:
        return None
    tag, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", kind)
    if tag == _EXTENSIBLE and len(kind) >= 26:
        tag = struct.unpack_from("<H", kind, 24)[0]
    if tag not in (_PCM, _FLOAT) or not channels or not frame or frame * 8 != bits * channels:
        return None
    # Eight bits are the only ones without a sign: silence is in their middle.
    return Wav(kind, rate, frame, (b"\x80" if bits == 8 else b"\0") * frame, 0, 0)
