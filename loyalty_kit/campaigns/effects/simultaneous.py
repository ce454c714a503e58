"""Several comparisons at once: max-t over arms that share a control."""

from typing import Any

import numpy as np
from scipy import optimize, special, stats

from loyalty_kit.campaigns.design.rows import Floats

NODES, WEIGHTS = np.polynomial.legendre.leggauss(300)
Z = 9.0 * NODES
MASS = 9.0 * WEIGHTS * np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi)


def family_coverage(limit: Any, variance: Floats) -> float:
    """Probability that every standardized difference from a shared control stays within ±limit.

    Parameters
    ----------
    limit : float
        The limit, in standard errors.
    variance : array of shape (arms,)
        Variance of each arm's value, control first.

    Returns
    -------
    float

    Notes
    -----
    Differences from one control are correlated through it alone: with λₐ² = v₀ / (v₀ + vₐ) and z the
    control's deviation, they are independent given z, so the probability is the one-dimensional
    integral of φ(z) Πₐ [Φ((c + λₐz)/√(1 − λₐ²)) − Φ((−c + λₐz)/√(1 − λₐ²))].

    References
    ----------
    Dunnett, C. W. (1955). A multiple comparison procedure for comparing several treatments with a
    control. JASA 50, 1096–1121. Hothorn, T., Bretz, F. & Westfall, P. (2008). Simultaneous inference in
    general parametric models. Biometrical Journal 50(3), 346–363.

    Examples
    --------
    >>> float(round(family_coverage(2.2121, np.array([1.0, 1.0, 1.0])), 4))
    0.95
    """
    both = variance[0] + variance[1:]
    share = np.sqrt(np.divide(variance[0], both, out=np.zeros_like(both), where=both > 0))[:, None]
    rest = np.sqrt(np.maximum(1 - share**2, 1e-12))
    inside = special.ndtr((limit + share * Z) / rest) - special.ndtr((-limit + share * Z) / rest)
    return float(MASS @ inside.prod(axis=0))


def critical_value(variance: Floats, confidence: float) -> float:
    """Limit in standard errors that every difference keeps together at the confidence.

    Examples
    --------
    >>> round(critical_value(np.array([1.0, 1.0]), 0.95), 3)
    1.96
    """
    low, high = stats.norm.ppf((1 + confidence) / 2), stats.norm.isf((1 - confidence) / (2 * len(variance[1:]))) + 1e-9
    if high - low < 1e-6 or variance[0] <= 0:
        return float(high)
    return float(optimize.brentq(lambda c: family_coverage(c, variance) - confidence, low - 1e-9, high, xtol=1e-12))


def max_t(p_values: Floats, variance: Floats) -> Floats:
    """Single-step adjusted p values of differences from a shared control, from their plain p values.

    Notes
    -----
    Each p value is turned into the normal deviate that it belongs to, so that t and normal tests mix;
    the interval at the same limit excludes 0 exactly where the adjusted p is below 1 − confidence.
    """
    most = np.minimum(p_values * len(p_values), 1.0)
    limits = stats.norm.isf(p_values / 2)
    exact = np.array([1 - family_coverage(c, variance) if np.isfinite(c) else np.nan for c in limits])
    return np.where(np.isnan(p_values), np.nan, np.where(p_values < 1e-9, most, np.clip(exact, p_values, most)))
