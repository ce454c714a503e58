"""The one reader of files: CSV, Excel, SPSS and Parquet, each as one table of raw cells.

It knows nothing of surveys or campaigns: who reads names the columns that are asked for, which tell header, delimiter
and sheet, and what errors call the file.
"""

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.core.selection import cell_texts
from loyalty_kit.intake.delimited import read_delimited
from loyalty_kit.intake.sources import RawTable, Source, opened
from loyalty_kit.intake.typed import read_parquet, read_spss
from loyalty_kit.intake.workbooks import read_workbook

FORMATS: dict[str, Callable[[Source, Collection[str]], RawTable]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".sav": read_spss,
    ".zsav": read_spss,
    ".parquet": read_parquet,
}


def read_table(path: Path, known: Collection[str], *, what: str) -> RawTable:
    """Raw cells of a file.

    Parameters
    ----------
    path : Path
        CSV (UTF-8, GB18030, or UTF-16 with a byte-order mark; delimiter , ; tab or |), Excel, SPSS or Parquet.
    known : collection of str
        Columns that are asked for; the table has them in this spelling.
    what : str
        What errors call the file, as 'The survey'.

    Returns
    -------
    RawTable
        Without rows where the file holds none but its header.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If a CSV's rows do not fit its header.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS and os.path.exists(path) and not path.is_dir():
        _refuse(path, what, ending)
    file = opened(path, what)
    return FORMATS[ending](file, known)


def _refuse(path: Path, what: str, ending: str) -> None:
    if ending == ".xls":
        raise UnreadableError("{what} '{name}' is an old Excel file; save it as .xlsx.", what=what, name=path.name)
    if not ending:
        raise UnreadableError(
            "{what} '{name}' has no ending; allowed are {formats}.",
            what=what,
            name=path.name,
            formats=", ".join(FORMATS),
        )
    raise UnreadableError(
        "{what} '{name}' ends in '{ending}'; allowed are {formats}.",
        what=what,
        name=path.name,
        ending=ending,
        formats=", ".join(FORMATS),
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
