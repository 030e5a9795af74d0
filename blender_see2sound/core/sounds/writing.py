"""Writing a mono sound as a WAV file, the same bytes every time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..errors import See2SoundError, from_os_error
from ..files import atomic_path


def write_sound(path: str | Path, samples: NDArray[np.float32], rate: int) -> None:
    """Write a mono sound, 32-bit float WAV, atomically.

    Parameters
    ----------
    path : path
        Ends in ``.wav``; its folder is made where it is missing.
    samples : (N,) float32 array
    rate : int
        Samples per second.

    Raises
    ------
    See2SoundError
        Of kind "no-permission", "no-space" or "missing-file", naming `path`.
    """
    with pending_sound(path, samples, rate):
        pass


@contextlib.contextmanager
def pending_sound(path: str | Path, samples: NDArray[np.float32], rate: int) -> Iterator[None]:
    """Write a sound that gets its name only when the block ends well; see `write_sound`."""
    import soundfile

    with atomic_path(path) as part:
        try:
            soundfile.write(part, samples, rate, format="WAV", subtype="FLOAT")
            with part.open("r+b") as file:
                undate(file)
        except OSError as error:
            raise from_os_error(error, path, "write") from error
        except soundfile.LibsndfileError as error:
            # libsndfile says only that it failed; a disk without room is the usual reason.
            raise See2SoundError(
                f"cannot write {path}",
                f"the sound could not be written whole ({error.error_string})",
                "Free some space, or choose another disk",
                kind="no-space",
            ) from error
        yield


def undate(file: BinaryIO) -> None:
    """Take the time of writing from a WAV file, so that the same sound makes the same bytes.

    libsndfile keeps it in the PEAK chunk that it puts before floats.

    Parameters
    ----------
    file : binary file
        Open for reading and writing; where it is afterwards is not told.
    """
    file.seek(12)
    while len(head := file.read(8)) == 8 and head[:4] != b"data":
        if head[:4] == b"PEAK":
            # Its version, then the time.
            file.seek(4, os.SEEK_CUR)
            file.write(bytes(4))
            return
        size = int.from_bytes(head[4:], "little")
        file.seek(size + size % 2, os.SEEK_CUR)
