"""How worker processes begin and end, whoever ends first; looked at from outside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.worker.client import WorkerClient

from . import scenes
from .conftest import ROOT, gone_within, is_alive, until, until_running

posix = pytest.mark.skipif(os.name == "nt", reason="needs signals or shell scripts")


def script(path: Path, text: str) -> str:
    """Write a program that stands where a Python was expected."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def long_job(folder: Path) -> dict[str, object]:
    """Parameters of a `sound` job that takes far longer than a test lasts."""
    return {"scene": str(scenes.write(folder / "long.json", seconds=60.0, sources=400))}


# ------------------------------------------------------------------- ending


@posix
def test_a_killed_worker_fails_its_job_with_a_report_and_the_line_goes_on(client, tmp_path):
    job = client.submit("sound", long_job(tmp_path))
    waiting = client.submit("ping", {})
    until_running(client, job)
    os.kill(client.worker["pid"], signal.SIGKILL)
    until(client, lambda: job.finished)
    assert job.state == "failed"
    assert job.error.kind == "worker-died"
    assert "killed" in job.error.why
    assert job.error.remedy
    assert "sound" in job.error.report
    assert client.wait(waiting)["pid"] == client.worker["pid"]


@posix
def test_a_crash_in_c_code_leaves_its_traceback_in_the_report(client, tmp_path):
    job = client.submit("sound", long_job(tmp_path))
    until(client, lambda: job.fraction > 0)
    os.kill(client.worker["pid"], signal.SIGSEGV)
    until(client, lambda: job.finished)
    assert "SIGSEGV" in job.error.why
    assert "make_sounds" in job.error.report


@posix
def test_a_worker_that_died_while_idle_is_replaced_without_a_word(client):
    first = client.wait(client.submit("ping", {}))["pid"]
    os.kill(first, signal.SIGKILL)
    assert gone_within(first)
    # The client has not looked since: it sends to a process that is no more.
    assert client.wait(client.submit("ping", {}))["pid"] != first


def test_an_idle_worker_ends_and_the_next_job_starts_another():
    client = WorkerClient(sys.executable, idle_seconds=0.2)
    first = client.wait(client.submit("ping", {}))["pid"]
    assert gone_within(first)
    until(client, lambda: not client.running)
    assert not Path(f"/proc/{first}").exists(), "it was left as a zombie"
    assert client.wait(client.submit("ping", {}))["pid"] != first
    client.release()


def test_jobs_that_meet_a_worker_about_to_end_are_done_all_the_same():
    client = WorkerClient(sys.executable, idle_seconds=0.05)
    for _ in range(8):
        assert client.wait(client.submit("ping", {}))
        time.sleep(0.05)
    client.release()


def test_release_ends_the_process_at_once_and_cancels_what_it_did(client, tmp_path):
    job, waiting = client.submit("sound", long_job(tmp_path)), client.submit("ping", {})
    until_running(client, job)
    pid = client.worker["pid"]
    client.release()
    assert not client.running
    assert (job.state, waiting.state) == ("cancelled", "cancelled")
    assert gone_within(pid)
    client.poll()
    assert not Path(f"/proc/{pid}").exists(), "it was left as a zombie"
    client.release()
    assert client.wait(client.submit("ping", {}))["pid"] != pid


def test_the_client_keeps_no_thread_and_no_open_file(client):
    client.wait(client.submit("ping", {}))
    client.release()
    before = len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0
    threads = threading.active_count()
    for _ in range(3):
        client.wait(client.submit("ping", {}))
        assert threading.active_count() == threads
        client.release()
    after = len(os.listdir("/dev/fd")) if os.path.isdir("/dev/fd") else 0
    assert after == before


PARENT = """
import sys, time
from blender_see2sound.worker.client import WorkerClient
client = WorkerClient(sys.executable)
job = client.submit("sound", {{"scene": {scene!r}}})
while job.fraction == 0.0:
    client.poll()
    assert not job.finished, job.error
print(client.worker["pid"], flush=True)
time.sleep(600)
"""


@posix
def test_a_computing_worker_ends_with_its_parent(tmp_path):
    code = PARENT.format(scene=long_job(tmp_path)["scene"])
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        worker = int(parent.stdout.readline())
        assert is_alive(worker)
        parent.kill()
        parent.wait()
        assert gone_within(worker)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is used on Linux")
