"""Looking before the end: always-valid limits and alpha spending."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from scipy import optimize, stats

from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import shown

Looks = Literal["continuous"] | Sequence[float] | None
TUNED_FOR = 10_000
FEWEST_EVENTS = 200
"""Customers with anything but 0 that are due in the smaller arm before limits over several looks hold.

Simulated without any effect, spend lognormal (σ 1.2) of 5 % buyers, 8 and 100 looks at 8,000 to 160,000 customers, 5,
10 and 50 % control: 'better' in at most 2.4 % of campaigns, where 2.5 % are due; with every look counted in up to 33 %.
"""
FEWEST_PLANNED = 1_000
"""The same for planned looks at anything but a rate, whose first limits lie far out in the tails.

Simulated without any effect, four planned looks at 80,000 to 1,600,000 customers, the same spend: 'better' in 6.0 %
from 200 on with 10 % control, and in 4.2 % at most from 1,000 on (2,000 draws each, Monte Carlo error 0.5 points),
where 2.5 % are due; with arms of one size in 2.8 %. So arms of unequal sizes are warned of too.
"""
UNEVEN = 2.0
"""Ratio of the arms' sizes from which planned looks at skewed outcomes are warned of."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(160)


def check_looks(looks: Any) -> None:
    """Refuse looks that are neither 'continuous' nor growing shares of the planned customers."""
    if looks is None or looks == "continuous":
        return
    shares = np.asarray(looks, dtype=float) if isinstance(looks, list | tuple | np.ndarray) else np.array([])
    if not len(shares) or shares[0] <= 0 or shares[-1] > 1 or (np.diff(shares) <= 0).any():
        raise InputError(
            "'looks' must be 'continuous' or growing shares of the plan, as [0.25, 0.5, 1]; got {given}.",
            given=shown(looks),
        )


def _mixing(confidence: float, tuned_for: float) -> float:
    """Give the customers that the mixture adds, so that the limit is tightest near `tuned_for` customers."""
    reach = -2 * np.log(1 - confidence)
    return float(tuned_for / (reach + np.log(reach + 1)))


def always_valid_limit(n: Floats, confidence: float, *, tuned_for: float = TUNED_FOR) -> Floats:
    """Limit in standard errors that holds at every number of customers at once.

    Parameters
    ----------
    n : array
        Customers compared so far.
    confidence : float
        Level that holds over all looks together.
    tuned_for : float
        Customers at which the limit is tightest; to be fixed before the campaign.

    Returns
    -------
    array
        √((n + k)/n · log((n + k)/(k a²))) with a = 1 − confidence and k from `tuned_for`.

    References
    ----------
    Waudby-Smith, I., Arbour, D., Sinha, R., Kennedy, E. H. & Ramdas, A. (2024). Time-uniform central limit
    theory and asymptotic confidence sequences. Annals of Statistics 52(6), 2613–2640, theorem 2.2.

    Examples
    --------
    >>> always_valid_limit(np.array([10_000.0]), 0.95).round(2).tolist()
    [3.04]
    """
    k = _mixing(confidence, tuned_for)
    return np.asarray(np.sqrt((n + k) / n * np.log((n + k) / (k * (1 - confidence) ** 2))))


def always_valid_p(z: Floats, n: Floats, confidence: float, *, tuned_for: float = TUNED_FOR) -> Floats:
    """Give the p value that stays valid at every look: the level at which the always-valid limit is |z|."""
    k = _mixing(confidence, tuned_for)
    return np.asarray(np.minimum(np.sqrt((n + k) / k) * np.exp(-(z**2) * n / (2 * (n + k))), 1.0))


def spending_limits(looks: Sequence[float], confidence: float) -> list[float]:
    """Limits in standard errors at planned looks that together spend the error as O'Brien and Fleming do.

    Parameters
    ----------
    looks : list of float
        Shares of the planned customers at each look, growing, the last at most 1.
    confidence : float
        Level over all looks together.

    Returns
    -------
    list of float

    Notes
    -----
    By the share t, 2 − 2Φ(z/√t) of the error is spent on each side, z the normal limit of a quarter of
    the error. Crossing probabilities follow by recursive integration over the Brownian path.

    References
    ----------
    Lan, K. K. G. & DeMets, D. L. (1983). Discrete sequential boundaries for clinical trials. Biometrika
    70, 659–663.

    Examples
    --------
    >>> [round(limit, 3) for limit in spending_limits([0.5, 1.0], 0.95)]
    [2.963, 1.969]
    """
    z = stats.norm.isf((1 - confidence) / 4)
    limits: list[float] = []
    path, mass, before, spent = np.zeros(1), np.ones(1), 0.0, 0.0
    for share in looks:
        target = 4 * float(stats.norm.sf(z / np.sqrt(share)))
        step = np.sqrt(share - before)
        edge = optimize.brentq(_excess, 1e-3, 40.0, args=(path, mass, step, target - spent), xtol=1e-11)
        limits.append(float(edge / np.sqrt(share)))
        reached = edge * NODES
        mass = edge * WEIGHTS * (stats.norm.pdf((reached[:, None] - path) / step) / step @ mass)
        path, before, spent = reached, share, target
    return limits


def _excess(edge: float, path: Floats, mass: Floats, step: float, due: float) -> float:
    """Probability of leaving ±edge in the next step, less what is due."""
    return float(mass @ (stats.norm.sf((edge - path) / step) + stats.norm.cdf((-edge - path) / step))) - due


def spending_p(z: float, looks: Sequence[float]) -> float:
    """Give the p value at the last of the looks: the smallest error at which the limit there is within |z|."""
    if np.isnan(z):
        return float("nan")

    def gap(log_error: float) -> float:
        return spending_limits(looks, 1 - float(np.exp(log_error)))[-1] - abs(z)

    low, high = np.log(1e-12), np.log(0.999)
    if gap(low) < 0:
        return 1e-12
    return 0.999 if gap(high) > 0 else float(np.exp(optimize.brentq(gap, low, high, xtol=1e-8)))
