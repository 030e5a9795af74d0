"""Bake on Render: a movie that is rendered while its mix is out of date gets a new one first.

Without a window the render calls from the main thread, and the bake is done
there and then. From a window the render calls from a thread of its own, where
no data may be touched: that thread waits while a timer in the main thread bakes,
and goes on when it has, or when the main thread gives no sign of life.
"""

from __future__ import annotations

import threading
import time

import bpy
from bpy.app.handlers import persistent

from ...core.errors import See2SoundError
from ..blend import windows
from ..sources import document
from . import session
from .target import Target
from .task import Task, Work, as_fault, share

#: How long the render waits for a sign of life of the main thread, seconds.
_PATIENCE = 10.0
#: How often the main thread looks for a render that waits, seconds.
_EVERY = 0.1
#: How often it goes on with the bake, seconds.
_SLICE_EVERY = 0.03
_TITLE = "Bake on Render"


class _Waiting:
    """A render that waits for its mix, shared by its thread and the main one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: threading.Event | None = None
        self._alive_at = 0.0
        self.scene_uid = 0

    def begin(self, scene_uid: int) -> threading.Event:
        """The render's thread is about to wait."""
        with self._lock:
            self._done = threading.Event()
            self._alive_at = time.monotonic()
            self.scene_uid = scene_uid
            return self._done

    def alive(self) -> threading.Event | None:
        """The main thread says that it lives, and learns which render waits, if any."""
        with self._lock:
            self._alive_at = time.monotonic()
            return self._done

    def end(self) -> None:
        """The render goes on."""
        with self._lock:
            if self._done is not None:
                self._done.set()
            self._done = None

    def silence(self) -> float:
        """For how long the main thread has given no sign of life, seconds."""
        with self._lock:
            return time.monotonic() - self._alive_at


_waiting = _Waiting()
_task: Task | None = None
#: The render that the task is for.
_task_of: threading.Event | None = None


@persistent
def on_render_init(scene: bpy.types.Scene, *_: object) -> None:
    """A render begins: bake in the main thread, wait in any other."""
    if threading.current_thread() is threading.main_thread():
        _bake_now(scene)
        return
    done = _waiting.begin(scene.session_uid)
    while not done.wait(0.05):
        if _waiting.silence() > _PATIENCE:
            _waiting.end()  # the main thread is busy or gone: an old mix is better than none


def _bake_now(scene: bpy.types.Scene) -> None:
    """Bake here and now; nothing that goes wrong may stop the render."""
    if session.busy() or not _candidates(scene):
        return
    task = session.start(_TITLE, _bake_stale(_candidates(scene)))
    task.run()
    _end(task)


def _candidates(scene: bpy.types.Scene) -> list[Target]:
    """The strips whose mix this render may have to bake first."""
    movie = scene.render.ffmpeg
    if scene.render.image_settings.file_format != "FFMPEG" or movie.audio_codec == "NONE":
        return []
    strips = (
        (document.strip_of(scene, collection), collection)
        for collection in document.collections_of(scene)
        if collection.see2sound.bake_on_render
        and any(s.data.sound is not None for s in document.speakers_of(collection))
    )
    return [Target.of(scene, strip) for strip, _ in strips if strip is not None]


def _bake_stale(targets: list[Target]) -> Work[int]:
    """Bake those mixes that are out of date; how many they were."""
    from . import baking

    baked = 0
    for number, target in enumerate(targets):
        stale = yield from share(baking.is_stale(target), 0.0, 0.0)
        if stale:
            bake = share(
                baking.bake_mix(target), number / len(targets), (number + 1) / len(targets)
            )
            yield from bake
            baked += 1
        else:
            yield from baking.hear_mix(target)
    return baked


def _end(task: Task) -> None:
    session.finish(task)
    if task.error is not None:
        print(f"See2Sound: the mix could not be baked for the render: {task.error}", flush=True)


# ------------------------------------------------------------------ the main thread's side


def _attend() -> float:
    """Bake for a render that waits: a timer of the main thread."""
    try:
        return _go_on()
    except Exception as error:
        # A timer that raises is gone for good, and every later render would wait in vain.
        _stop()
        _let_go()
        session.fail(_TITLE, as_fault(error, _TITLE))
        return _EVERY


def _go_on() -> float:
    global _task, _task_of
    render = _waiting.alive()
    session.state.render_waits = render is not None
    if _task is not None and _task_of is not render:
        _give_up()
    if render is None:
        return _EVERY
    if _task is None:
        if session.busy():
            return _SLICE_EVERY  # its operator drives it; the render waits for that too
        targets = _targets()
        if not targets:
            _let_go()
            return _EVERY
        _task, _task_of = session.start(_TITLE, _bake_stale(targets)), render
    if _task.advance():
        windows.redraw()
    if _task.running:
        return _SLICE_EVERY
    changed = _task.changed
    _stop()
    _let_go()
    if changed:
        _push_undo()
    return _EVERY


def _give_up() -> None:
    """The render that the bake was for went on without it."""
    task = _stop()
    if task is None:
        return
    if task.error is None:
        session.fail(
            _TITLE,
            See2SoundError(
                "the render went on before its mix was baked",
                f"Blender gave no sign of life for {_PATIENCE:.0f} s",
                "Bake Mix, and render again",
            ),
        )
    if task.changed:
        _push_undo()


def _stop() -> Task | None:
    """Take the bake away, done or not; give it, if there was one."""
    global _task, _task_of
    task, _task, _task_of = _task, None, None
    if task is not None:
        task.abandon()
        _end(task)
    return task


def _let_go() -> None:
    """The render goes on: from here on the document is its."""
    session.state.render_waits = False
    _waiting.end()


def _targets() -> list[Target]:
    """What the render that waits may need; nothing for a still picture, which has no sound."""
    if not any(_renders_animation(window) for window in bpy.context.window_manager.windows):
        return []
    scene = next((s for s in bpy.data.scenes if s.session_uid == _waiting.scene_uid), None)
    return [] if scene is None else _candidates(scene)


def _renders_animation(window: bpy.types.Window) -> bool:
    """Whether the render that was started last in this window writes a movie.

    Operators of earlier renders stay in the list until the window gets an event.
    """
    for operator in windows.modal_operators(window):
        if operator.bl_idname == "RENDER_OT_render":
            return operator.properties.animation
    return False


def _push_undo() -> None:
    """The bake is one step of undo, as when a person bakes."""
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.ed.undo_push(message=_TITLE)


def register() -> None:
    """Listen for renders; where there is a window, attend to those that wait."""
    bpy.app.handlers.render_init.append(on_render_init)
    if not bpy.app.background:
        bpy.app.timers.register(_attend, first_interval=_EVERY, persistent=True)


def unregister() -> None:
    """Listen no more, and let a render go on that waits."""
    bpy.app.handlers.render_init.remove(on_render_init)
    if bpy.app.timers.is_registered(_attend):
        bpy.app.timers.unregister(_attend)
    _stop()
    _let_go()
