"""Values that a column of a report's data holds, as the conditions of a notebook know them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.conditions import conditions
from loyalty_kit.core.errors import InputError, nearest
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import FEWEST, cell_texts, keep_only
from loyalty_kit.intake.customers import read_customers
from loyalty_kit.survey.codebook import Codebook
from loyalty_kit.survey.reading import read_columns

MOST = 200
"""Reports that one column may make."""


class ColumnValues(NamedTuple):
    """Values of a column that at least `min_cell` rows have, and how many other values there are."""

    values: list[str]
    rare: int
    min_cell: int


def column_values(
    path: Path, column: str, *, codebook: Path | None = None, only: Sequence[str] = (), min_cell: int = FEWEST
) -> ColumnValues:
    """Values of a column of a table that a report may be made of, sorted; numbers by size.

    Parameters
    ----------
    path : Path
        CSV, Excel, SPSS or Parquet file.
    column : str
        Its column.
    codebook : Path, optional
        Codebook of the file, which is then read as `read_responses` reads it, else as `read_campaign` does;
        its codes for missing answers are left out of every column.
    only : list of str
        Conditions that rows meet besides; see `keep_only`.
    min_cell : int
        Fewest rows that a report may be about.

    Returns
    -------
    ColumnValues
        Values as text, each of which `keep_only` accepts; the number of those that fewer rows have; and how
        many that is.

    Raises
    ------
    UnreadableError
        If a file cannot be read.
    InputError
        If there is no such column, it holds no value or more than 200, no row meets the conditions, or
        the column names respondents.
    """
    book = Codebook.read(codebook) if codebook else None
    if book and column in book.ids and column not in book.groups:
        raise InputError(
            "'for_each': column '{column}' names respondents, and no report is made of one.", column=column
        )
    names = [column, *(name for name, _ in conditions(only))]
    table = read_columns(path, book, names, only=only) if book else read_customers(path, names, names)
    if column not in table:
        known = list(table) if book is None else [name for name in book.columns if name not in book.ids]
        raise InputError(
            "'for_each': '{name}' has no column '{column}'{hint}",
            name=path.name,
            column=column,
            hint=nearest(column, known) or message("."),
        )
    nothing = ["", *(cell_text(code) for code in book.missing)] if book else [""]
    counts = cell_texts(keep_only(table, only, min_cell=1)[column]).value_counts().drop(nothing, errors="ignore")
    if counts.empty:
        raise InputError("'for_each': column '{column}' of '{name}' holds no value.", column=column, name=path.name)
    found = list(counts.index[counts >= min_cell])
    if len(found) > MOST:
        raise InputError(
            "'for_each': column '{column}' of '{name}' holds {count} different values; at most {most} "
            "reports are made of a column.",
            column=column,
            name=path.name,
            count=len(found),
            most=MOST,
        )
    return ColumnValues(sorted(found, key=_place), len(counts) - len(found), min_cell)


def _place(text: str) -> tuple[float, str]:
    """Numbers by size, before texts."""
    try:
        return (float(text), text)
    except ValueError:
        return (float("inf"), text)
