"""Studentised permutation test of two arms: holds its level where spend is skewed and buyers are few."""

from dataclasses import dataclass

import numpy as np

from loyalty_kit.campaigns.rows import Floats

CHUNK = 2_000_000


@dataclass(frozen=True, eq=False)
class Permutation:
    """Observed difference with its error, and the studentised differences of re-drawn arms.

    Attributes
    ----------
    difference, standard_error : float
        Of treatment less control.
    draws : array of shape (draws,)
        Studentised differences under chance alone, sorted.
    """

    difference: float
    standard_error: float
    draws: Floats

    @property
    def p_value(self) -> float:
        """Two-sided p: twice the smaller tail, the observed arms counted among the draws."""
        t = self.difference / self.standard_error
        above = len(self.draws) - np.searchsorted(self.draws, t - 1e-9 * max(abs(t), 1.0), side="left")
        below = np.searchsorted(self.draws, t + 1e-9 * max(abs(t), 1.0), side="right")
        return float(min(2 * (1 + min(above, below)) / (len(self.draws) + 1), 1.0))

    def interval(self, confidence: float) -> tuple[float, float]:
        """Interval that excludes 0 exactly where the p value is at most 1 − confidence."""
        m = max(int((1 - confidence) / 2 * (len(self.draws) + 1) + 1e-9), 1)
        return (
            float(self.difference - self.draws[-m] * self.standard_error),
            float(self.difference - self.draws[m - 1] * self.standard_error),
        )


def permute(control: Floats, treatment: Floats, *, draws: int, rng: np.random.Generator) -> Permutation:
    """Studentised permutation of two arms' outcomes.

    Parameters
    ----------
    control, treatment : array of shape (customers,)
        Outcomes, none missing.
    draws : int
        How often the customers are dealt anew.
    rng : Generator
        Source of chance.

    Returns
    -------
    Permutation

    Notes
    -----
    The statistic is Welch's t, which makes the test valid for a difference of means although spreads
    differ. Customers with 0 add nothing to sums or squares, so only the others are dealt: how many of
    them fall to control is hypergeometric, and which is a random order of them.

    References
    ----------
    Janssen, A. (1997). Studentized permutation tests for non-i.i.d. hypotheses. Statistics & Probability
    Letters 36, 9–21. Chung, E. & Romano, J. P. (2013). Exact and asymptotically robust permutation tests.
    Annals of Statistics 41(2), 484–507.

    Examples
    --------
    >>> few = permute(np.zeros(50), np.r_[np.zeros(45), np.ones(5)], draws=999, rng=np.random.default_rng(0))
    >>> few.p_value < 0.15
    True
    """
    n0, n1 = len(control), len(treatment)
    pooled = np.concatenate([control, treatment])
    active = pooled[pooled != 0]
    k = len(active)
    dealt = rng.hypergeometric(k, n0 + n1 - k, n0, size=draws)
    sums, squares = _dealt(active, dealt, rng)
    t, _ = welch_t(sums, squares, n0, active.sum() - sums, (active**2).sum() - squares, n1)
    _, error = welch_t(control.sum(), (control**2).sum(), n0, treatment.sum(), (treatment**2).sum(), n1)
    return Permutation(float(treatment.mean() - control.mean()), float(error), np.sort(t))


def _dealt(active: Floats, dealt: np.ndarray, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Sum and sum of squares of the values that fall to control in each draw."""
    k = len(active)
    if k == 0 or (active == active[0]).all():
        value = active[0] if k else 0.0
        return dealt * value, dealt * value**2
    sums, squares = np.empty(len(dealt)), np.empty(len(dealt))
    step = max(CHUNK // k, 1)
    for low in range(0, len(dealt), step):
        part = slice(low, low + step)
        order = rng.permuted(np.broadcast_to(active, (len(dealt[part]), k)), axis=1)
        inside = np.arange(k) < dealt[part][:, None]
        sums[part] = np.einsum("ij,ij->i", order, inside)
        squares[part] = np.einsum("ij,ij,ij->i", order, order, inside)
    return sums, squares


def welch_t(s0: Floats, q0: Floats, n0: int, s1: Floats, q1: Floats, n1: int) -> tuple[Floats, Floats]:
    """Welch's t of treatment less control from sums and squares, and its standard error."""
    m0, m1 = s0 / n0, s1 / n1
    variance = np.maximum(q0 / n0 - m0**2, 0.0) / (n0 - 1) + np.maximum(q1 / n1 - m1**2, 0.0) / (n1 - 1)
    error = np.sqrt(variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(error > 0, (m1 - m0) / error, 0.0), error
