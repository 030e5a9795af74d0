"""What is measured between pictures: shapes that are hard, and what long clips cost."""

from __future__ import annotations

import dataclasses
import tracemalloc

import cv2
import numpy as np
import pytest

from blender_see2sound.core.motion.flow import Flowing, Meter
from blender_see2sound.core.motion.impacts import Track, blows_of, steps_of
from blender_see2sound.core.regions.protocol import Look, Region


def region_in(shape: tuple[int, int], seconds: float) -> Region:
    """One that fills the middle of a picture."""
    h, w = shape
    box = (0.3 * w, 0.3 * h, 0.7 * w, 0.7 * h)
    return Region(
        "point", np.array([0.0, seconds]), np.array([box, box]), np.ones(2), 1.0, True, True,
        np.zeros((8, 8, 3), np.uint8), Look(),
    )  # fmt: skip


@pytest.mark.parametrize(
    "shape",
    [(16, 16), (17, 23), (14, 320), (320, 12), (16, 320), (18, 320), (24, 320), (40, 320), (63, 320), (320, 17), (320, 18), (320, 61),
     (33, 33), (133, 320)],
)  # fmt: skip
def test_pictures_of_any_shape_are_measured(shape: tuple[int, int]) -> None:
    """OpenCV ends the process where pictures are too small for its scales, or finds nothing."""
    noise = np.random.default_rng(1).integers(0, 255, (shape[0], shape[1] + 40), np.uint8)
    wide = cv2.GaussianBlur(noise, (0, 0), 1.5)
    region = region_in(shape, 1.0)
    x0, y0, x1, y1 = region.boxes[0].astype(int)
    meter = Meter([region], 1.0)
    for number in range(8):
        # The camera turns one way, what is in the box goes the other.
        picture = wide[:, number:][:, : shape[1]].copy()
        picture[y0:y1, x0:x1] = wide[y0:y1, 20 + x0 - 2 * number : 20 + x1 - 2 * number]
        meter.take(0.1 * number, picture, 0.0)
    assert not any(meter.cuts)
    table = meter.flowing[0].table()
    assert len(table) == 7
    assert np.count_nonzero(table[:, 1]) > 3


def test_what_is_kept_of_a_pair_is_small() -> None:
    """Of two hours, eight regions: some tens of megabytes."""
    flowing = Flowing()
    tracemalloc.start()
    for number in range(20_000):
        flowing.take((1.0, *(number * 0.1 + k for k in range(7))), (1.0 * number, 2.0, 3.0))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 60 * 20_000
    assert flowing.table().shape == (20_000, 8)


def bouncing(periods: int, rate: float = 25.0) -> Track:
    """Something that goes down and is thrown up again, once a second."""
    times = np.arange(0.0, periods + 1e-6, 1.0 / rate)
    middle = 0.5 * (times[1:] + times[:-1])
    velocity = np.stack([np.full(len(middle), 5.0), 80.0 * (2.0 * (middle % 1.0) - 1.0)], 1)
    even = np.ones(len(middle))
    return Track(times, velocity, 400.0 * even, even, 0.01 * even, 20.0)


def test_far_parts_of_a_long_shot_do_not_change_blows() -> None:
    short, _ = blows_of(bouncing(4))
    long, forces = blows_of(bouncing(40))
    assert np.allclose(short, [1.0, 2.0, 3.0], atol=0.03)
    assert np.allclose(long[:3], short)
    assert np.allclose(long, np.arange(1.0, 40.0), atol=0.03)
    assert np.ptp(forces) < 0.1 * forces.mean()


def test_a_picture_that_stays_for_seconds_does_no_harm() -> None:
    track = bouncing(6)
    later = np.where(track.times > 2.5, track.times + 3.0, track.times)
    moments, _ = blows_of(dataclasses.replace(track, times=later))
    assert np.allclose(moments, [1.0, 2.0, 6.0, 7.0, 8.0], atol=0.05)


def test_a_thing_that_goes_evenly_neither_strikes_nor_steps() -> None:
    track = bouncing(4)
    even = dataclasses.replace(track, velocity=np.full_like(track.velocity, 40.0))
    assert not len(blows_of(even)[0])
    assert not len(steps_of(even)[0])
