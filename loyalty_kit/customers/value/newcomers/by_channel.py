"""What new customers of each channel bring beside what one costs there, and when that is paid back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_number, check_whole
from loyalty_kit.core.errors import InputError, kind
from loyalty_kit.core.messages import Message, message, shown
from loyalty_kit.core.privacy import small_cells
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.staying.first_orders import first_values
from loyalty_kit.customers.value.limits import REPEAT_BUYERS
from loyalty_kit.customers.value.models.gamma_gamma import spending_of
from loyalty_kit.customers.value.models.known import fit_model
from loyalty_kit.customers.value.newcomers.worth import newcomer_of, pays
from loyalty_kit.customers.value.value_result import ValueResult

Whole = npt.NDArray[np.int64]
COLUMNS = ["level", "customers", "again", "estimate", "ci_low", "ci_high", "cost"]
COLUMNS += ["ratio", "ratio_low", "ratio_high", "payback", "payback_low", "payback_high", "verdict"]


@dataclass(frozen=True, eq=False)
class AcquisitionResult(Result):
    """New customers by channel: what one brings, and what one costs.

    Attributes
    ----------
    table : DataFrame
        level, customers, again (who bought on two days or more), estimate, ci_low, ci_high (value of a new customer in
        the horizon), cost, ratio, ratio_low, ratio_high (value over cost), payback, payback_low, payback_high (weeks),
        verdict ('pays', 'unclear', 'does_not_pay', 'no_cost', 'too_few').
    by : {'channel', 'category'}
        Of the first order.
    horizon : int
        Weeks from the first purchase that count.
    n_used : int
        Customers.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    by: str
    horizon: int
    n_used: int
    confidence: float
    currency: str = ""
    simulated: bool = False
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a channel, the most valuable new customers first."""
        return self.table.copy()


def acquisition(
    value: ValueResult,
    costs: Mapping[str, float],
    *,
    by: Literal["channel", "category"] = "channel",
    min_cell: int = FEWEST,
) -> AcquisitionResult:
    """Set what a new customer of each channel brings beside what one costs there.

    Parameters
    ----------
    value : ValueResult
        As `lk.customer_value` gives it; with its margin if it has one, else revenue counts.
    costs : mapping of str to float
        What winning a customer costs in each channel; channels without one stand in the table without a verdict.
    by : {'channel', 'category'}
        What of the first order parts customers.
    min_cell : int
        Customers below which channels go together as 'few'.

    Returns
    -------
    AcquisitionResult

    Raises
    ------
    InputError
        If a cost is not above 0 or names no channel of the log, or the log has no such column.

    Notes
    -----
    Of each channel with 100 customers who came again the model that `value` uses is fitted to its customers alone, and
    so is what they spend: a new customer brings the first day's mean and what is then expected within the horizon. It
    is multiplied and widened by what the holdout of all customers taught. Cost and payback are compared with the mean
    of many new customers. Customers of a channel differ in more than the channel: more money there may win others.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> from loyalty_kit.customers.value.customer_value import customer_value
    >>> draw = np.random.default_rng(1)
    >>> who, days = draw.integers(0, 400, 1800), draw.integers(0, 200, 1800)
    >>> log = pd.DataFrame({"who": who, "when": pd.Timestamp("2026-01-01") + pd.to_timedelta(days, unit="D")})
    >>> log = log.assign(paid=draw.gamma(9, 3, 1800), where=np.where(who % 2, "web", "shop"))
    >>> read = read_transactions(log, customer="who", time="when", amount="paid", channel="where")
    >>> found = acquisition(customer_value(read, horizon=8, margin=0.3), {"web": 5.0, "shop": 90.0})
    >>> sorted(found.to_frame()[["level", "verdict"]].values.tolist())
    [['shop', 'does_not_pay'], ['web', 'pays']]
    """
    if not isinstance(value, ValueResult):
        raise InputError("'value' must be what lk.customer_value gives; got {given}.", given=kind(value))
    check_choice(by, "by", ("channel", "category"))
    check_whole(min_cell, "min_cell", 1)
    labels = first_values(value.log, value.ledger.purchases, by).fillna("")
    _check_costs(costs, labels, by)
    hidden = small_cells(labels.value_counts(), min_cell)
    labels = labels.where(~labels.isin(hidden.index[hidden.to_numpy()]), "few")
    named = {str(level): float(cost) for level, cost in costs.items()}
    rows = [
        (level, *_row(value, np.flatnonzero(labels.to_numpy() == level), named.get(level)))
        for level in sorted(labels.unique())
    ]
    table = pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[3:-1], float))
    return AcquisitionResult(
        table=table.sort_values("estimate", ascending=False, kind="stable", ignore_index=True),
        by=by,
        horizon=value.horizon,
        n_used=value.n_used,
        confidence=value.confidence,
        currency=value.currency,
        simulated=value.simulated,
        warnings=tuple(_told(value, table, sum(level not in set(labels) for level in named))),
    )


def _row(value: ValueResult, places: Whole, cost: float | None) -> tuple[object, ...]:
    """Figures of the customers at some places of the ledger."""
    histories, nothing = value.forecast.histories.of(places), (np.nan,) * 3
    again = int((histories.x > 0).sum())
    counts = (len(places), again)
    given = np.nan if cost is None else cost
    if again < REPEAT_BUYERS:
        return (*counts, *nothing, given, *nothing, *nothing, "too_few")
    plain = histories._replace(covariates=None)
    cells = plain.cells()
    name, fitted = value.used, fit_model(value.used, cells)
    if fitted.edge and name != "nbd":
        name, fitted = "nbd", fit_model("nbd", cells)
    bought, own = (
        value.ledger.purchases,
        value.forecast._replace(name=name, fitted=fitted, histories=plain, cells=cells, spending=spending_of(plain)),
    )
    somebody = newcomer_of(
        own,
        bought.spend[bought.starts][places],
        discount=value.discount,
        correction=value.correction,
        rng=np.random.default_rng(value.seed),
    )
    margin = value.log.net_share * (1.0 if value.margin is None else value.margin)
    worth = somebody.value(margin, value.confidence)
    if cost is None:
        return (*counts, *worth, given, *nothing, *nothing, "no_cost")
    back = somebody.payback(cost / margin, value.confidence) if margin > 0 else nothing
    return (*counts, *worth, given, *(one / cost for one in worth), *back, pays(cost, *worth[1:]))


def _check_costs(costs: object, labels: pd.Series, by: str) -> None:
    if not isinstance(costs, Mapping):
        raise InputError(
            "'costs' must name what a new customer of each {by} costs, as dict(web=12.0); got {given}.",
            by=by,
            given=kind(costs),
        )
    for cost in costs.values():
        check_number(cost, "costs")
        if cost <= 0:
            raise InputError("'{name}' must be above 0; got {given}.", name="costs", given=shown(cost))
    known = sorted(set(labels[labels != ""]))
    strange = [str(level) for level in costs if str(level) not in known]
    if strange:
        raise InputError(
            "'costs' names {strange}, and no first order of the log stands with it; there are {known}.",
            strange=strange,
            known=known[:20],
        )


def _told(value: ValueResult, table: pd.DataFrame, lost: int) -> list[Message]:
    told = []
    if value.margin is None:
        told.append(message("Value is compared with costs as revenue; give 'margin', the share of it that is earned."))
    if lost:
        told.append(
            message(
                "{n} of the costs stand with channels of few customers, which go together as one; they are compared "
                "with nothing.",
                n=lost,
            )
        )
    few = int((table["verdict"] == "too_few").sum())
    if few:
        told.append(
            message(
                "{n} parts have fewer than {needed} customers who came again, or cannot be modelled by themselves; "
                "what a new customer of theirs brings is not told.",
                n=few,
                needed=REPEAT_BUYERS,
            )
        )
    return told
