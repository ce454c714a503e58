"""A log of orders: one noun, a few verbs."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.customers.transactions.checks import LogCheckResult, check_rows
from loyalty_kit.customers.transactions.columns import Columns
from loyalty_kit.customers.transactions.days import (
    NOTHING,
    CustomerDays,
    Orders,
    days_by_engine,
    days_of,
    fetched,
    known_rows,
    of_returning,
    orders_in_memory,
    texts_of,
)
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.refunds import matched

Refunds = Literal["separate", "net", "drop"]
MANY_ROWS = 200_000_000
"""Rows of a log without orders from which on the engine that holds it groups them."""


@dataclass(frozen=True, eq=False)
class Transactions(Summarized):
    """A log of orders, made by `lk.read_transactions`.

    Attributes
    ----------
    columns : Columns
        Names of its columns.
    refunds : {'separate', 'net', 'drop'}
        What refunds count as.
    frame : Narwhals frame
        The log, its times those of the clock on the wall.
    simulated : bool
        Whether the log is simulated, which a report then says.
    """

    columns: Columns
    refunds: Refunds
    frame: Any
    simulated: bool = False

    def __repr__(self) -> str:
        """Name the columns; no row stands here."""
        named = ", ".join(f"{meaning}={name!r}" for meaning, name in self.columns.named())
        return f"{type(self).__name__}({named}, refunds={self.refunds!r})"

    def check(self, *, at: date | None = None) -> LogCheckResult:
        """Say what a reader of the log must know before any figure.

        Parameters
        ----------
        at : date, optional
            Day after which an order lies in the future; today if absent.

        Returns
        -------
        LogCheckResult
            Rows without customer, time or amount, times in the future, repeated rows, refunds without a purchase,
            days without any sale, partial periods, customers that look like resellers, ids that differ in case only.
        """
        return check_rows(self.frame, self.columns, self._whole_ledger, self._returning, at or date.today())

    def ledger(self) -> Ledger:
        """Give customers' days in order, refunds as `refunds` has it: grouped once and kept."""
        return self._ledger

    @property
    def net_share(self) -> float:
        """Share of what was bought that refunds leave: 1 unless the log is read with refunds='net'."""
        if self.refunds != "net":
            return 1.0
        ledger = self.ledger()
        return max(1.0 + float(ledger.refunds.sum() / ledger.spend.sum()), 0.0)

    def until(self, last: date | str) -> "Transactions":
        """Log as it stood at the end of a day."""
        end = np.datetime64(_day(last), "D") + 1
        kept = nw.col(self.columns.time) < end.astype("datetime64[us]").item()
        if self.frame.collect_schema()[self.columns.time] == nw.Date:
            kept = nw.col(self.columns.time) < end.item()
        return replace(self, frame=self.frame.filter(kept))

    @cached_property
    def _rows(self) -> Any:
        return known_rows(self.frame, self.columns)

    @cached_property
    def _by_engine(self) -> bool:
        """Whether the engine that holds the log groups it.

        Orders of one row are fetched and added up here while they fit: engines group by customer and day, of whom
        there are nearly as many as rows, at three times the cost.
        """
        if not isinstance(self.frame, nw.LazyFrame):
            return False
        return self.columns.order is not None or fetched(self._rows.select(nw.len()))["len"].to_list()[0] > MANY_ROWS

    @cached_property
    def _in_memory(self) -> tuple[Ledger, Orders]:
        """Ledger of a log in memory and the orders of the customers who gave something back, from one look at it."""
        orders = orders_in_memory(self._rows, self.columns)
        _check_amounts(orders.amount > NOTHING)
        return Ledger.of_orders(orders), of_returning(orders)

    @cached_property
    def _whole_ledger(self) -> Ledger:
        """Customers' days with every refund in its own."""
        if not self._by_engine:
            return self._in_memory[0]
        days = days_by_engine(self._rows, self.columns)
        _check_amounts(days.orders > 0)
        return Ledger.of(days)

    @cached_property
    def _ledger(self) -> Ledger:
        if self.refunds == "separate":
            return self._whole_ledger
        if self.refunds == "drop":
            return replace(self._whole_ledger, refunds=np.zeros_like(self._whole_ledger.refunds))
        return Ledger.of(_without(self._whole_ledger, self._taken_back()))

    @cached_property
    def _returning(self) -> Orders:
        """Orders of the customers who gave something back."""
        if not self._by_engine:
            return self._in_memory[1]
        name = self.columns.customer
        returning = self._rows.filter(nw.col(self.columns.amount) < 0).select(name).unique()
        return orders_in_memory(self._rows.join(returning, on=name, how="semi"), self.columns)

    def _taken_back(self) -> CustomerDays:
        """Days of the purchases that a refund takes back in full, and of these refunds."""
        orders = self._returning
        found = matched(orders.customer, orders.time, orders.amount)
        return days_of(Orders(orders.ids, orders.customer[found], orders.time[found], orders.amount[found]))


def _check_amounts(bought: npt.NDArray[np.bool_]) -> None:
    if not len(bought):
        raise InputError("The log holds no row with a customer, a time and an amount.")
    if not bought.any():
        raise InputError("The log holds no purchase: every amount is 0 or below, as a refund is.")


def _without(days: Ledger, taken: CustomerDays) -> CustomerDays:
    """Customer-days less those of orders that count as never made."""
    position = pd.Index(days.ids).get_indexer(pd.Index(texts_of(taken.ids, taken.customer)))
    return CustomerDays(
        days.ids,
        np.r_[days.customer, position],
        np.r_[days.day, taken.day],
        np.r_[days.orders, -taken.orders],
        np.r_[days.spend, -taken.spend],
        np.r_[days.refunds, -taken.refunds],
    )


def _day(given: date | str) -> str:
    text = given if isinstance(given, str) else given.isoformat()[:10]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError("A day must be a date as '2026-11-30'; got '{given}'.", given=text) from None
