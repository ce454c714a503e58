"""The ledger: customers' days in order, from which every analysis of a log is read without a second look at it."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.summaries import Summarized
from loyalty_kit.customers.transactions.days import MICROSECONDS, NOTHING, CustomerDays, Orders, texts_of
from loyalty_kit.statistics.sorting import in_order

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
        place = _Sorted.of(days.customer, days.day)
        sums = (_sums(values[place.order], place.starts) for values in (days.orders, days.spend, days.refunds))
        return cls(texts_of(days.ids, place.numbers), place.customer, place.day, *sums)

    @classmethod
    def of_orders(cls, orders: Orders) -> "Ledger":
        """Sort orders and add up those of one customer and day."""
        place = _Sorted.of(orders.customer, orders.time // MICROSECONDS)
        amount = orders.amount[place.order]
        # One at a time: of tens of millions of orders each is large.
        sums = [_sums((amount > NOTHING).astype(float), place.starts)]
        for counted in (amount > NOTHING, amount < -NOTHING):
            sums.append(_sums(np.where(counted, amount, 0.0), place.starts))
        return cls(texts_of(orders.ids, place.numbers), place.customer, place.day, *sums)

    @cached_property
    def starts(self) -> Whole:
        """Where each customer begins."""
        return _starts(self.customer)

    @cached_property
    def purchases(self) -> "Ledger":
        """Days with a purchase alone, of the customers who made one."""
        return self.some(self.orders > 0)

    def some(self, kept: npt.NDArray[np.bool_]) -> "Ledger":
        """Ledger of some of the days."""
        if kept.all():
            return self
        money = (part[kept] for part in (self.orders, self.spend, self.refunds))
        return Ledger(self.ids, self.customer[kept], self.day[kept], *money)

    def until(self, day: int) -> "Ledger":
        """Ledger as it stood at the end of a day."""
        return self.some(self.day <= day)

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
            copy=False,
        )


class _Sorted(NamedTuple):
    """Rows by customer and day: where each stood, where days begin; each day's customer and date, and who they are."""

    order: Whole
    starts: Whole
    customer: Whole
    day: Whole
    numbers: Whole

    @classmethod
    def of(cls, customer: Whole, day: Whole) -> "_Sorted":
        low, high = (int(day.min()), int(day.max())) if len(day) else (0, 0)
        width = (high - low).bit_length()
        key = customer << width
        key |= day - low
        key, order = in_order(key)
        starts = _starts(key)
        key = key[starts]
        who = key >> width
        first = _starts(who)
        place = np.repeat(np.arange(len(first)), np.diff(np.r_[first, len(who)]))
        key &= (1 << width) - 1
        key += low
        return cls(order, starts, place, key, who[first])


def _starts(key: Whole) -> Whole:
    new = np.ones(len(key), dtype=bool)
    np.not_equal(key[1:], key[:-1], out=new[1:])
    return np.flatnonzero(new)


def _sums(values: Floats, starts: Whole) -> Floats:
    return values if len(starts) == len(values) else np.add.reduceat(values, starts)
