"""A measured head from a SOFA file (AES69, SimpleFreeFieldHRIR).

Each response is parted into a delay (where it best agrees with its minimum-phase
self; Nam, Abel and Smith 2008) and the rest. Both are interpolated over the triangle
of measured directions around, on a grid once, and between the grid's points after.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ...audio import SAMPLE_RATE
from ...errors import See2SoundError, from_os_error
from ..panning.gains import NEAR
from ..panning.regions import unit_vectors
from ..signals.phase import log_spectrum
from .head import COMPARED, MeasuredHead, frequencies

Array = NDArray[np.float64]
_Number = TypeVar("_Number", np.float64, np.complex128)

#: Degrees between the grid's points.
_GRID = 5.0
_COLUMNS, _ROWS = round(360.0 / _GRID), round(180.0 / _GRID) + 1

#: By how much delays are finer than a sample.
_FINER = 16

#: Where a head does little, Hz: there the level is that of the free field.
_LOW = (150.0, 600.0)

#: Seconds of a response that are used, and directions that are interpolated at once.
_LONGEST, _AT_ONCE = 0.02, 512

#: Cosine of the angle to the nearest measured direction beyond which there is a gap.
_COVERED = float(np.cos(np.radians(35.0)))


def measured_head(path: Path) -> MeasuredHead:
    """The head of a SOFA file.

    Raises
    ------
    See2SoundError
        Of kind "missing-part", "missing-file", "no-permission" or "bad-request".
    """
    directions, impulses = _read(path)
    directions, impulses = _all_around(directions, impulses)
    taken = _delays(impulses)  # (D, 2)
    corners, shares = _triangles(directions)

    def on_grid(values: NDArray[_Number]) -> NDArray[_Number]:
        """Values (D, 2, ...) at the grid's points, and their mean: (2 G + 1, ...)."""
        grid = np.einsum("gj,gj...->g...", shares, values[corners])
        rows = grid.reshape(-1, *values.shape[2:])
        return np.asarray(np.concatenate([rows, rows.mean(axis=0, keepdims=True)]))

    def without_delays(at: Array) -> NDArray[np.complex128]:
        waves = np.exp(-2j * np.pi * np.outer(np.arange(impulses.shape[2]), at) / SAMPLE_RATE)
        early = np.exp(2j * np.pi * at * taken[:, :, None] / SAMPLE_RATE)
        return (impulses @ waves) * early

    compared, responses = without_delays(COMPARED), without_delays(frequencies())
    low = (_LOW[0] < COMPARED) & (_LOW[1] > COMPARED)
    level = np.sqrt(np.mean(np.abs(compared[:, :, low]) ** 2))
    # A sound in front arrives in time with the picture.
    delays = on_grid(taken - taken[np.argmax(directions[:, 1])].mean())
    return MeasuredHead(on_grid(compared / level), on_grid(responses / level), delays, _locate)


def _locate(positions: Array) -> tuple[NDArray[np.intp], Array]:
    """The grid's points around positions, and in the head the mean of all; see `head.Head`."""
    distances = np.linalg.norm(positions, axis=1)
    x, y, z = positions.T
    column = np.degrees(np.arctan2(-x, y)) % 360.0 / _GRID
    sine = z / np.where(distances > 0.0, distances, 1.0)
    row = (np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))) + 90.0) / _GRID
    left = column.astype(np.intp)
    below = np.minimum(row.astype(np.intp), _ROWS - 2)
    across, up = column - left, row - below
    near = np.minimum(distances / NEAR, 1.0)
    points, shares = [], []
    for right, above in np.ndindex(2, 2):
        points.append((below + above) * _COLUMNS + (left + right) % _COLUMNS)
        shares.append((across if right else 1.0 - across) * (up if above else 1.0 - up) * near)
    points.append(np.full(len(positions), _COLUMNS * _ROWS))
    shares.append(1.0 - near)
    rows = 2 * np.stack(points, axis=1)
    # Two rows a point, an ear each; the mean is the last row, for both.
    ears = np.minimum(np.stack([rows, rows + 1], axis=1), 2 * _COLUMNS * _ROWS)
    share = np.stack(shares, axis=1)
    return ears, np.stack([share, share], axis=1)


