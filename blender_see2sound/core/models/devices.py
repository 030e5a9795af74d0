"""On what models compute: a processor or a GPU, in which precision, and what to say when it is full."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..errors import See2SoundError

if TYPE_CHECKING:
    import torch

DeviceName = Literal["auto", "cuda", "mps", "cpu"]
DEVICES: tuple[DeviceName, ...] = ("auto", "cuda", "mps", "cpu")

#: What allocators that raise plain runtime errors say: CUDA, MPS, its buffers, the CPU's on
#: Linux and Windows, cuBLAS and cuDNN.
_MEMORY_WORDS = (
    "out of memory",
    "invalid buffer size",
    "can't allocate memory",
    "not enough memory",
    "status_alloc_failed",
    "could not create a primitive",  # oneDNN, on the CPU
)


@dataclass(frozen=True)
class Device:
    """Where a model computes.

    Attributes
    ----------
    name : {"cuda", "mps", "cpu"}
    half : str
        The shorter floating point numbers that it computes well in: "bfloat16", "float16", or
        "float32" where none are.
    """

    name: str
    half: str

    @property
    def torch(self) -> torch.device:
        """As torch names it."""
        import torch

        return torch.device(self.name)


def choose_device(name: str = "auto") -> Device:
    """The device that is asked for, or the fastest here.

    Raises
    ------
    See2SoundError
        Of kind "bad-request" when it is not here.
    """
    import torch

    here = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name == "auto":
        name = next(n for n in ("cuda", "mps", "cpu") if here[n])
    if not here.get(name):
        known = ", ".join(n for n, there in here.items() if there)
        raise See2SoundError(
            f"models cannot compute on {name!r} here",
            f"there is: {known}",
            "Choose one of these, or auto",
            kind="bad-request",
        )
    if name == "cuda":
        return Device(name, "bfloat16" if torch.cuda.is_bf16_supported(False) else "float16")
    return Device(name, "float16" if name == "mps" else "float32")


@contextlib.contextmanager
def memory_told(what: str, device: Device, *, low_memory: bool = False) -> Iterator[None]:
    """Turn a full memory into one clear error.

    Parameters
    ----------
    what : str
        What needs the memory, for a person.
    device : Device
    low_memory : bool
        Models are loaded one after the other already.

    Raises
    ------
    See2SoundError
        Of kind "no-memory".
    """
    try:
        yield
        return
    except (MemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
        # What the failed computation left in its frames would stay in memory as long as the error.
        traceback.clear_frames(error.__traceback__)
    place = "main memory" if device.name == "cpu" else "the GPU's memory"
    remedies = ["choose a smaller model", "close other programs"]
    if not low_memory:
        remedies.insert(0, "switch Low Memory on")
    if device.name != "cpu":
        remedies.insert(-1, "let the processor compute")
    remedy = f"{', '.join(remedies[:-1])}, or {remedies[-1]}"
    raise See2SoundError(
        f"{place} is too small for {what}",
        "",
        remedy[0].upper() + remedy[1:],
        kind="no-memory",
    )


def is_memory_error(error: BaseException) -> bool:
    """Whether an error says that memory is full, in the words of any of torch's allocators."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(words in text for words in _MEMORY_WORDS)


def free(device: Device) -> None:
    """Give back what is not used any more."""
    import gc

    import torch

    gc.collect()
    if device.name == "cuda":
        torch.cuda.empty_cache()
    elif device.name == "mps":
        torch.mps.empty_cache()
