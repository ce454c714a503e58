"""Survey files: CSV, Excel, SPSS and Parquet, each as one table of raw cells under the codebook's column names."""

import csv
import numbers
import os
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyreadstat
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from loyalty_kit.errors import InputError, UnreadableError
from loyalty_kit.messages import foreign, message

T = TypeVar("T")
DELIMITERS = (",", ";", "\t", "|")
END = "\x00end"
NO_VALUE = "a formula without a saved value"
ZLIB_MOST = 1032
BLOCK_MOST = 2**31 - 1


@dataclass(frozen=True, eq=False)
class RawTable:
    """Cells of a survey file as they stand there.

    Attributes
    ----------
    frame : DataFrame of shape (respondents, columns)
        Text, numbers or dates; missing where a cell is empty. A name that the codebook knows may
        stand more than once.
    value_labels : mapping of column to mapping of value to text
        The file's own labels (SPSS).
    decimal_comma : bool
        Whether '3,5' is a number in this file.
    """

    frame: pd.DataFrame
    value_labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    decimal_comma: bool = False


def read_table(path: Path, known: Collection[str]) -> RawTable:
    """Raw cells of a survey file; `known` are the codebook's columns, which tell header, delimiter and sheet."""
    if not os.path.exists(path):
        raise UnreadableError("The survey '{path}' does not exist.", path=path)
    if path.is_dir():
        raise UnreadableError("The survey '{path}' is a folder; give the file itself.", path=path)
    ending = path.suffix.lower()
    if ending == ".xls":
        raise UnreadableError("The survey '{file}' is an old Excel file; save it as .xlsx.", file=path.name)
    if ending not in READERS:
        known = {"file": path.name, "endings": ", ".join(READERS)}
        if not ending:
            raise UnreadableError("The survey '{file}' has no ending; allowed are {endings}.", **known)
        template = "The survey '{file}' ends in '{ending}'; allowed are {endings}."
        raise UnreadableError(template, ending=ending, **known)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(
            "The survey '{path}' cannot be read: {cause}.", path=path, cause=foreign(error.strerror or error)
        ) from None
    if not data.strip():
        raise UnreadableError("The survey '{file}' is empty.", file=path.name)
    table = READERS[ending](data, path.name, known)
    if table.frame.empty:
        raise UnreadableError("The survey '{file}' holds no respondents.", file=path.name)
    return table


