"""Text files of cells between delimiters (CSV)."""

import csv
from collections.abc import Collection
from io import BytesIO, StringIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.core.messages import message
from loyalty_kit.intake.encodings import decoded
from loyalty_kit.intake.header import headed, shown
from loyalty_kit.intake.sources import RawTable, Source

DELIMITERS = (",", ";", "\t", "|")
END = "\x00end"
BLOCK_MOST = 2**31 - 1


def read_delimited(file: Source, known: Collection[str]) -> RawTable:
    """Cells of a CSV file as text; its delimiter is the one that shows most of the known columns."""
    text = decoded(file)
    headers = {delimiter: _first_row(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: (shown(headers[mark], known), len(headers[mark])))
    if not headers[delimiter]:
        raise UnreadableError("{file} has no header.", file=file.subject)
    grid = _grid(text, delimiter, len(headers[delimiter]), file)
    return RawTable(headed(grid, known), decimal_comma=delimiter == ";")


def _first_row(text: str, delimiter: str) -> list[str]:
    """Cells of the first row that holds any, or none where it cannot be read so."""
    try:
        return next((row for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter) if any(row)), [])
    except csv.Error:
        return []


def _grid(text: str, delimiter: str, width: int, file: Source) -> pd.DataFrame:
    """All rows of a CSV text, the header among them, as text; missing where a cell is empty."""
    ragged: list[pa.csv.InvalidRow] = []

    def skip(row: pa.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    # A last row of our own: where it goes missing, an open quotation mark has swallowed it.
    data = f"{text}\n{END}{delimiter * (width - 1)}\n".encode()
    columns = [str(position) for position in range(width)]
    try:
        table = pa.csv.read_csv(
            BytesIO(data),
            read_options=pa.csv.ReadOptions(
                use_threads=False, column_names=columns, block_size=min(len(data) + 1, BLOCK_MOST)
            ),
            parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowException:
        raise UnreadableError("{file} cannot be read as CSV.", file=file.subject) from None
    frame: pd.DataFrame = table.to_pandas()
    if frame.empty or frame.iloc[-1, 0] != END:
        row = len(frame) + len(ragged)
        raise InputError("{file} opens a quotation mark in row {row} that nothing closes.", file=file.subject, row=row)
    if ragged:
        others = message(" ({n} such rows)", n=len(ragged)) if len(ragged) > 1 else ""
        raise InputError(
            "{file} has {cells} cells in row {row}{others}, but its header, row 1, has {width}; "
            "a cell that holds '{delimiter}' needs quotation marks.",
            file=file.subject,
            cells=ragged[0].actual_columns,
            row=ragged[0].number,
            others=others,
            width=width,
            delimiter=delimiter,
        )
    return frame.iloc[:-1]
