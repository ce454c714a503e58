"""How long points are valid, and when a lot is gone."""

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import shown

Whole = npt.NDArray[np.int64]

NEVER = 2**30
"""Day on which points that do not expire are gone."""
_WRITTEN = re.compile(r"(\d+) (day|month|year)s?")


class Validity(NamedTuple):
    """Validity of a lot: a count of days, or of calendar months; neither where points do not expire."""

    days: int = 0
    months: int = 0

    @property
    def expires(self) -> bool:
        """Whether points expire at all."""
        return self.days + self.months > 0

    def ends(self, day: Whole) -> Whole:
        """First day on which points of each day are no longer there."""
        if not self.expires:
            return np.full(len(day), NEVER, dtype=np.int64)
        return day + self.days if self.days else add_months(day, self.months)

    @property
    def ages(self) -> int:
        """Months that a lot lives, the last one perhaps in part; 0 where points do not expire."""
        return self.months or int(np.ceil(self.days / 30.4375))


def validity_of(given: object) -> Validity:
    """Read a validity as a user writes it: days as a whole number, '24 months', '2 years', '90 days', or 'never'.

    Raises
    ------
    InputError
        If it is written otherwise, or is not above 0.

    Examples
    --------
    >>> validity_of("24 months"), validity_of(90)
    (Validity(days=0, months=24), Validity(days=90, months=0))
    """
    if given == "never":
        return Validity()
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return Validity(days=given)
    found = _WRITTEN.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None or int(found[1]) == 0:
        raise InputError(
            "'validity' must say how long points are valid: '24 months', '2 years', a number of days, or 'never'; "
            "got {given}.",
            given=shown(given),
        )
    count = int(found[1])
    return Validity(days=count) if found[2] == "day" else Validity(months=count * (12 if found[2] == "year" else 1))


def add_months(day: Whole, months: int | Whole) -> Whole:
    """Days since 1970 moved by calendar months, to the month's last day where it has no such day.

    Examples
    --------
    >>> add_months(np.array([30]), 1).tolist()  # 31 January to 28 February
    [58]
    """
    if not len(day):
        return day
    month, within = _calendar(day)
    moved = month + months
    low = int(moved.min())
    # The first days of the months are looked up: numpy's calendar takes ten times as long for each of many days.
    first = np.arange(low, int(moved.max()) + 2).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    ends: Whole = np.minimum(first[moved - low] + within, first[moved - low + 1] - 1)
    return ends


def months_between(early: Whole, late: Whole) -> Whole:
    """Whole calendar months from one day to another, as `add_months` counts them.

    Examples
    --------
    >>> months_between(np.array([30, 30]), np.array([57, 58])).tolist()
    [0, 1]
    """
    apart = month_of(late) - month_of(early)
    return apart - (add_months(early, apart) > late)


def month_of(day: Whole) -> Whole:
    """Months since January 1970."""
    return _calendar(day)[0]


def _calendar(day: Whole) -> tuple[Whole, Whole]:
    """Months since January 1970 and days since the month's first, looked up by day."""
    if not len(day):
        return day, day
    low = int(day.min())
    days = np.arange(low, int(day.max()) + 1).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    within = (days - months.astype("datetime64[D]")).astype(np.int64)
    return months.astype(np.int64)[day - low], within[day - low]
