"""Which distances are a guess, in a sentence for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..regions.protocol import Region
from .protocol import Distances

#: From this standard deviation of its logarithm on a distance is a guess. Where the ground or
#: things of usual size are seen it is below 0.2.
DOUBTFUL = 0.5
#: So many times is said as "many".
MANY = 5.0


def doubts(regions: Sequence[Region], measured: Distances) -> list[str]:
    """Name the regions whose distance is a guess; nothing where none is, or nobody can say.

    Beds are all around: how far they are is not heard.

    Parameters
    ----------
    regions : sequence of Region
        Described.
    measured : Distances
        Theirs.
    """
    known = measured.deviations or [None] * len(regions)
    guessed = [
        (region.label, deviation)
        for region, deviation in zip(regions, known, strict=True)
        if region.kind != "ambience" and deviation is not None and deviation >= DOUBTFUL
    ]
    if not guessed:
        return []
    factor = math.exp(max(deviation for _, deviation in guessed))
    times = f"{factor:.1f}" if factor < MANY else "many"
    names = ", ".join(dict.fromkeys(label for label, _ in guessed))
    return [
        f"How far away it is was guessed of: {names}. Little in the picture tells its size; "
        f"it may well be {times} times as far, or as near"
    ]
