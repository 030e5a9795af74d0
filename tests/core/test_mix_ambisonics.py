"""Ambisonics: AmbiX's channels say where a sound is, and sound from all around is balanced."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import lpmv

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.scene import Room

from .mixes import Desk, at, decibels, noise, rms


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def sn3d(azimuth: float, elevation: float, order: int) -> np.ndarray:
    """Real spherical harmonics in ACN order, SN3D (AmbiX, equations 1 to 3)."""
    from math import factorial

    a, s = np.radians(azimuth), np.sin(np.radians(elevation))
    values = []
    for degree in range(order + 1):
        for m in range(-degree, degree + 1):
            k = abs(m)
            scale = (2.0 - (k == 0)) * factorial(degree - k) / factorial(degree + k)
            # SciPy's Legendre functions carry the Condon-Shortley phase, AmbiX's do not.
            turn = np.cos(k * a) if m >= 0 else np.sin(k * a)
            values.append(np.sqrt(scale) * (-1) ** k * lpmv(k, degree, s) * turn)
    return np.array(values)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    ("azimuth", "elevation"), [(0, 0), (90, 0), (-45, 0), (180, 0), (30, 40), (-120, -25), (0, 90)]
)
def test_a_point_is_encoded_as_ambix_says(desk, order, azimuth, elevation):
    sound = noise(0.2)
    source = desk.source(sound, at(azimuth, 3.0, elevation))
    samples = desk.mix(source, seconds=0.2, layout=f"ambix{order}", format="float")
    gains = samples.T @ sound / (sound @ sound)
    assert gains == pytest.approx(sn3d(azimuth, elevation, order), abs=1e-5)
    assert np.abs(samples - sound[:, None] * gains).max() < 1e-5


@pytest.mark.parametrize("order", [1, 3])
def test_a_bed_has_the_level_of_its_file_and_comes_from_nowhere(desk, order):
    sound = noise(3.0, level=0.05)
    source = desk.source(sound, at(70.0), kind="ambience")
    samples = desk.mix(source, seconds=3.0, layout=f"ambix{order}")[9600:-9600]
    power = rms(samples) ** 2 / 0.05**2
    degrees = np.floor(np.sqrt(np.arange(len(power))))
    # A diffuse field in SN3D: every component of a degree l has 1 / (2 l + 1) of the power.
    assert 10 * np.log10(power * (2 * degrees + 1)) == pytest.approx(0.0, abs=1.5)
    alike = np.corrcoef(samples.T) - np.eye(len(power))
    assert np.abs(alike).max() < 0.25


def test_a_wide_source_leans_to_where_it_is(desk):
    lengths = []
    for spread in (0.0, 0.4, 0.8):
        source = desk.source(noise(2.0, level=0.05), at(60.0), spread=spread, kind="area")
        w, y, _, x = desk.mix(source, seconds=2.0, layout="ambix1")[4800:-4800].T
        intensity = np.array([w @ x, w @ y]) / (w @ w)
        assert np.degrees(np.arctan2(intensity[1], intensity[0])) == pytest.approx(60.0, abs=15.0)
        assert decibels(rms(w) / 0.05) == pytest.approx(0.0, abs=1.0)
        lengths.append(float(np.linalg.norm(intensity)))
    assert lengths == sorted(lengths, reverse=True)


def test_a_room_surrounds_and_its_direct_sound_stays(desk):
    source = desk.source(noise(1.0, level=0.05), at(90.0, 2.0))
    dry = desk.mix(source, seconds=1.0, layout="ambix2")
    wet = desk.mix(source, seconds=1.0, layout="ambix2", room=Room((8.0, 7.0, 3.0), 0.5))
    rest = wet - dry
    assert (rms(rest) > 0.05 * rms(rest)[0]).all()
    assert rms(wet)[0] > rms(dry)[0]


def test_flac_does_not_take_ambisonics(desk):
    with pytest.raises(See2SoundError, match="takes its channels for loudspeakers"):
        desk.mix(desk.source(noise(0.1), at(0.0)), seconds=0.1, layout="ambix1", name="a.flac")
