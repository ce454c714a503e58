"""What keeping one customer more in a hundred is worth, as those who came again have spent."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from loyalty_kit.core.results import Result
from loyalty_kit.customers.transactions.ledger import Ledger

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KeepingResult(Result):
    """Money of one point more of today's customers who buy within a horizon.

    Attributes
    ----------
    worth, ci_low, ci_high : float
        What they would bring, and what they would bring had those who came spent as the ends of the mean's interval.
    point : float
        Customers in a point.
    spend : float
        Mean revenue of a customer who came in the horizon after the forecast's day.
    away : float
        Share of today's customers expected to buy nothing, as the model has it.
    horizon : int
        Days.
    margin : float
        Share of revenue that is earned; `worth` counts that.
    n_came, n_used : int
        Customers behind the mean, and of today.
    confidence : float
        Level of the interval.
    currency : str
        What reports write amounts with.
    """

    worth: float
    ci_low: float
    ci_high: float
    point: float
    spend: float
    away: float
    horizon: int
    margin: float
    n_came: int
    n_used: int
    confidence: float
    currency: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Tidy frame of one row: worth, ci_low, ci_high, point, spend, away, n_came."""
        names = ["worth", "ci_low", "ci_high", "point", "spend", "away", "n_came"]
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def worth_of_a_point(
    ledger: Ledger,
    window: tuple[int, int],
    risks: Floats,
    *,
    net: float,
    margin: float,
    confidence: float,
    currency: str,
) -> KeepingResult:
    """Say what one point more is worth.

    Parameters
    ----------
    ledger : Ledger
        Customers' days.
    window : (int, int)
        Days since 1970 after the first of which, up to the last, purchases count.
    risks : array of shape (customers,)
        Chance of each of today's customers to buy nothing in as many days.
    net : float
        Share of what is bought that refunds leave.
    margin, confidence, currency
        As in the result.
    """
    bought, (start, end) = ledger.purchases, window
    known = np.unique(bought.customer[bought.day <= start])
    inside = (bought.day > start) & (bought.day <= end) & np.isin(bought.customer, known)
    spend = np.bincount(bought.customer[inside], bought.spend[inside])
    spend = spend[np.unique(bought.customer[inside])]
    mean, error = net * float(spend.mean()), net * float(spend.std(ddof=1) / np.sqrt(len(spend)))
    half, point = float(stats.norm.ppf(0.5 + confidence / 2)) * error, 0.01 * len(risks)
    low, high = (point * margin * value for value in (max(mean - half, 0.0), mean + half))
    return KeepingResult(
        worth=point * margin * mean,
        ci_low=low,
        ci_high=high,
        point=point,
        spend=mean,
        away=float(risks.mean()),
        horizon=end - start,
        margin=margin,
        n_came=len(spend),
        n_used=len(risks),
        confidence=confidence,
        currency=currency,
    )
