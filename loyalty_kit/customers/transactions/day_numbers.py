"""Days as whole numbers since 1970, as the ledger holds them, and as dates."""

from datetime import date

import numpy as np

from loyalty_kit.core.errors import InputError


def day_number(day: date | str) -> int:
    """Days since 1970 of a date that a user gives as `at`.

    Examples
    --------
    >>> day_number("1970-01-31")
    30
    """
    try:
        return int(np.datetime64(str(day)[:10], "D").astype(int))
    except ValueError:
        raise InputError("'at' must be a date as '2026-11-30'; got '{given}'.", given=day) from None


def as_date(day: int) -> date:
    """Date of a count of days since 1970.

    Examples
    --------
    >>> as_date(30).isoformat()
    '1970-01-31'
    """
    moment: date = np.datetime64(day, "D").item()
    return moment
