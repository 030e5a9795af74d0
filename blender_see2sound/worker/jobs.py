"""The jobs: each method's parameters checked, its function of `core` called, its answer as data.

Nothing heavy is imported before the first job needs it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import See2SoundError
from ..core.own_folders import cache_folder
from ..core.progress import Progress
from ..core.version import version

if TYPE_CHECKING:
    from ..core.models.keeper import Computing
    from ..core.pipeline import MixSettings

Answer = dict[str, Any]


class Params:
    """The parameters of a request, taken one by one under their names and types.

    Every `take` names the field in its error; `end` refuses what nobody took.
    """

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, dict):
            raise _refused(where, "it must be an object with named fields")
        self._values = dict(values)
        self._where = where

    def text(self, name: str) -> str | None:
        """A string, or None where it is null or absent."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, str) or not value or "\0" in value:
            raise _refused(f"{self._where}.{name}", "it must be a text that is not empty")
        return value

    def path(self, name: str) -> Path | None:
        """An absolute path, or None; the worker's own folder means nothing to the caller."""
        value = self.text(name)
        if value is not None and not os.path.isabs(value):
            raise _refused(f"{self._where}.{name}", f"it must be an absolute path, not {value!r}")
        return None if value is None else Path(value)

    def needed_path(self, name: str) -> Path:
        """An absolute path that must be there."""
        value = self.path(name)
        if value is None:
            raise _refused(f"{self._where}.{name}", "it is missing")
        return value

    def number(self, name: str) -> float | None:
        """A finite number, or None."""
        value = self._take(name)
        if value is None:
            return None
        if not _is_number(value):
            raise _refused(f"{self._where}.{name}", "it must be a finite number")
        return float(value)

    def whole(self, name: str) -> int | None:
        """A whole number, or None."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise _refused(f"{self._where}.{name}", "it must be a whole number")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """True or false, or `default`."""
        value = self._take(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise _refused(f"{self._where}.{name}", "it must be true or false")
        return value

    def flag_or_text(self, name: str, default: bool) -> bool | str:
        """True, false, or a text; `default` where it is null or absent."""
        if isinstance(self._values.get(name), str):
            return self.text(name) or default
        return self.flag(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def texts(self, name: str) -> tuple[str, ...] | None:
        """A list of strings, or None."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise _refused(f"{self._where}.{name}", "it must be a list of texts")
        return tuple(value)

    def paths(self, name: str) -> tuple[Path, ...]:
        """A list of absolute paths; empty where it is null or absent."""
        values = self.texts(name) or ()
        for value in values:
            if not os.path.isabs(value):
                raise _refused(
                    f"{self._where}.{name}", f"the paths must be absolute, not {value!r}"
                )
        return tuple(Path(value) for value in values)

    def pairs(self, name: str) -> tuple[tuple[float, float], ...]:
        """A list of pairs of finite numbers; empty where it is null or absent."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(
            isinstance(row, list) and len(row) == 2 and all(_is_number(v) for v in row)
            for row in value
        ):
            raise _refused(f"{self._where}.{name}", "it must be a list of pairs of numbers")
        return tuple((float(a), float(b)) for a, b in value)

    def pair(self, name: str) -> tuple[float, float] | None:
        """Two finite numbers, or None."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2 or not all(map(_is_number, value)):
            raise _refused(f"{self._where}.{name}", "it must be a pair of numbers")
        return float(value[0]), float(value[1])

    def group(self, name: str) -> Params:
        """A nested object."""
        return Params(self._take(name), f"{self._where}.{name}")

    def end(self) -> None:
        """Refuse fields that nobody asked for."""
        if self._values:
            raise _refused(f"{self._where}.{min(self._values)}", "there is no such field")

    def _take(self, name: str) -> Any:
        return self._values.pop(name, None)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _refused(field: str, why: str) -> See2SoundError:
    return See2SoundError(
        f"the request's {field} cannot be used", why, "Report this fault", kind="bad-request"
    )


def ping(params: Params, progress: Progress) -> Answer:
    """Say who is here."""
    params.end()
    return who()


def models(params: Params, progress: Progress) -> Answer:
    """List the replaceable parts and their sets."""
    folder = params.path("models")
    params.end()
    from ..core import parts, sets

    rows = parts.listing(folder)
    return {"parts": rows, "sets": sets.listing(rows)}


