"""Ctrl+C, and a polite kill, for the command: work stops where it reports, not in the middle of a library's call.

An exception that a signal raises anywhere may land where Python can only drop it, as in a
destructor or a callback from C, or between two files that belong together. Standard library only.
"""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Who has reported within so many seconds will again: it is told then. Others are interrupted at once.
_SOON = 0.5


@dataclass
class _State:
    asked: bool = False
    holding: int = 0
    reported: float = -math.inf


_state = _State()


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """Take signals for the length of the block; one that this process ignores stays ignored.

    Outside the main thread, which alone may take signals, they stay whose they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    dropped = sys.unraisablehook
    _state.asked, _state.reported = False, -math.inf
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, _ask)
    sys.unraisablehook = lambda told: (
        None if issubclass(told.exc_type, KeyboardInterrupt) else dropped(told)
    )
    try:
        yield
    finally:
        _state.asked = False
        sys.unraisablehook = dropped
        for number, handler in before.items():
            signal.signal(number, handler)


def _ask(number: int, frame: Any) -> None:
    again, _state.asked = _state.asked, True
    reports = time.monotonic() - _state.reported < _SOON
    if not _state.holding and (again or not reports):
        raise KeyboardInterrupt


def asked() -> bool:
    """Whether a person has asked to stop."""
    return _state.asked


def check() -> None:
    """Stop here where a person has asked for it; the work calls it some times a second.

    Raises
    ------
    KeyboardInterrupt
    """
    _state.reported = time.monotonic()
    if _state.asked:
        raise KeyboardInterrupt


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Do what is in the block as a whole: who asks to stop meanwhile is heard at the next `check`."""
    _state.holding += 1
    try:
        yield
    finally:
        _state.holding -= 1
