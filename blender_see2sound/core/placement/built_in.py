"""The draft depth estimator: ground contact and horizon, else size and place; no model.

Each cue gives a depth and how sure it is (the standard deviation of its
logarithm); the cues are averaged with the inverse squares as weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..media import OpenClip
from ..progress import Progress
from ..regions.protocol import Region
from .ground import contact_depth, cut_edges, find_horizon
from .pinhole import focal_length, rays_of
from .protocol import DEFAULT_FOV, Distances
from .sizes import AREA_DISTANCE, UNKNOWN_SIZE, lies_flat, usual_size

Values = NDArray[np.float64]

NEAREST, FARTHEST = 0.5, 80.0
#: Deviations of the logarithm: the eye height, a usual size, the size of anything, a size
#: that was measured while the same thing stood in full view.
_EYE, _USUAL, _ANY, _MEASURED = 0.15, 0.4, 1.0, 0.15


class GroundDepth:
    """Distance from ground contact and horizon at 1.6 m eye height, else from size and place."""

    def distances(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        horizontal_fov: float | None,
        progress: Progress,
    ) -> Distances:
        """Give per region its distance at each of its times; see `DepthEstimator`."""
        progress("Measuring distances", 0.0)
        size = clip.size
        view = DEFAULT_FOV if horizontal_fov is None else horizontal_fov
        standing = [r for r in regions if r.stands and r.kind == "point"]
        horizon = find_horizon(
            ((r.boxes, r.presence, (usual_size(r.label) or (None,))[0]) for r in standing), size
        )
        result = []
        for number, region in enumerate(regions, 1):
            depth = _depth(region, size, view, horizon)
            middles = (region.boxes[:, :2] + region.boxes[:, 2:]) / 2
            slant = np.linalg.norm(rays_of(middles, size, view), axis=1)
            result.append(np.clip(depth * slant, NEAREST, FARTHEST))
            progress("Measuring distances", number / len(regions))
        return Distances(result, view)


def _depth(
    region: Region, size: tuple[int, int], horizontal_fov: float, horizon: tuple[float, float]
) -> Values:
    """Depth of a region's centre along the optical axis, (T,) metres."""
    focal = focal_length(size[0], horizontal_fov)
    if region.kind != "point":
        return _area_depth(region, size, focal, horizon[0])
    boxes = region.boxes
    below, above, aside = cut_edges(boxes, size)
    tall = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    wide = np.maximum(boxes[:, 2] - boxes[:, 0], 1.0)
    cues = _Cues(len(boxes))
    if region.stands:
        under = boxes[:, 3] - horizon[0]
        good = ~below & (under > horizon[1])
        depth = contact_depth(boxes[:, 3], horizon[0], focal)
        cues.add(depth, np.hypot(horizon[1] / np.maximum(under, 1.0), _EYE), good)
        full = good & ~above & ~aside & (region.presence > 0.5)
        if full.sum() >= 3:  # its own size, for when its feet are out of the picture
            width = float(np.median(wide[full] * depth[full])) / focal
            cues.add(focal * width / wide, _MEASURED, ~good & ~aside)
    usual = usual_size(region.label)
    height, width = UNKNOWN_SIZE if usual is None else usual
    trust = _ANY if usual is None else _USUAL
    cues.add(focal * height / tall, trust, ~below & ~above)
    cues.add(focal * width / wide, trust, (below | above) & ~aside)
    # Cut off on every side: at least as near as its part in the picture says.
    cues.add(focal * np.minimum(height / tall, width / wide), trust, (below | above) & aside)
    return cues.mean()


def _area_depth(region: Region, size: tuple[int, int], focal: float, horizon: float) -> Values:
    """Depth of a wide thing: the ground at its centre or foot, else its usual distance."""
    boxes = region.boxes
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    if lies_flat(region.label):
        return np.minimum(contact_depth(middle, horizon, focal), 2 * AREA_DISTANCE)
    below, above, _ = cut_edges(boxes, size)
    usual = usual_size(region.label)
    if region.stands:
        foot = contact_depth(boxes[:, 3], horizon, focal)
        return np.where(below | (foot > 4 * AREA_DISTANCE), AREA_DISTANCE, foot)
    if usual is not None and not (below | above).any():
        return focal * usual[0] / np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    return np.full(len(boxes), AREA_DISTANCE)


class _Cues:
    """A weighted mean of depths, in the logarithm."""

    def __init__(self, count: int) -> None:
        self._sum = np.zeros(count)
        self._weight = np.zeros(count)

    def add(self, depth: Values, deviation: Values | float, where: NDArray[np.bool_]) -> None:
        weight = np.where(where, 1 / np.square(deviation), 0.0)
        self._sum += weight * np.log(np.where(where, np.clip(depth, 0.1, 1e3), 1.0))
        self._weight += weight

    def mean(self) -> Values:
        return np.exp(self._sum / self._weight)
