"""What a new customer may cost: the value of one over the horizon, the lower end of it, and when a cost is earned."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.checks import check_number, check_share
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import message, shown
from loyalty_kit.core.results import Result
from loyalty_kit.customers.value.newcomers.worth import Pays, newcomer_of, pays
from loyalty_kit.customers.value.value_result import ValueResult

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
    verdict: Pays | Literal[""]
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
    bought = value.ledger.purchases
    somebody = newcomer_of(
        value.forecast,
        bought.spend[bought.starts],
        discount=value.discount,
        correction=value.correction,
        rng=np.random.default_rng(value.seed),
    )
    told, low, high = somebody.value(margin, value.confidence)
    rows = [("new_customer", told, low, high), ("allowable_cost", share * low, np.nan, np.nan)]
    if cost is not None:
        rows.append(("payback", *somebody.payback(cost / margin, value.confidence)))
    return AllowableCostResult(
        table=pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high"]),
        allowable=share * low,
        share=share,
        cost=cost,
        verdict="" if cost is None else pays(cost, share * low, share * high),
        horizon=value.horizon,
        n_used=value.n_used,
        confidence=value.confidence,
        simulated=value.simulated,
        warnings=()
        if value.margin is not None
        else (message("Value is compared with costs as revenue; give 'margin', the share of it that is earned."),),
    )
