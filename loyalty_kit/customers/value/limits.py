"""What a log must hold before anybody's value is told, and where it is cut for the holdout."""

from datetime import date

import numpy as np

from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.customers.transactions.ledger import Ledger
from loyalty_kit.customers.value.models.histories import WEEK, histories_of, median_gap

REPEAT_BUYERS = 100
GAPS = 2
"""Median gaps between purchases that the log must cover."""
YEAR_DAYS = 365
SHORTEST = 4
"""Weeks of the shortest holdout that is taken unasked."""


def check_ledger(ledger: Ledger, horizon: int) -> None:
    """Refuse a log without repeat buying, with too few repeat buyers, too short a history or too long a horizon."""
    repeat, weeks, gap = repeat_buyers(ledger, last_day(ledger)), weeks_of(ledger), median_gap(ledger)
    if repeat == 0:
        raise TooLittleError("No customer bought on two days; repeat buying cannot be estimated.")
    if repeat < REPEAT_BUYERS:
        raise TooLittleError(
            "Of {customers} customers {repeat} bought on two days or more; their value needs {needed} such customers.",
            customers=len(ledger.purchases.starts),
            repeat=repeat,
            needed=REPEAT_BUYERS,
        )
    if weeks < GAPS * gap:
        raise TooLittleError(
            "The log covers {weeks:.1f} weeks, and half of the gaps between purchases are longer than {gap:.1f}; "
            "the value of customers needs {needed:.1f} weeks.",
            weeks=weeks,
            gap=gap,
            needed=GAPS * gap,
        )
    _check_hole(ledger)
    if horizon > weeks:
        raise InputError(
            "'horizon' is {horizon} weeks, and the log covers {weeks:.1f}; look at most as far ahead as it reaches "
            "back: horizon={longest}.",
            horizon=horizon,
            weeks=weeks,
            longest=int(weeks),
        )


def _check_hole(ledger: Ledger) -> None:
    """Refuse a log that holds nothing for longer than all that it holds lasts: a date is wrong, or rows are lost."""
    days = np.unique(ledger.purchases.day)
    gaps = np.diff(days)
    longest = int(gaps.argmax())
    if gaps[longest] > max(days[-1] - days[0] - gaps[longest], YEAR_DAYS):
        raise InputError(
            "From {first} to {last} the log holds no purchase, longer than all the rest of it lasts: a date is wrong, "
            "or rows are lost; mend it, or read the part that is whole.",
            first=str(np.datetime64(int(days[longest]), "D")),
            last=str(np.datetime64(int(days[longest + 1]), "D")),
        )


def last_day(ledger: Ledger) -> int:
    """Last day of the log, since 1970."""
    return int(ledger.day.max())


def weeks_of(ledger: Ledger) -> float:
    """Weeks from the first purchase to the end of the log."""
    return (last_day(ledger) - int(ledger.purchases.day.min())) / WEEK


def repeat_buyers(ledger: Ledger, end: int) -> int:
    """Count customers who bought on two days or more by a day, inclusive."""
    return int((histories_of(ledger, end).x > 0).sum())


def enough(ledger: Ledger, cut: int) -> bool:
    """Whether the part of the log up to a day can be fitted."""
    weeks = (cut - int(ledger.purchases.day.min())) / WEEK
    return weeks >= max(SHORTEST, GAPS * median_gap(ledger.until(cut))) and repeat_buyers(ledger, cut) >= REPEAT_BUYERS


def cut_of(ledger: Ledger, holdout: int | str | date | None, horizon: int) -> int:
    """Last day of calibration, inclusive: as asked for, or before a holdout as long as the horizon if possible."""
    end = last_day(ledger)
    if holdout is not None:
        cut = end - WEEK * holdout if isinstance(holdout, int | np.integer) else day_of(holdout)
        return check_cut(ledger, int(cut), end)
    weeks = min(horizon, int(weeks_of(ledger) // 2))
    while weeks >= SHORTEST or weeks == horizon:
        if enough(ledger, end - WEEK * weeks):
            return end - WEEK * weeks
        weeks //= 2
    raise TooLittleError(
        "No holdout of {shortest} weeks or more leaves {needed} customers who bought on two days before it, over two "
        "median gaps between purchases; a forecast that cannot be tried out is not made.",
        shortest=min(SHORTEST, horizon),
        needed=REPEAT_BUYERS,
    )


def check_cut(ledger: Ledger, cut: int, end: int) -> int:
    """Refuse a last day of calibration outside the log, or before which the log cannot be fitted."""
    first = int(ledger.purchases.day.min())
    if not first < cut <= end - WEEK:
        raise InputError(
            "'holdout' must begin a week or more before the log's last day, {last}, and after its first, {first}: "
            "give the last day before it or how many weeks it has; got {cut}.",
            first=str(np.datetime64(first, "D")),
            last=str(np.datetime64(end, "D")),
            cut=str(np.datetime64(cut, "D")),
        )
    if not enough(ledger, cut):
        raise TooLittleError(
            "Up to {cut} only {repeat} customers bought on two days or more, in {weeks:.1f} weeks; the part before the "
            "holdout needs {needed} over two median gaps between purchases: take a shorter `holdout`.",
            cut=str(np.datetime64(cut, "D")),
            repeat=repeat_buyers(ledger, cut),
            weeks=(cut - first) / WEEK,
            needed=REPEAT_BUYERS,
        )
    return cut


def day_of(given: object) -> int:
    """Day since 1970 of a date or its text."""
    try:
        return int(np.datetime64(date.fromisoformat(str(given)[:10]), "D").astype(int))
    except ValueError:
        raise InputError(
            "A last day of calibration must be a date as '2026-11-30'; got '{given}'.", given=str(given)
        ) from None
