"""The maker that takes sounds from the person's own recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...errors import See2SoundError
from ...models.keeper import Computing
from ...progress import Progress, part_of
from ...scene import Clip, Source
from ..evening import SILENT, without_rumble
from ..fitting import fitted
from ..origin import Origin, now, read_origin
from ..protocol import Made, Making
from ..synth import decibels
from .hearing import Fitting, fitting
from .index import Index, with_index
from .reading import Part, read_part
from .scanning import Scan, scan
from .searching import Hit, in_order
from .wanted import wanted

#: So many recordings are ranked for a source.
RANKED = 20

#: Those are good whose score is at least this part of the best one's.
GOOD = 0.8

#: More than this is read of a recording for what is cut away before it sounds, seconds.
_LITTLE = 2.0


class LibraryMaker:
    """Gives each source one of the recordings that fit it.

    Parameters
    ----------
    computing : Computing, optional
        Where models are: where CLAP is, recordings that fit by their words are heard too.

    Attributes
    ----------
    warnings : tuple of str
        See `core.sounds.protocol.Maker`.
    """

    def __init__(self, computing: Computing | None = None) -> None:
        self._computing = computing or Computing()
        self.warnings: tuple[str, ...] = ()

    def make(
        self, sources: Sequence[Source], clip: Clip, making: Making, progress: Progress
    ) -> Iterator[Sequence[Made] | See2SoundError]:
        """Give each source its sound, or say that nothing fits; see `core.sounds.protocol.Maker`.

        Raises
        ------
        See2SoundError
            Where no library is chosen.
        """
        library = making.library
        if library is None:
            raise See2SoundError(
                "no library is chosen",
                "",
                "Choose the folder of your recordings in the preferences, or with --library",
                kind="bad-request",
            )

        def choose(index: Index) -> tuple[Scan, Fitting]:
            found = scan(index, library, part_of(progress, 0.0, 0.2))
            sought = [wanted(s.label, s.prompt, s.negative_prompt) for s in sources]
            return found, fitting(
                index, library, [s.prompt or s.label for s in sources], sought, clip.duration,
                RANKED, self._computing, part_of(progress, 0.2, 0.3),
            )  # fmt: skip

        scanned, fits = with_index(library, choose)
        self.warnings = fits.warnings
        found = zip(sources, fits.hits, strict=True)
        chosen = [_ordered(hits, source.seed) for source, hits in found]
        each = 0.7 / max(len(sources), 1)
        for number, (source, hits) in enumerate(zip(sources, chosen, strict=True)):
            step = part_of(progress, 0.3 + number * each, 0.3 + (number + 1) * each)
            if hits:
                yield _takes(source, hits, library, clip.duration, making.candidates, step)
            else:
                yield _nothing_fits(source, library, scanned, fits)


def _ordered(hits: Sequence[Hit], seed: int) -> list[Hit]:
    """The recordings that fit, those first that a seed asks for.

    Each next seed begins with the next one of the good ones; those that fit less come last.
    """
    best = in_order(hits)
    good = sum(
        hit.by_sound == best[0].by_sound and hit.value >= GOOD * best[0].value for hit in best
    )
    first = (seed - 1) % good if good else 0
    return [*best[first:good], *best[:first], *best[good:]]


def _takes(
    source: Source,
    hits: Sequence[Hit],
    library: Path,
    duration: float,
    count: int,
    progress: Progress,
) -> list[Made] | See2SoundError:
    """The sounds of a source from the first recordings that can be used; an error where none can."""
    takes: list[Made] = []
    first: See2SoundError | None = None
    for hit in hits:
        if len(takes) == count:
            break
        share = 0.5 / count
        reading = part_of(progress, len(takes) * share, (len(takes) + 1) * share)
        try:
            part = read_part(library / hit.path, duration + _LITTLE, source.seed, reading)
            _check(part, library / hit.path)
        except See2SoundError as error:
            # It fits by its words and cannot be heard: the next one serves as well.
            first = first or error
            continue
        blocks = fitted(
            part.samples,
            source,
            duration,
            part_of(progress, 0.5 + len(takes) * share, 0.5 + (len(takes) + 1) * share),
        )
        takes.append(Made(blocks, _origin(source, hit, part, library / hit.path)))
    if not takes and first is not None:
        return See2SoundError(
            f"no recording for source {source.id!r} can be used",
            f"{first.what}: {first.why}",
            "Change its prompt, repair the recording, or choose another maker",
            kind="bad-sound",
        )
    return takes


def _check(part: Part, path: Path) -> None:
    if float(np.abs(without_rumble(part.samples)).max(initial=0.0)) < decibels(SILENT):
        raise See2SoundError(f"cannot use {path}", "it is silent", kind="bad-sound")


def _origin(source: Source, hit: Hit, part: Part, file: Path) -> Origin:
    """How a sound came about: a recording; or what it was generated by, where it is no recording."""
    try:
        before = read_origin(file)
    except See2SoundError:  # its sidecar was damaged; the file itself has not said less
        before = Origin("", True, model="See2Sound")
    synthetic = before is not None and before.synthetic
    return Origin(
        maker="library",
        synthetic=synthetic,
        model=(before.model or "See2Sound") if before and synthetic else "",
        revision=before.revision if before and synthetic else "",
        prompt=(before.prompt if before and synthetic else "") or source.prompt,
        negative_prompt=source.negative_prompt,
        seed=source.seed,
        settings={
            "score": hit.score,
            "words": " ".join(hit.matched),
            "from": round(part.begins, 3),
        },
        recording=hit.path,
        fit=hit.fit,
        made=now(),
    )


def _nothing_fits(source: Source, library: Path, scanned: Scan, fits: Fitting) -> See2SoundError:
    searched = f"{scanned.files} recordings in {library} were searched by name, folder and metadata"
    if fits.by_ear:
        searched += ", and by how they sound"
    elif not any(fits.hits):  # else the warnings tell it, beside what was made
        searched = "; ".join((searched, *fits.warnings))
    return See2SoundError(
        f"nothing in the library fits source {source.id!r} ({(source.prompt or source.label)!r:.60})",
        searched,
        "Change the prompt, add such recordings, or choose another maker for this source",
        kind="bad-request",
    )
