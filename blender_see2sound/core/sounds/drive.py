"""What drives a sound: the motion, impacts and presence of its source, sampled for synthesis.

Where the picture was measured (`Source.motion`), speed and impacts are what it shows,
the speed towards or away from the camera added from the track. Else the track alone gives
the speed: its positions tremble by some centimetres, so they are smoothed before. While a
source is out of the picture its speed is zero and it triggers nothing.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ..audio import SAMPLE_RATE
from ..scene import Motion, Source

#: Values per second of every control curve.
CONTROL_RATE = 100

#: Standard deviation of the smoothing of positions, seconds.
SMOOTHING = 0.2

#: Below this a thing stands still, m/s: what is left of a tracker's tremble.
STILL = 0.2

#: The same of measured motion, which is 0 where nothing moves.
HARDLY = 0.03

#: Nothing in a picture is taken to be faster, m/s; jumps of a tracker are.
FASTEST = 80.0

#: A source below this presence is out of the picture.
ABSENT = 0.05

#: The weakest impact sounds with this factor.
SOFTEST = 0.15

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Drive:
    """Motion and presence over a clip, one value each 1/100 s, a little beyond its end.

    Attributes
    ----------
    seconds : float
        The clip's length.
    speed : (C,) float array
        m/s, never negative, 0 while it is absent or stands still.
    presence : (C,) float array
        0 to 1.
    impacts : (K,) float array
        Seconds, rising: when it hits something or sets a foot down, while it is present.
    strengths : (K,) float array
        0 to 1.
    moving : bool
        It ever moves.
    """

    seconds: float
    speed: Curve
    presence: Curve
    impacts: Curve = field(default_factory=lambda: np.empty(0))
    strengths: Curve = field(default_factory=lambda: np.empty(0))

    @property
    def count(self) -> int:
        """Length of the curves."""
        return len(self.speed)

    @property
    def moving(self) -> bool:
        return bool(np.any(self.speed > 0.0))

    def at(self, curve: Curve, times: NDArray[np.float64]) -> Curve:
        """The values of a control curve at these seconds."""
        place = np.clip(times * CONTROL_RATE, 0.0, len(curve) - 1.001)
        index = place.astype(np.int64)
        return curve[index] + (place - index) * (curve[index + 1] - curve[index])

    def cycles(self, rate: Curve, start: float = 0.0) -> NDArray[np.float64]:
        """When a rhythm of changing rate beats.

        Parameters
        ----------
        rate : (C,) float array
            Beats per second; 0 holds the rhythm where it is.
        start : float
            Its phase at the clip's start, 0 to 1; the first beat comes when it reaches 1.

        Returns
        -------
        (K,) float array
            Seconds, rising; only those while the source is present.
        """
        phase = start + np.concatenate(([0.0], np.cumsum(rate)[:-1])) / CONTROL_RATE
        beats = np.arange(1, int(phase[-1]) + 1)
        times = np.interp(beats, phase, np.arange(self.count) / CONTROL_RATE)
        return self.while_present(times)

    def events(
        self, rng: np.random.Generator, every: float, first: float | None = None, least: float = 0.0
    ) -> NDArray[np.float64]:
        """Random moments at which something happens while the source is present.

        They are spread over the time of presence, so a source that is seen for two
        seconds has its first event in them.

        Parameters
        ----------
        every : float
            Mean gap, seconds of presence.
        first : float, optional
            The first one comes within this time; `every` when None.
        least : float
            No gap is shorter, seconds.

        Returns
        -------
        (K,) float array
            Seconds, rising.
        """
        there = np.concatenate(([0.0], np.cumsum(self.presence > ABSENT)[:-1])) / CONTROL_RATE
        span = min(there[-1], self.seconds)
        first = min(every if first is None else first, 0.6 * span)
        gaps = least + rng.exponential(max(every - least, 1e-6), int(2.0 * span / every) + 20)
        moments = first * rng.uniform(0.1, 1.0) + np.concatenate(([0.0], np.cumsum(gaps)))
        moments = moments[moments < span]
        # Where it is absent the count stands still; the first of equal values is kept.
        rising = np.concatenate(([True], np.diff(there) > 0.0))
        times = np.interp(moments, there[rising], np.flatnonzero(rising) / CONTROL_RATE)
        return self.while_present(times)

    def struck(
        self, otherwise: NDArray[np.float64], rate: tuple[float, float] = (0.0, np.inf)
    ) -> tuple[NDArray[np.float64], Curve]:
        """When something strikes, and how hard: as seen, or at other times where it is not.

        What must follow each other at some rate counts in runs of three and more; before,
        between and after these runs the other times hold, as feet are not always seen.

        Parameters
        ----------
        otherwise : (N,) float array
            Seconds, for where the picture shows no impacts.
        rate : (float, float)
            Impacts per second that the thing may make while it makes them.

        Returns
        -------
        times, forces : (K,) float array
            Seconds, rising; `SOFTEST` to 1.
        """
        seen, free = np.zeros(len(self.impacts), bool), np.ones(len(otherwise), bool)
        longest = np.inf if rate[0] == 0.0 else 1.0 / rate[0]
        ends = np.flatnonzero(np.diff(self.impacts) > longest) + 1
        for run in np.split(np.arange(len(self.impacts)), ends):
            times = self.impacts[run]
            gap = float(np.median(np.diff(times))) if len(run) > 1 else longest
            if not len(run) or (rate[0] > 0.0 and (len(run) < 3 or gap * rate[1] < 1.0)):
                continue
            seen[run] = True
            free &= (otherwise < times[0] - 0.7 * gap) | (otherwise > times[-1] + 0.7 * gap)
        times = np.concatenate((self.impacts[seen], otherwise[free]))
        strengths = np.maximum(self.strengths[seen], SOFTEST)
        forces = np.concatenate((strengths, np.ones(int(free.sum()))))
        order = np.argsort(times)
        return times[order], forces[order]

    def scatter(self, rng: np.random.Generator, rate: Curve) -> NDArray[np.float64]:
        """Random moments at a changing density, present or not: the grains of a texture.

        Parameters
        ----------
        rate : (C,) float array
            Moments per second.
        """
        total = np.concatenate(([0.0], np.cumsum(np.maximum(rate, 0.0))[:-1])) / CONTROL_RATE
        moments = np.sort(rng.uniform(0.0, total[-1], rng.poisson(total[-1])))
        times = np.interp(moments, total, np.arange(self.count) / CONTROL_RATE)
        return times[times < self.seconds]

    def while_present(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Those of the times that lie in the clip, with the source in the picture."""
        times = times[(times >= 0.0) & (times < self.seconds)]
        return times[self.at(self.presence, times) > ABSENT]


