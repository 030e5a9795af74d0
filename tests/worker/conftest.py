"""A client with a worker of its own for each test, and ways to look at processes from outside."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blender_see2sound import worker
from blender_see2sound.worker.client import Job, WorkerClient

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client() -> Iterator[WorkerClient]:
    """A client whose worker runs in this Python."""
    made = WorkerClient(sys.executable)
    yield made
    made.release()


@pytest.fixture
def no_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """No client ends its worker for a cancel unheard: jobs must stop by themselves.

    On a busy computer the client's own patience could end before the worker gets its turn.
    """
    monkeypatch.setattr(worker.client, "PATIENCE", math.inf)


def until(client: WorkerClient, happened: Callable[[], bool], seconds: float = 60.0) -> None:
    """Poll until something has happened."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        if not client.poll():
            time.sleep(0.01)


def until_running(client: WorkerClient, job: Job) -> None:
    """Poll until a job runs."""
    until(client, lambda: job.state != "queued")
    assert job.state == "running", (job.state, job.error)


def is_alive(pid: int) -> bool:
    """Whether a process computes or waits; a dead one that nobody has reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def gone_within(pid: int, seconds: float = 20.0) -> bool:
    """Whether a process ends by itself within so many seconds."""
    end = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
