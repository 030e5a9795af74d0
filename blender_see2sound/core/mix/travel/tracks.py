"""A source's position and level at any time, from the knots of its track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...scene import Source

Array = NDArray[np.float64]


class Track:
    """Interpolates a source's knots: linear between them, held outside.

    Attributes
    ----------
    moves : bool
        Whether the position ever changes.
    swells : bool
        Whether the level ever changes.
    farthest : float
        The largest distance, metres.
    """

    def __init__(self, source: Source) -> None:
        self._times = np.asarray(source.times, dtype=np.float64)
        self._positions = np.asarray(source.positions, dtype=np.float64)
        presence = source.presence or (1.0,) * len(source.times)
        self._presence = np.asarray(presence, dtype=np.float64)
        self.swells = bool(np.any(self._presence != self._presence[0]))
        self._gain = 10.0 ** (source.gain_db / 20.0)
        self.farthest = float(np.linalg.norm(self._positions, axis=1).max())
        self.moves = bool(np.any(self._positions != self._positions[0]))

    def positions(self, times: Array) -> Array:
        """Positions (N, 3) in metres at times (N,) in seconds."""
        if not self.moves:
            return np.broadcast_to(self._positions[0], (len(times), 3))
        columns = [np.interp(times, self._times, column) for column in self._positions.T]
        return np.stack(columns, axis=1)

    def levels(self, times: Array) -> Array:
        """The source's own gain times its presence (N,) at times (N,)."""
        return self._gain * np.interp(times, self._times, self._presence)
