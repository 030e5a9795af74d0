"""Changes of the document: not while a render reads it, and along with their strip."""

from __future__ import annotations

from ...core.errors import Cancelled
from ..sources import document
from . import session, task
from .target import Target
from .task import Fractions, T, Tick, Work


def changing(work: Fractions[T], phase: str) -> Work[tuple[T, bool]]:
    """As `task.changing`, but not while a render reads the document."""
    while session.rendering():
        yield Tick("Waiting for the render to end", 0.0, waiting=True)
    return (yield from task.changing(work, phase))


def follow(target: Target) -> Work[None]:
    """Bring speakers and mix along with their strip: a change by itself, whatever comes after."""
    _, strip, collection = target.collection()
    if document.is_in_step(strip, collection):
        return
    _, cancelled = yield from changing(_bring_along(target), "Following the strip")
    if cancelled:
        raise Cancelled


def _bring_along(target: Target) -> Fractions[None]:
    yield 0.0  # from here on it is a change, should it fail half way
    document.follow_strip(*target.collection())
