"""A grid of cells as a table: its header, what words its columns, and where its rows begin and end."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.intake.header import (
    LOOKED_AT,
    Header,
    are_wordings,
    column_names,
    find_header,
    header_of,
    is_import_row,
    titles,
)
from loyalty_kit.intake.sources import RawTable, Row, Source

_SAMPLE = 50


def tabled(
    grid: pd.DataFrame, file: Source, known: Collection[str], *, merged: Sequence[tuple[int, int, int]] = ()
) -> RawTable:
    """Table of a grid: under its header, without empty rows and nameless empty columns.

    Parameters
    ----------
    grid : DataFrame of shape (rows, columns)
        All cells of a file or sheet, the header among them; the index numbers the rows as the file does.
    file : Source
        The file, with the options of its reading.
    known : collection of str
        Columns that the reader asks for.
    merged : sequence of tuple of int
        Cells merged downwards: position of the column, first and last row.

    Returns
    -------
    RawTable
        Its row numbers are those of the grid.
    """
    grid = _without_empty(grid)
    header = _header(grid, file, known)
    if not header.rows:
        return RawTable(grid.iloc[:0], options=file.options)
    wordings, first = _below(grid, header, file)
    rows, left_out = _cut(grid.iloc[first:], file)
    kept = [bool(name) or bool(rows.iloc[:, at].notna().any()) for at, name in enumerate(header.titles)]
    names = column_names([name for name, keep in zip(header.titles, kept, strict=True) if keep], known)
    labels = [text for text, keep in zip(wordings, kept, strict=True) if keep] if wordings else []
    numbers = tuple(int(grid.index[at]) for at in header.rows)
    begins = int(rows.index[0]) if len(rows) else None
    places = dict(zip(np.flatnonzero(kept).tolist(), names, strict=True))
    return RawTable(
        (rows if all(kept) else rows.loc[:, kept]).set_axis(names, axis=1),
        column_labels={name: text for name, text in zip(names, labels, strict=False) if text},
        left_out=left_out,
        options=file.options.every(header=numbers[0] if len(numbers) == 1 else numbers, first_row=begins),
        merged=_spans(merged, places, rows.index),
        row_numbers=rows.index.to_numpy(),
    )


def _without_empty(grid: pd.DataFrame) -> pd.DataFrame:
    """Grid without the rows that hold nothing."""
    empty = np.ones(len(grid), dtype=bool)
    for at in range(grid.shape[1]):
        if not empty.any():
            return grid
        empty[empty] = grid.iloc[:, at].isna().to_numpy()[empty]
    return grid[~empty] if empty.any() else grid


def _spans(
    merged: Sequence[tuple[int, int, int]], places: Mapping[int, str], numbers: pd.Index
) -> dict[str, tuple[int, int]]:
    """First and last row of the merged cells of each column, those among the rows of the table only."""
    spans: dict[str, tuple[int, int]] = {}
    for at, top, bottom in merged:
        if at in places and len(numbers) and top >= numbers[0]:
            first, last = spans.get(places[at], (top, bottom))
            spans[places[at]] = min(first, top), max(last, bottom)
    return spans


def header_place(head: pd.DataFrame, file: Source, known: Collection[str]) -> Header:
    """Header of the first rows of a grid."""
    return _header(head[head.notna().any(axis=1)], file, known)


def _header(grid: pd.DataFrame, file: Source, known: Collection[str]) -> Header:
    options = file.options
    if options.header is None:
        begins = options.first_row
        head = grid.head(LOOKED_AT) if begins is None else grid[grid.index < begins].head(LOOKED_AT)
        return find_header(_titles(head), known)
    chosen = (options.header,) if isinstance(options.header, int) else options.header
    absent = [row for row in chosen if row not in grid.index]
    if absent:
        raise InputError(
            "{file} has no cells in row {row}, which is to be its header; the first row that has some: {line}.",
            file=file.subject,
            row=absent[0],
            line=options.line("header", int(grid.index[0]) if len(grid) else 1),
        )
    return header_of(*_named(grid, chosen), known)


def _named(grid: pd.DataFrame, chosen: Sequence[int]) -> tuple[list[list[str]], list[int]]:
    """Titles up to the last of the rows chosen, and the positions of these."""
    positions = [int(at) for at in grid.index.get_indexer(pd.Index(chosen))]
    return _titles(grid.head(max(positions) + 1)), positions


def _titles(rows: pd.DataFrame) -> list[list[str]]:
    return [titles(row) for row in rows.astype(object).to_numpy().tolist()]


def _below(grid: pd.DataFrame, header: Header, file: Source) -> tuple[list[str], int]:
    """Wordings of the columns, where a row beside the header gives them, and where the rows begin."""
    first = header.rows[-1] + 1
    begins = file.options.first_row
    near = _titles(grid.iloc[first : first + _SAMPLE])
    if near and is_import_row(near[0]):
        return [], first + 1
    if len(near) > 1 and is_import_row(near[1]):
        return near[0], first + 2
    if near and (begins is None or int(grid.index[first]) < begins) and are_wordings(near[0], header.titles, near[1:]):
        return near[0], first + 1
    return [], first


def _cut(rows: pd.DataFrame, file: Source) -> tuple[pd.DataFrame, tuple[Row, ...]]:
    """Rows from the first to the last that a person named, and the others."""
    low, high = file.options.first_row, file.options.last_row
    if low is None and high is None:
        return rows, ()
    before = rows.index < (low or 0)
    after = rows.index > (high or rows.index.max() if len(rows) else 0)
    outside = [Row(int(number), message("above the first row")) for number in rows.index[before]]
    outside += [Row(int(number), message("below the last row")) for number in rows.index[after]]
    return rows[~before & ~after], tuple(outside)
