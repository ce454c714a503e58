"""The data behind a table of a report: what a workbook is written from, in full precision.

No frame is known here: what starts a batch reads these, and pandas takes longer to load than a batch without changes.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

MIME = "application/vnd.loyalty-kit.table+json"
"""Kind of the output that carries it beside the table that is shown; no page shows it."""

METHOD = "application/vnd.loyalty-kit.method+json"
"""Kind of the output that carries how a table was computed, a paragraph a line."""

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


@dataclass(frozen=True)
class PictureValues:
    """Values that a picture shows, as a table.

    Attributes
    ----------
    title : str
        What stands above the picture.
    columns : tuple of str
        Headings, in the language of the report; the first column names the rows.
    digits : tuple of int
        Digits after the point of a column's numbers.
    rows : tuple of tuple
        A value a column: a number in full precision, text as it is drawn, or None.
    """

    title: str
    columns: tuple[str, ...]
    digits: tuple[int, ...]
    rows: tuple[tuple[Value, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Fields as JSON knows them."""
        return asdict(self)
