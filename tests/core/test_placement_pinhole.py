"""Pinhole geometry: exact, reversible, mirror-symmetric."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blender_see2sound.core.placement.pinhole import angles_of, directions, pixels_of

fovs = st.floats(5.0, 150.0)
sizes = st.tuples(st.integers(16, 8000), st.integers(16, 8000))
shares = st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))


@given(sizes, fovs)
def test_the_edges_are_at_half_the_field_of_view(size: tuple[int, int], fov: float) -> None:
    width, height = size
    azimuth, elevation = angles_of(
        directions([[0, height / 2], [width, height / 2], [width / 2, height / 2]], size, fov)
    )
    assert azimuth == pytest.approx([fov / 2, -fov / 2, 0.0])
    assert elevation == pytest.approx([0.0, 0.0, 0.0])


def test_the_upper_edge_by_hand() -> None:
    up = directions([320, 0], (640, 360), 90.0)
    assert angles_of(up)[1] == pytest.approx(math.degrees(math.atan(180 / 320)))
    assert angles_of(up)[0] == pytest.approx(0.0)


@given(sizes, fovs, shares, st.floats(0.5, 80.0))
def test_there_and_back(
    size: tuple[int, int], fov: float, share: tuple[float, float], metres: float
) -> None:
    pixel = np.array(share) * size
    direction = directions(pixel, size, fov)
    assert np.linalg.norm(direction) == pytest.approx(1.0)
    assert pixels_of(direction * metres, size, fov) == pytest.approx(pixel, abs=1e-6 * max(size))


@given(sizes, fovs, shares)
def test_mirrored_pictures_give_mirrored_directions(
    size: tuple[int, int], fov: float, share: tuple[float, float]
) -> None:
    x, y = np.array(share) * size
    azimuth, elevation = angles_of(directions([x, y], size, fov))
    mirrored = angles_of(directions([size[0] - x, y], size, fov))
    assert mirrored[0] == pytest.approx(-azimuth, abs=1e-9)
    assert mirrored[1] == pytest.approx(elevation, abs=1e-9)
    assert angles_of(directions([x, size[1] - y], size, fov))[1] == pytest.approx(
        -elevation, abs=1e-9
    )


def test_axes() -> None:
    azimuth, elevation = angles_of([[-1, 1, 0], [1, 0, 0], [0, -1, 0], [0, 1, 1]])
    assert azimuth == pytest.approx([45, -90, 180, 0], abs=1e-9) or azimuth[2] == -180
    assert elevation == pytest.approx([0, 0, 0, 45])
