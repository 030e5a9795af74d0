"""Robust least squares of many unknowns that each meet few others.

Gauss-Newton steps with Levenberg's damping on Huber's cost ("Robust estimation of
a location parameter", Annals of Mathematical Statistics 35, 1964): square near
zero, straight beyond, so that what is far off pulls no harder than what is a
little off, and a small change of what is measured remains a small change of the
answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, diags
from scipy.sparse.linalg import spsolve

from ..progress import Progress

Values = NDArray[np.float64]
Columns = NDArray[np.int64]

MOST_STEPS = 60
#: No unknown (all are logarithms or angles) goes farther than this in a step.
LONGEST_STEP = 0.7
#: Steps shorter than this end the search.
SMALL_STEP = 1e-4


@dataclass(frozen=True)
class Rows:
    """Residuals of one kind, in standard deviations, at one value of the unknowns.

    Attributes
    ----------
    rest : (N,) array
    columns : (N, K) int array
        Which unknowns each depends on.
    slopes : (N, K) array
        Its derivatives by these.
    weight : (N,) array
        How much each counts, 0 to 1.
    bend : float
        Where Huber's cost becomes straight; infinite for plain squares.
    """

    rest: Values
    columns: Columns
    slopes: Values
    weight: Values
    bend: float = np.inf

    def cost(self) -> float:
        away = np.abs(self.rest)
        square = np.minimum(away, self.bend)
        return float(np.sum(self.weight * (0.5 * square**2 + square * (away - square))))

    def pull(self) -> Values:
        """The weights of a step's normal equations, (N,)."""
        return self.weight * np.minimum(1.0, self.bend / np.maximum(np.abs(self.rest), 1e-9))


def minimise(
    rows_at: Callable[[Values], Sequence[Rows]], start: Values, progress: Progress
) -> Values:
    """The unknowns of least cost near a start.

    Parameters
    ----------
    rows_at : callable
        Gives all residuals at unknowns; they must hold every unknown.
    start : (M,) array
    progress : Progress
        Called before each step.

    Returns
    -------
    (M,) array
    """
    found, rows = np.array(start, float), list(rows_at(start))
    cost, damping = sum(r.cost() for r in rows), 1e-9
    for number in range(MOST_STEPS):
        progress("Measuring distances", number / MOST_STEPS)
        normal, slope = _normal_equations(rows, len(found))
        scale = normal.diagonal()
        step = np.full(len(found), np.inf)
        while True:
            step = -spsolve(normal + diags(damping * scale, format="csc"), slope)
            step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
            trial = list(rows_at(found + step))
            lower = sum(r.cost() for r in trial)
            if lower <= cost or damping > 1e6:
                break
            damping *= 100.0
        if lower > cost:
            return found
        found, rows, cost = found + step, trial, lower
        damping = max(damping / 10.0, 1e-12)
        if np.abs(step).max() < SMALL_STEP:
            break
    return found


def _normal_equations(rows: Sequence[Rows], count: int) -> tuple[csc_matrix, Values]:
    """The matrix and the gradient of a Gauss-Newton step."""
    slope = np.zeros(count)
    at, across, values = [], [], []
    for row in rows:
        pull = row.pull()
        np.add.at(slope, row.columns, row.slopes * (pull * row.rest)[:, None])
        products = row.slopes[:, :, None] * row.slopes[:, None, :] * pull[:, None, None]
        at.append(np.broadcast_to(row.columns[:, :, None], products.shape).ravel())
        across.append(np.broadcast_to(row.columns[:, None, :], products.shape).ravel())
        values.append(products.ravel())
    where = (np.concatenate(at), np.concatenate(across))
    return csc_matrix((np.concatenate(values), where), shape=(count, count)), slope
