"""Rows of a table that meet conditions, as parameters of a notebook write them."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from loyalty_kit.core.cells import as_spelled, cell_text
from loyalty_kit.core.checks import check_responses, check_whole
from loyalty_kit.core.conditions import conditions
from loyalty_kit.core.errors import InputError, anonymous, nearest
from loyalty_kit.core.messages import Message, RareName, message

_UNTIDY = re.compile(r"[^!-~ ]|^ | $|  |\.0+$|^(?:true|false)$", re.IGNORECASE)
FEWEST = 5
"""Rows that a report must be about where nothing else is asked for."""
_FILE = "file"
SOME_RARE = 5
"""Rare levels from which on a column may be one of ids."""


class FileRows(NamedTuple):
    """Rows of the file that a table was read from.

    Attributes
    ----------
    rows : int
        Respondents or customers that the file holds.
    left_out : tuple of (reason, int)
        Other rows of the file, which stand in no figure: how many for each reason.
    """

    rows: int
    left_out: tuple[tuple[Message, int], ...] = ()

    @property
    def n_left_out(self) -> int:
        """Rows that were left out."""
        return sum(count for _, count in self.left_out)


def with_file_rows(frame: pd.DataFrame, reasons: Iterable[Message], *, unasked: int = 0) -> pd.DataFrame:
    """Table that knows of its file: its rows and others unasked for, and the reasons of those that were left out.

    Selections of the table know it too.

    Examples
    --------
    >>> read = with_file_rows(pd.DataFrame({"q1": [1, 2, 3]}), [Message("answers no item")])
    >>> file_rows(read[read["q1"] > 1])
    FileRows(rows=3, left_out=(('answers no item', 1),))
    """
    known = frame.copy(deep=False)
    known.attrs[_FILE] = FileRows(len(frame) + unasked, tuple(Counter(reasons).items()))
    return known


def file_rows(frame: pd.DataFrame) -> FileRows:
    """Rows of the file that a table was read from; its own where nothing is known of a file."""
    known = frame.attrs.get(_FILE)
    return known if isinstance(known, FileRows) and known.rows >= len(frame) else FileRows(len(frame))


@dataclass(frozen=True)
class Selection:
    """Rows of a file that a report is about, as its parameter `only` says.

    Attributes
    ----------
    only : list of str
        Conditions as `keep_only` takes them; none where every row counts.
    left_out : tuple of (reason, int)
        Rows of the file that stand in no figure, as its totals and tests: how many for each reason.
    """

    only: Sequence[str]
    left_out: tuple[tuple[Message, int], ...] = ()

    @classmethod
    def of(cls, table: pd.DataFrame, only: Sequence[str] = ()) -> "Selection":
        """Tell the selection of the rows of a table, with those that were left out when its file was read.

        Examples
        --------
        >>> Selection.of(pd.DataFrame({"q1": [1, 2]}), ["channel = web"])
        Selection(only=['channel = web'], left_out=())
        """
        return cls(only, file_rows(table).left_out)


def keep_only(table: pd.DataFrame, only: Sequence[str], *, min_cell: int = FEWEST) -> pd.DataFrame:
    """Rows whose columns have the values asked for.

    Parameters
    ----------
    table : DataFrame of shape (rows, columns)
        Respondents or customers.
    only : list of str
        Conditions as 'channel = store', which must all hold; none keeps every row.
    min_cell : int
        Fewest rows that conditions may leave: a report about fewer would tell what single people answered.

    Returns
    -------
    DataFrame of shape (rows kept, columns)

    Raises
    ------
    InputError
        If a condition is of another form, its column is absent, no row has its value, or fewer than
        `min_cell` rows meet all of them.

    Examples
    --------
    >>> table = pd.DataFrame({"channel": ["store", "web"] * 9, "wave": [1, 1, 2] * 6})
    >>> keep_only(table, ["channel = web", "wave = 1"]).index.tolist()
    [1, 3, 7, 9, 13, 15]
    >>> keep_only(table, ["channel = stor"])
    Traceback (most recent call last):
    ...
    loyalty_kit.core.errors.InputError: No row has 'stor' in column 'channel'; did you mean 'store'?
    """
    check_whole(min_cell, "min_cell", 1)
    asked = conditions(only)
    for column, value in asked:
        check_responses(table, [column], "rows")
        texts = cell_texts(table[column])
        fits = texts.isin(_spellings(value, table[column], texts)).to_numpy(dtype=bool)
        if not fits.any():
            raise InputError(
                "No row has '{value}' in column '{column}'{hint}",
                value=value,
                column=column,
                hint=(hint := _hint(value, texts, min_cell)),
                anonymous=message(
                    "No row has the value asked for in column '{column}'{hint}", column=column, hint=hint
                ),
            )
        table = table[fits]
    if asked and len(table) < min_cell:
        *others, met = (message("'{condition}'", condition=f"{column} = {value}") for column, value in asked)
        for other in others[::-1]:
            met = message("'{condition}' and {met}", condition=other.values["condition"], met=met)
        raise InputError(
            "Fewer than {least} rows meet {met}: a report about so few would tell what single people "
            "answered; at least {least} are needed (min_cell).",
            least=min_cell,
            met=met,
            anonymous=message(
                "Fewer than {least} rows meet what 'only' asks of {columns}: a report about so few would tell what "
                "single people answered; at least {least} are needed (min_cell).",
                least=min_cell,
                columns=list(dict.fromkeys(column for column, _ in asked)),
            ),
        )
    return table


def cell_texts(column: pd.Series) -> pd.Series:
    """Text of each cell of a column; missing where a cell is empty.

    Examples
    --------
    >>> cell_texts(pd.Series([2.0, None])).tolist()
    ['2', None]
    """
    if column.dtype == object:
        # True equals 1 and a list cannot be looked up, so each cell is written by itself.
        return column.map(cell_text, na_action="ignore")
    if column.dtype == "str" and not column.str.contains(_UNTIDY).any():
        # Most columns of ids are their own texts: looking is quicker than writing each anew.
        return column.astype(object)
    codes, values = pd.factorize(column)
    texts = np.array([*(_whole_numbers(values.to_numpy()) or map(cell_text, values)), None], dtype=object)
    return pd.Series(texts[codes], index=column.index, name=column.name, dtype=object)


def _whole_numbers(values: object) -> list[str]:
    """Texts of numbers where all are whole, as nearly all codes are; none of them otherwise."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        return []
    if values.dtype.kind == "f" and not ((np.abs(values) < 2.0**53) & (values == np.round(values))).all():
        return []
    return [str(value) for value in values.astype(values.dtype if values.dtype.kind != "f" else np.int64).tolist()]


