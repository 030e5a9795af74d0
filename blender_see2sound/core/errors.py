"""The one exception type of the project, and the signal of a cancelled job.

An error that reaches a person says what happened, why, and what to do about it.
It is raised where the cause is known and shown where the person is: as one line
on the command line, in the panel inside Blender. Standard library only, so that
Blender's side can raise and read it too.
"""

from __future__ import annotations

import errno
from pathlib import Path

#: The kinds of error, by whose fault and remedy they differ.
KINDS = (
    "bad-media",  # the clip cannot be read, or is not a picture
    "bad-scene",  # a sound scene breaks the format
    "bad-sound",  # a sound file cannot be read
    "bad-request",  # a parameter is out of range or unknown
    "missing-file",
    "no-permission",
    "no-space",  # the disk is full
    "no-memory",
    "missing-part",  # a package, model or part is not here
    "worker-died",
    "internal",  # a fault of ours
)


class See2SoundError(Exception):
    """Something that a person can understand and mend.

    Parameters
    ----------
    what : str
        What happened, one sentence without a final period, naming the file or field.
    why : str
        The cause, as far as it is known.
    remedy : str
        What to do about it.
    kind : str
        One of `KINDS`.
    report : str
        Everything that helps a developer (a traceback, versions); for the clipboard.
    """

    def __init__(
        self,
        what: str,
        why: str = "",
        remedy: str = "",
        *,
        kind: str = "internal",
        report: str = "",
    ) -> None:
        if kind not in KINDS:
            raise ValueError(f"unknown kind of error: {kind}")
        self.what = _shown(what)
        self.why = _shown(why)
        self.remedy = _shown(remedy)
        self.kind = kind
        self.report = _shown(report)
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: what, why and remedy, each only where known."""
        text = self.what if not self.why else f"{self.what}: {self.why}"
        if self.remedy:
            text = f"{text}. {self.remedy}"
        return " ".join(text.split())


def _shown(text: str) -> str:
    """A text that can be shown: names of files need not be."""
    return text.encode(errors="backslashreplace").decode()


class Cancelled(Exception):
    """The person asked to stop. Not an error: nothing is reported, nothing is left half-written."""


def from_os_error(error: OSError, path: str | Path, doing: str) -> See2SoundError:
    """Turn an operating system's error into one that names the file and the remedy.

    Parameters
    ----------
    error : OSError
    path : str or Path
        The file or folder that was touched.
    doing : str
        The verb, as in "read" or "write".
    """
    what = f"cannot {doing} {path}"
    if isinstance(error, FileNotFoundError):
        return See2SoundError(what, "it does not exist", "Check the path", kind="missing-file")
    if isinstance(error, (PermissionError, IsADirectoryError)) or error.errno == errno.EROFS:
        return See2SoundError(
            what,
            "it is a folder" if isinstance(error, IsADirectoryError) else "permission is denied",
            "Choose another place, or change its permissions",
            kind="no-permission",
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return See2SoundError(
            what, "the disk is full", "Free some space, or choose another disk", kind="no-space"
        )
    if error.errno == errno.EFBIG:
        return See2SoundError(
            what, "the disk, or a limit of this computer, does not allow so large a file",
            "Choose another disk", kind="no-space",
        )  # fmt: skip
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return See2SoundError(
            what, "too many files are open", "Close other programs, or allow more open files "
            "(ulimit -n)", kind="no-permission",
        )  # fmt: skip
    return See2SoundError(
        what,
        error.strerror or str(error),
        kind="missing-file" if doing == "read" else "no-permission",
    )
