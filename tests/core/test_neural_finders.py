"""Finders with models, on tiny random ones in the published layout: whole runs, and what is followed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .clips import EXAMPLE, SHARED, write_movie
from .moving_clips import film, ground, paste, thing

torch = pytest.importorskip("torch", reason="models need torch")
transformers = pytest.importorskip("transformers", reason="models need transformers")

from blender_see2sound.core import cli, parts  # noqa: E402
from blender_see2sound.core.errors import Cancelled, See2SoundError  # noqa: E402
from blender_see2sound.core.media import ClipRange, open_clip  # noqa: E402
from blender_see2sound.core.models.keeper import Computing, release  # noqa: E402
from blender_see2sound.core.pipeline import find_sources  # noqa: E402
from blender_see2sound.core.progress import Progress, silent  # noqa: E402
from blender_see2sound.core.regions.protocol import Region  # noqa: E402
from blender_see2sound.core.regions.segmentation import sam2, sam2_memory  # noqa: E402
from blender_see2sound.core.regions.segmentation.prompts import Sieve, everything, grid, sifted  # noqa: E402

from . import tiny_models  # noqa: E402

pytestmark = pytest.mark.usefixtures("tidied")

FINDERS = ("sam2.1-tiny", "sam-base", "eomt-large", "oneformer")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one tiny model for each kind of finder."""
    folder = tmp_path_factory.mktemp("models")
    tiny_models.save_sam2(folder)
    tiny_models.save_sam(folder)
    tiny_models.save_eomt(folder)
    tiny_models.save_oneformer(folder)
    return folder


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_movie(tmp_path_factory.mktemp("clip") / "disc.mp4", seconds=0.8)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tiny models are quicker so, also beside others."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def found(models: Path, name: str, path: Path, progress: Progress = silent) -> list[Region]:
    finder = parts.load("finder", name, Computing(device="cpu", models=models))
    with open_clip(ClipRange(path)) as clip:
        return finder.find(clip, 8, progress)


@dataclass
class Run:
    """What a finder found, and what it told meanwhile."""

    regions: list[Region]
    phases: list[str] = field(default_factory=list)
    fractions: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def first_run(models: Path, movie: Path) -> Callable[[str], Run]:
    """The first run of each finder over the movie, which several tests look at."""

    @cache
    def run(name: str) -> Run:
        done = Run([])

        def note(phase: str, fraction: float) -> None:
            if phase not in done.phases:
                done.phases.append(phase)
            done.fractions.append(fraction)

        done.regions = found(models, name, movie, progress=note)
        return done

    return run


# ------------------------------------------------------------------ whole runs


@pytest.mark.parametrize("name", FINDERS)
def test_a_finder_gives_sound_regions_and_the_same_again(
    models: Path, movie: Path, first_run: Callable[[str], Run], name: str
) -> None:
    regions = first_run(name).regions
    assert regions
    for region in regions:
        steps = len(region.times)
        assert region.boxes.shape == (steps, 4)
        assert region.presence.shape == (steps,)
        assert (np.diff(region.times) > 0).all()
        assert (region.boxes[:, :2] < region.boxes[:, 2:]).all()
        assert (region.boxes >= 0).all()
        assert (region.boxes <= [320, 180, 320, 180]).all()
        assert ((region.presence >= 0) & (region.presence <= 1)).all()
        assert region.outline is not None
        assert len(region.outline) == steps
        assert region.outline.size == (256, 144)
        assert max(region.thumbnail.shape[:2]) <= 256
        assert 0.0 <= region.prominence <= 1.0
        assert 0.0 < region.look.area <= 1.0
    assert [r.prominence for r in regions] == sorted((r.prominence for r in regions), reverse=True)
    again = found(models, name, movie)
    assert len(again) == len(regions)
    for a, b in zip(regions, again, strict=True):
        assert (a.boxes == b.boxes).all()
        assert (a.presence == b.presence).all()
        assert (a.thumbnail == b.thumbnail).all()