def drive_of(source: Source, seconds: float, usual_speed: float | None = None) -> Drive:
    """Read the motion and presence of a source.

    Parameters
    ----------
    source : Source
    seconds : float
        The clip's length.
    usual_speed : float, optional
        m/s; taken for a source without a track (one time), when its words say that it moves.
    """
    count = int(np.ceil(seconds * CONTROL_RATE)) + 3
    grid = np.arange(count) / CONTROL_RATE
    times = np.asarray(source.times, np.float64)
    presence = np.asarray(source.presence or (1.0,) * len(times), np.float64)
    presence = np.interp(grid, times, presence)
    positions = np.asarray(source.positions, np.float64)
    if source.motion is not None:
        speed = _measured(source.motion, times, positions, grid)
    elif len(times) == 1:
        speed = np.full(count, usual_speed or 0.0)
    else:
        speed = _speeds(times, positions, grid)
        speed[speed < STILL] = 0.0
    speed[presence <= ABSENT] = 0.0
    drive = Drive(seconds, speed, presence)
    if source.motion is None:
        return drive
    impacts, strengths = np.asarray(source.motion.impacts), np.asarray(source.motion.strengths)
    heard = np.isin(impacts, drive.while_present(impacts))
    return dataclasses.replace(drive, impacts=impacts[heard], strengths=strengths[heard])


def _measured(motion: Motion, times: Curve, positions: NDArray[np.float64], grid: Curve) -> Curve:
    """Speed in m/s on the grid: across the line of sight as measured, along it from the track."""
    speed = np.interp(grid, motion.times, motion.speed, left=0.0, right=0.0)
    moves = speed > HARDLY
    if len(times) > 1:
        away = np.linalg.norm(positions, axis=1)[:, None]
        along = _speeds(times, away, grid)
        speed = np.hypot(speed, np.where(along > STILL, along, 0.0))
    return np.minimum(np.where(moves, speed, 0.0), FASTEST)


def _speeds(times: Curve, track: NDArray[np.float64], grid: Curve) -> Curve:
    """Speed in m/s on the grid, from a track (T, axes) that is smoothed."""
    at = [np.interp(grid, times, track[:, axis]) for axis in range(track.shape[1])]
    smooth = gaussian_filter1d(
        np.stack(at, axis=1), SMOOTHING * CONTROL_RATE, axis=0, mode="nearest"
    )
    # Near the ends the smoothed track slows down for want of what comes next: there the
    # speed of the nearest place that sees a whole window counts.
    speed = np.linalg.norm(np.gradient(smooth, axis=0), axis=1) * CONTROL_RATE
    edge = min(int(2.0 * SMOOTHING * CONTROL_RATE), (len(grid) - 1) // 2)
    first = int(np.clip(np.searchsorted(grid, times[0]), 0, len(grid) - 1))
    last = int(np.clip(np.searchsorted(grid, times[-1]), first, len(grid) - 1))
    if last - first > 2 * edge:
        speed[first : first + edge] = speed[first + edge]
        speed[last - edge : last + 1] = speed[last - edge]
        speed[:first] = 0.0
        speed[last + 1 :] = 0.0
    return np.minimum(speed, FASTEST)


def to_samples(times: NDArray[np.float64]) -> NDArray[np.int64]:
    """Seconds as sample numbers."""
    return np.round(times * SAMPLE_RATE).astype(np.int64)
