"""Spend of a day: Gamma-Gamma, or the plain mean where that model cannot be fitted."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import gammaln, psi

from loyalty_kit.customers.value.models.counts import of_counts
from loyalty_kit.customers.value.models.fitting import Fit, fit
from loyalty_kit.customers.value.models.histories import Histories

Floats = npt.NDArray[np.float64]
PARAMETERS = ("p", "q", "gamma")


def likelihood(theta: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Log likelihood of the mean spend z of x repeat days and its gradient in log p, log q, log gamma.

    Notes
    -----
    Spend of a day is gamma with shape p and a customer's own rate, which is gamma with shape q and rate gamma; spend
    has nothing to do with how often somebody buys.

    References
    ----------
    Fader, P. S. & Hardie, B. G. S. (2013). The Gamma-Gamma model of monetary value.
    """
    p, q, gamma = np.exp(theta)
    log_sum, log_z = np.log(gamma + x * z), np.log(z)

    def of(n: Floats) -> Floats:
        """Part of the likelihood that depends on the count alone, and its slopes in p, a day, and q."""
        days = np.maximum(n, 1.0)
        ll = gammaln(p * days + q) - gammaln(p * days) - gammaln(q) + p * days * np.log(days)
        both = psi(p * days + q)
        return np.stack([ll, both - psi(p * days) + np.log(days), both - psi(q)])

    ll, by_p, by_q = of_counts(of, x)
    ll = ll + q * np.log(gamma) + (p * x - 1) * log_z - (p * x + q) * log_sum
    gradient = np.stack(
        [
            x * (by_p + log_z - log_sum),
            by_q + np.log(gamma) - log_sum,
            q / gamma - (p * x + q) / (gamma + x * z),
        ]
    )
    return ll, gradient * np.array([[p], [q], [gamma]])


def expected_spend(p: Floats, x: Floats, z: Floats) -> Floats:
    """Spend expected on a day of each customer; the mean of all where nothing was repeated."""
    shape, q, gamma = p
    found: Floats = shape * (gamma + x * z) / (shape * x + q - 1)
    return found


def drawn_spend(p: Floats, days: Floats, x: Floats, z: Floats, rng: np.random.Generator) -> Floats:
    """Draw what each customer spends on so many days."""
    shape, q, gamma = p
    level = rng.gamma(q + shape * x) / (gamma + x * z)
    found: Floats = np.where(days > 0, rng.gamma(shape * np.maximum(days, 1)) / level, 0.0)
    return found


class Spending(NamedTuple):
    """Model of the spend of a day; `fitted` is None where the mean of all days stands for everybody."""

    fitted: Fit | None
    mean: float
    spread: float
    """Standard deviation of customers' mean spend of a day."""
    error: float
    """Relative standard error of the mean."""
    correlation: float
    """Spearman's, of repeat days and mean spend: the model takes it to be 0."""

    def expected(self, x: Floats, z: Floats, theta: Floats | None = None) -> Floats:
        """Spend expected on a day of each customer."""
        if self.fitted is None:
            return np.full(len(x), self.mean)
        return expected_spend(np.exp(self.fitted.theta if theta is None else theta), x, z)

    def drawn(self, days: Floats, x: Floats, z: Floats, rng: np.random.Generator) -> Floats:
        """Draw what each customer spends on so many days."""
        if self.fitted is None:
            drawn: Floats = days * self.mean + np.sqrt(days) * self.spread * rng.standard_normal(len(days))
            return drawn
        return drawn_spend(self.fitted.parameters, days, x, z, rng)


def spending_of(histories: Histories) -> Spending:
    """Fit the spend of repeat days."""
    again = histories.x > 0
    x, z = histories.x[again].astype(float), histories.z[again]
    mean = float(np.average(z, weights=x))
    spread = float(np.sqrt(np.average((z - mean) ** 2, weights=x)))
    error = float(np.sqrt((x**2 * (z - mean) ** 2).sum()) / (x.sum() * mean))
    if spread <= 1e-9 * mean:
        return Spending(None, mean, 0.0, 0.0, float("nan"))
    # In units of the mean, so that a currency of small coins starts as well as any.
    found = fit(likelihood, PARAMETERS, (x, z / mean), np.ones(len(x)), (3.0, 4.0, 1.0))
    found = found._replace(theta=found.theta + np.array([0.0, 0.0, np.log(mean)]))
    found = found._replace(ll=found.ll - len(z) * np.log(mean))
    correlation = float(stats.spearmanr(x, z).statistic) if x.max() > x.min() else float("nan")
    endless = found.parameters[1] <= 1
    return Spending(None if found.edge or endless else found, mean, spread, error, correlation)
