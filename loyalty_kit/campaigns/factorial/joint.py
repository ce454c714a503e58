"""Several correlated comparisons at once: the limit that all of them keep together."""

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

Floats = npt.NDArray[np.float64]
POINTS = 8192
"""Points of the lattice; the probability is then right to about 0.00005."""
RIDGE = 1e-10


def _lattice(dimensions: int) -> Floats:
    """Points of Richtmyer's lattice in the unit cube, folded so that they serve smooth functions."""
    numbers = np.arange(2, 14 * dimensions + 30)
    primes = numbers[[all(n % p for p in range(2, int(n**0.5) + 1)) for n in numbers.tolist()]][:dimensions]
    return np.asarray(np.abs(2 * ((np.arange(1, POINTS + 1)[:, None] * np.sqrt(primes)) % 1.0) - 1))


def box_probability(limit: float, correlation: Floats) -> float:
    """Probability that every one of some correlated normal deviates lies within ±limit.

    Parameters
    ----------
    limit : float
        The limit, in standard deviations.
    correlation : array of shape (comparisons, comparisons)
        Their correlations.

    Returns
    -------
    float

    Notes
    -----
    Genz's separation of variables: with L the Cholesky factor, each deviate is drawn within its limits given those
    before it, and the product of the probabilities of these is averaged over a lattice.

    References
    ----------
    Genz, A. (1992). Numerical computation of multivariate normal probabilities. Journal of Computational and
    Graphical Statistics 1(2), 141–149.

    Examples
    --------
    >>> round(box_probability(1.96, np.eye(1)), 4), round(box_probability(1.96, np.ones((2, 2))), 4)
    (0.95, 0.95)
    """
    k = len(correlation)
    factor = np.linalg.cholesky(correlation * (1 - RIDGE) + RIDGE * np.eye(k))
    points = _lattice(k)
    drawn = np.zeros((POINTS, k))
    inside = np.ones(POINTS)
    for i in range(k):
        known = drawn[:, :i] @ factor[i, :i]
        low, high = (special.ndtr((end - known) / factor[i, i]) for end in (-limit, limit))
        inside *= high - low
        within = np.clip(low + points[:, i] * (high - low), 1e-300, 1 - 1e-16)
        drawn[:, i] = special.ndtri(within)
    return float(inside.mean())


def joint_limit(correlation: Floats, confidence: float) -> float:
    """Limit in standard errors that all comparisons keep together at the confidence.

    Examples
    --------
    >>> round(joint_limit(np.eye(3), 0.95), 3)
    2.388
    """
    k = len(correlation)
    low, high = stats.norm.ppf((1 + confidence) / 2), stats.norm.isf((1 - confidence) / (2 * k)) + 1e-9
    if k < 2 or box_probability(low, correlation) >= confidence:
        return float(low)
    if box_probability(high, correlation) <= confidence:
        return float(high)
    return float(optimize.brentq(lambda c: box_probability(c, correlation) - confidence, low, high, xtol=1e-10))


def joint_p(p_values: Floats, correlation: Floats) -> Floats:
    """Single-step adjusted p values (max-t) of correlated comparisons, from their plain p values.

    Notes
    -----
    Each p value is turned into the normal deviate that it belongs to, so that t and normal tests mix; the interval at
    `joint_limit` excludes 0 exactly where the adjusted p is below 1 − confidence.
    """
    limits = stats.norm.isf(p_values / 2)
    exact = np.array([1 - box_probability(min(c, 38.0), correlation) if c == c else np.nan for c in limits])
    most = np.minimum(p_values * len(p_values), 1.0)
    return np.where(np.isnan(p_values), np.nan, np.clip(exact, p_values, most))