def _spellings(value: str, column: pd.Series, texts: pd.Series) -> list[str]:
    """Value as the column writes it: a truth value in any spelling and, in a column of numbers, 2.0 and 02 as 2."""
    if is_numeric_dtype(column) and not is_bool_dtype(column):
        with suppress(ValueError):
            return [value, cell_text(float(value)), as_spelled(value, texts.dropna().unique())]
    return [as_spelled(value, texts.dropna().unique())]


def group_name(level: object, size: int) -> str:
    """Name a group in a sentence; in a report and on display a group of a few has none, as it may be a person's.

    Examples
    --------
    >>> group_name("store", 3), group_name(2.0, 40)
    ('store', '2')
    """
    name = cell_text(level)
    if size >= FEWEST:
        return name
    few = f"(n < {FEWEST})"
    return few if anonymous() else RareName(name, few)


def _hint(value: str, texts: pd.Series, min_cell: int) -> Message:
    """Say what is there instead, except what so few have that it may tell who they are."""
    counts = texts.value_counts()
    common = sorted(counts.index[counts >= min_cell])
    if close := nearest(value, common):
        return close
    if not common:
        return message(".")
    if len(common) < len(counts):
        return message("; it holds {known} and rarer values.", known=common)
    return message("; it holds {known}.", known=common)


def looks_like_ids(sizes: Collection[int], *, least: int = FEWEST) -> bool:
    """Whether the levels of a column look like ids: several, and most of them, are shared by hardly anybody.

    Parameters
    ----------
    sizes : collection of int
        Rows of each level.
    least : int
        Rows from which on a level may be told.

    Examples
    --------
    >>> looks_like_ids([400, 380, 2]), looks_like_ids([1, 1, 1, 1, 2, 300])
    (False, True)
    """
    rare = sum(size < least for size in sizes)
    return rare >= SOME_RARE and 2 * rare > len(sizes)
