"""A log in a file: its columns fetched, its amounts as numbers, its times as times."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from loyalty_kit.core.conditions import conditions
from loyalty_kit.core.errors import UnreadableError
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import keep_only
from loyalty_kit.customers.transactions.columns import Columns
from loyalty_kit.customers.transactions.times import times_of
from loyalty_kit.intake.customers import refuse_text
from loyalty_kit.intake.numbers import number_column
from loyalty_kit.intake.options import file_argument
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.intake.tables import read_table, refuse_doubtful, refuse_merged

PARQUET = ".parquet"


def log_of_file(
    path: Path,
    columns: Columns,
    only: Sequence[str],
    file: Mapping[str, object] | Sequence[str] | None,
    timezone: str | None,
) -> Any:
    """Columns of a log's file, as a table.

    Parameters
    ----------
    path : Path
        CSV, Excel, SPSS or Parquet.
    columns : Columns
        Its columns.
    only : list of str
        Conditions on the rows.
    file : mapping, optional
        How the file is to be read.
    timezone : str, optional
        Where days begin and end, for times of several offsets.
    """
    limits = [name for name, _ in conditions(only)]
    names = list(dict.fromkeys([*columns.names, *limits]))
    if path.suffix.lower() == PARQUET and path.is_file():
        rows = _parquet(path, names)
        rows = rows.take(keep_only(rows.select(limits).to_pandas(), only).index) if only else rows
        texts = [name for name in (columns.time, columns.amount) if name in rows.column_names and _is_text(rows[name])]
        return _typed(RawTable(rows.to_pandas()), path, columns, timezone) if texts else rows
    table = read_table(path, names, what=message("The log"), options=file_argument(file))
    subject = message("{what} '{name}'", what=message("The log"), name=path.name)
    refuse_doubtful(table, subject)
    refuse_merged(table, names, subject)
    frame = keep_only(table.frame.loc[:, ~table.frame.columns.duplicated()].copy(), only)
    return _typed(table, path, columns, timezone, frame)


def _parquet(path: Path, names: Sequence[str]) -> pa.Table:
    try:
        held = pq.read_schema(path).names
        return pq.read_table(path, columns=[name for name in names if name in held])
    except (OSError, ValueError):
        raise UnreadableError("The log '{name}' is damaged or no Parquet file.", name=path.name) from None


def _is_text(column: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _typed(
    table: RawTable, path: Path, columns: Columns, timezone: str | None, rows: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Rows whose amounts are numbers and whose times are times; refused where a cell is neither."""
    frame = (table.frame if rows is None else rows).copy()
    subject = message("{what} '{name}'", what=message("The log"), name=path.name)
    if columns.amount in frame:
        held = frame[columns.amount]
        frame[columns.amount] = number_column(held, table.options, decimal_comma=table.decimal_comma, asked=subject)
        if not pd.api.types.is_numeric_dtype(frame[columns.amount]):
            refuse_text(held, table, subject, row_is_person=False)
    if columns.time in frame and not pd.api.types.is_datetime64_any_dtype(frame[columns.time]):
        frame[columns.time] = times_of(frame[columns.time], columns.time, table.options, timezone)
    return frame
