"""A timer that keeps what the panels show true: the strip, and whether its mix is out of date.

It looks a few times a second, for a fraction of a millisecond while nothing
changes. Only after a change it goes through the strips, once, to bring along what
belongs to them; and a mix is compared with the document in slices, once the
person pauses.
"""

from __future__ import annotations

import time
from collections.abc import Generator

import bpy

from ..blend import windows
from ..jobs import session
from ..jobs.task import as_fault
from ..mix import mix_state
from ..sources import document, monitor, selection
from ..speakers import freshness
from . import view

#: How often it looks, seconds.
_EVERY = 0.25
#: How long the person must pause before mixes are compared with the document, seconds.
_PAUSE = 0.4
#: How long one slice of that comparison may take, seconds.
_SLICE = 0.01
#: How often what seems to be the same is looked at again, seconds: a missing file may be there,
#: and a new name of a strip that is not active is told by nothing.
_LOOK_AGAIN = 5.0

_changed_at: float | None = 0.0
_looked_at = 0.0
_comparing: Generator[float, None, bool] | None = None
_to_follow = True


def mark_changed() -> None:
    """The document may have changed: compare the mixes with it once the person pauses."""
    global _changed_at, _comparing, _to_follow
    _changed_at = time.monotonic()
    _comparing = None
    _to_follow = True
    selection.outdated()


def _look() -> float:
    try:
        session.look_after_worker()
        if not session.busy() and not bpy.app.is_job_running("RENDER"):
            _look_at_document()
    except Exception as error:
        # A timer that raises is gone for good; the fault is shown and the timer stays.
        session.fail("Looking at the File", as_fault(error, "Looking at the file"))
    return _EVERY if _comparing is None else 0.02


def _look_at_document() -> None:
    global _looked_at, _to_follow
    now = time.monotonic()
    again = now - _looked_at > _LOOK_AGAIN
    if again:
        _looked_at = now
        _to_follow = True
    news = view.refresh(look_again=again)
    if news and _changed_at is None:
        mark_changed()
    if _to_follow and not _in_the_middle():
        _to_follow = False
        _follow_strips()
    if _compare(now) or news:
        windows.redraw()


def _in_the_middle() -> bool:
    """A person drags something, or is in another operator that goes on."""
    return any(windows.modal_operators(window) for window in bpy.context.window_manager.windows)


def _follow_strips() -> None:
    """Bring speakers along with a strip that was moved; let them be heard when its mix is gone."""
    for scene in {scene.session_uid: scene for scene in windows.shown_scenes()}.values():
        collections = document.collections_of(scene)
        bearers = document.Bearers(scene) if collections else None
        for collection in collections:
            strip = bearers.strip_of(collection)
            if strip is None:
                continue
            if not document.is_in_step(strip, collection):
                document.follow_strip(scene, strip, collection)
            if not monitor.is_in_step(collection, bearers.mix_strip_of(collection)):
                monitor.follow(collection)


def _compare(now: float) -> bool:
    """Go on with the comparison; say whether it has brought news."""
    global _changed_at, _comparing
    if _comparing is None:
        if _changed_at is None or now - _changed_at < _PAUSE:
            return False
        _changed_at = None
        _comparing = _comparison()
    end = time.perf_counter() + _SLICE
    while time.perf_counter() < end:
        try:
            next(_comparing)
        except StopIteration as stop:
            _comparing = None
            return stop.value
    return False


def _comparison() -> Generator[float, None, bool]:
    """Compare every shown scene's sounds and mix with the document; whether any became another state."""
    news = False
    for uid in {scene.session_uid for scene in windows.shown_scenes()}:
        scene = next(s for s in bpy.data.scenes if s.session_uid == uid)
        strip, collection = selection.chosen_in(scene)
        if collection is None:
            news |= view.set_mix(uid, "none")
            continue
        outdated = freshness.outdated_in(scene, strip, collection)
        # A change of the document starts a new comparison, so that all of it is still there.
        state = yield from mix_state.state_of(scene, strip, collection)
        news |= view.set_mix(uid, state, outdated)
    return news


def register() -> None:
    """Start to look."""
    mark_changed()
    bpy.app.timers.register(_look, first_interval=_EVERY, persistent=True)


def unregister() -> None:
    """Look no more."""
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
