"""Sound that takes its time: what is heard now left its source a while ago (Doppler included).

Sound for picture is not late by default; this is for those who want it so. A
source is heard from where it was when the sound left it, and its sound is read
there, between samples: the pitch of what comes near rises by itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ..signals.control import CONTROL, MARGIN, POINTS, between_points
from ..signals.convolution import Samples
from ..signals.fractional import REACH, read_between
from ..signals.reading import SoundReader
from .tracks import Track

Array = NDArray[np.float64]

SPEED_OF_SOUND = 343.0

#: Rates at which a sound is played between this and that: what comes near at nine tenths of the
#: speed of sound, and what goes away at it with something to spare. All else is a cut.
_SLOWEST, _FASTEST = 0.3, 10.0


def emission_times(
    track: Track,
    times: Array,
    way: Callable[[Array], Array] = lambda positions: np.linalg.norm(positions, axis=1),
    longer: float = 0.0,
) -> Array:
    """When that left a source which is heard at times (N,), seconds.

    Parameters
    ----------
    track : Track
    times : (N,) array
    way : callable
        Metres (N,) that sound goes from positions (N, 3): straight, if not told.
    longer : float
        Metres by which that can be longer than straight.
    """
    longest = track.farthest + longer
    late = times.copy()
    early = times - longest / SPEED_OF_SOUND
    # Halved until a millionth of a sample is left.
    for _ in range(max(1, int(np.ceil(np.log2(max(longest, 1e-3) * 2e8))))):
        middle = 0.5 * (early + late)
        arrives = middle + way(track.positions(middle)) / SPEED_OF_SOUND
        after = arrives > times
        late = np.where(after, middle, late)
        early = np.where(after, early, middle)
    return late


def heard(track: Track, batch: int) -> tuple[Array, Array]:
    """What is heard in a batch.

    Returns
    -------
    times : (POINTS + 1 + 2 MARGIN,) array
        When it left the source, at the batch's control points and some around them.
    whole : array of the same shape
        1, or 0 near a cut: where a source jumps, what is heard is faded out and in.
    """
    around = 3 * MARGIN
    points = np.arange(batch * POINTS - around, (batch + 1) * POINTS + 1 + around)
    times = emission_times(track, points * (CONTROL / SAMPLE_RATE))
    rates = np.diff(times) * (SAMPLE_RATE / CONTROL)
    cuts = ((rates < _SLOWEST) | (rates > _FASTEST)).astype(np.float64)
    near = np.convolve(cuts, np.ones(4 * MARGIN), mode="valid") > 0.0
    return times[2 * MARGIN : -2 * MARGIN], np.where(near, 0.0, 1.0)


class DelayLine:
    """A sound that is read at places between its samples, later ones each time.

    Parameters
    ----------
    reader : SoundReader
    longest : float
        Seconds by which it can be late.
    """

    def __init__(self, reader: SoundReader, longest: float) -> None:
        self._reader = reader
        self._kept = int(np.ceil(longest * SAMPLE_RATE)) + POINTS * CONTROL + 6 * REACH
        self._line = np.zeros(self._kept, np.float32)
        self._end = 0
        self._last: int | None = None

    def read(self, times: Array) -> Samples | None:
        """The sound's samples (POINTS CONTROL,); None once all is past.

        Parameters
        ----------
        times : (POINTS + 1 + 2 MARGIN,) array
            Seconds, at the control points; in between they are interpolated.
        """
        # Smoothed as everything is that a track moves, from the first one on, so that digits stay.
        first = times[0]
        passed = between_points(times - first)
        places = (first + passed) * SAMPLE_RATE
        if self._last is not None and places.min() > self._last + REACH:
            return None
        self._fill(int(places.max()) + 2 * REACH)
        steps = np.arange(CONTROL) / CONTROL
        exact = (places[:-1, None] + np.diff(places)[:, None] * steps).ravel()
        return read_between(self._line, exact - (self._end - len(self._line)))

    def _fill(self, end: int) -> None:
        """Read on to a place; what is too old falls out."""
        if end <= self._end:
            return
        more = self._reader.read(end - self._end)
        if more is None:
            more = np.zeros(end - self._end, np.float32)
            self._last = self._end if self._last is None else self._last
        self._line = np.concatenate([self._line, more])[-self._kept :]
        self._end = end
