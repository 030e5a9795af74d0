"""Keeps loaded models between jobs, or one at a time where memory is short ("Low Memory")."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Cancelled, See2SoundError, from_os_error
from ..progress import Progress, silent
from .checkpoints import Checkpoint
from .devices import Device, choose_device, free, memory_told
from .folder import Located, locate, models_folder
from .loading import forget_loaded, quiet, remember_loaded
from .offline import keep_offline

#: Makes what a part works with from a checkpoint's files: ``make(located, device, progress)``;
#: a function of a module, by whose name what it made is kept.
Make = Callable[[Located, Device, Progress], Any]


@dataclass(frozen=True)
class Computing:
    """How a person wants models to compute.

    Attributes
    ----------
    device : {"auto", "cuda", "mps", "cpu"}
    low_memory : bool
        Load one model after the other instead of keeping all.
    models : Path or None
        The models folder; this computer's usual one when None.
    """

    device: str = "auto"
    low_memory: bool = False
    models: Path | None = None


@dataclass(frozen=True)
class _Key:
    repository: str
    path: Path
    changed: int
    device: Device
    make: str


_kept: dict[_Key, Any] = {}
#: Devices of models that are let go of, but may still be in the hands of those who borrowed them.
_left: set[Device] = set()


@contextlib.contextmanager
def borrowed(
    checkpoint: Checkpoint, computing: Computing, make: Make, progress: Progress = silent
) -> Iterator[tuple[Any, Device]]:
    """Give what `make` made of a checkpoint, kept from before or loaded now, and its device.

    Raises
    ------
    See2SoundError
        Of kind "missing-part" when files are missing or broken, "no-memory" when memory is
        too small (while loading or in the block): all models are let go of then.
    Cancelled
    """
    keep_offline()
    located = locate(checkpoint, models_folder(computing.models))
    device = choose_device(computing.device)
    key = _Key(
        checkpoint.repository,
        located.path,
        _changed_at(located),
        device,
        f"{make.__module__}:{make.__qualname__}",
    )
    try:
        with quiet(), memory_told(checkpoint.repository, device, low_memory=computing.low_memory):
            if key not in _kept:
                _make_room(key, computing.low_memory)
                _kept[key] = make(located, device, progress)
                remember_loaded(located)
            yield _kept[key], device
    except See2SoundError as error:
        if error.kind == "no-memory":
            release()
        raise
    except (Cancelled, ImportError, OSError):
        raise
    except Exception as error:
        # A model whose settings do not fit raises whatever stumbles over them first.
        raise See2SoundError(
            f"the model {checkpoint.repository} has failed",
            f"{type(error).__name__}: {error}"[:300],
            f"Delete the folder {located.path} and get it again, or choose another part",
        ) from error
    finally:
        forget_loaded()
        if computing.low_memory:
            release()


def release() -> None:
    """Let go of all models; who still works with one holds it until then (`tidy`)."""
    _drop(lambda _: True)


def tidy() -> None:
    """Give back what models held that nobody has any more; to be called when a job is over."""
    for device in _left:
        free(device)
    _left.clear()


def _make_room(key: _Key, alone: bool) -> None:
    """Let go of what is outdated, on another device, or in the way of a model that is to be alone."""
    _drop(
        lambda old: (
            alone
            or old.device != key.device
            or (old.path == key.path and old.changed != key.changed)
        )
    )
    # What an earlier job that failed held until its error was reported.
    free(key.device)


def _drop(which: Callable[[_Key], bool]) -> None:
    gone = [key for key in _kept if which(key)]
    for key in gone:
        del _kept[key]
    devices = {key.device for key in gone}
    _left.update(devices)
    for device in devices:
        free(device)


def _changed_at(located: Located) -> int:
    """When the last of a checkpoint's files was written, in nanoseconds."""
    try:
        return max((located.path / name).stat().st_mtime_ns for name in located.files)
    except OSError as error:
        raise from_os_error(error, located.path, "read") from error
