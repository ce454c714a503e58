"""Files with a row a customer: names as text, amounts as numbers."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from loyalty_kit.core.errors import InputError, UnreadableError, rows
from loyalty_kit.core.messages import Message, message, together
from loyalty_kit.core.selection import FEWEST, with_file_rows
from loyalty_kit.intake.numbers import number_column, time_column, wrong_cell
from loyalty_kit.intake.options import file_argument
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.intake.tables import labelled, read_table, refuse_doubtful, refuse_merged

TRUTH = "truth.json"
"""File that a simulated study carries beside its data."""


def is_simulated(path: str | Path) -> bool:
    """Whether the truth of a simulated study lies beside a file.

    Examples
    --------
    >>> is_simulated("orders.csv")
    False
    """
    return Path(path).with_name(TRUTH).is_file()


def read_customers(
    path: Path,
    known: Sequence[str],
    texts: Collection[str],
    *,
    amounts: Collection[str] = (),
    times: Collection[str] = (),
    file: Mapping[str, object] | Sequence[str] | None = None,
) -> pd.DataFrame:
    """Table of a file of customers: the columns `texts` as text, others as numbers where every cell is one.

    Parameters
    ----------
    path : Path
        File of any kind that is read, one row a customer.
    known : sequence of str
        Columns that are asked for.
    texts : collection of str
        Those among them that name something: arms, segments, ids.
    amounts : collection of str
        Those among them that must hold numbers or truth values.
    times : collection of str
        Those among them that may hold dates: these become such as 2026-01-31 where `file` gives their order.
    file : mapping of str to object or list of str, optional
        How the file is to be read where it does not say so itself: the keys of `FileOptions`.
    """
    table = read_table(path, known, what=message("The customer file"), options=file_argument(file))
    if table.frame.empty:
        raise UnreadableError("The customer file '{file}' holds no customers.", file=path.name)
    subject = message("{what} '{name}'", what=message("The customer file"), name=path.name)
    refuse_doubtful(table, subject)
    refuse_merged(table, known, subject)
    columns = list(table.frame.columns)
    twice = [name for name in known if columns.count(name) > 1]
    if twice:
        raise InputError(
            "The customer file '{file}' has {n} columns '{column}'; write '{column}#1' for the first of them, "
            "'{column}#2' for the second, or rename one.",
            file=path.name,
            n=columns.count(twice[0]),
            column=twice[0],
        )
    found = {
        name: labelled(cells, table.value_labels.get(str(name), {}))
        if name in texts
        else number_column(
            cells, table.options, decimal_comma=table.decimal_comma, asked=subject if name in known else ""
        )
        for name, cells in table.frame.items()
    }
    for name in (name for name in amounts if name in found and not pd.api.types.is_numeric_dtype(found[name])):
        refuse_text(found[name], table, subject)
    found |= {name: _days(found[name], table) for name in times if name in found}
    return with_file_rows(pd.DataFrame(found), [row.reason for row in table.left_out])


def _days(column: pd.Series, table: RawTable) -> pd.Series:
    """Column with its dates as 2026-01-31, where a person told their order; else as it stands."""
    if not pd.api.types.is_string_dtype(column):
        return column
    written = time_column(column, table.options)
    if written is None or table.options.dates is None:
        return column
    whole = (written.dropna() == written.dropna().dt.normalize()).all()
    days: pd.Series = written.dt.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S").astype("str")
    return days


def refuse_text(column: pd.Series, table: RawTable, subject: Message, *, row_is_person: bool = True) -> None:
    """Refuse a column whose cells are not all numbers, with the first that is none and why.

    A report names what many rows hold; of a log not even that, since many rows may be one customer's.
    """
    wrong = wrong_cell(column, table.options, decimal_comma=table.decimal_comma)
    if wrong is None:
        return
    told = {"file": subject, "column": column.name, "often": rows(wrong.rows), "row": wrong.first + 1}
    held = message("'{value}', {reason},", value=wrong.text, reason=wrong.reason) if wrong.reason else None
    named = message(
        "{file} holds {value} in {often} of column '{column}' (first: data row {row}), where numbers are needed.",
        value=held or message("'{value}'", value=wrong.text),
        **told,
    )
    unnamed = message(
        "{file} holds {value} in {often} of column '{column}' (first: data row {row}), where numbers are needed.",
        value=message("text"),
        **told,
    )
    raise InputError(together([named]), anonymous=named if row_is_person and wrong.rows >= FEWEST else unnamed)
