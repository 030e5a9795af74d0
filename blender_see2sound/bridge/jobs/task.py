"""A long job cut into slices, driven by a timer in a window or by a loop without one.

The work itself is a generator: it yields a `Tick` at least every 20 ms of its
own work and ``waiting`` ones while the worker computes. It holds no reference
to Blender's data across a yield, since the person goes on working meanwhile.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from ...core.errors import Cancelled, See2SoundError

T = TypeVar("T")

#: How long one slice may hold the interface, seconds.
SLICE = 0.02
#: How long the loop without a window rests while the worker computes, seconds.
REST = 0.02


@dataclass(frozen=True)
class Tick:
    """How far a job is.

    Attributes
    ----------
    phase : str
        What it is doing, for a person.
    fraction : float
        0 to 1.
    waiting : bool
        There is nothing to do here until the worker reports.
    changed : bool
        The document is being changed from here on.
    """

    phase: str
    fraction: float
    waiting: bool = False
    changed: bool = False


Work = Generator[Tick, None, T]
#: What the modules that read or change the document yield: the fraction that is done.
Fractions = Generator[float, None, T]
State = Literal["running", "done", "cancelled", "failed"]


class Task:
    """One job from its start to its end.

    Attributes
    ----------
    title : str
        The verb, for the panel.
    phase, fraction
        As the last tick told.
    state : {"running", "done", "cancelled", "failed"}
    cancelling : bool
        The person has asked to stop, and the worker is being told.
    changed : bool
        The document was changed: there is something to undo, however the job ended.
    result
        What the generator returned, once done.
    error : See2SoundError or None
        Why it failed, once failed.
    """

    def __init__(self, title: str, work: Work[Any]) -> None:
        self.title = title
        self.phase = "Starting"
        self.fraction = 0.0
        self.state: State = "running"
        self.cancelling = False
        self.changed = False
        self.result: Any = None
        self.error: See2SoundError | None = None
        self._work = work
        self._told = False
        self._at_end: list[Callable[[], None]] = []

    @property
    def running(self) -> bool:
        """It has not ended in any way."""
        return self.state == "running"

    def at_end(self, call: Callable[[], None]) -> None:
        """Call this when the job ends, however it does."""
        self._at_end.append(call)

    def cancel(self) -> None:
        """Ask it to stop; it ends within the next slices, once the worker has let go."""
        self.cancelling = self.running

    def abandon(self) -> None:
        """Stop at once, without another slice: Blender is about to replace its data or to end.

        What goes wrong meanwhile is kept as the error; the job has ended all the same.
        """
        if not self.running:
            return
        try:
            self._work.close()
        except See2SoundError as error:
            self.error = error
        except Exception as error:
            self.error = as_fault(error, self.title)
        finally:
            self._end("cancelled" if self.error is None else "failed")

    def advance(self, seconds: float = SLICE) -> bool:
        """Work for about `seconds`; say whether there is anything new to show."""
        before = self._shown()
        end = time.perf_counter() + seconds
        while self.running:
            tick = self._step()
            if tick is None:
                break
            self.phase = tick.phase
            self.fraction = min(max(tick.fraction, self.fraction), 1.0)
            self.changed |= tick.changed
            if tick.waiting or time.perf_counter() >= end:
                break
        return self._shown() != before

    def run(self, tell: Callable[[Task], None] | None = None) -> None:
        """Work to the end, here and now; call `tell` when there is something new to show."""
        try:
            while self.running:
                started = time.perf_counter()
                if self.advance() and tell is not None:
                    tell(self)
                if self.running and time.perf_counter() - started < SLICE / 2:
                    time.sleep(REST)
        finally:
            self.abandon()  # only after an interrupt from the keyboard is it still running

    def _step(self) -> Tick | None:
        try:
            if self.cancelling and not self._told:
                self._told = True
                return self._work.throw(Cancelled())
            return next(self._work)
        except StopIteration as stop:
            self.result, self.fraction = stop.value, 1.0
            self._end("done")
        except Cancelled:
            self._end("cancelled")
        except See2SoundError as error:
            self.error = error
            self._end("failed")
        except Exception as error:
            self.error = as_fault(error, self.title)
            self._end("failed")
        return None

    def _end(self, state: State) -> None:
        self.state = state
        while self._at_end:
            self._at_end.pop()()

    def _shown(self) -> tuple[str, int, str, bool]:
        return (self.phase, int(self.fraction * 100), self.state, self.cancelling)


def as_fault(error: Exception, title: str) -> See2SoundError:
    """A fault of ours as an error that a person can report."""
    return See2SoundError(
        f"{title} stopped on a fault",
        f"{type(error).__name__}: {error}",
        "Copy the report and send it to the developers",
        report="".join(traceback.format_exception(error)),
    )


def reading(work: Fractions[T], phase: str) -> Work[T]:
    """Run a generator that only reads the document, slice by slice; it may be cancelled.

    Parameters
    ----------
    work : generator of float
        Yields the fraction that is done.
    phase : str
        What it does, for a person.
    """
    while True:
        try:
            fraction = next(work)
        except StopIteration as stop:
            return stop.value
        try:
            yield Tick(phase, fraction)
        except BaseException:
            work.close()
            raise


def changing(work: Fractions[T], phase: str) -> Work[tuple[T, bool]]:
    """Run a generator that changes the document to its end, even when it is told to stop.

    Half a change is worse than none or all of it. A cancel that comes meanwhile is
    remembered.

    Returns
    -------
    (result, bool)
        What the generator returned, and whether a cancel came.
    """
    cancelled = False
    while True:
        # What fails before the first yield has changed nothing yet.
        try:
            fraction = next(work)
        except StopIteration as stop:
            result = stop.value
            break
        try:
            yield Tick(phase, fraction, changed=True)
        except Cancelled:
            cancelled = True
        except GeneratorExit:
            for _ in work:
                pass
            raise
    try:
        yield Tick(phase, 1.0, changed=True)
    except Cancelled:
        cancelled = True
    return result, cancelled


def share(work: Work[T], start: float, end: float) -> Work[T]:
    """Give a part of a job its share of the bar."""
    sent: Cancelled | None = None
    while True:
        try:
            tick = next(work) if sent is None else work.throw(sent)
        except StopIteration as stop:
            return stop.value
        sent = None
        try:
            yield replace(tick, fraction=start + (end - start) * tick.fraction)
        except Cancelled as cancel:
            sent = cancel
        except GeneratorExit:
            work.close()
            raise
