"""One worker process as the client holds it: started, written to, read from, ended; never waited on.

Standard library only, no threads: the pipes do not block and are looked at when
somebody asks. Standard error goes to a file, which never fills up as a pipe does.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.errors import See2SoundError, from_os_error
from . import protocol

#: How many bytes are read in one look, so that a look stays short whatever comes.
MOST_READ = 2**16

#: How much of standard error and of stray output a report keeps, bytes.
TAIL = 16_384

# The package is loaded from its own folder, under its own name: the folder above may hold
# other extensions, which must not be importable by accident. Written so that old Pythons
# reach the version check; the current folder ('') leaves the path before anything is imported.
BOOTSTRAP = f"""
import sys
sys.path[:] = [p for p in sys.path if p]
if sys.version_info < {protocol.OLDEST_PYTHON}:
    sys.stdout.write('{{"jsonrpc":"2.0","method":"refused","params":{{"python":"%d.%d"}}}}\\n'
                     % sys.version_info[:2])
    sys.stdout.flush()
    sys.exit(3)
import importlib.util, json, os
given = json.loads(sys.argv[1])
sys.path += given["paths"]
spec = importlib.util.spec_from_file_location(
    "blender_see2sound", os.path.join(given["package"], "__init__.py"),
    submodule_search_locations=[given["package"]])
package = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = package
spec.loader.exec_module(package)
from blender_see2sound.worker.server import main
sys.exit(main(sys.argv[2:]))
"""


class Process:
    """A started worker.

    Parameters
    ----------
    python : str
        The Python to run; a path, or a name to be found on the PATH.
    python_paths : sequence of str
        Folders with further packages, searched last.
    idle_seconds : float
        After how long without a job it ends by itself.

    Raises
    ------
    See2SoundError
        When it cannot be started.
    """

    def __init__(self, python: str, python_paths: Sequence[str], idle_seconds: float) -> None:
        program = _program(python)
        given = {
            "package": str(protocol.package_folder()),
            "paths": [os.path.abspath(p) for p in python_paths],
        }
        command = [program, "-c", BOOTSTRAP, json.dumps(given)]
        command += ["--idle-seconds", str(idle_seconds), "--parent", str(os.getpid())]
        self.started_at = time.monotonic()
        self._lifeline: int | None = None
        theirs: int | None = None
        platform: dict[str, Any] = {}
        if sys.platform == "win32":
            platform["creationflags"] = (
                subprocess.CREATE_NO_WINDOW
                | subprocess.CREATE_NEW_PROCESS_GROUP
                | subprocess.BELOW_NORMAL_PRIORITY_CLASS
            )
        else:
            # A session of its own: Ctrl-C in Blender's terminal is not meant for it, and all
            # that it starts can be ended with it.
            platform["start_new_session"] = True
        try:
            folder = tempfile.gettempdir()
            self._printed = tempfile.TemporaryFile(prefix="see2sound-worker-")  # noqa: SIM115
        except OSError as error:
            raise from_os_error(error, "the folder for temporary files", "use") from error
        if sys.platform == "linux":
            theirs, self._lifeline = os.pipe()
            command += ["--lifeline", str(theirs)]
            platform["pass_fds"] = (theirs,)
        try:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._printed,
                bufsize=0,
                cwd=folder,
                env=_environment(bool(python_paths)),
                **platform,
            )
        except (OSError, ValueError) as error:
            self._close_files()
            raise See2SoundError(
                f"the Python for the worker cannot be started: {program}",
                getattr(error, "strerror", None) or str(error),
                "Choose another Python in See2Sound's preferences",
                kind="missing-part",
            ) from error
        finally:
            if theirs is not None:
                os.close(theirs)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._stdin, self._stdout = self._popen.stdin, self._popen.stdout
        _do_not_block(self._stdin.fileno(), writing=True)
        _do_not_block(self._stdout.fileno(), writing=False)
        self._unsent = bytearray()
        self._lines = protocol.Lines()
        self._stray = b""

    def send(self, message: protocol.Message) -> None:
        """Queue a message; `look` writes what the pipe did not take at once."""
        self._unsent += protocol.encode(message)
        self._write()

    def look(self, *, at_all: bool = False) -> list[protocol.Message]:
        """Write what waits, and give the messages that have come; never waits.

        Parameters
        ----------
        at_all : bool
            At all that is there, not only at so much as is read in a short time.
        """
        self._write()
        messages, stray = [], []
        most = sys.maxsize if at_all else MOST_READ
        for line in self._lines.feed(_read(self._stdout.fileno(), most)):
            try:
                messages.append(protocol.decode(line))
            except protocol.NotAMessage:
                stray.append(line[:TAIL] + b"\n")
        if stray:
            self._stray = (self._stray + b"".join(stray))[-TAIL:]
        return messages

    def has_ended(self) -> bool:
        """Whether the process is no more; what it still said may wait to be read."""
        return self._popen.poll() is not None

    def kill(self) -> None:
        """End it now, whatever it does."""
        if self._popen.poll() is not None:
            return
        if sys.platform == "win32":
            self._popen.kill()
        else:
            # Gone meanwhile: Linux knows no such group, macOS forbids to signal a dead one.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)

    def close(self) -> bool:
        """Let go of a process that was killed or has ended; True when nothing of it is left."""
        if not self._stdin.closed:
            self._stdin.close()
            self._stdout.close()
            self._close_files()
        return self._popen.poll() is not None

    def wait(self, seconds: float) -> None:
        """Give a killed process a moment to be gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)

    def ending(self) -> str:
        """How it ended, for a person."""
        code = self._popen.returncode
        if code is None:
            return "it still runs"
        if sys.platform == "win32":
            return f"it ended with code {code & 0xFFFFFFFF:#x}"
        if code >= 0:
            return f"it ended with code {code}"
        if code == -signal.SIGKILL:
            return "it was killed, perhaps because the memory was full"
        try:
            return f"it crashed ({signal.Signals(-code).name})"
        except ValueError:
            return f"it crashed (signal {-code})"

    def printed(self) -> str:
        """The last of what it printed, for a report; to be asked before `close`."""
        # The offset is shared with the process: only asked when that has ended or is killed.
        size = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, size - TAIL))
        text = self._printed.read().replace(b"\0", b"").decode("utf-8", "replace")
        stray = self._stray.decode("utf-8", "replace")
        return text if not stray else f"{text}\n[on standard output]\n{stray}"

    def _write(self) -> None:
        while self._unsent:
            taken = _write(self._stdin.fileno(), self._unsent)
            if taken == 0:
                return
            del self._unsent[:taken]

    def _close_files(self) -> None:
        self._printed.close()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


