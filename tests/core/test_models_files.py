"""Checkpoints on disk: found, whole, what they were; everything that is wrong names its file."""

# ruff: noqa: E402 (imports follow the look whether torch is here)

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core import parts
from blender_see2sound.core.errors import Cancelled, See2SoundError
from blender_see2sound.core.models import keeper
from blender_see2sound.core.models.checkpoints import Checkpoint
from blender_see2sound.core.models.devices import Device
from blender_see2sound.core.models.folder import RECORD, Located, models_folder
from blender_see2sound.core.models.keeper import Computing, borrowed
from blender_see2sound.core.models.loading import load_tool
from blender_see2sound.core.progress import Progress

from .tiny_checkpoint import COMMIT, TINY, load, make, refused, save


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model as it would be downloaded."""
    return save(tmp_path_factory.mktemp("published"))


@pytest.fixture
def folder(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with it, and an empty Hugging Face cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    keeper.release()
    shutil.copytree(published, tmp_path / "models" / "owner--tiny")
    return tmp_path / "models"


def test_a_folder_loads_and_is_recorded_when_it_has_proved_good(folder: Path) -> None:
    model = load(folder)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    record = json.loads((folder / "owner--tiny" / RECORD).read_text())
    weights = (folder / "owner--tiny/model.safetensors").read_bytes()
    assert record["repository"] == "owner/tiny"
    assert record["commit"] is None
    assert record["files"]["model.safetensors"] == hashlib.sha256(weights).hexdigest()
    assert set(record["files"]) == {"config.json", "tokenizer.json", "model.safetensors"}
    load(folder)


def test_owner_and_name_may_be_folders_and_the_commit_of_a_download_is_recorded(
    folder: Path,
) -> None:
    nested = folder / "owner" / "tiny"
    nested.parent.mkdir()
    (folder / "owner--tiny").rename(nested)
    notes = nested / ".cache/huggingface/download/config.json.metadata"
    notes.parent.mkdir(parents=True)
    notes.write_text(f"{COMMIT}\netag\n1.0\n")
    load(folder)
    assert json.loads((nested / RECORD).read_text())["commit"] == COMMIT


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / "owner--tiny" / name).unlink()
    error = refused(folder)
    assert error.kind == "missing-part"
    assert str(folder / "owner--tiny" / name) in str(error)


def test_a_missing_model_names_its_folder_before_torch_is_asked(folder: Path) -> None:
    error = refused(folder, Checkpoint("other/model", ("BertModel",)))
    assert error.kind == "missing-part"
    assert str(folder / "other--model") in str(error)


@pytest.mark.parametrize("keep", [0, 4, 100, 1000])
def test_cut_off_weights_are_named_and_not_recorded(folder: Path, keep: int) -> None:
    weights = folder / "owner--tiny/model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:keep])
    error = refused(folder)
    assert error.kind == "missing-part"
    assert str(weights) in str(error)
    assert str(folder / "owner--tiny") in error.remedy
    # A new download of the whole file is not taken for a change.
    weights.write_bytes(whole)
    load(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_broken_small_files_are_named(folder: Path, name: str, content: bytes) -> None:
    (folder / "owner--tiny" / name).write_bytes(content)
    error = refused(folder)
    assert error.kind == "missing-part"
    assert name in str(error)
    assert not (folder / "owner--tiny" / RECORD).exists()


def test_another_architecture_is_told(folder: Path) -> None:
    error = refused(folder, Checkpoint("owner/tiny", ("RobertaModel",)))
    assert "BertModel" in str(error)
    assert "RobertaModel" in str(error)
    config = folder / "owner--tiny/config.json"
    config.write_text(json.dumps({"architectures": [{"a": 1}]}))
    assert "config.json" in str(refused(folder))


@pytest.mark.parametrize(("kind", "loads"), [("bert", True), ("roberta", False), (None, False)])
def test_a_config_that_names_no_architecture_is_known_by_its_type(
    folder: Path, kind: str | None, loads: bool
) -> None:
    config = folder / "owner--tiny/config.json"
    content = json.loads(config.read_text())
    del content["architectures"]
    config.write_text(json.dumps(content | {"model_type": kind}))
    if loads:
        load(folder)
    else:
        assert "config.json" in str(refused(folder))


def test_weights_of_another_model_are_not_loaded_in_part(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "owner--tiny/model.safetensors"
    tensors = load_file(path)
    del tensors["pooler.dense.weight"]
    save_file(tensors, path, metadata={"format": "pt"})
    assert "pooler.dense.weight" in str(refused(folder))
    tensors["pooler.dense.weight"] = torch.zeros(3, 3)
    save_file(tensors, path, metadata={"format": "pt"})
    assert "its weights are of other sizes than config.json tells" in str(refused(folder))
    assert not (folder / "owner--tiny" / RECORD).exists()


class Trap:
    """What a bad pickle does: it runs."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise __import__('builtins').SystemExit('a pickle ran')",))


