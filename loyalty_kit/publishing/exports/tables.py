"""Tables of an executed notebook as data, for a workbook."""

import json
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from pydantic import TypeAdapter

from loyalty_kit.core.tables import MIME, TableData

HIDDEN_TAG = "remove-cell"
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
    return tuple(table for data in outputs if MIME in data for table in _table(data[MIME]))


def _table(payload: Any) -> Iterator[TableData]:
    """Table of one output, checked again: anything can stand in a file."""
    try:
        table = _TABLE.validate_json(payload if isinstance(payload, str) else json.dumps(payload))
    except (TypeError, ValueError):
        return
    width = len(table.columns)
    if 0 < width <= _MOST_COLUMNS and len(table.rows) <= _MOST_ROWS and all(len(row) == width for row in table.rows):
        yield table
