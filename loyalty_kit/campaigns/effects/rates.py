"""Two rates with few events: a score interval that needs no large numbers, and an exact test."""

import numpy as np
from scipy import optimize, stats

from loyalty_kit.campaigns.design.rows import Floats

FEW = 10
"""Events, or customers without the event, in an arm from which a normal interval is close enough."""
TIED = 1e-7
"""Share of a probability up to which two are held to be equal."""


def score_interval(k0: int, n0: int, k1: int, n1: int, error: float) -> tuple[float, float]:
    """Interval of the difference k1/n1 − k0/n0 by Miettinen and Nurminen.

    Parameters
    ----------
    k0, n0, k1, n1 : int
        Events and customers of control and of the arm.
    error : float
        Two-sided error, as 0.05.

    Returns
    -------
    low, high : float

    Notes
    -----
    The differences d with (p̂₁ − p̂₀ − d)² ≤ z² V(d), where V is p₁(1 − p₁)/n₁ + p₀(1 − p₀)/n₀, times N/(N − 1),
    at the rates that are most likely among those that differ by d: the root of a cubic.

    References
    ----------
    Miettinen, O. S. & Nurminen, M. (1985). Comparative analysis of two rates. Statistics in Medicine 4, 213–226,
    equation 8 and appendix I. Newcombe, R. G. (1998). Interval estimation for the difference between independent
    proportions: comparison of eleven methods. Statistics in Medicine 17, 873–890, method 6.

    Examples
    --------
    >>> [round(limit, 4) for limit in score_interval(0, 2000, 0, 2000, 0.05)]
    [-0.0019, 0.0019]
    """
    z2 = float(stats.norm.isf(error / 2)) ** 2
    found = k1 / n1 - k0 / n0

    def beyond(d: float) -> float:
        return (found - d) ** 2 - z2 * _restricted_variance(d, k0, n0, k1, n1)

    near = 1e-12
    low = -1.0 if found - near <= -1 else float(optimize.brentq(beyond, -1.0, found - near, xtol=1e-14))
    high = 1.0 if found + near >= 1 else float(optimize.brentq(beyond, found + near, 1.0, xtol=1e-14))
    return low, high


def _restricted_variance(d: float, k0: int, n0: int, k1: int, n1: int) -> float:
    """Variance of the difference of two rates at the likeliest rates that differ by d."""
    n, k = n0 + n1, k0 + k1
    a = ((n1 + 2 * n0) * d - n - k) / (3 * n)
    b = ((n0 * d - n - 2 * k0) * d + k) / n
    c = k0 * d * (1 - d) / n
    q = a**3 - a * b / 2 + c / 2
    p = np.copysign(np.sqrt(max(a**2 - b / 3, 0.0)), q)
    angle = (np.pi + np.arccos(np.clip(q / p**3 if p else 1.0, -1.0, 1.0))) / 3
    rate = float(np.clip(2 * p * np.cos(angle) - a, max(0.0, -d), min(1.0, 1 - d)))
    other = min(max(rate + d, 0.0), 1.0)
    return (other * (1 - other) / n1 + rate * (1 - rate) / n0) * n / (n - 1)


def _conditional(k: int, n0: int, n1: int) -> tuple[Floats, Floats, Floats]:
    """Events in control that k in all allow, their probabilities under chance, and the two-sided p of each."""
    events = np.arange(max(0, k - n1), min(k, n0) + 1)
    chance = stats.hypergeom.pmf(events, n0 + n1, k, n0)
    order = np.argsort(chance, kind="stable")
    ranked = chance[order]
    upto = np.searchsorted(ranked, chance * (1 + TIED), side="right")
    return events.astype(float), chance, np.minimum(np.cumsum(ranked)[upto - 1], 1.0)


def exact_p(k0: int, n0: int, k1: int, n1: int) -> float:
    """Two-sided p of Fisher's exact test.

    Notes
    -----
    Given all events, those in control are hypergeometric under chance; p is the probability of all numbers that are
    no likelier than the one found.

    References
    ----------
    Fisher, R. A. (1935). The logic of inductive inference. JRSS 98(1), 39–82; scipy.stats.fisher_exact.

    Examples
    --------
    >>> round(exact_p(3, 10, 9, 10), 4), exact_p(0, 2000, 0, 2000)
    (0.0198, 1.0)
    """
    events, _, p_values = _conditional(k0 + k1, n0, n1)
    return float(p_values[int(k0 - events[0])])


