"""Writing files so that nothing half-written ever bears a final name.

A file is written in a temporary folder within its final one and renamed when it
is whole; whatever goes wrong, the temporary folder is removed and an older file
under the final name stays as it was. What a killed program left behind is removed
by the next one that writes into the folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from .errors import See2SoundError, from_os_error
from .interrupts import held

try:
    import fcntl
except ImportError:  # Windows has other locks
    fcntl = None  # type: ignore[assignment]

#: What the names of temporary folders begin with; and of those that are not locked yet.
_PART, _UNLOCKED = ".see2sound-", ".see2sound.new-"

#: Where no lock tells that a program is no more: what was not written to for so long is left
#: behind, seconds.
_LEFT_BEHIND = 86_400.0


class Pending:
    """Files that are written beside their places, and get their names together; to be entered.

    They lie in a folder of their own beside the final ones, so that however many they are, one
    handle for each folder is open. Files that have no name when it is left are removed.
    """

    def __init__(self) -> None:
        self._files: list[tuple[Path, Path]] = []
        self._folders: dict[Path, Path] = {}
        self._held = contextlib.ExitStack()

    def __enter__(self) -> Pending:
        return self

    def __exit__(self, *_: object) -> None:
        with held():
            self._held.close()

    def path(self, final: str | Path) -> Path:
        """A path to write a file to, which is there and empty, and shall be called `final`.

        It ends as the final one does, since libraries choose the format by that. Folders that
        are missing are made.

        Raises
        ------
        See2SoundError
            Of kind "no-permission", "no-space" or "missing-file", naming `final`.
        """
        final = Path(final)
        try:
            if final.exists() and not (final.is_file() or final.is_dir()):
                raise See2SoundError(
                    f"cannot write {final}", "it is no file", "Choose a file", kind="bad-request"
                )
            with held():
                folder = self._folders.get(final.parent)
                if folder is None:
                    folder = self._folders[final.parent] = self._folder_beside(final)
            part = folder / final.name
            part.touch()
        except OSError as error:
            raise from_os_error(error, final, "write") from error
        self._files.append((part, final))
        return part

    def name(self) -> None:
        """Give all files their names; the one that was asked for first gets its last.

        Raises
        ------
        See2SoundError
        """
        with held():
            while self._files:
                part, final = self._files.pop()
                try:
                    os.replace(part, final)
                except OSError as error:
                    raise from_os_error(error, final, "write") from error

    def _folder_beside(self, final: Path) -> Path:
        final.parent.mkdir(parents=True, exist_ok=True)
        _clear(final.parent)
        start = _PART if fcntl is None else _UNLOCKED
        new = Path(tempfile.mkdtemp(prefix=f"{start}{final.stem[:40]}-", dir=final.parent))
        # Removed after its lock is let go of: where no more files can be opened, that makes room.
        names = [new]
        self._held.callback(_remove_all, names)
        if fcntl is None:
            return new
        # Says that someone still writes, for as long as this program lives.
        handle = os.open(new, os.O_RDONLY)
        self._held.callback(os.close, handle)
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Only now: another program that clears would take one without a lock for left behind.
        folder = new.with_name(_PART + new.name.removeprefix(_UNLOCKED))
        try:
            new.rename(folder)
        except OSError:  # a network disk that renames no folder that is open: age tells there
            return new
        names.append(folder)
        return folder


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well.

    Raises
    ------
    See2SoundError
        As `Pending` does; also where the block fails by an error of the operating system.
    """
    with Pending() as files:
        part = files.path(path)
        try:
            yield part
        except BrokenPipeError:  # of who watches the progress; it is not about this file
            raise
        except OSError as error:
            raise from_os_error(error, path, "write") from error
        files.name()


def _clear(folder: Path) -> None:
    """Remove what programs which are no more left in a folder; older versions left files."""
    for left in (*folder.glob(f"{_PART}*"), *folder.glob(f"{_UNLOCKED}*")):
        # Another program was quicker, or it may not be touched: it is in nobody's way.
        with contextlib.suppress(OSError):
            if not _is_left_behind(left):
                continue
            if left.is_dir():
                _remove(left)
            else:
                left.unlink()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _remove_all(folders: list[Path]) -> None:
    for folder in folders:
        _remove(folder)


def _is_left_behind(left: Path) -> bool:
    """Whether nobody writes there any more; not where that cannot be told."""
    about = left.lstat()
    locked = fcntl is not None and stat.S_ISDIR(about.st_mode) and left.name.startswith(_PART)
    if not locked and time.time() - about.st_mtime <= _LEFT_BEHIND:
        return False
    if fcntl is None:
        return True
    # Not to wait for the other end of a pipe, nor to follow a link.
    handle = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
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