def find(params: Params, progress: Progress) -> Answer:
    """Find what sounds in a clip; see `core.pipeline.find_sources`."""
    given = params.group("clip")
    path, files = given.needed_path("path"), given.paths("files")
    start, duration = given.number("start"), given.number("duration")
    rate, time_map = given.number("frame_rate"), given.pairs("time_map")
    given.end()
    scene = params.needed_path("scene")
    finder, depth, describer = params.text("finder"), params.text("depth"), params.text("describer")
    fov, count = params.number("fov"), params.whole("sources")
    part_set, off_screen = params.text("set"), params.flag("off_screen", False)
    computing = computing_of(params)
    params.end()
    from ..core import pipeline
    from ..core.media import ClipRange

    clip = ClipRange(
        path=path,
        start=0.0 if start is None else start,
        duration=duration,
        frame_rate=rate,
        files=files,
        time_map=time_map,
    )
    found = pipeline.find_sources(
        clip,
        scene,
        sources=pipeline.DEFAULT_SOURCES if count is None else count,
        part_set=part_set,
        finder=finder,
        depth=depth,
        describer=describer,
        fov=fov,
        off_screen=off_screen,
        computing=computing,
        progress=progress,
    )
    return {
        "scene": str(scene),
        "sources": [source.id for source in found.scene.sources],
        "warnings": list(found.warnings),
    }


def computing_of(params: Params) -> Computing:
    """How models are to compute."""
    from ..core.models.keeper import Computing

    return Computing(
        device=params.text("device") or "auto",
        low_memory=params.flag("low_memory", False),
        models=params.path("models"),
    )


def sound(params: Params, progress: Progress) -> Answer:
    """Make the sounds of a scene; see `core.pipeline.make_sounds`."""
    scene = params.needed_path("scene")
    part_set, maker = params.text("set"), params.text("maker")
    prompt, seed, only = params.text("prompt"), params.whole("seed"), params.texts("only")
    negative, speech = params.text("negative_prompt"), params.flag("speech", False)
    takes, steps, guidance = params.whole("takes"), params.whole("steps"), params.number("guidance")
    library = params.path("library")
    computing = computing_of(params)
    params.end()
    from ..core import pipeline
    from ..core.scene import resolve
    from ..core.sounds.making import takes_of
    from ..core.sounds.protocol import Making

    made = pipeline.make_sounds(
        scene, part_set=part_set, maker=maker, prompt=prompt, negative_prompt=negative, seed=seed,
        only=only, making=Making(1 if takes is None else takes, steps, guidance, library),
        speech=speech, computing=computing, progress=progress,
    )  # fmt: skip
    return {
        "scene": str(scene),
        "sounds": {
            source.id: os.path.normpath(resolve(source.sound, scene))
            for source in made.scene.sources
            if source.sound is not None and source.id in made.made
        },
        "takes": {
            source_id: [
                os.path.normpath(resolve(name, scene)) for name in takes_of(source_id, scene)
            ]
            for source_id in made.made
        },
        "warnings": list(made.warnings),
    }


def listen(params: Params, progress: Progress) -> Answer:
    """Hear the recordings of a library; see `core.sounds.library.listening.listen`."""
    library = params.needed_path("library")
    computing = computing_of(params)
    params.end()
    from ..core.sounds.library.listening import listen as listen_to

    found = listen_to(library, computing, progress)
    return {"files": found.scan.files, "heard": found.heard, "unheard": list(found.unheard)}


def stem_folder() -> Path | None:
    """This person's folder for what mixes keep; None where they have none: a mix needs no cache."""
    own = cache_folder()
    return None if own is None else own / "stems"


def mix(params: Params, progress: Progress) -> Answer:
    """Mix a scene; see `core.pipeline.mix_scene`."""
    scene, output = params.needed_path("scene"), params.needed_path("output")
    mixing = mixing_of(params)
    params.end()
    from ..core import pipeline

    answer: Answer = pipeline.mix_scene(scene, output, mixing, progress=progress).to_json()
    return answer


def mixing_of(params: Params) -> MixSettings:
    """How a scene is to be mixed; where loudness or air is null, it is left as it is."""
    from ..core.pipeline import MixSettings

    usual = MixSettings()
    return MixSettings(
        layout=params.text("layout") or usual.layout,
        lufs=params.number("lufs") if "lufs" in params else usual.lufs,
        room=params.flag_or_text("room", True),
        format=params.text("format"),
        stems=params.path("stems"),
        air=params.pair("air") if "air" in params else usual.air,
        propagation=params.flag("propagation", usual.propagation),
        sofa=params.path("sofa"),
        renderer=params.text("renderer") or usual.renderer,
        cache=params.path("cache") if "cache" in params else stem_folder(),
    )


#: What can be asked for. Each takes checked parameters and a progress, and gives plain data.
METHODS: dict[str, Callable[[Params, Progress], Answer]] = {
    "find": find,
    "sound": sound,
    "mix": mix,
    "listen": listen,
    "models": models,
    "ping": ping,
}


def who() -> Answer:
    """This worker: the project's version, Python's, and the process."""
    import platform

    return {
        "version": version(),
        "python": platform.python_version(),
        "pid": os.getpid(),
    }
