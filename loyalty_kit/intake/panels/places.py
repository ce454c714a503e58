"""Where dates lie among periods: the month that somebody enrolled in, the week of a start."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import InputError

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?(?:[T ].*)?")


def places_of(column: pd.Series, name: str, periods: Sequence[Any], of: str) -> npt.NDArray[np.intp]:
    """Place of each value of a column among periods, which it names or in which it is a date.

    Parameters
    ----------
    column : Series of shape (values,)
        Values; a missing one has no place.
    name : str
        What the column is called.
    periods : sequence
        Periods in the order of time: dates on which they begin, months as '2026-03', numbers or labels.
    of : str
        What their column is called.

    Returns
    -------
    array of shape (values,)
        From 0 on; −1 before the first period, the number of periods after the last one and where a value is missing.

    Raises
    ------
    InputError
        If a value is neither a period nor a date or number where these are.

    Examples
    --------
    >>> months = ["2026-01", "2026-02", "2026-03"]
    >>> places_of(pd.Series(["2026-02-17", "2025-12-01", None, "2026-04-01"]), "joined", months, "month").tolist()
    [1, -1, 3, 3]
    """
    out = np.full(len(column), len(periods), dtype=np.intp)
    given = np.flatnonzero(column.notna().to_numpy())
    values = [column.iloc[place] for place in given]
    for way in (_moment, _number):
        starts, keys = [way(period) for period in periods], [way(value) for value in values]
        if all(key is not None for key in starts + keys):
            ends = np.array([*starts, _end(starts)])
            places: Any = np.searchsorted(ends, np.array(keys, dtype=ends.dtype), side="right") - 1
            out[given] = places
            return out
    known = {cell_text(period): place for place, period in enumerate(periods)}
    found = [known.get(cell_text(value), -1) for value in values]
    if -1 in found:
        raise InputError(
            "Column '{column}' must be written as the periods of '{period}' are, as '{example}', and be empty for "
            "those who did not enrol.",
            column=name,
            period=of,
            example=str(periods[-1]),
        )
    out[given] = found
    return out


def _moment(value: object) -> Any:
    """Begin of a date, a period, or a text that has the year first; None of anything else."""
    if isinstance(value, pd.Period):
        value = value.start_time
    if isinstance(value, date | datetime):
        stamp = pd.Timestamp(value)
        return (stamp.tz_localize(None) if stamp.tzinfo else stamp).to_datetime64().astype("datetime64[s]")
    match = _DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        return np.datetime64(datetime(int(match[1]), int(match[2]), int(match[3] or 1)), "s")
    except ValueError:
        return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | np.number) and not isinstance(value, bool) else None


def _end(starts: list[Any]) -> Any:
    """First moment after the last period, which is as long as the one before it, months as the calendar has them."""
    if len(starts) < 2:
        return starts[-1] + 1 if isinstance(starts[-1], float) else np.datetime64("9999-12-31", "s")
    last, before = starts[-1], starts[-2]
    if isinstance(last, float):
        return last + (last - before)
    months = [start.astype("datetime64[M]") for start in starts]
    if all(start == month for start, month in zip(starts, months, strict=True)):
        return (months[-1] + (months[-1] - months[-2])).astype("datetime64[s]")
    return last + (last - before)
