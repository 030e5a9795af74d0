"""The draft depth estimator: ground contact, size, place and motion in one estimate; no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..media import OpenClip
from ..progress import Progress, part_of
from ..regions.protocol import Region
from .cues import TILT, guess, lay_out, rows_of, shared_rows
from .ground import depth_of
from .pinhole import focal_length, rays_of
from .protocol import DEFAULT_FOV, Distances
from .robust import Rows, Values, minimise

NEAREST, FARTHEST = 0.5, 80.0
#: Estimates, each from the one before.
TURNS = 3


class GroundDepth:
    """Distance from ground contact, usual sizes and motion, of a camera at about eye height."""

    def distances(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        horizontal_fov: float | None,
        progress: Progress,
    ) -> Distances:
        """Give per region its distance at each of its times; see `DepthEstimator`."""
        view = DEFAULT_FOV if horizontal_fov is None else horizontal_fov
        metres = estimate(regions, clip.size, view, progress)
        return Distances(metres, view)


def estimate(
    regions: Sequence[Region],
    size: tuple[int, int],
    horizontal_fov: float,
    progress: Progress,
) -> list[Values]:
    """The distances that agree best with all that is known.

    Parameters
    ----------
    regions : sequence of Region
    size : (int, int)
        Width and height of the picture.
    horizontal_fov : float
        Degrees.
    progress : Progress

    Returns
    -------
    list of (T,) float arrays
        Metres from the listener to each region's centre, along the line of sight.
    """
    focal = focal_length(size[0], horizontal_fov)
    placed, count = lay_out(regions)

    found = guess(placed, count, focal)
    for turn in range(TURNS):
        before = found

        def rows_at(now: Values, before: Values = before) -> list[Rows]:
            each = (rows_of(p, now, before, size, focal) for p in placed)
            return [*shared_rows(now), *(row for rows in each for row in rows)]

        step = part_of(progress, turn / TURNS, (turn + 1) / TURNS)
        found = minimise(rows_at, found, step)
    result = []
    for each in placed:
        boxes = each.region.boxes
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        depth = depth_of(found[each.away], middles[:, 1], found[TILT], size, focal)
        slant = np.linalg.norm(rays_of(middles, size, horizontal_fov), axis=1)
        result.append(np.clip(depth * slant, NEAREST, FARTHEST))
    return result
