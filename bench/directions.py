"""Where a mix puts things, beside others: python bench/directions.py [--ear PYTHON] [--picture FILE].

One source of noise (150 to 6000 Hz, 3 m away, no reverberation) stands at every fifth
degree around the listener. Each way of mixing writes a file for each place, and where
the sound is heard is taken from the files alone:

- velocity vector: the direction in which loudspeakers at the layout's places move
  the air at the listener, 200 to 700 Hz (Gerzon's velocity vector; what each channel
  has in common with the sum of all weighs its loudspeaker);
- energy vector: each loudspeaker weighed by its energy, 700 to 5000 Hz (Gerzon 1992);
- array: the loudspeakers, 3 m away, are simulated in free air; eight microphones on
  a circle of 5 cm hear them, and SRP-PHAT (pyroomacoustics) finds the direction, 200
  to 700 Hz.

The ways: this renderer; the gains of EBU's (`ear`, ITU-R BS.2127) on the same noise,
from the tests' table every tenth degree, or with ``--ear`` from a Python that has `ear`;
Blender's Audaspace, a mixdown of a Speaker object (where this Python has bpy); this
project's ``--renderer microphones``, in a wide open place (grass 20 m below); and the
original SEE-2-SOUND. That one knows only what is in the picture, so it is asked for the
front alone. What is assumed of it is in `originals`.

Front is 0 to 30 degrees to either side, side to 110, rear beyond. As a negative control
this renderer's files are compared with shuffled places.

Then headphones, against the series for a sphere (Duda and Martens 1998), and ambisonics,
decoded to 48 loudspeakers all around. ``--picture`` draws the errors in 5.1.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import factorial
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, sosfilt, sosfiltfilt
from scipy.special import eval_legendre, lpmv, spherical_jn, spherical_yn

from blender_see2sound.core.files import atomic_path
from blender_see2sound.core.mix import mix_to_file
from blender_see2sound.core.mix.layouts.table import layout_named
from blender_see2sound.core.mix.travel.distance import Travel
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source

RATE = 48_000
SECONDS = 0.5
AZIMUTHS = np.arange(-180, 180, 5)
REGIONS = {"front": (0, 30), "side": (31, 110), "rear": (111, 180)}
TABLE = Path(__file__).resolve().parents[1] / "tests" / "core" / "data" / "ear_panning.json"

#: In the picture: colours that stay apart for most colour-blind eyes (Okabe and Ito 2008).
STYLES = {"energy": ("#d55e00", "o"), "velocity": ("#0072b2", "x")}
LABELS = {"velocity": "velocity vector,\n200 to 700 Hz", "energy": "energy vector,\n700 to 5000 Hz"}

#: A file for each azimuth. A way may leave out azimuths, and give several files for one.
Files = list[tuple[float, Path]]


def place(azimuth: float) -> tuple[float, float, float]:
    """Three metres away: x right, y forward, z up."""
    angle = np.radians(azimuth)
    return (float(-3.0 * np.sin(angle)), float(3.0 * np.cos(angle)), 0.0)


def noise(seconds: float, rate: int) -> np.ndarray:
    """The sound of the source, the same every time."""
    band = butter(4, [150.0, 6000.0], "band", fs=rate, output="sos")
    white = np.random.default_rng(0).standard_normal(round(seconds * rate))
    return 0.1 * sosfilt(band, white)


# ------------------------------------------------------------------ ways of mixing


def mixed(sound: np.ndarray, azimuth: float, layout: str, path: Path, **more) -> Path:
    """This project's mix of a sound at an azimuth."""
    soundfile.write(path.with_suffix(".source.wav"), sound, RATE, "FLOAT")
    source = Source(
        "s1", "", "", "point", (0.0,), (place(azimuth),),
        presence=(1.0,), sound=path.with_suffix(".source.wav").name,
    )  # fmt: skip
    clip = Clip(None, 0.0, len(sound) / RATE, 25.0, (64, 36), 50.0)
    scene = SoundScene(clip, (source,), more.pop("room", None))
    mix_to_file(
        scene, path.with_suffix(".json"), path, layout=layout, lufs=None, format="float",
        travel=Travel(air=None), **more,
    )  # fmt: skip
    return path