def test_a_pickle_is_never_opened(folder: Path, published: Path) -> None:
    import pickle

    weights = folder / "owner--tiny/model.safetensors"
    weights.unlink()
    pickled = folder / "owner--tiny/pytorch_model.bin"
    pickled.write_bytes(pickle.dumps(Trap()))
    error = refused(folder)
    assert "pytorch_model.bin" in str(error)
    assert "pickle" in str(error)
    shutil.copy(pickled, weights)  # under a false name
    assert str(weights) in str(refused(folder))
    weights.unlink()
    index = folder / "owner--tiny/model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "pytorch_model.bin"}}))
    assert "pytorch_model.bin" in str(refused(folder))
    index.write_text(json.dumps({"weight_map": {"a": "../../evil.safetensors"}}))
    assert "evil" in str(refused(folder))
    index.write_text(json.dumps({"weight_map": 3}))
    assert index.name in str(refused(folder))
    shutil.copy(published / "model.safetensors", folder / "owner--tiny/one.safetensors")
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors"}}))
    assert "lacks the key 'metadata'" in str(refused(folder))


@pytest.mark.skipif(os.name == "nt", reason="links and pipes with names are POSIX's")
@pytest.mark.parametrize("kind", ["loop", "dangling", "folder", "pipe"])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_what_is_no_file_is_said_to_be_none(folder: Path, kind: str, name: str) -> None:
    path = folder / "owner--tiny" / name
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if kind == "loop" else path.parent / "nothing")
    assert f"{path} is no file" in str(refused(folder))


def test_code_beside_the_weights_is_not_run(folder: Path) -> None:
    config = folder / "owner--tiny/config.json"
    content = json.loads(config.read_text())
    content["auto_map"] = {"AutoConfig": "trap.Config", "AutoModel": "trap.Model"}
    config.write_text(json.dumps(content))
    (folder / "owner--tiny/trap.py").write_text("raise SystemExit('code ran')")
    load(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_file_that_changes_after_the_record_is_told(folder: Path, name: str) -> None:
    load(folder)
    path = folder / "owner--tiny" / name
    data = bytearray(path.read_bytes())
    if name.endswith(".json"):
        data += b" "
    else:
        data[-1] ^= 1
    path.write_bytes(data)
    error = refused(folder)
    assert error.kind == "missing-part"
    assert str(path) in str(error)
    assert RECORD in error.remedy


def test_a_json_file_that_is_added_later_is_a_change_and_a_note_is_none(folder: Path) -> None:
    load(folder)
    (folder / "owner--tiny/README.md").write_text("a note")
    load(folder)
    (folder / "owner--tiny/adapter_config.json").write_text("{}")
    assert "adapter_config.json" in str(refused(folder))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"files": 3}'])
def test_a_broken_record_is_told(folder: Path, content: str) -> None:
    (folder / "owner--tiny" / RECORD).write_text(content)
    assert RECORD in str(refused(folder))


def test_shards_are_loaded_and_each_is_needed(folder: Path, published: Path) -> None:
    from transformers import BertModel

    path = folder / "owner--tiny"
    (path / "model.safetensors").unlink()
    BertModel.from_pretrained(published).save_pretrained(path, max_shard_size="1KB")
    shards = sorted(path.glob("model-*.safetensors"))
    assert len(shards) > 1
    whole, parts_ = BertModel.from_pretrained(published), load(folder)
    for a, b in zip(whole.parameters(), parts_.parameters(), strict=True):
        assert torch.equal(a, b)
    kept = shards[1].read_bytes()
    shards[1].unlink()
    assert str(shards[1]) in str(refused(folder))
    shards[1].write_bytes(kept[:-4])
    assert str(shards[1]) in str(refused(folder))


@pytest.mark.parametrize("name", ["merges.txt", "chat_template.jinja"])
def test_what_libraries_read_and_comes_later_is_a_change(folder: Path, name: str) -> None:
    load(folder)
    (folder / "owner--tiny" / name).write_text("x")
    assert name in str(refused(folder))


def test_what_was_recorded_and_is_gone_is_told(folder: Path) -> None:
    extra = folder / "owner--tiny/generation_config.json"
    extra.write_text("{}")
    load(folder)
    extra.unlink()
    assert extra.name in str(refused(folder))