def _read(path: Path) -> tuple[Array, Array]:
    """Directions (D, 3), unit vectors, and impulse responses (D, 2, L) at 48 kHz."""
    try:
        import h5py
    except ImportError as error:
        raise See2SoundError(
            f"cannot read {path}",
            "the package h5py is not here",
            "Install h5py, or mix without a SOFA file",
            kind="missing-part",
        ) from error
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise from_os_error(error, path, "read") from error
    try:
        with h5py.File(path, "r") as file:
            convention = _text(file.attrs.get("SOFAConventions", ""))
            if convention != "SimpleFreeFieldHRIR":
                raise _bad(path, f"its convention is {convention or 'none'}")
            impulses = np.asarray(file["Data.IR"], dtype=np.float64)
            rate = float(np.ravel(file["Data.SamplingRate"])[0])
            places = np.asarray(file["SourcePosition"], dtype=np.float64)
            kind = _text(file["SourcePosition"].attrs.get("Type", "spherical"))
            late = np.asarray(file["Data.Delay"], dtype=np.float64)
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise _bad(path, "it cannot be read as one") from error
    if places.ndim != 2 or places.shape[1] != 3 or impulses.ndim != 3 or not places.any():
        raise _bad(path, "it does not tell where its responses come from")
    count = len(places)
    if impulses.shape[:2] != (count, 2) or late.shape not in ((1, 2), (count, 2)) or count < 4:
        raise _bad(path, "it does not hold two ears and four directions or more")
    if not (np.isfinite(places).all() and (np.abs(late - 0.5 * rate) <= 0.5 * rate).all()):
        raise _bad(path, "its directions or delays are no numbers that can be")
    if not (np.isfinite(impulses).all() and 8e3 <= rate <= 4e5):
        raise _bad(path, "its responses are no numbers")
    if not 1e-9 < np.abs(impulses).max() < 1e9:
        raise _bad(path, "its responses are far too soft or too loud")
    if kind == "cartesian":
        if not np.linalg.norm(places, axis=1).all():
            raise _bad(path, "a response comes from within the head")
        # SOFA's axes are front, left and up.
        directions = np.stack([-places[:, 1], places[:, 0], places[:, 2]], axis=1)
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    else:
        directions = unit_vectors(places[:, 0], places[:, 1])
    directions, kept = np.unique(directions.round(6), axis=0, return_index=True)
    made = _at_48_khz(impulses[kept], rate, np.broadcast_to(late, (count, 2))[kept])
    if not np.abs(made).max(axis=2).all():
        raise _bad(path, f"a response is silent in its first {1000.0 * _LONGEST:g} ms")
    return directions, made


def _all_around(directions: Array, impulses: Array) -> tuple[Array, Array]:
    """Directions and responses, the nearest ones' taken too where none were measured.

    Many heads are measured on the horizon only, or not from below.
    """
    steps = np.array([(x, y, z) for x, y, z in np.ndindex(3, 3, 3) if (x, y, z) != (1, 1, 1)]) - 1.0
    around = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    alike = around @ directions.T
    bare = alike.max(axis=1) < _COVERED
    nearest = alike[bare].argmax(axis=1)
    return np.concatenate([directions, around[bare]]), np.concatenate([impulses, impulses[nearest]])


def _at_48_khz(impulses: Array, rate: float, late: Array) -> Array:
    """Responses resampled, with the delays that the file keeps apart."""
    from fractions import Fraction

    from scipy.signal import resample_poly

    count = impulses.shape[2] + int(np.ceil(late.max()))
    whole = np.zeros((*impulses.shape[:2], min(count, int(_LONGEST * rate))))
    for (direction, ear), samples in np.ndenumerate(late):
        start = round(samples)
        part = impulses[direction, ear, : max(whole.shape[2] - start, 0)]
        whole[direction, ear, start : start + len(part)] = part
    ratio = Fraction(SAMPLE_RATE / rate).limit_denominator(1000)
    resampled = resample_poly(whole, ratio.numerator, ratio.denominator, axis=2)
    return np.asarray(resampled)


def _delays(impulses: Array) -> Array:
    """How late responses (D, 2, L) are, samples (D, 2)."""
    size = 1 << (2 * impulses.shape[2] - 1).bit_length()
    spectra = np.fft.rfft(impulses, size)
    levels = np.log(np.maximum(np.abs(spectra), 1e-6 * np.abs(spectra).max()))
    least = np.exp(log_spectrum(levels))
    alike = np.fft.irfft(spectra * np.conj(least), _FINER * size)
    return np.argmax(alike[..., : _FINER * impulses.shape[2]], axis=-1) / _FINER


def _triangles(directions: Array) -> tuple[NDArray[np.intp], Array]:
    """Around each of the grid's points: three directions (G, 3), and their shares (G, 3)."""
    from scipy.spatial import ConvexHull

    corners = np.asarray(ConvexHull(directions).simplices, dtype=np.intp)
    volumes = np.abs(np.linalg.det(directions[corners]))
    corners = corners[volumes > 1e-9]
    inverses = np.linalg.inv(directions[corners])
    columns, rows = np.meshgrid(np.arange(_COLUMNS) * _GRID, np.arange(_ROWS) * _GRID - 90.0)
    points = unit_vectors(columns.ravel(), rows.ravel())
    found, shares = [], []
    for begin in range(0, len(points), _AT_ONCE):
        weights = np.einsum("gi,tij->gtj", points[begin : begin + _AT_ONCE], inverses)
        best = weights.min(axis=2).argmax(axis=1)
        three = np.maximum(weights[np.arange(len(best)), best], 0.0)
        found.append(corners[best])
        shares.append(three / three.sum(axis=1, keepdims=True))
    return np.concatenate(found), np.concatenate(shares)


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _bad(path: Path, why: str) -> See2SoundError:
    return See2SoundError(
        f"{path} is not a SOFA file of a head's responses",
        why,
        "Choose a file of the convention SimpleFreeFieldHRIR",
        kind="bad-request",
    )
