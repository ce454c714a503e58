"""What a new customer may cost: the value of one over the horizon, the lower end of it, and when a cost is earned."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_number, check_share
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.customers.value.forecast import YEAR
from loyalty_kit.customers.value.models.known import MODELS
from loyalty_kit.customers.value.totals import DRAWS, relative_errors
from loyalty_kit.customers.value.value_result import ValueResult

Floats = npt.NDArray[np.float64]
ONE = np.zeros(1)
"""Repeat days and their mean spend of somebody new."""
LABELS = {
    "new_customer": message("Value of a new customer in the horizon"),
    "allowable_cost": message("Highest cost of a new customer that the lower end of value still pays"),
    "payback": message("Weeks until a new customer has paid back"),
}


@dataclass(frozen=True, eq=False)
class AllowableCostResult(Result):
    """What a new customer may cost.

    Attributes
    ----------
    table : DataFrame
        measure ('new_customer', 'allowable_cost', and 'payback' where a cost is given), estimate, ci_low, ci_high.
    allowable : float
        Highest cost of a new customer that the lower end of value still pays.
    share : float
        Part of the value that may be spent on winning a customer.
    cost : float or None
        What one costs, if it was given.
    verdict : {'pays', 'unclear', 'does_not_pay', ''}
        Whether the part of the value is above that cost at both ends of its interval, at one, at none; '' without one.
    horizon : int
        Weeks from the first purchase that count.
    n_used : int
        Customers from whom this was learnt.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    allowable: float
    share: float
    cost: float | None
    verdict: Literal["pays", "unclear", "does_not_pay", ""]
    horizon: int
    n_used: int
    confidence: float
    simulated: bool = False
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a measure."""
        return self.table.copy()

    def estimates(self) -> tuple[Estimate, ...]:
        """Value, allowable cost, and weeks of payback where they end within the horizon."""
        rows = zip(*(self.table[name] for name in self.table), strict=True)
        return tuple(
            Estimate(name, value, low, high, self.n_used, LABELS[name])
            for name, value, low, high in rows
            if np.isfinite(value)
        )


def allowable_cost(value: ValueResult, share: float = 1.0, *, cost: float | None = None) -> AllowableCostResult:
    """Highest cost of winning a customer at which the lower end of a new customer's value still pays.

    Parameters
    ----------
    value : ValueResult
        As `lk.customer_value` gives it; with its margin if it has one, else revenue counts.
    share : float
        Part of the value that may be spent on winning a customer.
    cost : float, optional
        What a new customer costs now, for the weeks until it has paid back.

    Returns
    -------
    AllowableCostResult

    Raises
    ------
    InputError
        If the share is not between 0 and 1, or the cost is not above 0.

    Notes
    -----
    A new customer brings the first purchase, at the mean of first days, and within the horizon the repeat purchases
    that the model of `value` expects of somebody unknown, each at its expected spend; these are multiplied and widened
    by what the holdout taught. The interval is that of the mean of many new customers: one alone has a far wider one.
    Customers to come are taken to be like those of the log. Payback is missing where the horizon does not reach it.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> from loyalty_kit.customers.value.customer_value import customer_value
    >>> draw = np.random.default_rng(1)
    >>> days = pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 200, 900), unit="D")
    >>> log = pd.DataFrame({"who": draw.integers(0, 200, 900), "when": days, "paid": draw.gamma(9, 3, 900)})
    >>> read = read_transactions(log, customer="who", time="when", amount="paid")
    >>> allowable_cost(customer_value(read, horizon=8, margin=0.3), cost=90).verdict
    'does_not_pay'
    """
    if not isinstance(value, ValueResult):
        raise InputError("'value' must be what lk.customer_value gives; got {given}.", given=kind(value))
    check_share(share, "share")
    if cost is not None:
        check_number(cost, "cost")
        if cost <= 0:
            raise InputError("'{name}' must be above 0; got {given}.", name="cost", given=shown(cost))
    margin = value.log.net_share * (1.0 if value.margin is None else value.margin)
    first, scale, path = _drawn(value)
    tail = (1 - value.confidence) / 2
    drawn = margin * (first + scale * path[-1])
    low, high = (max(float(end), 0.0) for end in np.quantile(drawn, [tail, 1 - tail]))
    told = margin * (_first(value)[0] + path[-1])
    rows = [("new_customer", told, low, high), ("allowable_cost", share * low, np.nan, np.nan)]
    if cost is not None:
        rows.append(("payback", *_payback(cost / margin, _first(value)[0], first, scale, path, tail)))
    return AllowableCostResult(
        table=pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high"]),
        allowable=share * low,
        share=share,
        cost=cost,
        verdict=_verdict(cost, share * low, share * high),
        horizon=value.horizon,
        n_used=value.n_used,
        confidence=value.confidence,
        simulated=value.simulated,
        warnings=()
        if value.margin is not None
        else (message("Value is compared with costs as revenue; give 'margin', the share of it that is earned."),),
    )


def _first(value: ValueResult) -> tuple[float, float]:
    """Mean spend of a first day, and its standard error."""
    bought = value.ledger.purchases
    spend = bought.spend[bought.starts]
    return float(spend.mean()), float(spend.std(ddof=1) / np.sqrt(len(spend)))


def _drawn(value: ValueResult) -> tuple[Floats, Floats, Floats]:
    """Draws of the first day and of the scale of what follows, and what follows by week, as expected."""
    forecast = value.forecast
    model, spending = MODELS[value.used], forecast.spending
    weeks, somebody = np.arange(1.0, value.horizon + 1), forecast.cells.newcomers
    shares = somebody.customers / somebody.customers.sum()

    def path_of(theta: Floats) -> Floats:
        each = [shares @ model.expected(np.exp(theta), week, *somebody.history) for week in weeks]
        return np.array(each, dtype=np.float64)

    bought = path_of(forecast.fitted.theta)
    each = np.diff([0.0, *bought]) * (1 + value.discount) ** (-(weeks - 0.5) / YEAR)
    spend = float(spending.expected(ONE, ONE)[0])
    error = float(relative_errors(lambda theta: path_of(theta)[-1:], bought[-1:], forecast.fitted)[0])
    more = spending.error
    if spending.fitted is not None:
        fitted = spending.fitted
        more = float(relative_errors(lambda theta: spending.expected(ONE, ONE, theta), np.array([spend]), fitted)[0])
    mean, std_error = _first(value)
    one, two = np.random.default_rng(value.seed).standard_normal((2, DRAWS))
    scale = np.exp(np.sqrt(error**2 + more**2 + value.correction.off**2) * two)
    return mean + std_error * one, scale, value.factor * spend * np.cumsum(each)


def _payback(
    needed: float, mean: float, first: Floats, scale: Floats, path: Floats, tail: float
) -> tuple[float, float, float]:
    """Weeks until the first day and what follows reach what is needed; missing beyond the horizon."""
    reached = np.r_[0.0, path]

    def weeks(lacking: Floats) -> Floats:
        return np.interp(lacking, reached, np.arange(len(reached)), left=0.0, right=np.inf)

    told = float(weeks(np.array([needed - mean]))[0])
    drawn = np.sort(weeks((needed - first) / scale))
    ends = (float(drawn[round(tail * (DRAWS - 1))]), float(drawn[round((1 - tail) * (DRAWS - 1))]))
    low, high = (end if np.isfinite(end) else np.nan for end in ends)
    return told if np.isfinite(told) else np.nan, low, high


def _verdict(cost: float | None, low: float, high: float) -> Literal["pays", "unclear", "does_not_pay", ""]:
    if cost is None:
        return ""
    return "pays" if cost <= low else "does_not_pay" if cost > high else "unclear"
