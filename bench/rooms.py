"""How long rooms sound, beside what was asked: python bench/rooms.py [--picture FILE] [--skip NAME ...].

In five rooms from 20 to 20,000 cubic metres a click sounds at four places, and the
reverberation time of what comes back is measured in each octave, by Schroeder's
backward integration of the energies of all main channels from -5 to -35 dB, the
direct sound left out, averaged over the places (ISO 3382). The ways:

- this renderer's 5.1 mixes, from the files;
- pyroomacoustics, five omnidirectional microphones, the walls' absorption in each
  octave by its `inverse_sabine`, image sources of order 10, of order 17, and of the
  order that `inverse_sabine` says is needed;
- this project's ``--renderer microphones``, from the files.

Noise that decays exactly as asked goes through the same measure first, as a positive
control, and noise whose decay is a fifth longer, as a negative one. ``--picture`` draws
the share by which each octave is off.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, sosfiltfilt

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.core.files import atomic_path
from blender_see2sound.core.materials import OCTAVES
from blender_see2sound.core.mix import mix_to_file
from blender_see2sound.core.mix.layouts.table import layout_named
from blender_see2sound.core.scene import Clip, Room, SoundScene, Source

RATE = 48_000
ROOMS = {
    "20 m³, small room": Room((3.0, 2.7, 2.5), (0.45, 0.4, 0.35, 0.3, 0.3, 0.28, 0.25)),
    "100 m³, living room": Room((6.2, 5.4, 3.0), (0.6, 0.55, 0.48, 0.44, 0.42, 0.4, 0.36)),
    "280 m³, studio": Room((10.0, 8.0, 3.5), (0.4,) * 7),
    "2,000 m³, theatre": Room((20.0, 12.5, 8.0), (1.4, 1.3, 1.2, 1.1, 1.0, 0.9, 0.75)),
    "20,000 m³, hall": Room((40.0, 25.0, 20.0), (2.0, 1.9, 1.8, 1.7, 1.5, 1.3, 1.1)),
}

#: Where the click sounds: shares of the room's size from the listener.
PLACES = ((0.31, 0.12, -0.1), (-0.22, -0.28, 0.1), (0.07, 0.41, 0.0), (-0.38, 0.33, 0.2))

#: In the picture: colours that stay apart for most colour-blind eyes (Okabe and Ito 2008).
STYLES = {
    "pyroomacoustics, order 17": ("#e69f00", 1.4, "s-"),
    "pyroomacoustics, as needed": ("#d55e00", 1.4, "^-"),
    "--renderer microphones": ("#777777", 1.2, "x--"),
    "this renderer": ("#0072b2", 2.6, "o-"),
}


def places_in(room: Room) -> list[np.ndarray]:
    """Places of the click, metres from the listener."""
    listener, size = np.array(room.listener_place()), np.array(room.size)
    return [
        np.clip(np.array(share) * size, 0.1 - listener, size - listener - 0.1) for share in PLACES
    ]


def length_of(room: Room) -> float:
    """Seconds that are looked at."""
    return 1.3 * float(np.max(room.rt60))


# ------------------------------------------------------------------ what a click leaves


def mixed(room: Room, renderer: str) -> list[np.ndarray]:
    """Main channels (N, 5) of a mix of the click at each place."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        click = np.zeros(round(length_of(room) * RATE))
        click[0] = 0.5
        soundfile.write(folder / "click.wav", click, RATE, "FLOAT")
        clip = Clip(None, 0.0, len(click) / RATE, 25.0, (64, 36), 50.0)
        for place in places_in(room):
            # Softly: the limiter is no part of the room.
            source = Source(
                "s1", "", "", "point", (0.0,), (tuple(place.tolist()),), presence=(1.0,),
                sound="click.wav", gain_db=-20.0,
            )  # fmt: skip
            mix_to_file(
                SoundScene(clip, (source,), room), folder / "scene.json", folder / "mix.wav",
                lufs=None, format="float", renderer=renderer,
            )  # fmt: skip
            samples, _ = soundfile.read(folder / "mix.wav")
            found.append(samples[:, list(layout_named("5.1").mains)])
    return found


