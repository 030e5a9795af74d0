"""Models stay loaded, go when asked, make room for one another, and a full memory is one clear error."""

# ruff: noqa: E402 (imports follow the look whether torch is here)

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.models import keeper
from blender_see2sound.core.models.checkpoints import Checkpoint
from blender_see2sound.core.models.devices import (
    Device,
    choose_device,
    is_memory_error,
    memory_told,
)
from blender_see2sound.core.models.folder import Located
from blender_see2sound.core.models.keeper import Computing, borrowed
from blender_see2sound.core.models.loading import load_model
from blender_see2sound.core.progress import Progress

ONE = Checkpoint("owner/one", ("BertModel",))
TWO = Checkpoint("owner/two", ("BertModel",))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models")
    model = BertModel(
        BertConfig(
            vocab_size=16, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
            intermediate_size=8, max_position_embeddings=8,
        )
    )  # fmt: skip
    for checkpoint in (ONE, TWO):
        model.save_pretrained(folder / checkpoint.folder)
    return folder


@pytest.fixture(autouse=True)
def _released() -> Iterator[None]:
    keeper.release()
    yield
    keeper.release()


def make(located: Located, device: Device, progress: Progress) -> Any:
    from transformers import BertModel

    return load_model(BertModel, located, device, progress=progress)


def make_other(located: Located, device: Device, progress: Progress) -> Any:
    return make(located, device, progress)


def run(model: Any) -> Any:
    with torch.inference_mode():
        return model(input_ids=torch.tensor([[1, 2, 3]])).last_hidden_state


def test_a_model_is_loaded_once_for_all_jobs(models: Path) -> None:
    computing = Computing("cpu", models=models)
    with borrowed(ONE, computing, make) as (first, device):
        assert device == Device("cpu", "float32")
    with borrowed(TWO, computing, make) as (other, _):
        pass
    with borrowed(ONE, computing, make) as (again, _):
        assert again is first
        assert other is not first


def test_two_uses_of_one_checkpoint_do_not_push_each_other_out(models: Path) -> None:
    computing = Computing("cpu", models=models)
    with borrowed(ONE, computing, make) as (first, _), borrowed(ONE, computing, make_other):
        pass
    with borrowed(ONE, computing, make) as (again, _):
        assert again is first


def test_release_frees_what_was_kept(models: Path) -> None:
    with borrowed(ONE, Computing("cpu", models=models), make) as (model, _):
        kept = weakref.ref(model)
    del model
    gc.collect()
    assert kept() is not None
    keeper.release()
    assert kept() is None


def test_low_memory_keeps_one_model_while_it_works_and_none_after(models: Path) -> None:
    with borrowed(TWO, Computing("cpu", models=models), make) as (other, _):
        before = weakref.ref(other)
    del other
    with borrowed(ONE, Computing("cpu", low_memory=True, models=models), make) as (model, _):
        assert before() is None
        during = weakref.ref(model)
        del model
        assert during() is not None
    assert during() is None


def test_files_that_are_newer_are_loaded_anew_and_the_older_model_goes(
    models: Path, tmp_path: Path
) -> None:
    import os
    import shutil

    shutil.copytree(models, tmp_path, dirs_exist_ok=True)
    computing = Computing("cpu", models=tmp_path)
    with borrowed(ONE, computing, make) as (model, _):
        old = weakref.ref(model)
    del model
    os.utime(tmp_path / ONE.folder / "model.safetensors", ns=(0, 2**62))
    with borrowed(ONE, computing, make) as (_model, _):
        assert old() is None


