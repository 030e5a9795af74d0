"""Models in the worker: kept between jobs, cancelled in the middle, missing and broken ones."""

# ruff: noqa: E402 (imports follow the look whether torch is here)

from __future__ import annotations

import gc
import sys
import time
import types
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
transformers = pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.models import keeper
from blender_see2sound.core.scene import read_scene
from blender_see2sound.worker import jobs
from blender_see2sound.worker.client import WorkerClient
from blender_see2sound.worker.server import Server
from tests.core.clips import EXAMPLE
from tests.core.tiny_models import save_free_set

from .conftest import until


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_free_set(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def client() -> Iterator[WorkerClient]:
    """One client for all tests here, so that the worker loads its libraries once."""
    made = WorkerClient(sys.executable)
    yield made
    made.release()


def request(folder: Path, models: Path, seconds: float = 0.7, **more: Any) -> dict[str, Any]:
    clip = {"path": str(EXAMPLE), "duration": seconds}
    return {
        "clip": clip, "scene": str(folder / "scene.json"), "set": "free", "fov": 50.0,
        "models": str(models), "device": "cpu", "sources": 3, **more,
    }  # fmt: skip


@pytest.mark.parametrize("low_memory", [False, True])
def test_models_are_kept_for_the_next_job_unless_memory_is_low(
    low_memory: bool, models: Path, tmp_path: Path
) -> None:
    keeper.release()
    asked = request(tmp_path, models, low_memory=low_memory)
    phases: list[list[str]] = [[], []]
    for told in phases:
        jobs.find(jobs.Params(dict(asked), "find"), lambda phase, _, told=told: told.append(phase))
    assert phases[0].count("Loading the model")
    assert ("Loading the model" in phases[1]) == low_memory
    keeper.release()


class _Quiet:
    """What a server tells of a running job."""

    id = 1

    def __call__(self, phase: str, fraction: float) -> None:
        pass


def _done(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """What a server answers to a request."""
    asked = {"id": 1, "method": method, "params": params}
    return Server._do(types.SimpleNamespace(), asked, _Quiet())  # type: ignore[arg-type]


def test_a_failed_job_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[Any]] = []

    def fail(params: jobs.Params, progress: Any) -> Any:
        large = np.zeros(1000)
        held.append(weakref.ref(large))
        try:
            raise MemoryError
        except MemoryError as error:
            raise See2SoundError("memory is full", kind="no-memory") from error

    monkeypatch.setitem(jobs.METHODS, "fail", fail)
    gc.disable()
    try:
        assert "memory is full" in str(_done("fail", {})["error"])
        assert held[0]() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("full", [False, True])
def test_a_job_that_keeps_no_models_gives_their_memory_back(
    full: bool, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.release()
    made: list[weakref.ref[Any]] = []
    alive: list[int] = []
    evaluate, free = transformers.PreTrainedModel.eval, keeper.free

    def noted(self: Any) -> Any:
        made.append(weakref.ref(self))
        return evaluate(self)

    def counted(device: Any) -> None:
        free(device)
        alive.append(sum(ref() is not None for ref in made))

    monkeypatch.setattr(transformers.PreTrainedModel, "eval", noted)
    monkeypatch.setattr(keeper, "free", counted)
    if full:
        monkeypatch.setattr(torch.nn.functional, "conv2d", _full)
    answer = _done("find", request(tmp_path, models, low_memory=not full))
    assert ("error" in answer) == full
    keeper.tidy()
    assert made
    assert alive[-1] == 0, "memory was emptied while a model was still there"


def _full(*_: Any, **__: Any) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")


def test_a_cancelled_job_leaves_the_worker_and_its_models(
    client: WorkerClient, models: Path, tmp_path: Path
) -> None:
    first = client.wait(client.submit("find", request(tmp_path, models, off_screen=True)))
    pid = client.worker["pid"]
    assert first["sources"]
    scene = read_scene(tmp_path / "scene.json")
    job = client.submit("find", request(tmp_path, models, seconds=10.0))
    until(client, lambda: job.finished or job.phase == "Following what was found", 60.0)
    assert job.state == "running", job.error
    client.cancel(job)
    asked = time.monotonic()
    until(client, lambda: job.finished)
    assert job.state == "cancelled"
    assert time.monotonic() - asked < 2.5, "it was only stopped by force"
    assert read_scene(tmp_path / "scene.json") == scene
    client.wait(client.submit("find", request(tmp_path, models, off_screen=True)))
    assert client.worker["pid"] == pid
    assert read_scene(tmp_path / "scene.json") == scene, "the same clip gives the same scene"


def test_a_cancel_while_models_load_is_heard(
    client: WorkerClient, models: Path, tmp_path: Path
) -> None:
    job = client.submit("find", request(tmp_path, models, seconds=10.0, low_memory=True))
    until(client, lambda: job.state == "running")
    client.cancel(job)
    until(client, lambda: job.finished)
    assert job.state == "cancelled"
    assert not (tmp_path / "scene.json").exists()


@pytest.mark.parametrize(
    ("more", "names", "kind"),
    [
        ({"set": "best"}, "apple/DepthPro-hf", "missing-part"),
        ({"set": "dearest"}, "dearest", "bad-request"),
        ({"device": "tpu"}, "tpu", "bad-request"),
        ({"models": "here"}, "absolute", "bad-request"),
        ({"low_memory": "yes"}, "low_memory", "bad-request"),
    ],
)
def test_what_cannot_be_is_told_and_the_worker_goes_on(
    client: WorkerClient, models: Path, tmp_path: Path, more: dict[str, Any], names: str, kind: str
) -> None:
    with pytest.raises(See2SoundError, match=names) as caught:
        client.wait(client.submit("find", {**request(tmp_path, models), **more}))
    assert caught.value.kind == kind
    assert client.wait(client.submit("ping", {}))["pid"] == client.worker["pid"]


def test_a_broken_model_is_named_and_the_report_tells_versions(
    client: WorkerClient, tmp_path: Path
) -> None:
    models = save_free_set(tmp_path / "models")
    weights = models / "facebook--sam2.1-hiera-large" / "model.safetensors"
    weights.write_bytes(b"\x10" * 64)
    with pytest.raises(See2SoundError, match=r"model\.safetensors") as caught:
        client.wait(client.submit("find", request(tmp_path, models)))
    assert caught.value.kind == "missing-part"
    assert "transformers" in caught.value.report


def test_the_list_is_that_of_the_folder(client: WorkerClient, models: Path) -> None:
    told = client.wait(client.submit("models", {"models": str(models)}))
    assert [one["name"] for one in told["sets"] if one["complete"]] == ["built-in", "free"]
