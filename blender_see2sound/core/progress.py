"""How long work tells how far it is, and is told to stop.

Every long function of `core` takes a `progress` callable and calls it at least
a few times a second with the phase it is in and the fraction of that whole call
that is done. The callable may raise `Cancelled`; the function then cleans up
and lets it through.
"""

from __future__ import annotations

from collections.abc import Callable

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
        progress(phase, start + (end - start) * min(max(fraction, 0.0), 1.0))

    return step
