"""Excel workbooks: the sheet that holds the columns, its cells with their saved values."""

import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from itertools import islice
from typing import IO, Any

import openpyxl
import pandas as pd
from openpyxl.utils import column_index_from_string
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.intake.grids import header_place, tabled
from loyalty_kit.intake.header import LOOKED_AT, shown
from loyalty_kit.intake.sources import RawTable, Source

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell [^>]*?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_END = b"sheetData>"
_BLOCK = 1_000_000
OLD = b"\xd0\xcf\x11\xe0"
"""Beginning of old workbooks, and of those with a password."""
NO_VALUE = "a formula without a saved value"


def read_workbook(file: Source, known: Collection[str]) -> RawTable:
    """Cells of the first sheet whose first row shows most of the known columns."""
    if file.data.startswith(OLD):
        raise UnreadableError(
            "{file} is protected by a password or is an old .xls; save it as plain .xlsx.", file=file.subject
        )
    heads = file.parsed(_heads, "Excel")
    name = chosen_sheet(heads, file, known)
    grid = file.parsed(lambda data: _sheet(data, name), "Excel")
    merged = file.parsed(lambda data: _merged(data, name), "Excel")
    table = tabled(grid, file, known, merged=merged)
    return replace(table, frame=table.frame.infer_objects(), options=table.options.every(sheet=name))


def _heads(data: BytesIO) -> dict[str, pd.DataFrame]:
    """First rows of each sheet."""
    book = openpyxl.load_workbook(data, read_only=True, keep_links=False)
    return {sheet.title: _grid(islice(_rows(sheet), 2 * LOOKED_AT)) for sheet in book.worksheets}


def chosen_sheet(heads: Mapping[str, pd.DataFrame], file: Source, known: Collection[str]) -> str:
    """Sheet that a person named, or the first whose header shows most of the known columns."""
    name = file.options.sheet
    if name is None:
        filled = {sheet: head for sheet, head in heads.items() if head.notna().any(axis=None)}
        counts = {sheet: shown(header_place(head, file, known).titles, known) for sheet, head in filled.items()}
        return max(counts, key=lambda sheet: counts[sheet]) if counts else next(iter(heads))
    if name not in heads:
        raise InputError(
            "{file} has no sheet '{sheet}'; its own are {sheets}: {line}.",
            file=file.subject,
            sheet=name,
            sheets=list(heads),
            line=file.options.line("sheet", next(iter(heads))),
        )
    return name


def _sheet(data: BytesIO, name: str) -> pd.DataFrame:
    """Cells of a sheet, numbered as Excel shows its rows."""
    cells = _grid(_rows(openpyxl.load_workbook(data, read_only=True, keep_links=False)[name]))
    formulas = cells.map(_is_formula).to_numpy(dtype=bool)
    if not formulas.any():
        return cells
    saved = openpyxl.load_workbook(data, read_only=True, keep_links=False, data_only=True)[name]
    values = _grid(_rows(saved))
    return values.mask(formulas & values.isna(), NO_VALUE)


def _merged(data: BytesIO, name: str) -> list[tuple[int, int, int]]:
    """Cells merged downwards: the position of their column, their first and their last row."""
    place = openpyxl.load_workbook(data, read_only=True, keep_links=False)[name]._worksheet_path
    with zipfile.ZipFile(data) as book, book.open(place) as sheet:
        found = _MERGED.findall(_after_cells(sheet))
    return [
        (column_index_from_string(left.decode()) - 1, int(top), int(bottom))
        for left, top, _, bottom in found
        if int(bottom) > int(top)
    ]


def _after_cells(sheet: IO[bytes]) -> bytes:
    """Read what a sheet's file holds after its cells, where the merged ones are listed."""
    kept = b""
    for block in iter(lambda: sheet.read(_BLOCK), b""):
        kept = (kept + block) if _END in kept else (kept[-len(_END) :] + block)
    return kept[kept.find(_END) :]


def _grid(rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    cells = pd.DataFrame(list(rows), dtype=object)
    return cells.set_axis(range(1, len(cells) + 1))


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    # Some programs write a wrong sheet size into the file.
    sheet.reset_dimensions()
    for row in sheet.values:
        yield tuple(None if cell == "" else cell for cell in row)


def _is_formula(cell: object) -> bool:
    return (isinstance(cell, str) and cell.startswith("=")) or isinstance(cell, ArrayFormula | DataTableFormula)
