"""Arms assigned anew: which of some customers fall to which arm, in many campaigns at once."""

import numpy as np
import numpy.typing as npt

from loyalty_kit.campaigns.design.rows import Floats, Whole

Assigned = npt.NDArray[np.int8]
AT_ONCE = 1 << 18
"""Customers assigned in one block: their keys are sorted where the processor is quick."""
LONG = 2_048
FAR = 1e6
"""Squared mean, in variances, from which raw squares lose more than six digits."""


def assign_randomly(sizes: Whole, k: int, count: int, rng: np.random.Generator) -> Assigned:
    """Arm numbers of k customers when all customers are assigned to arms of these sizes.

    Parameters
    ----------
    sizes : array of shape (arms,)
        Customers in each arm.
    k : int
        Customers whose arm matters; the others have 0 everywhere and need no assigning.
    count : int
        Campaigns.
    rng : Generator
        Source of chance.

    Returns
    -------
    array of shape (count, k)

    Notes
    -----
    How many of the k fall to each arm is multivariate hypergeometric; which, a random order of them, told
    by the order of 31-bit keys. Two equal keys at the border of two arms, of a chance of k / 2³¹, go to
    the same arm.

    Examples
    --------
    >>> assigned = assign_randomly(np.array([6, 4]), 10, 3, np.random.default_rng(0))
    >>> (assigned == 0).sum(axis=1).tolist()
    [6, 6, 6]
    """
    ends = rng.multivariate_hypergeometric(sizes, k, size=count).cumsum(axis=1)[:, :-1]
    keys = rng.integers(0, 1 << 64, size=(count * k + 1) // 2, dtype=np.uint64).view(np.uint32)
    keys = keys[: count * k].reshape(count, k)
    keys >>= np.uint32(1)
    arm = np.zeros((count, k), dtype=np.int8)
    if keys.size:
        borders = _of_rank(keys, np.minimum(ends, k - 1))
        for end, border in zip(ends.T, borders.T, strict=True):
            arm += keys >= np.where(end < k, border, np.uint32(1 << 31))[:, None]
    return arm


def _of_rank(keys: npt.NDArray[np.uint32], ranks: Whole) -> npt.NDArray[np.uint32]:
    """Key of each rank in its row; a long row need not be sorted for it."""
    if keys.shape[1] < LONG:
        return np.take_along_axis(np.sort(keys, axis=1), ranks, axis=1)
    return np.stack([np.partition(row, rank)[rank] for row, rank in zip(keys, ranks, strict=True)])


def origin(values: Floats) -> float:
    """Where values are counted from before they are squared.

    Parameters
    ----------
    values : array of shape (customers,)
        None missing.

    Returns
    -------
    float
        Their mean where it is so large beside their spread that raw squares would lose digits; else 0, and
        where they are all alike: customers with 0 need not be dealt.

    Examples
    --------
    >>> origin(np.array([0.0, 0.0, 8.0])), origin(np.array([1e8, 1e8 + 2]))
    (0.0, 100000001.0)
    """
    if not len(values):
        return 0.0
    mean = float(values.mean())
    return mean if mean**2 > FAR * float(((values - mean) ** 2).mean()) > 0 else 0.0