@pytest.mark.parametrize("name", ["eomt-large", "oneformer"])
def test_a_panoptic_finder_names_what_it_finds(first_run: Callable[[str], Run], name: str) -> None:
    labels = {region.label for region in first_run(name).regions}
    assert labels
    assert labels <= {"person", "dog", "car", "cup", "sky", "grass", "wall"}


@pytest.mark.parametrize("name", FINDERS)
def test_a_finder_tells_how_far_it_is(first_run: Callable[[str], Run], name: str) -> None:
    told = first_run(name)
    assert told.fractions == sorted(told.fractions)
    assert told.fractions[-1] == 1.0
    assert "Looking at the clip" in told.phases


@pytest.mark.gate
@pytest.mark.parametrize("name", FINDERS)
def test_a_finder_can_be_cancelled_in_every_phase(
    models: Path, movie: Path, first_run: Callable[[str], Run], name: str
) -> None:
    phases = first_run(name).phases
    release()  # so that it is loaded again
    for stop in phases:

        def cancel(phase: str, fraction: float, stop: str = stop) -> None:
            if phase == stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            found(models, name, movie, cancel)


def test_a_still_is_found_in(models: Path, tmp_path: Path) -> None:
    import cv2

    picture = np.full((90, 160, 3), 90, np.uint8)
    picture[30:60, 40:90] = (200, 60, 30)
    cv2.imwrite(str(tmp_path / "still.png"), picture)
    for region in found(models, "sam2.1-tiny", tmp_path / "still.png"):
        assert len(region.times) == 1
        assert not region.moving


def test_a_strip_of_a_picture_is_refused(models: Path, tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "strip.png"), np.zeros((20, 800, 3), np.uint8))
    with pytest.raises(See2SoundError, match="too narrow"):
        found(models, "eomt-large", tmp_path / "strip.png")


def test_sources_are_chosen_from_more_candidates(
    models: Path, movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEE2SOUND_MODELS", str(models))
    scene = find_sources(
        ClipRange(movie), tmp_path / "scene.json", sources=2, finder="sam-base"
    ).scene
    assert 1 <= len(scene.sources) <= 2
    assert (tmp_path / "thumbnails" / "s1.png").exists()


@pytest.mark.gate
@pytest.mark.parametrize("clip", [EXAMPLE, SHARED / "eagle.png"])
def test_the_command_finds_with_a_model(models: Path, tmp_path: Path, clip: Path) -> None:
    if not clip.exists():
        pytest.skip("this clip is not here")
    scene = tmp_path / "scene.json"
    arguments = ["find", str(clip), "-o", str(scene), "--finder", "sam2.1-tiny"]
    assert cli.run([*arguments, "--models", str(models), "--device", "cpu"]) == 0
    assert json.loads(scene.read_text())["format"] == "see2sound-scene/1"


# ------------------------------------------------------------------ loading


def test_a_folder_that_names_the_image_model_loads_too(
    movie: Path, first_run: Callable[[str], Run], tmp_path: Path
) -> None:
    path = tiny_models.save_sam2(tmp_path)
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"architectures": ["Sam2Model"]}))
    assert len(found(tmp_path, "sam2.1-tiny", movie)) == len(first_run("sam2.1-tiny").regions)


def test_another_architecture_is_refused(movie: Path, tmp_path: Path) -> None:
    path = tiny_models.save_sam(tmp_path)
    path.rename(tmp_path / "facebook--sam2.1-hiera-tiny")
    with pytest.raises(See2SoundError, match="SamModel"):
        found(tmp_path, "sam2.1-tiny", movie)


# ------------------------------------------------------------------ SAM 2's memory


