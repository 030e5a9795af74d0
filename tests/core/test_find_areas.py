"""Pictures at rest: what lies around is recognised, what stands out is found, all gets words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.progress import silent
from blender_see2sound.core.regions.built_in.finder import DraftFinder
from blender_see2sound.core.regions.protocol import Region
from blender_see2sound.core.regions.words.built_in import DraftDescriber
from blender_see2sound.core.scene import Kind

from .clips import SHARED
from .moving_clips import Picture, film, ground, paste, thing


def described(path: Path) -> list[Region]:
    with open_clip(ClipRange(path)) as clip:
        return DraftDescriber().describe(clip, DraftFinder().find(clip, 5, silent), silent)


def picture_of(folder: Path, picture: Picture) -> list[Region]:
    path = folder / "picture.png"
    cv2.imwrite(str(path), picture[:, :, ::-1])
    return described(path)


def leaves(width: int, height: int, seed: int = 4) -> Picture:
    """Small patches of greens."""
    random = np.random.default_rng(seed)
    light = np.kron(
        random.uniform(0.5, 1.3, (height // 3 + 1, width // 3 + 1, 1)), np.ones((3, 3, 1))
    )
    return np.clip(light[:height, :width] * (80, 125, 45), 0, 255).astype(np.uint8)


def meadow_under_sky() -> Picture:
    picture = np.empty((180, 320, 3), np.uint8)
    picture[:80] = np.linspace((90, 140, 220), (170, 200, 235), 80)[:, None]
    picture[80:] = leaves(320, 100)
    return picture


def flames(t: float) -> Picture:
    """An orange fire that licks on a dark ground, of which as much is seen as tells the camera's rest."""
    random = np.random.default_rng(round(100 * t))
    picture = (ground() * 0.35).astype(np.uint8)
    licks = cv2.GaussianBlur(random.uniform(0, 1, (90, 110)), (0, 0), 5)
    licks = (licks - licks.min()) / np.ptp(licks)
    picture[70:160, 100:210] = np.clip(licks[..., None] * (255, 150, 40) + 20, 0, 255)
    return picture


def waves(t: float) -> Picture:
    """A bluish sea of crests that lie and roll, below a pale sky."""
    random = np.random.default_rng(3)
    picture = np.full((180, 320, 3), (200, 214, 230), np.uint8)
    y, x = np.mgrid[:110, :320]
    sea = np.zeros((110, 320))
    for _ in range(12):
        down, across, speed = (
            random.uniform(0.5, 1.1),
            random.uniform(-0.03, 0.03),
            random.uniform(2, 6),
        )
        sea += np.sin(down * y + across * x + speed * t + random.uniform(0, 6))
    picture[70:] = np.clip((70, 110, 140) + 14 * sea[..., None], 0, 255)
    return picture


def test_sky_and_foliage_are_told_apart(tmp_path: Path) -> None:
    regions = {region.look.stuff: region for region in picture_of(tmp_path, meadow_under_sky())}
    assert set(regions) == {"sky", "foliage"}
    assert regions["sky"].kind == "ambience"
    assert "wind" in regions["sky"].prompt
    assert "leaves" in regions["foliage"].prompt
    assert regions["sky"].boxes[0, 3] == pytest.approx(80, abs=8)
    assert regions["foliage"].boxes[0, 1] == pytest.approx(80, abs=8)
    assert all(len(region.times) == 1 and region.presence[0] == 1 for region in regions.values())


@pytest.mark.parametrize(
    ("draw", "stuff", "word"), [(flames, "fire", "fire"), (waves, "water", "waves")]
)
def test_what_flickers_is_known_by_its_colour(
    tmp_path: Path, draw: Callable[[float], Picture], stuff: str, word: str
) -> None:
    regions = described(film(tmp_path / "clip.mp4", draw, 1.5))
    (region,) = [r for r in regions if r.look.stuff == stuff]
    assert word in region.prompt
    assert not any(r.moving and r.look.area > 0.2 for r in regions)


def test_what_stands_out_in_a_still_is_found(tmp_path: Path) -> None:
    picture = ground(grain=40)
    paste(picture, thing(44, 40, (30, 60, 220)), 230, 120)
    (region,) = [r for r in picture_of(tmp_path, picture) if r.kind == "point"]
    x0, y0, x1, y1 = region.boxes[0]
    assert (x0 + x1) / 2 == pytest.approx(230, abs=12)
    assert (y0 + y1) / 2 == pytest.approx(120, abs=12)


def test_thumbnails_show_the_region_and_are_small(tmp_path: Path) -> None:
    regions = picture_of(tmp_path, cv2.resize(meadow_under_sky(), (1280, 720)))
    for region in regions:
        assert max(region.thumbnail.shape[:2]) <= 256
        assert region.thumbnail.dtype == np.uint8
    sky = next(r for r in regions if r.look.stuff == "sky")
    red, _, blue = sky.thumbnail.reshape(-1, 3).mean(0)
    assert blue > red + 40


def test_a_room_has_its_tone(tmp_path: Path) -> None:
    picture = np.full((180, 320, 3), (205, 195, 180), np.uint8)
    paste(picture, thing(120, 60, (150, 100, 60)), 160, 130)
    regions = picture_of(tmp_path, picture)
    (bed,) = [region for region in regions if region.kind == "ambience"]
    assert "room tone" in bed.prompt


@pytest.mark.skipif(not SHARED.is_dir(), reason="real clips are not here")
@pytest.mark.parametrize(
    ("name", "label", "kind", "word"),
    [
        ("eagle.png", "open water", "ambience", "waves"),
        ("station.png", "sky", "ambience", "wind"),
        ("waterfall.png", "waterfall", "area", "waterfall"),
        ("storm.png", "storm sky", "ambience", "thunder"),
    ],
)
def test_real_pictures(name: str, label: str, kind: Kind, word: str) -> None:
    regions = described(SHARED / name)
    (region,) = [r for r in regions if r.label == label]
    assert region.kind == kind
    assert word in region.prompt
    if name == "eagle.png":
        eagle = next(r for r in regions if r.kind == "point")
        middle = (eagle.boxes[0, :2] + eagle.boxes[0, 2:]) / 2 / (304, 166)
        assert middle[0] == pytest.approx(0.75, abs=0.12)
