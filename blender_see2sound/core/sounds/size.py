"""How large a source is, from what is seen of it and how far away it is."""

from __future__ import annotations

import numpy as np

from ..placement.pinhole import focal_length
from ..scene import Clip, Source
from .drive import ABSENT

#: A box that comes this near to the picture's edge may be cut there, pixels.
EDGE = 2.0


def size_of(source: Source, clip: Clip) -> float | None:
    """The side of a square as large as what is seen of a source.

    The mean side changes less than the longest one when a thing turns. Boxes that the
    picture's edge cuts count only where there is no whole one.

    Parameters
    ----------
    source : Source
        Boxes in pixels, positions in metres.
    clip : Clip
        Its size in pixels and field of view.

    Returns
    -------
    float or None
        Metres, the median over the time it is present; None for what was never seen.
    """
    if not source.boxes:
        return None
    boxes = np.asarray(source.boxes, np.float64)
    there = np.asarray(source.presence or (1.0,) * len(boxes)) > ABSENT
    forward = np.asarray(source.positions, np.float64)[:, 1]
    sides = boxes[:, 2:] - boxes[:, :2]
    seen = there & (forward > 0.0) & np.all(sides > 0.0, axis=1)
    whole = seen & np.all(boxes[:, :2] > EDGE, axis=1)
    whole &= np.all(boxes[:, 2:] < np.asarray(clip.size) - EDGE, axis=1)
    used = whole if np.any(whole) else seen
    if not np.any(used):
        return None
    metres = (
        sides[used] * (forward[used] / focal_length(clip.size[0], clip.horizontal_fov))[:, None]
    )
    return float(np.median(np.sqrt(metres[:, 0] * metres[:, 1])))
