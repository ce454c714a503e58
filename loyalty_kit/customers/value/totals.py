"""Totals of many customers with their intervals: from the parameters, which are estimated, and from chance."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.gamma_gamma import Spending
from loyalty_kit.customers.value.models.histories import Cells, Histories
from loyalty_kit.customers.value.models.known import Model

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
STEP = 1e-3
DRAWS = 20_000
FUTURES, FEWEST_FUTURES, CUSTOMERS = 100, 2, 100_000
"""Most and fewest futures, and customers that are drawn in all."""


class Total(NamedTuple):
    """Expected total, relative error from the parameters, and standard deviation by chance."""

    mean: float
    relative: float
    chance: float

    def interval(
        self, confidence: float, rng: np.random.Generator, *, factor: float = 1.0, off: float = 0.0
    ) -> tuple[float, float]:
        """Interval of what will come; `factor` corrects the mean, `off` is the relative error that this brings."""
        error, chance = rng.standard_normal((2, DRAWS))
        drawn = factor * self.mean * np.exp(np.hypot(self.relative, off) * error)
        drawn = drawn + np.sqrt(factor) * self.chance * chance
        low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
        return float(max(low, 0.0)), float(high)


def totals_of(model: Model, fitted: Fit, cells: Cells, weights: Floats, horizon: float) -> tuple[Floats, Floats]:
    """Weighted sums over histories of purchases expected in the horizon, and relative errors from the parameters.

    Notes
    -----
    With C the covariance of the log parameters and g the gradient of log total in them, the error is sqrt(g' C g).
    """

    def sums(theta: Floats) -> Floats:
        found: Floats = weights @ model.expected(np.exp(theta), horizon, *cells.history)
        return found

    mean = sums(fitted.theta)
    return mean, relative_errors(sums, mean, fitted)


def relative_errors(sums: Callable[[Floats], Floats], mean: Floats, fitted: Fit) -> Floats:
    """Relative errors of sums that depend on the parameters, by the delta method."""
    steps = STEP * np.eye(len(fitted.theta))
    slopes = np.array([(sums(fitted.theta + step) - sums(fitted.theta - step)) / (2 * STEP) for step in steps])
    slopes = np.divide(slopes, mean, out=np.zeros_like(slopes), where=mean > 0)
    found: Floats = np.sqrt(np.maximum(np.einsum("ik,ij,jk->k", slopes, fitted.covariance, slopes), 0.0))
    return found


def chance_of(
    model: Model, fitted: Fit, histories: Histories, horizon: float, groups: Whole, rng: np.random.Generator
) -> Floats:
    """Give the deviation by chance of what the customers of each group buy."""
    customers = histories.history
    samples = int(np.clip(CUSTOMERS // max(len(groups), 1), FEWEST_FUTURES, FUTURES))
    p, there = fitted.parameters, model.alive(fitted.parameters, *customers)
    drawn = (next(model.futures(p, [horizon], there, *customers, rng)) for _ in range(samples))
    return _deviations(drawn, samples, groups)


def chance_of_money(
    model: Model,
    fitted: Fit,
    histories: Histories,
    horizon: float,
    spending: Spending,
    groups: Whole,
    rng: np.random.Generator,
) -> Floats:
    """Give the deviation by chance of what the customers of each group spend."""
    x, z = histories.x.astype(float), histories.z
    customers = histories.history
    samples = int(np.clip(CUSTOMERS // max(len(x), 1), FEWEST_FUTURES, FUTURES))
    p, there = fitted.parameters, model.alive(fitted.parameters, *customers)
    days = (next(model.futures(p, [horizon], there, *customers, rng)) for _ in range(samples))
    drawn = (spending.drawn(count, x, z, rng) for count in days)
    return _deviations(drawn, samples, groups)


def _deviations(drawn: Iterable[Floats], samples: int, groups: Whole) -> Floats:
    """Deviations of sums of independent customers, from their own over a few futures."""
    total, square = np.zeros(len(groups)), np.zeros(len(groups))
    for future in drawn:
        total += future
        square += future**2
    spread = (square - total**2 / samples) / (samples - 1)
    found: Floats = np.sqrt(np.bincount(groups, np.maximum(spread, 0.0)))
    return found