def lively() -> Any:
    """A tiny SAM 2.1 none of whose weights are nothing, that sees objects now and then."""
    model = tiny_models.sam2_model()
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.any() and "iou_prediction_head" not in name:
                parameter.normal_(0.0, 0.3, generator=generator)
        # So that rounding of memories to bfloat16 is not blown up.
        for head in model.mask_decoder.output_hypernetworks_mlps:
            head.proj_out.weight.mul_(1e-3)
            head.proj_out.bias.mul_(1e-3)
        score = model.mask_decoder.pred_obj_score_head.proj_out
        score.weight.normal_(0.0, 10.0, generator=generator)
        score.bias.fill_(3.8)
    return model


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("count", [5, 10, pytest.param(20, marks=pytest.mark.gate)])
def test_following_in_a_batch_is_what_transformers_does_one_by_one(
    count: int, backwards: bool
) -> None:
    model = lively()
    side = 64
    video = torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))
    masks = torch.zeros(3, 1, side, side)
    masks[0, 0, 5:30, 5:30] = masks[1, 0, 30:60, 20:50] = masks[2, 0, 0:20, 40:64] = 1
    session = transformers.Sam2VideoInferenceSession(
        video=video, video_height=side, video_width=side, dtype=torch.float32
    )
    order = list(range(count))[:: -1 if backwards else 1]
    for number in range(3):
        index = session.obj_id_to_idx(number)
        session.add_mask_inputs(index, order[0], masks[number : number + 1])
        session.obj_with_new_inputs.append(number)
    seen = []
    with torch.inference_mode():
        views = sam2_memory.views_of(model, video)
        followed = sam2_memory.show(model, views[order[0]], order[0], masks, (0, 1, 2))
        model(session, frame_idx=order[0])
        for k in order[1:]:
            theirs = model(session, frame_idx=k, reverse=backwards)
            logits, scores, followed = sam2_memory.follow(
                model, views[k], k, followed, pictures=count, backwards=backwards
            )
            seen.append(scores > 0)
            scale = float(theirs.pred_masks.abs().mean())
            assert torch.allclose(logits, theirs.pred_masks[:, 0], atol=0.02 * scale)
            assert torch.allclose(scores, theirs.object_score_logits[:, 0], atol=0.02)
    assert 0 < int(torch.cat(seen).sum()) < 3 * (count - 1), "all are seen, or none"


