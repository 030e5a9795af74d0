"""What the camera does between two pictures, from a coarse flow of what lies outside the regions.

Its motion is an affine model, fitted by iterated reweighting (Tukey's biweight).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .windows import NOBODY

Grey = NDArray[np.uint8]
Flow = NDArray[np.float32]
Values = NDArray[np.float64]

#: It is fitted at points so far apart, where something can be seen.
SPARSE, STRUCTURE, FEWEST_POINTS = 8, 10, 24
#: At most in so many turns, or until it changes by less than this, pixels.
TURNS, SETTLED = 4, 0.01
#: A camera that moves the picture less than this, pixels, rests; as does one that changes less
#: than this share of what lies outside the regions.
RESTS, STIRS = 0.08, 0.01
#: Where the camera moves a pixel stands that is not faster than so many times what its model leaves.
LEFT = 4.0
#: Pictures differ by this much on average where the shot is cut, and the flow explains all but
#: this share of it where it is not.
CUT_CHANGE, UNEXPLAINED = 14.0, 0.45


def half(picture: Grey) -> Grey:
    """A picture half as wide and high."""
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def stirs(change: Grey, owner: NDArray[np.int8], least: float) -> bool:
    """Whether so much changes, by `least` of 255, outside the regions that it may have moved."""
    step = (slice(None, None, SPARSE),) * 2
    ground = owner[step] == NOBODY
    count = np.count_nonzero(ground)
    return not count or np.count_nonzero((change[step] > least) & ground) > STIRS * count


def is_cut(before: Grey, after: Grey, flow: Flow) -> bool:
    """Whether pictures that differ much do so by more than the flow between them explains."""
    h, w = before.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    brought = cv2.remap(after, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
    change = cv2.mean(cv2.absdiff(before, after))[0]
    return cv2.mean(cv2.absdiff(before, brought))[0] > UNEXPLAINED * change


def camera_between(
    flow: Flow, before: Grey, owner: NDArray[np.int8]
) -> tuple[Values | None, float]:
    """Where the camera brings each pixel.

    Parameters
    ----------
    flow : (h, w, 2) float32 array
        Between the pictures at half their size, pixels of that.
    before : (h, w) uint8 array
        The first picture at half its size.
    owner : (2 h, 2 w) int8 array
        As of `windows.owners_of`.

    Returns
    -------
    matrix : (2, 3) float array or None
        Affine, in pixels of the whole pictures; None where the camera rests, or the picture is
        too narrow to tell.
    left : float
        How fast a pixel must be to be known to move otherwise, pixels.
    """
    h, w = (min(a, b) for a, b in zip(before.shape, flow.shape, strict=False))
    if min(h, w) <= SPARSE + 1:  # no point lies inside
        return None, 0.0
    grid = slice(SPARSE, h - 1, SPARSE), slice(SPARSE, w - 1, SPARSE)
    slope = cv2.absdiff(before[:, 2:], before[:, :-2])[grid[0], SPARSE - 1 : w - 2 : SPARSE]
    slope = cv2.add(
        slope, cv2.absdiff(before[2:], before[:-2])[SPARSE - 1 : h - 2 : SPARSE, grid[1]]
    )
    ground = (
        owner[2 * SPARSE : 2 * (h - 1) : 2 * SPARSE, 2 * SPARSE : 2 * (w - 1) : 2 * SPARSE]
        == NOBODY
    )
    use = ground & (slope > STRUCTURE)
    if np.count_nonzero(use) < FEWEST_POINTS:
        enough = np.count_nonzero(ground) >= FEWEST_POINTS
        use = ground if enough else np.ones_like(ground)
    rows, columns = np.nonzero(use)
    found = 2.0 * flow[grid][rows, columns].astype(np.float64)
    terms = np.empty((len(rows), 3))
    terms[:, 0] = (2.0 * SPARSE * (columns + 1) - w) / w
    terms[:, 1] = (2.0 * SPARSE * (rows + 1) - h) / w
    terms[:, 2] = 1.0
    model = np.zeros((3, 2))
    model[2] = np.median(found, axis=0)
    model, left = _fitted(terms, found, model)
    if np.abs(terms @ model).max(initial=0.0) < RESTS:
        return None, 0.0
    camera = np.eye(2, 3)
    camera[:, :2] += model[:2].T / w
    camera[:, 2] = model[2] - model[:2].T @ np.array([1.0, h / w])
    return camera, LEFT * left


def _fitted(terms: Values, found: Values, model: Values) -> tuple[Values, float]:
    """A linear model (M, 2) of what was found (N, 2), and the median of what it leaves."""
    middle = 0.0
    for _ in range(TURNS):
        rest = found - terms @ model
        squares = np.einsum("ij,ij->i", rest, rest)
        middle = float(np.sqrt(np.median(squares)))
        weights = np.maximum(1.0 - squares / max(4.0 * middle, 0.1) ** 2, 0.0) ** 2
        weighted = (terms * weights[:, None]).T
        before = model
        # Least squares: where all points lie on a line, the smallest model.
        model = np.linalg.lstsq(weighted @ terms, weighted @ found, rcond=None)[0]
        if float(np.abs(model - before).max()) < SETTLED:
            break
    return model, middle
