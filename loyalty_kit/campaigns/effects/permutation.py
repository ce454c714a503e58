"""Studentised permutation test of two arms: holds its level where spend is skewed and buyers are few."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import special, stats

from loyalty_kit.campaigns.design.random_assignment import AT_ONCE, assign_randomly, origin
from loyalty_kit.campaigns.design.rows import Floats
from loyalty_kit.campaigns.effects.rates import agreeing
from loyalty_kit.statistics.resampling import block_of, run_blocks

TIED = 1e-9
"""Share of a statistic up to which two are held to be equal."""


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

    def above(self, effect: float) -> float:
        """One-sided p of the claim that the true difference lies above `effect`; the data count as a draw."""
        t = (self.difference - effect) / self.standard_error
        count = len(self.draws) - np.searchsorted(self.draws, t - TIED * max(abs(t), 1.0), side="left")
        return float((1 + count) / (len(self.draws) + 1))

    def below(self, effect: float) -> float:
        """One-sided p of the claim that the true difference lies below `effect`."""
        t = (self.difference - effect) / self.standard_error
        count = np.searchsorted(self.draws, t + TIED * max(abs(t), 1.0), side="right")
        return float((1 + count) / (len(self.draws) + 1))

    def quantiles(self, confidence: float) -> tuple[float, float]:
        """Lower and upper limit of the studentised differences, of which the interval is made."""
        m = max(int((1 - confidence) / 2 * (len(self.draws) + 1) + 1e-9), 1)
        return float(self.draws[m - 1]), float(self.draws[-m])

    @property
    def p_value(self) -> float:
        """Two-sided p: twice the smaller tail."""
        return min(2 * min(self.above(0.0), self.below(0.0)), 1.0)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Interval that excludes 0 exactly where the p value is at most 1 − confidence, rounding or not."""
        low, high = (self.difference - t * self.standard_error for t in self.quantiles(confidence)[::-1])
        return agreeing(low, high, clear=self.p_value <= 1 - confidence + TIED)

    def effects(self, deviates: Floats) -> Floats:
        """Differences that the test allows, one for each standard normal deviate, of the same rank.

        The shares of them above and below a value are the one-sided p values there, so that intervals, p
        values and these agree.
        """
        places = (np.arange(len(self.draws)) + 0.5) / len(self.draws)
        t = np.interp(special.ndtr(-deviates), places, self.draws)
        return np.asarray(self.difference - self.standard_error * t)

    def density(self, grid: Floats) -> Floats:
        """Density of the differences that the test allows."""
        allowed = self.difference - self.standard_error * self.draws
        return np.asarray(stats.gaussian_kde(allowed)(grid)) if np.ptp(allowed) > 0 else np.zeros(len(grid))


def permute(control: Floats, treatment: Floats, *, draws: int, rng: np.random.Generator) -> Permutation:
    """Studentised permutation of two arms' outcomes.

    Parameters
    ----------
    control, treatment : array of shape (customers,)
        Outcomes, none missing.
    draws : int
        How often the customers are assigned anew.
    rng : Generator
        Source of chance.

    Returns
    -------
    Permutation

    Notes
    -----
    The statistic is Welch's t, which makes the test valid for a difference of means although spreads
    differ. Customers with 0 add nothing to sums or squares, so only the others are assigned: how many of
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
    start = origin(np.concatenate([control, treatment]))
    control, treatment = control - start, treatment - start
    active = np.concatenate([control[control != 0], treatment[treatment != 0]])
    alike = len(active) == 0 or bool((active == active[0]).all())
    width = 1 if alike else len(active)
    one = partial(_alike if alike else _unlike, active, (n0, n1))
    sums, squares = run_blocks(one, replicates=draws, rng=rng, block=block_of(width, draws=AT_ONCE)).T
    t, _ = welch_t(sums, squares, n0, active.sum() - sums, (active**2).sum() - squares, n1)
    _, error = welch_t(control.sum(), (control**2).sum(), n0, treatment.sum(), (treatment**2).sum(), n1)
    return Permutation(float(treatment.mean() - control.mean()), float(error), np.sort(t))


def _alike(active: Floats, sizes: tuple[int, int], count: int, rng: np.random.Generator) -> Floats:
    """Sum and sum of squares in control where all active customers have the same: how many fall to it."""
    assigned = rng.hypergeometric(len(active), sum(sizes) - len(active), sizes[0], size=count)
    value = active[0] if len(active) else 0.0
    return np.column_stack([assigned * value, assigned * value**2])


def _unlike(active: Floats, sizes: tuple[int, int], count: int, rng: np.random.Generator) -> Floats:
    """Sum and sum of squares of the values that fall to control in each draw."""
    assigned = assign_randomly(np.array(sizes), len(active), count, rng)
    return np.asarray((assigned == 0).astype(float) @ np.column_stack([active, active**2]))


def welch_t(s0: Floats, q0: Floats, n0: int, s1: Floats, q1: Floats, n1: int) -> tuple[Floats, Floats]:
    """Welch's t of treatment less control from sums and squares, and its standard error."""
    m0, m1 = s0 / n0, s1 / n1
    variance = np.maximum(q0 / n0 - m0**2, 0.0) / (n0 - 1) + np.maximum(q1 / n1 - m1**2, 0.0) / (n1 - 1)
    error = np.sqrt(variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(error > 0, (m1 - m0) / error, 0.0), error
