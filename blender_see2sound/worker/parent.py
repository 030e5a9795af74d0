"""Whether the process that needs this worker still lives, and ending with it.

The end of standard input tells most of it. What else happens: another process
holds the pipe open, or C code holds Python's lock so that no thread can look.
"""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel.OpenProcess.restype = wintypes.HANDLE
    _kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _kernel.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    _kernel.WaitForSingleObject.restype = wintypes.DWORD
    _SYNCHRONIZE = 0x00100000
    _STILL_RUNS = 0x00000102  # WAIT_TIMEOUT

    def _open_process(pid: int) -> int | None:
        return _kernel.OpenProcess(_SYNCHRONIZE, False, pid)

    def _has_ended(handle: int) -> bool:
        return bool(_kernel.WaitForSingleObject(handle, 0) != _STILL_RUNS)

else:

    def _exists(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True  # it is there, another user's
        return True


class Parent:
    """The process that started this one, and the one that was named as needing it.

    They differ where a launcher stands between, as Windows' virtual environments have it.

    Parameters
    ----------
    pid : int or None
        The process that needs the worker; the parent when None.
    """

    def __init__(self, pid: int | None) -> None:
        self._started_by = os.getppid()
        self._pid = self._started_by if pid is None else pid
        if sys.platform == "win32":
            self._handle = _open_process(self._pid)

    def lives(self) -> bool:
        """False as soon as the worker has nobody to work for."""
        if sys.platform == "win32":
            return self._handle is not None and not _has_ended(self._handle)
        return os.getppid() == self._started_by and _exists(self._pid)


def end_with(lifeline: int) -> None:
    """Let the kernel end this process when the other end of a pipe closes (Linux).

    A pipe that nobody writes to signals only its end; SIGIO's default action ends the
    process without any Python, so also inside C code that holds Python's lock.

    Parameters
    ----------
    lifeline : int
        File descriptor of the pipe's reading end.
    """
    if sys.platform == "linux":
        import fcntl
        import signal

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
