"""Writing a mono sound as a WAV file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

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
