"""Errors about media, each naming the file, and the checks that come before any decoder."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import See2SoundError, from_os_error

#: Pictures smaller than this a side, in pixels, hold nothing to find.
SMALLEST_SIDE = 16

_OTHER = "Choose another file, or convert this one"


def bad_media(path: Path, why: str, remedy: str = _OTHER) -> See2SoundError:
    """A file that is there and cannot be used as a picture."""
    return See2SoundError(f"cannot use {path}", why, remedy, kind="bad-media")


def check_file(path: Path) -> None:
    """Make sure that a file is there, is a file, may be read, and is not empty.

    Raises
    ------
    See2SoundError
        Of kind "missing-file", "no-permission" or "bad-media".
    """
    try:
        if path.exists() and not path.is_file():
            raise bad_media(path, "it is not a file")
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise bad_media(path, "it is empty")
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    except ValueError as error:  # a null character
        raise bad_media(path, str(error)) from error


def check_size(path: Path, size: tuple[int, int]) -> None:
    """Make sure that a picture is large enough.

    Raises
    ------
    See2SoundError
        Of kind "bad-media".
    """
    if min(size) < SMALLEST_SIDE:
        raise bad_media(
            path,
            f"it is {size[0]} x {size[1]} pixels",
            f"Choose a picture with at least {SMALLEST_SIDE} pixels a side",
        )
