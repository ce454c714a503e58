"""A driver's importance, divided among the items that its score is the mean of."""

from math import factorial

import numpy as np

from loyalty_kit.drivers.importance.measures import after_controls
from loyalty_kit.drivers.importance.subsets import left_over, shapley_of, subset_sizes
from loyalty_kit.statistics.moments import Floats

MOST_TOGETHER = 15
"""Items of a driver and other drivers, together, up to which all subsets are looked at."""

_NOTHING_LEFT = 1e-12
_AT_ONCE = 1 << 21


def split(tables: Floats, others: int, items: int) -> Floats:
    """Shapley value of each item of one driver in that driver's LMG importance, samples × items.

    Parameters
    ----------
    tables : array of shape (samples, columns, columns)
        Covariances of the other drivers, then the driver's items, then controls, then the outcome.
    others, items : int
        How many columns are other drivers, and items.

    Returns
    -------
    array of shape (samples, items)
        In units of R²; each row adds up to the importance of the driver whose score is the mean of the items.

    Notes
    -----
    A set S of items is worth v(S) = Σ_T |T|! (p − |T| − 1)! / p! · cov(s, y | T)² / var(s | T) / var(y): the LMG
    importance that the driver would have if its score s were the sum of these items only, T going over the
    subsets of the other p − 1 drivers. The value of an item is what it adds to v, averaged over all orders in
    which the items could enter the score.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. In Kuhn & Tucker (eds), Contributions to the theory of
    games II, 307–317. Grömping, U. (2007). Estimators of relative importance in linear regression based on
    variance decomposition. The American Statistician 61(2), 139–147.
    """
    block = max(1, _AT_ONCE >> (others + items))
    parts = [_worth(tables[i : i + block], others, items) for i in range(0, len(tables), block)]
    return np.vstack([shapley_of(worth) for worth in parts])


def _worth(tables: Floats, others: int, items: int) -> Floats:
    """Worth of every subset of the items, subsets × samples; subset s holds item j where bit j of s is set."""
    inner = after_controls(tables, others + items)
    spread = np.sqrt(np.maximum(np.diagonal(inner, axis1=1, axis2=2), _NOTHING_LEFT))
    # Items keep one unit, for their mean is the score.
    spread[:, others:-1] = spread[:, others:-1].mean(axis=1, keepdims=True)
    spread[:, -1] = np.sqrt(tables[:, -1, -1])
    left = left_over(inner / spread[:, :, None] / spread[:, None, :], others)
    holds = (np.arange(1 << items)[:, None] >> np.arange(items) & 1).astype(float)
    with_outcome = np.einsum("si,itb->stb", holds, left[:-1, -1])
    own = np.einsum("si,sj,ijtb->stb", holds, holds, left[:-1, :-1], optimize=True)
    sizes = np.array([factorial(t) * factorial(others - t) / factorial(others + 1) for t in range(others + 1)])
    added = with_outcome**2 * np.where(own > _NOTHING_LEFT, 1 / np.maximum(own, _NOTHING_LEFT), 0.0)
    return np.asarray(np.einsum("t,stb->sb", sizes[subset_sizes(others)], added))
