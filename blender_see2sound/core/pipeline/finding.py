"""The first step: finds what sounds in a clip and where it is, and writes the scene."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import parts, sets
from ..errors import See2SoundError, from_os_error
from ..fields import LONGEST_WORDS
from ..files import atomic_path, check_text, keep_apart
from ..progress import Progress, part_of, shares_of, silent
from ..scene import Clip, Kind, Motion, SoundScene, Source, Vector
from ..scene_file import write_scene
from .results import StepResult

if TYPE_CHECKING:
    from ..catalogue import Role
    from ..media import ClipRange
    from ..models.keeper import Computing
    from ..regions.protocol import Region

DEFAULT_SOURCES, MOST_SOURCES = 5, 64

#: How long parts work without a model and with one, beside each other, and measuring motion.
WORK: dict[str, tuple[float, float]] = {
    "finder": (8.0, 60.0), "describer": (0.2, 25.0), "depth": (1.0, 12.0),
}  # fmt: skip
WORK_OF_MOTION = 1.0
#: A bed that accompanies things one sees lies below them, as in film mixes; dB.
BED_GAIN_DB = -12.0
#: How wide each kind sounds, 0 to 1.
SPREAD: dict[Kind, float] = {"point": 0.0, "area": 0.5, "ambience": 1.0}
#: What large low events send to the LFE channel, dB, and the families of sounds that are such.
LFE_DB = -6.0
LFE_FAMILIES = frozenset({"thunder", "explosion"})


def find_sources(
    clip: ClipRange,
    scene_path: str | Path,
    *,
    sources: int = DEFAULT_SOURCES,
    part_set: str | None = None,
    finder: str | None = None,
    depth: str | None = None,
    describer: str | None = None,
    fov: float | None = None,
    off_screen: bool = False,
    computing: Computing | None = None,
    progress: Progress = silent,
) -> StepResult:
    """Find what sounds in a clip and where it is; write the scene and thumbnails.

    Parameters
    ----------
    clip : ClipRange
        The part of a media file to look at.
    scene_path : path
        The scene file to write; an older one is replaced when the step ends well.
    sources : int
        How many to keep at most, 1 to 64.
    part_set : str, optional
        A name from `core.sets`; the built-in one when None.
    finder, depth, describer : str, optional
        Names from `core.parts`; those of the set when None.
    fov : float, optional
        Horizontal field of view in degrees, 1 to 175; when None as the depth estimator sees it, else 50.
    off_screen : bool
        Whether sources that one would hear there but does not see are added, at most
        `core.regions.words.offscreen.MOST`, beside or behind.
    computing : Computing, optional
        Where models are and on what they compute.
    progress : Progress

    Raises
    ------
    See2SoundError, Cancelled
    """
    from ..media import open_clip
    from ..motion import MEASURED, motions_of
    from ..placement import positions_of
    from ..placement.doubts import doubts
    from ..regions.sounding import candidates_for, choose
    from ..regions.words.offscreen import MOST, placed_apart

    if not 1 <= sources <= MOST_SOURCES:
        raise See2SoundError(
            f"{sources} sources cannot be kept",
            "",
            f"Choose 1 to {MOST_SOURCES}",
            kind="bad-request",
        )
    if fov is not None and not 1.0 <= fov <= 175.0:
        raise See2SoundError(
            f"a field of view of {fov:g} degrees cannot be used",
            "",
            "Choose 1 to 175",
            kind="bad-request",
        )
    path = _relative(clip.path, scene_path)
    thumbnails = Path(scene_path).parent / "thumbnails"
    made = [thumbnails / f"s{number}.png" for number in range(1, sources + MOST + 1)]
    keep_apart([Path(scene_path), *made], [clip.path, *clip.files])
    wanted = sets.mixed(part_set, finder=finder, depth=depth, describer=describer)
    finding, estimating, describing = (
        parts.load("finder", wanted.finder, computing),
        parts.load("depth", wanted.depth, computing),
        parts.load("describer", wanted.describer, computing),
    )
    finds, describes, measures, moves = shares_of(part_of(progress, 0.0, 0.98), _work(wanted))
    with open_clip(clip) as opened:
        opened.remember(MEASURED)
        count = candidates_for(sources) if finding.proposes else sources
        regions = finding.find(opened, count, finds)
        regions = describing.describe(opened, regions, describes, off_screen=off_screen)
        if finding.proposes:
            regions = choose(regions, sources)
        in_picture, unseen = placed_apart(regions)
        measured = estimating.distances(opened, in_picture, fov, measures)
        view = measured.horizontal_fov
        moved = motions_of(opened, in_picture, measured.metres, view, moves)
        accompanied = any(region.kind != "ambience" for region in in_picture)
        found = tuple(
            _source_of(
                number,
                region,
                positions_of(region, metres, view, opened.size),
                motion,
                accompanied=accompanied,
            )
            for number, (region, metres, motion) in enumerate(
                zip(
                    regions,
                    [*measured.metres, *unseen],
                    [*moved, *(None for _ in unseen)],
                    strict=True,
                ),
                1,
            )
        )
        scene = SoundScene(
            Clip(
                path=path,
                start=float(clip.start),
                duration=float(opened.duration),
                frame_rate=float(opened.frame_rate),
                size=opened.size,
                horizontal_fov=view,
            ),
            found,
        )
    progress("Writing the scene", 0.98)
    for source, region in zip(found, regions, strict=True):
        _write_thumbnail(region, thumbnails / f"{source.id}.png")
    write_scene(scene, scene_path)
    progress("Found the sources", 1.0)
    warnings = [] if found else ["Nothing that could sound was found in this picture"]
    if off_screen and found and not unseen:
        warnings.append(
            "No off-screen source was added: the words for what is seen tell of no place in which "
            "one would hear more"
        )
    return StepResult(scene, (*warnings, *doubts(in_picture, measured)))


def _work(wanted: sets.PartSet) -> list[float]:
    """How long finding, describing, measuring distances and measuring motion take beside each other."""
    roles: tuple[Role, ...] = ("finder", "describer", "depth")
    loaded = [parts.named(role, wanted.part(role)).checkpoint is not None for role in roles]
    return [*(WORK[role][model] for role, model in zip(roles, loaded, strict=True)), WORK_OF_MOTION]


def _relative(path: Path, scene_path: str | Path) -> str:
    """A clip's path as the scene file keeps it: relative where one drive holds both."""
    import os

    try:
        name = Path(os.path.relpath(path, Path(scene_path).resolve().parent)).as_posix()
    except ValueError:  # another drive on Windows
        name = str(Path(path).resolve())
    check_text(name)
    return name


