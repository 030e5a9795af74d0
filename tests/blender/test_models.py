"""Sets and models as a person meets them: chosen, listed, missing, at work, and what is not seen."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

import blender_see2sound
from blender_see2sound.bridge.interface import view
from blender_see2sound.bridge.jobs import finding, session
from blender_see2sound.bridge.jobs.target import Target
from blender_see2sound.bridge.setup import choice, computer, model_list
from blender_see2sound.bridge.sources import document
from blender_see2sound.core.models.folder import ENVIRONMENT, RECORD
from blender_see2sound.worker import client
from tests.blender import film
from tests.blender.cut import add_movie, exported, new_file, place, source, speaker, write_movie
from tests.blender.film import open_film, speakers
from tests.core.tiny_models import save_eomt, save_free_set, save_smolvlm


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_free_set(tmp_path_factory.mktemp("models"))


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """None of this computer's models."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "none"))
    yield
    session.release()  # whose environment is this test's
    session.state.failure = None


@pytest.fixture
def preferences() -> Iterator[Any]:
    """The extension enabled, as a person has it, with preferences."""
    if hasattr(bpy.types.Collection, "see2sound"):
        blender_see2sound.unregister()  # as the library that other tests use
    bpy.ops.preferences.addon_enable(module="blender_see2sound")
    yield computer.preferences()
    bpy.ops.preferences.addon_disable(module="blender_see2sound")


def settings() -> Any:
    return next(c for c in bpy.data.collections if c.see2sound.is_see2sound).see2sound


def test_a_set_of_models_works_from_picture_to_mix(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(models))
    open_film(tmp_path)
    assert bpy.ops.see2sound.see_to_sound(part_set="free", off_screen=True) == {"FINISHED"}
    assert speakers()
    assert (settings().part_set, settings().off_screen) == ("free", True)
    assert len(film.mixes()) == 1
    # The next time the strip's own set does it.
    settings().depth = "depth-pro"
    with pytest.raises(RuntimeError, match="apple/DepthPro-hf"):
        bpy.ops.see2sound.find_sources()


