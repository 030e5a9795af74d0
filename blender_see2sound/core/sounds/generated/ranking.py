"""How well generated sounds fit their prompts, as CLAP hears it, where that model is here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...catalogue import CLAP
from ...models.keeper import Computing, borrowed
from ...progress import Progress, part_of
from .. import clap


def fits(
    prompts: Sequence[str],
    takes: Sequence[Sequence[NDArray[np.float32]]],
    computing: Computing,
    progress: Progress,
) -> list[list[float]]:
    """How well each of the takes of each prompt fits it.

    Parameters
    ----------
    prompts : sequence of str
    takes : sequence of sequence of (m,) float32 arrays
        Those of each prompt; mono, 48 kHz.

    Returns
    -------
    list of list of float
        Cosines of the angles, -1 to 1.

    Raises
    ------
    See2SoundError, Cancelled
    """
    flat = [take for of_one in takes for take in of_one]
    with borrowed(CLAP, computing, clap.load, part_of(progress, 0.0, 0.3)) as (model, _):
        heard = iter(model.hear(flat, part_of(progress, 0.3, 1.0)))
        read = model.read(prompts)
    return [
        [float(np.clip(next(heard) @ words, -1.0, 1.0)) for _ in of_one]
        for words, of_one in zip(read, takes, strict=True)
    ]
