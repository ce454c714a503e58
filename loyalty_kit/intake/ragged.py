"""Rows of a text file that have more or fewer cells than its header."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import NamedTuple

import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.header import is_numeric
from loyalty_kit.intake.sources import Row, Source

_FEW = 8


class Layout(NamedTuple):
    """How a text is cut into cells: the delimiter, the header's cells and the number of its last row."""

    delimiter: str
    width: int
    header: int


class Ragged(NamedTuple):
    """A row of another number of cells: where it stands, and its cells."""

    number: int
    cells: tuple[str, ...]


def rows_of(text: str, delimiter: str, *, quotes: bool) -> Iterator[list[str]]:
    """Rows of a text, one after another."""
    lines = StringIO(text, newline="")
    if quotes:
        return csv.reader(lines, delimiter=delimiter)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)


def cells_of(number: int, text: str, layout: Layout, *, quotes: bool) -> Ragged:
    """Cells of a row that a parser handed back as text."""
    try:
        lines = list(rows_of(text, layout.delimiter, quotes=quotes))
    except csv.Error:
        lines = [text.split(layout.delimiter)]
    return Ragged(number, tuple(cell for line in lines for cell in line))


def with_ragged(
    frame: pd.DataFrame, ragged: Sequence[Ragged], layout: Layout, file: Source
) -> tuple[pd.DataFrame, tuple[Row, ...]]:
    """Table with those rows in their places that lose nothing by it, and the rows that a person leaves out.

    Titles above the header, a single cell (a footer), and cells too many that are empty need nobody's word. Cells too
    few are filled up where `[file] rows` is "keep".

    Raises
    ------
    InputError
        If other such rows are left.
    """
    rows = file.options.rows
    named = set(rows) if isinstance(rows, tuple) else set()
    fitting, left_out, wrong = [], [], []
    for row in ragged:
        filled = [at for at, cell in enumerate(row.cells) if cell.strip()]
        fits = max(filled, default=0) < layout.width
        if row.number in named:
            left_out.append(Row(row.number, _reason(row, layout)))
        elif row.number < layout.header or (fits and (_is_note(row, layout) or rows == "keep")):
            fitting.append(row)
        else:
            wrong.append(row)
    if wrong:
        raise _error(wrong, layout, file)
    return _inserted(frame, fitting, layout.width), tuple(left_out)


def _is_note(row: Ragged, layout: Layout) -> bool:
    """Whether nothing is lost with the cells that it lacks or has too many: they are empty, or it is one text."""
    filled = [cell for cell in row.cells if cell.strip()]
    if not filled or len(row.cells) > layout.width:
        return True
    return len(filled) == 1 and layout.width > 2 and not is_numeric(filled[0].strip())


def _reason(row: Ragged, layout: Layout) -> Message:
    return message("{cells} cells where the header has {width}", cells=len(row.cells), width=layout.width)


def _inserted(frame: pd.DataFrame, rows: Sequence[Ragged], width: int) -> pd.DataFrame:
    cells = [[*(cell or None for cell in row.cells[:width]), *[None] * (width - len(row.cells))] for row in rows]
    more = pd.DataFrame(cells, index=[row.number for row in rows], columns=frame.columns, dtype=object)
    return pd.concat([frame, more.astype(frame.dtypes.to_dict())]).sort_index()


def _error(wrong: Sequence[Ragged], layout: Layout, file: Source) -> InputError:
    """Refusal of rows that may have lost a quotation mark."""
    short = all(len(row.cells) < layout.width for row in wrong)
    line = (
        file.options.line("rows", "keep")
        if short
        else file.options.line("rows", [row.number for row in wrong[:_FEW]])
        if len(wrong) <= _FEW
        else file.options.line("delimiter", ";" if layout.delimiter == "," else ",")
    )
    return InputError(
        "{file} has {cells} cells in row {row}{others}, but its header, row {header}, has {width}; "
        "a cell that holds '{delimiter}' needs quotation marks; {way}: {line}.",
        file=file.subject,
        cells=len(wrong[0].cells),
        row=wrong[0].number,
        others=message(" ({n} such rows)", n=len(wrong)) if len(wrong) > 1 else "",
        header=layout.header,
        width=layout.width,
        delimiter=layout.delimiter,
        way=message("where cells at the end are only empty")
        if short
        else message("to leave such rows out")
        if len(wrong) <= _FEW
        else message("if something else divides the cells"),
        line=line,
    )
