"""Spend of a day: Gamma-Gamma, or the plain mean where that model cannot be fitted."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from loyalty_kit.customers.value import gamma_gamma
from loyalty_kit.customers.value.fitting import Fit, fit
from loyalty_kit.customers.value.histories import Histories

Floats = npt.NDArray[np.float64]


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
        return gamma_gamma.expected_spend(np.exp(self.fitted.theta if theta is None else theta), x, z)

    def drawn(self, days: Floats, x: Floats, z: Floats, rng: np.random.Generator) -> Floats:
        """Draw what each customer spends on so many days."""
        if self.fitted is None:
            drawn: Floats = days * self.mean + np.sqrt(days) * self.spread * rng.standard_normal(len(days))
            return drawn
        return gamma_gamma.drawn_spend(self.fitted.parameters, days, x, z, rng)


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
    found = fit(gamma_gamma.likelihood, gamma_gamma.PARAMETERS, (x, z / mean), np.ones(len(x)), (3.0, 4.0, 1.0))
    found = found._replace(theta=found.theta + np.array([0.0, 0.0, np.log(mean)]))
    found = found._replace(ll=found.ll - len(z) * np.log(mean))
    correlation = float(stats.spearmanr(x, z).statistic) if x.max() > x.min() else float("nan")
    endless = found.parameters[1] <= 1
    return Spending(None if found.edge or endless else found, mean, spread, error, correlation)
