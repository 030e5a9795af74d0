"""The options of the ``see2sound`` command: what each step takes, and what their values mean."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import catalogue, sets
from .arguments import Parser, loudness
from .models.devices import DEVICES
from .models.folder import ENVIRONMENT, models_folder
from .pipeline.mix_settings import MixSettings
from .targets import TARGETS
from .version import version


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = Parser(
        prog="see2sound",
        description="Gives a picture its sound: finds what sounds in a clip, places it in 3D, "
        "makes a sound each and mixes them for loudspeakers.",
    )
    parser.add_argument("--version", action="version", version=f"see2sound {version()}")
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
    _part_arguments(sound, "maker", more="; with --only it stays the maker of that source")
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
    rooms = mix.add_mutually_exclusive_group()
    _room_argument(rooms)
    rooms.add_argument(
        "--no-room", dest="room", action="store_false", help="leave the scene's room out"
    )
    _mix_arguments(mix)

    run = steps.add_parser("run", help="find, sound and mix; leaves all of it in a folder")
    _clip_arguments(run)
    run.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    _find_arguments(run)
    _part_arguments(run, "maker")
    _making_arguments(run)
    _room_argument(run)
    _mix_arguments(run)

    models = steps.add_parser(
        "models", help="what can be used, with licence, size, and whether it is here"
    )
    models.add_argument(
        "name", nargs="?", metavar="NAME", help="tell all of this set or part (all, in short)"
    )
    _models_argument(models)

    library = steps.add_parser(
        "library", help="index the folder of your recordings, tell what is in it, and search it"
    )
    library.add_argument("folder", type=Path, metavar="FOLDER")
    library.add_argument(
        "--search", metavar="WORDS", default="", help="what it shall sound like, as a prompt"
    )
    library.add_argument(
        "--listen",
        action="store_true",
        help="hear all recordings with CLAP, once: then those are found too whose names say "
        "nothing; stop it at any time, it goes on where it was",
    )
    _computing_arguments(library)

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
        "--takes", type=int, metavar="N",
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


def _part_arguments(
    parser: argparse.ArgumentParser, *roles: catalogue.Role, more: str = ""
) -> None:
    for role in roles:
        parser.add_argument(
            f"--{role}",
            metavar="NAME",
            help=f"{_DOES[role]}, instead of the set's ({_names(role)}){more}",
        )


def _models_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models",
        type=_models_folder,
        metavar="DIR",
        help=f"the folder with the models' files (${ENVIRONMENT}, else this person's)",
    )


def _mix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--layout",
        default=MixSettings.layout,
        metavar="NAME",
        help="mono, stereo, 5.1, 7.1, 5.1.4, 7.1.4, binaural, ambix1, ambix2 or ambix3 (5.1)",
    )
    parser.add_argument(
        "--lufs",
        type=loudness,
        default=MixSettings.lufs,
        metavar="LUFS",
        help=f"integrated loudness: {', '.join(f'{t.name} ({t.lufs:g})' for t in TARGETS)}, "
        "a number from -70 to 0, or none to leave it (-23)",
    )
    parser.add_argument(
        "--format",
        choices=("pcm24", "float", "flac"),
        help="WAV in 24 bits or 32-bit float, or FLAC (by default what the file's name says)",
    )
    parser.add_argument("--stems", type=Path, metavar="DIR", help="also write one file per source")
    parser.add_argument(
        "--air",
        type=_air,
        default=MixSettings.air,
        metavar="C,PERCENT",
        help="temperature and humidity of the air, or none if it takes nothing (20,50)",
    )
    parser.add_argument(
        "--propagation", action="store_true", help="let sound take its time, with Doppler"
    )
    parser.add_argument(
        "--sofa",
        type=Path,
        metavar="FILE",
        help="the head that a binaural mix is heard through, instead of a sphere",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="keep what each source gives here, so that a later mix renders only what has changed",
    )
    parser.add_argument(
        "--renderer",
        choices=("panning", "microphones"),
        default=MixSettings.renderer,
        help="panning, or microphones in the room, the paper's way, slow (panning)",
    )


def _room_argument(parser: argparse._ActionsContainer) -> None:
    from .rooms import PRESETS

    names = ", ".join(preset.name for preset in PRESETS)
    parser.add_argument(
        "--room",
        type=_room,
        default=MixSettings.room,
        metavar="ROOM",
        help=f"put it in a room: {names}; with another reverberation in seconds, as hall,1.5; "
        "metres and seconds, as 10x8x3.5,0.4; or as large as needed, as auto,0.4",
    )


def _models_folder(text: str) -> Path:
    folder = models_folder(text)
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{folder} is no folder")
    return folder


def _names(role: catalogue.Role) -> str:
    return ", ".join(part.name for part in catalogue.PARTS if part.role == role)


def _air(text: str) -> tuple[float, float] | None:
    if text.lower() == "none":
        return None
    try:
        celsius, humidity = (float(v) for v in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no air: it is degrees Celsius and percent of humidity, as 20,50, or none"
        ) from None
    return celsius, humidity


def _room(text: str) -> str:
    from .rooms import chosen

    chosen(text, ())
    return text
