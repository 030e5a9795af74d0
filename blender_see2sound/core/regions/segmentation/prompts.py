"""Everything in a picture by asking a promptable model about a grid of points.

As the automatic masks of Kirillov et al. 2023, "Segment Anything", section 5 and appendix B:
of the masks that the points give, those stay that the model calls good and whose outline
does not hang on the threshold; of alike ones the best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...progress import Progress
from ..masks.geometry import best_of_alike

if TYPE_CHECKING:
    import torch

#: Points a side.
GRID = 16
#: Points that are asked about together.
POINTS = 64
#: The threshold is moved by this much up and down to see whether an outline hangs on it.
STABILITY_OFFSET = 1.0
#: Masks that overlap by more than this are one.
ALIKE = 0.7

#: Takes points (P, 2), x and y as fractions of the picture, and gives logits (P, M, h, w) of
#: masks over the whole picture and their quality (P, M).
Ask = Callable[["torch.Tensor"], "tuple[torch.Tensor, torch.Tensor]"]


@dataclass(frozen=True)
class Sieve:
    """Which masks are good.

    Attributes
    ----------
    quality : float
        The least quality that the model gives them.
    stability : float
        The least intersection over union of the masks at the raised and lowered threshold.
    smallest, largest : float
        Shares of the picture.
    """

    quality: float
    stability: float
    smallest: float = 0.0005
    largest: float = 0.95


def grid(points: int = GRID) -> NDArray[np.float32]:
    """Evenly spread points, (points ** 2, 2), x and y from 0 to 1."""
    line = (np.arange(points, dtype=np.float32) + 0.5) / points
    x, y = np.meshgrid(line, line)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def everything(
    ask: Ask,
    sieve: Sieve,
    device: torch.device,
    progress: Progress,
    most: int | None = None,
) -> tuple[torch.Tensor, NDArray[np.float64]]:
    """The good masks of a picture, no two alike, the best first.

    Parameters
    ----------
    ask : Ask
    sieve : Sieve
    device : torch.device
    progress : Progress
        Called for each batch of points.
    most : int, optional
        How many at most.

    Returns
    -------
    logits : (N, h, w) float32 tensor
    quality : (N,) float array
    """
    import torch

    points = torch.from_numpy(grid()).to(device)
    logits, qualities = [], []
    for start in range(0, len(points), POINTS):
        progress("Looking for everything in the picture", start / len(points))
        found, scores = sifted(*ask(points[start : start + POINTS]), sieve)
        logits.append(found)
        qualities.append(scores)
    masks = torch.cat(logits)
    quality = torch.cat(qualities).double().cpu().numpy()
    best = best_of_alike(overlaps(masks > 0).cpu().numpy(), quality, ALIKE)[:most]
    return masks[best], quality[best]


def sifted(
    logits: torch.Tensor, quality: torch.Tensor, sieve: Sieve
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of masks (P, M, h, w) the good ones, (N, h, w) float32, and their quality (N,)."""
    flat, scores = logits.flatten(0, 1), quality.flatten().float()
    # Most masks fall by their quality: the others need not be looked at.
    flat, scores = flat[scores >= sieve.quality].float(), scores[scores >= sieve.quality]
    inner = (flat > STABILITY_OFFSET).flatten(1).sum(1)
    outer = (flat > -STABILITY_OFFSET).flatten(1).sum(1)
    share = (flat > 0).flatten(1).float().mean(1)
    good = (inner >= sieve.stability * outer) & (share >= sieve.smallest) & (share <= sieve.largest)
    return flat[good], scores[good]


def overlaps(masks: torch.Tensor) -> torch.Tensor:
    """Intersection over union of masks (N, h, w), all pairs: (N, N)."""
    flat = masks.flatten(1).float()
    shared, areas = flat @ flat.T, flat.sum(1)
    return shared / (areas[:, None] + areas[None, :] - shared).clamp(min=1.0)


def sampled(logits: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Logits (N, h, w) over the whole picture at another width and height."""
    import torch

    width, height = size
    return torch.nn.functional.interpolate(
        logits[:, None], (height, width), mode="bilinear", align_corners=False
    )[:, 0]