def normalized(text: str) -> str:
    """Text on one line, without outer blanks; full-width and no-break characters made plain (NFKC)."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isprintable():
        plain = "".join(mark if mark.isprintable() else " " for mark in plain)
    return plain.strip()


def text_of(value: object) -> str:
    """Text of a cell: a whole number without '.0', a day without its midnight, TRUE and FALSE as in spreadsheets.

    Examples
    --------
    >>> text_of(1042.0), text_of(" ００７ "), text_of(True)
    ('1042', '007', 'TRUE')
    """
    if isinstance(value, bool | np.bool_):
        return str(value).upper()
    if isinstance(value, numbers.Real) and not isinstance(value, numbers.Integral) and float(value).is_integer():
        return str(int(float(value)))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return normalized(str(value))


def _csv(data: bytes, name: str, known: Collection[str]) -> RawTable:
    text = _decoded(data, name)
    headers = {delimiter: _first_row(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: (_shown(headers[mark], known), len(headers[mark])))
    if not headers[delimiter]:
        raise UnreadableError("The survey '{file}' has no header.", file=name)
    grid = _grid(text, delimiter, len(headers[delimiter]), name)
    return RawTable(_headed(grid, known), decimal_comma=delimiter == ";")


def _decoded(data: bytes, name: str) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            text.encode()
        except UnicodeError:
            continue
        if "\x00" in text:
            raise UnreadableError(
                "The survey '{file}' holds NUL bytes, so it is no CSV text; save it as UTF-8.", file=name
            )
        if encoding == "gb18030" and not _mostly_common_chinese(data):
            break
        return text
    raise UnreadableError("The survey '{file}' is neither UTF-8 nor GB18030 text; save it as UTF-8.", file=name)


def _mostly_common_chinese(data: bytes) -> bool:
    """Whether most two-byte characters end in a high byte; an accented Western letter comes before a plain one."""
    seconds = re.findall(rb"[\x81-\xfe](.)", data, re.DOTALL)
    return sum(bool(second >= b"\xa1") for second in seconds) >= len(seconds) / 2


def _first_row(text: str, delimiter: str) -> list[str]:
    """Cells of the first row that holds any, or none where it cannot be read so."""
    try:
        return next((row for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter) if any(row)), [])
    except csv.Error:
        return []


def _grid(text: str, delimiter: str, width: int, name: str) -> pd.DataFrame:
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
        raise UnreadableError("The survey '{file}' cannot be read as CSV.", file=name) from None
    frame: pd.DataFrame = table.to_pandas()
    if frame.empty or frame.iloc[-1, 0] != END:
        row = len(frame) + len(ragged)
        raise InputError(
            "The survey '{file}' opens a quotation mark in row {row} that nothing closes.", file=name, row=row
        )
    if ragged:
        others = message(" ({n} such rows)", n=len(ragged)) if len(ragged) > 1 else ""
        raise InputError(
            "The survey '{file}' has {cells} cells in row {row}{others}, but its header, row 1, has {width}; "
            "a cell that holds '{delimiter}' needs quotation marks.",
            file=name,
            cells=ragged[0].actual_columns,
            row=ragged[0].number,
            others=others,
            width=width,
            delimiter=delimiter,
        )
    return frame.iloc[:-1]


def _excel(data: bytes, name: str, known: Collection[str]) -> RawTable:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError(
            "The survey '{file}' is protected by a password or is an old .xls; save it as plain .xlsx.", file=name
        )
    grid = _parsed(lambda file: _sheet(file, known), data, name, "Excel")
    return RawTable(_headed(grid, known).infer_objects())


def _sheet(file: BytesIO, known: Collection[str]) -> pd.DataFrame:
    """Cells of the first sheet whose first row shows most of the known columns."""
    book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
    headers = [next((row for row in _rows(sheet) if any(map(_title, row))), ()) for sheet in book.worksheets]
    best = max(range(len(headers)), key=lambda position: _shown(headers[position], known))
    cells = pd.DataFrame(list(_rows(book.worksheets[best])), dtype=object)
    formulas = cells.map(_is_formula).to_numpy(dtype=bool)
    if not formulas.any():
        return cells
    saved = openpyxl.load_workbook(file, read_only=True, keep_links=False, data_only=True).worksheets[best]
    values = pd.DataFrame(list(_rows(saved)), dtype=object)
    return values.mask(formulas & values.isna(), NO_VALUE)


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    # Some programs write a wrong sheet size into the file.
    sheet.reset_dimensions()
    for row in sheet.values:
        yield tuple(None if cell == "" else cell for cell in row)


def _is_formula(cell: object) -> bool:
    return (isinstance(cell, str) and cell.startswith("=")) or isinstance(cell, ArrayFormula | DataTableFormula)


def _spss(data: bytes, name: str, known: Collection[str]) -> RawTable:
    frame, meta = _parsed(_sav, data, name, "SPSS")
    columns = _names(list(frame.columns), known)
    labels = {new: meta.variable_value_labels.get(old, {}) for old, new in zip(frame.columns, columns, strict=True)}
    return RawTable(frame.set_axis(columns, axis=1), value_labels=labels)


def _sav(file: BytesIO) -> tuple[pd.DataFrame, Any]:
    _, meta = pyreadstat.read_sav(file, metadataonly=True)
    # A cell takes a byte at least, before zlib: a damaged count of rows must not be granted its memory.
    size = file.getbuffer().nbytes * (ZLIB_MOST if file.getvalue().startswith(b"$FL3") else 1)
    if (meta.number_rows or 0) * (meta.number_columns or 0) > size:
        raise ValueError("more cells than the file has room for")
    file.seek(0)
    frame, meta = pyreadstat.read_sav(file)
    return frame, meta


def _parquet(data: bytes, name: str, known: Collection[str]) -> RawTable:
    frame = _parsed(_indexless, data, name, "Parquet")
    return RawTable(frame.set_axis(_names([str(column) for column in frame.columns], known), axis=1))


def _indexless(file: BytesIO) -> pd.DataFrame:
    frame = pd.read_parquet(file)
    return frame.reset_index(drop=all(level is None for level in frame.index.names))


READERS: dict[str, Callable[[bytes, str, Collection[str]], RawTable]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": _csv,
    ".xlsx": _excel,
    ".xlsm": _excel,
    ".sav": _spss,
    ".zsav": _spss,
    ".parquet": _parquet,
}


def _parsed(parse: Callable[[BytesIO], T], data: bytes, name: str, kind: str) -> T:
    with warnings.catch_warnings():
        # openpyxl warns of styles and validations that it does not know; none holds an answer.
        warnings.simplefilter("ignore")
        try:
            return parse(BytesIO(data))
        except Exception:
            # A damaged file makes these parsers raise nearly anything, some of it with the cell that they stopped at.
            raise UnreadableError(
                "The survey '{file}' is damaged, protected or no {format} file.", file=name, format=kind
            ) from None


def _headed(grid: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    """Table under its header: without empty rows, nameless empty columns and Qualtrics' two extra rows."""
    grid = grid[grid.notna().any(axis=1)]
    if grid.empty:
        return grid
    header, rows = grid.iloc[0], grid.iloc[1:]
    if len(rows) > 1 and any(re.match(r"\{\s*.ImportId", str(cell)) for cell in rows.iloc[1]):
        rows = rows.iloc[2:]
    kept = header.notna().to_numpy() | rows.notna().any().to_numpy()
    return rows.loc[:, kept].set_axis(_names(list(header[kept]), known), axis=1).reset_index(drop=True)


def _names(header: Sequence[object], known: Collection[str]) -> list[str]:
    """Column names: the codebook's spelling where it knows one, else the file's, made unique."""
    spelling = {normalized(name): name for name in known}
    times: Counter[str] = Counter()
    names = []
    for position, cell in enumerate(header, 1):
        plain = _title(cell) or f"column {position}"
        name = plain if plain in known else spelling.get(plain, plain)
        names.append(f"{name}.{times[name]}" if times[name] and name not in known else name)
        times[name] += 1
    return names


def _title(cell: object) -> str:
    return "" if cell is None or cell != cell else text_of(cell)


def _shown(header: Sequence[object], known: Collection[str]) -> int:
    return len(set(_names(header, known)) & set(known))
