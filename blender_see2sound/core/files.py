"""Writing files so that nothing half-written ever bears a final name.

A file is written under a temporary name in its final folder and renamed when it
is whole; whatever goes wrong, the temporary file is removed and an older file
under the final name stays as it was. What a killed program left behind is removed
by the next one that writes into the folder.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from .errors import See2SoundError, from_os_error

try:
    import fcntl
except ImportError:  # Windows has other locks
    fcntl = None  # type: ignore[assignment]

#: What the names of temporary files begin with.
_PART = ".see2sound-"

#: Where programs cannot lock their files: one that was not written to for so long is left behind,
#: seconds.
_LEFT_BEHIND = 86_400.0


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well.

    The temporary name keeps the suffix, since libraries choose the format by it.

    Raises
    ------
    See2SoundError
        Of kind "no-permission", "no-space" or "missing-file", naming `path`.
    """
    final = Path(path)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        if final.exists() and not (final.is_file() or final.is_dir()):
            raise See2SoundError(
                f"cannot write {final}", "it is no file", "Choose a file", kind="bad-request"
            )
        _clear(final.parent)
        suffix = final.suffix if len(final.suffix) <= 16 else ""
        handle, name = tempfile.mkstemp(
            prefix=f"{_PART}{final.stem[:40]}-", suffix=suffix, dir=final.parent
        )
    except OSError as error:
        raise from_os_error(error, final, "write") from error
    part = Path(name)
    with contextlib.ExitStack() as stack:
        stack.callback(part.unlink, missing_ok=True)
        if fcntl is None:
            os.close(handle)
        else:
            # Says that someone still writes, for as long as this program lives.
            stack.callback(os.close, handle)
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield part
            # mkstemp makes files private; a mix is as readable as the person's other files.
            umask = os.umask(0)
            os.umask(umask)
            part.chmod(0o666 & ~umask)
            os.replace(part, final)
        except BrokenPipeError:  # of who watches the progress; it is not about this file
            raise
        except OSError as error:
            raise from_os_error(error, final, "write") from error


def _clear(folder: Path) -> None:
    """Remove the temporary files that programs which are no more left in a folder."""
    for part in folder.glob(f"{_PART}*"):
        # Another program was quicker, or the file may not be touched: it is in nobody's way.
        with contextlib.suppress(OSError):
            if _is_left_behind(part):
                part.unlink()


def _is_left_behind(part: Path) -> bool:
    """Whether nobody writes a temporary file any more; not where that cannot be told."""
    if fcntl is None:
        return time.time() - part.stat().st_mtime > _LEFT_BEHIND
    handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)
    return True


def keep_apart(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to write over what is read, and under names that are no text.

    Raises
    ------
    See2SoundError
        Of kind "bad-request", naming the output that is an input too.
    """
    read = list(inputs)
    for output in outputs:
        check_text(output)
        for path in read:
            try:
                same = output.resolve() == path.resolve() or (
                    output.exists() and output.samefile(path)
                )
            except FileNotFoundError:
                same = False
            except OSError as error:
                raise from_os_error(error, output, "write") from error
            if same:
                raise See2SoundError(
                    f"cannot write {output}",
                    "it is what this is made from",
                    "Choose another file or folder",
                    kind="bad-request",
                )


def check_text(path: str | Path) -> None:
    """Refuse a name that is no text: the libraries that read and write media take no other.

    Raises
    ------
    See2SoundError
        Of kind "bad-request".
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise See2SoundError(
            f"cannot use {str(path)!r}",
            "its name is not text",
            "Rename it, or choose another",
            kind="bad-request",
        ) from error


def write_text(path: str | Path, text: str) -> None:
    """Write a text file (UTF-8) atomically."""
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")
