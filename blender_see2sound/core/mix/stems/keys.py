"""The names of stems: one for all that goes into what a source gives to a mix.

That is the source, its sound's content, room, layout and this program. A stem of the same
name holds the same samples.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import soundfile

from ...scene import Source
from ...version import version

#: A file that was written this recently might be written again within a tick of its clock, and
#: look the same, nanoseconds.
_SETTLED = 2 * 10**9

#: Bytes that are hashed between two looks at whether to stop.
_PIECE = 2**24

#: Digests of files by place, size, times and identity.
_digests: dict[tuple[Any, ...], str] = {}


@cache
def _program() -> str:
    """What computes stems: this code, and the libraries that it computes with."""
    libraries = [metadata.version(name) for name in ("numpy", "scipy", "pyroomacoustics")]
    sound = soundfile.__libsndfile_version__
    digest = hashlib.blake2b(repr([version(), libraries, sound, platform.machine()]).encode())
    mix = Path(__file__).resolve().parents[1]
    core = mix.parent
    rooms = [*sorted(mix.rglob("*.py")), *sorted((core / "audio").glob("*.py"))]
    for path in [*rooms, core / "materials.py", core / "scene.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _identity(path: Path) -> tuple[Any, ...]:
    """What changes when a file does."""
    stat = path.stat()
    return str(path.resolve()), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _content(path: Path, tell: Callable[[], None]) -> str:
    """A digest of what a file holds; known files are not read again."""
    identity = _identity(path)
    if identity in _digests:
        return _digests[identity]
    begun = time.time_ns()
    digest = hashlib.blake2b()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            tell()
            digest.update(piece)
    if begun - max(identity[-2:]) > _SETTLED:
        _digests[identity] = digest.hexdigest()
    return digest.hexdigest()


@dataclass(frozen=True)
class StemKey:
    """A stem's name, and the sound that it is of.

    Attributes
    ----------
    name : str
        Hexadecimal.
    sound : Path
    identity : tuple
        Of the sound's file when the name was found.
    """

    name: str
    sound: Path
    identity: tuple[Any, ...]

    def holds(self) -> bool:
        """Whether the sound is still what it was."""
        try:
            return _identity(self.sound) == self.identity
        except OSError:
            return False


def stem_key(
    source: Source, sound: Path, surroundings: Mapping[str, Any], tell: Callable[[], None]
) -> StemKey:
    """The name of a source's stem.

    Parameters
    ----------
    source : Source
    sound : Path
        Its sound, which can be read.
    surroundings : mapping
        All else that a stem depends on, as what has a `repr` that tells values apart.
    tell : callable
        Called several times a second; may raise `Cancelled`.
    """
    identity = _identity(sound)
    # What a person reads and what a picture needs does not sound.
    heard = dataclasses.replace(source, id="", label="", prompt="", boxes=(), seed=0, sound=None)
    said = json.dumps(
        [
            _program(),
            repr(heard),
            _content(sound, tell),
            {name: repr(value) for name, value in sorted(surroundings.items())},
        ]
    )
    return StemKey(hashlib.blake2b(said.encode(), digest_size=20).hexdigest(), sound, identity)
