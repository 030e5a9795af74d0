"""The draft depth estimator: ground contact, size, place and motion in one estimate; no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..media import OpenClip
from ..progress import Progress
from ..regions.protocol import Region
from .cues import TILT, MeasuredDepth, guess, lay_out, rows_of, shared_rows
from .ground import depth_of
from .pinhole import focal_length, rays_of
from .robust import Rows, Values, minimise

NEAREST, FARTHEST = 0.5, 80.0


class GroundDepth:
    """Distance from ground contact, usual sizes and motion, of a camera at about eye height."""

    def distances(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        horizontal_fov: float,
        progress: Progress,
    ) -> list[Values]:
        """Give per region its distance at each of its times; see `DepthEstimator`."""
        return estimate(regions, clip.size, horizontal_fov, [None] * len(regions), progress)


def estimate(
    regions: Sequence[Region],
    size: tuple[int, int],
    horizontal_fov: float,
    measured: Sequence[MeasuredDepth | None],
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
    measured : sequence of MeasuredDepth or None
        What an estimator measured of each region.
    progress : Progress

    Returns
    -------
    list of (T,) float arrays
        Metres from the listener to each region's centre, along the line of sight.
    """
    focal = focal_length(size[0], horizontal_fov)
    placed, count = lay_out(regions, measured)

    def rows_at(found: Values) -> list[Rows]:
        return shared_rows(found) + [r for p in placed for r in rows_of(p, found, size, focal)]

    found = minimise(rows_at, guess(placed, count, focal), progress)
    result = []
    for each in placed:
        boxes = each.region.boxes
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        depth = depth_of(found[each.away], middles[:, 1], found[TILT], size, focal)
        slant = np.linalg.norm(rays_of(middles, size, horizontal_fov), axis=1)
        result.append(np.clip(depth * slant, NEAREST, FARTHEST))
    return result
