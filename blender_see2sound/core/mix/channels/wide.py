"""Sound from all around: what the loudspeakers of `rig.rig_of` play, as a layout has it."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from ..heads.chosen import head_of
from ..heads.head import TAPS
from ..layouts.layout import Layout
from ..layouts.rig import RIG, rig_of
from ..panning import decorrelation
from ..panning.gains import point_gains
from ..panning.regions import unit_vectors
from ..signals.control import STEPS
from ..signals.convolution import STEP, Spectra, spectra_of
from ..travel.distance import REFERENCE_DISTANCE
from .sums import LATENCY, Sums

Array = NDArray[np.float64]


@cache
def _decorrelated(layout: Layout) -> Spectra:
    """Transforms (R, F) of the filters that give each loudspeaker its own copy of a sound."""
    copies = decorrelation.decorrelators(layout)
    filters = np.zeros((len(copies), STEP), np.float32)
    start = LATENCY - decorrelation.BEGIN
    filters[:, start : start + decorrelation.LENGTH] = copies
    return spectra_of(filters)


@lru_cache(maxsize=4)
def _copies_at_ears(layout: Layout) -> Spectra:
    """Transforms (2, R, F) of the virtual loudspeakers' own copies at each ear."""
    heard = head_of(layout).spectra(_places(RIG))
    return np.ascontiguousarray(np.swapaxes(heard * _decorrelated(RIG)[:, None], 0, 1))


def add_wide(layout: Layout, sums: Sums) -> None:
    """Play what was added up for the loudspeakers of `rig.rig_of`, decorrelated."""
    for number, step in enumerate(sums.wide.reshape(len(sums.wide), STEPS, STEP).swapaxes(0, 1)):
        if not step.any():
            continue
        heard = spectra_of(step)
        if layout.coding == "binaural":
            sums.spectra[number] += np.einsum("rf,erf->ef", heard, _copies_at_ears(layout))
            continue
        heard *= _decorrelated(rig_of(layout))
        if layout.coding == "ambisonics":
            heard = point_gains(_places(RIG), layout).T.astype(np.float32) @ heard
        sums.spectra[number] += heard
    sums.filtered = True


def from_rig(filters: NDArray[np.float32], layout: Layout) -> NDArray[np.float32]:
    """Filters (R, L) for the loudspeakers of `rig.rig_of` as filters (M, L) for a layout."""
    if layout.coding == "loudspeakers":
        return filters
    if layout.coding == "ambisonics":
        return point_gains(_places(RIG), layout).T.astype(np.float32) @ filters
    from scipy.signal import oaconvolve

    head = head_of(layout)
    impulses = np.fft.irfft(head.spectra(_places(RIG)), axis=2)
    # What is early at an ear lies at the end of its period.
    impulses = np.roll(impulses, TAPS, axis=2)[:, :, : 2 * TAPS].astype(np.float32)
    made = np.zeros((2, filters.shape[1]), np.float32)
    for row, ears in zip(filters, impulses, strict=True):
        for ear in range(2):
            made[ear] += oaconvolve(row, ears[ear])[TAPS : TAPS + len(row)]
    return made


def _places(layout: Layout) -> Array:
    """Where loudspeakers stand, (R, 3), a long way off."""
    return REFERENCE_DISTANCE * unit_vectors(*np.array(layout.loudspeakers).T)
