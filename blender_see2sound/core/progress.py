"""How long work tells how far it is, and is told to stop.

Every long function of `core` takes a `progress` callable and calls it at least
a few times a second with the phase it is in and the fraction of that whole call
that is done. The callable may raise `Cancelled`; the function then cleans up
and lets it through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

#: ``progress(phase, fraction)``: phase is a short text for a person ("Following what moves"),
#: fraction goes from 0 to 1 and never back. Raises `Cancelled` when the person asked to stop.
Progress = Callable[[str, float], None]


def silent(phase: str, fraction: float) -> None:
    """A progress that nobody watches and that never cancels."""


def part_of(progress: Progress, start: float, end: float) -> Progress:
    """Give a step of a larger job its share of the bar.

    Parameters
    ----------
    progress : Progress
        The whole job's.
    start, end : float
        Where on the whole bar the step begins and ends, 0 to 1.
    """

    def step(phase: str, fraction: float) -> None:
        share = min(max(fraction, 0.0), 1.0)
        progress(phase, start * (1.0 - share) + end * share)  # which is `end` itself at its end

    return step


def shares_of(progress: Progress, work: Sequence[float]) -> list[Progress]:
    """Give each of the steps of a larger job its share of the bar, by how much work each is.

    Parameters
    ----------
    progress : Progress
        The whole job's.
    work : sequence of float
        In the order of the steps: not below 0, and not all 0.
    """
    bounds = [0.0, *accumulate(work)]
    return [part_of(progress, a / bounds[-1], b / bounds[-1]) for a, b in pairwise(bounds)]
