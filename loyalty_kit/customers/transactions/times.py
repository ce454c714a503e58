"""Times of a column of text: the order of day and month, and the offsets of time zones."""

import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.intake.numbers import time_column
from loyalty_kit.intake.numerals.dates import ZONE, parsed
from loyalty_kit.intake.options import FileOptions


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
    times = time_column(column, options)
    texts = column.dropna().astype("str").str.strip()
    texts = texts[texts != ""]
    if times is None:
        bad = texts[parsed(texts, options.dates or "ymd").isna()] if len(texts) else texts
        raise InputError(
            "Column '{column}' of the log holds '{value}', which is no date; store dates as 2026-11-30 or with a time.",
            column=name,
            value=bad.iloc[0] if len(bad) else "",
            anonymous=message(
                "Column '{column}' of the log holds text that is no date; store dates as 2026-11-30 or with a time.",
                column=name,
            ),
        )
    return _in_their_zone(texts, times[texts.index], name, timezone).reindex(column.index)


def _in_their_zone(texts: pd.Series, times: pd.Series, name: str, timezone: str | None) -> pd.Series:
    """Leave times as they are where none has an offset; else times that know their zone."""
    offsets = texts.str.extract(f"({ZONE})")[0].str.strip()
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
