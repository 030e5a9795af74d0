"""Writing a mono sound as a WAV file, the same bytes every time."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from .. import riff
from ..audio import SAMPLE_RATE
from ..errors import See2SoundError, from_os_error
from ..files import Pending
from ..version import version

#: libsndfile reads no comment of 2048 bytes or more.
_COMMENT = 2000
#: So much is written to see why a sound could not be, bytes: more than disks and libraries put aside.
_TRIED = 1 << 20


def write_sound(
    path: str | Path, samples: NDArray[np.float32], rate: int = SAMPLE_RATE, comment: str = ""
) -> None:
    """Write a mono sound, 32-bit float WAV, atomically; see `add_sound`."""
    with Pending() as files:
        add_sound(files, path, [samples], rate, comment)
        files.name()


def add_sound(
    files: Pending,
    path: str | Path,
    blocks: Iterable[NDArray[np.float32]],
    rate: int = SAMPLE_RATE,
    comment: str = "",
) -> None:
    """Write a sound, 32-bit float WAV, that gets its name together with other files.

    Parameters
    ----------
    files : Pending
    path : path
        Ends in ``.wav``.
    blocks : iterable of (n,) float32 arrays
        Its samples, in order; one is in memory at a time.
    rate : int
        Samples per second.
    comment : str
        What the file's metadata says of it; cut where it is too long to be read back.

    Raises
    ------
    See2SoundError
        As `Pending` does, naming `path`.
    """
    import soundfile

    part = files.path(path)
    try:
        with soundfile.SoundFile(
            part, "w", rate, channels=1, format="WAV", subtype="FLOAT"
        ) as file:
            if comment:
                file.software = f"See2Sound {version()}"
                file.comment = _cut(comment)
            for samples in blocks:
                file.write(samples)
        with part.open("r+b") as raw:
            undate(raw)
    except OSError as error:
        raise from_os_error(error, path, "write") from error
    except soundfile.LibsndfileError as error:
        raise _unwritten(part, path, error.error_string) from error


def _unwritten(part: Path, path: str | Path, told: str) -> See2SoundError:
    """Why a sound could not be written: libsndfile says only that, so it is tried again without."""
    try:
        with part.open("ab") as file:
            file.write(bytes(_TRIED))
    except OSError as error:
        return from_os_error(error, path, "write")
    return See2SoundError(
        f"cannot write {path}",
        f"the sound could not be written whole ({told})",
        "Try again, or choose another disk",
        kind="no-space",
    )


def _cut(comment: str) -> str:
    """A comment of at most `_COMMENT` bytes as UTF-8, whole characters."""
    coded = comment.encode("utf-8", "replace")
    if len(coded) <= _COMMENT:
        return coded.decode("utf-8")
    return coded[: _COMMENT - len("…".encode())].decode("utf-8", "ignore") + "…"


def undate(file: BinaryIO) -> None:
    """Take the time of writing from a WAV file, so that the same sound makes the same bytes.

    libsndfile keeps it in the PEAK chunk that it puts before floats.

    Parameters
    ----------
    file : binary file
        Open for reading and writing; where it is afterwards is not told.
    """
    for name, _ in riff.chunks(file):
        if name == b"PEAK":
            # Its version, then the time.
            file.seek(4, os.SEEK_CUR)
            file.write(bytes(4))
        if name in (b"PEAK", b"data"):
            return
