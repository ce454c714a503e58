"""Tables of an executed notebook as data: for a workbook, and as CSV to be taken from the page itself."""

import base64
import csv
import io
import json
from collections.abc import Iterator
from html import escape
from typing import Any

from nbformat import NotebookNode
from pydantic import TypeAdapter

from loyalty_kit.core.language import term
from loyalty_kit.core.tables import MIME, TableColumn, TableData, Value
from loyalty_kit.publishing.files.naming import file_part

HIDDEN_TAG = "remove-cell"
FORMULA = tuple("=+-@＝＋－＠")
"""What text begins with that spreadsheets take for a formula."""
_MOST_ROWS, _MOST_COLUMNS = 1_000_000, 16_384
_TABLE = TypeAdapter(TableData)


def tables_of(notebook: NotebookNode) -> tuple[TableData, ...]:
    """Find the data behind the tables of an executed notebook; what is no table of data is passed over.

    Parameters
    ----------
    notebook : NotebookNode
        With its outputs.

    Returns
    -------
    tuple of TableData
        Those that the page shows: a cell tagged 'remove-cell' has none.
    """
    shown = (cell for cell in notebook.cells if HIDDEN_TAG not in cell.metadata.get("tags", ()))
    outputs = (output.get("data", {}) for cell in shown for output in cell.get("outputs", ()))
    return tuple(table for data in outputs if MIME in data for table in read_table(data[MIME]))


def read_table(payload: Any) -> Iterator[TableData]:
    """Table of one output, checked again: anything can stand in a file."""
    try:
        table = _TABLE.validate_json(payload if isinstance(payload, str) else json.dumps(payload))
    except (TypeError, ValueError):
        return
    width = len(table.columns)
    if 0 < width <= _MOST_COLUMNS and len(table.rows) <= _MOST_ROWS and all(len(row) == width for row in table.rows):
        yield table


def heading_with_unit(column: TableColumn, language: str) -> str:
    """Heading of a column, its unit behind it where it has one."""
    unit = column.unit
    return term("page.with_unit", heading=column.heading, unit=unit, language=language) if unit else column.heading


def download_link(payload: Any, language: str) -> str:
    """Link by which a reader takes a table's data from the page as CSV; empty for what is no table.

    Notes
    -----
    The file lies in the link itself, in UTF-8 with the mark by which Excel knows it. Text that a spreadsheet would
    take for a formula stands behind an apostrophe; numbers have all their digits.
    """
    tables = list(read_table(payload))
    if not tables:
        return ""
    text = _csv(tables[0], language)
    name = f"{file_part(tables[0].title or tables[0].name or 'table')}.csv"
    address = f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode('utf-8-sig')).decode()}"
    words = escape(term("page.download", language=language))
    label = escape(term("page.download_of", name=tables[0].title or name, language=language))
    return f'<p class="download"><a download="{escape(name)}" href="{address}" aria-label="{label}">{words}</a></p>'


def _csv(table: TableData, language: str) -> str:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([_plain(heading_with_unit(column, language)) for column in table.columns])
    writer.writerows([_plain(value) for value in row] for row in table.rows)
    return written.getvalue()


def _plain(value: Value) -> Value:
    return f"'{value}" if isinstance(value, str) and value.startswith((*FORMULA, "\t", "\r")) else value