def needed_order(room: Room) -> tuple[np.ndarray, int]:
    """Absorption (7,) and the greatest order, by `inverse_sabine`."""
    import pyroomacoustics

    pairs = [
        pyroomacoustics.inverse_sabine(float(rt60), room.size)
        for rt60 in np.broadcast_to(room.rt60, len(OCTAVES))
    ]
    return np.array([absorption for absorption, _ in pairs]), max(order for _, order in pairs)


def simulated(room: Room, order: int | None) -> list[np.ndarray]:
    """What five microphones 0.3 m around the listener hear (N, 5) by pyroomacoustics."""
    import pyroomacoustics

    absorption, needed = needed_order(room)
    walls = pyroomacoustics.Material({"coeffs": absorption.tolist(), "center_freqs": list(OCTAVES)})
    angles = np.radians([30.0, -30.0, 0.0, 110.0, -110.0])
    around = 0.3 * np.stack([-np.sin(angles), np.cos(angles), 0.0 * angles])
    listener, found = np.array(room.listener_place()), []
    for place in places_in(room):
        box = pyroomacoustics.ShoeBox(
            room.size, fs=RATE, materials=walls, max_order=needed if order is None else order
        )
        box.add_source(listener + place)
        box.add_microphone_array(listener[:, None] + around)
        box.compute_rir()
        nearest = np.linalg.norm(around.T - place, axis=1).min()
        delay = pyroomacoustics.constants.get("frac_delay_length") // 2
        begin = round(nearest / pyroomacoustics.constants.get("c") * RATE) + delay
        samples = np.zeros((round(length_of(room) * RATE), 5))
        for channel, (response,) in enumerate(box.rir):
            part = response[begin:][: len(samples)]
            samples[: len(part), channel] = part
        found.append(samples)
    return found


def decaying(room: Room, factor: float) -> list[np.ndarray]:
    """Noise that decays in each octave as asked, or slower by a factor."""
    random, found = np.random.default_rng(0), []
    times = np.arange(round(length_of(room) * RATE)) / RATE
    for _ in PLACES:
        white = random.standard_normal((len(times), 5))
        total = np.zeros_like(white)
        for middle, rt60 in zip(OCTAVES, np.broadcast_to(room.rt60, len(OCTAVES)), strict=True):
            decay = np.exp(-3.0 * np.log(10.0) * times / (rt60 * factor))
            total += octave(white, middle) * decay[:, None]
        found.append(total)
    return found


# ------------------------------------------------------------------ how long it sounds


def octave(samples: np.ndarray, middle: float) -> np.ndarray:
    band = butter(3, [middle / 2**0.5, middle * 2**0.5], "band", fs=RATE, output="sos")
    return np.asarray(sosfiltfilt(band, samples, axis=0))


def decay_time(responses: np.ndarray) -> float:
    """Seconds in which the energy of responses (N, M) would fall by 60 dB."""
    energy = np.sum(responses**2, axis=1)
    left = np.cumsum(energy[::-1])[::-1] / energy.sum()
    remaining = 10.0 * np.log10(np.maximum(left, 1e-12))
    fitted = (remaining <= -5.0) & (remaining >= -35.0)
    return float(-60.0 / np.polyfit(np.flatnonzero(fitted) / RATE, remaining[fitted], 1)[0])


def decay_times(found: list[np.ndarray]) -> np.ndarray:
    """Reverberation times (7,) in `OCTAVES`, the mean of the places."""
    for samples in found:
        samples[:120] = 0.0  # the direct sound: microphones are up to 1.7 ms apart
    return np.array([np.mean([decay_time(octave(s, m)) for s in found]) for m in OCTAVES])


