"""The ``see2sound`` command: find, sound, mix, run, models and library, most a step of `core.pipeline`.

Exit code 0; or 2 and one line on standard error for whatever went wrong; or 130 when
interrupted. Results go to standard output (``--json``: as one JSON object), progress to
standard error, and only on a terminal.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from . import interrupts, models_told, parts, sets
from .errors import Cancelled, See2SoundError, from_os_error
from .models.folder import models_folder
from .options import build_parser

if TYPE_CHECKING:
    from .media import ClipRange
    from .models.keeper import Computing
    from .pipeline import MixSettings
    from .scene import SoundScene


#: Set to anything, it shows where in the program an unexpected error arose.
DEBUG = "SEE2SOUND_DEBUG"


class _Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self.drawn = 0.0

    def __call__(self, phase: str, fraction: float) -> None:
        interrupts.check()
        now = time.monotonic()
        if not self.shown or (now - self.drawn < 0.1 and fraction < 1.0):
            return
        self.drawn = now
        width = max(10, min(40, shutil.get_terminal_size().columns - 45))
        done = round(width * fraction)
        sys.stderr.write(f"\r\033[K{'#' * done}{'.' * (width - done)} {fraction:4.0%} {phase[:36]}")
        sys.stderr.flush()

    def close(self) -> None:
        """Remove the bar, so that what follows starts on a clean line."""
        if self.shown and self.drawn:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def run(arguments: Sequence[str]) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str
        Without the program's name.

    Returns
    -------
    int
        0; or 2 for an error, which was printed as one line; or 130 when interrupted.
    """
    # A polite kill ends like Ctrl+C: temporary files are removed on the way out.
    with interrupts.listening():
        return _obeyed(arguments)


def _obeyed(arguments: Sequence[str]) -> int:
    bar = _Bar(shown=False)
    try:
        options = build_parser().parse_args(arguments)
        bar.shown = sys.stderr.isatty() and not options.json
        result, text = _STEPS[options.step](options, bar)
        interrupts.check()
        bar.close()
        print(json.dumps(result, ensure_ascii=False) if options.json else text, flush=True)
    except (KeyboardInterrupt, Cancelled):
        return _interrupted(bar)
    except BrokenPipeError:
        # Whoever read the output has gone; python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if interrupts.asked():  # a library made another error of it
            return _interrupted(bar)
        bar.close()
        print(f"see2sound: {_told(error)}", file=sys.stderr)
        return 2
    return 0


def _interrupted(bar: _Bar) -> int:
    bar.close()
    print("see2sound: interrupted", file=sys.stderr)
    return 130


def _told(error: Exception) -> See2SoundError:
    """An error as one that a person can read."""
    if isinstance(error, See2SoundError):
        return error
    if isinstance(error, OSError):  # a name that is too long, a folder that may not be read
        return from_os_error(error, error.filename or "a file", "use")
    if isinstance(error, MemoryError):
        return See2SoundError(
            "there is not enough memory", "",
            "Close other programs, or use fewer sources or a shorter clip", kind="no-memory",
        )  # fmt: skip
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    return See2SoundError(
        "something unexpected went wrong",
        f"{type(error).__name__}: {error}"[:300],
        f"It is a fault of See2Sound: with {DEBUG}=1 the same command says more to report",
    )


# ------------------------------------------------------------------ the steps


