"""Where a table's header stands and what its columns are called."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

import pandas as pd

from loyalty_kit.core.cells import cell_text, plain_text


def headed(grid: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    """Table under its header: without empty rows, nameless empty columns and Qualtrics' two extra rows.

    Parameters
    ----------
    grid : DataFrame of shape (rows, columns)
        All cells of a file, the header among them.
    known : collection of str
        Columns that the reader asks for.

    Returns
    -------
    DataFrame
    """
    grid = grid[grid.notna().any(axis=1)]
    if grid.empty:
        return grid
    header, rows = grid.iloc[0], grid.iloc[1:]
    if len(rows) > 1 and any(re.match(r"\{\s*.ImportId", str(cell)) for cell in rows.iloc[1]):
        rows = rows.iloc[2:]
    kept = header.notna().to_numpy() | rows.notna().any().to_numpy()
    return rows.loc[:, kept].set_axis(column_names(list(header[kept]), known), axis=1).reset_index(drop=True)


def column_names(header: Sequence[object], known: Collection[str]) -> list[str]:
    """Column names: the spelling that is asked for where it is known, else the file's, made unique.

    Examples
    --------
    >>> column_names([" Ｑ1", "note", None, "note"], ["Q1"])
    ['Q1', 'note', 'column 3', 'note.1']
    """
    spelling = {plain_text(name): name for name in known}
    times: Counter[str] = Counter()
    names = []
    for position, cell in enumerate(header, 1):
        plain = title(cell) or f"column {position}"
        name = plain if plain in known else spelling.get(plain, plain)
        names.append(f"{name}.{times[name]}" if times[name] and name not in known else name)
        times[name] += 1
    return names


def title(cell: object) -> str:
    """Text of a header's cell; none where it is empty."""
    if isinstance(cell, str):
        return plain_text(cell)
    return "" if cell is None or cell != cell else cell_text(cell)


def shown(header: Sequence[object], known: Collection[str]) -> int:
    """Count the columns asked for that a row would name if it were the header."""
    return len(set(column_names(header, known)) & set(known))
