"""Loads a published checkpoint from a folder into a model of `transformers`; nothing but safetensors.

What does not fit is an error: a model whose weights are only in part those of the file
would look as if it worked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..progress import Progress, part_of, silent
from .devices import Device
from .folder import Located, broken, check

if TYPE_CHECKING:
    import torch


def load_model(
    cls: type[Any],
    located: Located,
    device: Device,
    *,
    half: bool = True,
    progress: Progress = silent,
    **options: Any,
) -> torch.nn.Module:
    """Check a checkpoint's files, and load its model to compute with.

    Parameters
    ----------
    cls : type
        The model's class of `transformers`.
    located : Located
    device : Device
    half : bool
        Compute in the device's shorter numbers.
    **options
        For `from_pretrained`.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, on the device, without gradients.

    Raises
    ------
    See2SoundError
        Of kind "missing-part": a file is missing, broken, or of another architecture.
    Cancelled
    """
    import torch
    from safetensors import SafetensorError

    named = config_of(located).get("architectures")
    expected = located.checkpoint.architectures
    if not isinstance(named, list) or not set(named) & set(expected):
        raise broken(
            located.checkpoint,
            located.path / "config.json",
            f"it tells of {named}, not of {' or '.join(expected)}",
        )
    check(located, part_of(progress, 0.0, 0.5))
    progress("Loading the model", 0.5)
    for name in located.files:
        if name.endswith(".safetensors"):
            _check_weights(located, name)
    try:
        model, told = cls.from_pretrained(
            str(located.path),
            dtype=getattr(torch, device.half if half else "float32"),
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            **options,
        )
    except (SafetensorError, OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise broken(located.checkpoint, located.path, _short(error)) from error
    absent = sorted(told["missing_keys"]) + sorted(str(m[0]) for m in told["mismatched_keys"])
    if absent:
        raise broken(
            located.checkpoint,
            located.path,
            f"its weights lack {absent[0]!r}"
            + (f" and {len(absent) - 1} more" if absent[1:] else ""),
        )
    progress("Loading the model", 0.9)
    return model.to(device.torch).eval().requires_grad_(False)


def config_of(located: Located) -> dict[str, Any]:
    """What ``config.json`` says."""
    path = located.path / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise broken(located.checkpoint, path, _short(error)) from error
    if not isinstance(content, dict):
        raise broken(located.checkpoint, path, "it is no JSON object")
    return content


def load_tool(cls: type[Any], located: Located, **options: Any) -> Any:
    """Load a tokenizer or an image processor from a checkpoint's folder.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    """
    try:
        return cls.from_pretrained(
            str(located.path), local_files_only=True, trust_remote_code=False, **options
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise broken(located.checkpoint, located.path, _short(error)) from error


def _check_weights(located: Located, name: str) -> None:
    """Open a file of weights, so that what is cut off or no such file is named."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(located.path / name), framework="pt") as file:
            file.keys()
    except (SafetensorError, OSError) as error:
        raise broken(located.checkpoint, Path(located.path, name), _short(error)) from error


def _short(error: BaseException) -> str:
    """The first line of what a library says."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]
