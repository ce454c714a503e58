"""The data behind a table of a report: what a workbook is written from, in full precision."""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

MIME = "application/vnd.loyalty-kit.table+json"
"""Kind of the output that carries it beside the table that is shown; no page shows it."""

Value = int | float | str | None


@dataclass(frozen=True)
class TableColumn:
    """A column of a table.

    Attributes
    ----------
    heading : str
        Its heading, in the language of the report.
    unit : str
        Unit of its numbers; empty where they have none.
    kind : str
        'number' (a cell of it may still be text that says why there is no number) or 'text'.
    """

    heading: str
    unit: str = ""
    kind: Literal["number", "text"] = "text"


@dataclass(frozen=True)
class TableData:
    """A table as data.

    Attributes
    ----------
    name, title : str
        Identifier; what stands above.
    columns : tuple of TableColumn
        Its columns.
    rows : tuple of tuple
        A value a column: a number in full precision, text, or None.
    notes : tuple of str
        What stands below.
    """

    name: str
    title: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Value, ...], ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Fields as JSON knows them."""
        return asdict(self)


def value(given: Any) -> Value:
    """Value as JSON knows it: a number as such where it is finite, None for what is missing, else text.

    Examples
    --------
    >>> value(0.72), value(float("nan")), value(pd.Timestamp("2026-11-22").date())
    (0.72, None, '2026-11-22')
    """
    if isinstance(given, str):
        return str(given)
    if given is None or (pd.api.types.is_scalar(given) and pd.isna(given)):
        return None
    if isinstance(given, bool) or not pd.api.types.is_number(given):
        return str(given)
    plain: Any = given.item() if hasattr(given, "item") else given
    if isinstance(plain, int):
        return plain
    number = float(plain)
    return number if math.isfinite(number) else str(number)


def column(heading: Hashable, values: Iterable[Any], *, unit: str = "") -> tuple[TableColumn, list[Value]]:
    """Column and its values; it is one of numbers where any of them is."""
    plain = [value(one) for one in values]
    numeric = any(isinstance(one, int | float) for one in plain)
    return TableColumn(str(heading), unit, "number" if numeric else "text"), plain


def table_of(
    columns: Sequence[tuple[TableColumn, list[Value]]], *, name: str, title: str, notes: Sequence[str] = ()
) -> TableData:
    """Table of columns with their values."""
    heads, values = tuple(head for head, _ in columns), [list(cells) for _, cells in columns]
    return TableData(name, title, heads, tuple(zip(*values, strict=True)), tuple(notes))


def of_frame(frame: pd.DataFrame, *, title: str = "", index: bool = False) -> TableData:
    """Table of a frame, its index first where that is wanted."""
    shown = frame.reset_index() if index else frame
    columns = [column(name, shown.iloc[:, place]) for place, name in enumerate(shown.columns)]
    return table_of(columns, name="", title=title)
