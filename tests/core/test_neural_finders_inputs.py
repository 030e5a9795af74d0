"""What finders' models are given, and how their answers are read, is as their own processors do it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="models need torch")
pytest.importorskip("transformers", reason="models need transformers")

from blender_see2sound.core.models import images  # noqa: E402
from blender_see2sound.core.regions.segmentation import panoptic  # noqa: E402
from blender_see2sound.core.regions.segmentation.sam import prepared  # noqa: E402
from blender_see2sound.core.regions.segmentation.segments import (  # noqa: E402
    COCO,
    Rules,
    plain_label,
    segments_of,
)

from . import tiny_models  # noqa: E402


@pytest.fixture(scope="module")
def oneformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny OneFormer's folder."""
    return tiny_models.save_oneformer(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    import cv2

    noise = np.random.default_rng(0).integers(0, 256, (270, 480, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


#: A step of one in 255 after scaling, and rounding.
STEP = 1.02 / 255 / 0.224


@pytest.mark.parametrize("how", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(135, 240), (90, 333), (518, 518), (1024, 1024)])
def test_resizing_is_pillows(
    picture: NDArray[np.uint8], how: images.Filter, size: tuple[int, int]
) -> None:
    image = pytest.importorskip("PIL.Image")
    theirs = np.asarray(
        image.fromarray(picture).resize(size[::-1], getattr(image, how.upper())), np.int64
    )
    ours = images.resized(images.batch_of([picture]), size, how)[0].permute(1, 2, 0).numpy()
    assert np.abs(ours - theirs).max() <= 2
    assert np.abs(ours - theirs).mean() < 0.3


def test_sams_input_is_the_official_one(picture: NDArray[np.uint8]) -> None:
    pytest.importorskip("PIL")
    from transformers.models.sam.image_processing_pil_sam import SamImageProcessorPil

    theirs = SamImageProcessorPil()(picture, return_tensors="pt")["pixel_values"]
    ours, shown = prepared(images.batch_of([picture]), 1024)
    assert shown == (576, 1024)
    assert float((ours - theirs).abs().max()) <= 2 * STEP


def test_eomts_input_is_the_official_one(picture: NDArray[np.uint8]) -> None:
    pytest.importorskip("PIL")
    from transformers.models.eomt.image_processing_pil_eomt import EomtImageProcessorPil

    theirs = EomtImageProcessorPil(do_pad=True)(picture, return_tensors="pt")["pixel_values"]
    ours, shown = panoptic.eomt_input(images.batch_of([picture]), 640)
    assert shown == (360, 640)
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) <= 2 * STEP


def test_oneformers_input_is_the_official_one(picture: NDArray[np.uint8], oneformer: Path) -> None:
    pytest.importorskip("PIL")
    from transformers.models.oneformer.image_processing_pil_oneformer import (
        OneFormerImageProcessorPil,
    )

    info = {str(k): {"name": name, "isthing": int(k < 80)} for k, name in enumerate(COCO)}
    (oneformer / "classes.json").write_text(json.dumps(info))
    official = OneFormerImageProcessorPil(
        repo_path=str(oneformer), class_info_file="classes.json", num_text=1
    )
    theirs = official(picture, ["panoptic"], return_tensors="pt")["pixel_values"]
    ours = panoptic.oneformer_input(images.batch_of([picture]))
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) <= 2 * STEP


def test_oneformers_task_is_the_official_one(oneformer: Path) -> None:
    from transformers import CLIPTokenizer
    from transformers.models.oneformer.processing_oneformer import OneFormerProcessor

    tokenizer = CLIPTokenizer.from_pretrained(str(oneformer))
    theirs = OneFormerProcessor._preprocess_text(
        type("Processor", (), {"tokenizer": tokenizer})(), ["the task is panoptic"], 77
    )
    ours = panoptic.oneformer_task(tokenizer, 77)
    assert (ours == theirs).all()
    assert (ours > 0).sum() > 10


@pytest.mark.parametrize("by_both", [True, False])
def test_segments_are_those_of_the_official_processors(by_both: bool) -> None:
    from transformers.models.eomt.image_processing_pil_eomt import compute_segments as eomt
    from transformers.models.oneformer import image_processing_pil_oneformer as oneformer

    generator = torch.Generator().manual_seed(5)
    owner = torch.randint(0, 9, (6, 8), generator=generator)
    coarse = torch.where(owner[None] == torch.arange(9)[:, None, None], 9.0, -9.0)
    coarse += 3 * torch.randn(9, 6, 8, generator=generator)
    coarse[8] = coarse[0] - 1  # loses to another
    masks = torch.nn.functional.interpolate(coarse[None], (48, 64), mode="bilinear")[0]
    classes = torch.randn(9, 7, generator=generator) * 6
    stuff = frozenset({3, 4, 5})
    scores, labels = classes.softmax(-1).max(-1)
    keep = (labels != 6) & (scores > 0.5)
    if by_both:
        theirs, info = eomt(masks[keep], scores[keep], labels[keep], list(stuff))
    else:
        theirs, info = oneformer.compute_segments(
            masks[keep].sigmoid(), scores[keep], labels[keep], label_ids_to_fuse=set(stuff)
        )
    ours = segments_of(masks, classes, (64, 48), stuff, Rules(0.5, by_both))
    assert ours
    by_id = {row["id"]: row["label_id"] for row in info}
    assert sorted(label for _, _, label in ours) == sorted(by_id.values())
    for mask, _, label in ours:
        ids = torch.unique(theirs[mask]).tolist()
        assert len(ids) == 1
        assert by_id[ids[0]] == label
        assert (theirs == ids[0]).sum() == mask.sum()


def test_classes_have_plain_names() -> None:
    assert len(COCO) == 133
    assert plain_label(119, "sky-other-merged", 133) == "sky"
    assert plain_label(COCO.index("tree-merged"), "LABEL_116", 133) == "tree"
    assert plain_label(0, "person", 133) == "person"
    assert plain_label(COCO.index("wall-brick"), "", 133) == "wall brick"
