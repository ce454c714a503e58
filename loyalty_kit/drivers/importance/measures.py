"""Ways to measure importance, all on the correlation matrix."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from loyalty_kit.drivers.importance.subsets import MOST_EXACT, draw_orderings, shapley, shapley_sampled
from loyalty_kit.statistics.moments import Floats

Method = Literal["lmg", "relative_weights", "pratt", "last", "first"]
METHODS: tuple[str, ...] = get_args(Method)

MOST_EXACT_IN_SAMPLES = 15
"""Drivers up to which every bootstrap sample looks at all subsets."""

PAIRS_OF_ORDERINGS = 2000
"""Orders of the drivers, each with its reverse, that stand for all beyond 20 drivers."""

_PAIRS_IN_SAMPLES = 50
_NOTHING_LEFT = 1e-12


def driver_matrices(tables: Floats, drivers: int) -> tuple[Floats, Floats]:
    """Correlations of drivers and outcome after controls, and what the controls explain.

    Parameters
    ----------
    tables : array of shape (samples, columns + 1, columns + 1)
        Covariances of drivers, controls and outcome.
    drivers : int
        How many of the first columns are drivers.

    Returns
    -------
    array of shape (samples, drivers + 1, drivers + 1)
        Drivers less what controls explain of them, with unit variance; the outcome in units of its
        whole variance, so that its entry is 1 less what the controls explain.
    array of shape (samples,)
        R² of the controls alone.
    """
    kept = [*range(drivers), tables.shape[1] - 1]
    inner = after_controls(tables, drivers)
    whole = np.concatenate([np.diagonal(inner, axis1=1, axis2=2)[:, :-1], tables[:, -1:, -1]], axis=1)
    before = np.diagonal(tables, axis1=1, axis2=2)[:, kept]
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(whole > _NOTHING_LEFT * before, 1 / np.sqrt(whole), 0.0)
    matrices = inner * scale[:, :, None] * scale[:, None, :]
    return matrices, 1 - matrices[:, -1, -1]


def after_controls(tables: Floats, drivers: int) -> Floats:
    """Covariances of the first columns and the outcome, less what the columns between explain of them."""
    rest = tables.shape[1] - 1 - drivers
    kept = [*range(drivers), tables.shape[1] - 1]
    inner = tables[:, kept][:, :, kept]
    if not rest:
        return inner
    at = slice(drivers, drivers + rest)
    across = tables[:, kept, at]
    less = across @ np.linalg.pinv(tables[:, at, at], hermitian=True) @ across.transpose(0, 2, 1)
    return np.asarray(inner - less)


@dataclass(frozen=True, eq=False)
class Measure:
    """A way to measure importance, and what it finds on the data themselves.

    Where subsets are too many, `orderings` are the orders that stand for all; their own error on the data is
    taken off in the samples.
    """

    method: Method
    values: Floats
    orderings: npt.NDArray[np.intp] | None = None
    shift: Floats | float = 0.0
    error: Floats | None = None

    @classmethod
    def of(cls, method: Method, matrix: Floats, rng: np.random.Generator) -> "Measure":
        """Measure the importance in one matrix, and settle how samples are to be measured."""
        p = matrix.shape[1] - 1
        if method != "lmg" or p <= MOST_EXACT_IN_SAMPLES:
            return cls(method, measured(method, matrix)[0])
        if p <= MOST_EXACT:
            values, error = shapley(matrix)[0], None
        else:
            found, errors = shapley_sampled(matrix, draw_orderings(p, PAIRS_OF_ORDERINGS, rng))
            values, error = found[0], errors[0]
        orderings = draw_orderings(p, _PAIRS_IN_SAMPLES, rng)
        return cls(method, values, orderings, values - shapley_sampled(matrix, orderings)[0][0], error)

    def __call__(self, matrices: Floats) -> Floats:
        """Measure the importance in each of many matrices, samples × drivers."""
        if self.orderings is None:
            return measured(self.method, matrices)
        return shapley_sampled(matrices, self.orderings)[0] + self.shift


def measured(method: Method, matrices: Floats) -> Floats:
    """Measure the importance of each driver, samples × drivers.

    Notes
    -----
    With R the drivers' correlations, r those with the outcome and β = R⁻¹r:

    - lmg: Shapley value of R²; sums to R².
    - relative_weights: (R^½)² (R^(−½) r)², squares by element; sums to R².
    - pratt: β r; sums to R², negative where the two disagree in sign.
    - last: what R² loses without the driver, β² / diag(R⁻¹).
    - first: r², what the driver explains alone.

    References
    ----------
    Johnson, J. W. (2000). A heuristic method for estimating the relative weight of predictor
    variables in multiple regression. Multivariate Behavioral Research 35(1), 1–19. Pratt, J. W.
    (1987). Dividing the indivisible. In Pukkila & Puntanen (eds), University of Tampere, 245–260.
    """
    if method == "lmg":
        return shapley(matrices)
    r = matrices[:, :-1, -1]
    values, vectors = np.linalg.eigh(matrices[:, :-1, :-1])
    nonzero = values > _NOTHING_LEFT
    inverse = np.where(nonzero, 1 / np.where(nonzero, values, 1.0), 0.0)
    turned = np.einsum("sij,si->sj", vectors, r)
    if method == "relative_weights":
        root = (vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]) @ vectors.transpose(0, 2, 1)
        weights = np.einsum("sij,sj->si", vectors, turned * np.sqrt(inverse))
        return np.asarray(np.einsum("sij,sj->si", root**2, weights**2))
    if method == "first":
        return np.asarray(r**2)
    slopes = np.einsum("sij,sj->si", vectors, turned * inverse)
    if method == "pratt":
        return np.asarray(slopes * r)
    own = np.einsum("sij,sj->si", vectors**2, inverse)
    return np.asarray(slopes**2 / np.maximum(own, _NOTHING_LEFT))
