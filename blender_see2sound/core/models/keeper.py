"""Keeps loaded models between jobs, or one at a time where memory is short ("Low Memory")."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..progress import Progress, silent
from .checkpoints import Checkpoint
from .devices import Device, choose_device, free, memory_told
from .folder import Located, locate, models_folder

#: Makes what a part works with from a checkpoint's files: ``make(located, device, progress)``.
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
    device = choose_device(computing.device)
    located = locate(checkpoint, models_folder(computing.models))
    written = max((located.path / name).stat().st_mtime_ns for name in located.files)
    key = _Key(
        checkpoint.repository,
        located.path,
        written,
        device,
        f"{make.__module__}:{make.__qualname__}",
    )
    try:
        with memory_told(checkpoint.repository, device):
            if key not in _kept:
                # An older version of the same files is of no use; with little memory, nor is
                # another model.
                _drop(lambda k: computing.low_memory or k.path == key.path, device)
                _kept[key] = make(located, device, progress)
            yield _kept[key], device
    except BaseException as error:
        if getattr(error, "kind", "") == "no-memory":
            release()
        raise
    finally:
        if computing.low_memory:
            _drop(lambda _: True, device)


def release() -> None:
    """Let go of all models."""
    devices = {key.device for key in _kept}
    _kept.clear()
    for device in devices:
        free(device)


def _drop(which: Callable[[_Key], bool], device: Device) -> None:
    gone = [key for key in _kept if which(key)]
    for key in gone:
        del _kept[key]
    if gone:
        free(device)