def test_a_process_whose_c_code_lets_no_thread_run_ends_with_its_lifeline():
    read, write = os.pipe()
    code = f"""
        import collections, itertools
        from blender_see2sound.worker.parent import end_with
        end_with({read})
        print("computing", flush=True)
        collections.deque(itertools.repeat(0), maxlen=0)  # for ever, and holds Python's lock
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        pass_fds=(read,),
    )
    os.close(read)
    assert child.stdout.readline() == b"computing\n"
    assert child.poll() is None
    os.close(write)
    assert child.wait(2.0) != 0
    child.stdout.close()


# ------------------------------------------------------------------ starting


@posix
@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("exit 0", "code 0"),
        ("echo no module named sys >&2; exit 1", "code 1"),
        ("kill -ABRT $$", "SIGABRT"),
    ],
)
def test_a_program_that_is_no_worker_fails_the_jobs_and_shows_what_it_printed(
    tmp_path, program, why
):
    client = WorkerClient(script(tmp_path / "python", f"echo strange >&2; {program}"))
    jobs = [client.submit("ping", {}), client.submit("ping", {})]
    for job in jobs:
        until(client, lambda job=job: job.finished)
        assert job.error.kind == "worker-died"
        assert why in job.error.why
        assert "strange" in job.error.report
    assert not client.running


@posix
@pytest.mark.parametrize("program", ["sleep 60", "yes", "cat /dev/zero"])
def test_a_program_that_never_gets_ready_is_given_up(tmp_path, program):
    client = WorkerClient(script(tmp_path / "python", program), start_timeout=0.5)
    with pytest.raises(See2SoundError, match="did not start"):
        client.wait(client.submit("ping", {}))
    assert not client.running


@posix
def test_a_python_that_is_too_old_says_so(tmp_path):
    # It answers as the real ones do; which old ones there are here, nobody knows.
    says = '{"jsonrpc":"2.0","method":"refused","params":{"python":"2.7"}}'
    client = WorkerClient(script(tmp_path / "python", f"echo '{says}'; exit 3"))
    with pytest.raises(See2SoundError, match=r"Python 2\.7 is too old.*3\.11"):
        client.wait(client.submit("ping", {}))


def here(python: str) -> str:
    """The program, where this Python is installed and runs; the test is skipped otherwise."""
    found = shutil.which(python)
    runs = found and subprocess.run([found, "-c", ""], capture_output=True, check=False)
    if not found or runs.returncode != 0:
        pytest.skip(f"there is no {python} here")
    return found


@pytest.mark.parametrize("python", ["python2.7", "python3.8", "python3.10"])
def test_a_real_old_python_says_so(python):
    client = WorkerClient(here(python))
    with pytest.raises(See2SoundError, match="is too old"):
        client.wait(client.submit("ping", {}))


@pytest.mark.parametrize("python", ["", "/nowhere/python", "no-such-python", "."])
def test_a_python_that_is_not_there_fails_the_job_at_once(python):
    client = WorkerClient(python)
    job = client.submit("ping", {})
    assert job.state == "failed"
    assert job.error.kind == "missing-part"
    assert "preferences" in job.error.remedy
    assert not client.running


@posix
def test_a_file_that_is_no_program_fails_the_job_at_once(tmp_path):
    (tmp_path / "python").write_bytes(b"\x00\x01")
    (tmp_path / "python").chmod(0o755)
    job = WorkerClient(str(tmp_path / "python")).submit("ping", {})
    assert (job.state, job.error.kind) == ("failed", "missing-part")


@posix
def test_a_python_without_the_packages_names_them(tmp_path):
    bare = script(tmp_path / "python", f'exec "{sys.executable}" -S "$@"')
    client = WorkerClient(bare)
    assert client.wait(client.submit("ping", {}))
    scene = scenes.write(tmp_path / "scene.json")
    with pytest.raises(See2SoundError) as caught:
        client.wait(client.submit("sound", {"scene": str(scene)}))
    assert caught.value.kind == "missing-part"
    assert "numpy" in str(caught.value)
    client.release()


@posix
def test_what_is_printed_before_the_start_does_no_harm(tmp_path):
    noise = "printf 'hello\\377\\n{}\\n[]\\nno newline'; echo; yes | head -c 300000 >&2"
    client = WorkerClient(script(tmp_path / "python", f'{noise}; exec "{sys.executable}" "$@"'))
    assert client.wait(client.submit("ping", {}))
    client.release()


def test_neither_blenders_environment_nor_the_current_folder_lead_it_astray(
    tmp_path, monkeypatch, client
):
    for name in ("json", "numpy", "blender_see2sound"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    scene = scenes.write(tmp_path / "scene.json")
    assert client.wait(client.submit("sound", {"scene": str(scene)}))["sounds"]


EXTENSION = """
import sys, types, threading
for name, folder in (("bl_ext", {root!r}), ("bl_ext.user_default", {root!r})):
    package = types.ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package
from bl_ext.user_default.blender_see2sound.worker.client import WorkerClient
client = WorkerClient({python!r}, python_paths=[{wheels!r}])
job = client.submit("ping", {{}})
print(client.wait(job)["python"], threading.active_count())
client.release()
foreign = [n for n in sys.modules if n.partition(".")[0] in ("numpy", "scipy", "blender_see2sound")]
assert not foreign, foreign
"""


@pytest.mark.parametrize("python", [sys.executable, "python3.12", "python3.13", "python3.14"])
def test_it_works_from_an_extensions_folder_in_a_bare_python(tmp_path, python):
    folder = tmp_path / "extensions" / "user_default"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "blender_see2sound", folder / "blender_see2sound", ignore=ignored)
    # Another extension beside it bears the name of something that the worker imports.
    (folder / "numpy").mkdir()
    (folder / "numpy" / "__init__.py").write_text("raise SystemExit('another extension')")
    code = EXTENSION.format(root=str(folder), python=sys.executable, wheels=str(tmp_path / "w"))
    done = subprocess.run(
        [here(python), "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"{'.'.join(map(str, sys.version_info[:3]))} 1\n", done.stderr


def test_packages_are_found_in_the_given_folders_after_pythons_own(tmp_path):
    # A Python without packages of its own and a folder of them, as an extension's wheels are.
    numpy = pytest.importorskip("numpy")
    site = Path(numpy.__file__).parents[1]
    bare = script(tmp_path / "python", f'exec "{sys.executable}" -S "$@"')
    client = WorkerClient(bare, python_paths=[str(site)])
    scene = scenes.write(tmp_path / "scene.json")
    assert client.wait(client.submit("sound", {"scene": str(scene)}))["sounds"]
    client.release()


@posix
def test_the_worker_gives_way_to_the_interface(client):
    pid = client.wait(client.submit("ping", {}))["pid"]
    assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
