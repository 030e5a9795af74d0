"""Blender's side of the worker: submit jobs, look now and then, cancel, release.

Nothing here waits, except `WorkerClient.wait`; no thread is left running. The
process is started by the first job and again after it has ended.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

from ..core.errors import Cancelled, See2SoundError
from . import protocol
from .process import Process

State = Literal["queued", "running", "done", "failed", "cancelled"]

#: How long a job may take to notice a cancel before its process is ended, seconds.
PATIENCE = 3.0

#: A job that so many workers did not live to begin is given up.
MOST_LOST = 2

#: How long `release` waits for a killed process to be gone, seconds; `poll` sees to the rest.
MOMENT = 0.03


class Job:
    """One request and what has become of it.

    Attributes
    ----------
    id : int
    method : str
    params : dict
    state : {"queued", "running", "done", "failed", "cancelled"}
    phase : str
        What it is doing, for a person.
    fraction : float
        How far it is, 0 to 1.
    cancelling : bool
        It was asked to stop and has not yet.
    result : dict or None
        When done.
    error : See2SoundError or None
        When failed.
    """

    def __init__(self, job_id: int, method: str, params: dict[str, Any]) -> None:
        self.id = job_id
        self.method = method
        self.params = params
        self.state: State = "queued"
        self.phase = ""
        self.fraction = 0.0
        self.result: dict[str, Any] | None = None
        self.error: See2SoundError | None = None
        self.cancelled_at: float | None = None
        self.lost = 0

    @property
    def cancelling(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        return self.cancelled_at is not None and not self.finished

    @property
    def finished(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in ("done", "failed", "cancelled")


class WorkerClient:
    """Talks to one worker process at a time. Safe to use from several threads.

    Parameters
    ----------
    python : str
        The Python that the worker runs in; a path, or a name on the PATH.
    python_paths : sequence of str
        Folders with further packages for it (an extension's wheels), searched last.
    idle_seconds : float
        The worker ends by itself after so long without a job.
    start_timeout : float
        A worker that is not ready after so long is given up, seconds.
    """

    def __init__(
        self,
        python: str,
        *,
        python_paths: Sequence[str] = (),
        idle_seconds: float = 600,
        start_timeout: float = 30,
    ) -> None:
        self._python = python
        self._python_paths = tuple(python_paths)
        self._idle_seconds = idle_seconds
        self._start_timeout = start_timeout
        self._lock = threading.RLock()
        self._process: Process | None = None
        self._ready: dict[str, Any] | None = None
        self._ended: list[Process] = []
        self._jobs: collections.OrderedDict[int, Job] = collections.OrderedDict()
        self._last_id = 0

    @property
    def running(self) -> bool:
        """Whether a worker process is there, as far as the last `poll` saw."""
        return self._process is not None

    @property
    def worker(self) -> dict[str, Any] | None:
        """The worker's "version", "python" and "pid", once it is ready."""
        return self._ready

    def submit(self, method: str, params: dict[str, Any]) -> Job:
        """Put a job at the end of the line; never blocks, never raises.

        A job that cannot be sent comes back as failed.
        """
        with self._lock:
            self._last_id += 1
            job = Job(self._last_id, method, params)
            self._jobs[job.id] = job
            self._send(job)
            return job

    def poll(self) -> bool:
        """Look what has happened, without waiting: whether anything has changed.

        Call it a few times a second while there are jobs; it also ends what ignores a cancel.
        """
        with self._lock:
            self._ended = [process for process in self._ended if not process.close()]
            process = self._process
            if process is None:
                return False
            ended = process.has_ended()  # asked first: what it said before is then all there
            changed = False
            for message in process.look(at_all=ended):
                changed = self._take(message) or changed
            if self._process is not process:
                return True
            if ended:
                self._on_end(process)
                return True
            return self._enforce(process) or changed

    def cancel(self, job: Job) -> None:
        """Ask a job to stop: at once where it waits, soon where it runs, by force after a while."""
        with self._lock:
            if job.finished or job.cancelled_at is not None:
                return
            job.cancelled_at = time.monotonic()
            if self._process is not None:
                self._process.send(protocol.notification("cancel", {"id": job.id}))
            if job.state == "queued":
                self._finish(job, "cancelled")

    def wait(
        self, job: Job, on_progress: Callable[[str, float], None] | None = None
    ) -> dict[str, Any]:
        """Block until a job is finished; give its result.

        Parameters
        ----------
        job : Job
        on_progress : callable, optional
            Told phase and fraction when they change; may raise `Cancelled`.

        Raises
        ------
        See2SoundError
            What the job failed with.
        Cancelled
        """
        told: tuple[str, float] | None = None
        while not job.finished:
            changed = self.poll()
            now = (job.phase, job.fraction)
            if on_progress is not None and job.state == "running" and now != told:
                told = now
                try:
                    on_progress(*now)
                except Cancelled:
                    self.cancel(job)
            if not changed:
                time.sleep(0.01)
        if job.error is not None:
            raise job.error
        if job.state == "cancelled" or job.result is None:
            raise Cancelled
        return job.result

    def release(self) -> None:
        """End the process and free its memory; jobs in flight are cancelled."""
        with self._lock:
            for job in list(self._jobs.values()):
                self._finish(job, "cancelled")
            if self._process is not None:
                process = self._process
                self._kill(process)
                process.wait(MOMENT)
            self._ended = [process for process in self._ended if not process.close()]

    # ------------------------------------------------------------------ inside

    def _send(self, job: Job) -> None:
        """Give a job to the process, which is started where there is none."""
        try:
            if self._process is None:
                self._process = Process(self._python, self._python_paths, self._idle_seconds)
            self._process.send(protocol.request(job.id, job.method, job.params))
        except See2SoundError as error:
            self._finish(job, "failed", error=error)
        except (TypeError, ValueError) as error:
            fault = See2SoundError(
                "the job cannot be sent to the worker",
                str(error),
                "Report this fault",
                kind="bad-request",
            )
            self._finish(job, "failed", error=fault)

    def _take(self, message: protocol.Message) -> bool:
        """Take one message from the worker; whether it changed anything."""
        method, params = message.get("method"), message.get("params")
        if method == "ready" and isinstance(params, dict):
            self._ready = params
            return True
        if method == "refused" and isinstance(params, dict):
            oldest = ".".join(map(str, protocol.OLDEST_PYTHON))
            self._give_up(
                See2SoundError(
                    f"Python {params.get('python')} is too old for the worker",
                    f"it is {self._python}",
                    f"Choose Python {oldest} or newer in See2Sound's preferences",
                    kind="missing-part",
                )
            )
            return True
        if method == "progress" and isinstance(params, dict):
            return self._take_progress(params)
        job_id = message.get("id")
        job = self._jobs.get(job_id) if isinstance(job_id, int) else None
        if job is None:
            return False  # an answer to what was cancelled meanwhile
        if job.cancelled_at is not None:
            self._finish(job, "cancelled")
        elif isinstance(message.get("result"), dict):
            self._finish(job, "done", result=message["result"])
        else:
            self._finish(job, "failed", error=protocol.error_from(message.get("error")))
        return True

    def _take_progress(self, params: dict[str, Any]) -> bool:
        job_id, phase, fraction = params.get("id"), params.get("phase"), params.get("fraction")
        job = self._jobs.get(job_id) if isinstance(job_id, int) else None
        if job is None or not isinstance(phase, str) or not isinstance(fraction, (int, float)):
            return False
        before = (job.state, job.phase, job.fraction)
        job.state, job.phase, job.fraction = "running", phase, min(max(float(fraction), 0.0), 1.0)
        return before != (job.state, job.phase, job.fraction)

    def _finish(
        self,
        job: Job,
        state: State,
        *,
        result: dict[str, Any] | None = None,
        error: See2SoundError | None = None,
    ) -> None:
        job.state, job.result, job.error = state, result, error
        if state == "done":
            job.fraction = 1.0
        self._jobs.pop(job.id, None)

    def _enforce(self, process: Process) -> bool:
        """End a process that does not begin, or does not stop when asked."""
        now = time.monotonic()
        if self._ready is None:
            if now - process.started_at < self._start_timeout:
                return False
            self._kill_and_give_up(process)
            return True
        stuck = [
            job
            for job in self._jobs.values()
            if job.cancelled_at is not None and now - job.cancelled_at >= PATIENCE
        ]
        if not stuck:
            return False
        self._kill(process)
        for job in stuck:
            self._finish(job, "cancelled")
        self._send_again()
        return True

    def _kill_and_give_up(self, process: Process) -> None:
        process.kill()
        error = See2SoundError(
            "the worker did not start",
            f"{self._python} was not ready after {self._start_timeout:g} seconds",
            "Try again, or choose another Python in See2Sound's preferences",
            kind="worker-died",
            report=f"{self._python}: not ready in time\n\n{process.printed()}",
        )
        self._give_up(error)

    def _on_end(self, process: Process) -> None:
        """The process is no more: who runs has failed, who waits gets a new one."""
        ending, printed, was_ready = process.ending(), process.printed(), self._ready is not None
        self._forget(process)
        if not was_ready:
            error = See2SoundError(
                "the worker did not start",
                f"{self._python}: {ending}",
                "Choose another Python in See2Sound's preferences",
                kind="worker-died",
                report=f"{self._python}: {ending}\n\n{printed}",
            )
            for job in list(self._jobs.values()):
                self._finish(job, "failed", error=error)
            return
        # The first in line is the one that ran, or that was about to: a worker that becomes idle
        # and ends just as a job is sent to it is no fault of the job.
        first = next(iter(self._jobs.values()), None)
        if first is not None:
            first.lost += 1
            if first.cancelled_at is not None:
                self._finish(first, "cancelled")
            elif first.state == "running" or first.lost >= MOST_LOST:
                error = See2SoundError(
                    "the worker ended in the middle of a job",
                    ending,
                    "Try again; a shorter clip or fewer sources need less memory",
                    kind="worker-died",
                    report=f"The worker did {first.method!r} ({first.phase}): {ending}\n\n{printed}",
                )
                self._finish(first, "failed", error=error)
        self._send_again()

    def _send_again(self) -> None:
        """Give the jobs that have not begun to a new process, in their order."""
        for job in list(self._jobs.values()):
            self._send(job)

    def _give_up(self, error: See2SoundError) -> None:
        """The process is of no use: end it; all jobs fail with this error."""
        if self._process is not None:
            self._kill(self._process)
        for job in list(self._jobs.values()):
            self._finish(job, "failed", error=error)

    def _kill(self, process: Process) -> None:
        process.kill()
        self._forget(process)

    def _forget(self, process: Process) -> None:
        self._process = None
        self._ready = None
        if not process.close():
            self._ended.append(process)
