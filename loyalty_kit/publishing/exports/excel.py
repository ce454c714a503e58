"""The tables of a report as an Excel workbook, a sheet each, written from the data behind them."""

import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from loyalty_kit.core.language import term
from loyalty_kit.core.tables import TableData, Value
from loyalty_kit.publishing.files.publication import publish_bytes
from loyalty_kit.publishing.pages.tables import FORMULA, heading_with_unit

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_UNFIT_IN_NAMES = re.compile(r"[\x00-\x1f\[\]:*?/\\]")
_LONGEST_NAME, _LONGEST_TEXT = 31, 32_767
_MOST_EXACT = 2**53
_WIDEST = 60
_LONG_AGO = datetime(2000, 1, 1)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def write_workbook(tables: Sequence[TableData], target: Path, *, title: str = "", language: str = "en") -> None:
    """Write tables to a workbook, a sheet each.

    Parameters
    ----------
    tables : sequence of TableData
        The data behind the report's tables.
    target : Path
        The workbook, put in its place when it is whole; the same tables give the same bytes.
    title : str
        The report's title.
    language : {'en', 'zh'}
        The report's language.

    Notes
    -----
    A sheet has the table's title above, its headings in bold with their units, its notes below; a report
    without tables gives one sheet that says so. Numbers have all their digits, an interval its two ends in two
    columns. Text stays text, also where it could be taken for a formula.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    taken: set[str] = set()
    for number, table in enumerate(tables, 1):
        sheet = book.create_sheet(
            _sheet_name(table.title, term("page.numbered_table", number=number, language=language), taken)
        )
        _fill(sheet, table, language)
    if not tables:
        sheet = book.create_sheet()
        _write_text(sheet.cell(1, 1), title)
        _write_text(sheet.cell(2, 1), term("page.tableless", language=language))
    book.properties.creator = "loyalty_kit"
    book.properties.title = _fit(title)
    publish_bytes(_bytes(book), target)


def _sheet_name(title: str, instead: str, taken: set[str]) -> str:
    """Name of a sheet from the table's title, such as Excel allows and no other sheet has."""
    words = " ".join(_UNFIT_IN_NAMES.sub(" ", _UNFIT.sub("", title)).split())
    base = words[:_LONGEST_NAME].strip(" '") or instead
    name, count = base, 1
    # Excel keeps 'History' for itself.
    while name.casefold() in taken | {"history"}:
        count += 1
        name = f"{base[: _LONGEST_NAME - len(str(count)) - 3].rstrip()} ({count})"
    taken.add(name.casefold())
    return name


def _fill(sheet: Worksheet, table: TableData, language: str) -> None:
    """Write a table's title, headings, rows and notes, in this order."""
    top = 1
    if table.title.strip():
        _write_text(sheet.cell(1, 1), table.title)
        sheet.cell(1, 1).font = Font(bold=True)
        top = 3
    for place, column in enumerate(table.columns, 1):
        heading = sheet.cell(top, place)
        _write_text(heading, heading_with_unit(column, language))
        heading.font = Font(bold=True)
        heading.alignment = Alignment(wrap_text=True, vertical="bottom")
        shown = [heading_with_unit(column, language), *(str(row[place - 1]) for row in table.rows)]
        width = max(8, *map(_shown_width, shown)) + 2
        sheet.column_dimensions[get_column_letter(place)].width = min(width, _WIDEST)
    sheet.freeze_panes = sheet.cell(top + 1, 1)
    for down, row in enumerate(table.rows, top + 1):
        for place, value in enumerate(row, 1):
            _write(sheet.cell(down, place), value)
    for down, note in enumerate(table.notes, top + len(table.rows) + 2):
        _write_text(sheet.cell(down, 1), note)
        sheet.cell(down, 1).font = Font(italic=True)


def _write(cell: Cell, value: Value) -> None:
    """Write a value: a number as one, unless it has more digits than Excel keeps."""
    if isinstance(value, str):
        _write_text(cell, value)
    elif isinstance(value, int) and abs(value) > _MOST_EXACT:
        _write_text(cell, str(value))
    else:
        cell.value = value


def _write_text(cell: Cell, text: str) -> None:
    """Write text that no spreadsheet takes for a formula, nor does one that reads a copy saved as CSV."""
    fit = _fit(text.strip())[:_LONGEST_TEXT]
    if not fit:
        return
    cell.value = fit
    cell.data_type = "s"
    cell.quotePrefix = fit.startswith(FORMULA)


def _fit(text: str) -> str:
    """Text without what a workbook cannot hold."""
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)


def _shown_width(text: str) -> int:
    """Width of the longest line in Latin letters; a Chinese character takes two."""
    return max((sum(2 if ord(letter) > 0x2E7F else 1 for letter in line) for line in text.split("\n")), default=0)


def _bytes(book: Workbook) -> bytes:
    """File of a workbook without the time at which it was written."""
    book.properties.created = _LONG_AGO
    raw, whole = BytesIO(), BytesIO()
    book.save(raw)
    with zipfile.ZipFile(raw) as read, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as written:
        for name in read.namelist():
            data = _MODIFIED.sub(rb"\g<1>2000-01-01T00:00:00Z", read.read(name))
            written.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return whole.getvalue()
