"""Checkpoints in the Hugging Face cache: found by all its names, read, and never written."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.models.folder import RECORD, locate

from .tiny_checkpoint import COMMIT, TINY, load, refused, save


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model as it would be downloaded."""
    return save(tmp_path_factory.mktemp("published"))


def cached(hub: Path, source: Path, *, linked: bool = True) -> Path:
    """The layout of a download into the Hugging Face cache."""
    repository = hub / "models--owner--tiny"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "refs").mkdir()
    (repository / "refs/main").write_text(COMMIT)
    for file in source.iterdir():
        data = file.read_bytes()
        if not linked:
            (snapshot / file.name).write_bytes(data)
            continue
        large = file.suffix == ".safetensors"
        name = (
            hashlib.sha256(data) if large else hashlib.sha1(b"blob %d\0" % len(data) + data)
        ).hexdigest()
        (repository / "blobs" / name).write_bytes(data)
        (snapshot / file.name).symlink_to(f"../../blobs/{name}")
    return snapshot


@pytest.mark.parametrize("linked", [True, False])
def test_the_hub_cache_is_read_and_never_written(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HF_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    snapshot = cached(tmp_path / "huggingface/hub", published, linked=linked)
    before = sorted((tmp_path / "huggingface").rglob("*"))
    located = locate(TINY, tmp_path / "none")
    assert located.cached
    assert located.path == snapshot
    assert located.commit == COMMIT
    load(tmp_path / "none")
    assert sorted((tmp_path / "huggingface").rglob("*")) == before
    record = json.loads((tmp_path / f"none/owner--tiny-{RECORD}").read_text())
    assert record["commit"] == COMMIT
    load(tmp_path / "none")
    blob = (snapshot / "model.safetensors").resolve()
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    assert "model.safetensors" in str(refused(tmp_path / "none"))
    if linked:  # without a record the name in the cache tells
        assert "model.safetensors" in str(refused(tmp_path / "elsewhere"))


OTHER = "f" * 40


def test_a_cache_whose_branch_moves_on_stays_at_the_commit_that_was_used(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    first = cached(tmp_path / "hub", published)
    load(tmp_path / "models")
    repository = first.parent.parent
    shutil.copytree(first, repository / "snapshots" / OTHER, symlinks=True)
    (repository / "refs/main").write_text(OTHER)
    assert locate(TINY, tmp_path / "models").commit == COMMIT
    assert locate(TINY, tmp_path / "new").commit == OTHER
    # The same files under another commit are the same; others are not.
    shutil.rmtree(first)
    load(tmp_path / "models")
    config = repository / "snapshots" / OTHER / "config.json"
    content = config.read_text() + " "
    config.unlink()
    config.write_text(content)
    error = refused(tmp_path / "models")
    assert "config.json" in str(error)
    assert f"owner--tiny-{RECORD}" in error.remedy


@pytest.mark.parametrize("ref", [None, "refs/pr/1", "refs/other"])
@pytest.mark.parametrize("where", ["cache", "old name", "home", "models is it", "models holds it"])
def test_a_cache_is_found_by_all_its_names(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ref: str | None, where: str
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOME", str(tmp_path))
    snapshot = cached(tmp_path / "home/hub", published)
    refs = snapshot.parent.parent / "refs"
    (refs / "main").unlink()
    if ref:
        path = refs.parent / ref
        path.parent.mkdir(exist_ok=True)
        path.write_text(COMMIT)
    models = tmp_path / "models"
    if where == "cache":
        monkeypatch.setenv("HF_HUB_CACHE", "~/home/hub")
    elif where == "old name":
        monkeypatch.setenv("HUGGINGFACE_HUB_CACHE", "$HOME/home/hub")
    elif where == "home":
        monkeypatch.setenv("HF_HOME", "~/home")
    else:
        models = tmp_path / "home" / ("hub" if where == "models is it" else "")
    located = locate(TINY, models)
    assert located.path == snapshot
    assert located.cached


def test_of_several_commits_without_a_name_none_is_guessed(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    first = cached(tmp_path / "hub", published)
    (first.parent.parent / "refs/main").unlink()
    shutil.copytree(first, first.parent / OTHER, symlinks=True)
    with pytest.raises(See2SoundError, match="not here"):
        locate(TINY, tmp_path / "none")


def test_an_incomplete_folder_gives_way_to_a_complete_cache(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    cached(tmp_path / "hub", published)
    folder = tmp_path / "models"
    shutil.copytree(published, folder / "owner--tiny")
    assert not locate(TINY, folder).cached
    (folder / "owner--tiny/model.safetensors").unlink()
    assert locate(TINY, folder).cached
