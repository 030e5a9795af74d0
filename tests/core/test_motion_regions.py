"""Speed and impacts of regions, from drawn clips of which both are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from blender_see2sound.core.errors import Cancelled
from blender_see2sound.core.media import ClipRange, open_clip
from blender_see2sound.core.motion import motions_of
from blender_see2sound.core.progress import Progress, silent
from blender_see2sound.core.regions.outline import outline_of
from blender_see2sound.core.regions.protocol import Look, Region
from blender_see2sound.core.scene import Motion

from .moving_clips import film
from .timed_clips import Sprite, Way, bouncing, scene, walker

#: With this field of view and width a pixel is 1 cm wide at the distance of `FAR` metres.
FOV, FAR = 50.0, 0.01 * 160 / math.tan(math.radians(25.0))
BALL = (24, 24)


def region_of(
    way: Way, size: tuple[float, float], seconds: float, tremble: float = 2.0, moving: bool = True
) -> Region:
    """A region as a tracker gives it: ten boxes a second that tremble by some pixels."""
    times = np.arange(0.0, seconds, 0.1)
    places = [way(t) for t in times]
    held = [place or (0.0, 0.0) for place in places]
    random = np.random.default_rng(5)
    boxes = [
        np.array([x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2])
        + random.normal(0.0, tremble, 4)
        for x, y in held
    ]
    return Region(
        "point", times, np.array(boxes), np.array([float(p is not None) for p in places]),
        1.0, moving, True, np.zeros((8, 8, 3), np.uint8), Look(),
    )  # fmt: skip


def measured(
    path: Path, regions: Sequence[Region], progress: Progress = silent, **part: float
) -> list[Motion | None]:
    with open_clip(ClipRange(path, **part)) as clip:
        far = [np.full(len(r.times), FAR) for r in regions]
        return motions_of(clip, regions, far, FOV, progress)


def off(found: Sequence[float], true: Sequence[float]) -> np.ndarray:
    """How far each true moment is from the next that was found, seconds."""
    return np.array([min((abs(f - t) for f in found), default=9.0) for t in true])


@pytest.fixture(scope="module")
def ball(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Way, list[float]]:
    way, touches = bouncing(150.0, 100.0, 600.0, 0.85, 80.0, 35.0)
    path = tmp_path_factory.mktemp("motion") / "ball.mp4"
    film(path, scene([Sprite(BALL, (200, 60, 50), way, True)]), 3.0, 30)
    return path, way, [t for t in touches if t < 2.9]


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("motion") / "walk.mp4"
    return film(path, scene(walker(50.0, 165.0, 48.0, 0.54, 100.0)), 3.6, 25)


def test_a_ball_strikes_where_it_bounces(ball: tuple[Path, Way, list[float]]) -> None:
    path, way, touches = ball
    (motion,) = measured(path, [region_of(way, BALL, 3.0)])
    assert motion is not None
    assert len(motion.impacts) == len(touches)
    assert float(np.max(off(motion.impacts, touches))) < 0.02
    assert list(motion.strengths) == sorted(motion.strengths, reverse=True)  # each bounce is softer


def test_its_speed_is_in_metres_a_second(ball: tuple[Path, Way, list[float]]) -> None:
    path, way, _ = ball
    (motion,) = measured(path, [region_of(way, BALL, 3.0)])
    assert motion is not None
    moments = np.arange(0.2, 2.8, 0.02)
    true = [0.01 * math.dist(way(t - 0.01), way(t + 0.01)) / 0.02 for t in moments]  # type: ignore[arg-type]
    found = np.interp(moments, motion.times, motion.speed)
    assert np.corrcoef(true, found)[0, 1] > 0.85
    assert np.median(found) == pytest.approx(np.median(true), rel=0.2)


def test_a_walker_sets_feet_down(walk: Path) -> None:
    true = [0.54 * k for k in range(1, 7)]
    (motion,) = measured(walk, [region_of(lambda t: (50 + 48 * t, 115.0), (40, 104), 3.6)])
    assert motion is not None
    assert float(np.median(off(motion.impacts, true))) < 0.03
    assert len(motion.impacts) <= len(true) + 1
    assert 0.3 < float(np.median(motion.speed)) < 0.9  # 0.48 m/s, and legs that swing


def test_a_later_start_shifts_the_impacts(ball: tuple[Path, Way, list[float]]) -> None:
    path, way, touches = ball
    later = region_of(lambda t: way(t + 1.21), BALL, 1.7)
    (motion,) = measured(path, [later], start=1.21)
    assert motion is not None
    true = [t - 1.21 for t in touches if t > 1.4]
    assert float(np.max(off(motion.impacts, true))) < 0.02


def test_pictures_at_uneven_times(tmp_path: Path, ball: tuple[Path, Way, list[float]]) -> None:
    """As phones record: each picture shows its own time, not a regular one."""
    _, way, touches = ball
    random = np.random.default_rng(2)
    stamps = np.cumsum(random.integers(20, 48, 86))
    stamps -= stamps[0]
    draw = scene([Sprite(BALL, (200, 60, 50), way, True)])
    path = tmp_path / "uneven.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"preset": "ultrafast", "crf": "18"}
        stream.codec_context.thread_count = 1
        for stamp in stamps:
            frame = av.VideoFrame.from_ndarray(draw(stamp / 1000.0), format="rgb24")
            frame.pts, frame.time_base = int(stamp), stream.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    end = stamps[-1] / 1000.0
    (motion,) = measured(path, [region_of(way, BALL, end)])
    assert motion is not None
    assert float(np.median(off(motion.impacts, [t for t in touches if t < end - 0.2]))) < 0.03


def test_repeated_pictures_do_not_stop_it(tmp_path: Path) -> None:
    """Drawn on twos: 12 pictures a second, each shown twice."""
    way: Way = lambda t: (40.0 + 60.0 * t, 90.0)  # noqa: E731
    draw = scene([Sprite((40, 30), (60, 90, 200), way)], noise=0.0)
    path = film(tmp_path / "twos.mp4", lambda t: draw(math.floor(t * 12 + 1e-6) / 12), 2.5, 24)
    (motion,) = measured(path, [region_of(way, (40, 30), 2.5)])
    assert motion is not None
    assert motion.impacts == ()
    assert np.ptp(np.interp(np.arange(0.5, 2.0, 0.05), motion.times, motion.speed)) < 0.3


STILL: Way = lambda t: (160.0, 100.0)  # noqa: E731


@pytest.mark.parametrize(
    ("way", "shake", "why"),
    [
        (STILL, lambda t: (0.0, 0.0), "it stands"),
        (
            STILL,
            lambda t: (4 * math.sin(7 * t) + 2 * math.sin(23 * t), 3 * math.sin(9 * t + 1)),
            "only the camera shakes",
        ),
        (lambda t: (90 + 45 * t, 100.0), lambda t: (0.0, 0.0), "it goes on evenly"),
        (
            lambda t: (160.0 + 50 * math.sin(2 * math.pi * 0.9 * t), 100.0),
            lambda t: (0.0, 0.0),
            "it swings",
        ),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_nothing_strikes(
    tmp_path: Path, way: Way, shake: Callable[[float], tuple[float, float]], why: str
) -> None:
    draw = scene([Sprite((40, 34), (60, 90, 200), way)], shake, noise=4.0)
    path = film(tmp_path / "clip.mp4", draw, 2.4, 24)
    shaken: Way = lambda t: tuple(np.add(way(t), shake(t)))  # type: ignore[assignment,return-value,arg-type] # noqa: E731
    (motion,) = measured(path, [region_of(shaken, (40, 34), 2.4)])
    if why == "it stands":
        assert motion is None
    elif why == "only the camera shakes":
        # What noise leaves of the camera's shaking is a crawl, or nothing.
        assert motion is None or (motion.impacts == () and max(motion.speed) < 0.2)
    else:
        assert motion is not None
        assert motion.impacts == (), why


def test_a_cut_is_no_impact(tmp_path: Path) -> None:
    way: Way = lambda t: (60.0 + 50.0 * t, 90.0)  # noqa: E731
    one = scene([Sprite((40, 34), (60, 90, 200), way)])
    other = scene([Sprite((60, 44), (200, 190, 40), lambda t: (100.0, 60.0))], seed=9)
    path = film(tmp_path / "cut.mp4", lambda t: one(t) if t < 1.2 else 255 - other(t), 2.4, 24)
    (motion,) = measured(path, [region_of(way, (40, 34), 2.4)])
    assert motion is None or motion.impacts == ()


def test_beds_and_what_is_not_seen_have_no_motion(ball: tuple[Path, Way, list[float]]) -> None:
    import dataclasses

    path, way, _ = ball
    seen = region_of(way, BALL, 3.0)
    bed = dataclasses.replace(seen, kind="ambience")
    gone = dataclasses.replace(seen, presence=np.zeros(len(seen.times)))
    assert measured(path, [bed, gone]) == [None, None]


def test_of_a_region_with_an_outline_only_that_counts(tmp_path: Path) -> None:
    """Something else swings through the box of what stands."""
    import dataclasses

    still = Sprite((40, 90), (60, 90, 200), lambda t: (160.0, 90.0))
    passing = Sprite((20, 20), (200, 90, 40), lambda t: (110.0 + 60.0 * t, 60.0), seed=9)
    path = film(tmp_path / "two.mp4", scene([still, passing]), 1.6, 24)
    region = region_of(lambda t: (150.0, 90.0), (100, 100), 1.6, tremble=0.0)
    mask = np.zeros((180, 320), bool)
    mask[100:135, 140:180] = True
    outline = outline_of([mask] * len(region.times))
    whole, own = (
        measured(path, [dataclasses.replace(region, outline=each)])[0] for each in (None, outline)
    )
    assert whole is not None
    assert own is None


def test_it_tells_how_far_it_is_and_can_be_cancelled(ball: tuple[Path, Way, list[float]]) -> None:
    path, way, _ = ball
    told: list[float] = []
    measured(path, [region_of(way, BALL, 3.0)], lambda phase, f: told.append(f))
    assert told == sorted(told)
    assert len(told) > 50

    def stop(phase: str, fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        measured(path, [region_of(way, BALL, 3.0)], stop)
