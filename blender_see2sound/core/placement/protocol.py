"""What a depth estimator must offer: how far each region is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..media import OpenClip
from ..progress import Progress
from ..regions.protocol import Region

#: The horizontal field of view where nobody knows it, degrees.
DEFAULT_FOV = 50.0


@dataclass(frozen=True)
class Distances:
    """How far regions are.

    Attributes
    ----------
    metres : sequence of (T,) float arrays
        Per region, at each of its times: from the listener to the region's centre, along the
        line of sight.
    horizontal_fov : float
        The field of view that they hold for, degrees.
    deviations : sequence of (float or None), or None
        How unsure each region's are: the standard deviation of their logarithm; None where the
        estimator cannot say.
    """

    metres: Sequence[NDArray[np.float64]]
    horizontal_fov: float
    deviations: Sequence[float | None] | None = None


class DepthEstimator(Protocol):
    """Estimates the distance of regions.

    One whose model makes depth maps gives these to `depth_maps.distances_by`.
    """

    def distances(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        horizontal_fov: float | None,
        progress: Progress,
    ) -> Distances:
        """Give per region its distance at each of its times.

        Parameters
        ----------
        horizontal_fov : float or None
            Degrees; None where nobody knows it: an estimator that sees it tells it, others take
            `DEFAULT_FOV`.
        """
        ...
