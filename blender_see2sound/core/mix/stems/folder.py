"""Keeps what each source gives to a mix, so that a change to one leaves the others as they are.

A stem lies in a folder beside others and holds the channels that sound, as 32-bit
floats: a mix of kept stems has the same samples as one made anew. The folder is kept
below a size; what was not used for longest goes first.

Nothing here is needed for a mix: a stem that cannot be kept, or was damaged, is
rendered. Programs may share a folder: a stem appears when it is whole, and one that
is gone is made again.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ..signals.convolution import Samples
from .keys import StemKey

#: The most that a folder of stems holds, bytes.
MOST_BYTES = 3 * 2**30

_SUFFIX, _PART = ".stem", ".part"
_MAGIC = b"see2sound stem 3"

#: After the magic: the stem's name, its samples and channels. Before a block: its samples, which
#: channels sound (a bit each), the checksum of what they hold; and the head's own. Checksums go
#: on from the one before: no block can take another's place, no stem another's name.
_HEAD = struct.Struct("<16s20sQQ")
_BLOCK_HEAD = struct.Struct("<QQI")
_CHECKSUM = struct.Struct("<I")

#: A part that was not written to for so many seconds was left behind.
_LEFT_BEHIND = 300.0


class Torn(Exception):
    """A kept stem is damaged."""


@dataclass(frozen=True)
class Block:
    """Some samples of a stem: `rows` (R, n) are those of the channels that sound."""

    sounding: tuple[int, ...]
    rows: Samples

    @classmethod
    def of(cls, samples: Samples) -> Block:
        """What sounds in samples (C, n)."""
        sounding = tuple(np.flatnonzero(samples.any(axis=1)).tolist())
        return cls(sounding, samples if len(sounding) == len(samples) else samples[list(sounding)])


class StemFolder:
    """A folder of kept stems of one shape.

    Parameters
    ----------
    folder : Path
        It is made where it is not there.
    samples, channels : int
        Of each stem.
    """

    def __init__(self, folder: Path, samples: int, channels: int) -> None:
        self._folder = folder
        self._samples = samples
        self._channels = channels
        self._takes_more = False

    @property
    def _size(self) -> int:
        """The most bytes of a stem's samples."""
        return 4 * self._samples * self._channels

    def fits(self, count: int) -> bool:
        """Whether so many stems fit; where they do not, keeping some would help nobody."""
        return count * self._size <= MOST_BYTES

    def prepare(self, keys: Sequence[StemKey]) -> None:
        """Make room for the stems of a mix.

        The mix itself comes first: where its disk would become full nothing new is kept, and
        neither where the folder cannot be used.
        """
        names = {key.name for key in keys}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            missing = sum(not self._path(name).exists() for name in names) * self._size
            self._throw_away_until(MOST_BYTES - missing, spared=names)
            free = shutil.disk_usage(self._folder).free
        except OSError:
            return
        # A mix waits once and is written once, and one more for what else goes on.
        self._takes_more = free > missing + 3 * self._size

    def kept(self, key: StemKey) -> Iterator[Block] | None:
        """A kept stem's blocks in order, or None where there is none.

        Raises
        ------
        Torn
            While it is read, where it is not what was written; it has been thrown away.
        """
        path = self._path(key.name)
        try:
            if not path.is_file():
                return None
            file = path.open("rb", buffering=0)
        except OSError:
            return None  # none, or none that can be read: it is made anew
        with contextlib.suppress(OSError):
            os.utime(path)
        return self._read(file, path, self._head(key))

    def keeping(self, key: StemKey, blocks: Iterator[Block]) -> Iterator[Block]:
        """Pass blocks on and keep them; they are there once all have passed.

        A folder that takes no more is no reason for a mix to fail: then they only pass.
        """
        with contextlib.ExitStack() as stack:
            part = stack.enter_context(_Part(self._folder, key.name, open=self._takes_more))
            part.write(self._head(key))
            sum_so_far = zlib.crc32(self._head(key))
            for block in blocks:
                bits = sum(1 << channel for channel in block.sounding)
                rows = np.ascontiguousarray(block.rows)
                data = _bytes_of(rows)
                head = _BLOCK_HEAD.pack(rows.shape[1], bits, zlib.crc32(data, sum_so_far))
                sum_so_far = zlib.crc32(head, sum_so_far)
                part.write(head + _CHECKSUM.pack(sum_so_far))
                part.write(data)
                yield block
            if key.holds():
                part.becomes(self._path(key.name))

    def _head(self, key: StemKey) -> bytes:
        return _HEAD.pack(_MAGIC, bytes.fromhex(key.name), self._samples, self._channels)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"

    def _throw_away_until(self, most: int, spared: set[str]) -> None:
        """Throw away the stems used longest ago until no more than so many bytes are left."""
        now, total = time.time(), 0
        stems = []
        for entry in os.scandir(self._folder):
            try:
                stat = entry.stat()
                if entry.name.endswith(_PART) and now - stat.st_mtime > _LEFT_BEHIND:
                    os.unlink(entry.path)
                    continue
            except OSError:
                continue  # another program was quicker, or has it open
            total += stat.st_size
            name, suffix = os.path.splitext(entry.name)
            if suffix == _SUFFIX and name not in spared:
                stems.append((stat.st_mtime, stat.st_size, entry.path))
        for _, size, path in sorted(stems):
            if total <= most:
                break
            # What another program has open stays until next time.
            with contextlib.suppress(OSError):
                os.unlink(path)
                total -= size

    def _read(self, file: IO[bytes], path: Path, expected: bytes) -> Iterator[Block]:
        try:
            with file:
                _expect(file.read(len(expected)) == expected)
                left, sum_so_far = self._samples, zlib.crc32(expected)
                while left > 0:
                    head = file.read(_BLOCK_HEAD.size + _CHECKSUM.size)
                    _expect(len(head) == _BLOCK_HEAD.size + _CHECKSUM.size)
                    body, checksum = head[: _BLOCK_HEAD.size], head[_BLOCK_HEAD.size :]
                    before, sum_so_far = sum_so_far, zlib.crc32(body, sum_so_far)
                    _expect(_CHECKSUM.pack(sum_so_far) == checksum)
                    length, bits, sum_of_data = _BLOCK_HEAD.unpack(body)
                    _expect(0 < length <= left and not bits >> self._channels)
                    left -= length
                    sounding = tuple(c for c in range(self._channels) if bits >> c & 1)
                    rows = np.empty((len(sounding), length), np.float32)
                    data = _bytes_of(rows)
                    while data:
                        read = file.readinto(data)  # type: ignore[attr-defined]
                        _expect(read)
                        data = data[read:]
                    _expect(zlib.crc32(_bytes_of(rows), before) == sum_of_data)
                    yield Block(sounding, rows)
                _expect(not file.read(1))
        except (Torn, OSError) as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise Torn(str(path)) from error


class _Part:
    """A file that is being written, as a context; gone at its end unless it became something.

    It takes all that it is given, and keeps it as long as the disk does.
    """

    def __init__(self, folder: Path, name: str, *, open: bool) -> None:
        self._file: IO[bytes] | None = None
        self._path = ""
        if open:
            with contextlib.suppress(OSError):
                handle, self._path = tempfile.mkstemp(_PART, f".{name[:12]}-", folder)
                self._file = os.fdopen(handle, "wb", buffering=0)

    def write(self, data: bytes | memoryview) -> None:
        if self._file is None:
            return
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            # The disk is full: what is here must not take the place of the mix.
            self._close()

    def becomes(self, path: Path) -> None:
        """Bear a final name from now on."""
        if self._file is not None:
            # On Windows a file that another program reads cannot be replaced: it is the same.
            with contextlib.suppress(OSError):
                self._file.close()
                os.replace(self._path, path)

    def _close(self) -> None:
        if self._file is not None:
            # Closing tells of failed writes too; the file is not wanted any more.
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                os.unlink(self._path)

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


def _expect(true: object) -> None:
    if not true:
        raise Torn


def _bytes_of(rows: Samples) -> memoryview:
    return rows.data.cast("B") if rows.size else memoryview(b"")
