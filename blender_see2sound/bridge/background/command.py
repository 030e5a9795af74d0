"""``blender --command see2sound CLIP --blend OUT.blend``: the whole job without a window.

It works in a new file of Blender's video-editing template, never in the one that
is open, and prints what it does. Scripts call `execute` just the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...core import parts, rooms, targets
from ...core.arguments import Parser, loudness
from ...core.catalogue import PARTS
from ...core.errors import Cancelled, See2SoundError, from_os_error
from ...core.files import atomic_path, keep_apart
from ...core.sets import SETS, set_named

if TYPE_CHECKING:
    from ..jobs.task import Task

_handle: object | None = None


def _parser() -> argparse.ArgumentParser:
    from ..timeline.mix_strip import LAYOUTS

    parser = Parser(
        prog="blender --command see2sound",
        description="Finds what sounds in a clip, places it in 3D, makes a sound each and mixes "
        "them; leaves a blend file, and a rendered movie if asked.",
    )
    parser.add_argument("clip", type=Path, metavar="CLIP", help="a movie, or a picture")
    parser.add_argument(
        "--blend", type=Path, required=True, metavar="OUT.blend", help="the blend file to write"
    )
    parser.add_argument(
        "--render", type=Path, metavar="OUT.mp4", help="also render picture and mix to a movie"
    )
    parser.add_argument(
        "--sources", type=int, default=5, metavar="N", help="how many sources to keep at most (5)"
    )
    names = ", ".join(one.name for one in SETS)
    parser.add_argument(
        "--set", default="", metavar="NAME", help=f"which parts do it: {names} (the preferences')"
    )
    makers = ", ".join(part.name for part in PARTS if part.role == "maker")
    parser.add_argument(
        "--maker",
        default="",
        metavar="NAME",
        help=f"who makes the sounds: {makers} (the set's)",
    )
    parser.add_argument(
        "--library",
        type=Path,
        metavar="DIR",
        help="your own recordings, for the maker library (the preferences')",
    )
    parser.add_argument(
        "--off-screen",
        action="store_true",
        default=None,
        help="also add what one would hear there but does not see, beside or behind",
    )
    parser.add_argument(
        "--fov", type=float, metavar="DEG", help="horizontal field of view, degrees (50)"
    )
    parser.add_argument(
        "--layout", choices=LAYOUTS, metavar="NAME", help=f"{', '.join(LAYOUTS)} (5.1)"
    )
    parser.add_argument(
        "--room",
        type=_room,
        default={},
        metavar="ROOM",
        help=f"{', '.join(preset.name for preset in rooms.PRESETS)}; with another reverberation in "
        "seconds, as hall,1.5; metres and seconds, as 10x8x3.5,0.4; or auto,0.4; all of them grow "
        "with the sources (none)",
    )
    parser.add_argument(
        "--lufs",
        type=_loudness,
        default={},
        metavar="LUFS",
        help=f"integrated loudness: {', '.join(f'{t.name} ({t.lufs:g})' for t in targets.TARGETS)}, "
        "a number from -70 to 0, or none to leave it (-23)",
    )
    return parser


def _room(text: str) -> dict[str, Any]:
    """The strip's settings for a room, as `core.rooms.chosen` takes it."""
    room = rooms.chosen(text, ())
    head, _, tail = text.strip().lower().partition(",")
    if head == "auto" or head[:1].isdigit():
        return {"room_kind": "CUSTOM", "room_size": room.size, "rt60": room.rt60}
    return {"room_kind": head.strip(), **({"rt60": float(tail)} if tail else {})}


def _loudness(text: str) -> dict[str, Any]:
    """The strip's settings for a loudness."""
    name = text.strip().lower()
    if name == "none":
        return {"loudness": "NONE"}
    if any(target.name == name for target in targets.TARGETS):
        return {"loudness": name}
    return {"loudness": "CUSTOM", "lufs": loudness(name)}


