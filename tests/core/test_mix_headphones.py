"""Headphones: what both ears get is what a head in front of the source would hear."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.mix.travel.distance import Travel
from blender_see2sound.core.scene import Room

from .mixes import RATE, Desk, at, decibels, noise, rms, tone

RADIUS, SOUND = 0.0875, 343.0
COUNT = 4800
FREQUENCIES = np.maximum(np.fft.rfftfreq(COUNT, 1 / RATE), 1.0)
#: Where phase tells time, and where levels are compared, Hz.
LOW = (FREQUENCIES > 200) & (FREQUENCIES < 1500)
HEARD = (FREQUENCIES > 100) & (FREQUENCIES < 15_000)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("mix"))


def ears(desk: Desk, *positions, sofa: Path | None = None, **more) -> np.ndarray:
    """Responses (2, F) of both ears to a click, relative to the middle of the head."""
    click = np.zeros(COUNT)
    click[COUNT // 2] = 0.1
    samples = desk.mix(
        desk.source(click, *positions, **more), seconds=COUNT / RATE, layout="binaural",
        format="float", sofa=sofa,
    )  # fmt: skip
    return np.fft.rfft(samples.T) / np.fft.rfft(click)


@cache
def terms(count: int, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Duda and Martens (1998), equation 7, without the angle: frequencies, and a row per order."""
    frequencies = np.maximum(np.fft.rfftfreq(count, 1 / rate), 1.0)
    size, reach = 2 * np.pi * frequencies * RADIUS / SOUND, 3.0 / RADIUS
    rows = []
    for m in range(70):
        with np.errstate(all="ignore"):
            h = spherical_jn(m, size * reach) - 1j * spherical_yn(m, size * reach)
            dh = spherical_jn(m, size, True) - 1j * spherical_yn(m, size, True)
            term = -(2 * m + 1) * h / dh * reach / size * np.exp(1j * size * reach)
        term[~np.isfinite(term)] = 0.0
        rows.append(term)
    return frequencies, np.array(rows)


def sphere(position: tuple, count: int = COUNT, rate: int = RATE) -> np.ndarray:
    """Responses (2, F) of ears at the sides of a sphere to a source 3 m off."""
    right = position[0] / np.linalg.norm(position)
    _, rows = terms(count, rate)
    return np.array([eval_legendre(np.arange(70), cosine) @ rows for cosine in (-right, right)])


