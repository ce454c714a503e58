"""A log of orders: one noun, a few verbs."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

import narwhals as nw
import numpy as np
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.customers.transactions.checks import LogCheckResult, check_rows
from loyalty_kit.customers.transactions.columns import Columns
from loyalty_kit.customers.transactions.days import (
    CustomerDays,
    Orders,
    days_by_engine,
    days_of,
    known_rows,
    orders_in_memory,
)
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.transactions.refunds import matched

Refunds = Literal["separate", "net", "drop"]


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
    def _days(self) -> CustomerDays:
        """Customer-days with every refund in its own."""
        days = days_by_engine(self._rows, self.columns) if self._lazy else days_of(self._orders)
        if not len(days.day):
            raise InputError("The log holds no row with a customer, a time and an amount.")
        if not days.orders.any():
            raise InputError("The log holds no purchase: every amount is 0 or below, as a refund is.")
        return days

    @cached_property
    def _lazy(self) -> bool:
        return isinstance(self.frame, nw.LazyFrame)

    @cached_property
    def _orders(self) -> Orders:
        return orders_in_memory(self._rows, self.columns)

    @cached_property
    def _whole_ledger(self) -> Ledger:
        return Ledger.of(self._days)

    @cached_property
    def _ledger(self) -> Ledger:
        if self.refunds == "separate":
            return self._whole_ledger
        days = self._days
        if self.refunds == "drop":
            return Ledger.of(days._replace(refunds=np.zeros_like(days.refunds)))
        return Ledger.of(_without(days, self._taken_back()))

    @cached_property
    def _returning(self) -> Orders:
        """Orders of the customers who gave something back, at least."""
        if not self._lazy:
            return self._orders
        name = self.columns.customer
        returning = self._rows.filter(nw.col(self.columns.amount) < 0).select(name).unique()
        return orders_in_memory(self._rows.join(returning, on=name, how="semi"), self.columns)

    def _taken_back(self) -> CustomerDays:
        """Days of the purchases that a refund takes back in full, and of these refunds."""
        orders = self._returning
        found = matched(orders.customer, orders.time, orders.amount)
        return days_of(Orders(orders.ids, orders.customer[found], orders.time[found], orders.amount[found]))


def _without(days: CustomerDays, taken: CustomerDays) -> CustomerDays:
    """Customer-days less those of orders that count as never made."""
    position = pd.Index(days.ids).get_indexer(pd.Index(taken.ids))
    return CustomerDays(
        days.ids,
        np.r_[days.customer, position[taken.customer]],
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
