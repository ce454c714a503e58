"""Cohorts: of the customers who first bought in a period, how many buy again in each period after."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from loyalty_kit.core.checks import check_choice, check_level, check_rng
from loyalty_kit.core.errors import InputError, TooLittleError, kind
from loyalty_kit.core.results import Result
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.customers.staying.sbg import ProjectionResult, project
from loyalty_kit.customers.transactions.transactions import Transactions

Whole = npt.NDArray[np.int64]
PERIODS = ("month", "quarter", "week")
MEASURES = ("customers", "orders", "revenue")
_MONTHS = {"month": 1, "quarter": 3}
_MONDAY = 3
"""Days from the Monday before 1970 to its first day."""


@dataclass(frozen=True, eq=False)
class CohortsResult(Result):
    """Customers by period of their first purchase, and what became of them.

    Attributes
    ----------
    table : DataFrame
        cohort, age (periods since), active, size, retention, ci_low, ci_high (Wilson; missing for orders and revenue),
        complete: whether the log holds the period whole.
    cohort : {'month', 'quarter', 'week'}
        Period.
    measure : {'customers', 'orders', 'revenue'}
        What `active` counts; retention is a customer of the cohort's.
    n_used : int
        Customers.
    confidence : float
        Level of the intervals.
    """

    table: pd.DataFrame
    cohort: str
    measure: str
    n_used: int
    confidence: float

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame, a row a cohort and age that the log reaches, age 0 first; where nobody bought, `active` is 0."""
        return self.table.copy()

    def _shown(self) -> pd.DataFrame:
        return self.table[self.table["size"] >= FEWEST]

    def pooled(self, *, complete: bool = True) -> pd.DataFrame:
        """All cohorts together by age: age, active, size, retention, ci_low, ci_high.

        Parameters
        ----------
        complete : bool
            Whether only periods that the log holds whole count.
        """
        cells = self.table[self.table["complete"]] if complete else self.table
        sums = cells.groupby("age", as_index=False)[["active", "size"]].sum()
        return _with_shares(sums, self.measure, self.confidence)

    def project(self, periods: int, *, rng: int | np.random.Generator = 0) -> ProjectionResult:
        """Say how many customers of today's cohorts will be there in later periods, by the shifted beta-geometric.

        Parameters
        ----------
        periods : int
            Ages ahead of the oldest that was seen whole.
        rng : int or Generator
            Seed of the draws behind intervals.

        Returns
        -------
        ProjectionResult

        Raises
        ------
        TooLittleError
            If in any cohort more customers bought in a period than in the one before, as customers without a contract
            do: then nobody is seen to leave; or if too few left, or the fit runs to its edge.
        InputError
            If the cohorts count orders or revenue.

        Notes
        -----
        Each customer leaves in a period with a chance of their own, which follows a beta distribution; maximum
        likelihood over all cohorts. An interval holds the parameters' error and chance.

        References
        ----------
        Fader, P. S. & Hardie, B. G. S. (2007). How to project customer retention. Journal of Interactive Marketing
        21(1), 76-90.

        Examples
        --------
        >>> table = pd.DataFrame({"cohort": "2026-01", "age": range(4), "active": [1000, 631, 468, 382]})
        >>> cells = table.assign(size=1000, complete=True)
        >>> found = CohortsResult(cells, "month", "customers", 1000, 0.95).project(2)
        >>> found.to_frame().query("age == 5")["retention"].round(2).tolist()
        [0.28]
        """
        if self.measure != "customers":
            raise InputError(
                "A projection counts customers; take measure='customers'; got '{given}'.", given=self.measure
            )
        cells = self.table[self.table["complete"]]
        return project(cells, periods, self.confidence, check_rng(rng))


