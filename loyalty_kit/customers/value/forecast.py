"""The forecast: purchases and money of today's customers over the horizon, each with its parts of uncertainty."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.customers.value.fitting import Fit
from loyalty_kit.customers.value.gamma_gamma import Spending
from loyalty_kit.customers.value.histories import Cells, Histories
from loyalty_kit.customers.value.models import MODELS
from loyalty_kit.customers.value.totals import Total, chance_of, chance_of_money, relative_errors, totals_of

Floats = npt.NDArray[np.float64]
YEAR = 365.25 / 7
STEPS = 12
"""Parts of the horizon in which money is discounted."""


class Forecast(NamedTuple):
    """Customers at the end of the log, one model of their purchases and one of their spend."""

    name: str
    fitted: Fit
    histories: Histories
    cells: Cells
    spending: Spending
    horizon: int

    def purchases(self, rng: np.random.Generator) -> Total:
        """Total of purchases."""
        model, everybody = MODELS[self.name], np.zeros(len(self.histories.x), dtype=np.int64)
        mean, relative = totals_of(model, self.fitted, self.cells, self.cells.customers[None], self.horizon)
        chance = chance_of(model, self.fitted, self.histories, self.horizon, everybody, rng)
        return Total(float(mean[0]), float(relative[0]), float(chance[0]))

    def revenue(self, rng: np.random.Generator) -> Total:
        """Total of spend: errors of both models and chance."""
        model, x = MODELS[self.name], self.histories.x.astype(float)
        spend = self.spending.expected(x, self.histories.z)
        weights = np.bincount(self.cells.back, spend, minlength=len(self.cells.x)).astype(float)[None]
        mean, relative = totals_of(model, self.fitted, self.cells, weights, self.horizon)
        error = self.spending.error
        if self.spending.fitted is not None:
            bought = self.each()

            def sums(theta: Floats) -> Floats:
                return np.array([bought @ self.spending.expected(x, self.histories.z, theta)])

            error = float(relative_errors(sums, mean, self.spending.fitted)[0])
        chance = chance_of_money(model, self.fitted, self.histories, self.horizon, self.spending, rng)
        return Total(float(mean[0]), float(np.hypot(relative[0], error)), chance)

    def each(self) -> Floats:
        """Purchases expected of each customer."""
        model = MODELS[self.name]
        found: Floats = model.expected(self.fitted.parameters, float(self.horizon), *self.cells.history)
        return found[self.cells.back]

    def discounted(self, discount: float) -> float:
        """Say what a unit of money that comes in the horizon is worth today, at a rate a year."""
        if discount == 0:
            return 1.0
        ends = np.linspace(0, self.horizon, STEPS + 1)
        model, p = MODELS[self.name], self.fitted.parameters
        reached = [float(model.expected(p, end, *self.cells.history) @ self.cells.customers) for end in ends[1:]]
        bought, middle = np.diff([0.0, *reached]), (ends[1:] + ends[:-1]) / 2
        return float(bought @ (1 + discount) ** (-middle / YEAR) / bought.sum())

    def alive(self, name: str, fitted: Fit) -> Floats:
        """Chance that each customer is still there, by a model."""
        found: Floats = MODELS[name].alive(fitted.parameters, *self.cells.history)
        return found[self.cells.back]


class Correction(NamedTuple):
    """What the holdout says of the model: by what to multiply, and the relative error that stays."""

    factor: float
    off: float


def correction_of(total: Total, actual: int, confidence: float, rng: np.random.Generator) -> Correction:
    """Take the holdout's ratio where what came lies outside its interval, and as much error more; else nothing."""
    low, high = total.interval(confidence, rng)
    if low <= actual <= high:
        return Correction(1.0, 0.0)
    factor = max(actual, 1) / total.mean
    return Correction(factor, abs(float(np.log(factor))))


def money_table(
    parts: dict[str, tuple[Total, float]], correction: Correction, confidence: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Rows of measure, estimate, ci_low, ci_high; each total with what a unit of it is worth."""
    rows = []
    for measure, (total, worth) in parts.items():
        low, high = total.interval(confidence, rng, factor=correction.factor, off=correction.off)
        rows.append((measure, *(worth * value for value in (correction.factor * total.mean, low, high))))
    return pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high"])
