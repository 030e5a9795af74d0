"""The depth of a thing in a depth map: that of most of its outline, away from its edge.

At edges depth maps waver between what is in front and what is behind, so the
outermost pixels do not count, and those near the edge count less. Where no
outline is known, an ellipse in the middle of the box is looked at, and what is nearer
counts more: around a thing its background shows.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..regions.protocol import Region

Map = NDArray[np.float32]
Values = NDArray[np.float64]

#: How far inside the outline a pixel counts fully: a share of the outline's greatest thickness.
RIM = 0.5
#: The ellipse that is looked at without an outline, as a share of the box.
INNER = 0.6
#: The share of what is looked at that is nearer than the answer, with an outline and without.
MIDDLE, NEARER = 0.5, 0.4
#: Fewer pixels than this tell nothing.
FEWEST = 4
#: Long side of the pictures in which boxes without an outline are looked at, pixels.
FINE = 256


def at_time(region: Region, time: float) -> tuple[Values, float, int]:
    """A region's box and presence at a moment, and the index of its nearest time."""
    nearest = int(np.argmin(np.abs(region.times - time)))
    box = np.array([np.interp(time, region.times, region.boxes[:, k]) for k in range(4)])
    return box, float(np.interp(time, region.times, region.presence)), nearest


def weights_of(region: Region, time: float, size: tuple[int, int]) -> tuple[Values, float]:
    """What of the picture tells a region's depth.

    Parameters
    ----------
    region : Region
    time : float
        Seconds.
    size : (int, int)
        Width and height of the picture that boxes are given in.

    Returns
    -------
    weights : (h, w) array
        0 to 1, over the whole picture.
    share : float
        The share of those weighed that is nearer than the region.
    """
    box, _, nearest = at_time(region, time)
    if region.outline is not None:
        mask = region.outline.mask(nearest)
        scale = mask.shape[1] / size[0], mask.shape[0] / size[1]
        # The outline is of the nearest time: it goes along with the box.
        moved = (box[:2] + box[2:] - region.boxes[nearest, :2] - region.boxes[nearest, 2:]) / 2
        shift = np.array([[1, 0, moved[0] * scale[0]], [0, 1, moved[1] * scale[1]]], np.float32)
        whole = cv2.warpAffine(
            mask.view(np.uint8), shift, mask.shape[::-1], flags=cv2.INTER_NEAREST
        )
        return _inside(whole), MIDDLE
    wide = FINE if size[0] >= size[1] else max(1, round(FINE * size[0] / size[1]))
    tall = max(1, round(wide * size[1] / size[0]))
    x = (np.arange(wide) + 0.5) * size[0] / wide
    y = (np.arange(tall) + 0.5) * size[1] / tall
    half = np.maximum((box[2:] - box[:2]) / 2, 1e-3) * INNER
    middle = (box[:2] + box[2:]) / 2
    far = ((x[None, :] - middle[0]) / half[0]) ** 2 + ((y[:, None] - middle[1]) / half[1]) ** 2
    return np.clip(1.0 - far, 0.0, 1.0), NEARER


def _inside(mask: NDArray[np.uint8]) -> Values:
    """How far inside an outline each pixel is: 0 at its edge and outside, 1 well inside."""
    # The picture's own edge is none of the outline's.
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    deep = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[1:-1, 1:-1].astype(float)
    most = float(deep.max(initial=0.0))
    if most < 2.0:  # thin: there is nothing inside
        return (deep > 0.0).astype(float)
    return np.clip((deep - 1.0) / max(RIM * (most - 1.0), 1e-6), 0.0, 1.0)


def depth_over(values: Map, weights: Values, share: float) -> float:
    """The weighted quantile of a map over weights of any resolution; NaN where nothing counts.

    Parameters
    ----------
    values : (h, w) float32 array
        Depths; those that are not finite do not count.
    weights : (h', w') array
        Of the same picture.
    share : float
        The share of weight that is below the answer.
    """
    rows, columns = np.nonzero(weights > 0.0)
    if len(rows) < FEWEST:
        return float("nan")
    # The value at the middle of each weight's pixel, not one mixed with its neighbours'.
    y = ((rows + 0.5) * values.shape[0] / weights.shape[0]).astype(int)
    x = ((columns + 0.5) * values.shape[1] / weights.shape[1]).astype(int)
    found, counts = values[y, x].astype(float), weights[rows, columns]
    good = np.isfinite(found)
    if good.sum() < FEWEST:
        return float("nan")
    return weighted_quantile(found[good], counts[good], share)


def weighted_quantile(values: Values, weights: Values, share: float) -> float:
    """The value below which a share of the weight lies, interpolated between neighbours."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    middles = (below - weights[order] / 2) / below[-1]
    return float(np.interp(share, middles, values[order]))
