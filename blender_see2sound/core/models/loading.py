"""Loads a published checkpoint from a folder into a model of `transformers`; nothing but safetensors.

What does not fit is an error: a model whose weights are only in part those of the file
would look as if it worked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, See2SoundError, from_os_error
from ..progress import Progress, part_of, silent
from .devices import Device, is_memory_error
from .folder import INDEX, Located, broken, check, read_json, remember
from .offline import refuse_foreign

if TYPE_CHECKING:
    import torch


#: The first version of `transformers` that knows all models as they are asked here.
OLDEST_TRANSFORMERS = 5
#: Sums of files by their folder, until all that belongs to the model has loaded too.
_checked: dict[Path, dict[str, str]] = {}


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
    check_architecture(located, cls)
    check_forms(located)
    sums = check(located, part_of(progress, 0.0, 0.5))
    progress("Loading the model", 0.5)
    model = load_weights(cls, located, device, half=half, **options)
    _checked[located.path] = sums
    progress("Loading the model", 0.9)
    return model


def load_weights(
    cls: type[Any], located: Located, device: Device, *, half: bool, **options: Any
) -> torch.nn.Module:
    """Load a model whose files have been checked; all of its weights must be there.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    """
    import torch

    numbers = getattr(torch, device.half if half else "float32")
    if cls.__module__.startswith("transformers."):
        options |= {"dtype": numbers, "trust_remote_code": False}
    else:  # of `diffusers`
        options |= {"torch_dtype": numbers}
    try:
        model, told = cls.from_pretrained(
            str(located.path),
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            **options,
        )
    except Exception as error:
        if _is_other(error):
            raise
        raise _unusable(located, error) from error
    absent = sorted(told["missing_keys"]) + sorted(str(m[0]) for m in told["mismatched_keys"])
    if absent:
        more = f" and {len(absent) - 1} more" if absent[1:] else ""
        raise broken(located, located.weights, f"its weights lack {absent[0]!r}{more}")
    model = model.to(device.torch).eval().requires_grad_(False)
    for name, weight in model.named_parameters():
        # In 16 bits a large number may have become infinite that is none in the file.
        bad = weight.isnan() if weight.dtype == torch.float16 else ~weight.isfinite()
        if bool(bad.any()):
            raise broken(located, located.weights, f"{name!r} holds what is no number")
    return model


def remember_loaded(located: Located) -> None:
    """Record the files of a model that has been loaded with all that belongs to it."""
    remember(located, _checked.pop(located.path, {}))


def forget_loaded() -> None:
    """Record nothing of what was checked: it has not loaded."""
    _checked.clear()


def check_architecture(located: Located, cls: type[Any] | None = None) -> None:
    """Refuse another model's files; some that are published name only the type of the model.

    That type is compared with a class's, where one is given.
    """
    config = config_of(located)
    named, expected = config.get("architectures"), located.checkpoint.architectures
    if named is None and (cls is None or config.get("model_type") == cls.config_class.model_type):
        return
    if not isinstance(named, list) or not set(expected).intersection(map(str, named)):
        raise broken(located, "config.json", f"it tells of {named}, not of {' or '.join(expected)}")


def config_of(located: Located) -> dict[str, Any]:
    """What ``config.json`` says."""
    return read_json(located, "config.json")


def load_tool(cls: type[Any], located: Located, **options: Any) -> Any:
    """Load a tokenizer or an image processor from a checkpoint's folder.

    Raises
    ------
    See2SoundError
        Of kind "missing-part".
    """
    try:
        tool = cls.from_pretrained(
            str(located.path), local_files_only=True, trust_remote_code=False, **options
        )
    except Exception as error:
        if _is_other(error):
            raise
        raise _unusable(located, error, f"{cls.__name__}: ") from error
    deviations = getattr(tool, "image_std", None)
    if isinstance(deviations, (list, tuple)) and not all(
        isinstance(d, (int, float)) and d > 0 for d in deviations
    ):
        raise broken(located, "preprocessor_config.json", f"its image_std is {deviations!r:.60}")
    return tool


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep `transformers` from drawing bars and from remarks while models load and work.

    Raises
    ------
    See2SoundError
        Of kind "missing-part" when it is too old.
    """
    from transformers import __version__ as version
    from transformers.utils import logging

    if int(version.partition(".")[0]) < OLDEST_TRANSFORMERS:
        raise See2SoundError(
            f"the package transformers {version} is too old",
            f"models need version {OLDEST_TRANSFORMERS} or newer",
            "Bring it up to date in the Python that computes: pip install -U transformers",
            kind="missing-part",
        )

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(50)  # only what is critical
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _is_other(error: Exception) -> bool:
    """Whether an error says something else than that files do not fit."""
    return is_memory_error(error) or isinstance(error, (Cancelled, See2SoundError))


def _unusable(located: Located, error: Exception, what: str = "") -> See2SoundError:
    """The error where a library cannot make anything of a checkpoint's files."""
    if isinstance(error, ImportError):
        return See2SoundError(
            f"the model {located.checkpoint.repository} cannot be loaded",
            f"{what}{_short(error)}",
            "Install what is missing for the Python that computes, or choose another part",
            kind="missing-part",
        )
    if "ignore_mismatched_sizes" in str(error):
        return broken(
            located, located.weights, "its weights are of other sizes than config.json tells"
        )
    # Settings that do not fit raise whatever the first line that stumbles over them raises.
    return broken(located, "", f"{what}{_short(error)}")


def check_forms(located: Located) -> None:
    """Read the small files and open the weights, so that what is cut off or no such file is named."""
    from safetensors import SafetensorError, safe_open

    refuse_foreign(located)
    for name in located.files:
        if name.endswith(".json"):
            content = read_json(located, name)
            if name.endswith(INDEX) and not isinstance(content.get("metadata"), dict):
                raise broken(located, name, "it lacks the key 'metadata'")
        if not name.endswith(".safetensors"):
            continue
        path = located.path / name
        try:
            path.open("rb").close()  # which tells why better than the next
        except OSError as error:
            raise from_os_error(error, path, "read") from error
        try:
            with safe_open(str(path), framework="np") as file:  # which needs no torch
                file.keys()
        except (SafetensorError, OSError) as error:
            raise broken(located, name, _short(error)) from error


def _short(error: BaseException) -> str:
    """The first line of what a library says."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300]
