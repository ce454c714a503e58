"""Excel workbooks: the sheet that holds the columns, its cells with their saved values."""

from collections.abc import Collection, Iterator
from io import BytesIO
from typing import Any

import openpyxl
import pandas as pd
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.intake.header import headed, shown, title
from loyalty_kit.intake.sources import RawTable, Source

NO_VALUE = "a formula without a saved value"


def read_workbook(file: Source, known: Collection[str]) -> RawTable:
    """Cells of the first sheet whose first row shows most of the known columns."""
    if file.data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError(
            "{file} is protected by a password or is an old .xls; save it as plain .xlsx.", file=file.subject
        )
    grid = file.parsed(lambda data: _sheet(data, known), "Excel")
    return RawTable(headed(grid, known).infer_objects())


def _sheet(data: BytesIO, known: Collection[str]) -> pd.DataFrame:
    book = openpyxl.load_workbook(data, read_only=True, keep_links=False)
    headers = [next((row for row in _rows(sheet) if any(map(title, row))), ()) for sheet in book.worksheets]
    best = max(range(len(headers)), key=lambda position: shown(headers[position], known))
    cells = pd.DataFrame(list(_rows(book.worksheets[best])), dtype=object)
    formulas = cells.map(_is_formula).to_numpy(dtype=bool)
    if not formulas.any():
        return cells
    saved = openpyxl.load_workbook(data, read_only=True, keep_links=False, data_only=True).worksheets[best]
    values = pd.DataFrame(list(_rows(saved)), dtype=object)
    return values.mask(formulas & values.isna(), NO_VALUE)


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    # Some programs write a wrong sheet size into the file.
    sheet.reset_dimensions()
    for row in sheet.values:
        yield tuple(None if cell == "" else cell for cell in row)


def _is_formula(cell: object) -> bool:
    return (isinstance(cell, str) and cell.startswith("=")) or isinstance(cell, ArrayFormula | DataTableFormula)
