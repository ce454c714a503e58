"""The ledger: customers' days in order, from which every analysis of a log is read without a second look at it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.summaries import Summarized
from loyalty_kit.customers.transactions.days import CustomerDays

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ledger(Summarized):
    """Days on which customers bought or gave something back, sorted by customer and day.

    Attributes
    ----------
    ids : Series of shape (customers,)
        Text of each customer's id.
    customer, day : array of shape (days,)
        Customer's position in `ids`; days since 1970.
    orders, spend, refunds : array of shape (days,)
        Purchases of the day, what they came to, and what was given back (below zero).
    """

    ids: pd.Series
    customer: Whole
    day: Whole
    orders: Floats
    spend: Floats
    refunds: Floats

    def __len__(self) -> int:
        """Count of customers."""
        return len(self.ids)

    @classmethod
    def of(cls, days: CustomerDays) -> "Ledger":
        """Sort customer-days and add up those of one customer and day."""
        low = int(days.day.min(initial=0))
        span = int(days.day.max(initial=0)) - low + 1
        key = days.customer * span + (days.day - low)
        order = np.argsort(key, kind="stable")
        starts = _starts(key[order])
        sums = [_sums(values[order], starts) for values in (days.orders, days.spend, days.refunds)]
        rows = order[starts]
        return cls(days.ids, days.customer[rows], days.day[rows], *sums)

    @cached_property
    def starts(self) -> Whole:
        """Where each customer begins."""
        return _starts(self.customer)

    @cached_property
    def purchases(self) -> "Ledger":
        """Days with a purchase alone, of the customers who made one."""
        return self._of(self.orders > 0)

    def _of(self, kept: npt.NDArray[np.bool_]) -> "Ledger":
        money = (part[kept] for part in (self.orders, self.spend, self.refunds))
        return Ledger(self.ids, self.customer[kept], self.day[kept], *money)

    def until(self, day: int) -> "Ledger":
        """Ledger as it stood at the end of a day."""
        return self._of(self.day <= day)

    def by_customer(self) -> pd.DataFrame:
        """Row a customer who ever bought: first and last day, purchase days, orders, spend, refunds, net."""
        bought = self.purchases
        starts = bought.starts
        ends = np.r_[starts[1:], len(bought.day)][: len(starts)] - 1
        refunds = np.bincount(self.customer, self.refunds, minlength=len(self.ids))
        who = bought.customer[starts]
        spend = _sums(bought.spend, starts)
        return pd.DataFrame(
            {
                "first": bought.day[starts],
                "last": bought.day[ends],
                "days": ends - starts + 1,
                "orders": _sums(bought.orders, starts).astype(np.int64),
                "spend": spend,
                "refunds": refunds[who],
                "net": spend + refunds[who],
            },
            index=pd.Index(who, name="customer"),
        )


def _starts(key: Whole) -> Whole:
    return np.flatnonzero(np.r_[True, np.diff(key) != 0][: len(key)])


def _sums(values: Floats, starts: Whole) -> Floats:
    return np.add.reduceat(values, starts) if len(starts) else values[:0]
