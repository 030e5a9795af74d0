"""Keeps loaded models between jobs, or one at a time where memory is short ("Low Memory")."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import See2SoundError, from_os_error
from ..progress import Progress, silent
from .checkpoints import Checkpoint
from .devices import Device, choose_device, free, memory_told
from .folder import Located, locate, models_folder
from .loading import quiet
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
        with quiet(), memory_told(checkpoint.repository, device):
            if key not in _kept:
                _make_room(key, computing.low_memory)
                _kept[key] = make(located, device, progress)
            yield _kept[key], device
    except See2SoundError as error:
        if error.kind == "no-memory":
            release()
        raise
    finally:
        if computing.low_memory:
            release()


def release() -> None:
    """Let go of all models."""
    _drop(lambda _: True)


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
    for device in {key.device for key in gone}:
        free(device)


def _changed_at(located: Located) -> int:
    """When the last of a checkpoint's files was written, in nanoseconds."""
    try:
        return max((located.path / name).stat().st_mtime_ns for name in located.files)
    except OSError as error:
        raise from_os_error(error, located.path, "read") from error
