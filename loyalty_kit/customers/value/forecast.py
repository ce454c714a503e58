"""The forecast: purchases and money of today's customers over the horizon, each with its parts of uncertainty."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.customers.value.models.fitting import Fit
from loyalty_kit.customers.value.models.gamma_gamma import Spending
from loyalty_kit.customers.value.models.histories import Cells, Histories
from loyalty_kit.customers.value.models.known import MODELS
from loyalty_kit.customers.value.totals import Total, chance_of, chance_of_money, relative_errors, totals_of

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
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
        """Total of spend."""
        return self.revenue_of(np.zeros(len(self.histories.x), dtype=np.int64), rng)[0]

    def revenue_of(self, groups: Whole, rng: np.random.Generator) -> list[Total]:
        """Total of spend of each group of customers: errors of both models and chance."""
        model, x = MODELS[self.name], self.histories.x.astype(float)
        spend = self.spending.expected(x, self.histories.z)
        weights = np.zeros((int(groups.max(initial=0)) + 1, len(self.cells.x)))
        np.add.at(weights, (groups, self.cells.back), spend)
        mean, relative = totals_of(model, self.fitted, self.cells, weights, self.horizon)
        error = np.full(len(mean), self.spending.error)
        if self.spending.fitted is not None:
            bought = self.each()

            def sums(theta: Floats) -> Floats:
                each = bought * self.spending.expected(x, self.histories.z, theta)
                return np.bincount(groups, each, len(mean)).astype(float)

            error = relative_errors(sums, mean, self.spending.fitted)
        chance = chance_of_money(model, self.fitted, self.histories, self.horizon, self.spending, groups, rng)
        return [Total(*map(float, one)) for one in zip(mean, np.hypot(relative, error), chance, strict=True)]

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
        spend = self.spending.expected(self.histories.x.astype(float), self.histories.z)
        money = np.bincount(self.cells.back, spend, minlength=len(self.cells.x)).astype(float)
        reached = [float(model.expected(p, end, *self.cells.history) @ money) for end in ends[1:]]
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

    def ends(self, total: Total, confidence: float, rng: np.random.Generator) -> tuple[float, float, float]:
        """Estimate of a total and its interval."""
        low, high = total.interval(confidence, rng, factor=self.factor, off=self.off)
        return self.factor * total.mean, low, high


def correction_of(past: pd.DataFrame, confidence: float) -> Correction:
    """Learn from what models said at earlier cuts: nothing where it came true, else its ratio and how that changes.

    Parameters
    ----------
    past : DataFrame
        predicted, ci_low, ci_high, actual, ratio at cuts half a window apart, the last one last.
    confidence : float
        Level of their intervals.

    Notes
    -----
    Where the last window's purchases lie outside their interval, figures are multiplied by actual over predicted. Where
    they do, or where those of two windows do, the error grows by the larger of the logarithm of that and of what the
    logarithms of the ratios change by from a window to the next, root mean square, beyond their own error: a season or
    a trend that turns.
    """
    outside = ((past["actual"] < past["ci_low"]) | (past["actual"] > past["ci_high"])).to_numpy()
    if not outside[-1] and outside.sum() < 2:
        return Correction(1.0, 0.0)
    factor = max(past["actual"].iloc[-1], 1) / past["predicted"].iloc[-1] if outside[-1] else 1.0
    logs, z = np.log(past["ratio"].to_numpy()), float(stats.norm.ppf(0.5 + confidence / 2))
    errors = ((past["ci_high"] - past["ci_low"]) / 2 / z / past["predicted"]).to_numpy()
    # Cuts lie half a window apart: every second one begins where the other ends.
    change = (logs[2:] - logs[:-2]) ** 2 - errors[2:] ** 2 - errors[:-2] ** 2
    turned = float(np.sqrt(max(change.mean(), 0.0))) if len(change) else 0.0
    return Correction(float(factor), max(abs(float(np.log(factor))), turned))


def money_table(
    parts: dict[str, tuple[Total, float]], correction: Correction, confidence: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Rows of measure, estimate, ci_low, ci_high; each total with what a unit of it is worth."""
    rows = []
    for measure, (total, worth) in parts.items():
        rows.append((measure, *(worth * value for value in correction.ends(total, confidence, rng))))
    return pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high"])
