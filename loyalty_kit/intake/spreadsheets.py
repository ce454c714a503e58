"""Spreadsheets of other kinds than .xlsx: old Excel (.xls), binary Excel (.xlsb) and OpenDocument (.ods)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pandas as pd
from python_calamine import CalamineWorkbook

from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.intake.delimited import read_delimited
from loyalty_kit.intake.grids import tabled
from loyalty_kit.intake.header import LOOKED_AT
from loyalty_kit.intake.sources import RawTable, Source
from loyalty_kit.intake.workbooks import OLD, chosen_sheet, read_workbook

_ZIP = b"PK\x03\x04"


def read_spreadsheet(file: Source, known: Collection[str]) -> RawTable:
    """Cells of the first sheet whose header shows most of the known columns."""
    heads = file.parsed(lambda data: _sheets(data, 2 * LOOKED_AT), "spreadsheet")
    name = chosen_sheet(heads, file, known)
    grid = file.parsed(lambda data: _grid(CalamineWorkbook.from_filelike(data), name), "spreadsheet")
    merged = file.parsed(lambda data: _merged(data, name), "spreadsheet")
    table = tabled(grid, file, known, merged=merged)
    return replace(table, frame=table.frame.infer_objects(), options=table.options.every(sheet=name))


def read_old_workbook(file: Source, known: Collection[str]) -> RawTable:
    """Cells of a file called .xls, which survey tools also call newer workbooks and text."""
    if file.data.startswith(OLD):
        return read_spreadsheet(file, known)
    if file.data.startswith(_ZIP):
        return read_workbook(file, known)
    if file.data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        raise UnreadableError(
            "{file} is a web page under the name of an Excel file; open it in Excel and save it as .xlsx.",
            file=file.subject,
        )
    return read_delimited(file, known)


def _sheets(data: BytesIO, rows: int) -> dict[str, pd.DataFrame]:
    """First rows of each sheet."""
    book = CalamineWorkbook.from_filelike(data)
    return {name: _grid(book, name, rows) for name in book.sheet_names}


def _grid(book: CalamineWorkbook, name: str, rows: int | None = None) -> pd.DataFrame:
    """Cells of a sheet, numbered as spreadsheets show its rows."""
    held = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=rows)
    cells = pd.DataFrame([[_cell(cell) for cell in row] for row in held], dtype=object)
    return cells.set_axis(range(1, len(cells) + 1))


def _cell(cell: object) -> object:
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    return None if cell == "" else cell


def _merged(data: BytesIO, name: str) -> list[tuple[int, int, int]]:
    """Cells merged downwards: the position of their column, their first and their last row."""
    ranges = CalamineWorkbook.from_filelike(data).get_sheet_by_name(name).merged_cell_ranges or []
    return [(left, top + 1, bottom + 1) for (top, left), (bottom, _) in ranges if bottom > top]
