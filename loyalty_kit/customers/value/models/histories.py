"""Histories of customers: how often each bought again, when last, and for how long each is known."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.customers.transactions.ledger import Ledger

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
WEEK = 7


class Cells(NamedTuple):
    """Equal histories once: repeat purchases, weeks from the first to the last one and to the end, customers; whose."""

    x: Floats
    t_x: Floats
    T: Floats
    customers: Floats
    back: Whole
    covariates: tuple[Floats, ...] = ()

    @property
    def history(self) -> tuple[Floats, ...]:
        """What the likelihood of a model of purchases needs, covariates last."""
        return self.x, self.t_x, self.T, *self.covariates

    @property
    def newcomers(self) -> "Cells":
        """Somebody who has just bought for the first time, once for each set of covariates."""
        customers, nothing = np.array([self.customers.sum()]), np.zeros(1)
        covariates = np.zeros((0, 1))
        if self.covariates:
            covariates, place = np.unique(np.stack(self.covariates), axis=1, return_inverse=True)
            customers, nothing = np.bincount(place, self.customers), np.zeros(covariates.shape[1])
        return Cells(nothing, nothing, nothing, customers, np.arange(len(nothing)), tuple(covariates))


class Histories(NamedTuple):
    """Customers who bought up to a day, in whole days, and what they spent on a day when they came again."""

    who: Whole
    """Position in the ledger."""
    x: Whole
    """Days with a purchase after the first."""
    t_x: Whole
    """Days from the first to the last of them."""
    T: Whole
    """Days from the first to the end."""
    z: Floats
    """Mean spend of a repeat day; 0 without one."""
    end: int
    """Last day, inclusive, since 1970."""
    covariates: Floats | None = None
    """Row a customer, where there are any."""

    @property
    def history(self) -> tuple[Floats, ...]:
        """What a model of purchases needs of each customer, in weeks, covariates last."""
        more = () if self.covariates is None else tuple(self.covariates.T)
        return self.x.astype(float), self.t_x / WEEK, self.T / WEEK, *more

    def of(self, places: Whole) -> "Histories":
        """Histories of the customers at some places."""
        x, t_x, length, z = self.x[places], self.t_x[places], self.T[places], self.z[places]
        covariates = None if self.covariates is None else self.covariates[places]
        return Histories(self.who[places], x, t_x, length, z, self.end, covariates)

    def cells(self) -> Cells:
        """Group equal histories: a likelihood then costs as many terms as there are different ones."""
        width = int(self.T.max(initial=0)) + 1
        key = (self.x * width + self.t_x) * width + self.T
        if self.covariates is None:
            found, back, count = np.unique(key, return_inverse=True, return_counts=True)
            rest, length = np.divmod(found, width)
            x, t_x = np.divmod(rest, width)
            return Cells(x.astype(float), t_x / WEEK, length / WEEK, count.astype(float), back)
        rows, place = np.unique(self.covariates, axis=0, return_inverse=True)
        # Equal covariates stand side by side.
        key = key + place * (int(key.max(initial=0)) + 1)
        _, first, back, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
        return Cells(
            self.x[first].astype(float),
            self.t_x[first] / WEEK,
            self.T[first] / WEEK,
            count.astype(float),
            back,
            tuple(rows[place[first]].T),
        )


def histories_of(ledger: Ledger, end: int, covariates: Floats | None = None) -> Histories:
    """Histories of the customers who bought up to a day, inclusive; purchases of one day are one.

    Parameters
    ----------
    ledger : Ledger
        Customers' days.
    end : int
        Days since 1970.
    covariates : array of shape (customers of the ledger, columns), optional
        What is known of each.
    """
    bought = ledger.purchases.until(end)
    starts = bought.starts
    ends = np.r_[starts[1:], len(bought.day)][: len(starts)] - 1
    first, x = bought.day[starts], ends - starts
    # Sums of what came after the first day, customer by customer.
    later = bought.spend.copy()
    later[starts] = 0.0
    spend = np.add.reduceat(later, starts) if len(starts) else later
    z = np.divide(spend, x, out=np.zeros(len(x)), where=x > 0)
    who = bought.customer[starts]
    more = None if covariates is None else covariates[who]
    return Histories(who, x, bought.day[ends] - first, end - first, z, end, more)


def median_gap(ledger: Ledger) -> float:
    """Median of the weeks between one purchase day of a customer and the next; missing where nobody came again."""
    bought = ledger.purchases
    gaps = np.diff(bought.day)[np.diff(bought.customer) == 0]
    return float(np.median(gaps)) / WEEK if len(gaps) else float("nan")
