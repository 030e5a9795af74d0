"""The zip that Blender installs: what is in it, what is not, and that a worker starts from it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from .conftest import ROOT

SCRIPT = ROOT / "tools" / "build_extension.py"


def build(output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, "--output", output, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    done = build(tmp_path_factory.mktemp("dist"))
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def load_script():
    spec = importlib.util.spec_from_file_location("build_extension", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_bears_the_manifests_name_and_version(built):
    with zipfile.ZipFile(built) as packed:
        manifest = tomllib.loads(packed.read("blender_manifest.toml").decode())
    assert built.name == f"{manifest['id']}-{manifest['version']}.zip"
    assert manifest["blender_version_min"] == "4.5.0"
    assert "wheels" not in manifest


def test_its_manifest_keeps_blenders_limits(built):
    # As `blender --command extension validate` checks them.
    with zipfile.ZipFile(built) as packed:
        manifest = tomllib.loads(packed.read("blender_manifest.toml").decode())
    assert manifest["schema_version"] == "1.0.0"
    assert "blender" not in manifest["name"].lower()
    for text in (manifest["tagline"], *manifest["permissions"].values()):
        assert 0 < len(text) <= 64
        assert text[-1] not in ".!?"


def test_it_holds_every_module_the_licence_and_nothing_else(built):
    package = ROOT / "blender_see2sound"
    modules = {p.relative_to(package).as_posix() for p in package.rglob("*.py")}
    with zipfile.ZipFile(built) as packed:
        names = packed.namelist()
        assert packed.testzip() is None
        assert b"GNU GENERAL PUBLIC LICENSE" in packed.read("LICENSE")
    assert len(names) == len(set(names))
    assert modules <= set(names)
    assert not [n for n in names if n.endswith(".pyc") or "__pycache__" in n or "/." in f"/{n}"]


def test_the_same_sources_give_the_same_bytes(built, tmp_path):
    again = Path(build(tmp_path).stdout.strip())
    assert again.read_bytes() == built.read_bytes()


def test_a_worker_starts_from_what_was_unpacked(built, tmp_path):
    folder = tmp_path / "user_default" / "blender_see2sound"
    zipfile.ZipFile(built).extractall(folder)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from blender_see2sound.worker.client import WorkerClient\n"
        "c = WorkerClient(sys.executable); print(c.wait(c.submit('ping', {}))['version'])\n"
        "c.release()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, folder.parent],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == built.stem.rpartition("-")[2]


def test_wheels_get_into_the_zip_and_its_manifest(tmp_path):
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr("thing.py", "")
    path = load_script().build(tmp_path / "dist", "linux-x64", [wheel])
    assert path.name.endswith("-linux_x64.zip")
    with zipfile.ZipFile(path) as packed:
        manifest = tomllib.loads(packed.read("blender_manifest.toml").decode())
        assert packed.read("wheels/thing-1.0-py3-none-any.whl") == wheel.read_bytes()
    assert manifest["wheels"] == ["./wheels/thing-1.0-py3-none-any.whl"]
    assert manifest["platforms"] == ["linux-x64"]
    assert manifest["permissions"]


def test_nothing_half_written_stays_when_a_file_cannot_be_read(tmp_path):
    with pytest.raises(OSError, match="gone"):
        load_script().build(tmp_path, "linux-x64", [tmp_path / "gone.whl"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    done = build(tmp_path / "file")
    assert done.returncode == 2
    assert done.stderr.startswith("build_extension: ")
    assert done.stderr.count("\n") == 1