def _program(python: str) -> str:
    """The program's full path: the worker does not run in the caller's current folder."""
    found = shutil.which(python) if python else None
    if found is None:
        there = bool(python) and Path(python).exists()
        raise See2SoundError(
            f"the Python for the worker cannot be started: {python or 'none is chosen'}",
            "it is not a program that can be run" if there else "it does not exist",
            "Choose another Python in See2Sound's preferences",
            kind="missing-part",
        )
    return os.path.abspath(found)


def _environment(closed: bool) -> dict[str, str]:
    """The child's environment: nothing in it leads its Python astray.

    Parameters
    ----------
    closed : bool
        All packages come from Python itself and from given folders; none from the user's.
    """
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name != "__PYVENV_LAUNCHER__"
    }
    env.update(PYTHONSAFEPATH="1", PYTHONUTF8="1")
    if closed:
        env["PYTHONNOUSERSITE"] = "1"
    if sys.dont_write_bytecode:
        env["PYTHONDONTWRITEBYTECODE"] = "1"
    return env


# ---------------------------------------------------------- pipes that do not block


def _do_not_block(fd: int, *, writing: bool) -> None:
    if sys.platform != "win32" or sys.version_info >= (3, 12):
        os.set_blocking(fd, False)
    elif writing:  # reading looks first, see `_read`
        import ctypes
        import msvcrt
        from ctypes import wintypes

        no_wait = wintypes.DWORD(0x00000001)  # PIPE_NOWAIT
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.SetNamedPipeHandleState.argtypes = (
            wintypes.HANDLE,
            ctypes.POINTER(wintypes.DWORD),
            wintypes.LPVOID,
            wintypes.LPVOID,
        )
        handle = msvcrt.get_osfhandle(fd)
        if not kernel.SetNamedPipeHandleState(handle, ctypes.byref(no_wait), None, None):
            raise ctypes.WinError(ctypes.get_last_error())


def _read(fd: int, most: int) -> bytes:
    """What is there, at most so many bytes; nothing at the end of the stream too."""
    data = bytearray()
    while len(data) < most:
        if sys.platform == "win32":
            import _winapi
            import msvcrt

            try:
                available, _ = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(fd), 0)
            except BrokenPipeError:
                break
            if not available:
                break
        try:
            piece = os.read(fd, 2**16)
        except BlockingIOError:
            break
        if not piece:
            break
        data += piece
    return bytes(data)


def _write(fd: int, data: bytes | bytearray) -> int:
    """Write what the pipe takes now; how many bytes that were. A broken pipe takes all."""
    # A Windows pipe that does not block takes a piece whole or not at all.
    most = 512 if sys.platform == "win32" else 2**16
    try:
        return os.write(fd, data[:most])
    except BlockingIOError:
        return 0
    except OSError as error:
        if error.errno == errno.ENOSPC:  # how Windows says that a pipe is full
            return 0
        if error.errno in (errno.EPIPE, errno.EINVAL):
            return len(data)  # it has ended, which `has_ended` will tell
        raise
