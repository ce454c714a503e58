"""Times of a column of text: the order of day and month, and the offsets of time zones."""

import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.intake.options import FileOptions

ORDERS = ("ymd", "mdy", "dmy")
_ZONE = r"(?:Z|UTC|[+-]\d{2}:?\d{2})\s*$"
_YEAR_FIRST = r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)日?[T\s]*(.*)"
_YEAR_LAST = r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2,4})(?!\d)[,T\s]*(.*)"
_COMPACT = r"(\d{4})(\d{2})(\d{2})(?!\d)[T\s]*(.*)"


def times_of(column: pd.Series, name: str, options: FileOptions, timezone: str | None) -> pd.Series:
    """Read the times of a column of text, in the order of day and month that the whole column allows.

    Parameters
    ----------
    column : Series of shape (rows,)
        Text; missing and blank cells have no time.
    name : str
        What errors call the column.
    options : FileOptions
        Order of day and month, where it is known.
    timezone : str, optional
        Zone that the times will be turned into; times of several offsets need it.

    Raises
    ------
    InputError
        If a cell is no date, dates may mean two days, or offsets are mixed.

    Examples
    --------
    >>> times_of(pd.Series(["2026年1月5日 10:00", None]), "when", FileOptions(), None).dt.hour.tolist()
    [10.0, nan]
    """
    texts = column.dropna().astype(str).str.strip()
    texts = texts[texts != ""]
    orders = [options.dates] if options.dates else list(ORDERS)
    read = {order: _read(texts, order) for order in orders}
    fits = {order: times for order, times in read.items() if times is not None}
    if len(fits) > 1 and not all(times.equals(next(iter(fits.values()))) for times in fits.values()):
        raise InputError(
            "Column '{column}' holds dates as '{date}', which may mean two days; say which: {line} or \"mdy\".",
            column=name,
            date=texts.iloc[0],
            line=options.line("dates", "dmy"),
        )
    if not fits:
        bad = texts[_parsed(texts, orders[0]).isna()] if len(texts) else texts
        raise InputError(
            "Column '{column}' of the log holds '{value}', which is no date; store dates as 2026-11-30 or with a time.",
            column=name,
            value=bad.iloc[0] if len(bad) else "",
            anonymous=message(
                "Column '{column}' of the log holds text that is no date; store dates as 2026-11-30 or with a time.",
                column=name,
            ),
        )
    return _in_their_zone(texts, next(iter(fits.values())), name, timezone).reindex(column.index)


def _read(texts: pd.Series, order: str) -> pd.Series | None:
    """Read times without their offsets, or none where a text is no date in that order."""
    times = _parsed(texts, order)
    return None if times.isna().any() else times


def _parsed(texts: pd.Series, order: str) -> pd.Series:
    plain = texts.str.replace(_ZONE, "", regex=True)
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


def _in_their_zone(texts: pd.Series, times: pd.Series, name: str, timezone: str | None) -> pd.Series:
    """Leave times as they are where none has an offset; else times that know their zone."""
    offsets = texts.str.extract(f"({_ZONE})")[0].str.strip()
    known = offsets.notna()
    if not known.any():
        return times
    if not known.all():
        raise InputError(
            "Column '{column}' of the log holds times with a zone ('{aware}') and without one ('{naive}'); "
            "give all of them one.",
            column=name,
            aware=texts[known].iloc[0],
            naive=texts[~known].iloc[0],
        )
    shifts = offsets.map({text: _shift(text) for text in offsets.unique()})
    instants: pd.Series = (times - shifts).dt.tz_localize("UTC")
    if timezone is not None:
        return instants
    if shifts.nunique() > 1:
        raise InputError(
            "Column '{column}' of the log holds times of several offsets ('{first}', '{second}'); say where days "
            'begin and end: timezone="Europe/Berlin" or another zone.',
            column=name,
            first=offsets.iloc[0],
            second=offsets[shifts != shifts.iloc[0]].iloc[0],
        )
    # One offset is the clock on the wall.
    return times


def _shift(offset: str) -> pd.Timedelta:
    if not offset.startswith(("+", "-")):
        return pd.Timedelta(0)
    hours, minutes = offset[1:3], offset[-2:]
    return pd.Timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if offset[0] == "-" else 1)
