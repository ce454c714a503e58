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

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """What the likelihood of a model of purchases needs."""
        return self.x, self.t_x, self.T


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

    def of(self, places: Whole) -> "Histories":
        """Histories of the customers at some places."""
        x, t_x, length, z = self.x[places], self.t_x[places], self.T[places], self.z[places]
        return Histories(self.who[places], x, t_x, length, z, self.end)

    def cells(self) -> Cells:
        """Group equal histories: a likelihood then costs as many terms as there are different ones."""
        width = int(self.T.max(initial=0)) + 1
        key = (self.x * width + self.t_x) * width + self.T
        found, back, count = np.unique(key, return_inverse=True, return_counts=True)
        rest, length = np.divmod(found, width)
        x, t_x = np.divmod(rest, width)
        return Cells(x.astype(float), t_x / WEEK, length / WEEK, count.astype(float), back)


def histories_of(ledger: Ledger, end: int) -> Histories:
    """Histories of the customers who bought up to a day, inclusive; purchases of one day are one."""
    bought = ledger.purchases.until(end)
    starts = bought.starts
    ends = np.r_[starts[1:], len(bought.day)][: len(starts)] - 1
    first, x = bought.day[starts], ends - starts
    # Sums of what came after the first day, customer by customer.
    later = bought.spend.copy()
    later[starts] = 0.0
    spend = np.add.reduceat(later, starts) if len(starts) else later
    z = np.divide(spend, x, out=np.zeros(len(x)), where=x > 0)
    return Histories(bought.customer[starts], x, bought.day[ends] - first, end - first, z, end)


def median_gap(ledger: Ledger) -> float:
    """Median of the weeks between one purchase day of a customer and the next; missing where nobody came again."""
    bought = ledger.purchases
    gaps = np.diff(bought.day)[np.diff(bought.customer) == 0]
    return float(np.median(gaps)) / WEEK if len(gaps) else float("nan")
