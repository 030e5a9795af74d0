"""The chunks of a WAV file: Microsoft's RIFF, and RF64 past 4 GB (EBU Tech 3306). Standard library only."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from typing import BinaryIO

#: Where the first chunk of a file lies: behind "RIFF", a size and "WAVE".
FIRST = 12

#: A file has no more chunks; each has a name of four letters of ASCII that can be seen.
MOST = 64
_NAME = re.compile(rb"[ -~]{4}")


def is_wave(head: bytes) -> bool:
    """Whether a file that begins so has the chunks of a WAV file."""
    return head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:FIRST] == b"WAVE"


def chunks(file: BinaryIO, first: int = FIRST) -> Iterator[tuple[bytes, int]]:
    """Each chunk's name and size, with the file at its content; none reaches beyond the file.

    Parameters
    ----------
    file : binary file
        Its place may be changed between chunks.
    first : int
        Where the first one lies.
    """
    end = file.seek(0, os.SEEK_END)
    at, long_data = first, 0
    for _ in range(MOST):
        file.seek(at)
        head = file.read(8)
        # What is no name is no chunk: zeros, or the rest of something that was cut off.
        if len(head) < 8 or not _NAME.fullmatch(head[:4]):
            return
        name, size = head[:4], int.from_bytes(head[4:], "little")
        at += 8
        if name == b"ds64":
            long_data = int.from_bytes(file.read(16)[8:], "little")
            file.seek(at)
        elif name == b"data" and size == 0xFFFFFFFF:
            size = long_data or end  # who writes into a pipe does not know how much will come
        yield name, min(size, end - at)
        at += size + size % 2
        if at >= end:
            return


def info(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What the content of a ``LIST`` chunk says, field by field; nothing where it is no INFO."""
    if content[:4] != b"INFO":
        return
    file = io.BytesIO(content)
    for name, size in chunks(file, first=4):
        yield name, file.read(size)
