"""Fits to what was known at the end of a day and to who came after it, and the days that a log allows."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import TooLittleError
from loyalty_kit.customers.staying.known import known_at, stayed_away, usable, with_more
from loyalty_kit.customers.staying.models import Risks, fitted
from loyalty_kit.customers.transactions.day_numbers import as_date
from loyalty_kit.customers.transactions.ledger import Ledger

Floats = npt.NDArray[np.float64]
LEAST = 20
"""Customers who stayed away, and who came, below whom nothing is fitted or judged."""


def fit_at(
    ledger: Ledger, day: int, horizon: int, more: pd.DataFrame | None, model: str, confidence: float
) -> tuple[Risks, pd.DataFrame, list[str], Floats]:
    """Fit to what was known at the end of a day; give risks, odds ratios, constant columns and who stayed away."""
    table = with_more(known_at(ledger, day), more)
    away = stayed_away(ledger, table.index.to_numpy(), day, horizon)
    check_counts(away, day, horizon)
    names, constant = usable(table, away)
    risks, ratios = fitted(table, away, names, model, confidence)
    return risks, ratios, constant, away


def check_days(ledger: Ledger, day: int, horizon: int, last: int) -> None:
    """Refuse a day whose horizon the log does not hold, or before which there is none."""
    first = int(ledger.purchases.day.min())
    if last - first < 2 * horizon:
        raise TooLittleError(
            "The log holds {n} days; to judge a forecast of {horizon} days needs twice as many.",
            n=last - first,
            horizon=horizon,
        )
    if day + horizon > last or day - horizon < first:
        raise TooLittleError(
            "A forecast of {horizon} days at {at} needs a log of so many days before and after; this one goes from "
            "{first} to {last}, so 'at' may lie between {low} and {high}.",
            horizon=horizon,
            at=as_date(day).isoformat(),
            first=as_date(first).isoformat(),
            last=as_date(last).isoformat(),
            low=as_date(first + horizon).isoformat(),
            high=as_date(last - horizon).isoformat(),
        )


def check_counts(away: Floats, day: int, horizon: int) -> None:
    """Refuse days after which too few stayed away, or too few came."""
    left = int(away.sum())
    if min(left, len(away) - left) < LEAST:
        raise TooLittleError(
            "Of {n} customers who had bought by {at}, {left} bought nothing in the {horizon} days after; who leaves "
            "can be told where {least} or more do, and {least} or more do not.",
            n=len(away),
            at=as_date(day).isoformat(),
            left=left,
            horizon=horizon,
            least=LEAST,
        )
