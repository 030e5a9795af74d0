"""Runs calls in order on a second thread, so that measuring and writing wait for nobody.

What they call (NumPy, SciPy, libsndfile) lets other threads run meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

#: How many calls may wait, so that memory does not grow where they are the slower side.
_MOST_WAITING = 3


class Aside:
    """A second thread, as a context; at its end every call has been run.

    An error of a call is raised by a later `run`, or at the end.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future[Any]] = deque()

    def run(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Run a call after those before it."""
        while len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(function, *arguments))

    def __enter__(self) -> Aside:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=error is not None)
        if error is None:
            for call in self._waiting:
                call.result()
