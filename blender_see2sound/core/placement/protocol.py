"""What a depth estimator must offer: how far each region is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..media import OpenClip
from ..progress import Progress
from ..regions.protocol import Region


class DepthEstimator(Protocol):
    """Estimates the distance of regions.

    One that measures depth maps gives `built_in.estimate` a `cues.MeasuredDepth` per region:
    how far and how sure; sizes, ground and motion are weighed against it there.
    """

    def distances(
        self,
        clip: OpenClip,
        regions: Sequence[Region],
        horizontal_fov: float,
        progress: Progress,
    ) -> list[NDArray[np.float64]]:
        """Give per region its distance at each of its times.

        Parameters
        ----------
        horizontal_fov : float
            Degrees.

        Returns
        -------
        list of (T,) float arrays
            Metres from the listener to the region's centre, along the line of sight.
        """
        ...
