"""The maker around a pipeline: asks for all sources together, ranks the takes, and fits them to the clip."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ... import catalogue
from ...errors import See2SoundError
from ...models.checkpoints import Checkpoint
from ...models.devices import Device
from ...models.folder import Located
from ...models.keeper import Computing, borrowed
from ...models.pipelines import telling
from ...progress import Progress, part_of
from ...scene import Clip, Source
from ...seeds import seed_after
from .. import clap
from ..fitting import fitted
from ..origin import Origin, now
from ..protocol import Made, Making
from . import ranking, wording
from .generating import Asked, Generator, Request, generate

#: So many takes are generated before the first of them are given away: what a job holds in memory.
_GROUP = 64
#: Asked for beyond the clip's length, seconds: what trimming takes from the beginning.
_LITTLE = 0.5
#: A sound that nowhere rises above this, -60 dBFS, is silent.
_SILENCE = 1e-3
#: What is added to the seed of a take that came out silent.
_ANOTHER = 1_000_003


@dataclass(frozen=True)
class _Take:
    recording: NDArray[np.float32]
    seed: int
    kept_away: str
    precision: str
    fit: float | None = None


class GeneratedMaker:
    """What the makers of generated sounds share; each has its `load` and its lengths.

    Parameters
    ----------
    checkpoint : Checkpoint
    computing : Computing

    Attributes
    ----------
    warnings : list of str
        See `core.sounds.protocol.Maker`.
    load : callable
        Makes a `Generator` of the checkpoint's files; for `core.models.keeper.borrowed`.
    shortest, longest : float
        The lengths that its model makes well, seconds; what is longer is continued.
    """

    load: ClassVar[staticmethod[[Located, Device, Progress], Generator]]
    shortest: ClassVar[float]
    longest: ClassVar[float]

    def __init__(self, checkpoint: Checkpoint, computing: Computing) -> None:
        self._checkpoint = checkpoint
        self._computing = computing
        self.warnings: list[str] = []

    def make(
        self, sources: Sequence[Source], clip: Clip, making: Making, progress: Progress
    ) -> Iterator[Sequence[Made] | See2SoundError]:
        """Give each source its sound, or say why it has none; see `core.sounds.protocol.Maker`."""
        wordless: dict[int, See2SoundError] = {}
        for number, source in enumerate(sources):
            try:
                wording.words_of(source)
            except See2SoundError as error:
                wordless[number] = error
        group = max(1, _GROUP // making.candidates)
        for start in range(0, len(sources), group):
            numbers = range(start, min(start + group, len(sources)))
            step = part_of(progress, start / len(sources), numbers.stop / len(sources))
            chosen = [sources[number] for number in numbers if number not in wordless]
            made = self._group(chosen, clip, making, step)  # begins when it is asked
            for number in numbers:
                yield wordless[number] if number in wordless else next(made)

    def _group(
        self, sources: Sequence[Source], clip: Clip, making: Making, progress: Progress
    ) -> Iterator[Sequence[Made] | See2SoundError]:
        """What `make` gives, of sources with words that are generated together."""
        takes, lacking, rest = self._takes(sources, clip, making, part_of(progress, 0.0, 0.9))
        left = sum(map(len, takes))
        done = 0
        for number, (source, of_one) in enumerate(zip(sources, takes, strict=True)):
            if number in lacking:
                yield lacking[number]
                continue
            offered = []
            for take in of_one:
                fitting = part_of(part_of(progress, 0.9, 1.0), done / left, (done + 1) / left)
                blocks = fitted(take.recording, source, clip.duration, fitting)
                offered.append(Made(blocks, dataclasses.replace(
                    rest, prompt=wording.words_of(source), seed=take.seed, fit=take.fit,
                    negative_prompt=take.kept_away,
                    settings={
                        **rest.settings, "told": wording.told(source),
                        "precision": take.precision,
                    },
                )))  # fmt: skip
                done += 1
            yield offered

    def _takes(
        self, sources: Sequence[Source], clip: Clip, making: Making, progress: Progress
    ) -> tuple[list[list[_Take]], dict[int, See2SoundError], Origin]:
        """The takes of each source, best first; why some have none; what their origins share."""
        ranked = making.candidates > 1 and clap.is_here(self._computing)
        generating = part_of(progress, 0.1, 0.9 if ranked else 1.0)
        with borrowed(
            self._checkpoint, self._computing, type(self).load, part_of(progress, 0.0, 0.1)
        ) as (generator, device):
            asked = Asked(
                seconds=min(max(clip.duration + _LITTLE, self.shortest), self.longest),
                steps=generator.steps if making.steps is None else making.steps,
                guidance=generator.guidance if making.guidance is None else making.guidance,
            )
            takes, lacking = _heard(
                generator, device, sources, making.candidates, asked, generating
            )
            origin = self._origin(generator, asked)
        if making.candidates > 1 and any(takes):
            takes = self._ranked(sources, takes, part_of(progress, 0.9, 1.0))
        return takes, lacking, origin

    def _ranked(
        self, sources: Sequence[Source], takes: list[list[_Take]], progress: Progress
    ) -> list[list[_Take]]:
        """The takes of each source, best first; as they are where CLAP cannot tell."""
        try:
            fits = ranking.fits(
                [wording.words_of(source) for source in sources],
                [[take.recording for take in of_one] for of_one in takes],
                self._computing,
                progress,
            )
        except See2SoundError as error:
            several = [repr(s.id) for s, one in zip(sources, takes, strict=True) if len(one) > 1]
            if several:
                self.warnings.append(
                    f"the takes of {', '.join(several)} are in the order of their seeds, not of "
                    f"how well they fit: {error}"
                )
            return takes
        return [
            sorted(
                (dataclasses.replace(t, fit=round(f, 4)) for t, f in zip(one, of_it, strict=True)),
                key=lambda take: -(take.fit or 0.0),
            )
            for one, of_it in zip(takes, fits, strict=True)
        ]

    def _origin(self, generator: Generator, asked: Asked) -> Origin:
        names = (p.name for p in catalogue.PARTS if p.checkpoint == self._checkpoint)
        return Origin(
            maker=next(names, self._checkpoint.repository),
            synthetic=True,
            model=self._checkpoint.repository,
            revision=generator.revision,
            settings={
                "seconds": round(asked.seconds, 3),
                "steps": asked.steps,
                "guidance": asked.guidance,
            },
            made=now(),
        )


def _heard(
    generator: Generator,
    device: Device,
    sources: Sequence[Source],
    candidates: int,
    asked: Asked,
    progress: Progress,
) -> tuple[list[list[_Take]], dict[int, See2SoundError]]:
    """The takes of each source that can be heard, in the order of their seeds; why some have none.

    A silent one is made once more with another seed, and left out where that is silent too.
    """
    numbers = [(n, k) for n in range(len(sources)) for k in range(candidates)]
    requests = [_request(sources[n], k, asked) for n, k in numbers]
    phase = f"Generating {len(sources)} sounds"
    if len(sources) == 1:
        phase = f"Generating the sound of {sources[0].label or sources[0].id}"
    tell = telling(progress, phase, least=0.1)
    tell(0.0)
    made = generate(generator, requests, asked, device, tell)
    silent = [
        n for n, one in enumerate(made) if one.recording is not None and _silent(one.recording)
    ]
    if silent:
        for n in silent:
            another = seed_after(requests[n].seed, _ANOTHER)
            requests[n] = dataclasses.replace(requests[n], seed=another)
        again = generate(
            generator, [requests[n] for n in silent], asked, device, lambda _: tell(None)
        )
        for n, one in zip(silent, again, strict=True):
            made[n] = one
    takes: list[list[_Take]] = [[] for _ in sources]
    for (n, _), request, one in zip(numbers, requests, made, strict=True):
        if one.recording is not None and not _silent(one.recording):
            takes[n].append(_Take(one.recording, request.seed, request.negative, one.precision))
    lacking = {}
    for n, source in enumerate(sources):
        if not takes[n]:
            of_it = [one.recording for (m, _), one in zip(numbers, made, strict=True) if m == n]
            any_silent = any(recording is not None for recording in of_it)
            lacking[n] = _nothing(source, silent=any_silent)
    return takes, lacking


def _request(source: Source, candidate: int, asked: Asked) -> Request:
    seed = seed_after(source.seed, candidate)
    away = wording.kept_away(source) if asked.guided else ""
    return Request(wording.told(source), away, seed)


def _silent(recording: NDArray[np.float32]) -> bool:
    return float(np.max(np.abs(recording), initial=0.0)) < _SILENCE


def _nothing(source: Source, *, silent: bool) -> See2SoundError:
    return See2SoundError(
        f"no sound could be generated for source {source.id!r} ({source.label})",
        "what the model made is silent" if silent else "what the model made are no numbers",
        "Choose another seed, prompt or maker for it"
        if silent
        else "Get the model again, or choose another device or maker",
        kind="bad-sound",
    )
