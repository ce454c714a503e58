"""Rows of a table that meet conditions, as parameters of a notebook write them."""

import math
import unicodedata
from collections.abc import Sequence
from datetime import datetime, time

import numpy as np
import pandas as pd

from loyalty_kit.checks import check_responses
from loyalty_kit.errors import InputError, listing, nearest

MOST = 30
"""Values of a column that an error still names."""


def keep_only(table: pd.DataFrame, only: Sequence[str]) -> pd.DataFrame:
    """Rows whose columns have the values asked for.

    Parameters
    ----------
    table : DataFrame of shape (rows, columns)
        Respondents or customers.
    only : list of str
        Conditions as 'channel = store', which must all hold; none keeps every row.

    Returns
    -------
    DataFrame of shape (rows kept, columns)

    Raises
    ------
    InputError
        If a condition is of another form, its column is absent, or no row has its value.

    Examples
    --------
    >>> table = pd.DataFrame({"channel": ["store", "web"], "wave": [1, 1]})
    >>> keep_only(table, ["channel = web", "wave = 1"]).index.tolist()
    [1]
    >>> keep_only(table, ["channel = stor"])
    Traceback (most recent call last):
    ...
    loyalty_kit.errors.InputError: No row has 'stor' in column 'channel'; did you mean 'store'?
    """
    for column, value in conditions(only):
        check_responses(table, [column], "rows")
        texts = table[column].map(_text, na_action="ignore")
        fits = (texts == value).to_numpy(dtype=bool, na_value=False)
        if not fits.any():
            raise InputError(f"No row has '{value}' in column '{column}'{_hint(value, sorted(set(texts.dropna())))}")
        table = table[fits]
    return table


def _hint(value: str, there: list[str]) -> str:
    """Say what is there instead, unless there are so many values that they may name respondents."""
    if not 0 < len(there) <= MOST:
        return f"; it holds {len(there)} different values."
    return nearest(value, there) or f"; it holds {listing(there)}."


def conditions(only: Sequence[str]) -> list[tuple[str, str]]:
    """Column and value of each condition.

    Examples
    --------
    >>> conditions(["channel = store"])
    [('channel', 'store')]
    """
    if isinstance(only, str) or not all(isinstance(entry, str) for entry in only):
        raise InputError(f"'only' must be a list of conditions, as ['channel = store']; got {only!r}.")
    found = []
    for entry in only:
        column, mark, value = (part.strip() for part in entry.partition(" = " if " = " in entry else "="))
        if not (column and mark and value):
            raise InputError(f"'only' must list conditions as 'channel = store'; got '{entry}'.")
        found.append((column, _text(value)))
    return found


def _text(value: object) -> str:
    """Text of a cell: a whole number without '.0', a day without its midnight, TRUE and FALSE as in spreadsheets."""
    if isinstance(value, bool | np.bool_):
        return str(value).upper()
    if isinstance(value, float | np.floating) and math.isfinite(value) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return " ".join(unicodedata.normalize("NFKC", str(value)).split())
