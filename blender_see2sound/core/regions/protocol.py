"""What a finder finds, and what finders and describers must offer.

A finder looks at a clip and gives regions: parts of the picture that may sound,
each followed in time. A describer gives each region its words. Both are one
class in one file, listed in `core.parts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..media import OpenClip
from ..progress import Progress
from ..scene import Kind
from .outline import Outline


@dataclass(frozen=True)
class Look:
    """What a region looks like and how it moves, measured; what a describer without a model reads.

    Attributes
    ----------
    colour : (3,) float array
        Mean colour in CIE L*a*b* (L 0 to 100, a and b about -100 to 100).
    texture : float
        Mean gradient magnitude, 0 (flat) upwards, of grey values 0 to 1 at analysis size.
    area : float
        Mean share of the picture, 0 to 1.
    centre : (2,) float array
        Mean centre as fractions of width and height, (0, 0) top left.
    flicker : float
        Mean temporal standard deviation of grey values (0 to 1), camera motion removed.
    speed : float
        Median speed relative to the background, picture widths per second.
    rhythm : float
        Dominant frequency of the box's shape changes in Hz; 0 where there is none.
    aspect : float
        Median width divided by height of the box, where most of it is seen.
    person : float
        0 to 1, how sure the people detector is.
    unsteady : float
        0 to 1, how much of the outline changes from one looked-at frame to the next.
    stuff : str
        What the finder recognised a coherent region as ("sky", "storm", "foliage", "grass",
        "water", "falling water", "fire", "background"); empty where it did not.
    """

    colour: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    texture: float = 0.0
    area: float = 0.0
    centre: NDArray[np.float64] = field(default_factory=lambda: np.full(2, 0.5))
    flicker: float = 0.0
    speed: float = 0.0
    rhythm: float = 0.0
    aspect: float = 1.0
    person: float = 0.0
    unsteady: float = 0.0
    stuff: str = ""


@dataclass(frozen=True)
class Region:
    """A part of the picture that may sound, followed in time.

    Attributes
    ----------
    kind : {"point", "area", "ambience"}
    times : (T,) float array
        Seconds from the clip's start, strictly rising; one time where it does not move.
    boxes : (T, 4) float array
        x0 y0 x1 y1 in pixels of the clip at full size; while it is out of the picture the
        last box is held.
    presence : (T,) float array
        0 (out of the picture) to 1.
    prominence : float
        By which regions are ranked; larger first.
    moving : bool
        Found by its motion.
    stands : bool
        It stands on the ground: the box's lower edge is where it touches.
    thumbnail : (h, w, 3) uint8 array
        RGB, at most 256 pixels a side.
    look : Look
    label, prompt : str
        Empty until a describer has filled them; a finder that recognises things fills `label`.
    outline : Outline or None
        The region's masks at its times, from finders that know them.
    azimuth : float or None
        Where it is, in degrees, positive to the left, when it is not in the picture at all; its
        boxes then mean nothing.
    """

    kind: Kind
    times: NDArray[np.float64]
    boxes: NDArray[np.float64]
    presence: NDArray[np.float64]
    prominence: float
    moving: bool
    stands: bool
    thumbnail: NDArray[np.uint8]
    look: Look
    label: str = ""
    prompt: str = ""
    outline: Outline | None = None
    azimuth: float | None = None


class Finder(Protocol):
    """Finds the regions of a clip.

    Attributes
    ----------
    proposes : bool
        What it finds are candidates, of which those that sound are chosen when they have words
        (`core.regions.sounding`); else they are the sources.
    """

    @property
    def proposes(self) -> bool: ...

    def find(self, clip: OpenClip, count: int, progress: Progress) -> list[Region]:
        """Give at most `count` regions, the most prominent first; the same for the same clip.

        An empty list is an honest answer for a picture with nothing in it.
        """
        ...


class Describer(Protocol):
    """Gives regions their words."""

    def describe(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        progress: Progress,
        *,
        off_screen: bool = False,
    ) -> list[Region]:
        """Give the same regions, in the same order, with `label` and `prompt` filled.

        With `off_screen`, regions with an `azimuth` follow: what is heard there and not seen
        (`core.regions.words.offscreen`).
        """
        ...
