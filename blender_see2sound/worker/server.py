"""The worker's side: takes jobs from standard input, does them one by one, answers on output.

The main thread computes. Three small threads stand beside it: one reads messages
(so that a cancel is heard while a job runs), one writes them (so that a reader who
has stopped reading never stops a computation), one watches: it repeats progress
while the work is silent, and ends the process with its parent.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import os
import stat
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from typing import Any

from ..core.errors import Cancelled
from ..core.models.keeper import tidy
from ..core.models.offline import keep_offline
from . import faults, jobs, protocol
from .parent import Parent, end_with

#: Progress is told at most this often, and again when nothing was told for `HEARTBEAT`, seconds.
PROGRESS_INTERVAL = 0.1
HEARTBEAT = 0.4

#: Of what libraries print, about this much is kept, bytes.
PRINTED_LIMIT = 4 * 2**20

#: The interface stays responsive: the worker gives way to it. (On Windows the client sets this.)
NICENESS = 10


class Writer:
    """Writes messages in order from a thread of its own; of progress only the latest waits."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: collections.deque[bytes] = collections.deque()
        self._progress: bytes | None = None
        self._changed = threading.Condition()
        self._writing = False
        threading.Thread(target=self._run, name="see2sound-writer", daemon=True).start()

    def send(self, message: protocol.Message) -> None:
        """Say something; progress that still waits is outdated by it."""
        line = protocol.encode(message)
        with self._changed:
            self._progress = None
            self._lines.append(line)
            self._changed.notify_all()

    def send_progress(self, message: protocol.Message) -> None:
        """Say how far a job is, unless something newer is said before it can be written."""
        line = protocol.encode(message)
        with self._changed:
            self._progress = line
            self._changed.notify_all()

    def flush(self, timeout: float) -> None:
        """Wait until everything is written, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._lines and not self._writing, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._progress is not None)
                if self._lines:
                    line = self._lines.popleft()
                else:
                    line, self._progress = self._progress or b"", None
                self._writing = True
            try:
                while line:
                    line = line[os.write(self._fd, line) :]
            except OSError:
                os._exit(0)  # nobody listens any more
            with self._changed:
                self._writing = False
                self._changed.notify_all()


class Running:
    """The job that runs: keeps its last progress, tells it, and stops it when asked.

    Until its first progress a job only loads libraries, which can take seconds and cannot be
    interrupted safely. Nothing of it is visible yet, so a cancel is then answered at once.
    """

    def __init__(self, job_id: int, writer: Writer) -> None:
        self.id = job_id
        self._writer = writer
        self._lock = threading.Lock()
        self._begun = False
        self._cancelled = False
        self._over = False
        self._phase = "Loading"
        self._fraction = 0.0
        self._told_at = 0.0
        self._untold = True
        self._tell_after(0.0)

    def __call__(self, phase: str, fraction: float) -> None:
        """The job's `Progress`."""
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._begun = self._untold = True
            self._phase = phase
            if fraction > self._fraction:  # False for NaN too: the bar never runs backwards
                self._fraction = min(float(fraction), 1.0)
            self._tell_after(PROGRESS_INTERVAL)

    def cancel(self) -> None:
        """Stop at the next progress."""
        with self._lock:
            self._cancelled = True
            if not self._begun:
                self._answer(_cancelled(self.id))

    def end(self, answer: protocol.Message) -> None:
        """Answer, unless that has been done; tell no progress from now on."""
        with self._lock:
            self._answer(answer)

    def beat(self) -> None:
        """Tell what was held back, or repeat the last progress if nothing was told for a while."""
        with self._lock:
            if not self._over:
                self._tell_after(PROGRESS_INTERVAL if self._untold else HEARTBEAT)

    def _answer(self, answer: protocol.Message) -> None:
        if not self._over:
            self._over = True
            self._writer.send(answer)

    def _tell_after(self, seconds: float) -> None:
        now = time.monotonic()
        if now - self._told_at < seconds:
            return
        self._told_at, self._untold = now, False
        told = {"id": self.id, "phase": self._phase, "fraction": self._fraction}
        self._writer.send_progress(protocol.notification("progress", told))