@pytest.mark.parametrize("name", ["config.json", "generation_config.json", RECORD])
def test_json_that_is_nested_too_deep_or_empty_is_told(folder: Path, name: str) -> None:
    path = folder / "owner--tiny" / name
    for content in ("[" * 200_000, ""):
        path.write_text(content)
        assert name in str(refused(folder))
    parts.listing(folder)


def test_a_record_that_is_a_folder_is_told(folder: Path) -> None:
    (folder / "owner--tiny" / RECORD).mkdir()
    assert RECORD in str(refused(folder))


def test_weights_that_are_no_numbers_are_refused(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "owner--tiny/model.safetensors"
    tensors = load_file(path)
    tensors["pooler.dense.weight"][0, 0] = float("nan")
    save_file(tensors, path, metadata={"format": "pt"})
    assert "pooler.dense.weight" in str(refused(folder))
    assert not (folder / "owner--tiny" / RECORD).exists()


def test_nothing_is_recorded_before_the_tools_have_loaded(folder: Path) -> None:
    def with_tool(located: Located, device: Device, progress: Progress) -> Any:
        from transformers import PreTrainedTokenizerFast

        return make(located, device, progress), load_tool(PreTrainedTokenizerFast, located)

    keeper.release()
    with (
        pytest.raises(See2SoundError, match="cannot be used"),
        borrowed(TINY, Computing("cpu", models=folder), with_tool),
    ):
        pass
    assert not (folder / "owner--tiny" / RECORD).exists()


@contextlib.contextmanager
def as_somebody(folder: Path) -> Iterator[None]:
    """Be an ordinary person to whom the folder belongs, where this is root."""
    root = os.geteuid() == 0
    parents = [p for p in folder.parents if p != Path("/tmp") and p.is_relative_to("/tmp")]
    modes = {p: p.stat().st_mode for p in parents}
    if root:
        for parent in parents:
            parent.chmod(0o755)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, 65534, 65534)
            path.chmod(0o755)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            for parent, mode in modes.items():
                parent.chmod(mode)


def test_a_path_that_no_file_can_have_is_named(folder: Path) -> None:
    long = folder / ("x" * 300)
    assert str(long) in str(refused(long))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system's permissions are others")
def test_a_folder_that_cannot_be_read_is_named(folder: Path) -> None:
    with as_somebody(folder):
        (folder / "owner--tiny").chmod(0)
        error = refused(folder)
        (folder / "owner--tiny").chmod(0o755)
    assert error.kind == "no-permission"
    assert str(folder) in str(error)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system's permissions are others")
def test_weights_that_cannot_be_read_are_not_called_missing(folder: Path) -> None:
    weights = folder / "owner--tiny/model.safetensors"
    with as_somebody(folder):
        weights.chmod(0)
        error = refused(folder)
    assert error.kind == "no-permission"
    assert str(weights) in str(error)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system's permissions are others")
def test_a_folder_that_cannot_be_written_is_used_without_a_record(folder: Path) -> None:
    with as_somebody(folder):
        (folder / "owner--tiny").chmod(0o555)
        load(folder)
        (folder / "owner--tiny").chmod(0o755)
    assert not (folder / "owner--tiny" / RECORD).exists()


def test_a_cancel_while_checking_leaves_nothing(folder: Path) -> None:
    def cancel(phase: str, fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        load(folder, progress=cancel)
    assert not (folder / "owner--tiny" / RECORD).exists()


def test_loading_tells_how_far_it_is(folder: Path) -> None:
    told: list[float] = []
    load(folder, progress=lambda _, fraction: told.append(fraction))
    assert told == sorted(told)
    assert told[0] <= 0.5 <= told[-1] <= 1.0


def test_the_models_folder_is_the_chosen_the_environments_or_this_persons(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEE2SOUND_MODELS", str(tmp_path / "b"))
    assert models_folder(tmp_path / "a") == tmp_path / "a"
    assert models_folder() == tmp_path / "b"
    monkeypatch.delenv("SEE2SOUND_MODELS")
    assert models_folder().is_absolute()


def test_every_part_with_weights_is_listed_with_its_terms_and_why_it_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for row in parts.listing(tmp_path):
        assert row["licence"]
        assert row["commercial"]
        assert row["memory_mb"] > 0
        if row["repository"]:
            assert row["size_mb"] > 0
            assert row["path"] is None
            assert str(tmp_path) in row["absent"]
            with pytest.raises(See2SoundError, match="not here"):
                parts.load(row["role"], row["name"], Computing("cpu", models=tmp_path))