def exact_alarms(k0: int, n0: int, k1: int, n1: int, error: float) -> tuple[float, float]:
    """Chance that the exact test calls the arm better, and worse, where it does nothing.

    Examples
    --------
    >>> [round(rate, 3) for rate in exact_alarms(0, 100, 12, 900, 0.05)]
    [0.0, 0.025]
    """
    k = k0 + k1
    events, chance, p_values = _conditional(k, n0, n1)
    difference = (k - events) / n1 - events / n0
    alarm = p_values <= error
    return float(chance[alarm & (difference > 0)].sum()), float(chance[alarm & (difference < 0)].sum())


def compare_rare(k0: int, n0: int, k1: int, n1: int, error: float) -> tuple[float, float, float]:
    """Limits and p of the difference of two rates with few events; they agree on whether it is clear.

    Where the exact test finds nothing at this error, a score interval that leaves 0 out is drawn on to it.

    Examples
    --------
    >>> [round(value, 4) for value in compare_rare(0, 1000, 5, 1000, 0.05)]
    [0.0, 0.0117, 0.0622]
    """
    p = exact_p(k0, n0, k1, n1)
    return (*agreeing(*score_interval(k0, n0, k1, n1, error), clear=p <= error), p)


def agreeing(low: float, high: float, *, clear: bool) -> tuple[float, float]:
    """Interval that holds 0 where the test finds nothing clear.

    Examples
    --------
    >>> agreeing(0.1, 0.4, clear=False), agreeing(0.1, 0.4, clear=True)
    ((0.0, 0.4), (0.1, 0.4))
    """
    return (low, high) if clear else (min(low, 0.0), max(high, 0.0))


def score_z(k0: int, n0: int, k1: int, n1: int, at: float) -> float:
    """Standardized distance of two rates' difference from `at`, by Miettinen and Nurminen.

    Examples
    --------
    >>> low, high = score_interval(3, 500, 9, 500, 0.05)
    >>> round(score_z(3, 500, 9, 500, low), 4), round(score_z(3, 500, 9, 500, high), 4)
    (1.96, -1.96)
    """
    variance = _restricted_variance(at, k0, n0, k1, n1)
    return _over(k1 / n1 - k0 / n0 - at, variance)


def ratio_z(k0: int, n0: int, k1: int, n1: int, at: float) -> float:
    """Standardized distance of k1/n1 from `at` times k0/n0, by Miettinen and Nurminen.

    Notes
    -----
    (p̂₁ − R p̂₀)² over p₁(1 − p₁)/n₁ + R² p₀(1 − p₀)/n₀, times N/(N − 1), at the likeliest rates with p₁ = R p₀:
    p₀ is the smaller root of N R p² − (n₁ R + k₁ + n₀ + k₀ R) p + k₀ + k₁.

    References
    ----------
    Miettinen, O. S. & Nurminen, M. (1985). Comparative analysis of two rates. Statistics in Medicine 4, 213–226,
    equations 10 and 11.
    """
    n, k = n0 + n1, k0 + k1
    b = n1 * at + k1 + n0 + k0 * at
    p0 = 2 * k / (b + np.sqrt(max(b**2 - 4 * n * at * k, 0.0))) if k else 0.0
    p1 = min(at * p0, 1.0)
    variance = (p1 * (1 - p1) / n1 + at**2 * p0 * (1 - p0) / n0) * n / (n - 1)
    return _over(k1 / n1 - at * k0 / n0, variance)


def _over(distance: float, variance: float) -> float:
    if variance > 0:
        return float(distance / np.sqrt(variance))
    return float(np.sign(distance) * np.inf) if distance else 0.0


def ratio_interval(k0: int, n0: int, k1: int, n1: int, error: float) -> tuple[float, float]:
    """Score interval of the ratio of two rates, arm over control; from 0, or without an upper end, where one has none.

    Examples
    --------
    >>> [round(limit, 3) for limit in ratio_interval(10, 100, 20, 100, 0.05)], ratio_interval(0, 50, 0, 50, 0.05)
    ([1.005, 4.031], (0.0, inf))
    """
    limit = float(stats.norm.isf(error / 2))
    found = (k1 / n1) / (k0 / n0) if k0 else np.inf

    def root(way: int, low: float, high: float) -> float:
        at = optimize.brentq(
            lambda log: ratio_z(k0, n0, k1, n1, float(np.exp(log))) - way * limit, low, high, xtol=1e-12
        )
        return float(np.exp(at))

    middle = float(np.log(found)) if 0 < found < np.inf else 0.0
    low = 0.0 if not k1 else root(1, -40.0, middle if k0 else 40.0)
    high = np.inf if not k0 else root(-1, middle if k1 else -40.0, 40.0)
    return low, float(high)