class Server:
    """Takes messages, keeps the line of waiting jobs, and does them."""

    def __init__(self, fd_in: int, fd_out: int, parent: Parent, idle_seconds: float) -> None:
        self._fd_in = fd_in
        self._parent = parent
        self._idle_seconds = idle_seconds
        self._writer = Writer(fd_out)
        self._changed = threading.Condition()
        self._waiting: collections.deque[protocol.Message] = collections.deque()
        self._running: Running | None = None

    def serve(self) -> None:
        """Do jobs until nobody needs them any more."""
        self._writer.send(protocol.notification("ready", jobs.who()))
        threading.Thread(target=self._read, name="see2sound-reader", daemon=True).start()
        threading.Thread(target=self._watch, name="see2sound-watch", daemon=True).start()
        while (started := self._next()) is not None:
            request, running = started
            running.end(self._do(request, running))
            self._running = None
            tidy()
        self._writer.flush(1.0)

    # ------------------------------------------------------------- the main thread

    def _next(self) -> tuple[protocol.Message, Running] | None:
        """Wait for a job and make it the running one; None when none came for long."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._waiting), self._idle_seconds):
                return None
            request = self._waiting.popleft()
            self._running = running = Running(request["id"], self._writer)
            return request, running

    def _do(self, request: protocol.Message, running: Running) -> protocol.Message:
        """Do one job; give the answer, whatever happens."""
        job_id, method = request["id"], request["method"]
        try:
            params = jobs.Params(request.get("params", {}), method)
            answer = protocol.result(job_id, jobs.METHODS[method](params, running))
            protocol.encode(answer)
        except Cancelled:
            answer = _cancelled(job_id)
        except BaseException as error:  # the worker outlives every job, also one that exits
            told = faults.told(error, method)
            code = protocol.BAD_PARAMS if told.kind == "bad-request" else protocol.FAILED
            answer = protocol.failure(job_id, code, told)
            # What failed would hold its models and pictures for as long as nothing else comes.
            faults.let_go(error)
            del told
        return answer

    # ----------------------------------------------------------- the reader's thread

    def _read(self) -> None:
        lines = protocol.Lines()
        while True:
            data = os.read(self._fd_in, 2**16)
            if not data:  # the parent has closed its end, or has ended
                os._exit(0)
            for line in lines.feed(data):
                try:
                    message = protocol.decode(line)
                except protocol.NotAMessage as error:
                    self._writer.send(protocol.failure(None, protocol.NOT_JSON, str(error)))
                else:
                    self._take(message)

    def _take(self, message: protocol.Message) -> None:
        method, job_id = message.get("method"), message.get("id")
        if "id" not in message:
            if method == "cancel":
                self._cancel(message.get("params"))
            elif method == "shutdown":
                os._exit(0)
        elif not isinstance(job_id, int) or not isinstance(method, str):
            told = protocol.failure(None, protocol.NOT_A_REQUEST, "id or method is missing or odd")
            self._writer.send(told)
        elif method not in jobs.METHODS:
            error = faults.unknown_method(method, jobs.METHODS)
            self._writer.send(protocol.failure(job_id, protocol.UNKNOWN_METHOD, error))
        else:
            with self._changed:
                self._waiting.append(message)
                self._changed.notify_all()

    def _cancel(self, params: object) -> None:
        job_id = params.get("id") if isinstance(params, dict) else None
        with self._changed:
            running = self._running
            if running is not None and running.id == job_id:
                running.cancel()
                return
            withdrawn = [m for m in self._waiting if m["id"] == job_id]
            for message in withdrawn:
                self._waiting.remove(message)
        for message in withdrawn:
            self._writer.send(_cancelled(message["id"]))

    # ------------------------------------------------------------ the watch's thread

    def _watch(self) -> None:
        while self._parent.lives():
            time.sleep(PROGRESS_INTERVAL)
            running = self._running
            if running is not None:
                running.beat()
            _keep_short(2)
        os._exit(0)


def _cancelled(job_id: int) -> protocol.Message:
    return protocol.failure(job_id, protocol.CANCELLED, "cancelled")


def _keep_short(fd: int) -> None:
    """Empty the file that standard error goes to when it has grown large."""
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and status.st_size > PRINTED_LIMIT:
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)


def _take_streams() -> tuple[int, int]:
    """Keep standard input and output for the protocol; libraries get nothing and standard error.

    The descriptors themselves are redirected, so that C libraries are too.
    """
    fd_in, fd_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return fd_in, fd_out


def _end_loudly(args: Any) -> None:
    """A thread of the server failed: the process is of no use any more."""
    traceback.print_exception(args.exc_type, args.exc_value, args.exc_traceback)
    os._exit(1)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until the parent ends, asks for it, or has no job for a while.

    Parameters
    ----------
    argv : sequence of str, optional
        The command line's arguments; those of this process when None.
    """
    parser = argparse.ArgumentParser(
        prog="blender_see2sound.worker",
        description="Does See2Sound's jobs: JSON-RPC 2.0, one message a line, "
        "over standard input and output.",
    )
    parser.add_argument(
        "--idle-seconds", type=float, default=600.0, help="end when no job came for so long"
    )
    parser.add_argument("--parent", type=int, help="the process to end with (default: its parent)")
    parser.add_argument("--lifeline", type=int, help="a pipe to end with (Linux)")
    given = parser.parse_args(argv)

    fd_in, fd_out = _take_streams()
    faulthandler.enable(file=2)
    threading.excepthook = _end_loudly
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    if given.lifeline is not None:
        end_with(given.lifeline)
    keep_offline()
    Server(fd_in, fd_out, Parent(given.parent), given.idle_seconds).serve()
    # Libraries may have left threads that would keep the process from ending by itself.
    os._exit(0)
