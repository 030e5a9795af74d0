"""Keeps what each source gives to a mix, so that a change to one leaves the others as they are.

A stem is named by all that goes into it (the source, its sound's content, room,
layout, this program), lies in a folder of its own beside others, and holds the
channels that sound, as 32-bit floats: a mix of kept stems has the same samples as one
made anew. The folder is kept below a size; what was not used for longest goes first.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import scipy
from numpy.typing import NDArray

from ..errors import See2SoundError
from ..scene import Source
from ..version import version
from .convolution import Samples

#: The most that a folder of stems holds, bytes.
MOST_BYTES = 3 * 2**30

_SUFFIX = ".stem"
_MAGIC = b"see2sound stem 1\n"
_END = b"whole"

#: A part that no one has finished in this many seconds was left behind.
_LEFT_BEHIND = 3600.0


class Torn(See2SoundError):
    """A kept stem turned out to be damaged; it has been thrown away."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is damaged", "it was thrown away", "Mix again")


@cache
def _program() -> str:
    """What computes stems: this code, and the libraries that it computes with."""
    digest = hashlib.blake2b(f"{version()} {np.__version__} {scipy.__version__}".encode())
    here = Path(__file__).resolve().parent
    for path in [*sorted(here.glob("*.py")), here.parent / "materials.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _content(path: str, size: int, written: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def stem_key(source: Source, sound: Path, surroundings: Mapping[str, Any]) -> str:
    """The name of a source's stem.

    Parameters
    ----------
    source : Source
    sound : Path
        Its sound, which can be read.
    surroundings : mapping
        All else that a stem depends on, as what has a `repr` that tells values apart.
    """
    stat = sound.stat()
    # What a person reads and what a picture needs does not sound.
    heard = dataclasses.replace(source, label="", prompt="", boxes=(), seed=0, sound=None)
    said = json.dumps(
        [
            _program(),
            repr(heard),
            _content(str(sound.resolve()), stat.st_size, stat.st_mtime_ns),
            {name: repr(value) for name, value in sorted(surroundings.items())},
        ]
    )
    return hashlib.blake2b(said.encode(), digest_size=20).hexdigest()


class StemFolder:
    """A folder of kept stems.

    Parameters
    ----------
    folder : Path
        It is made where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, samples: int, channels: int, count: int) -> bool:
        """Whether so many stems fit; where they do not, keeping them would help nobody."""
        return 4 * samples * channels * count <= MOST_BYTES

    def kept(self, key: str, channels: int) -> Iterator[Samples] | None:
        """A kept stem's blocks (C, n) in order, or None where there is none.

        Raises
        ------
        Torn
            While it is read, where a block is not what was written.
        """
        path = self._path(key)
        try:
            file = path.open("rb", buffering=0)
        except OSError:
            return None  # none, or none that can be read: it is made anew
        with contextlib.suppress(OSError):
            os.utime(path)
        return _read(file, path, channels)

    def keeping(self, key: str, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """Pass blocks on and keep them; they are there once all have passed.

        A folder that takes no more is no reason for a mix to fail: then they only pass.
        """
        part: IO[bytes] | None = None
        name = ""
        try:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(".part", f".{key[:12]}-", self._folder)
                part = os.fdopen(handle, "wb", buffering=0)
                part.write(_MAGIC)
            except OSError:
                part = None
            for block in blocks:
                if part is not None and not _write(part, block):
                    part.close()
                    part = None
                yield block
            if part is not None:
                with contextlib.suppress(OSError):
                    part.write(_END)
                    part.close()
                    os.replace(name, self._path(key))
        finally:
            if part is not None:
                part.close()
            if name:
                with contextlib.suppress(OSError):
                    os.unlink(name)

    def tidy(self, used: Sequence[str]) -> None:
        """Throw away what is too much, but not what was just used."""
        now, stems = time.time(), []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._folder):
                stat = entry.stat()
                if entry.name.endswith(_SUFFIX):
                    stems.append((stat.st_mtime, stat.st_size, entry.path))
                elif entry.name.endswith(".part") and now - stat.st_mtime > _LEFT_BEHIND:
                    os.unlink(entry.path)
        spared = {str(self._path(key)) for key in used}
        total = sum(size for _, size, _ in stems)
        for _, size, path in sorted(stems):
            if total <= MOST_BYTES:
                break
            if path not in spared:
                # What another program has open stays until next time.
                with contextlib.suppress(OSError):
                    os.unlink(path)
                    total -= size

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"


def _checksum(rows: Samples) -> int:
    return int(np.sum(rows.view(np.uint32), dtype=np.uint64))


def _write(file: IO[bytes], block: Samples) -> bool:
    """Write the channels of a block that sound; False where the disk takes no more."""
    sounding = np.flatnonzero(block.any(axis=1))
    rows = np.ascontiguousarray(block[sounding])
    head = np.array([block.shape[1], _bits(sounding), _checksum(rows)], np.uint64)
    try:
        for data in (head.tobytes(), rows.data.cast("B") if rows.size else b""):
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
    except OSError:
        return False
    return True


def _bits(channels: NDArray[np.intp]) -> int:
    return sum(1 << int(channel) for channel in channels)


def _read(file: IO[bytes], path: Path, channels: int) -> Iterator[Samples]:
    with file:
        if file.read(len(_MAGIC)) != _MAGIC:
            _throw_away(path)
        while True:
            head = file.read(24)
            if head == _END:
                return
            if len(head) < 24:
                _throw_away(path)
            length, bits, checksum = (int(v) for v in np.frombuffer(head, np.uint64))
            if bits >> channels or length > 2**24:
                _throw_away(path)
            sounding = [c for c in range(channels) if bits >> c & 1]
            rows = np.empty((len(sounding), length), np.float32)
            data = rows.data.cast("B") if rows.size else memoryview(b"")
            while data:
                read = file.readinto(data)  # type: ignore[attr-defined]
                if not read:
                    _throw_away(path)
                data = data[read:]
            if _checksum(rows) != checksum:
                _throw_away(path)
            block = np.zeros((channels, length), np.float32)
            block[sounding] = rows
            yield block


def _throw_away(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
    raise Torn(path)


def summed(
    stems: Sequence[Iterator[Samples]], samples: int, tell: Callable[[float], None]
) -> Iterator[Samples]:
    """Sum stems block by block, in their order; those that are made anew, side by side.

    Parameters
    ----------
    stems : sequence of iterators
        Blocks (C, n) of all are alike in length.
    samples : int
    tell : callable
        Told several times a second which fraction is done; may raise `Cancelled`.
    """
    left = samples
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        coming = [pool.submit(next, stem) for stem in stems]
        try:
            while left > 0:
                total: Samples | None = None
                for number, stem in enumerate(stems):
                    while not coming[number].done():
                        tell(1.0 - left / samples)
                        wait([coming[number]], timeout=0.2)
                    block = coming[number].result()
                    if block.shape[1] < left:
                        coming[number] = pool.submit(next, stem)
                    total = block if total is None else np.add(total, block, out=total)
                assert total is not None
                left -= total.shape[1]
                tell(1.0 - left / samples)
                yield total
        finally:
            wait(coming)


def finish(stems: Sequence[Iterator[Samples]]) -> None:
    """Let stems come to their end, so that those made anew are kept."""
    for stem in stems:
        for _ in stem:
            raise RuntimeError("a stem is longer than its mix")
