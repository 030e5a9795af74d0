"""Depth models, tiny and random, loaded from folders in the published layout and run on a clip."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from blender_see2sound.core import parts  # noqa: E402
from blender_see2sound.core.errors import Cancelled, See2SoundError  # noqa: E402
from blender_see2sound.core.media import ClipRange, open_clip  # noqa: E402
from blender_see2sound.core.models.folder import locate  # noqa: E402
from blender_see2sound.core.models.images import batch_of  # noqa: E402
from blender_see2sound.core.models.keeper import Computing  # noqa: E402
from blender_see2sound.core.placement import depth_anything, depth_pro, zoe_depth  # noqa: E402
from blender_see2sound.core.placement.preparing import preparing_of  # noqa: E402
from blender_see2sound.core.progress import silent  # noqa: E402
from tests.core import tiny_models  # noqa: E402
from tests.core.clips import EXAMPLE  # noqa: E402
from tests.core.test_placement_tracks import region  # noqa: E402

pytestmark = pytest.mark.usefixtures("tidied")

INDOOR = "depth-anything-metric-indoor-small"
NAMES = ("depth-anything-small", INDOOR, "depth-pro", "zoedepth")
REGIONS = [
    region(np.array([[300.0, 100, 360, 250]] * 4), np.arange(4) / 5),
    region(np.array([[0.0, 200, 640, 360]]), np.zeros(1), kind="area", label="grass"),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny_models.save_depth_anything(folder)
    tiny_models.save_depth_anything(folder, "Depth-Anything-V2-Metric-Indoor-Small-hf", metric=20.0)
    tiny_models.save_depth_pro(folder)
    tiny_models.save_zoe_depth(folder)
    return folder


def measure(name: str, models: Path, fov: float | None = None, progress: Any = silent) -> Any:
    part = parts.load("depth", name, Computing(device="cpu", models=models))
    with open_clip(ClipRange(EXAMPLE, duration=0.6)) as clip:
        return part.distances(clip, REGIONS, fov, progress)


@pytest.mark.parametrize("name", NAMES)
def test_every_model_gives_metres_at_all_times(name: str, models: Path) -> None:
    found = measure(name, models)
    again = measure(name, models)
    for metres, same, each in zip(found.metres, again.metres, REGIONS, strict=True):
        assert metres.shape == each.times.shape
        assert np.all((metres >= 0.5) & (metres <= 80.0))
        assert np.array_equal(metres, same)
    # Only Depth Pro sees the field of view; its tiny one always sees 61 degrees.
    assert found.horizontal_fov == pytest.approx(61.0 if name == "depth-pro" else 50.0)
    assert (found.deviations is not None) == (name == "depth-anything-small")


def test_a_persons_field_of_view_comes_first(models: Path) -> None:
    wide, narrow = (measure("depth-pro", models, fov) for fov in (61.0, 30.0))
    assert (wide.horizontal_fov, narrow.horizontal_fov) == (61.0, 30.0)
    # The same map seen through a longer lens is farther.
    longer = np.tan(np.radians(30.5)) / np.tan(np.radians(15.0))
    surface = narrow.metres[1][0] / wide.metres[1][0]
    assert surface == pytest.approx(longer, rel=0.1)


def test_a_depth_pro_without_the_field_of_view_falls_back(tmp_path: Path) -> None:
    tiny_models.save_depth_pro(tmp_path, fov=False)
    assert measure("depth-pro", tmp_path).horizontal_fov == 50.0


def test_a_model_that_says_the_same_everywhere(tmp_path: Path) -> None:
    from transformers import DepthAnythingForDepthEstimation

    path = tiny_models.save_depth_anything(tmp_path)
    model = DepthAnythingForDepthEstimation.from_pretrained(path)
    model.head.conv3.weight.data.zero_()
    model.save_pretrained(path)
    for metres in measure("depth-anything-small", tmp_path).metres:
        assert np.all((metres >= 0.5) & (metres <= 80.0))


@pytest.mark.parametrize("name", NAMES)
def test_a_cancel_is_heard(name: str, models: Path) -> None:
    measure(name, models)  # loaded, so that the cancel comes while it looks
    told: list[float] = []

    def stop(phase: str, fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        measure(name, models, progress=stop)
    assert told == sorted(told)


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_a_missing_file_is_named(file: str, models: Path, tmp_path: Path) -> None:
    path = shutil.copytree(
        models / "Intel--zoedepth-nyu-kitti", tmp_path / "Intel--zoedepth-nyu-kitti"
    )
    (path / file).unlink()
    with pytest.raises(See2SoundError, match=file) as told:
        measure("zoedepth", tmp_path)
    assert told.value.kind == "missing-part"


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "preprocessor_config.json"])
def test_a_broken_file_is_named(file: str, models: Path, tmp_path: Path) -> None:
    path = shutil.copytree(
        models / "apple--DepthPro-hf", tmp_path / "apple--DepthPro-hf",
        ignore=shutil.ignore_patterns("see2sound*"),
    )  # fmt: skip
    (path / file).write_bytes((path / file).read_bytes()[:40])
    with pytest.raises(See2SoundError, match=file) as told:
        measure("depth-pro", tmp_path)
    assert told.value.kind == "missing-part"


@pytest.mark.parametrize(
    "wrong", [{"size": None}, {"size": {"height": 0, "width": 4}}, {"image_std": [0, 1, 1]},
              {"image_mean": [0.5]}, {"ensure_multiple_of": "much"}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_told(
    wrong: dict[str, Any], models: Path, tmp_path: Path
) -> None:
    name = "depth-anything--Depth-Anything-V2-Small-hf"
    path = shutil.copytree(
        models / name, tmp_path / name, ignore=shutil.ignore_patterns("see2sound*")
    )
    settings = json.loads((path / "preprocessor_config.json").read_text())
    (path / "preprocessor_config.json").write_text(json.dumps(settings | wrong))
    with pytest.raises(See2SoundError, match=r"preprocessor_config\.json"):
        measure("depth-anything-small", tmp_path)


def test_another_architecture_is_told(models: Path, tmp_path: Path) -> None:
    shutil.copytree(
        models / "Intel--zoedepth-nyu-kitti",
        tmp_path / "depth-anything--Depth-Anything-V2-Small-hf",
    )
    with pytest.raises(See2SoundError, match="ZoeDepthForDepthEstimation"):
        measure("depth-anything-small", tmp_path)


# ------------------------------------------------------------------ preprocessing


SIZES = [(360, 640), (720, 1280), (100, 71), (56, 56), (1080, 607)]


def picture(size: tuple[int, int]) -> np.ndarray:
    random = np.random.default_rng(sum(size))
    coarse = random.integers(0, 256, (size[0] // 8 + 1, size[1] // 8 + 1, 3))
    return np.kron(coarse, np.ones((8, 8, 1)))[: size[0], : size[1]].astype(np.uint8)


def prepared(name: str, models: Path) -> Any:
    return preparing_of(locate(parts.named("depth", name).checkpoint, models))


@pytest.mark.parametrize("size", SIZES)
def test_depth_anything_sees_what_the_official_processor_makes(
    size: tuple[int, int], models: Path
) -> None:
    from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

    image = picture(size)
    path = models / "depth-anything--Depth-Anything-V2-Small-hf"
    official = DPTImageProcessorPil.from_pretrained(path)(image, return_tensors="pt").pixel_values
    own = depth_anything.pixels_of(
        torch.zeros(1), prepared("depth-anything-small", models), batch_of([image])
    )
    assert own.shape == official.shape
    assert (own - official).abs().max() < 0.02  # less than one of 255 steps
    square = DPTImageProcessorPil.from_pretrained(path, keep_aspect_ratio=False)
    official = square(image, return_tensors="pt").pixel_values
    preparing = dataclasses.replace(prepared("depth-anything-small", models), keep_aspect=False)
    own = depth_anything.pixels_of(torch.zeros(1), preparing, batch_of([image]))
    assert own.shape == official.shape == (1, 3, 56, 56)
    # Hard edges overshoot, and are cut off after each of two passes or at the end.
    assert (own - official).abs().mean() < 0.002
    large = dataclasses.replace(prepared("depth-anything-small", models), size=(518, 518))
    if size == (720, 1280):
        assert depth_anything.pixels_of(torch.zeros(1), large, batch_of([image])).shape[2:] == (
            518,
            924,
        )


@pytest.mark.parametrize("size", SIZES)
def test_zoe_depth_sees_what_the_official_processor_makes(
    size: tuple[int, int], models: Path
) -> None:
    from transformers.models.zoedepth.image_processing_pil_zoedepth import (
        ZoeDepthImageProcessorPil,
    )

    image = picture(size)
    path = models / "Intel--zoedepth-nyu-kitti"
    official = ZoeDepthImageProcessorPil.from_pretrained(path)(image, return_tensors="pt")
    own = zoe_depth.pixels_of(torch.zeros(1), prepared("zoedepth", models), batch_of([image]))
    assert own.shape == official.pixel_values.shape
    assert (own - official.pixel_values).abs().max() < 1e-4


def test_depth_pro_sees_what_the_official_processor_makes(models: Path) -> None:
    """That processor needs torchvision: it scales to -1 to 1, then picks by plain bilinear weights."""
    image = picture((100, 71))
    own = depth_pro.pixels_of(
        torch.zeros(1), prepared("depth-pro", models), batch_of([image])
    ).numpy()
    assert own.shape == (1, 3, 64, 64)
    scaled = (image / 255.0 - 0.5) / 0.5
    for row, column in ((0, 0), (20, 41), (63, 63), (31, 5)):
        y = np.clip((row + 0.5) * 100 / 64 - 0.5, 0, 99)
        x = np.clip((column + 0.5) * 71 / 64 - 0.5, 0, 70)
        y0, x0 = int(y), int(x)
        y1, x1 = min(y0 + 1, 99), min(x0 + 1, 70)
        a, b = y - y0, x - x0
        true = (1 - a) * ((1 - b) * scaled[y0, x0] + b * scaled[y0, x1]) + a * (
            (1 - b) * scaled[y1, x0] + b * scaled[y1, x1]
        )
        assert own[0, :, row, column] == pytest.approx(true, abs=1e-4)


def test_zoe_depths_rim_is_taken_off_again(models: Path) -> None:
    """What the model says of the mirrored rim is no part of the map."""

    class Ramp:
        dtype = torch.float32

        def __call__(self, pixel_values: Any) -> Any:
            height, width = pixel_values.shape[2:]
            ramp = (torch.arange(width) + 0.5) / width
            self.predicted_depth = ramp.expand(len(pixel_values), height, width)
            return self

    image = picture((90, 160))
    made, _ = zoe_depth.ZoeDepth.look(Ramp(), prepared("zoedepth", models), batch_of([image]))
    assert made.shape == (1, 90, 160)
    rim = int(np.sqrt(160 / 2) * 3)
    assert float(made[0, 45, 0]) == pytest.approx((rim + 0.5) / (160 + 2 * rim), abs=0.01)
    assert float(made[0, 45, -1]) == pytest.approx(1 - (rim + 0.5) / (160 + 2 * rim), abs=0.01)
