"""Draws one picture of a result: the regions, the plan of the sources, the channels over time.

For looking rather than reading: a number and a colour mean the same source in
the frame and in the plan.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import See2SoundError
from .files import atomic_path
from .progress import Progress, silent
from .scene import SoundScene, Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .media import ClipRange

#: Colours that stay apart for most colour-blind eyes (Okabe and Ito 2008).
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2", "#ffffff")
BACK, PAPER, INK, FAINT = "#16181d", "#1f2229", "#e8e8e8", "#5a606b"
#: The picture's size, inches of 100 pixels.
SIZE = (16.0, 9.0)
#: Levels are drawn down to this, dB below full scale.
FLOOR_DB = -60.0
#: The length of one column of the level picture, seconds, at least.
COLUMN = 0.05


def draw_overview(
    scene: SoundScene,
    clip: ClipRange,
    mix: str | Path,
    output: str | Path,
    *,
    progress: Progress = silent,
) -> None:
    """Draw a scene, a frame of its clip and the levels of its mix into a PNG file.

    Parameters
    ----------
    scene : SoundScene
    clip : ClipRange
        The picture the scene was found in.
    mix : path
        The mixed file.
    output : path
        The PNG, 1600 x 900 pixels, written atomically.

    Raises
    ------
    See2SoundError
        When matplotlib is missing, or a file cannot be read or written.
    """
    # That it lists a new computer's fonts is no news for a person.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise See2SoundError(
            "the overview cannot be drawn",
            "matplotlib is missing",
            "Install see2sound with its extra 'overview'",
            kind="missing-part",
        ) from error

    progress("Drawing the overview", 0.0)
    moment = best_moment(scene)
    levels, names, seconds = channel_levels(mix)
    progress("Drawing the overview", 0.4)
    figure = Figure(figsize=SIZE, dpi=100, facecolor=BACK)
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        2, 2, width_ratios=(1.5, 1), height_ratios=(1.85, 1),
        left=0.045, right=0.985, top=0.95, bottom=0.06, wspace=0.07, hspace=0.14,
    )  # fmt: skip
    _draw_frame(figure.add_subplot(grid[0, 0]), scene, clip, moment)
    _draw_plan(figure.add_subplot(grid[0, 1]), scene)
    _draw_levels(figure.add_subplot(grid[1, :]), levels, names, seconds)
    progress("Drawing the overview", 0.8)
    with atomic_path(output) as part:
        figure.savefig(part, facecolor=BACK)
    progress("Drawing the overview", 1.0)


def best_moment(scene: SoundScene) -> float:
    """The time, in seconds, at which most of what has a place is there; the earliest of several."""
    placed = [s for s in scene.sources if s.boxes and s.kind != "ambience"]
    steps = np.linspace(0.0, scene.clip.duration, 101)[:-1]
    score = np.zeros(len(steps))
    for source in placed:
        score += np.minimum(np.interp(steps, source.times, source.presence), 0.9)
    # A little into the clip rather than its very first frame, where nothing else decides.
    return float(steps[int(np.argmax(score + 1e-3 * (steps >= 0.2 * scene.clip.duration)))])


def channel_levels(mix: str | Path) -> tuple[NDArray[np.float64], list[str], float]:
    """Each channel's RMS level over time.

    Returns
    -------
    levels : (channels, columns) float array
        dB below full scale, at least `FLOOR_DB`.
    names : list of str
        The channels' names in WAV order.
    seconds : float
        The length of the file.
    """
    import soundfile

    from .mix.layouts.table import LAYOUTS

    try:
        with soundfile.SoundFile(str(mix)) as file:
            seconds = file.frames / file.samplerate
            block = max(1, round(max(COLUMN, seconds / 1500) * file.samplerate))
            columns = [
                np.sqrt(np.mean(np.square(part), axis=0))
                for part in file.blocks(block, dtype="float32", always_2d=True)
            ]
            channels = file.channels
    except soundfile.LibsndfileError as error:
        raise See2SoundError(f"cannot read {mix}", str(error), kind="bad-sound") from error
    power = np.array(columns).T if columns else np.zeros((channels, 1))
    levels = 20.0 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 20)))
    layout = next((a for a in LAYOUTS if len(a.channels) == channels), None)
    names = [c.name for c in layout.channels] if layout else [f"{i + 1}" for i in range(channels)]
    return levels, names, seconds


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _plain(axes: Axes, title: str) -> None:
    axes.set_facecolor(PAPER)
    axes.set_title(title, loc="left", color=INK, fontsize=12)
    axes.tick_params(colors=FAINT, labelcolor=INK, labelsize=9)
    for spine in axes.spines.values():
        spine.set_color(FAINT)


def _badge(axes: Any, x: float, y: float, text: str, colour: str, **style: Any) -> None:
    axes.text(
        x, y, text, color="#101010", fontsize=12, fontweight="bold", ha="center", va="center",
        bbox={"boxstyle": "circle,pad=0.25", "facecolor": colour, "edgecolor": "#101010"}, **style,
    )  # fmt: skip


def _box_at(source: Source, time: float) -> NDArray[np.float64]:
    boxes = np.asarray(source.boxes)
    return np.array([np.interp(time, source.times, boxes[:, i]) for i in range(4)])


def _draw_frame(axes: Axes, scene: SoundScene, clip: ClipRange, moment: float) -> None:
    from matplotlib.patches import Rectangle

    from .media import open_clip

    with open_clip(clip) as opened:
        image = opened.frame_at(moment, width=1280).image
    width, height = scene.clip.size
    _plain(
        axes, clip.path.name if opened.kind == "still" else f"{clip.path.name} at {moment:.1f} s"
    )
    axes.imshow(image, extent=(0, width, height, 0), interpolation="antialiased")
    axes.set_xticks([])
    axes.set_yticks([])
    for i, source in enumerate(scene.sources):
        if not source.boxes:
            continue
        x0, y0, x1, y1 = _box_at(source, moment)
        there = float(np.interp(moment, source.times, source.presence)) > 0.05
        soft = source.kind == "ambience"
        axes.add_patch(
            Rectangle(
                (x0, y0),
                x1 - x0,
                y1 - y0,
                fill=False,
                edgecolor=_colour(i),
                linewidth=1.5 if soft else 2.5,
                linestyle=":" if soft or not there else "-",
            )
        )
        inset = 0.025 * width
        _badge(
            axes, min(max(x0 + inset, inset), width - inset),
            min(max(y0 + inset, inset), height - inset), str(i + 1), _colour(i),
        )  # fmt: skip
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)


def _draw_plan(axes: Axes, scene: SoundScene) -> None:
    placed = [(i, s) for i, s in enumerate(scene.sources) if s.kind != "ambience"]
    around = [(i, s) for i, s in enumerate(scene.sources) if s.kind == "ambience"]
    reach = max([float(np.hypot(p[0], p[1])) for _, s in placed for p in s.positions] or [0.0])
    reach = max(3.0, 1.12 * reach)
    behind = min([p[1] for _, s in placed for p in s.positions] or [0.0])
    _plain(axes, "Plan from above, m")
    rings = [r for r in (1, 2, 5, 10, 20, 40, 80, 160, 320) if reach / 8 < r <= reach * 1.2][-3:]
    turn = np.linspace(0, 2 * np.pi, 181)
    for ring in rings:
        axes.plot(ring * np.sin(turn), ring * np.cos(turn), color=FAINT, linewidth=0.8)
        axes.text(0, ring, f"{ring} m", color=INK, fontsize=8, ha="center", va="bottom", alpha=0.7)
    view = np.radians(scene.clip.horizontal_fov / 2)
    far = 2 * reach
    axes.fill(
        [0, -far * np.sin(view), far * np.sin(view)], [0, far * np.cos(view), far * np.cos(view)],
        color=INK, alpha=0.05, linewidth=0,
    )  # fmt: skip
    axes.plot(0, 0, marker=(3, 0, 0), markersize=16, color=INK)
    for i, source in placed:
        track = np.asarray(source.positions)
        axes.plot(track[:, 0], track[:, 1], color=_colour(i), linewidth=2.2, alpha=0.85)
        if len(track) > 1:
            axes.plot(track[-1, 0], track[-1, 1], "o", color=_colour(i), markersize=6)
        _badge(axes, track[0, 0], track[0, 1], str(i + 1), _colour(i), zorder=5)
    side = max([abs(p[0]) for _, s in placed for p in s.positions] or [0.0])
    bottom = min(-0.1 * reach, 1.1 * behind)
    # The limits have the cell's own aspect, so that a metre is as long across as ahead.
    cell = axes.get_position()
    aspect = cell.width * SIZE[0] / (cell.height * SIZE[1])
    half = max(1.12 * side, aspect * (reach - bottom) / 2)
    axes.set_xlim(-half, half)
    axes.set_ylim(bottom, bottom + 2 * half / aspect)
    lines = []
    for i, source in placed:
        metres = np.linalg.norm(np.asarray(source.positions), axis=1)
        low, high = float(metres.min()), float(metres.max())
        span = f"{low:.1f} m" if high - low < 0.1 * high else f"{low:.1f} to {high:.1f} m"
        lines.append((i, f"{source.label}, {span}"))
    lines += [(i, f"{source.label}, all around") for i, source in around]
    # Near the listener, outside what the camera sees, is where the fewest tracks are.
    for row, (i, text) in enumerate(sorted(lines, reverse=True)):
        height = 0.025 + 0.052 * row
        axes.text(
            0.02, height, f"{i + 1}  {text}", transform=axes.transAxes, color=_colour(i), fontsize=10,
            va="bottom", bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 1.5}, zorder=6,
        )  # fmt: skip


def _draw_levels(axes: Axes, levels: NDArray[np.float64], names: list[str], seconds: float) -> None:
    _plain(
        axes,
        f"Level of each channel over time ({FLOOR_DB:.0f} to 0 dBFS, dotted {FLOOR_DB / 2:.0f})",
    )
    time = (np.arange(levels.shape[1]) + 0.5) * seconds / levels.shape[1]
    for row, (name, level) in enumerate(zip(names, levels, strict=True)):
        base = len(names) - 1 - row
        height = 0.9 * (1 - level / FLOOR_DB)
        axes.fill_between(time, base, base + height, color="#56b4e9", alpha=0.9, linewidth=0)
        axes.axhline(base, color=FAINT, linewidth=0.6)
        axes.axhline(base + 0.45, color=FAINT, linewidth=0.5, linestyle=":")
        axes.text(
            -0.006, base + 0.4, name, transform=axes.get_yaxis_transform(), color=INK, ha="right",
            va="center", fontsize=10,
        )  # fmt: skip
    axes.set_xlim(0, max(seconds, 1e-3))
    axes.set_ylim(0, len(names))
    axes.set_yticks([])
    axes.set_xlabel("seconds", color=INK, fontsize=9)
