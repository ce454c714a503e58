"""Text files of cells between delimiters (CSV)."""

import csv
from collections.abc import Collection
from itertools import islice

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.intake.encodings import decoded
from loyalty_kit.intake.grids import header_place, tabled
from loyalty_kit.intake.header import LOOKED_AT, Header, shown
from loyalty_kit.intake.ragged import Layout, cells_of, rows_of, with_ragged
from loyalty_kit.intake.sources import RawTable, Row, Source

DELIMITERS = (",", ";", "\t", "|")
END = "\x00end"
BLOCK = 2**20
BLOCK_MOST = 2**31 - 1
_HEAD = 1_000_000
_HEAD_ROWS = 3 * LOOKED_AT


def read_delimited(file: Source, known: Collection[str]) -> RawTable:
    """Cells of a CSV file as text; its delimiter is the one that shows most of the known columns."""
    options = file.options
    text, encoding = decoded(file)
    text, layout = _with_row_names(text, _layout(text, file, known), file)
    grid, ragged = _grid(text, layout, file)
    table = tabled(grid, file, known)
    comma = options.decimal == "," if options.decimal else layout.delimiter == ";"
    return RawTable(
        table.frame,
        decimal_comma=comma,
        column_labels=table.column_labels,
        left_out=(*ragged, *table.left_out),
        options=table.options.every(delimiter=layout.delimiter, encoding=encoding),
        row_numbers=table.row_numbers,
    )


def _layout(text: str, file: Source, known: Collection[str]) -> Layout:
    """Delimiter under which the first rows hold a header of most known columns, and that header's size and row."""
    marks = DELIMITERS if file.options.delimiter is None else (file.options.delimiter,)
    if file.options.delimiter is None and text[:4].casefold() == "sep=" and text[5:6] in ("\n", "\r"):
        marks = (text[4],)
    best, most = Layout(marks[0], 0, 0), (-1, -1.0)
    for mark in marks:
        lines = _first_rows(text, mark, file)
        header, row = _header_among(lines, file, known)
        if row:
            width = len(lines[row - 1])
            below = [len(line) == width for line in lines[row:] if any(line)]
            found = (shown(header.titles, known), (width - 1) * (0.1 + sum(below) / max(len(below), 1)))
            if found > most:
                best, most = Layout(mark, width, row), found
    if not best.width:
        raise UnreadableError(
            "{file} has no header; if it begins further down: {line}.",
            file=file.subject,
            line=file.options.line("header", 1),
        )
    return best


def _with_row_names(text: str, layout: Layout, file: Source) -> tuple[str, Layout]:
    """Text whose header has an empty cell more where all rows begin with a name of their own, as R writes them."""
    header, *rows = [line for line in _first_rows(text, layout.delimiter, file) if any(line)]
    named = layout.header == 1 and len(rows) > 1 and {len(row) for row in rows} == {layout.width + 1}
    if not named or not any(row[-1] for row in rows) or len({row[0] for row in rows}) < len(rows) or not all(header):
        return text, layout
    return layout.delimiter + text, layout._replace(width=layout.width + 1)


def _first_rows(text: str, delimiter: str, file: Source) -> list[list[str]]:
    """Cells of the first rows, or none where they cannot be read so."""
    found: list[list[str]] = []
    try:
        found.extend(
            islice(
                rows_of(text[:_HEAD], delimiter, quotes=file.options.quotes is not False),
                max(_HEAD_ROWS, *_chosen(file)),
            )
        )
    except csv.Error:
        # A cell that is longer than a header's could be: what stands above it is enough.
        pass
    return found


def _chosen(file: Source) -> tuple[int, ...]:
    """Rows that a person named as header."""
    chosen = file.options.header
    return (0, chosen or 0) if isinstance(chosen, int | None) else (0, *chosen)


def _header_among(lines: list[list[str]], file: Source, known: Collection[str]) -> tuple[Header, int]:
    """Header among the first rows, and the number of its last row; 0 where there is none."""
    widest = max(map(len, lines), default=0)
    cells = [[cell or None for cell in line] + [None] * (widest - len(line)) for line in lines]
    head = pd.DataFrame(cells, index=range(1, len(lines) + 1), dtype=object)
    head = head[head.notna().any(axis=1)]
    header = header_place(head, file, known)
    return header, int(head.index[header.rows[-1]]) if header.rows else 0


def _grid(text: str, layout: Layout, file: Source) -> tuple[pd.DataFrame, tuple[Row, ...]]:
    """All rows of a CSV text, the header among them, as text, and those left out; missing where a cell is empty."""
    table, ragged = _parsed(text, layout, file)
    frame: pd.DataFrame = table.to_pandas()
    if frame.empty or frame.iloc[-1, 0] != END:
        raise InputError(
            "{file} opens a quotation mark in row {row} that nothing closes; if quotation marks enclose no cells: "
            "{line}.",
            file=file.subject,
            row=len(frame) + len(ragged),
            line=file.options.line("quotes", False),
        )
    count = len(frame) + len(ragged)
    others = {row.number for row in ragged}
    frame.index = pd.Index(
        [number for number in range(1, count + 1) if number not in others] if others else range(1, count + 1)
    )
    frame = frame.iloc[:-1]
    quotes = file.options.quotes is not False
    cells = [cells_of(row.number, row.text, layout, quotes=quotes) for row in ragged]
    return with_ragged(frame, cells, layout, file) if cells else (frame, ())


def _parsed(text: str, layout: Layout, file: Source) -> tuple[pa.Table, list[pa.csv.InvalidRow]]:
    """Cells of a text by pyarrow; a last row of our own goes missing where an open quotation mark swallowed it."""
    end = "" if text.endswith(("\n", "\r")) else "\n"
    data = text.encode() + f"{end}{END}{layout.delimiter * (layout.width - 1)}\n".encode()
    # Small blocks are twice as quick; a row that is longer than one needs them all in one.
    for block in (BLOCK, min(len(data) + 1, BLOCK_MOST)):
        ragged: list[pa.csv.InvalidRow] = []
        try:
            table = _in_blocks(data, layout, block, ragged, quotes=file.options.quotes is not False)
        except pa.ArrowException:
            continue
        return table, ragged
    raise UnreadableError(
        "{file} cannot be read as CSV; if its cells are not divided by '{delimiter}': {line}.",
        file=file.subject,
        delimiter=layout.delimiter,
        line=file.options.line("delimiter", ";" if layout.delimiter == "," else ","),
    )


def _in_blocks(data: bytes, layout: Layout, block: int, ragged: list[pa.csv.InvalidRow], *, quotes: bool) -> pa.Table:
    """Cells of a text that is read block by block; rows of another number of cells are put aside."""
    columns = [str(position) for position in range(layout.width)]

    def put_aside(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    return pa.csv.read_csv(
        pa.BufferReader(data),
        read_options=pa.csv.ReadOptions(use_threads=False, column_names=columns, block_size=block),
        parse_options=pa.csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char='"' if quotes else False,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=put_aside,
        ),
        convert_options=pa.csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(columns, pa.large_string()),
            strings_can_be_null=True,
            null_values=[""],
        ),
    ).combine_chunks()
