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
    """

    drive: Drive
    seed: int
    family: str
    alive: Callable[[], None] = lambda: None

    def rng(self, purpose: str = "") -> np.random.Generator:
        """A stream of random numbers of its own for each purpose."""
        self.alive()
        return np.random.default_rng([self.seed, zlib.crc32(f"{self.family}/{purpose}".encode())])

    def scale(self, usual: float, least: float = 0.5, most: float = 2.0) -> float:
        """How much larger the source is than such things are; 1 where its size is not known.

        Parameters
        ----------
        usual : float
            Metres: the side of a square as large as what is seen of an ordinary one.
        least, most : float
            Bounds of the factor: of what such things are, and of what is measured rightly.
        """
        if self.drive.size is None:
            return 1.0
        return min(max(self.drive.size / usual, least), most)


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
    row : str
        What `physics` says, where the family is a row of a table.
    """

    name: str
    render: Callable[[Take], Render]
    usual_speed: float | None = None
    row: str = ""

    @property
    def physics(self) -> str:
        """What makes the sound, and where that is written."""
        return self.row or inspect.getdoc(self.render) or ""