def interaural(responses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds by which the right ear is later, and decibels per ear."""
    turns = np.unwrap(np.angle(responses[0] / responses[1]))
    return 1e6 * (turns / (2 * np.pi * FREQUENCIES))[LOW], decibels(np.abs(responses))[:, HEARD]


def smoothed(levels: np.ndarray) -> np.ndarray:
    """Levels (2, F) as energy per sixth of an octave."""
    borders = np.geomspace(110, 14_000, 42)
    bins = np.digitize(FREQUENCIES[HEARD], borders)
    power = 10 ** (levels / 10)
    return np.array([[10 * np.log10(p[bins == b].mean()) for b in range(1, 42)] for p in power])


@pytest.mark.parametrize(
    ("azimuth", "elevation"),
    [(0, 0), (5, 0), (-30, 0), (60, 0), (90, 0), (-135, 0), (170, 0), (45, 40), (-20, -60)],
)
def test_ears_hear_what_a_spherical_head_hears(desk, azimuth, elevation):
    place = at(azimuth, 3.0, elevation)
    time, level = interaural(ears(desk, place))
    model_time, model_level = interaural(sphere(place))
    assert np.abs(time - model_time).max() <= 20.0
    assert np.abs(smoothed(level) - smoothed(model_level)).max() <= 1.5
    # Negative control: the same measure sees another direction.
    other, _ = interaural(sphere(at(azimuth + 30, 3.0, elevation)))
    assert np.abs(time - other).max() > 20.0


def test_a_moving_source_is_heard_at_the_same_delay_as_one_that_stays(desk):
    # Once through front at 40 degrees per second; a click as it passes 20 degrees.
    times = np.linspace(0.0, COUNT / RATE, 21)
    track = [at(20.0 - 40.0 * (t - 0.05)) for t in times]
    time, level = interaural(ears(desk, *track, times=times))
    still_time, still_level = interaural(ears(desk, at(20.0)))
    assert np.abs(time - still_time).max() <= 10.0
    assert np.abs(smoothed(level) - smoothed(still_level)).max() <= 0.5


@pytest.mark.parametrize("spread", [0.0, 0.5])
@pytest.mark.parametrize(
    ("start", "end"),
    [((-4.0, 0.0, 0.0), (4.0, 0.0, 0.0)), ((0.0, 4.0, 1.0), (0.0, -4.0, 1.0))],
)
def test_a_source_that_passes_the_head_does_not_click(desk, start, end, spread):
    source = desk.source(tone(1.0, 1000.0), start, end, times=(0.0, 1.0), spread=spread)
    samples = desk.mix(source, seconds=1.0, layout="binaural")
    spectra = np.abs(np.fft.rfft(samples * np.hanning(len(samples))[:, None], axis=0))
    assert decibels(spectra[4000:].max() / spectra.max()) < -75.0


def test_silence_takes_its_time(desk):
    # A second sound begins long after the first has ended, and nothing sounds in between.
    late = np.zeros(8 * RATE)
    late[7 * RATE] = 0.5
    scene = [desk.source(noise(0.5), at(30.0)), desk.source(late, at(0.0), id="late")]
    samples = desk.mix(*scene, seconds=8.0, layout="binaural")
    assert abs(int(np.abs(samples[RATE:, 0]).argmax()) - 6 * RATE) < 20
    assert np.abs(samples[2 * RATE : 6 * RATE]).max() < 1e-6


def test_a_bed_and_a_room_are_all_around(desk):
    room = Room((8.0, 6.0, 3.0), 0.4)
    sources = {
        "bed": (desk.source(noise(2.0, level=0.05), at(0.0), kind="ambience", id="bed"), None),
        "room": (desk.source(noise(2.0, level=0.05), at(40.0, 2.0), id="dry"), room),
    }
    for source, place in sources.values():
        samples = desk.mix(source, seconds=2.0, layout="binaural", room=place)[
            RATE // 2 : -RATE // 2
        ]
        assert rms(samples).min() > 0.5 * rms(samples).max()
    bed = desk.mix(sources["bed"][0], seconds=2.0, layout="binaural")[RATE // 2 : -RATE // 2]
    assert decibels(np.sqrt(np.mean(rms(bed) ** 2)) / 0.05) == pytest.approx(0.0, abs=3.0)
    assert decibels(rms(bed)[0] / rms(bed)[1]) == pytest.approx(0.0, abs=0.5)
    # Above 1.5 kHz a diffuse field is not the same at both ears, at 200 Hz it is.
    from scipy.signal import butter, sosfilt

    def alike(low: float, high: float) -> float:
        one, other = sosfilt(butter(4, [low, high], "band", fs=RATE, output="sos"), bed.T)
        return float(one @ other / np.sqrt((one @ one) * (other @ other)))

    assert alike(100, 250) > 0.7
    assert abs(alike(2000, 8000)) < 0.3


def test_reflections_come_to_both_ears_from_where_they_are(desk):
    # Right of the listener is an open wall of absorbers, left a hard one.
    room = Room((6.0, 30.0, 20.0), 0.5, (3.0, 15.0, 10.0))
    click = np.zeros(RATE // 2)
    click[4800] = 0.5
    source = desk.source(click, (-2.0, 0.0, 0.0))
    samples = desk.mix(source, seconds=0.5, layout="binaural", room=room, travel=Travel(None))
    # The nearest wall's reflection is 2 m longer on the way, and from the left like the source.
    late = samples[4800 + round(2.0 / SOUND * RATE) - 40 :][:90]
    assert np.abs(late[:, 0]).max() > 1.5 * np.abs(late[:, 1]).max() > 0.0
    first = [int(np.abs(late[:, ear]).argmax()) for ear in range(2)]
    assert 15 <= first[1] - first[0] <= 45  # an ear's distance later on the right


def write_sofa(path: Path, directions: np.ndarray, rate: int = RATE, **changed) -> Path:
    """A measured head: the sphere, at directions of (azimuth, elevation)."""
    late = np.exp(-2j * np.pi * terms(512, rate)[0] * 64 / rate)
    impulses = [
        np.fft.irfft(sphere(at(azimuth, 3.0, elevation), 512, rate) * late, axis=1)
        for azimuth, elevation in directions
    ]
    with h5py.File(path, "w") as file:
        file.attrs["SOFAConventions"] = changed.get("convention", "SimpleFreeFieldHRIR")
        file["Data.IR"] = np.array(impulses) * 0.3
        file["Data.SamplingRate"] = np.array([float(rate)])
        file["Data.Delay"] = np.zeros((1, 2))
        places = file.create_dataset(
            "SourcePosition", data=np.column_stack([directions, np.full(len(directions), 1.5)])
        )
        places.attrs["Type"] = "spherical"
    return path


def test_a_sofa_file_s_head_is_heard(desk):
    directions = np.array([(a, e) for e in range(-75, 76, 15) for a in range(0, 360, 10)])
    path = write_sofa(desk.folder / "head.sofa", directions)
    for azimuth, elevation in ((0, 0), (30, 0), (-60, 15), (120, 0)):
        place = at(azimuth, 3.0, elevation)
        time, level = interaural(ears(desk, place, sofa=path))
        model_time, model_level = interaural(sphere(place))
        assert np.abs(time - model_time).max() <= 20.0
        # Its overall level is the file's own affair; a front ear is taken for the free field.
        apart = smoothed(level) - smoothed(model_level)
        assert np.ptp(apart) <= 1.5
        assert np.abs(apart).max() <= 2.0
    # Between measured directions, and as it moves, nothing jumps.
    track = [at(90.0 - 180.0 * t) for t in np.linspace(0, 1, 26)]
    source = desk.source(tone(1.0, 1000.0), *track, times=np.linspace(0, 1, 26))
    samples = desk.mix(source, seconds=1.0, layout="binaural", sofa=path)
    spectra = np.abs(np.fft.rfft(samples * np.hanning(len(samples))[:, None], axis=0))
    assert decibels(spectra[4000:].max() / spectra.max()) < -70.0
    assert np.isfinite(samples).all()


@pytest.mark.parametrize("elevations", [(0,), (0, 30, 60)], ids=["ring", "from above"])
def test_a_head_that_was_measured_in_part_is_heard_all_around(desk, elevations):
    directions = np.array([(a, e) for e in elevations for a in range(0, 360, 15)])
    path = write_sofa(desk.folder / "part.sofa", directions)
    for azimuth, elevation in ((45, 0), (-90, -40), (30, 80)):
        spectra = np.abs(ears(desk, at(azimuth, 3.0, elevation), sofa=path))
        left, right = np.sqrt(np.mean(spectra**2, axis=1))
        assert np.isfinite(left + right)
        assert (left > right) == (azimuth > 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("Data.Delay", np.full((1, 2), np.nan)), ("Data.Delay", np.full((1, 2), -5.0)),
     ("Data.Delay", np.full((1, 2), 1e300)), ("Data.IR", np.zeros((24, 2, 512))),
     ("Data.IR", np.full((24, 2, 512), 1e300)), ("Data.IR", np.zeros((24, 2))),
     ("SourcePosition", np.full((24, 3), np.inf)), ("SourcePosition", np.zeros(24)),
     ("Data.SamplingRate", np.array([]))],
)  # fmt: skip
def test_heads_of_odd_numbers_are_refused(desk, name, value):
    directions = np.array([(a, e) for e in (-30, 30) for a in range(0, 360, 30)])
    path = write_sofa(desk.folder / "odd.sofa", directions)
    with h5py.File(path, "a") as file:
        del file[name]
        file[name] = value
    with pytest.raises(See2SoundError, match=r"odd\.sofa is not a SOFA file"):
        desk.mix(desk.source(noise(0.1), at(0.0)), seconds=0.1, layout="binaural", sofa=path)


def test_a_mix_is_not_written_over_its_head(desk):
    directions = np.array([(a, e) for e in (-30, 30) for a in range(0, 360, 30)])
    path = write_sofa(desk.folder / "head.wav", directions)
    before = path.read_bytes()
    with pytest.raises(See2SoundError, match="the head"):
        desk.mix(
            desk.source(noise(0.1), at(0.0)), seconds=0.1, layout="binaural", sofa=path,
            name=path.name,
        )  # fmt: skip
    assert path.read_bytes() == before


def test_files_that_are_no_heads_are_refused(desk):
    source = desk.source(noise(0.1), at(0.0))
    (desk.folder / "text.sofa").write_text("no head")
    directions = np.array([(a, 0.0) for a in range(0, 360, 30)])
    other = write_sofa(desk.folder / "other.sofa", directions, convention="GeneralTF")
    for path, why in (
        (desk.folder / "text.sofa", "text.sofa is not a SOFA file"),
        (desk.folder / "nowhere.sofa", "nowhere.sofa"),
        (other, "its convention is GeneralTF"),
    ):
        with pytest.raises(See2SoundError, match=why):
            desk.mix(source, seconds=0.1, layout="binaural", sofa=path)
    with pytest.raises(See2SoundError, match="it is for headphones"):
        desk.mix(source, seconds=0.1, layout="5.1", sofa=other)