def test_another_set_with_a_part_of_its_own_works_too(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    save_eomt(folder)
    save_smolvlm(folder)
    monkeypatch.setenv(ENVIRONMENT, str(folder))
    open_film(tmp_path)
    bpy.ops.see2sound.find_sources(part_set="built-in")
    own = settings()
    own.part_set, own.describer = "fastest", "smolvlm-256m"
    assert bpy.ops.see2sound.find_sources() == {"FINISHED"}
    # All of the three have been loaded.
    for name in (
        "tue-mps--coco_panoptic_eomt_large_640",
        "depth-anything--Depth-Anything-V2-Small-hf",
        "HuggingFaceTB--SmolVLM2-256M-Video-Instruct",
    ):
        assert (folder / name / RECORD).is_file()


def test_a_missing_model_is_told_in_the_panel_and_before_the_worker_starts(tmp_path: Path) -> None:
    open_film(tmp_path)
    assert bpy.ops.see2sound.find_sources() == {"FINISHED"}
    session.release()
    before = film.document()
    view.refresh()
    assert view.shown(bpy.context).lacking is None
    settings().part_set = "free"
    view.refresh()
    lacking = view.shown(bpy.context).lacking
    assert lacking is not None
    assert "facebook/sam2.1-hiera-large" in lacking.what
    assert str(tmp_path / "none") in lacking.why
    assert lacking.remedy
    with pytest.raises(RuntimeError, match=r"facebook/sam2\.1-hiera-large"):
        bpy.ops.see2sound.find_sources()
    assert session.state.failure.error.kind == "missing-part"
    assert not session.worker_runs()
    assert film.document() == before
    # It goes as soon as the person does something about it.
    save_free_set(tmp_path / "none")
    assert bpy.ops.see2sound.look_again() == {"FINISHED"}
    assert view.shown(bpy.context).lacking is None


def test_parts_of_its_own_come_before_those_of_the_set(tmp_path: Path) -> None:
    open_film(tmp_path)
    bpy.ops.see2sound.find_sources()
    own = settings()
    own.part_set, own.finder, own.describer = "best", "draft", "of tomorrow"
    chosen = choice.choice_of(own)
    assert chosen.part("finder") == "draft"
    assert chosen.part("depth") == "depth-pro"
    assert chosen.request() == {
        "set": "best", "finder": "draft", "depth": None, "describer": "of tomorrow",
        "off_screen": False,
    }  # fmt: skip


def test_an_unknown_set_is_refused(tmp_path: Path) -> None:
    open_film(tmp_path)
    with pytest.raises(RuntimeError, match="dearest"):
        bpy.ops.see2sound.find_sources(part_set="dearest")


def test_a_cancel_in_the_middle_leaves_document_and_worker(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(models))
    monkeypatch.setattr(client, "PATIENCE", math.inf)  # it must hear the cancel by itself
    strip = open_film(tmp_path, seconds=film.LONG)
    before = film.document()
    target = Target.of(bpy.context.scene, strip)
    task = session.start("Find Sources", finding.find_sources(target, part_set="free"))
    while task.running and task.fraction < 0.05:
        task.advance()
    assert task.running, task.error
    pid = session.worker().worker["pid"]
    task.cancel()
    task.run()
    session.finish(task)
    assert task.state == "cancelled"
    assert film.document() == before
    strip.frame_final_duration = 24
    assert bpy.ops.see2sound.find_sources(part_set="free") == {"FINISHED"}
    assert session.worker().worker["pid"] == pid


def test_preferences_list_what_is_here_and_say_how_strips_begin(
    preferences: Any, models: Path, tmp_path: Path
) -> None:
    preferences.models = str(models)  # looks at once
    listed = model_list.shown
    assert listed.folder == str(models)
    assert [row.here for row in listed.rows["set"]] == [True, True, False, False]
    finders = {row.name: row for row in listed.rows["finder"]}
    assert finders["sam2.1-large"].here
    assert not finders["sam2.1-tiny"].here
    assert any("facebook--sam2.1-hiera-tiny" in line for line in finders["sam2.1-tiny"].lines)
    assert any("Commercial use: no" in line for row in listed.rows["depth"] for line in row.lines)
    preferences.part_set, preferences.off_screen = "free", True
    preferences.device, preferences.low_memory = "cpu", True
    assert computer.settings().computing() == {
        "device": "cpu", "low_memory": True, "models": str(models),
    }  # fmt: skip
    assert choice.choice_of(None) == choice.Choice("free", off_screen=True)
    assert choice.choice_of(None).lacking() is None
    preferences.models = str(tmp_path)
    assert "sam2.1" in str(choice.choice_of(None).lacking())


def test_a_home_is_understood_and_an_address_is_refused(
    preferences: Any, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(models.parent))
    preferences.models = f"~/{models.name}"
    preferences.library = "~/recordings"
    assert computer.models_folder() == models
    assert computer.library_folder() == models.parent / "recordings"
    preferences.part_set = "free"
    assert choice.choice_of(None).lacking() is None
    preferences.models = preferences.library = "https://huggingface.co/facebook"
    told = str(choice.choice_of(None).lacking())
    assert "https://huggingface.co/facebook is no folder" in told
    assert model_list.shown.refused == told
    assert "is no folder" in str(choice.lacking({"maker": "library"}))
    # What needs no model works all the same.
    preferences.part_set = "built-in"
    assert choice.choice_of(None).lacking() is None


def test_the_check_tells_what_packages_models_need(preferences: Any, models: Path) -> None:
    preferences.models = str(models)
    assert bpy.ops.see2sound.check_worker() == {"FINISHED"}
    assert [row.here for row in model_list.shown.rows["set"]] == [True, True, False, False]


# ------------------------------------------------------------------ what is not seen


@pytest.fixture
def scene(tmp_path: Path) -> bpy.types.Scene:
    return new_file(tmp_path / "film.blend")


def test_what_is_not_seen_stands_behind_the_camera_and_is_known_again(
    scene: bpy.types.Scene, tmp_path: Path
) -> None:
    strip = add_movie(scene, write_movie(tmp_path / "film.mp4", 24))
    box = {"boxes": ((10.0, 10.0, 40.0, 40.0),)}
    dog = source("s1", (0.0, 5.0, 0.0), label="dog", **box)
    horn = source("s2", (0.0, -8.0, 0.0), label="horn", kind="area")
    collection = place(scene, strip, dog, horn, folder=tmp_path)
    behind = speaker(collection, "s2")
    bpy.context.view_layer.update()
    local = scene.camera.matrix_world.inverted() @ behind.matrix_world.translation
    assert local.z == pytest.approx(8.0), "it is not behind the camera"
    assert local.x == pytest.approx(0.0, abs=1e-5)
    assert exported(scene, strip, collection).source("s2").positions[0] == pytest.approx(
        (0.0, -8.0, 0.0), abs=1e-4
    )
    # Found again in another order, with another thing that is seen: each is itself.
    cat = source("s2", (1.0, 5.0, 0.0), label="cat", boxes=((60.0, 10.0, 90.0, 40.0),))
    again = [dog, cat, source("s3", (-7.5, -2.7, 0.0), label="horn", kind="area")]
    place(scene, strip, *again, folder=tmp_path)
    assert speaker(collection, "s2") == behind
    labels = sorted(s.data.see2sound.label for s in document.speakers_of(collection))
    assert labels == ["cat", "dog", "horn"]
    bpy.context.view_layer.update()
    assert behind.matrix_local.translation.x == pytest.approx(-7.5, abs=1e-4)