def test_some_of_the_followed_go_on_as_before() -> None:
    model = tiny_models.sam2_model()
    video = torch.randn(5, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    masks = torch.zeros(3, 1, 64, 64)
    masks[0, 0, :30, :30] = masks[1, 0, 30:, 20:50] = masks[2, 0, :20, 40:] = 1
    with torch.inference_mode():
        views = sam2_memory.views_of(model, video)
        followed = sam2_memory.show(model, views[0], 0, masks, (4, 7, 9))
        for k in (1, 2, 3):
            _, _, followed = sam2_memory.follow(model, views[k], k, followed, pictures=5)
        every, _, _ = sam2_memory.follow(model, views[4], 4, followed, pictures=5)
        some, _, left = sam2_memory.follow(model, views[4], 4, followed.only([9, 4]), pictures=5)
    assert left.numbers == (9, 4)
    assert torch.allclose(some, every[[2, 0]], rtol=1e-3, atol=float(every.abs().mean()) * 1e-3)


# ------------------------------------------------------------------ what is followed


def _where(time: float) -> tuple[float, float]:
    """The middle of a thing that enters at 4 s, goes to the middle, and stays there."""
    return min(-20.0 + 60.0 * (time - 4.0), 150.0), 100.0


class Shown:
    """What is followed, with nothing remembered but its names."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = tuple(numbers)

    def only(self, numbers: Sequence[int]) -> Shown:
        return Shown(numbers)

    def afresh(self) -> Shown:
        return self


class Perfect:
    """What a SAM 2.1 with good weights would say of a cluttered wall that something goes before."""

    blocks = 20

    def __init__(self) -> None:
        self.keys = 0
        self.names: dict[int, int] = {}

    def mask(self, which: int, time: float) -> torch.Tensor:
        """The logits of a block of the wall, or of the thing, which is the last."""
        logits = torch.full((90, 160), -10.0)
        if which < self.blocks:
            row, column = divmod(which, 5)
            logits[row * 22 + 1 : row * 22 + 21, column * 32 + 1 : column * 32 + 31] = 10.0
        else:
            x, y = (v / 2 for v in _where(time))
            left, right = (min(max(int(x + d), 0), 160) for d in (-10, 10))
            logits[int(y) - 8 : int(y) + 8, left:right] = 10.0
        return logits

    def everything(self, *_: object) -> tuple[torch.Tensor, NDArray[np.float64]]:
        """What a key picture shows; one comes every third second."""
        time = 3.0 * self.keys
        self.keys += 1
        there = range(self.blocks + (_where(time)[0] > -10.0))
        return torch.stack([self.mask(k, time) for k in there]), np.full(len(there), 0.95)

    def show(self, _: object, __: object, index: int, masks: torch.Tensor, names: Any) -> Shown:
        """Remember which masks these are."""
        small = torch.nn.functional.interpolate(masks, (90, 160))[:, 0] > 0
        every = torch.stack([self.mask(k, index / 3.0) > 0 for k in range(self.blocks + 1)])
        for name, mask in zip(names, small, strict=True):
            self.names[name] = int((every & mask).flatten(1).sum(1).argmax())
        return Shown(names)

    def follow(
        self, _: object, __: object, index: int, shown: Shown, **_more: object
    ) -> tuple[torch.Tensor, torch.Tensor, Shown]:
        """Where they are."""
        masks = torch.stack([self.mask(self.names[n], index / 3.0) for n in shown.numbers])
        there = (masks > 0).flatten(1).any(1)
        return masks, torch.where(there, 5.0, -5.0), shown


def test_what_enters_late_is_followed_though_all_is_full_of_things_that_rest(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall, walker = ground(), thing(40, 32, (230, 60, 40))

    def draw(time: float) -> NDArray[np.uint8]:
        picture = wall.copy()
        x, y = _where(time)
        paste(picture, walker, x, y)
        return picture

    path = film(tmp_path / "late.mp4", draw, 12.0)
    perfect = Perfect()
    for name in ("everything", "show", "follow"):
        monkeypatch.setattr(sam2, name, getattr(perfect, name))
    regions = found(models, "sam2.1-tiny", path)
    assert perfect.keys == 4
    moving = [r for r in regions if r.moving]
    assert len(moving) == 1
    times, there = moving[0].times, moving[0].presence > 0.5
    assert times[there][0] == pytest.approx(4.3, abs=0.7)
    assert there[times > 5.0].all()
    middle = moving[0].boxes[times > 8.0, ::2].mean()
    assert middle == pytest.approx(150.0, abs=4.0)
    # What is held is there to the end.
    resting = [r for r in regions if not r.moving]
    assert len(resting) >= 5
    assert all(r.presence.mean() > 0.9 for r in resting)


# ------------------------------------------------------------------ prompts


def test_the_sieve_keeps_good_stable_masks_and_of_alike_ones_the_best() -> None:
    y, x = np.mgrid[:64, :64]

    def logits(x0: float, steepness: float) -> NDArray[np.float32]:
        return (steepness * (12 - np.hypot(x - x0, y - 32))).astype(np.float32)

    masks = [logits(20, 20.0), logits(21, 20.0), logits(46, 20.0), logits(46, 0.1), logits(5, 20.0)]
    quality = [0.9, 0.95, 0.85, 0.99, 0.5]

    def ask(points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        first = bool((points[0] < 0.05).all())
        stack = torch.from_numpy(np.stack(masks))[None]
        return stack, torch.tensor([quality if first else [0.0] * 5])

    kept, scores = everything(ask, Sieve(0.8, 0.95), torch.device("cpu"), silent)
    assert scores == pytest.approx([0.95, 0.85])
    assert (kept[0] > 0).numpy().sum() == (masks[1] > 0).sum()
    everywhere = torch.full((1, 1, 8, 8), 5.0)
    assert len(sifted(everywhere, torch.ones(1, 1), Sieve(0.8, 0.95))[0]) == 0


def test_the_grid_is_even() -> None:
    points = grid(4)
    assert points.shape == (16, 2)
    assert points.mean(0) == pytest.approx([0.5, 0.5])
    assert points[0] == pytest.approx([0.125, 0.125])
