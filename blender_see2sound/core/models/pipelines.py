"""Loads the components of a pipeline of `diffusers` from its folder, each for itself and checked.

`DiffusionPipeline.from_pretrained` is not used: it looks up classes and even modules by the names
in ``model_index.json``, loads components that are not needed, does not say which weights are
missing, and takes one precision for all. The pipeline is then made of the components as it is.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..progress import Progress
from .devices import Device
from .folder import Located, broken, read_json
from .loading import check_architecture, check_forms, load_tool, load_weights

if TYPE_CHECKING:
    import torch

_INDEX = "model_index.json"


def look_over(located: Located) -> None:
    """Look whether a checkpoint's files are what they should be; nothing big is read.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    """
    if located.checkpoint.components:
        check_pipeline(located)
    else:
        check_architecture(located)
        check_forms(located)


def check_pipeline(located: Located) -> dict[str, str]:
    """Look whether a folder holds the pipeline that its checkpoint is; nothing big is read.

    Returns
    -------
    dict of str to str
        The class of each component.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    """
    index = read_json(located, _INDEX)
    expected = located.checkpoint.architectures
    if index.get("_class_name") not in expected:
        told = index.get("_class_name")
        raise broken(located, _INDEX, f"it tells of {told!r:.60}, not of {' or '.join(expected)}")
    classes = {}
    for part in located.checkpoint.components:
        row = index.get(part.name)
        named = row[1] if isinstance(row, list) and len(row) == 2 else None
        if not isinstance(named, str) or named not in part.classes:
            wanted = " or ".join(part.classes)
            raise broken(located, _INDEX, f"its {part.name} is {named!r:.60}, not {wanted}")
        classes[part.name] = named
    for part in located.checkpoint.components:
        check_forms(located.component(part.name))
    return classes


def load_component(
    cls: type[Any], located: Located, name: str, device: Device, *, half: bool = False
) -> torch.nn.Module:
    """Load the weights of one component, on the device, in float32 unless `half`.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    """
    part = located.component(name)
    if cls.__module__.startswith("transformers."):
        check_architecture(part, cls)
    with _quiet_diffusers():
        return load_weights(cls, part, device, half=half)


def load_settings(cls: type[Any], located: Located, name: str) -> Any:
    """Load a component without weights: a tokenizer, a schedule.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    """
    part = located.component(name)
    if cls.__module__.startswith("transformers."):
        return load_tool(cls, part)
    with _quiet_diffusers():
        return load_tool(cls, part)


def narrowed(model: torch.nn.Module) -> torch.nn.Module:
    """Let a model in short numbers take and give float32, so that only it computes in them.

    What surrounds it (text, noise, the solver's sums) stays in float32. Numbers that are not many,
    as the time of a step, go in as they are: models widen them anyway.
    """
    import torch

    numbers = next(model.parameters()).dtype

    def given(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.is_floating_point() and value.dim() > 1:
            return value.to(numbers)
        return value

    def taken(value: Any) -> Any:
        return value.float() if isinstance(value, torch.Tensor) else value

    model.register_forward_pre_hook(
        lambda _, args, kwargs: (tuple(map(given, args)), {k: given(v) for k, v in kwargs.items()}),
        with_kwargs=True,
    )
    model.register_forward_hook(lambda _, args, out: tuple(map(taken, out)))
    return model


@contextlib.contextmanager
def watched(models: Sequence[torch.nn.Module], alive: Callable[[], None]) -> Iterator[None]:
    """Call `alive` before each block of models computes; it may raise `Cancelled`."""
    import torch

    lists = [m for model in models for m in model.modules() if isinstance(m, torch.nn.ModuleList)]
    hooks = [
        block.register_forward_pre_hook(lambda *_: alive()) for blocks in lists for block in blocks
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def running(pipeline: Any, alive: Callable[[], None]) -> Iterator[None]:
    """Let a pipeline work without bars, remarks and gradients; afterwards it is as before.

    Parameters
    ----------
    pipeline : DiffusionPipeline
    alive : callable
        Called before each block; may raise `Cancelled`.
    """
    import torch

    models = [m for m in pipeline.components.values() if isinstance(m, torch.nn.Module)]
    pipeline.set_progress_bar_config(disable=True)
    try:
        with _quiet_diffusers(), torch.inference_mode(), watched(models, alive):
            yield
    finally:
        pipeline.maybe_free_model_hooks()


def telling(progress: Progress, phase: str, least: float) -> Callable[[float | None], None]:
    """A function that reports a fraction that only grows, or, given None, the last one again.

    Parameters
    ----------
    least : float
        Seconds between two repeated reports.
    """
    import time

    last, told = 0.0, 0.0

    def tell(fraction: float | None = None) -> None:
        nonlocal last, told
        now = time.monotonic()
        if fraction is None and now - told < least:
            return
        last, told = max(last, fraction or 0.0), now
        progress(phase, last)

    return tell


@contextlib.contextmanager
def _quiet_diffusers() -> Iterator[None]:
    """Keep `diffusers`, and what it uses, from bars and remarks: what matters is told by errors."""
    from diffusers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(50)  # only what is critical
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            # weight_norm's successor, torchsde's times at the ends of its interval.
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