@pytest.mark.parametrize(
    "raised",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
    ],
)
def test_a_full_memory_is_one_clear_error_and_the_next_job_works(
    models: Path, raised: Exception
) -> None:
    computing = Computing("cpu", models=models)
    with borrowed(TWO, computing, make) as (other, _):
        bystander = weakref.ref(other)
    del other
    with borrowed(ONE, computing, make) as (model, _):
        kept, expected = weakref.ref(model), run(model)
        full = model.encoder.layer[0].register_forward_pre_hook(_raising(raised))
    del model, full
    held: list[weakref.ref[Any]] = []
    with pytest.raises(See2SoundError) as caught:
        _job(computing, held)
    assert caught.value.kind == "no-memory"
    assert caught.value.remedy
    assert "owner/one" in str(caught.value)
    # While the error is still being told, nothing of the computation is held by it.
    gc.collect()
    assert [ref() for ref in held] == [None]
    del caught
    gc.collect()
    assert kept() is None
    assert bystander() is None
    with borrowed(ONE, computing, make) as (model, _):
        assert torch.equal(run(model), expected)


def _job(computing: Computing, held: list[weakref.ref[Any]]) -> None:
    with borrowed(ONE, computing, make) as (model, _):
        _compute(model, held)


def _compute(model: Any, held: list[weakref.ref[Any]]) -> None:
    large = np.zeros(1000)
    held.append(weakref.ref(large))
    run(model)


def _raising(error: Exception) -> Any:
    def hook(*_: Any) -> None:
        raise type(error)(*error.args)

    return hook


@pytest.mark.parametrize(
    "raised",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("Invalid buffer size: 30.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_every_allocators_words_are_known(raised: Exception) -> None:
    with pytest.raises(See2SoundError) as caught, memory_told("a model", Device("cuda", "float32")):
        raise raised
    assert caught.value.kind == "no-memory"
    assert "GPU" in str(caught.value)
    assert "Low Memory" in caught.value.remedy
    with (
        pytest.raises(See2SoundError) as caught,
        memory_told("a model", Device("cpu", "float32"), low_memory=True),
    ):
        raise raised
    assert "Low Memory" not in caught.value.remedy


def test_a_model_that_fails_while_it_works_is_one_error_that_names_it(models: Path) -> None:
    with (
        pytest.raises(See2SoundError, match="owner/one has failed") as caught,
        borrowed(ONE, Computing("cpu", models=models), make) as (model, _),
    ):
        model(input_ids=torch.tensor([[99]]))
    assert str(models / ONE.folder) in caught.value.remedy


def test_an_old_library_is_told(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    monkeypatch.setattr(transformers, "__version__", "4.57.1")
    with (
        pytest.raises(See2SoundError, match=r"4\.57\.1 is too old") as caught,
        borrowed(ONE, Computing("cpu", models=models), make),
    ):
        pass
    assert caught.value.kind == "missing-part"


def test_a_full_memory_while_loading_is_told_as_such(models: Path) -> None:
    class Huge:
        @staticmethod
        def from_pretrained(*_: Any, **__: Any) -> Any:
            return torch.empty(2**60)

    def make_huge(located: Located, device: Device, progress: Progress) -> Any:
        return load_model(Huge, located, device, progress=progress)

    with (
        pytest.raises(See2SoundError) as caught,
        borrowed(ONE, Computing("cpu", models=models), make_huge),
    ):
        pass
    assert caught.value.kind == "no-memory"
    assert "main memory" in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("shapes do not match"), NotImplementedError("no"), RecursionError("deep"),
     ValueError("out of memory is what it speaks of")],
)  # fmt: skip
def test_other_errors_are_not_taken_for_a_full_memory(error: Exception) -> None:
    assert not is_memory_error(error)
    with pytest.raises(type(error)), memory_told("a model", Device("cpu", "float32")):
        raise error


def test_an_unknown_device_is_refused_with_those_that_are_here() -> None:
    with pytest.raises(See2SoundError) as caught:
        choose_device("tpu")
    assert caught.value.kind == "bad-request"
    assert "cpu" in str(caught.value)
    assert choose_device("auto").name in {"cpu", "cuda", "mps"}


def test_remarks_of_the_library_are_back_after_the_work(models: Path) -> None:
    from transformers.utils import logging

    logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    level = logging.get_verbosity()
    with borrowed(ONE, Computing("cpu", models=models), make):
        assert not logging.is_progress_bar_enabled()
    assert logging.is_progress_bar_enabled()
    assert logging.get_verbosity() == level
