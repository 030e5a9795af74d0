"""Panning over the whole sphere: EBU's gains, and no jump anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blender_see2sound.core.mix.layouts.table import LAYOUTS, layout_named
from blender_see2sound.core.mix.panning.gains import point_gains, spread_gains, spread_share

from .mixes import RATE, Desk, at, decibels, mains, rms, tone

#: Gains of EBU's reference renderer, as `bench/ear_panning.py --table` writes them.
TABLE = json.loads((Path(__file__).parent / "data" / "ear_panning.json").read_text())
SURROUND = ["5.1", "7.1", "5.1.4", "7.1.4"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def ours(layout: str, angles: np.ndarray) -> np.ndarray:
    places = np.array([at(azimuth, elevation=elevation) for azimuth, elevation in angles])
    return point_gains(places, layout_named(layout))


@pytest.mark.parametrize("layout", list(TABLE["gains"]))
def test_gains_are_those_of_ebu_s_renderer_all_over_the_sphere(layout):
    angles = np.array(TABLE["angles"])
    theirs = np.array(TABLE["gains"][layout])
    gains = ours(layout, angles)
    loud = theirs > 1e-2  # below, the table's five digits are coarser than the tolerance
    assert np.abs(decibels(gains[loud]) - decibels(theirs[loud])).max() <= 0.1
    assert np.abs(gains - theirs).max() < 1e-4
    # Negative control: the same measure sees directions that are two degrees off.
    off = ours(layout, angles + np.array([2.0, 0.0]))
    assert np.abs(decibels(off[loud]) - decibels(theirs[loud])).max() > 0.5


@pytest.mark.parametrize(("layout", "azimuth"), [("5.1.4", 110.0), ("7.1.4", 45.0)])
def test_a_mix_puts_a_source_at_an_upper_loudspeaker_there_alone(desk, layout, azimuth):
    source = desk.source(tone(0.3, 1000.0), at(azimuth, elevation=30.0))
    levels = rms(desk.mix(source, seconds=0.3, layout=layout))
    names = [c.name for c in layout_named(layout).channels]
    loudest = "TBL" if azimuth > 90.0 else "TFL"
    assert levels[names.index(loudest)] == pytest.approx(0.0707, rel=0.15)
    assert np.delete(levels, names.index(loudest)).max() < 1e-6


@settings(max_examples=60, deadline=None)
@given(
    start=st.tuples(*[st.floats(-5, 5)] * 3),
    end=st.tuples(*[st.floats(-5, 5)] * 3),
    layout=st.sampled_from([a.name for a in LAYOUTS if a.coding == "loudspeakers"]),
    spread=st.floats(0, 1),
)
def test_gains_are_continuous_along_any_line(start, end, layout, spread):
    # A source that passes the middle of the head at 10 m per second, looked at every sample.
    step = 10.0 / RATE
    length = max(float(np.linalg.norm(np.subtract(end, start))), step)
    places = np.linspace(start, end, max(2, round(length / step)))
    gains = point_gains(places, layout_named(layout))
    assert np.isfinite(gains).all()
    assert np.sum(gains**2, axis=1).max() <= 1.0 + 1e-9
    assert np.sum(gains**2, axis=1).min() >= 0.5 - 1e-9
    # Gains follow the place: at the nearest, 2 mm in 0.5 m to the side, no more than this.
    nearest = np.linalg.norm(places, axis=1).min()
    assert np.abs(np.diff(gains, axis=0)).max() <= 5.0 * step / max(nearest, 0.1) + 1e-9
    power = np.sum(spread_gains(places[::500], spread, layout_named(layout)) ** 2, axis=1)
    assert np.isfinite(power).all()
    assert (power <= 1.0 + 1e-9).all()
    assert (power >= 0.5 - 1e-9).all()
    assert 0.0 <= spread_share(spread) <= 1.0


@pytest.mark.parametrize("layout", ["5.1.4", "7.1.4"])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_a_source_that_glides_over_the_top_does_not_click(desk, layout, spread):
    times = np.linspace(0.0, 1.0, 26)
    track = [at(20.0, elevation=180.0 * t) for t in times]  # up, over the zenith, down behind
    source = desk.source(tone(1.0, 1000.0), *track, times=times, spread=spread)
    samples = mains(desk.mix(source, seconds=1.0, layout=layout), layout)
    spectra = np.abs(np.fft.rfft(samples * np.hanning(len(samples))[:, None], axis=0))
    assert decibels(spectra[4000:].max() / spectra.max()) < -80.0
    # The upper loudspeakers carry it at the zenith, all of them.
    middle = rms(samples[RATE // 2 - 480 : RATE // 2 + 480])
    assert middle[-4:].min() > 0.05 * middle.max()
    assert np.sum(middle[-4:] ** 2) > 0.6 * np.sum(middle**2)


@pytest.mark.parametrize("layout", SURROUND)
def test_a_wide_source_is_heard_where_it_is(layout):
    # The gain-squared vector of the spread share leans to the source, less as it widens.
    channels = [c for c in layout_named(layout).channels if c.azimuth is not None]
    vectors = np.array([at(c.azimuth, 1.0, c.elevation) for c in channels])
    place = np.array([at(50.0, 3.0, 20.0 if layout.endswith(".4") else 0.0)])
    lengths = []
    for spread in (0.1, 0.4, 0.7, 1.0):
        power = spread_gains(place, spread, layout_named(layout))[0] ** 2
        lean = power @ vectors
        lengths.append(float(np.linalg.norm(lean)))
        if spread < 0.8:
            assert lean @ place[0] > 0.8 * np.linalg.norm(lean) * np.linalg.norm(place[0])
    assert lengths == sorted(lengths, reverse=True)
