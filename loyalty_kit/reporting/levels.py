"""Values that a column of a report's data holds, as the notebooks show them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet

from loyalty_kit.errors import InputError, nearest
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.files import normalized, read_table, text_of

MOST = 200
"""Reports that one column may make."""


def levels(path: Path, column: str, *, codebook: Path | None = None) -> list[str]:
    """Values of a column of a table, sorted; numbers by size.

    Parameters
    ----------
    path : Path
        CSV, Excel, SPSS or Parquet file.
    column : str
        Its column.
    codebook : Path, optional
        Codebook of the file: its codes for missing answers are left out.

    Returns
    -------
    list of str
        Values as text, as `read_responses` gives them: SPSS codes by their labels, unless there is a codebook
        in which the column is no group. Missing ones are left out.

    Raises
    ------
    UnreadableError
        If a file cannot be read.
    InputError
        If there is no such column, or it holds no value or more than 200.
    """
    book = Codebook.read(codebook) if codebook else None
    missing = {text_of(code) for code in book.missing} if book else set()
    cells, labels = _column(path, column, {column, *(book.columns if book else ())})
    if book and column not in book.groups:
        labels = {}
    texts = {text_of(cell) for cell in cells.dropna().unique()} - missing - {""}
    found = {labels.get(text, text) for text in texts} - missing
    if not found:
        raise InputError(f"'for_each': column '{column}' of '{path.name}' holds no value.")
    if len(found) > MOST:
        raise InputError(
            f"'for_each': column '{column}' of '{path.name}' holds {len(found)} different values; "
            f"at most {MOST} reports are made of a column."
        )
    return sorted(found, key=_place)


def _column(path: Path, column: str, known: Collection[str]) -> tuple[pd.Series, Mapping[str, str]]:
    """Cells of a column, and the file's own labels of them by the code's text."""
    if path.suffix.lower() == ".parquet" and (name := _stored_name(path, column)):
        return pd.read_parquet(path, columns=[name])[name], {}
    table = read_table(path, known)
    if column not in table.frame:
        hint = nearest(column, map(str, table.frame)) or "."
        raise InputError(f"'for_each': '{path.name}' has no column '{column}'{hint}")
    cells: Any = table.frame[column]
    labels = {text_of(code): normalized(text) for code, text in table.value_labels.get(column, {}).items()}
    return cells.iloc[:, 0] if isinstance(cells, pd.DataFrame) else cells, labels


def _stored_name(path: Path, column: str) -> str | None:
    """Name of a column as the Parquet file spells it; None where it is not to be had this way."""
    try:
        names: list[str] = pyarrow.parquet.read_schema(path).names
    except (OSError, pyarrow.ArrowException):
        return None
    return next((name for name in names if normalized(name) == normalized(column)), None)


def _place(text: str) -> tuple[float, str]:
    """Numbers by size, before texts."""
    try:
        return (float(text), text)
    except ValueError:
        return (float("inf"), text)
