"""Generates sounds with a pipeline: in batches that memory can hold, again in full precision where needed."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...models.devices import Device, free, is_memory_error
from ..mono import recording_of

#: At most so many sounds are denoised together: more make no GPU faster.
MOST_AT_ONCE = 16
#: The share of the work that is denoising; the rest decodes.
_DENOISING = 0.85

#: Told how much is done, 0 to 1, or only (None) that work goes on; may raise `Cancelled`.
Tell = Callable[[float | None], None]


@dataclass(frozen=True)
class Request:
    """A sound to generate: what it is, what it is not where that is asked, and the seed of its noise."""

    text: str
    negative: str
    seed: int


@dataclass(frozen=True)
class Asked:
    """How all of them are generated: their length in seconds, steps, and guidance."""

    seconds: float
    steps: int
    guidance: float

    @property
    def guided(self) -> bool:
        """Whether a model is told what to keep away from: only guidance above 1 asks for it."""
        return self.guidance > 1.0


class Generator(Protocol):
    """A pipeline that is loaded.

    Attributes
    ----------
    rate : int
        Of its sounds, Hz.
    steps, guidance : int, float
        Its own.
    precision : str
        The numbers that it computes in.
    revision : str
        The commit of its files, empty where that is not known.
    """

    rate: int
    steps: int
    guidance: float
    precision: str
    revision: str

    def latents(self, requests: Sequence[Request], asked: Asked, tell: Tell) -> Sequence[Any]:
        """Denoise sounds together; one latent each, the same as if it were alone."""
        ...

    def decoded(self, latent: Any, asked: Asked, tell: Tell) -> NDArray[np.float32]:
        """The (channels, n) samples of one latent."""
        ...

    def widened(self) -> Generator:
        """The same in float32."""
        ...


@dataclass(frozen=True)
class Generated:
    """A sound as it was generated: mono, 48 kHz, and in which numbers; None where it has none."""

    recording: NDArray[np.float32] | None
    precision: str


def generate(
    generator: Generator, requests: Sequence[Request], asked: Asked, device: Device, tell: Tell
) -> list[Generated]:
    """Generate sounds, together as far as memory goes.

    A batch that does not fit into memory is halved, down to single sounds. A sound with samples
    that are no numbers, as short floating point numbers can give, is made again in float32.

    Raises
    ------
    RuntimeError, MemoryError
        When memory does not suffice for one.
    Cancelled
    """
    made = _in_batches(generator, requests, asked, device, tell)
    again = [number for number, one in enumerate(made) if one.recording is None]
    if not again or generator.precision == "float32":
        return made
    wide = generator.widened()
    redone = _in_batches(wide, [requests[n] for n in again], asked, device, lambda _: tell(None))
    for number, one in zip(again, redone, strict=True):
        made[number] = one
    return made


def _in_batches(
    generator: Generator, requests: Sequence[Request], asked: Asked, device: Device, tell: Tell
) -> list[Generated]:
    made: list[Generated] = []
    most = MOST_AT_ONCE
    while len(made) < len(requests):
        batch = requests[len(made) : len(made) + most]
        before, share = len(made) / len(requests), len(batch) / len(requests)

        def part(fraction: float | None, before: float = before, share: float = share) -> None:
            tell(None if fraction is None else before + share * fraction)

        try:
            made += _together(generator, batch, asked, part)
        except (MemoryError, RuntimeError) as error:
            if len(batch) == 1 or not is_memory_error(error):
                raise
            # What the failed batch left in its frames would stay in memory.
            traceback.clear_frames(error.__traceback__)
            most = len(batch) // 2
        else:
            continue
        free(device)
    return made


def _together(
    generator: Generator, batch: Sequence[Request], asked: Asked, tell: Tell
) -> list[Generated]:
    latents = generator.latents(
        batch, asked, lambda done: tell(None if done is None else _DENOISING * done)
    )
    made = []
    for number, latent in enumerate(latents):
        sound = generator.decoded(latent, asked, lambda _: tell(None))
        whole = bool(np.isfinite(sound).all())
        recording = recording_of(sound, generator.rate) if whole else None
        made.append(Generated(recording, generator.precision))
        tell(_DENOISING + (1.0 - _DENOISING) * (number + 1) / len(batch))
    return made