def retention(
    transactions: Transactions,
    *,
    cohort: Literal["month", "quarter", "week"] = "month",
    measure: Literal["customers", "orders", "revenue"] = "customers",
    confidence: float = 0.95,
) -> CohortsResult:
    """Retention of cohorts: who first bought in a period, and how many of them buy in each period after.

    Parameters
    ----------
    transactions : Transactions
        A log, as `lk.read_transactions` gives it.
    cohort : {'month', 'quarter', 'week'}
        Period of cohorts and ages; a week begins on Monday.
    measure : {'customers', 'orders', 'revenue'}
        What is counted.
    confidence : float
        Level of the intervals.

    Returns
    -------
    CohortsResult

    Raises
    ------
    TooLittleError
        If the log lies within one period.

    Notes
    -----
    Purchases count, refunds do not. Cohorts of a log's first period hold customers of long standing too. A period that
    the log's ends cut off is marked: its share is too low without anybody having left.

    Examples
    --------
    >>> from loyalty_kit.customers.transactions.reading import read_transactions
    >>> days = pd.to_datetime(["2026-01-05", "2026-02-01", "2026-01-20", "2026-02-28"])
    >>> log = pd.DataFrame({"who": [1, 1, 2, 3], "when": days, "paid": 9})
    >>> found = retention(read_transactions(log, customer="who", time="when", amount="paid"))
    >>> found.to_frame()[["cohort", "age", "active", "size"]].values.tolist()
    [['2026-01', 0, 2, 2], ['2026-01', 1, 1, 2], ['2026-02', 0, 1, 1]]
    """
    if not isinstance(transactions, Transactions):
        raise InputError(
            "'transactions' must be a log, as lk.read_transactions gives it; got {given}.", given=kind(transactions)
        )
    check_choice(cohort, "cohort", PERIODS)
    check_choice(measure, "measure", MEASURES)
    check_level(confidence, "confidence")
    bought = transactions.ledger().purchases
    period = _period(bought.day, cohort)
    if period.min() == period.max():
        raise TooLittleError("The log lies within one {period}; cohorts need two or more.", period=cohort)
    sizes = np.diff(np.r_[bought.starts, len(period)])
    first = np.repeat(period[bought.starts], sizes)
    visits = pd.DataFrame({"who": bought.customer, "first": first, "age": period - first})
    visits = visits.assign(orders=bought.orders.astype(np.int64), revenue=bought.spend)
    cells = visits.groupby(["first", "age"], as_index=False).agg(
        customers=("who", "nunique"), orders=("orders", "sum"), revenue=("revenue", "sum")
    )
    cells = _with_empty(cells, int(period.max()))
    everybody = cells[cells["age"] == 0].set_index("first")["customers"]
    last_whole = _period(np.array([bought.day.max() + 1]), cohort)[0] - 1
    table = pd.DataFrame(
        {
            "cohort": [_label(number, cohort) for number in cells["first"]],
            "age": cells["age"],
            "active": cells[measure],
            "size": cells["first"].map(everybody),
        }
    )
    table = _with_shares(table, measure, confidence).assign(complete=cells["first"] + cells["age"] <= last_whole)
    return CohortsResult(table, cohort, measure, int(everybody.sum()), confidence)


def _with_empty(cells: pd.DataFrame, last: int) -> pd.DataFrame:
    """Cells with those in which nobody of a cohort bought: left out, they would make shares of all cohorts too high."""
    firsts = np.unique(cells["first"])
    reached = last - firsts + 1
    ages = np.concatenate([np.arange(count) for count in reached])
    every = pd.MultiIndex.from_arrays([np.repeat(firsts, reached), ages], names=["first", "age"])
    return cells.set_index(["first", "age"]).reindex(every, fill_value=0).reset_index()


def _with_shares(table: pd.DataFrame, measure: str, confidence: float) -> pd.DataFrame:
    low = high = np.full(len(table), np.nan)
    if measure == "customers":
        low, high = proportion_confint(table["active"], table["size"], 1 - confidence, "wilson")
    return table.assign(retention=table["active"] / table["size"], ci_low=low, ci_high=high)


def _period(day: Whole, cohort: str) -> Whole:
    """Count the period of each day, one more from each to the next."""
    if cohort == "week":
        return (day + _MONDAY) // 7
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    found: Whole = months // _MONTHS[cohort]
    return found


def _label(number: int, cohort: str) -> str:
    """Name of a period: 2026-01, 2026-Q1, or the Monday of a week."""
    if cohort == "week":
        return str(np.datetime64(number * 7 - _MONDAY, "D"))
    year, place = divmod(number, 12 // _MONTHS[cohort])
    return f"{1970 + year}-Q{place + 1}" if cohort == "quarter" else f"{1970 + year}-{place + 1:02d}"
