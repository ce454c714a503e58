"""Tables of an executed notebook as data: for a workbook, as CSV to be taken from the page itself, behind a picture."""

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

from bs4.element import Tag
from nbformat import NotebookNode
from pydantic import TypeAdapter

from loyalty_kit.core.language import term
from loyalty_kit.core.tables import MIME, PictureValues, TableColumn, TableData, Value
from loyalty_kit.publishing.files.naming import file_part

HIDDEN_TAG = "remove-cell"
FORMULA = tuple("=+-@＝＋－＠")
"""What text begins with that spreadsheets take for a formula."""
_MOST_ROWS, _MOST_COLUMNS = 1_000_000, 16_384
_TABLE = TypeAdapter(TableData)
_VALUES = TypeAdapter(tuple[PictureValues, ...])
_LINES = TypeAdapter(tuple[str, ...])
_HEADINGS = ("h1", "h2", "h3")
_FEW = 2
"""Numbers; a row of more is known by them, whatever it is called."""
_NUMBER = re.compile(r"−?\d+(?:\.\d+)?")


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


def method_html(payload: Any, language: str) -> str:
    """How a figure or table was computed, folded; empty where nobody said or the payload is none of lines."""
    try:
        lines = _LINES.validate_python(payload)
    except ValueError:
        return ""
    told = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return _folded("method", told, language) if told else ""


def values_html(payload: Any, language: str) -> str:
    """Values that a picture shows as tables, folded; empty where there are none, or what came is no table."""
    try:
        several = _VALUES.validate_python(payload)
    except ValueError:
        return ""
    tables = "".join(_values_table(one) for one in several if {len(row) for row in one.rows} == {len(one.columns)})
    return _folded("values", tables, language) if tables else ""


def drop_doubled(main: Tag) -> None:
    """Take away what a reader finds right beside: values in a table of the section, a method told again below."""
    for parts in _sections(main):
        tables = [part for part in parts if part.name == "table" and part.find_parent("details") is None]
        rows = [_cells(row) for table in tables for row in table.select("tbody tr")]
        for details in (part for part in parts if _is(part, "values")):
            told = [_cells(row) for row in details.select("tbody tr")]
            if rows and all(any(_holds(row, one) for row in rows) for one in told):
                details.decompose()
        seen: set[str] = set()
        for details in (part for part in reversed(parts) if _is(part, "method")):
            text = details.get_text()
            if text in seen:
                details.decompose()
            seen.add(text)
    for behind in main.select(".behind"):
        if behind.details is None:
            behind.decompose()


def _sections(main: Tag) -> list[list[Tag]]:
    """Tables and what is folded, by the section that they stand in."""
    sections: list[list[Tag]] = [[]]
    for part in main.find_all([*_HEADINGS, "table", "details"]):
        if part.name in _HEADINGS:
            sections.append([])
        else:
            sections[-1].append(part)
    return sections


def _is(part: Tag, name: str) -> bool:
    return not part.decomposed and part.name == "details" and name in part.get_attribute_list("class")


def _folded(name: str, html: str, language: str) -> str:
    summary = escape(term(f"page.{name}", language=language))
    return f'<details class="{name}"><summary>{summary}</summary>{html}</details>'


def _values_table(values: PictureValues) -> str:
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in values.columns)
    rows = "".join(
        f'<tr><th scope="row">{_cell(first, values.digits[0])}</th>'
        + "".join(
            f'<td class="number">{_cell(value, digits)}</td>'
            for value, digits in zip(rest, values.digits[1:], strict=False)
        )
        + "</tr>"
        for first, *rest in values.rows
    )
    caption = f"<caption>{escape(values.title)}</caption>" if values.title else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(value: Value, digits: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return escape(" ".join(value.split()))
    text = f"{value:,.{min(max(digits, 0), 9)}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.lstrip("-")


def _cells(row: Tag) -> tuple[str, list[str]]:
    """First cell of a row, and the others."""
    first, *rest = (" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"]))
    return first, rest


def _numbers(cells: Iterable[str]) -> list[str]:
    return [found for cell in cells for found in _NUMBER.findall(cell.replace(",", ""))]


def _holds(row: tuple[str, list[str]], told: tuple[str, list[str]]) -> bool:
    """Whether a row of a table has the numbers of a row of a picture's values, as far as both have digits."""
    cells, wanted = [row[0], *row[1]], _numbers(told[1])
    left = _numbers(cells)
    for number in wanted:
        found = next((one for one in left if _agree(one, number)), None)
        if found is None:
            return False
        left.remove(found)
    return len(wanted) > _FEW or told[0] in cells


def _agree(first: str, second: str) -> bool:
    """Whether two numbers may be one that was rounded twice."""
    digits = min(len(one.partition(".")[2]) for one in (first, second))
    ends = [float(one.replace("−", "-")) for one in (first, second)]
    return abs(ends[0] - ends[1]) <= 0.51 * 10.0**-digits
