"""R² of every subset of drivers, and what follows from it: Shapley importance and dominance."""

from functools import lru_cache
from math import comb, factorial

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.statistics.moments import Floats

MOST_EXACT = 20
"""Drivers up to which all subsets are looked at."""

_NOTHING_LEFT = 1e-12
_SUBSETS_AT_ONCE = 1 << 16
_MATRICES_AT_ONCE = 1 << 15
_JITTER = 1e-11


def subset_r_squared(matrices: Floats) -> Floats:
    """R² of every subset of drivers.

    Parameters
    ----------
    matrices : array of shape (samples, drivers + 1, drivers + 1)
        Correlations of the drivers, with the outcome last; what the outcome's own entry lacks to 1
        is what controls explain already.

    Returns
    -------
    array of shape (2 ** drivers, samples)
        What each subset explains; subset s holds driver j where bit j of s is set.

    Notes
    -----
    A driver is taken in by one Schur complement of the matrix of what the subset so far leaves over,
    and dropped by deleting its row. Doing both for each driver in turn doubles the subsets while the
    matrices shrink, so that all 2ᵖ take about 12 · 2ᵖ multiplications, and never a regression.

    Examples
    --------
    >>> subset_r_squared(np.array([[[1, 0.5, 0.6], [0.5, 1, 0.3], [0.6, 0.3, 1]]])).ravel().round(4).tolist()
    [0.0, 0.36, 0.09, 0.36]
    """
    return np.asarray(matrices[:, -1, -1] - left_over(matrices, matrices.shape[1] - 1)[0, 0])


def left_over(matrices: Floats, drivers: int) -> Floats:
    """Find what every subset of the first columns leaves of the others, others × others × subsets × samples."""
    left = np.ascontiguousarray(matrices.transpose(1, 2, 0))[:, :, None, :]
    for _ in range(drivers):
        pivot, column, without = left[0, 0], left[1:, 0], left[1:, 1:]
        slope = column * np.where(pivot > _NOTHING_LEFT, 1 / np.maximum(pivot, _NOTHING_LEFT), 0.0)
        left = np.concatenate([without, without - slope[:, None] * column[None]], axis=2)
    return np.asarray(left)


def shapley(matrices: Floats) -> Floats:
    """Shapley value of each driver's part in R², samples × drivers: Lindeman, Merenda and Gold's LMG.

    Notes
    -----
    The mean over all orders of what a driver adds when it comes in: Σ over the subsets S without
    it of |S|! (p − |S| − 1)! / p! · (R²(S ∪ driver) − R²(S)).

    References
    ----------
    Grömping, U. (2007). Estimators of relative importance in linear regression based on variance
    decomposition. The American Statistician 61(2), 139–147, equation 7.
    """
    p = matrices.shape[1] - 1
    block = max(1, _SUBSETS_AT_ONCE >> p)
    return np.vstack([shapley_of(subset_r_squared(matrices[i : i + block])) for i in range(0, len(matrices), block)])


def shapley_of(explained: Floats) -> Floats:
    """Shapley values from the worth of all subsets, samples × players."""
    p = len(explained).bit_length() - 1
    without = np.array([factorial(s) * factorial(p - s - 1) / factorial(p) for s in range(p)] + [0.0])
    within = np.roll(without, 1)
    sizes = subset_sizes(p)
    base = without[sizes] @ explained
    weighted = (within + without)[sizes][:, None] * explained
    parts = [weighted.reshape(1 << (p - 1 - j), 2, 1 << j, -1)[:, 1].sum(axis=(0, 1)) - base for j in range(p)]
    return np.column_stack(parts)


@lru_cache(maxsize=4)
def subset_sizes(drivers: int) -> npt.NDArray[np.intp]:
    """Count the drivers in each subset."""
    sizes = np.zeros(1, dtype=np.intp)
    for _ in range(drivers):
        sizes = np.concatenate([sizes, sizes + 1])
    sizes.flags.writeable = False
    return sizes


def draw_orderings(drivers: int, pairs: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Random orders of the drivers in pairs, each followed by its reverse."""
    orderings = rng.permuted(np.tile(np.arange(drivers), (pairs, 1)), axis=1)
    return np.stack([orderings, orderings[:, ::-1]], axis=1).reshape(2 * pairs, drivers)


def shapley_sampled(matrices: Floats, orderings: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Shapley values over some orders only, and their standard errors, samples × drivers each.

    Notes
    -----
    In one order the squared last row of the Cholesky factor is what each driver adds, so every order
    adds up to R² exactly. The error is that of the mean over pairs of an order and its reverse.
    """
    count, p = orderings.shape
    places = np.column_stack([orderings, np.full(count, p)])
    back = np.argsort(orderings, axis=1)
    values, errors = np.empty((len(matrices), p)), np.empty((len(matrices), p))
    for i, matrix in enumerate(matrices + _JITTER * np.eye(p + 1)):
        added = []
        for first in range(0, count, _MATRICES_AT_ONCE):
            at = places[first : first + _MATRICES_AT_ONCE]
            last = np.linalg.cholesky(matrix[at[:, :, None], at[:, None, :]])[:, -1, :-1]
            added.append(np.take_along_axis(last**2, back[first : first + _MATRICES_AT_ONCE], axis=1))
        pairs = np.vstack(added).reshape(count // 2, 2, p).mean(axis=1)
        values[i] = pairs.mean(axis=0)
        errors[i] = pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
    return values, errors


def dominance(matrix: Floats, names: tuple[str, ...]) -> pd.DataFrame:
    """How far each driver dominates each less important one.

    Parameters
    ----------
    matrix : array of shape (drivers + 1, drivers + 1)
        As in `subset_r_squared`.
    names : tuple of str
        The drivers.

    Returns
    -------
    DataFrame, a row a pair
        driver, over, level. 'complete': added to any subset of the others, the driver adds at least as
        much as the one it is over; 'conditional': it does on average at every size of subset;
        'general': only on average over the sizes, which is what its larger Shapley value says.

    References
    ----------
    Azen, R. & Budescu, D. V. (2003). The dominance analysis approach for comparing predictors in
    multiple regression. Psychological Methods 8(2), 129–148.
    """
    p = len(names)
    explained = subset_r_squared(matrix[None])[:, 0]
    cube = explained.reshape((2,) * p).transpose()
    by_size = _added_by_size(explained, p)
    order = np.argsort(-by_size.mean(axis=1), kind="stable")
    rows = []
    for place, i in enumerate(order):
        for j in order[place + 1 :]:
            ahead = np.moveaxis(cube, (i, j), (0, 1))
            if (ahead[1, 0] >= ahead[0, 1] - _NOTHING_LEFT).all():
                level = "complete"
            else:
                level = "conditional" if (by_size[i] >= by_size[j] - _NOTHING_LEFT).all() else "general"
            rows.append((names[i], names[j], level))
    return pd.DataFrame(rows, columns=["driver", "over", "level"])


def _added_by_size(explained: Floats, p: int) -> Floats:
    """Mean of what each driver (row) adds to the subsets of each size (column) without it."""
    sizes = subset_sizes(p)
    counts = np.array([comb(p - 1, size) for size in range(p)])
    total = np.bincount(sizes, explained, minlength=p + 1)
    table = np.empty((p, p))
    for j in range(p):
        inside = (np.arange(1 << p) >> j & 1).astype(bool)
        within = np.bincount(sizes[inside], explained[inside], minlength=p + 1)
        table[j] = (within[1:] - (total - within)[:-1]) / counts
    return table
