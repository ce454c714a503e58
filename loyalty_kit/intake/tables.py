"""The one reader of files: text, spreadsheets, SPSS, Stata and Parquet, each as one table of raw cells.

It knows nothing of surveys or campaigns: who reads names the columns that are asked for, which tell header, delimiter
and sheet, and what errors call the file.
"""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import InputError, UnreadableError, nearest
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.intake.delimited import read_delimited
from loyalty_kit.intake.no_respondents import doubtful_rows
from loyalty_kit.intake.options import AS_IT_SAYS, FileOptions
from loyalty_kit.intake.sources import RawTable, Row, Source, opened, unpacked
from loyalty_kit.intake.spreadsheets import read_old_workbook, read_spreadsheet
from loyalty_kit.intake.typed import read_parquet, read_portable, read_spss, read_stata
from loyalty_kit.intake.workbooks import read_workbook

_MERGED = 6
TOLD = 5
"""Rows that look like no respondent of which a sentence tells."""
FORMATS: dict[str, Callable[[Source, Collection[str]], RawTable]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".xls": read_old_workbook,
    ".xlsb": read_spreadsheet,
    ".ods": read_spreadsheet,
    ".sav": read_spss,
    ".zsav": read_spss,
    ".por": read_portable,
    ".dta": read_stata,
    ".parquet": read_parquet,
}


PACKED = (".zip", ".gz")
"""Endings of archives that hold such a file."""


def read_table(
    path: Path,
    known: Collection[str],
    *,
    what: str,
    options: FileOptions = AS_IT_SAYS,
    answers: Collection[str] = (),
) -> RawTable:
    """Raw cells of a file, and its rows that look like no respondent.

    Parameters
    ----------
    path : Path
        CSV (UTF-8, GB18030, or UTF-16 with a byte-order mark; delimiter , ; tab or |), Excel, SPSS or Parquet.
    known : collection of str
        Columns that are asked for; the table has them in this spelling.
    what : str
        What errors call the file, as 'The survey'.
    options : FileOptions
        How the file is to be read where it does not say so itself.
    answers : collection of str
        Columns of which a respondent answers one at least.

    Returns
    -------
    RawTable
        Without rows where the file holds none but its header. Every row of the file below its header, empty ones
        apart, stands in `frame` or in `left_out`; `doubtful` names those in `frame` that `options.rows` has not
        decided on.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If a CSV's rows do not fit its header, or the options do not fit the file.
    """
    ending = path.suffix.lower()
    if ending not in (*FORMATS, *PACKED) and os.path.exists(path) and not path.is_dir():
        _refuse(path, what, ending)
    file = opened(path, what, options)
    if ending in PACKED:
        file = unpacked(file, FORMATS)
        ending = Path(file.name).suffix.lower() or ".csv"
        if ending not in FORMATS:
            _refuse(Path(file.name), what, ending)
    table = FORMATS[ending](file, known)
    numbers = table.row_numbers if len(table.row_numbers) else range(1, len(table.frame) + 1)
    return _filled_down(_decided(replace(table, row_numbers=numbers), file, known, answers), file)


def _decided(table: RawTable, file: Source, known: Collection[str], answers: Collection[str]) -> RawTable:
    """Table without the rows that `[file] rows` leaves out."""
    rows, numbers = file.options.rows, np.asarray(table.row_numbers)
    found = {} if rows == "keep" else doubtful_rows(table, known, answers)
    if isinstance(rows, tuple):
        gone = {row.number for row in table.left_out}
        strangers = [row for row in rows if row not in gone and row not in numbers]
        if strangers:
            raise InputError(
                "{file} has no respondent in row {row}, which is to be left out; its rows are {first} to {last}: "
                "{line}.",
                file=file.subject,
                row=strangers[0],
                first=int(numbers[0]) if len(numbers) else 0,
                last=int(numbers[-1]) if len(numbers) else 0,
                line=file.options.line("rows", [row for row in rows if row not in strangers]),
            )
        positions = np.flatnonzero(np.isin(numbers, rows)).tolist()
        found = {at: found.get(at, message("left out by its number")) for at in positions}
    told = tuple(Row(int(numbers[at]), reason) for at, reason in found.items())
    if rows is None:
        return replace(table, frame=table.frame.reset_index(drop=True), doubtful=told)
    return without(table, told)


