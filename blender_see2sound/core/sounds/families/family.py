"""What a family of sounds is, and what it is given to sound."""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..drive import Drive
from ..synth import Render


@dataclass(frozen=True)
class Take:
    """One sounding of a family.

    Attributes
    ----------
    drive : Drive
        Motion and presence of the source.
    seed : int
        Another seed gives another take of the same kind.
    family : str
        So that two families of one source do not share their chance.
    alive : callable
        Called while the family prepares itself, so that it can be cancelled then too.
    scale : float
        How much larger the source is than such things are.
    """

    drive: Drive
    seed: int
    family: str
    alive: Callable[[], None] = lambda: None
    scale: float = 1.0

    def rng(self, purpose: str = "") -> np.random.Generator:
        """A stream of random numbers of its own for each purpose."""
        self.alive()
        return np.random.default_rng([self.seed, zlib.crc32(f"{self.family}/{purpose}".encode())])


@dataclass(frozen=True)
class Family:
    """A kind of sound.

    Attributes
    ----------
    name : str
    render : callable
        Makes the sound of a `Take`, at whatever level comes out; `core.sounds.levels`
        knows that level and the one it shall have.
    usual_speed : float or None
        m/s, for a source that is said to move but has no track; None where motion
        does not matter.
    usual_size : float or None
        Metres, as `core.sounds.size` measures an ordinary one; None where size says nothing.
    sizes : (float, float)
        Bounds of the factor on it: of what such things are, and of what is measured rightly.
    row : str
        What `physics` says, where the family is a row of a table.
    """

    name: str
    render: Callable[[Take], Render]
    usual_speed: float | None = None
    usual_size: float | None = None
    sizes: tuple[float, float] = (0.5, 2.0)
    row: str = ""

    def scale(self, size: float | None) -> float:
        """How much larger than usual a thing of this size is; 1 where it is not known."""
        if size is None or self.usual_size is None:
            return 1.0
        return min(max(size / self.usual_size, self.sizes[0]), self.sizes[1])

    @property
    def physics(self) -> str:
        """What makes the sound, and where that is written."""
        return self.row or inspect.getdoc(self.render) or ""