def execute(arguments: Sequence[str]) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``see2sound`` on the command line.

    Returns
    -------
    int
        0; or 2 for an error, which was printed as one line; or 130 when interrupted.
    """
    try:
        options = _parser().parse_args(list(arguments))
        _check(options)
        _run(options)
    except SystemExit as end:  # of --help
        return int(end.code or 0)
    except See2SoundError as error:
        print(f"see2sound: {error}", file=sys.stderr, flush=True)
        return 2
    except OSError as error:  # a name that is too long, a folder that may not be read
        told = from_os_error(error, error.filename or "a file", "use")
        print(f"see2sound: {told}", file=sys.stderr, flush=True)
        return 2
    except (KeyboardInterrupt, Cancelled):
        print("see2sound: interrupted", file=sys.stderr, flush=True)
        return 130
    return 0


def _check(options: argparse.Namespace) -> None:
    """Say what is wrong before minutes of work."""
    for path, suffix in ((options.blend, ".blend"), (options.render, ".mp4")):
        if path is None:
            continue
        if path.suffix.lower() != suffix:
            raise See2SoundError(
                f"{path} is no name for this file",
                "",
                f"Choose one that ends with {suffix}",
                kind="bad-request",
            )
        if path.is_dir():
            raise See2SoundError(
                f"cannot write {path}", "it is a folder", "Choose another name", kind="bad-request"
            )
    if not 1 <= options.sources <= 64:
        raise See2SoundError(
            f"{options.sources} sources cannot be kept", "", "Choose 1 to 64", kind="bad-request"
        )
    if options.fov is not None and not 1.0 <= options.fov <= 172.0:
        raise See2SoundError(
            f"a field of view of {options.fov:g} degrees cannot be used",
            "",
            "Choose 1 to 172",
            kind="bad-request",
        )
    set_named(options.set or None)
    if options.maker:
        parts.named("maker", options.maker)
    if options.library is not None and not options.library.is_dir():
        raise See2SoundError(
            f"cannot read {options.library}",
            "it is no folder",
            "Choose a folder with recordings",
            kind="missing-file",
        )
    if not options.clip.exists():
        raise See2SoundError(
            f"cannot read {options.clip}",
            "it does not exist",
            "Check the path",
            kind="missing-file",
        )
    outputs = [path for path in (options.blend, options.render) if path is not None]
    keep_apart(outputs, [options.clip])


def _run(options: argparse.Namespace) -> None:
    from ..jobs import session, whole
    from ..jobs.target import Target
    from ..sources import document
    from .new_file import add_clip, begin, frame_camera, render_movie, save, show_speakers

    begin()
    scene = bpy.context.scene
    strip = add_clip(scene, options.clip.absolute())
    if options.fov is not None:
        frame_camera(scene, options.fov)
    target = Target.of(scene, strip)
    settings = {**options.room, **options.lufs}
    if options.maker:
        settings["maker"] = options.maker
    if options.layout is not None:
        settings["layout"] = options.layout
    library = None if options.library is None else options.library.absolute()
    work = whole.see_to_sound(
        target, options.sources, options.set, options.off_screen, settings, library
    )
    task = session.start("See to Sound", work)
    task.run(_Lines())
    session.finish(task)
    if task.error is not None:
        raise task.error
    if task.state != "done":
        raise Cancelled
    print(task.result)
    for text in session.state.notes:
        print(f"note: {text}")
    scene, _, collection = target.collection()
    show_speakers(scene, document.speakers_of(collection))
    save(options.blend.absolute())
    print(f"Wrote {options.blend}", flush=True)
    if options.render is not None:
        with atomic_path(options.render.absolute()) as part:
            render_movie(bpy.context.scene, part)
        print(f"Wrote {options.render}", flush=True)


class _Lines:
    """Prints a line when the phase changes, and at every tenth of the whole."""

    def __init__(self) -> None:
        self.told = ("", -1)

    def __call__(self, task: Task) -> None:
        now = (task.phase, int(task.fraction * 10))
        if now != self.told and task.running:
            self.told = now
            print(f"{task.fraction:4.0%} {task.phase}", flush=True)


def register() -> None:
    """Make ``blender --command see2sound`` known."""
    global _handle
    _handle = bpy.utils.register_cli_command("see2sound", execute)


def unregister() -> None:
    global _handle
    if _handle is not None:
        bpy.utils.unregister_cli_command(_handle)
        _handle = None
