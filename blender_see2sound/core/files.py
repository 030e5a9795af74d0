"""Writing files so that nothing half-written ever bears a final name.

A file is written under a temporary name in its final folder and renamed when it
is whole; whatever goes wrong, the temporary file is removed and an older file
under the final name stays as it was.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from .errors import See2SoundError, from_os_error


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
        suffix = final.suffix if len(final.suffix) <= 16 else ""
        handle, name = tempfile.mkstemp(
            prefix=f".{final.stem[:40]}-", suffix=suffix, dir=final.parent
        )
        os.close(handle)
    except OSError as error:
        raise from_os_error(error, final, "write") from error
    part = Path(name)
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
    finally:
        part.unlink(missing_ok=True)


def keep_apart(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to write over what is read.

    Raises
    ------
    See2SoundError
        Of kind "bad-request", naming the output that is an input too.
    """
    read = list(inputs)
    for output in outputs:
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


def write_text(path: str | Path, text: str) -> None:
    """Write a text file (UTF-8) atomically."""
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")
