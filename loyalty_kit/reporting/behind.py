"""What stands behind the columns of a table: the numbers that its text was made of, for a workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
from great_tables import GT

from loyalty_kit.core.language import term
from loyalty_kit.core.results import column, table_of
from loyalty_kit.core.tables import METHOD, MIME, TableColumn, TableData, Value

HUNDRED = 100
NOTHING = ("–", "")


@dataclass(frozen=True)
class Behind:
    """What a workbook shows in place of displayed columns, by the columns of the frame that hold it.

    Attributes
    ----------
    raw : mapping of str to str or pair of str
        Column of the numbers that a displayed column was written from; of an interval the columns of its two
        ends, which make two columns. Where a number is missing, the displayed text stands.
    shares : sequence of str
        Displayed columns whose numbers are shares of 1: they are written in percent.
    units : mapping of str to str
        Unit of a displayed column, for its heading.
    row_units : str, optional
        Column with the unit of each row, where rows differ in it; it follows the names of the rows.
    group : str
        Heading of the column of groups.
    """

    raw: Mapping[str, str | tuple[str, str]] = field(default_factory=dict)
    shares: Sequence[str] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    row_units: str | None = None
    group: str = ""


class ReportTable(GT):
    """A table that a notebook shows as any other and that brings the data behind it along."""

    behind: TableData
    method: tuple[str, ...] = ()

    def __init__(self, table: GT, behind: TableData) -> None:
        self.__dict__.update(table.__dict__, behind=behind)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """Only the data and how they were computed: what is seen comes from `_repr_html_`, as ever."""
        return {MIME: self.behind.to_dict()} | ({METHOD: list(self.method)} if self.method else {})


def data_behind(
    frame: pd.DataFrame,
    behind: Behind,
    *,
    name: str,
    title: str,
    labels: Mapping[str, str],
    percent: Sequence[str],
    note: str | None,
    group: str | None,
) -> TableData:
    """Columns of a table as data, in the order in which they are shown, the groups first."""
    first = next(iter(labels))
    columns = [column(behind.group, frame[group])] if group else []
    for shown, label in labels.items():
        scale = HUNDRED if shown in percent or shown in behind.shares else 1
        unit = "%" if scale == HUNDRED else behind.units.get(shown, "")
        source = behind.raw.get(shown, shown)
        if isinstance(source, tuple):
            for end, part in zip(("low", "high"), source, strict=True):
                columns.append(_numbers(term(f"column.{end}", heading=label), frame[part], scale, unit))
        else:
            columns.append(_with_reasons(_numbers(label, frame[source], scale, unit), frame[shown]))
        if shown == first and behind.row_units:
            columns.append(column(term("column.unit"), frame[behind.row_units]))
    return table_of(columns, name=name, title=title, notes=[note] if note else [])


def _numbers(heading: str, values: pd.Series, scale: int, unit: str) -> tuple[TableColumn, list[Value]]:
    head, plain = column(heading, values, unit=unit)
    # Fifteen digits are all that a number holds for sure: 28.5 % is no 28.499999999999996.
    return head, [float(f"{scale * one:.15g}") if scale != 1 and isinstance(one, int | float) else one for one in plain]


def _with_reasons(given: tuple[TableColumn, list[Value]], shown: pd.Series) -> tuple[TableColumn, list[Value]]:
    """Column in which the displayed text stands where a number is missing, unless that is a dash."""
    head, values = given
    texts = [text if isinstance(text, str) and text not in NOTHING else None for text in shown]
    filled = [text if one is None else one for one, text in zip(values, texts, strict=True)]
    return head, [None if one in NOTHING else one for one in filled]
