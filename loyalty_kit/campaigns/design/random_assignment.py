"""Arms assigned anew: which of some customers fall to which arm, in many campaigns at once."""

import numpy as np
import numpy.typing as npt

from loyalty_kit.campaigns.design.rows import Floats, Whole

Assigned = npt.NDArray[np.int8]
AT_ONCE = 1 << 18
"""Customers assigned in one block: their keys are sorted where the processor is quick."""
LONG, KEYS = 4_096, 1 << 16
"""Customers from which they are thrown and not sorted, and how many different throws there are."""
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
    How many of the k fall to each arm is multivariate hypergeometric. Which, is told for a few by the order of
    31-bit keys (two equal keys at the border of two arms, of a chance of k / 2³¹, go to the same arm). Many
    are thrown to the arms one by one, and as many as an arm then holds too many are moved, chosen at random:
    neither step looks at who a customer is, so every assignment of these sizes is equally probable.

    Examples
    --------
    >>> assigned = assign_randomly(np.array([6, 4]), 10, 3, np.random.default_rng(0))
    >>> (assigned == 0).sum(axis=1).tolist()
    [6, 6, 6]
    """
    within = rng.multivariate_hypergeometric(sizes, k, size=count)
    return _by_rank(within, k, rng) if k < LONG else _by_threshold(within, k, rng)


def _by_rank(within: Whole, k: int, rng: np.random.Generator) -> Assigned:
    """Arms by the order of keys: the first of them to the first arm, and so on."""
    count = len(within)
    ends = within.cumsum(axis=1)[:, :-1]
    keys = rng.integers(0, 1 << 64, size=(count * k + 1) // 2, dtype=np.uint64).view(np.uint32)
    keys = keys[: count * k].reshape(count, k)
    keys >>= np.uint32(1)
    arm = np.zeros((count, k), dtype=np.int8)
    if keys.size:
        borders = np.take_along_axis(np.sort(keys, axis=1), np.minimum(ends, k - 1), axis=1)
        for end, border in zip(ends.T, borders.T, strict=True):
            arm += keys >= np.where(end < k, border, np.uint32(1 << 31))[:, None]
    return arm


def _by_threshold(within: Whole, k: int, rng: np.random.Generator) -> Assigned:
    """Arms by a throw for each customer, then as many moved at random as an arm holds too many."""
    count, arms = within.shape
    keys = rng.integers(0, 1 << 64, size=(count * k + 3) // 4, dtype=np.uint64).view(np.uint16)
    keys = keys[: count * k].reshape(count, k)
    limits = np.minimum(np.rint(within.cumsum(axis=1)[:, :-1] * (KEYS / k)), KEYS - 1).astype(np.uint16)
    arm = np.zeros((count, k), dtype=np.int8)
    for limit in limits.T:
        arm += (keys >= limit[:, None]).view(np.int8)
    for row, lacking in zip(arm, within - held(arm, arms), strict=True):
        _to_size(row, lacking, rng)
    return arm


def _to_size(arm: Assigned, lacking: Whole, rng: np.random.Generator) -> None:
    """Move customers, chosen at random, from the arms that hold too many to those that lack some."""
    chosen = [
        rng.choice(np.flatnonzero(arm == a), size=-lacking[a], replace=False, shuffle=False)
        for a in np.flatnonzero(lacking < 0)
    ]
    if chosen:
        moved = rng.permutation(np.concatenate(chosen))
        arm[moved] = np.repeat(np.arange(len(lacking), dtype=np.int8), np.maximum(lacking, 0))


def held(assigned: Assigned, arms: int) -> Whole:
    """Count the customers of each arm in each campaign, campaigns × arms; counting along an axis takes far longer."""
    return np.array([[np.count_nonzero(row == a) for a in range(arms)] for row in assigned]).reshape(-1, arms)


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
