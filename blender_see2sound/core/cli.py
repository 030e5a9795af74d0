"""The ``see2sound`` command: find, sound, mix, run, models and library, most a step of `core.pipeline`.

Exit code 0; or 2 and one line on standard error for anything that a person can
mend. Results go to standard output (``--json``: as one JSON object), progress
to standard error, and only on a terminal.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from . import catalogue, parts, sets
from .arguments import Parser
from .errors import Cancelled, See2SoundError, from_os_error
from .models.devices import DEVICES
from .models.folder import ENVIRONMENT, models_folder
from .targets import TARGETS

if TYPE_CHECKING:
    from .media import ClipRange
    from .models.keeper import Computing
    from .scene import SoundScene


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        prog="see2sound",
        description="Gives a picture its sound: finds what sounds in a clip, places it in 3D, "
        "makes a sound each and mixes them for loudspeakers.",
    )
    steps = parser.add_subparsers(
        dest="step", required=True, metavar="COMMAND", parser_class=Parser
    )

    find = steps.add_parser("find", help="find what sounds in a clip, and where it is")
    _clip_arguments(find)
    find.add_argument(
        "-o", "--output", type=Path, required=True, metavar="SCENE", help="the scene file to write"
    )
    _find_arguments(find)

    sound = steps.add_parser("sound", help="make a mono sound for each source of a scene")
    sound.add_argument("scene", type=Path, metavar="SCENE")
    _set_argument(sound)
    _part_arguments(sound, "maker")
    sound.add_argument(
        "--prompt", metavar="TEXT", help="what it sounds like, instead of the scene's prompt"
    )
    sound.add_argument(
        "--negative-prompt", metavar="TEXT", help="what it must not sound like, for generators"
    )
    sound.add_argument("--seed", type=int, metavar="N", help="another seed, another sound")
    sound.add_argument(
        "--only", action="append", metavar="ID", help="this source alone; may be given again"
    )
    sound.add_argument(
        "--take", type=int, metavar="N",
        help="make nothing: let the source named by --only sound like this one of its takes",
    )  # fmt: skip
    _making_arguments(sound)
    _computing_arguments(sound)

    mix = steps.add_parser("mix", help="mix the sounds of a scene to a loudspeaker layout")
    mix.add_argument("scene", type=Path, metavar="SCENE")
    mix.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MIX", help="the file to write"
    )
    _mix_arguments(mix)
    mix.add_argument(
        "--format",
        choices=("pcm24", "float", "flac"),
        help="WAV in 24 bits or 32-bit float, or FLAC (by default what its name says)",
    )
    rooms = mix.add_mutually_exclusive_group()
    _room_argument(rooms)
    rooms.add_argument("--no-room", action="store_true", help="leave the scene's room out")
    mix.add_argument(
        "--air",
        type=_air,
        default=(20.0, 50.0),
        metavar="C,PERCENT",
        help="temperature and humidity of the air, or none if it takes nothing (20,50)",
    )
    mix.add_argument(
        "--propagation", action="store_true", help="let sound take its time, with Doppler"
    )
    mix.add_argument(
        "--sofa",
        type=Path,
        metavar="FILE",
        help="the head that a binaural mix is heard through, instead of a sphere",
    )
    mix.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="keep what each source gives here, so that a later mix renders only what has changed",
    )
    mix.add_argument(
        "--renderer",
        choices=("panning", "microphones"),
        default="panning",
        help="panning, or microphones in the room, the paper's way, slow (panning)",
    )
    mix.add_argument("--stems", type=Path, metavar="DIR", help="also write one file per source")

    run = steps.add_parser("run", help="find, sound and mix; leaves all of it in a folder")
    _clip_arguments(run)
    run.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    _find_arguments(run)
    _part_arguments(run, "maker")
    _making_arguments(run)
    _mix_arguments(run)
    _room_argument(run)

    models = steps.add_parser(
        "models", help="what can be used, with licence, size, and whether it is here"
    )
    _models_argument(models)

    library = steps.add_parser(
        "library", help="index the folder of your recordings, tell what is in it, and search it"
    )
    library.add_argument("folder", type=Path, metavar="FOLDER")
    library.add_argument(
        "--search", metavar="WORDS", default="", help="what it shall sound like, as a prompt"
    )

    for step in (find, sound, mix, run, models, library):
        step.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser


def _clip_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clip", type=Path, metavar="CLIP", help="a movie, a picture, or a folder of pictures"
    )
    parser.add_argument(
        "--start", type=float, default=0.0, metavar="S", help="where to begin, seconds (0)"
    )
    parser.add_argument(
        "--duration", type=float, metavar="S", help="how much to use, seconds (to the end)"
    )


def _find_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sources", type=int, default=5, metavar="N", help="how many sources to keep at most (5)"
    )
    _set_argument(parser)
    _part_arguments(parser, "finder", "depth", "describer")
    parser.add_argument(
        "--fov", type=float, metavar="DEG", help="horizontal field of view, degrees (50)"
    )
    parser.add_argument(
        "--off-screen",
        action="store_true",
        help="also add what one would hear there but does not see, beside or behind",
    )
    _computing_arguments(parser)


def _making_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--takes", type=int, default=1, metavar="N",
        help="make so many of each sound, best first, 1 to 8 (1)",
    )  # fmt: skip
    parser.add_argument(
        "--steps", type=int, metavar="N", help="steps of a generator (its own number)"
    )
    parser.add_argument(
        "--guidance", type=float, metavar="X", help="how closely it keeps to the prompt (its own)"
    )
    parser.add_argument("--library", type=Path, metavar="DIR", help="the folder of your recordings")
    parser.add_argument("--allow-speech", action="store_true", help="let generators make speech")


def _computing_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", choices=DEVICES, default="auto", help="what models compute on (auto)"
    )
    parser.add_argument(
        "--low-memory", action="store_true", help="load one model after the other, slower"
    )
    _models_argument(parser)


def _set_argument(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(one.name for one in sets.SETS)
    parser.add_argument(
        "--set", metavar="NAME", help=f"which parts do it: {names} ({sets.SETS[0].name})"
    )


#: What a part of each role does, as its option tells.
_DOES = {
    "finder": "what finds the sources",
    "depth": "what estimates how far away they are",
    "describer": "what puts them into words",
    "maker": "what makes the sounds",
}


def _part_arguments(parser: argparse.ArgumentParser, *roles: catalogue.Role) -> None:
    for role in roles:
        parser.add_argument(
            f"--{role}",
            metavar="NAME",
            help=f"{_DOES[role]}, instead of the set's ({_names(role)})",
        )


def _models_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models",
        type=Path,
        metavar="DIR",
        help=f"the folder with the models' files (${ENVIRONMENT}, else this person's)",
    )


def _mix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--layout",
        default="5.1",
        metavar="NAME",
        help="mono, stereo, 5.1, 7.1, 5.1.4, 7.1.4, binaural, ambix1, ambix2 or ambix3 (5.1)",
    )
    parser.add_argument(
        "--lufs",
        type=_lufs,
        default=-23.0,
        metavar="LUFS",
        help=f"integrated loudness: {', '.join(f'{t.name} ({t.lufs:g})' for t in TARGETS)}, "
        "a number, or none to leave it (-23)",
    )


def _room_argument(parser: argparse._ActionsContainer) -> None:
    from .rooms import PRESETS

    names = ", ".join(preset.name for preset in PRESETS)
    parser.add_argument(
        "--room",
        type=_room,
        metavar="ROOM",
        help=f"put it in a room: {names}; with another reverberation in seconds, as hall,1.5; "
        "metres and seconds, as 10x8x3.5,0.4; or as large as needed, as auto,0.4",
    )


def _names(role: catalogue.Role) -> str:
    return ", ".join(part.name for part in catalogue.PARTS if part.role == role)


def _lufs(text: str) -> float | None:
    if text.lower() == "none":
        return None
    named = {target.name: target.lufs for target in TARGETS}
    value = named.get(text.lower())
    if value is None:
        value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _air(text: str) -> tuple[float, float] | None:
    if text.lower() == "none":
        return None
    celsius, humidity = (float(v) for v in text.split(","))
    return celsius, humidity


def _room(text: str) -> str:
    from .rooms import chosen

    chosen(text, ())
    return text


# The parser names these functions in its errors ("invalid loudness value").
_lufs.__name__ = "loudness"
_air.__name__ = "air"


class _Bar:
    """A progress bar on standard error, where that is a terminal."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self.drawn = 0.0

    def __call__(self, phase: str, fraction: float) -> None:
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
    bar = _Bar(shown=False)
    # A polite kill ends like Ctrl+C: temporary files are removed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: _interrupt())
    try:
        options = build_parser().parse_args(arguments)
        bar.shown = sys.stderr.isatty() and not options.json
        result, text = _STEPS[options.step](options, bar)
        bar.close()
        print(json.dumps(result, ensure_ascii=False) if options.json else text, flush=True)
    except See2SoundError as error:
        bar.close()
        print(f"see2sound: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Cancelled):
        bar.close()
        print("see2sound: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a name that is too long, a folder that may not be read
        bar.close()
        print(
            f"see2sound: {from_os_error(error, error.filename or 'a file', 'use')}", file=sys.stderr
        )
        return 2
    except MemoryError:
        bar.close()
        print(
            "see2sound: there is not enough memory. Close other programs, or use fewer sources or a shorter clip",
            file=sys.stderr,
        )
        return 2
    return 0


def _interrupt() -> NoReturn:
    raise KeyboardInterrupt


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
        if options.only is None or len(options.only) != 1:
            raise See2SoundError(
                "--take needs one source", "", "Name it with --only", kind="bad-request"
            )
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


def _mix(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .pipeline import mix_scene

    report = mix_scene(
        options.scene, options.output, layout=options.layout, lufs=options.lufs,
        format=options.format, room=options.room or not options.no_room, stems=options.stems,
        air=options.air, propagation=options.propagation,
        sofa=options.sofa, renderer=options.renderer,
        cache=options.cache, progress=bar,
    )  # fmt: skip
    result = report.to_json()
    return result, _lines(_mix_line(result), *_warned(result["warnings"]))


def _run(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .pipeline import run_clip

    done, report = run_clip(
        _clip_range(options), options.output,
        **_find_options(options) | _making_options(options), maker=options.maker, layout=options.layout, lufs=options.lufs, room=options.room, progress=bar,
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
    lines = [f"{'models in':<10} {folder}"]
    for one in together:
        lacking = ", ".join(f"{role} {one[role]}" for role in one["lacking"])
        lines += _block(
            "set", one, "complete" if one["complete"] else f"incomplete, it lacks {lacking}",
            ", ".join(f"{role} {one[role]}" for role in sets.ROLES),
            f"commercial use: {one['commercial']}, {one['size_mb']} MB on disk, {one['memory_mb']} "
            f"MB of memory (with --low-memory {one['low_memory_mb']} MB)",
        )  # fmt: skip
    for row in rows:
        where = (
            [f"{row['repository']}: {row['absent'] or row['path']}"] if row["repository"] else []
        )
        where += [
            f"uses {one['repository']}, where it is here: {one['absent'] or one['path']}"
            for one in row["helpers"]
        ]
        if row["missing"]:
            where.append(f"Python packages are missing: {', '.join(row['missing'])}")
        lines += _block(
            row["role"], row, "here" if row["here"] else "not here",
            f"licence {row['licence']}, commercial use: {row['commercial']}, "
            f"{row['size_mb']} MB on disk, {row['memory_mb']} MB of memory",
            *where,
        )  # fmt: skip
    return {"models": str(folder), "sets": together, "parts": rows}, _lines(*lines)


def _library(options: argparse.Namespace, bar: _Bar) -> tuple[dict[str, Any], str]:
    from .sounds.library.browsing import browse

    found = browse(options.folder, options.search, 20, bar)
    scan, hits = found.scan, found.hits
    lines = [
        f"{options.folder}: {scan.files} recordings ({scan.read} read, {scan.moved} moved, "
        f"{scan.gone} gone)",
        *(f"  {hit.score:.2f}  {hit.seconds:7.1f} s  {hit.path}" for hit in hits),
    ]
    if options.search and not hits:
        lines.append(f"  nothing fits {options.search!r}")
    warnings = [f"{path} cannot be used: {why}" for path, why in scan.broken]
    result = {
        "library": str(options.folder), "files": scan.files, "read": scan.read,
        "moved": scan.moved, "gone": scan.gone, "broken": dict(scan.broken),
        "hits": [
            {"path": hit.path, "seconds": round(hit.seconds, 3), "score": hit.score,
             "words": list(hit.matched)} for hit in hits
        ],
    }  # fmt: skip
    return result, _lines(*lines, *_warned(warnings))


def _block(kind: str, row: dict[str, Any], state: str, *more: str) -> list[str]:
    """The lines about a set or a part."""
    default = " (default)" if row["default"] else ""
    lines = [f"{kind:<10} {row['name']}{default}: {state}"]
    return lines + [f"{'':<10} {text}" for text in (row["about"], *more)]


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


def _making_options(options: argparse.Namespace) -> dict[str, Any]:
    """The parameters of `make_sounds` that `sound` and `run` share."""
    from .sounds.protocol import Making

    return {
        "making": Making(options.takes, options.steps, options.guidance, options.library),
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
        place = (
            "all around"
            if source.kind == "ambience"
            else f"{moves} {math.hypot(x, y, z):.1f} m, azimuth {azimuth:+.0f}"
        )
        lines.append(f"  {source.id}  {source.kind:<8} {source.label}: {source.prompt} ({place})")
    return lines


def _mix_line(report: dict[str, Any]) -> str:
    loud, peak = report["integrated_lufs"], report["true_peak_db"]
    silent = loud is None or not math.isfinite(loud)
    spread = report["loudness_range"]
    ranging = "" if spread is None else f"range {spread:.1f} LU, "
    level = "silent" if silent else f"{loud:.1f} LUFS, {ranging}true peak {peak:.1f} dBTP"
    return f"{report['path']}: {report['layout']}, {level}"


def _warned(warnings: Sequence[str]) -> list[str]:
    return [f"warning: {warning}" for warning in warnings]


def _lines(*lines: str) -> str:
    return "\n".join(lines)
