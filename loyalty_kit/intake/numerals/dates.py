"""Days and times as people write them, in the order of day and month that a whole column allows."""

from collections.abc import Sequence

import pandas as pd

ORDERS = ("ymd", "mdy", "dmy")
ZONE = r"(?:Z|UTC|[+-]\d{2}:?\d{2})\s*$"
"""Offset at the end of a time."""
_YEAR_FIRST = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)[日号]?[T\s]*(.*)"
_YEAR_LAST = r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2,4})(?!\d)[,T\s]*(.*)"
_COMPACT = r"(\d{4})(\d{2})(\d{2})(?!\d)[T\s]*(.*)"
_NAMED = r"(?i).*\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*\d{4}"


def ways(texts: pd.Series, orders: Sequence[str] = ORDERS) -> list[pd.Series]:
    """Each way to read all texts as times, without their offsets, in one order of day, month and year.

    Examples
    --------
    >>> [way.dt.strftime("%Y-%m-%d").tolist() for way in ways(pd.Series(["03/04/2026"]))]
    [['2026-03-04'], ['2026-04-03']]
    >>> [len(ways(pd.Series(texts))) for texts in (["03/04/2026", "13/04/2026"], ["5 Jan 2026"], ["soon"])]
    [1, 1, 0]
    """
    found: list[pd.Series] = []
    for order in orders if len(texts) else ():
        times = parsed(texts, order)
        if not times.isna().any() and not any(times.equals(other) for other in found):
            found.append(times)
    return found


def parsed(texts: pd.Series, order: str) -> pd.Series:
    """Read times in an order of day, month and year; missing where a text is none in it."""
    plain = texts.str.replace(ZONE, "", regex=True)
    if plain.str.match(_NAMED).all():
        return pd.to_datetime(plain, errors="coerce", format="mixed").astype("datetime64[us]")
    if order == "ymd":
        parts = plain.str.extract(f"^{_YEAR_FIRST}$")
        compact = parts[0].isna()
        if compact.any():
            parts[compact] = plain[compact].str.extract(f"^{_COMPACT}$").to_numpy()
        year, month, day, rest = (parts[place] for place in range(4))
    else:
        parts = plain.str.extract(f"^{_YEAR_LAST}$")
        day, month = (parts[0], parts[1]) if order == "dmy" else (parts[1], parts[0])
        year, rest = parts[2].where(parts[2].str.len() == 4, "20" + parts[2].str[-2:]), parts[3]
    written = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2) + (" " + rest.fillna("")).str.rstrip()
    times = pd.to_datetime(written, errors="coerce", format="ISO8601")
    unread = times.isna() & written.notna()
    if unread.any():
        times = times.where(~unread, pd.to_datetime(written.where(unread), errors="coerce", format="mixed"))
    return times.astype("datetime64[us]")
