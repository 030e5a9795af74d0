"""Which of all that is found in a picture is followed, since not all can be.

What moves comes before what rests, the middle before the rim, as in the choice of the sources
(`sounding.visible`), and what has just come before what was there already; walls, floors and
skies, as large as they are, get a share only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..masks.geometry import Masks, contained, ious
from ..masks.looking import Looked
from ..protocol import Look
from ..sounding import AREA, visible
from ..tracks.tracklets import centre

#: A found mask is a track's when it overlaps the track's by this, or lies in it or around it
#: by as much; else it is new.
SAME = 0.5
PART = 0.85
#: The share of the room that things as large as an area get, while there are others.
LARGE_SHARE = 1.0 / 3.0
#: A piece of another new thing counts by this, and what the last look at everything saw by that.
PIECE, OLD = 0.25, 0.5
#: The mean difference of two values by their standard deviation (both Gaussian).
TO_DEVIATION = float(np.sqrt(np.pi) / 2.0)


def are_new(masks: Masks, known: Masks) -> NDArray[np.bool_]:
    """Which of masks (N, h, w) are no track's: neither one of `known` (M, h, w) nor a piece of one."""
    if not len(known) or not len(masks):
        return np.ones(len(masks), bool)
    return ~((ious(masks, known) > SAME) | (contained(masks, known) > PART)).any(1)


def telling(masks: Masks, pictures: Sequence[Looked]) -> NDArray[np.float64]:
    """How much masks (N, h, w) promise, 0 to 1: by their motion, size and place.

    Parameters
    ----------
    masks : (N, h, w) bool array
        Of the first of the pictures.
    pictures : sequence of Looked
        It and some that follow: what changes where the mask is moves.
    """
    height, width = masks.shape[1:]
    scores = np.zeros(len(masks))
    for k, mask in enumerate(masks):
        if not mask.any():
            continue
        look = Look(
            area=float(mask.mean()),
            centre=(centre(mask) + 0.5) / (width, height),
            flicker=TO_DEVIATION * max(float(p.change[mask].mean()) for p in pictures),
        )
        scores[k] = visible(look, 1.0)
    return scores


def most_telling(
    masks: Masks, scores: NDArray[np.float64], among: NDArray[np.bool_], room: int
) -> list[int]:
    """Which of the masks found in a picture begin a track, the most telling first.

    Parameters
    ----------
    masks : (N, h, w) bool array
    scores : (N,) array
    among : (N,) bool array
        Those that may.
    room : int
        How many at most.
    """
    if not len(masks):
        return []
    share = masks.reshape(len(masks), -1).mean(1)
    inside = contained(masks, masks) > PART
    smaller = share[:, None] < share[None, :]
    # A piece of another new one that is no ground either.
    whole = among & (share <= AREA)
    piece = (inside & smaller & whole[None, :]).any(1)
    scores = scores * np.where(piece, PIECE, 1.0)
    order = [int(k) for k in np.argsort(-scores, kind="stable") if among[k] and share[k] > 0]
    large = [k for k in order if share[k] > AREA]
    late = set(large[max(1, int(LARGE_SHARE * room)) :])
    return [*(k for k in order if k not in late), *(k for k in order if k in late)][: max(room, 0)]