def _source_of(
    number: int,
    region: Region,
    positions: tuple[Vector, ...],
    motion: Motion | None,
    *,
    accompanied: bool,
) -> Source:
    """A region as a source of the scene; `accompanied`: things are seen beside its beds."""
    seen = region.azimuth is None
    return Source(
        id=f"s{number}",
        # A describer may go on and on: a scene bears so much.
        label=region.label[:LONGEST_WORDS],
        prompt=region.prompt[:LONGEST_WORDS],
        kind=region.kind,
        times=tuple(float(t) for t in region.times),
        positions=positions,
        boxes=tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in region.boxes)
        if seen
        else (),
        presence=tuple(float(p) for p in region.presence),
        gain_db=BED_GAIN_DB if region.kind == "ambience" and accompanied else 0.0,
        spread=SPREAD[region.kind],
        lfe_db=_lfe_of(region),
        seed=number,
        motion=motion,
    )


def _lfe_of(region: Region) -> float | None:
    """The LFE send of what was found: only large low events have one."""
    from ..sounds import families_for

    chosen = families_for(region.label, region.prompt, region.kind)
    return LFE_DB if any(c.family in LFE_FAMILIES for c in chosen) else None


def _write_thumbnail(region: Region, path: Path) -> None:
    import cv2

    with atomic_path(path) as part:
        written, data = cv2.imencode(".png", region.thumbnail[:, :, ::-1])
        if not written:
            raise See2SoundError(f"cannot write {path}", "the picture could not be encoded")
        try:
            part.write_bytes(data.tobytes())
        except OSError as error:
            raise from_os_error(error, path, "write") from error