def without(table: RawTable, rows: Collection[Row]) -> RawTable:
    """Table without some of its rows, which it names among those left out."""
    numbers = np.asarray(table.row_numbers)
    kept = ~np.isin(numbers, [row.number for row in rows])
    return replace(
        table,
        frame=table.frame[kept].reset_index(drop=True),
        left_out=tuple(sorted([*table.left_out, *rows], key=lambda row: row.number)),
        doubtful=tuple(row for row in table.doubtful if row not in rows),
        row_numbers=numbers[kept],
    )


def _filled_down(table: RawTable, file: Source) -> RawTable:
    """Table in whose columns named by `[file] fill_down` an empty cell repeats the one above it."""
    names = file.options.fill_down
    if names is None:
        return table
    absent = [name for name in names if name not in table.frame]
    if absent:
        raise InputError(
            "{file} has no column '{column}' to fill down{hint}",
            file=file.subject,
            column=absent[0],
            hint=nearest(absent[0], table.frame.columns) or message("."),
        )
    filled = table.frame.apply(lambda column: column.ffill() if column.name in names else column)
    return replace(table, frame=filled, merged={})


def _refuse(path: Path, what: str, ending: str) -> None:
    if not ending:
        raise UnreadableError(
            "{what} '{name}' has no ending; allowed are {formats}.",
            what=what,
            name=path.name,
            formats=", ".join((*FORMATS, *PACKED)),
        )
    raise UnreadableError(
        "{what} '{name}' ends in '{ending}'; allowed are {formats}.",
        what=what,
        name=path.name,
        ending=ending,
        formats=", ".join((*FORMATS, *PACKED)),
    )


def labelled(column: pd.Series, labels: Mapping[Any, str]) -> pd.Series:
    """Text of each cell, by the file's own label where it has one; missing where it is empty or blank.

    Examples
    --------
    >>> labelled(pd.Series([1.0, 2.0, None]), {1.0: "store"}).tolist()
    ['store', '2', nan]
    """
    names = {cell_text(value): cell_text(label) for value, label in labels.items()}
    texts = cell_texts(column).astype(object)
    texts = texts.map(lambda text: names.get(text, text)) if names else texts
    return texts.where(texts.notna() & (texts != ""), None)


def refuse_doubtful(table: RawTable, subject: str) -> None:
    """Stop where rows look like no respondent and nobody has said what becomes of them."""
    if not table.doubtful:
        return
    count = len(table.doubtful)
    first = [message("row {row} {reason}", row=str(row.number), reason=row.reason) for row in table.doubtful[:TOLD]]
    rest = message("and {n} more", n=count - TOLD) if count > TOLD else None
    raise InputError(
        '{file} holds rows that look like no respondent, {n} of {all}: {rows}; "keep" counts them, a list of row '
        "numbers leaves out just these, and this line leaves all of them out: {line}.",
        file=subject,
        n=count,
        all=len(table.frame),
        rows=[*first, *([rest] if rest else [])],
        line=table.options.line("rows", "leave_out"),
    )


def refuse_merged(table: RawTable, known: Collection[str], subject: str) -> None:
    """Stop where merged cells leave rows of a known column empty and nobody has said what becomes of them."""
    for name in (name for name in table.merged if name in known):
        low, high = table.merged[name]
        raise InputError(
            "{file} holds merged cells in column '{column}' (rows {first} to {last}), of which only the upper one "
            "has a value; to fill it down: {line}.",
            file=subject,
            column=name,
            first=str(low),
            last=str(high),
            line=table.options.line("fill_down", [name for name in table.merged if name in known]),
        )


def looks_merged(table: RawTable, name: str) -> dict[str, tuple[int, int]]:
    """Rows of a column whose cells seem to have been merged before it was saved as text; none where it is not so.

    Different values stand apart from one another, the first of them in the first row.

    Examples
    --------
    >>> looks_merged(RawTable(pd.DataFrame({"g": ["a", None, None, "b", None, None]}), row_numbers=range(2, 8)), "g")
    {'g': (2, 7)}
    """
    column = table.frame[name]
    filled = np.flatnonzero(column.notna().to_numpy())
    if (
        len(filled) < 2
        or len(column) < max(_MERGED, 2.5 * len(filled))
        or filled[0] > 0
        or np.diff(filled).min() < 2
        or column.iloc[filled].duplicated().any()
    ):
        return {}
    return {name: (int(table.row_numbers[0]), int(table.row_numbers[-1]))}
