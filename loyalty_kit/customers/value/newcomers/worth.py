"""What somebody new brings within a horizon, as expected and as drawn, and when that has paid a cost back."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.customers.value.forecast import YEAR, Correction, Forecast
from loyalty_kit.customers.value.models.known import MODELS
from loyalty_kit.customers.value.totals import DRAWS, relative_errors

Floats = npt.NDArray[np.float64]
Pays = Literal["pays", "unclear", "does_not_pay"]
ONE = np.zeros(1)
"""Repeat days and their mean spend of somebody new."""


class Newcomer(NamedTuple):
    """Money of somebody new: of the first day, and by the end of each week after it."""

    first: float
    path: Floats
    """What follows the first day by the end of each week, as expected."""
    first_drawn: Floats
    scale: Floats
    """Draws of what `path` is multiplied by."""

    def value(self, margin: float, confidence: float) -> tuple[float, float, float]:
        """Value within the horizon and its interval, at a share of revenue that is earned."""
        drawn = margin * (self.first_drawn + self.scale * self.path[-1])
        low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
        return margin * float(self.first + self.path[-1]), max(float(low), 0.0), max(float(high), 0.0)

    def payback(self, needed: float, confidence: float) -> tuple[float, float, float]:
        """Weeks until the first day and what follows reach what is needed; missing beyond the horizon."""
        reached, tail = np.r_[0.0, self.path], (1 - confidence) / 2

        def weeks(lacking: Floats) -> Floats:
            return np.interp(lacking, reached, np.arange(len(reached)), left=0.0, right=np.inf)

        told = float(weeks(np.array([needed - self.first]))[0])
        drawn = np.sort(weeks((needed - self.first_drawn) / self.scale))
        ends = (float(drawn[round(tail * (DRAWS - 1))]), float(drawn[round((1 - tail) * (DRAWS - 1))]))
        low, high = (end if np.isfinite(end) else np.nan for end in ends)
        return told if np.isfinite(told) else np.nan, low, high


def newcomer_of(
    forecast: Forecast, first: Floats, *, discount: float, correction: Correction, rng: np.random.Generator
) -> Newcomer:
    """Learn from customers what somebody new brings.

    Parameters
    ----------
    forecast : Forecast
        Of those customers.
    first : array of shape (customers,)
        What each spent on the first day.
    discount : float
        Rate a year at which what comes later is worth less.
    correction : Correction
        What the holdout taught.
    rng : Generator
        Of the draws.
    """
    model, spending, somebody = MODELS[forecast.name], forecast.spending, forecast.cells.newcomers
    weeks, shares = np.arange(1.0, forecast.horizon + 1), somebody.customers / somebody.customers.sum()

    def path_of(theta: Floats) -> Floats:
        each = [shares @ model.expected(np.exp(theta), week, *somebody.history) for week in weeks]
        return np.array(each, dtype=np.float64)

    bought = path_of(forecast.fitted.theta)
    each = np.diff([0.0, *bought]) * (1 + discount) ** (-(weeks - 0.5) / YEAR)
    spend = float(spending.expected(ONE, ONE)[0])
    error = float(relative_errors(lambda theta: path_of(theta)[-1:], bought[-1:], forecast.fitted)[0])
    more = spending.error
    if spending.fitted is not None:
        fitted = spending.fitted
        more = float(relative_errors(lambda theta: spending.expected(ONE, ONE, theta), np.array([spend]), fitted)[0])
    mean, std_error = float(first.mean()), float(first.std(ddof=1) / np.sqrt(len(first)))
    one, two = rng.standard_normal((2, DRAWS))
    scale = np.exp(np.sqrt(error**2 + more**2 + correction.off**2) * two)
    return Newcomer(mean, correction.factor * spend * np.cumsum(each), mean + std_error * one, scale)


def pays(cost: float, low: float, high: float) -> Pays:
    """Whether a value is above a cost at both ends of its interval, at one, or at none."""
    return "pays" if cost <= low else "does_not_pay" if cost > high else "unclear"