def _find(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .pipeline import find_sources

    done = find_sources(
        _clip_range(options), options.output, **_find_options(options), progress=bar
    )
    result = {
        "scene": str(options.output),
        "sources": [s.id for s in done.scene.sources],
        "warnings": list(done.warnings),
    }
    return result, _lines(f"{options.output}", *_source_lines(done.scene), *_warned(done.warnings))


def _sound(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .pipeline import choose_take, make_sounds

    if options.take is not None:
        _check_take(options)
        chosen = choose_take(options.scene, options.only[0], options.take)
        made, warnings, scene = tuple(options.only), chosen.warnings, chosen.scene
    else:
        done = make_sounds(
            options.scene, part_set=options.set, maker=options.maker, prompt=options.prompt,
            negative_prompt=options.negative_prompt, seed=options.seed, only=options.only,
            **_making_options(options), progress=bar,
        )  # fmt: skip
        made, warnings, scene = done.made, done.warnings, done.scene
    sounds = {s.id: s.sound for s in scene.sources if s.id in made}
    result = {"scene": str(options.scene), "sounds": sounds, "warnings": list(warnings)}
    lines = [f"  {source}  {path}" for source, path in sounds.items()]
    return result, _lines(f"{options.scene}", *lines, *_warned(warnings))


#: The options that say how sounds are made.
_OF_MAKING = (
    "set", "maker", "prompt", "negative_prompt", "seed", "takes", "steps", "guidance", "library",
    "allow_speech",
)  # fmt: skip


def _check_take(options: argparse.Namespace) -> None:
    """Refuse to choose a take of no source or of several, or to choose and make at once."""
    if options.only is None or len(options.only) != 1:
        raise See2SoundError(
            "--take needs one source", "", "Name it with --only", kind="bad-request"
        )
    values = {name: getattr(options, name) for name in _OF_MAKING}
    given = [name for name, value in values.items() if value is not None and value is not False]
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise See2SoundError(
            f"--take cannot be used with {names}",
            "it chooses a sound that was made, and makes none",
            "Make the sounds first, then choose one with --take and --only alone",
            kind="bad-request",
        )


def _mix(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .pipeline import mix_scene

    report = mix_scene(options.scene, options.output, _mix_settings(options), progress=bar)
    result = report.to_json()
    return result, _lines(_mix_line(result), *_warned(result["warnings"]))


def _run(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .pipeline import run_clip

    done, report = run_clip(
        _clip_range(options), options.output, **_find_options(options) | _making_options(options),
        maker=options.maker, mixing=_mix_settings(options), progress=bar,
    )  # fmt: skip
    mix = report.to_json()
    warnings = [*done.warnings, *mix["warnings"]]
    result = {
        "folder": str(options.output),
        "sources": [s.id for s in done.scene.sources],
        "mix": mix,
        "warnings": warnings,
    }
    return result, _lines(
        f"{options.output}/scene.json", *_source_lines(done.scene), _mix_line(mix),
        f"{options.output}/overview.png", *_warned(warnings),
    )  # fmt: skip


def _models(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    rows, folder = parts.listing(options.models), models_folder(options.models)
    together = sets.listing(rows)
    if options.name is None:
        lines = models_told.overview(together, rows)
    else:
        lines = models_told.details(options.name, together, rows)
        together = [one for one in together if one["name"] == options.name]
        rows = [row for row in rows if row["name"] == options.name]
    result = {"models": str(folder), "sets": together, "parts": rows}
    return result, _lines(f"models in {folder}", *lines)


def _library(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .sounds.library.browsing import browse

    found = browse(
        options.folder, options.search, 20, bar, _computing(options), listening=options.listen
    )
    scan, hits, listened = found.scan, found.hits, found.listened
    lines = [
        f"{options.folder}: {scan.files} recordings ({scan.read} read, {scan.moved} moved, "
        f"{scan.gone} gone)",
    ]
    if listened is not None:
        lines.append(f"{listened.heard} were heard now, {len(listened.unheard)} cannot be")
    if hits:
        lines.append("  words  sound    length  recording")
    lines += [
        f"  {hit.score:5.2f}  {'' if hit.fit is None else f'{hit.fit:.2f}':>5}  "
        f"{hit.seconds:6.1f} s  {hit.path}"
        for hit in hits
    ]
    if options.search and not hits:
        lines.append(f"  nothing fits {options.search!r}")
    warnings = [f"{path} cannot be used: {why}" for path, why in scan.broken]
    warnings += found.warnings
    result = {
        "library": str(options.folder), "files": scan.files, "read": scan.read,
        "moved": scan.moved, "gone": scan.gone, "broken": dict(scan.broken),
        "hits": [
            {"path": hit.path, "seconds": round(hit.seconds, 3), "score": hit.score,
             "words": list(hit.matched), "fit": hit.fit} for hit in hits
        ],
        "warnings": list(found.warnings),
    }  # fmt: skip
    if listened is not None:
        result |= {"heard": listened.heard, "unheard": list(listened.unheard)}
        warnings += [f"{path} cannot be heard" for path in listened.unheard]
    return result, _lines(*lines, *_warned(warnings))


_STEPS = {
    "find": _find,
    "sound": _sound,
    "mix": _mix,
    "run": _run,
    "models": _models,
    "library": _library,
}


def _find_options(options: argparse.Namespace) -> dict[str, Any]:
    """The parameters of `find_sources` that `find` and `run` share."""
    return {
        "sources": options.sources, "part_set": options.set, "finder": options.finder,
        "depth": options.depth, "describer": options.describer, "fov": options.fov,
        "off_screen": options.off_screen, "computing": _computing(options),
    }  # fmt: skip


def _mix_settings(options: argparse.Namespace) -> MixSettings:
    from .pipeline import MixSettings

    return MixSettings(**{f.name: getattr(options, f.name) for f in fields(MixSettings)})


def _making_options(options: argparse.Namespace) -> dict[str, Any]:
    """The parameters of `make_sounds` that `sound` and `run` share."""
    from .sounds.protocol import Making

    return {
        "making": Making(
            1 if options.takes is None else options.takes, options.steps, options.guidance,
            options.library,
        ),
        "speech": options.allow_speech, "computing": _computing(options),
    }  # fmt: skip


def _computing(options: argparse.Namespace) -> Computing:
    from .models.keeper import Computing

    return Computing(options.device, options.low_memory, options.models)


def _clip_range(options: argparse.Namespace) -> ClipRange:
    from .media import ClipRange

    return ClipRange(options.clip, start=options.start, duration=options.duration)


def _source_lines(scene: SoundScene) -> list[str]:
    lines = []
    for source in scene.sources:
        x, y, z = source.positions[0]
        azimuth = math.degrees(math.atan2(-x, y))
        moves = "moving from" if len(source.times) > 1 else "at"
        unseen = "" if source.boxes else ", off-screen"
        place = (
            "all around"
            if source.kind == "ambience"
            else f"{moves} {math.hypot(x, y, z):.1f} m, azimuth {azimuth:+.0f}{unseen}"
        )
        lines.append(f"  {source.id}  {source.kind:<8} {source.label}: {source.prompt} ({place})")
    return lines


def _mix_line(report: dict[str, Any]) -> str:
    loud, peak = report["integrated_lufs"], report["true_peak_db"]
    silent = loud is None or not math.isfinite(loud)
    spread = report["loudness_range"]
    ranging = "" if spread is None else f"range {spread:.1f} LU, "
    level = "silent" if silent else f"{loud:.1f} LUFS, {ranging}true peak {peak:.1f} dBTP"
    return f"{report['path']}: {report['layout']}, {level}, {_room_words(report['room'])}"


def _room_words(room: dict[str, Any] | None) -> str:
    """A room of a report: its size, and how long it sounds from 500 to 1000 Hz."""
    if room is None:
        return "no room"
    octaves = room["rt60"] if isinstance(room["rt60"], list) else [room["rt60"]] * 7
    size = "x".join(f"{side:.4g}" for side in room["size"])
    return f"room {size} m, {0.5 * (octaves[2] + octaves[3]):.2g} s"


def _warned(warnings: Sequence[str]) -> list[str]:
    return [f"warning: {warning}" for warning in warnings]


def _lines(*lines: str) -> str:
    return "\n".join(lines)
