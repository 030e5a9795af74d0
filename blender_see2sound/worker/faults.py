"""What went wrong in the worker, told so that a person and a developer each get their part."""

from __future__ import annotations

import errno
import platform
import sys
import traceback
from collections.abc import Iterable
from importlib import metadata

from ..core.errors import See2SoundError, from_os_error
from ..core.version import version

#: Whose versions a report names.
PACKAGES = (
    "numpy", "scipy", "av", "opencv-python-headless", "soundfile", "pyroomacoustics",
    "torch", "transformers",
)  # fmt: skip


def told(error: BaseException, method: str) -> See2SoundError:
    """Turn whatever a job raised into an error for a person, with a full report.

    Parameters
    ----------
    error : BaseException
        As caught, its traceback still on it.
    method : str
        The job's method.
    """
    known = _known(error, method)
    if not known.report:
        known.report = report(error, method)
    return known


def let_go(error: BaseException) -> None:
    """Drop what the frames of an error, and of those that it came from, hold; it has been told."""
    waiting: list[BaseException | None] = [error]
    done = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in done:
            continue
        done.add(id(one))
        traceback.clear_frames(one.__traceback__)
        one.__traceback__ = None
        waiting += [one.__cause__, one.__context__]


def unknown_method(method: str, known: Iterable[str]) -> See2SoundError:
    """The error for a method that there is not."""
    return See2SoundError(
        f"the worker knows no {method[:80]!r}",
        f"it knows: {', '.join(known)}",
        "Report this fault",
        kind="bad-request",
    )


def report(error: BaseException, method: str) -> str:
    """Versions and traceback, plain text of many lines."""
    lines = [
        f"See2Sound {version()}, job {method!r}",
        f"Python {sys.version} at {sys.executable}",
        f"{platform.platform()}, {platform.machine()}",
        ", ".join(_version_of(name) for name in PACKAGES),
        "",
        *traceback.format_exception(error),
    ]
    return "\n".join(line.rstrip("\n") for line in lines) + "\n"


def _known(error: BaseException, method: str) -> See2SoundError:
    if isinstance(error, See2SoundError):
        return error
    if isinstance(error, MemoryError):
        return See2SoundError(
            "there is not enough memory for this",
            "",
            "Close other programs, or use a shorter clip or fewer sources",
            kind="no-memory",
        )
    if isinstance(error, ModuleNotFoundError) and error.name and not _is_ours(error):
        return See2SoundError(
            f"the worker's Python lacks the package {error.name.partition('.')[0]!r}",
            f"it is {sys.executable}",
            "Install the package there, or choose another Python in the preferences",
            kind="missing-part",
        )
    if isinstance(error, ImportError) and not _is_ours(error):
        return See2SoundError(
            "a package of the worker's Python cannot be loaded",
            str(error),
            "Install it again, or choose another Python in the preferences",
            kind="missing-part",
        )
    if isinstance(error, OSError) and (error.filename is not None or error.errno == errno.ENOSPC):
        return from_os_error(error, error.filename or "a file", "use")
    return See2SoundError(
        f"something went wrong in See2Sound while it did {method!r}",
        f"{type(error).__name__}: {error}"[:300],
        "Try again; if it happens again, copy the report and send it to us",
        kind="internal",
    )


def _is_ours(error: ImportError) -> bool:
    return (error.name or "").partition(".")[0] == __name__.partition(".")[0]


def _version_of(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"no {name}"
