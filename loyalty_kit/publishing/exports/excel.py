"""The tables of a report as an Excel workbook, a sheet each."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import Tag
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.language import term
from loyalty_kit.core.messages import foreign
from loyalty_kit.publishing.files.publication import publish_bytes

_NUMBER = re.compile(
    r"(?P<sign>[-+−]?)(?P<money>[€£$¥￥]?) ?(?P<whole>\d{1,3}(?:[, \u2009\u202f]\d{3})+|0|[1-9]\d{0,14})?"
    r"(?:\.(?P<decimals>\d{1,15}))?(?:e(?P<power>[-+−]\d{1,3}))? ?(?P<percent>%?)"
)
_FORMULA = tuple("=+-@＝＋－＠")
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_UNFIT_IN_NAMES = re.compile(r"[\x00-\x1f\[\]:*?/\\]")
_LONGEST_NAME, _LONGEST_TEXT = 31, 32_767
_WIDEST = 60
_LONG_AGO = datetime(2000, 1, 1)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


@dataclass(frozen=True)
class _Entry:
    """A cell of a table where it stands on the grid."""

    row: int
    column: int
    rows: int
    columns: int
    text: str
    part: str


def write_workbook(html: Path | str, target: Path) -> None:
    """Write every table of a report to a workbook, a sheet each.

    Parameters
    ----------
    html : Path or str
        The report's file, or its HTML.
    target : Path
        The workbook, put in its place when it is whole; the same report gives the same bytes.

    Raises
    ------
    InputError
        If the report cannot be read.

    Notes
    -----
    A sheet has the table's caption above, its headings in bold, its notes below; a report without tables
    gives one sheet that says so. What is a number on the page is a number in the sheet, shown as on the page:
    thousands separated, percent, money. An interval stays text, as does what could be taken for a formula.
    """
    if isinstance(html, Path):
        try:
            page = html.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError("The report '{html}' cannot be read: {cause}.", html=html, cause=foreign(error)) from None
    else:
        page = html
    soup = BeautifulSoup(page, "html.parser")
    tables = [table for table in (soup.main or soup).select("table") if table.find_parent("table") is None]
    title = _fit(" ".join(soup.title.get_text().split())) if soup.title is not None else ""
    book = Workbook()
    book.remove(book.worksheets[0])
    taken: set[str] = set()
    for number, table in enumerate(tables, 1):
        _fill(book.create_sheet(_sheet_name(table, number, taken)), table)
    if not tables:
        language = "zh" if str(soup.html and soup.html.get("lang")).startswith("zh") else "en"
        sheet = book.create_sheet()
        _write_text(sheet.cell(1, 1), title)
        _write_text(sheet.cell(2, 1), term("page.tableless", language=language))
    book.properties.creator = "loyalty_kit"
    book.properties.title = title
    publish_bytes(_bytes(book), target)


def _sheet_name(table: Tag, number: int, taken: set[str]) -> str:
    """Name of a sheet from the table's title or the heading above, such as Excel allows and no other sheet has."""
    title = table.select_one("caption .title") or table.caption or table.find_previous(["h1", "h2", "h3", "h4"])
    words = " ".join(_UNFIT_IN_NAMES.sub(" ", _UNFIT.sub("", title.get_text(" "))).split()) if title else ""
    base = words[:_LONGEST_NAME].strip(" '") or f"Table {number}"
    name, count = base, 1
    # Excel keeps 'History' for itself.
    while name.casefold() in taken | {"history"}:
        count += 1
        name = f"{base[: _LONGEST_NAME - len(str(count)) - 3].rstrip()} ({count})"
    taken.add(name.casefold())
    return name