# ------------------------------------------------------------------ the picture


def draw(results: dict[str, dict[str, np.ndarray]], output: Path) -> None:
    """How far each octave is off, a panel for each room, all on one scale."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 4.9), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 3, sharex=True, sharey=True).ravel()
    octaves = np.arange(len(OCTAVES))
    for panel, (title, rows) in zip(panels, results.items(), strict=False):
        panel.axhspan(-10.0, 10.0, color="#eeeeee", linewidth=0.0)
        panel.axhline(0.0, color="#999999", linewidth=0.8)
        panel.set_title(title, fontsize=10, loc="left")
        panel.set_ylim(-64.0, 64.0)
        panel.set_xticks(octaves, [f"{m / 1000:g}k" if m >= 1000 else f"{m}" for m in OCTAVES])
        panel.tick_params(labelsize=8, length=3, labelbottom=True)
        panel.spines[["top", "right"]].set_visible(False)
        for name, (colour, width, mark) in STYLES.items():
            if name in rows:
                off = 100.0 * rows[name]
                panel.plot(octaves, off, mark, color=colour, linewidth=width, markersize=4)
    for panel in panels[:: len(panels) // 2]:
        panel.set_ylabel("longer than asked, %", fontsize=8)
    for panel in panels[len(panels) // 2 :]:
        panel.set_xlabel("octave, Hz", fontsize=8)
    for panel in panels[len(results) :]:
        panel.set_axis_off()
    key = panels[-1]
    drawn = {name for rows in results.values() for name in rows}
    for name, (colour, width, mark) in reversed(STYLES.items()):
        if name not in drawn:
            continue
        key.plot([], [], mark, color=colour, linewidth=width, markersize=4, label=name)
    key.fill_between([], [], color="#e4e4e4", label="10 % either way")
    key.legend(loc="center", frameon=False, fontsize=9, handlelength=1.8)
    with atomic_path(output) as part:
        figure.savefig(part, format="png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw a PNG")
    parser.add_argument("--skip", nargs="*", default=[], help="words in the names of rows")
    options = parser.parse_args()
    ways: dict[str, Callable[[Room], list[np.ndarray]]] = {
        "noise as asked": lambda room: decaying(room, 1.0),
        "noise, a fifth longer": lambda room: decaying(room, 1.2),
        "this renderer": lambda room: mixed(room, "panning"),
        "pyroomacoustics, order 10": lambda room: simulated(room, 10),
        "pyroomacoustics, order 17": lambda room: simulated(room, 17),
        "pyroomacoustics, as needed": lambda room: simulated(room, None),
        "--renderer microphones": lambda room: mixed(room, "microphones"),
    }
    results: dict[str, dict[str, np.ndarray]] = {}
    for title, room in ROOMS.items():
        asked = np.broadcast_to(room.rt60, len(OCTAVES))
        size = " x ".join(f"{side:g}" for side in room.size)
        order = needed_order(room)[1]
        print(f"\n{title}, {size} m; seconds per octave (as needed: order {order})")
        print(f"{'':27}" + "".join(f"{m:>7}" for m in OCTAVES) + f"{'most, 250 to 4000':>20}")
        print(f"{'asked':27}" + "".join(f"{t:7.2f}" for t in asked))
        results[title] = {}
        for name, way in ways.items():
            if any(word in name for word in options.skip):
                continue
            try:
                got = decay_times(way(room))
            except See2SoundError as error:
                print(f"{name:27} {error}")
                continue
            results[title][name] = got / asked - 1.0
            off = 100.0 * (got / asked - 1.0)[1:6]
            print(f"{name:27}" + "".join(f"{t:7.2f}" for t in got) + f"{off[np.argmax(np.abs(off))]:+18.0f} %", flush=True)  # fmt: skip
    if options.picture is not None:
        draw(results, options.picture)


if __name__ == "__main__":
    main()
