"""Mixes a sound scene to a file: opens the sounds, renders, masters, writes mix and stems."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from ...audio import SAMPLE_RATE
from ...audio.loudness import LoudnessMeter
from ...audio.peaks import PeakMeter
from ...errors import See2SoundError, from_os_error
from ...files import atomic_path
from ...progress import Progress, part_of, silent
from ...scene import Room, SoundScene, Source, resolve
from ...sounds.origin import read_origin
from ..acoustics.microphones import Microphones
from ..acoustics.room import RoomModel
from ..heads.chosen import with_head
from ..layouts.layout import Layout
from ..layouts.table import layout_named
from ..stems.take import Take, opened
from ..travel.air import Air
from ..travel.distance import Travel
from .aside import Aside
from .mastering import CEILING_DB, Levels, master
from .rendered_mix import RenderedMix
from .report import FileLevels, MixReport
from .writing import FLOAT, SoundWriter, encoding_for

RENDERERS = ("panning", "microphones")

#: The most that a mix says of one sound, characters.
_SAID = 400

#: A loudness farther than this from what was asked for is worth a warning, LU.
_TOLERANCE = 0.2


def mix_to_file(
    scene: SoundScene,
    scene_path: Path,
    output: Path,
    *,
    layout: str = "5.1",
    lufs: float | None = -23.0,
    format: str | None = None,
    stems: Path | None = None,
    travel: Travel | None = None,
    sofa: Path | None = None,
    renderer: str = "panning",
    cache: Path | None = None,
    progress: Progress = silent,
) -> MixReport:
    """Mix a scene's sounds to a loudspeaker layout and write a sound file at 48 kHz.

    The mix is as long as the clip. With `stems`, each source is also written alone, in the same
    layout and with the same gain, as ``<id>.wav`` in 32-bit float: the stems sum to the mix as
    it is before the limiter, and to the file itself where the limiter had nothing to do.

    Parameters
    ----------
    scene : SoundScene
    scene_path : Path
        Where relative paths in the scene start.
    output : Path
        The file to write; it appears when it is whole. Its name ends in ``.wav`` or ``.flac``.
    layout : str
        One of `core.mix.layouts.table.LAYOUTS`.
    lufs : float or None
        Integrated loudness to reach; None leaves the level.
    format : {"pcm24", "float", "flac"}, optional
        WAV in 24 bits or 32-bit float, or FLAC (24 bits, at most eight channels); by default what
        the file's name says.
    stems : Path, optional
        A folder.
    travel : Travel, optional
        What air and distance do; by default air absorbs and sound takes no time.
    sofa : Path, optional
        The head that a binaural mix is heard through, instead of a sphere.
    renderer : {"panning", "microphones"}
        How the channels come about: by panning, or as microphones in the room would hear it
        (the paper's way, for comparison).
    cache : Path, optional
        A folder that keeps what each source gives to the mix (`core.mix.stems`), so that a later
        mix renders only what has changed. It does not matter what it holds: the file is the same,
        byte by byte. (Against a mix without a folder the last bits are rounded apart.)
    progress : Progress

    Returns
    -------
    MixReport

    Raises
    ------
    See2SoundError
        Of kind "bad-request", "missing-file", "bad-sound", "no-permission" or "no-space".
    Cancelled
    """
    chosen = with_head(layout_named(layout), sofa)
    encoding = encoding_for(output, format, chosen)
    sources, warnings = _sounding(scene)
    files = {s.id: resolve(str(s.sound), scene_path) for s in sources}
    written = {s.id: stems / f"{s.id}.wav" for s in sources} if stems is not None else {}
    _check_outputs(output, written.values(), [*files.values(), *([sofa] if sofa else [])])
    travel = travel or Travel()
    samples = max(1, round(scene.clip.duration * SAMPLE_RATE))
    room = _surroundings(scene.room, travel, chosen, renderer, part_of(progress, 0.0, 0.02))
    with contextlib.ExitStack() as stack:
        # Whatever fails, neither the mix nor any stem gets its name; the mix gets it last.
        part = stack.enter_context(atomic_path(output))
        parts = {name: stack.enter_context(atomic_path(path)) for name, path in written.items()}
        with opened(sources, files) as readers:
            warnings += [
                f"The sound of {s.id!r} has {r.channels} channels; they were mixed down to one"
                for s, r in zip(sources, readers, strict=True)
                if r.channels > 1
            ]
        said = {s.id: _said_of(s, files[s.id], warnings) for s in sources}
        take = Take(files, chosen, room, samples, travel)
        if cache is not None:
            surroundings = {
                "layout": chosen, "room": scene.room, "travel": travel, "samples": samples,
                "renderer": renderer,
            }  # fmt: skip
            step = part_of(progress, 0.02, 0.02)
            take.keep(cache, sources, surroundings, lambda: step("Looking for what is kept", 0.0))
        step = part_of(progress, 0.02, 0.5 if written else 0.75)
        mix = stack.enter_context(_mixed(take, sources, output, partial(step, "Mixing")))
        sounds = tuple(filter(None, said.values()))
        with SoundWriter(part, output, samples, chosen, encoding, sounds) as writer:
            step = part_of(progress, 0.5, 0.7) if written else part_of(progress, 0.75, 1.0)
            levels = master(mix, lufs, writer, step)
            peak_db = _decibels(levels.peak, 20.0)
            writer.measured(levels.lufs, levels.loudness_range, peak_db)
        gain = np.float32(10.0 ** (levels.gain_db / 20.0))
        told: list[FileLevels] = []
        for number, source in enumerate(sources if written else ()):
            begin = 0.7 + 0.3 * number / len(sources)
            step = part_of(progress, begin, begin + 0.3 / len(sources))
            final = written[source.id]
            own = tuple(filter(None, [said[source.id]]))
            with SoundWriter(parts[source.id], final, samples, chosen, FLOAT, own) as writer:
                tell = partial(step, f"Writing the stem of {source.id}")
                meter, peaks = (
                    LoudnessMeter(chosen.loudness_weights),
                    PeakMeter(len(chosen.channels)),
                )
                with contextlib.closing(take.blocks([source], tell)) as blocks:
                    for block in blocks:
                        block *= gain
                        writer.write(block)
                        meter.push(block)
                        peaks.push(block)
            peak = _decibels(peaks.peak(), 20.0)
            told.append(FileLevels(final, meter.integrated(), meter.loudness_range(), peak))
        progress("Mixed", 1.0)
    warnings += _about(levels, lufs)
    return _reported(output, chosen, scene.room, samples, levels, told, sounds, warnings)


@contextlib.contextmanager
def _mixed(
    take: Take, sources: Sequence[Source], output: Path, tell: Callable[[float], None]
) -> Iterator[RenderedMix]:
    """All sources, rendered and measured."""
    with RenderedMix(output, take.layout) as mix:
        with Aside() as measuring, contextlib.closing(take.blocks(sources, tell)) as blocks:
            for block in blocks:
                measuring.run(mix.push, block)
        yield mix


def _surroundings(
    room: Room | None, travel: Travel, layout: Layout, renderer: str, progress: Progress
) -> RoomModel | Microphones | None:
    """What a mix hears beside, or instead of, direct sound."""
    if renderer not in RENDERERS:
        raise See2SoundError(
            f"there is no renderer {renderer!r}",
            f"there is: {', '.join(RENDERERS)}",
            "Choose one",
            kind="bad-request",
        )
    if renderer == "microphones" and layout.coding != "loudspeakers":
        raise See2SoundError(
            f"microphones cannot make {layout.name}",
            "there is one for each loudspeaker",
            "Choose a layout of loudspeakers, or the other renderer",
            kind="bad-request",
        )
    if renderer == "panning":
        return None if room is None else _room_model(room, travel.air, progress)
    if room is None:
        raise See2SoundError(
            "microphones need a room to stand in",
            "the scene has none",
            "Choose a room (--room), or the other renderer",
            kind="bad-request",
        )
    return Microphones(room, travel.air, layout, progress)


#: The room of the last mix: a worker mixes in the same one again and again.
_last_room: dict[tuple[Room, Air | None], RoomModel] = {}


def _room_model(room: Room, air: Air | None, progress: Progress) -> RoomModel:
    """A model of a room; the last one is kept, with the late sound that was found for it."""
    model = _last_room.get((room, air)) or RoomModel(room, air, progress)
    _last_room.clear()
    _last_room[room, air] = model
    return model


def _sounding(scene: SoundScene) -> tuple[list[Source], list[str]]:
    """The sources that have a sound, and a warning for each that has none."""
    sources = [s for s in scene.sources if s.sound is not None]
    if not sources:
        raise See2SoundError(
            "there is nothing to mix",
            "no source has a sound" if scene.sources else "the scene has no sources",
            "Make the sounds first" if scene.sources else "Find the sources first",
            kind="bad-request",
        )
    return sources, [
        f"Source {s.id!r} has no sound and is left out" for s in scene.sources if s.sound is None
    ]


def _said_of(source: Source, file: Path, warnings: list[str]) -> str:
    """How a source's sound came about, for the mix's metadata; empty for a person's own file."""
    try:
        origin = read_origin(file)
    except See2SoundError as error:
        warnings.append(f"How the sound of {source.id!r} was made is not known: {error}")
        return ""
    return (
        ""
        if origin is None
        else f"{source.id} {source.label}".strip() + f": {origin.sentence(_SAID)}"
    )


def _check_outputs(output: Path, stems: Collection[Path], sounds: Collection[Path]) -> None:
    """A mix must not replace what it is made of, and must be able to get its name."""
    # Not `Path.resolve`, which fails on links that lead to themselves.
    inputs = {os.path.realpath(path) for path in sounds}
    targets = [output, *stems]
    for path in targets:
        if path.is_dir():
            raise from_os_error(IsADirectoryError(), path, "write")
        if os.path.realpath(path) in inputs:
            raise See2SoundError(
                f"cannot write {path}",
                "it is a sound, or the head, that this mix is made of",
                "Choose another file or folder",
                kind="bad-request",
            )
    if len({os.path.realpath(path) for path in targets}) < len(targets):
        raise See2SoundError(
            f"cannot write {output}",
            "a stem would bear the same name",
            "Choose another file or folder",
            kind="bad-request",
        )


def _about(levels: Levels, lufs: float | None) -> list[str]:
    """What a person should know about the level of the mix."""
    if levels.peak == 0.0:
        return ["The mix is silent"]
    if lufs is not None and levels.lufs is None:
        return ["The mix is too soft to have a loudness; its level was left"]
    if lufs is not None and levels.lufs is not None and abs(levels.lufs - lufs) > _TOLERANCE:
        return [
            f"The mix reaches {levels.lufs:.1f} LUFS instead of {lufs:.1f}: "
            f"its peaks would pass {CEILING_DB:g} dBTP"
        ]
    if lufs is None and levels.limited_db > 0.0:
        return [
            f"Peaks above {CEILING_DB:g} dBTP were turned down by up to {levels.limited_db:.1f} dB"
        ]
    return []


def _decibels(value: float, factor: float) -> float | None:
    return None if value <= 0.0 else factor * float(np.log10(value))


def _reported(
    output: Path,
    layout: Layout,
    room: Room | None,
    samples: int,
    levels: Levels,
    stems: list[FileLevels],
    sounds: tuple[str, ...],
    warnings: list[str],
) -> MixReport:
    return MixReport(
        path=output,
        layout=layout.name,
        channels=tuple(channel.name for channel in layout.channels),
        duration=samples / SAMPLE_RATE,
        integrated_lufs=levels.lufs,
        loudness_range=levels.loudness_range,
        true_peak_db=_decibels(levels.peak, 20.0),
        channel_rms_db=tuple(_decibels(float(p), 10.0) for p in levels.power),
        gain_db=levels.gain_db,
        limited_db=levels.limited_db,
        room=room,
        stems=tuple(stems),
        sounds=sounds,
        warnings=tuple(warnings),
    )
