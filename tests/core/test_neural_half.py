"""Every part with a model computes in a GPU's shorter numbers too, and says nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="models compute with torch")
pytest.importorskip("transformers", reason="models are those of transformers")

from blender_see2sound.core import parts  # noqa: E402
from blender_see2sound.core.catalogue import PARTS  # noqa: E402
from blender_see2sound.core.media import ClipRange, open_clip  # noqa: E402
from blender_see2sound.core.models import keeper  # noqa: E402
from blender_see2sound.core.models.devices import Device  # noqa: E402
from blender_see2sound.core.models.folder import locate  # noqa: E402
from blender_see2sound.core.models.images import batch_of  # noqa: E402
from blender_see2sound.core.models.keeper import Computing  # noqa: E402
from blender_see2sound.core.progress import silent  # noqa: E402
from blender_see2sound.core.regions.protocol import Region  # noqa: E402
from blender_see2sound.core.regions.segmentation import sam  # noqa: E402

from . import tiny_models  # noqa: E402
from .clips import write_movie  # noqa: E402

FINDERS = {
    "sam2.1-tiny": tiny_models.save_sam2,
    "sam-base": tiny_models.save_sam,
    "eomt-large": tiny_models.save_eomt,
    "oneformer": tiny_models.save_oneformer,
}
DEPTHS = {
    "depth-anything-small": tiny_models.save_depth_anything,
    "depth-pro": tiny_models.save_depth_pro,
    "zoedepth": tiny_models.save_zoe_depth,
}
DESCRIBERS = {
    "florence-2-base": tiny_models.save_florence,
    "smolvlm-256m": tiny_models.save_smolvlm,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for save in (*FINDERS.values(), *DEPTHS.values(), *DESCRIBERS.values()):
        save(folder)
    return folder


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("clip") / "disc.mp4", seconds=0.4)


@pytest.fixture(autouse=True)
def _released() -> Iterator[None]:
    keeper.release()
    yield
    keeper.release()


@pytest.fixture(params=["bfloat16", pytest.param("float16", marks=pytest.mark.gate)])
def half(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The processor computes in these numbers, as a GPU would."""
    monkeypatch.setattr(keeper, "choose_device", lambda _: Device("cpu", request.param))
    return str(request.param)


@pytest.mark.gate
@pytest.mark.parametrize("name", FINDERS)
def test_a_finder_finds(models: Path, movie: Path, name: str, half: str) -> None:
    finder = parts.load("finder", name, Computing(models=models))
    with open_clip(ClipRange(movie)) as clip:
        for region in finder.find(clip, 6, silent):
            assert np.isfinite(region.boxes).all()
            assert ((region.presence >= 0.0) & (region.presence <= 1.0)).all()


@pytest.fixture(scope="module")
def regions(movie: Path) -> list[Region]:
    with open_clip(ClipRange(movie)) as clip:
        return parts.load("finder", "draft").find(clip, 2, silent)


@pytest.mark.parametrize("name", DEPTHS)
def test_depth_is_measured(
    models: Path, movie: Path, regions: list[Region], name: str, half: str
) -> None:
    estimator = parts.load("depth", name, Computing(models=models))
    with open_clip(ClipRange(movie)) as clip:
        metres = estimator.distances(clip, regions, 50.0, silent).metres
    assert len(metres) == len(regions) > 0
    assert all((np.isfinite(m) & (m > 0.0)).all() for m in metres)


@pytest.mark.parametrize("name", DESCRIBERS)
def test_words_are_found(
    models: Path, movie: Path, regions: list[Region], name: str, half: str
) -> None:
    describer = parts.load("describer", name, Computing(models=models))
    with open_clip(ClipRange(movie)) as clip:
        described = describer.describe(clip, regions, silent)
    assert all(region.prompt for region in described)


@pytest.mark.parametrize("half", ["bfloat16", "float16"])
def test_sam_says_nearly_the_same_of_points(models: Path, half: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (36, 64, 3), np.uint8)
    points = torch.tensor([[0.2, 0.3], [0.7, 0.6]])
    said: list[Any] = []
    for numbers in ("float32", half):
        part = next(p for p in PARTS if p.name == "sam-base")
        assert part.checkpoint is not None
        located = locate(part.checkpoint, models)
        with torch.inference_mode():
            model = sam._make(located, Device("cpu", numbers), silent)
            pixels, shown = sam.prepared(batch_of([picture]), 64)
            dtype = next(model.vision_encoder.parameters()).dtype
            assert dtype == getattr(torch, numbers)
            embedding = model.get_image_embeddings(pixels.to(dtype))
            said.append(sam._asked(model, embedding, shown, 64)(points)[0].float())
    exact, short = said
    # As much as eight bits of mantissa leave after a whole network.
    assert float((exact - short).abs().mean() / exact.abs().mean()) < 0.1