def _fill(sheet: Worksheet, table: Tag) -> None:
    """Write a table's caption, grid and notes, in this order."""
    top = 1
    if table.caption is not None:
        lines = table.caption.select("span") or [table.caption]
        for line in lines:
            _write_text(sheet.cell(top, 1), line.get_text(" "))
            sheet.cell(top, 1).font = Font(bold="subtitle" not in line.get_attribute_list("class"))
            top += 1
        top += 1
    entries = list(_entries(table))
    widths: dict[int, int] = {}
    for entry in entries:
        cell = sheet.cell(top + entry.row, 1 + entry.column)
        _write(cell, entry)
        if entry.columns > 1 or entry.rows > 1:
            sheet.merge_cells(
                start_row=cell.row,
                start_column=cell.column,
                end_row=cell.row + entry.rows - 1,
                end_column=cell.column + entry.columns - 1,
            )
        elif entry.part != "note":
            widths[cell.column] = max(widths.get(cell.column, 8), _shown_width(entry.text) + 2)
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = min(width, _WIDEST)
    headings = [entry.row + entry.rows for entry in entries if entry.part == "heading"]
    if headings:
        sheet.freeze_panes = sheet.cell(top + max(headings), 1)


def _entries(table: Tag) -> Iterator[_Entry]:
    """Cells of a table, placed as a browser places them."""
    used: set[tuple[int, int]] = set()
    own = [row for row in table.select("tr") if row.find_parent("table") is table]
    for place, row in enumerate(own):
        column = 0
        section = row.find_parent(["thead", "tbody", "tfoot"])
        part = {"thead": "heading", "tfoot": "note"}.get(section.name if section is not None else "", "body")
        for cell in row.find_all(["th", "td"], recursive=False):
            while (place, column) in used:
                column += 1
            rows, columns = (
                min(_span(cell, name), limit) for name, limit in (("rowspan", len(own) - place), ("colspan", 100))
            )
            used |= {(place + down, column + right) for down in range(rows) for right in range(columns)}
            for line in cell.find_all("br"):
                line.replace_with("\n")
            text = "\n".join(" ".join(line.split()) for line in cell.get_text("").strip().split("\n"))
            label = part == "body" and cell.name == "th"
            yield _Entry(place, column, rows, columns, text, "label" if label else part)
            column += columns


def _span(cell: Tag, name: str) -> int:
    given = str(cell.get(name, "1"))
    return max(int(given), 1) if given.isascii() and given.isdigit() else 1


def _write(cell: Cell, entry: _Entry) -> None:
    """Write a cell: a number where the page shows one, else text; headings and labels are text."""
    found = _NUMBER.fullmatch(entry.text) if entry.part == "body" else None
    if found is not None and (found["whole"] or found["decimals"]):
        cell.value, cell.number_format = _number(found)
        return
    _write_text(cell, entry.text)
    if entry.part == "heading":
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    elif entry.part == "note":
        cell.font = Font(italic=True)


def _number(found: re.Match[str]) -> tuple[float, str]:
    """Value of a number and the format in which Excel shows it as the page does."""
    whole, decimals = found["whole"] or "0", found["decimals"] or ""
    bare = re.sub(r"\D", "", whole)
    value = float(f"{bare}.{decimals or 0}e{(found['power'] or '0').replace('−', '-')}")
    pattern = ("#,##0" if bare != whole else "0") + ("." + "0" * len(decimals) if decimals else "")
    if found["power"]:
        pattern += "E+00"
    if found["percent"]:
        value, pattern = round(value / 100, 17), f"{pattern}%"
    if found["money"]:
        pattern = f'"{found["money"]}"{pattern}'
    if found["sign"] == "+":
        pattern = f"+{pattern};-{pattern};{pattern}"
    value = -value if found["sign"] in ("-", "−") else value
    return (int(value) if value.is_integer() and not decimals else value), pattern


def _write_text(cell: Cell, text: str) -> None:
    """Write text that no spreadsheet takes for a formula, nor does one that reads a copy saved as CSV."""
    fit = _fit(text.strip())[:_LONGEST_TEXT]
    if not fit:
        return
    cell.value = fit
    cell.data_type = "s"
    cell.quotePrefix = fit.startswith(_FORMULA)


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
