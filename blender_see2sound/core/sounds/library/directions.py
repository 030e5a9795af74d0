"""What CLAP has made of all recordings of a library, in one file that is mapped into memory.

It is derived from the index, lies beside it, and is made anew when that has changed. So a search
by sound is one product of a matrix with the prompts, also in a large library.

A recording sounds like a prompt where at most `BETTER` other descriptions fit it better. How well
a prompt must fit for that does not depend on the prompt: it is kept with each recording.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...errors import from_os_error
from ...files import atomic_path
from ...progress import Progress
from .categories import described
from .index import Index, index_path
from .listening import unpacked

Directions = NDArray[np.float32]

#: So many other descriptions may fit a recording better: there are several for the same thing.
BETTER = 2

#: So many recordings that only sound like a prompt are found at most.
MOST = 20

#: A prompt that is one of the descriptions fits as well as that, but for rounding.
_ROUNDED = 1e-6

#: So many are read from the index at once.
_AT_ONCE = 4096

#: The file begins with what it holds, as JSON in so many bytes; then the directions.
_HEAD = 1024


@dataclass(frozen=True)
class _Held:
    """What the file holds.

    Attributes
    ----------
    files : (N,) int64 array
        Numbers in the index.
    least : (N,) float32 array
        How well a prompt must fit each.
    directions : (N, width) float32 array
    """

    files: NDArray[np.int64]
    least: NDArray[np.float32]
    directions: Directions


def near(
    index: Index,
    library: Path,
    model_name: str,
    read: Directions,
    others: Callable[[], Directions],
    progress: Progress,
) -> list[dict[int, float]]:
    """For each prompt the recordings that sound like it most, at most `MOST`, and how well they fit.

    Parameters
    ----------
    model_name : str
        As of `listening.kept_as`.
    read : (P, width) float32 array
        Directions of the prompts.
    others : callable
        Gives those of `categories.described`; asked only where the index has changed.
    progress : Progress

    Raises
    ------
    See2SoundError
        Where the file cannot be written or read.
    Cancelled
    """
    path = index_path(library).with_suffix(".heard")
    told = json.dumps([model_name, index.heard_state(), BETTER, described()]).encode()
    key = hashlib.sha256(told).hexdigest()
    width = read.shape[1]
    held = _opened(path, key, width)
    if held is None:
        with atomic_path(path) as part, part.open("wb") as file:
            _write(file, key, index, model_name, others(), progress)
        held = _opened(path, key, width)
    if held is None or not len(held.files):
        return [{} for _ in read]
    return [_best(held, fits) for fits in (held.directions @ read.T).T]


def _best(held: _Held, fits: NDArray[np.float32]) -> dict[int, float]:
    """The recordings that sound most like one prompt."""
    alike = np.flatnonzero((fits >= held.least) & (fits > 0.0))
    if len(alike) > MOST:
        # Of equals at the end all, that their numbers decide.
        last = np.partition(fits[alike], -MOST)[-MOST]
        alike = alike[fits[alike] >= last]
    order = sorted((-float(min(fits[place], 1.0)), int(held.files[place])) for place in alike)
    return {file: -fit for fit, file in order[:MOST]}


def _opened(path: Path, key: str, width: int) -> _Held | None:
    """What the file holds; None where there is none, or it is of another state of the index."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_HEAD))
            size = os.fstat(file.fileno()).st_size
        count = told["count"]
        if told["key"] != key or told["width"] != width or size != _size(count, width):
            return None
        data = np.memmap(path, mode="r") if count else np.zeros(_HEAD, np.uint8)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return None  # it is damaged
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    ends = _HEAD + 4 * count * width
    return _Held(
        data[ends + 4 * count :].view("<i8"),
        data[ends : ends + 4 * count].view("<f4"),
        data[_HEAD:ends].view("<f4").reshape(count, width),
    )


def _size(count: int, width: int) -> int:
    return _HEAD + count * (4 * width + 4 + 8)


def _write(
    file: BinaryIO,
    key: str,
    index: Index,
    model_name: str,
    others: Directions,
    progress: Progress,
) -> None:
    width = others.shape[1]
    files: list[int] = []
    least: list[NDArray[np.float32]] = []
    file.seek(_HEAD)
    whole = ((f, v) for f, v in index.all_embeddings(model_name) if len(v) == 2 * width)
    while rows := list(itertools.islice(whole, _AT_ONCE)):
        progress("Comparing the library with the words", 0.5)
        heard = unpacked(b"".join(vector for _, vector in rows)).reshape(-1, width)
        rivals = np.partition(heard @ others.T, -1 - BETTER, axis=1)[:, -1 - BETTER]
        file.write(heard.astype("<f4", copy=False).tobytes())
        files += [number for number, _ in rows]
        least.append(rivals - np.float32(_ROUNDED))
    file.write(np.concatenate([*least, np.zeros(0, np.float32)]).astype("<f4").tobytes())
    file.write(np.array(files, "<i8").tobytes())
    file.seek(0)
    head = json.dumps({"key": key, "count": len(files), "width": width}).encode()
    file.write(head.ljust(_HEAD))
