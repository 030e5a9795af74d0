"""This Blender's state that is in no file: its worker, the running job, what went wrong last.

Panels read it and nothing else reads panels; one job runs at a time.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...core.errors import Cancelled, See2SoundError
from ..blend import windows
from ..setup import computer
from .task import Task, Tick, Work

if TYPE_CHECKING:
    from ...worker.client import WorkerClient


@dataclass(frozen=True)
class Failure:
    """What went wrong last.

    Attributes
    ----------
    title : str
        The step that failed.
    error : See2SoundError
    """

    title: str
    error: See2SoundError


@dataclass
class Session:
    """What the panels show.

    Attributes
    ----------
    task : Task or None
        The job that runs.
    failure : Failure or None
        What went wrong last, until the next job starts or a person dismisses it.
    notes : list of str
        What the last job has to say beside its result.
    check : tuple of (str, str)
        What the check of the worker's Python said, a line and its icon each.
    render_waits : bool
        A render has begun and waits for its mix: the document may still be changed.
    """

    task: Task | None = None
    failure: Failure | None = None
    notes: list[str] = field(default_factory=list)
    check: tuple[tuple[str, str], ...] = ()
    render_waits: bool = False


state = Session()
_client: WorkerClient | None = None
_made_for: tuple[str, tuple[str, ...], float] | None = None


# ------------------------------------------------------------------ the job


def busy() -> bool:
    """A job is running."""
    return state.task is not None and state.task.running


def busy_message() -> str:
    """The sentence that a second start gets."""
    title = state.task.title if state.task is not None else ""
    return f"See2Sound is working ({title}): wait for it, or cancel it"


def rendering() -> bool:
    """A render reads the document, which must not be changed now."""
    return bpy.app.is_job_running("RENDER") and not state.render_waits


def start(title: str, work: Work[Any]) -> Task:
    """Begin a job; the caller drives it.

    Raises
    ------
    See2SoundError
        When another one runs.
    """
    if busy():
        work.close()
        raise See2SoundError(busy_message(), kind="bad-request")
    state.failure = None
    state.notes = []
    state.task = Task(title, work)
    return state.task


def finish(task: Task) -> None:
    """Take a job that has ended off the panels and keep what it has to say."""
    if state.task is task:
        state.task = None
    if task.error is not None:
        state.failure = Failure(task.title, task.error)
    windows.redraw()


def fail(title: str, error: See2SoundError) -> None:
    """Show an error of something that is no job."""
    state.failure = Failure(title, error)
    windows.redraw()


def forget() -> None:
    """Another file is open: what was said about the last one goes."""
    state.failure = None
    state.notes = []


def cancel() -> None:
    """Ask the running job to stop; whoever drives it does the rest."""
    if state.task is not None:
        state.task.cancel()
        windows.redraw()


def abandon() -> None:
    """Stop the job at once, because Blender's data is about to be replaced."""
    task, state.task = state.task, None
    if task is not None:
        task.abandon()
        if task.error is not None:
            state.failure = Failure(task.title, task.error)


def note(*texts: str) -> None:
    """Keep sentences for the panel, each once."""
    state.notes += [text for text in dict.fromkeys(texts) if text not in state.notes]


# ------------------------------------------------------------------ the worker


def worker() -> WorkerClient:
    """The client of the worker that the preferences describe; it starts with the first job."""
    global _client, _made_for
    from ...worker.client import WorkerClient

    wanted = computer.settings()
    made_for = (wanted.python, wanted.python_paths, wanted.idle_minutes)
    if _client is not None and _made_for != made_for:
        release()
    if _client is None:
        _client = WorkerClient(
            wanted.python,
            python_paths=wanted.python_paths,
            idle_seconds=wanted.idle_minutes * 60.0,
        )
        _made_for = made_for
    return _client


def look_after_worker() -> None:
    """See to a worker that was told to stop by a job that nobody drives any more."""
    if _client is not None and not busy():
        _client.poll()


def worker_runs() -> bool:
    """A worker process is there."""
    return _client is not None and _client.running


def release() -> None:
    """End the worker, and with it whatever memory its models hold."""
    global _client
    if _client is not None:
        _client.release()
        _client = None


def ask(method: str, params: dict[str, Any]) -> Work[Any]:
    """Let the worker do one thing; yield how far it is, return what it answers.

    Cancelling tells the worker, waits until it has let go (the client ends a worker
    that does not) and raises `Cancelled`.
    """
    client = worker()
    phase = "Waiting for the worker" if client.running else "Starting the worker"
    yield Tick(phase, 0.0)
    job = client.submit(method, params)
    try:
        while not job.finished:
            try:
                yield Tick(job.phase or phase, job.fraction, waiting=True)
            except Cancelled:
                client.cancel(job)
            client.poll()
    except GeneratorExit:
        client.cancel(job)
        raise
    if job.error is not None:
        raise job.error
    if job.state == "cancelled":
        raise Cancelled
    return job.result


@contextlib.contextmanager
def job_folder() -> Iterator[str]:
    """A folder for what worker and Blender hand to each other during one job.

    When a job is given up (another file is opened) the worker may still be writing there: what
    then stays behind is removed by the next job, or by Blender's own end.
    """
    import tempfile

    own = bpy.app.tempdir
    if own:
        for left in Path(own).glob("job-*"):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix="job-", dir=own or None, ignore_cleanup_errors=True
    ) as name:
        yield name


def report_of(failure: Failure) -> str:
    """Everything about a failure, for the clipboard."""
    error = failure.error
    lines = (
        f"See2Sound: {failure.title}",
        f"What: {error.what}",
        f"Why: {error.why}",
        f"Remedy: {error.remedy}",
        f"Kind: {error.kind}",
        f"Blender {bpy.app.version_string} ({bpy.app.build_platform.decode(errors='replace')})",
        f"Worker's Python: {computer.settings().python}",
        "",
        error.report,
    )
    return "\n".join(lines).rstrip() + "\n"


def register() -> None:
    """Begin with nothing to show."""
    state.task, state.failure, state.notes, state.check = None, None, [], ()


def unregister() -> None:
    """End the job and the worker."""
    abandon()
    release()
