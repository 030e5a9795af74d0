"""Sources that are heard and not seen: placed beside or behind the listener, by one rule.

The rule: at most `MOST`. The first stands beside, at `BESIDE` degrees, on the side away
from what is seen (its prominence decides; the left where both are equal); the second on the
other side; a third behind. A source of which the words say where it is ("behind",
"left", "right") stands there, if nothing else does yet. All are level with the listener, `METRES` away,
and spread, as the place of what one does not see is not sharp.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...scene import Kind
from ...sounds.words import BESIDE as BESIDE_FIRST
from ...sounds.words import families_for
from ..protocol import Look, Region
from .hearing import Words

MOST = 2
#: Degrees: where surround loudspeakers stand (Recommendation ITU-R BS.775).
BESIDE = 110.0
BEHIND = 180.0
METRES = 8.0

_SAID = ((r"\b(?:behind|back)\b", BEHIND), (r"\bleft\b", BESIDE), (r"\bright\b", -BESIDE))


def off_screen_regions(
    unseen: Sequence[Words],
    seen: Sequence[Region],
    clip_width: int,
    thumbnail: NDArray[np.uint8],
) -> list[Region]:
    """Regions for what is heard and not seen, the likeliest first.

    What sounds like something that is seen is left out.

    Parameters
    ----------
    unseen : sequence of Words
    seen : sequence of Region
        Described.
    clip_width : int
        Pixels.
    thumbnail : (h, w, 3) uint8 array
        A picture of the scene.
    """
    heard = set[str]().union(
        *(_families(r.label, r.prompt, r.kind) for r in seen if r.kind != "ambience")
    )
    chosen: list[Words] = []
    for words in unseen:
        families = _families(words.label, words.prompt, "area")
        if not families & heard and len(chosen) < MOST:
            heard |= families
            chosen.append(words)
    side = _emptier_side(seen, clip_width)
    free = [side * BESIDE, -side * BESIDE, BEHIND]
    regions = []
    for words in chosen:
        said = [azimuth for pattern, azimuth in _SAID if re.search(pattern, words.prompt)]
        azimuth = next((a for a in said if a in free), free[0])
        free.remove(azimuth)
        regions.append(
            Region(
                kind="area", times=np.zeros(1), boxes=np.zeros((1, 4)), presence=np.ones(1),
                prominence=0.0, moving=False, stands=False, thumbnail=thumbnail, look=Look(),
                label=words.label, prompt=words.prompt, azimuth=azimuth,
            )
        )  # fmt: skip
    return regions


def placed_apart(
    regions: Sequence[Region],
) -> tuple[list[Region], list[NDArray[np.float64]]]:
    """The regions in the picture, whose distance can be seen, and the distances of those after them."""
    seen = [region for region in regions if region.azimuth is None]
    unseen = [region for region in regions if region.azimuth is not None]
    return seen, [np.full(len(region.times), METRES) for region in unseen]


def _families(label: str, prompt: str, kind: Kind) -> set[str]:
    """The families of sounds that words mean, without what is only mentioned softly."""
    return {
        choice.family.partition(" on ")[0]
        for choice in families_for(label, prompt, kind)
        if choice.weight >= BESIDE_FIRST
    }


def _emptier_side(seen: Sequence[Region], clip_width: int) -> int:
    """1 (left) or -1 (right): the side away from what is seen."""
    pull = 0.0
    for region in seen:
        if region.kind != "ambience":
            middle = float(np.mean(region.boxes[:, [0, 2]])) / clip_width
            pull += max(region.prominence, 0.0) * (middle - 0.5)
    return 1 if pull >= 0 else -1
