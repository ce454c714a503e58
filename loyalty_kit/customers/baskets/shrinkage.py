"""Lifts shrunken toward 1, by what the lifts of all rules tell about those of each."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

Floats = npt.NDArray[np.float64]

MOST_RULES = 2_000
"""Rules that the prior is fitted to, at most, evenly chosen."""
USUAL, SPREADS = np.array([3.0, 0.0, 0.7, 2.0]), np.array([2.0, 1.5, 1.0, 2.0])
"""What the prior is taken for where rules are few: its parameters on their scales, and how far they may lie off."""
HALVINGS, NODES = 50, 15


class Prior(NamedTuple):
    """What lifts may be: about 1 with a probability, gamma with mean 1; else gamma with a shape and a mean of its own.

    Attributes
    ----------
    strength : float
        Shape of the first: orders' worth of 'no association'.
    shape, mean : float
        Of the second.
    weight : float
        Probability of the first.
    """

    strength: float
    shape: float
    mean: float
    weight: float


class Lifts(NamedTuple):
    """What the lift of each rule may be, given its orders: two gammas and their weights, of shape (2, rules)."""

    weights: Floats
    shapes: Floats
    rates: Floats

    @property
    def mean(self) -> Floats:
        """Mean of each rule's lift."""
        found: Floats = (self.weights * self.shapes / self.rates).sum(axis=0)
        return found

    def quantile(self, share: float) -> Floats:
        """Quantile of each rule's lift, by halving between those of the two gammas."""
        ends = special.gammaincinv(self.shapes, share) / self.rates
        low, high = ends.min(axis=0), ends.max(axis=0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = (self.weights * special.gammainc(self.shapes, self.rates * middle)).sum(axis=0) < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        found: Floats = (low + high) / 2
        return found

    def more_than(self, least: Floats, orders: Floats, base: Floats) -> Floats:
        """Probability that more than `least` of later orders hold the consequent, which a share `base` of all holds."""
        shares = (np.arange(NODES) + 0.5)[:, None, None] / NODES
        lifts = special.gammaincinv(self.shapes, shares) / self.rates
        chance = stats.binom.sf(least, orders, np.minimum(lifts * base, 1.0)).mean(axis=0)
        found: Floats = (self.weights * chance).sum(axis=0)
        return found


def prior_of(together: Floats, expected: Floats) -> Prior:
    """Fit the prior to the orders of all rules, by maximum likelihood with a weak hold on what is usual.

    References
    ----------
    DuMouchel, W. (1999). Bayesian data mining in large frequency tables. The American Statistician 53(3), 177–190:
    two gammas, since most pairs have nothing to do with each other, and one gamma for all would shrink the few real
    rules as if they were chance.
    """
    rows = np.unique(np.linspace(0, len(together) - 1, min(len(together), MOST_RULES)).round().astype(int))
    if not len(rows):
        return _prior(USUAL)
    both, due = together[rows], expected[rows]

    def loss(values: Floats) -> float:
        logs = _log_likelihoods(_prior(values), both, due)
        return float((((values - USUAL) / SPREADS) ** 2).sum() / 2 - np.logaddexp(*logs).sum())

    bounds = [(-3, 12), (-3, 4), (0, 4), (-6, 9)]
    fits = [optimize.minimize(loss, USUAL + [step, 0, 0, 0], method="L-BFGS-B", bounds=bounds) for step in (0, 3)]
    return _prior(min(fits, key=lambda fit: float(fit.fun)).x)


def lifts_of(prior: Prior, together: Floats, expected: Floats) -> Lifts:
    """Say what the lift of each rule may be, given the orders that hold both and how many chance would make."""
    logs = _log_likelihoods(prior, together, expected)
    shapes, rates = _gammas(prior)
    weights = np.exp(logs - np.logaddexp(*logs))
    return Lifts(weights, shapes[:, None] + together, rates[:, None] + expected)


def _prior(values: Floats) -> Prior:
    """Prior of its parameters on the scales that they are fitted on."""
    strength, shape, mean = np.exp(values[:3])
    return Prior(float(strength), float(shape), float(mean), float(special.expit(values[3])))


def _gammas(prior: Prior) -> tuple[Floats, Floats]:
    shapes = np.array([prior.strength, prior.shape])
    return shapes, np.array([prior.strength, prior.shape / prior.mean])


def _log_likelihoods(prior: Prior, together: Floats, expected: Floats) -> Floats:
    """Log of weight times probability of the orders, gammas × rules: negative binomial, less what both share."""
    shapes, rates = (part[:, None] for part in _gammas(prior))
    weights = np.log([prior.weight, 1 - prior.weight])[:, None]
    found: Floats = (
        weights
        + special.gammaln(shapes + together)
        - special.gammaln(shapes)
        + shapes * np.log(rates / (rates + expected))
        - together * np.log(rates + expected)
    )
    return found
