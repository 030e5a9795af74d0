"""Jobs through the client: results, order, progress, cancel and errors, with real work."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blender_see2sound.core import parts
from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.worker.client import PATIENCE, WorkerClient

from . import scenes
from .conftest import until, until_running


def long_scene(folder: Path) -> str:
    """A scene whose sounds take far longer to make than a test lasts."""
    return str(scenes.write(folder / "long.json", seconds=60.0, sources=400))


@pytest.fixture(scope="module")
def client() -> Iterator[WorkerClient]:
    """One client for all tests here, so that the worker loads its libraries once."""
    made = WorkerClient(sys.executable)
    yield made
    made.release()


def test_the_worker_lists_the_parts_as_the_library_does(client):
    assert client.wait(client.submit("models", {}))["parts"] == parts.listing()


def test_submitting_does_not_wait_for_the_worker(client):
    job = client.submit("ping", {})
    assert job.state == "queued"
    assert client.running
    assert client.wait(job)["pid"] == client.worker["pid"]
    assert (job.state, job.fraction) == ("done", 1.0)


def test_jobs_are_done_one_by_one_in_their_order(client, tmp_path):
    submitted = [
        client.submit("sound", {"scene": str(scenes.write(tmp_path / f"{n}.json"))})
        for n in range(3)
    ]
    finished = []
    while len(finished) < 3:
        client.poll()
        assert sum(job.state == "running" for job in submitted) <= 1
        finished += [job for job in submitted if job.finished and job not in finished]
    assert finished == submitted
    assert all(job.state == "done" for job in submitted), [job.error for job in submitted]


def test_a_scene_is_sounded_and_mixed(client, tmp_path):
    scene = scenes.write(tmp_path / "Szene mit Ümlaut 海.json")
    sounded = client.wait(client.submit("sound", {"scene": str(scene), "only": ["s2"]}))
    assert sounded == {
        "scene": str(scene),
        "sounds": {"s2": str(tmp_path / "sounds" / "s2.wav")},
        "takes": {"s2": [str(tmp_path / "sounds" / "s2.wav")]},
        "warnings": [],
    }
    assert Path(sounded["sounds"]["s2"]).stat().st_size > 48_000
    output = tmp_path / "mix.wav"
    report = client.wait(client.submit("mix", {"scene": str(scene), "output": str(output)}))
    assert isinstance(report, dict)
    assert output.stat().st_size > 6 * 48_000


def test_a_path_that_is_not_unicode_reaches_the_worker_as_it_is(client, tmp_path):
    scene = os.path.join(tmp_path, os.fsdecode(b"sc\xe8ne.json"))
    try:
        scenes.write(Path(scene))
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    assert client.wait(client.submit("sound", {"scene": scene}))["scene"] == scene


def test_progress_comes_steadily_never_runs_back_and_does_not_flood(client, tmp_path):
    job = client.submit("sound", {"scene": long_scene(tmp_path)})
    until_running(client, job)
    phases, fractions, moments = set(), [], []
    process = client._process
    begun = time.monotonic()
    while len(moments) < 5:
        assert time.monotonic() - begun < 30.0, "it says too little"
        for message in process.look():
            told = message["params"]
            moments.append(time.monotonic())
            phases.add(told["phase"])
            fractions.append(told["fraction"])
        time.sleep(0.005)
    assert fractions == sorted(fractions)
    assert all(phases)
    assert len(moments) <= 2 + 20.0 * (moments[-1] - begun), "it floods who listens"
    client.cancel(job)


def test_a_running_job_stops_by_itself_and_the_same_worker_goes_on(client, tmp_path, no_force):
    job = client.submit("sound", {"scene": long_scene(tmp_path)})
    until(client, lambda: job.fraction > 0.0)
    pid = client.worker["pid"]
    client.cancel(job)
    assert job.cancelling
    until(client, lambda: job.finished)
    assert job.state == "cancelled"
    assert client.wait(client.submit("ping", {}))["pid"] == pid
    assert not list(tmp_path.rglob(".*")), "something half-written was left"


def test_a_job_that_still_loads_its_libraries_is_cancelled_too(tmp_path, no_force):
    client = WorkerClient(sys.executable)
    job = client.submit("sound", {"scene": long_scene(tmp_path)})
    until_running(client, job)
    pid = client.worker["pid"]
    client.cancel(job)
    until(client, lambda: job.finished)
    assert job.state == "cancelled"
    assert client.wait(client.submit("ping", {}))["pid"] == pid
    assert not [*tmp_path.rglob("sounds/*")]
    client.release()


def test_a_queued_job_is_cancelled_at_once_and_never_done(client, tmp_path):
    first = client.submit("sound", {"scene": long_scene(tmp_path)})
    scene = scenes.write(tmp_path / "queued.json")
    queued = client.submit("sound", {"scene": str(scene)})
    until_running(client, first)
    client.cancel(queued)
    assert queued.state == "cancelled"
    client.cancel(first)
    with pytest.raises(Cancelled):
        client.wait(first)
    client.wait(client.submit("ping", {}))
    assert not (tmp_path / "sounds" / "s1.wav").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a signal that stops a process")
def test_a_worker_that_does_not_listen_is_ended_and_the_line_goes_on_in_order(client, tmp_path):
    stuck = client.submit("sound", {"scene": long_scene(tmp_path)})
    waiting = [client.submit("ping", {}) for _ in range(3)]
    until_running(client, stuck)
    first_worker = client.worker["pid"]
    os.kill(first_worker, signal.SIGSTOP)
    client.cancel(stuck)
    asked = time.monotonic()
    until(client, lambda: stuck.finished)
    assert stuck.state == "cancelled"
    assert time.monotonic() - asked > 0.8 * PATIENCE
    finished = []
    until(client, lambda: [finished.append(j) for j in waiting if j.finished and j not in finished] and len(finished) == 3)  # fmt: skip
    assert finished == waiting
    assert {job.result["pid"] for job in waiting} != {first_worker}


def test_the_one_who_waits_may_cancel(client, tmp_path):
    told = []

    def on_progress(phase: str, fraction: float) -> None:
        told.append((phase, fraction))
        raise Cancelled

    job = client.submit("sound", {"scene": long_scene(tmp_path)})
    with pytest.raises(Cancelled):
        client.wait(job, on_progress)
    assert told
    assert job.state == "cancelled"


@pytest.mark.parametrize(
    ("method", "params", "named"),
    [
        ("paint", {}, "paint"),
        ("sound", {}, "sound.scene"),
        ("sound", {"scene": "scene.json"}, "sound.scene"),
        ("sound", {"scene": ""}, "sound.scene"),
        ("sound", {"scene": "/s.json", "seed": 1.5}, "sound.seed"),
        ("sound", {"scene": "/s.json", "seed": True}, "sound.seed"),
        ("sound", {"scene": "/s.json", "only": "s1"}, "sound.only"),
        ("sound", {"scene": "/s.json", "volume": 3}, "sound.volume"),
        ("mix", {"scene": "/s.json"}, "mix.output"),
        ("mix", {"scene": "/s.json", "output": "/m.wav", "room": 1}, "mix.room"),
        ("mix", {"scene": "/s.json", "output": "/m.wav", "room": ""}, "mix.room"),
        ("mix", {"scene": "/s.json", "output": "/m.wav", "renderer": 2}, "mix.renderer"),
        ("mix", {"scene": "/s.json", "output": "/m.wav", "lufs": "loud"}, "mix.lufs"),
        ("mix", {"scene": "/s.json", "output": "/m.wav", "air": [20.0]}, "mix.air"),
        ("mix", {"scene": "/s.json", "output": "/m.wav", "propagation": 1}, "mix.propagation"),
        ("find", {"scene": "/s.json"}, "find.clip"),
        ("find", {"scene": "/s.json", "clip": {"path": "a.mp4"}}, "find.clip.path"),
        ("find", {"scene": "/s.json", "clip": {"path": "/a", "time_map": [[0]]}}, "clip.time_map"),
        ("find", {"scene": "/s.json", "clip": {"path": "/a", "files": ["b.png"]}}, "clip.files"),
    ],
)
def test_a_request_that_cannot_be_used_names_the_field(client, method, params, named):
    with pytest.raises(See2SoundError) as caught:
        client.wait(client.submit(method, params))
    assert caught.value.kind == "bad-request"
    assert named in caught.value.what


def test_numbers_that_json_has_no_word_for_fail_the_job_and_not_the_client(client):
    job = client.submit("mix", {"scene": "/s.json", "output": "/m.wav", "lufs": float("nan")})
    assert (job.state, job.error.kind) == ("failed", "bad-request")
    assert client.wait(client.submit("ping", {}))


def test_a_request_larger_than_any_pipe_arrives(client, tmp_path):
    scene = scenes.write(tmp_path / "scene.json")
    ids = [f"nobody-{number}" for number in range(100_000)]
    job = client.submit("sound", {"scene": str(scene), "only": ids})
    with pytest.raises(See2SoundError, match="nobody-0"):
        client.wait(job)


def test_an_error_carries_remedy_and_a_report_for_developers(client, tmp_path):
    with pytest.raises(See2SoundError) as caught:
        client.wait(client.submit("sound", {"scene": str(tmp_path / "none.json")}))
    error = caught.value
    assert error.kind == "missing-file"
    assert str(tmp_path / "none.json") in error.what
    assert error.remedy
    for part in ("See2Sound", "Python 3", "numpy", "Traceback", "read_scene"):
        assert part in error.report


def test_two_threads_may_use_one_client(client: WorkerClient):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        pids = list(pool.map(lambda _: client.wait(client.submit("ping", {}))["pid"], range(24)))
    assert len(set(pids)) == 1