def see2sound(layout: str, folder: Path, **more) -> Files:
    sound = noise(SECONDS, RATE)
    return [(a, mixed(sound, a, layout, folder / f"{a}.wav", **more)) for a in AZIMUTHS]


def microphones(layout: str, folder: Path) -> Files:
    walls = ("open", "open", "open", "open", "grass", "open")
    meadow = Room((60.0, 60.0, 40.0), 0.1, (30.0, 30.0, 20.0), walls)
    return see2sound(layout, folder, room=meadow, renderer="microphones")


EAR = """
import json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from ear_panning import layout_named, reference
angles = np.array([[a, 0.0] for a in json.loads(sys.argv[3])])
print(json.dumps(reference(layout_named(sys.argv[2]), angles).tolist()))
"""


def ebu(layout: str, folder: Path, python: str | None) -> Files:
    """The gains of EBU's renderer on the noise."""
    if python is None:
        table = json.loads(TABLE.read_text(encoding="utf-8"))
        rows = [
            (azimuth, gains)
            for (azimuth, elevation), gains in zip(
                table["angles"], table["gains"][layout], strict=True
            )
            if elevation == 0.0 and azimuth % 10.0 == 0.0
        ]
    else:
        told = subprocess.run(
            [
                *(python, "-c", EAR, Path(__file__).resolve().parent),
                *(layout, json.dumps(AZIMUTHS.tolist())),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        rows = list(zip(AZIMUTHS.tolist(), json.loads(told), strict=True))
    channels, files = layout_named(layout), []
    for azimuth, gains in rows:
        samples = np.zeros((round(SECONDS * RATE), len(channels.channels)))
        samples[:, list(channels.mains)] = noise(SECONDS, RATE)[:, None] * np.array(gains)
        soundfile.write(folder / f"{azimuth}.wav", samples, RATE, "FLOAT")
        files.append((azimuth, folder / f"{azimuth}.wav"))
    return files


#: A speaker in front of a level camera, mixed down at each azimuth.
BLENDER = """
import json, math, os, sys, bpy
folder, layout, azimuths, seconds = *sys.argv[1:3], json.loads(sys.argv[3]), float(sys.argv[4])
scene = bpy.context.scene
scene.render.fps, scene.frame_start, scene.frame_end = 25, 1, round(25 * seconds)
scene.render.ffmpeg.audio_mixrate = 48000
scene.camera.location, scene.camera.rotation_euler = (0, 0, 0), (math.pi / 2, 0, 0)
bpy.ops.object.speaker_add()
speaker = bpy.context.object
speaker.data.sound = bpy.data.sounds.load(folder + "/source.wav")
for azimuth in azimuths:
    angle = math.radians(azimuth)
    speaker.location = (-3 * math.sin(angle), 3 * math.cos(angle), 0)
    # Blender looks for sounds when it rebuilds the relations of its dependency graph.
    passing = bpy.data.objects.new("passing", None)
    scene.collection.objects.link(passing)
    bpy.context.view_layer.update()
    bpy.data.objects.remove(passing)
    speaker.update_tag()
    speaker.data.update_tag()
    bpy.context.view_layer.update()
    bpy.ops.sound.mixdown(
        filepath=f"{folder}/{azimuth}.wav", container="WAV", codec="PCM", format="S24",
        channels={"5.1": "SURROUND51", "7.1": "SURROUND71"}[layout],
    )
sys.stdout.flush()
os._exit(0)
"""


def audaspace(layout: str, folder: Path) -> Files:
    if importlib.util.find_spec("bpy") is None:
        return []
    soundfile.write(folder / "source.wav", noise(SECONDS, RATE), RATE, "PCM_24")
    subprocess.run(
        [
            *(sys.executable, "-c", BLENDER, folder, layout),
            *(json.dumps(AZIMUTHS.tolist()), str(SECONDS)),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return [(azimuth, folder / f"{azimuth}.wav") for azimuth in AZIMUTHS]


#: The original's microphones: metres (its pixels) from the middle of the picture's plane, x right,
#: y down, z into the picture. The one below the plane is outside the room and hears nothing.
ORIGINALS = {
    "FL": (0, 0, 100), "FR": (0, 0, -100), "FC": (10, 0, 0),
    "LFE": (0, -100, 0), "BL": (-100, 0, 0), "BR": (0, 100, 0),
}  # fmt: skip


def originals(layout: str, folder: Path) -> Files:
    """The original's formulation, on pictures of two sizes and things at three depths.

    Its room is the picture: width by height by half the width in pixels, taken as metres, with
    pyroomacoustics' own walls (rigid, one reflection), at 16 kHz, simulated once for each
    microphone. A source stands where its box's middle is in the picture, its depth between 0
    and the room's. Of the result the middle 10.242 s are kept. Assumed here: a lens that sees 60
    degrees across; pictures of 512 x 512 and 1280 x 720 pixels; things at half the height, at a
    tenth, half and nine tenths of the depth; noise instead of its generated sounds.
    """
    if layout != "5.1":
        return []
    import pyroomacoustics

    kept, files = 163_872, []
    sound = noise(kept / 16_000, 16_000)
    for width, height in ((512, 512), (1280, 720)):
        size = np.array([width, height, 0.5 * width])
        for depth in (0.1, 0.5, 0.9):
            for azimuth in AZIMUTHS[np.abs(AZIMUTHS) <= 30]:
                across = 0.5 * (1.0 - np.tan(np.radians(azimuth)) / np.tan(np.radians(30.0)))
                at = size * (np.clip(across, 0.001, 0.999), 0.5, depth)
                heard = np.zeros((kept, 6))
                for number, offset in enumerate(ORIGINALS.values()):
                    microphone = size * (0.5, 0.5, 0.0) + offset
                    if (microphone < 0.0).any():
                        continue
                    box = pyroomacoustics.ShoeBox(size, fs=16_000)
                    box.add_source(at, signal=sound)
                    box.add_microphone(microphone)
                    box.simulate()
                    signal = box.mic_array.signals[0]
                    begin = (len(signal) - kept) // 2
                    heard[:, number] = signal[begin : begin + kept]
                path = folder / f"{width}-{depth}-{azimuth}.wav"
                soundfile.write(path, heard, 16_000, "FLOAT")
                files.append((azimuth, path))
    return files


# ------------------------------------------------------------------ what is heard


@dataclass(frozen=True)
class Heard:
    """Azimuths (N,) that sources are at and that they are heard at, degrees."""

    true: np.ndarray
    velocity: np.ndarray
    energy: np.ndarray
    array: np.ndarray


def azimuth_of(vector: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(-vector[0], vector[1])))


def vectors(samples: np.ndarray, places: np.ndarray, rate: int) -> tuple[float, float]:
    """Azimuths of the velocity and the energy vector of channels (N, M) at unit vectors (M, 2)."""
    low, high = (
        sosfiltfilt(butter(4, band, "band", fs=rate, output="sos"), samples, axis=0)
        for band in ((200.0, 700.0), (700.0, 5000.0))
    )
    velocity, energy = (low.T @ low.sum(axis=1)) @ places, np.sum(high**2, axis=0) @ places
    return azimuth_of(velocity), azimuth_of(energy)


@cache
def finder_at(rate: int):
    """SRP-PHAT for eight microphones on a circle of 5 cm; keeps what each direction sounds like."""
    import pyroomacoustics

    angles = 2.0 * np.pi * np.arange(8) / 8
    array = 0.05 * np.stack([np.cos(angles), np.sin(angles)])
    grid = np.radians(np.arange(0.0, 360.0, 0.25))
    return pyroomacoustics.doa.SRP(array, rate, 2048 * rate // RATE, c=343.0, azimuth=grid)


def by_array(samples: np.ndarray, places: np.ndarray, rate: int) -> float:
    """The azimuth at which SRP-PHAT finds what loudspeakers (M, 2) play, in free air."""
    finder = finder_at(rate)
    array, size = finder.L[:2], finder.nfft
    spectra = np.fft.rfft(samples.T)
    hertz = np.fft.rfftfreq(len(samples), 1.0 / rate)
    distances = np.linalg.norm(array.T[:, None] - 3.0 * places, axis=2)  # (8, M)
    delays = np.exp(-2j * np.pi * hertz * (distances[..., None] - 3.0) / 343.0)
    heard = np.fft.irfft(np.sum(delays / distances[..., None] * spectra, axis=1))
    frames = np.stack(
        [
            np.fft.rfft(heard[:, i : i + size] * np.hanning(size)).T
            for i in range(0, heard.shape[1] - size + 1, size // 2)
        ],
        axis=2,
    )
    finder.locate_sources(np.swapaxes(frames, 0, 1), freq_range=[200.0, 700.0])
    return float(np.degrees(finder.grid.azimuth[np.argmax(finder.grid.values)])) - 90.0


def heard(files: Files, layout: str) -> Heard:
    channels = layout_named(layout)
    angles = np.radians([channels.channels[i].azimuth for i in channels.mains])
    places = np.stack([-np.sin(angles), np.cos(angles)], axis=1)
    rows = []
    for azimuth, path in files:
        samples, rate = soundfile.read(path, always_2d=True)
        quarter = len(samples) // 4
        samples = samples[quarter:-quarter, list(channels.mains)]
        rows.append((azimuth, *vectors(samples, places, rate), by_array(samples[:96_000], places, rate)))  # fmt: skip
    return Heard(*np.array(rows, dtype=np.float64).T)


def errors(heard: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Degrees from the true azimuths to those heard, positive to the left, -180 to 180."""
    return (heard - true + 180.0) % 360.0 - 180.0


def by_region(error: np.ndarray, true: np.ndarray) -> str:
    """Mean and greatest error in front, at the sides and behind, and the mean of all."""
    cells = []
    for low, high in REGIONS.values():
        there = np.abs(error[(np.abs(true) >= low) & (np.abs(true) <= high)])
        cells.append(f"{there.mean():6.1f} /{there.max():6.1f}" if len(there) else f"{'-':>14}")
    return "".join(f"{cell:>16}" for cell in cells)


# ------------------------------------------------------------------ headphones, ambisonics


def sphere(azimuth: float, hertz: np.ndarray) -> np.ndarray:
    """Responses (2, F) of the left and right ear of a sphere of 8.75 cm to a source 3 m away."""
    size, reach = 2.0 * np.pi * hertz * 0.0875 / 343.0, 3.0 / 0.0875
    total = np.zeros((2, len(hertz)), np.complex128)
    for m in range(60):
        with np.errstate(all="ignore"):
            h = spherical_jn(m, size * reach) - 1j * spherical_yn(m, size * reach)
            slope = spherical_jn(m, size, True) - 1j * spherical_yn(m, size, True)
            term = -(2 * m + 1) * h / slope * reach / size * np.exp(1j * size * reach)
        cosine = np.sin(np.radians(azimuth))
        term = np.where(np.isfinite(term), term, 0.0)
        total += np.outer([eval_legendre(m, c) for c in (cosine, -cosine)], term)
    return total


def headphones(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Errors (72,) of the interaural time, microseconds, and level, decibels, the greatest of each.

    Time from 200 to 1500 Hz, level per third of an octave from 200 Hz to 12.5 kHz.
    """
    click = np.zeros(4800)
    click[2400] = 0.1
    hertz = np.maximum(np.fft.rfftfreq(len(click), 1.0 / RATE), 1.0)
    low = (hertz > 200.0) & (hertz < 1500.0)
    borders = 200.0 * 2.0 ** (np.arange(-0.5, 19.0) / 3.0)
    bands = np.digitize(hertz, borders)
    times, levels = [], []
    for azimuth in AZIMUTHS:
        samples, _ = soundfile.read(mixed(click, azimuth, "binaural", folder / f"{azimuth}.wav"))
        found = []
        for ears in (np.fft.rfft(samples.T), sphere(azimuth, hertz)):
            phase = np.unwrap(np.angle(ears[0] / ears[1]))
            power = [
                [np.mean(np.abs(ear[bands == b]) ** 2) for b in range(1, len(borders))]
                for ear in ears
            ]
            found.append((phase / (2.0 * np.pi * hertz), 10.0 * np.log10(np.divide(*power))))
        (time, level), (model_time, model_level) = found
        times.append(1e6 * np.abs(time - model_time)[low].max())
        levels.append(np.abs(level - model_level).max())
    return np.array(times), np.array(levels)


def harmonics(azimuth: np.ndarray, elevation: np.ndarray, order: int) -> np.ndarray:
    """Spherical harmonics (N, (order + 1)²) as AmbiX has them: ACN, SN3D (Nachbar 2011)."""
    rows = []
    for degree in range(order + 1):
        for m in range(-degree, degree + 1):
            k = abs(m)
            scale = (2.0 - (k == 0)) * factorial(degree - k) / factorial(degree + k)
            turn = np.cos(k * azimuth) if m >= 0 else np.sin(k * azimuth)
            rows.append(scale**0.5 * (-1) ** k * lpmv(k, degree, np.sin(elevation)) * turn)
    return np.stack(rows, axis=1)


def ambisonics(order: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Azimuths (72,) of the velocity and energy vectors, decoded by the pseudo-inverse."""
    count = 48
    turns = np.arange(count)
    elevation = np.arcsin((2.0 * turns + 1.0) / count - 1.0)
    azimuth = (turns * np.pi * (3.0 - 5.0**0.5)) % (2.0 * np.pi)
    decoder = np.linalg.pinv(harmonics(azimuth, elevation, order).T)
    places = np.stack([-np.sin(azimuth), np.cos(azimuth)], axis=1) * np.cos(elevation)[:, None]
    found = []
    for angle in AZIMUTHS:
        path = mixed(noise(SECONDS, RATE), angle, f"ambix{order}", folder / f"{angle}.wav")
        samples, rate = soundfile.read(path)
        quarter = len(samples) // 4
        found.append(vectors(samples[quarter:-quarter] @ decoder.T, places, rate))
    velocity, energy = np.array(found).T
    return velocity, energy


# ------------------------------------------------------------------ the picture


def draw(rows: dict[str, Heard], output: Path) -> None:
    """Errors over the azimuth, a panel for each way, all on one scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # One more panel is the key.
    lines = 1 if len(rows) < 3 else 2
    columns = -(-(len(rows) + 1) // lines)
    figure = Figure(figsize=(2.8 * columns, 2.45 * lines), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(lines, columns, sharex=True, sharey=True).ravel()
    for panel, (title, row) in zip(panels, rows.items(), strict=False):
        panel.axhline(0.0, color="#999999", linewidth=0.8)
        panel.axvspan(-30.0, 30.0, color="#eeeeee", linewidth=0.0)
        panel.set_title(title, fontsize=10, loc="left")
        panel.set_xlim(180.0, -180.0)
        panel.set_ylim(-100.0, 100.0)
        panel.set_xticks([180, 90, 0, -90, -180], ["behind", "left", "front", "right", "behind"])
        panel.set_yticks([-90, -45, 0, 45, 90])
        panel.tick_params(labelsize=8, length=3, labelbottom=True)
        panel.spines[["top", "right"]].set_visible(False)
        whole = len(set(row.true)) == len(row.true)
        for name, (colour, mark) in STYLES.items():
            off = errors(getattr(row, name), row.true)
            # Several files for an azimuth are a cloud, one for each a line.
            style = {"linewidth": 1.6} if whole else {"linestyle": "", "marker": mark, "alpha": 0.7}
            panel.plot(row.true, off, color=colour, markersize=2.5, **style)
        if not whole:
            panel.text(-36.0, -80.0, "knows the\npicture only", fontsize=8, color="#555555")
    for panel in panels[::columns]:
        panel.set_ylabel("heard too far left, degrees", fontsize=8)
    for panel in panels[len(rows) :]:
        panel.set_axis_off()
    key = panels[len(rows)]
    for name, (colour, _) in STYLES.items():
        key.plot([], [], color=colour, linewidth=2.5, label=LABELS[name])
    key.fill_between([], [], color="#e4e4e4", label="front")
    key.legend(loc="center", frameon=False, fontsize=9, handlelength=1.4)
    with atomic_path(output) as part:
        figure.savefig(part, format="png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ear", metavar="PYTHON", help="a Python that has ear 2.1")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw a PNG")
    parser.add_argument("--skip", nargs="*", default=[], help="words in the names of rows")
    options = parser.parse_args()
    ways: dict[str, Callable[[str, Path], Files]] = {
        "this renderer": see2sound,
        "EBU, BS.2127": lambda layout, folder: ebu(layout, folder, options.ear),
        "Blender's Audaspace": audaspace,
        "--renderer microphones": microphones,
        "original SEE-2-SOUND": originals,
    }
    drawn: dict[str, Heard] = {}
    told = "the tests' table, every 10 degrees" if options.ear is None else "ear itself"
    print(f"errors of azimuth in degrees, mean / most; EBU's gains are from {told}")
    for layout in ("5.1", "7.1"):
        print(f"\n{layout:41}" + "".join(f"{region:>16}" for region in REGIONS))
        for title, way in ways.items():
            if any(word in title for word in options.skip):
                continue
            with tempfile.TemporaryDirectory() as folder:
                files = way(layout, Path(folder))
                if not files:
                    why = "no bpy here" if way is audaspace else f"has no {layout}"
                    print(f"{title}: {why}")
                    continue
                row = heard(files, layout)
            if layout == "5.1":
                drawn[title] = row
            for name in ("velocity", "energy", "array"):
                print(f"{title:25}{name:16}" + by_region(errors(getattr(row, name), row.true), row.true), flush=True)  # fmt: skip
            if way is see2sound:
                wrong = np.random.default_rng(1).permutation(row.true)
                error = errors(row.energy, wrong)
                print(f"{'  places shuffled':25}{'energy':16}" + by_region(error, wrong))
    with tempfile.TemporaryDirectory() as folder:
        time, level = headphones(Path(folder))
    print(f"\n{'headphones, the greatest in any band':41}" + "".join(f"{r:>16}" for r in REGIONS))
    print(f"{'interaural time, microseconds':41}" + by_region(time, AZIMUTHS))
    print(f"{'interaural level, dB':41}" + by_region(level, AZIMUTHS))
    for order in (1, 2, 3):
        with tempfile.TemporaryDirectory() as folder:
            found = ambisonics(order, Path(folder))
        for name, azimuths in zip(("velocity", "energy"), found, strict=True):
            print(f"{f'ambix{order}, decoded':25}{name:16}" + by_region(errors(azimuths, AZIMUTHS), AZIMUTHS))  # fmt: skip
    if options.picture is not None:
        draw(drawn, options.picture)


if __name__ == "__main__":
    main()
