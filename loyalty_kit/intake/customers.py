"""Files with a row a customer: names as text, amounts as numbers."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.core.messages import message
from loyalty_kit.intake.numbers import number_column
from loyalty_kit.intake.options import file_argument
from loyalty_kit.intake.tables import labelled, read_table, refuse_doubtful, refuse_merged


def read_customers(
    path: Path, known: Sequence[str], texts: Collection[str], *, file: Mapping[str, object] | None = None
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
    file : mapping of str to object, optional
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
    return pd.DataFrame(
        {
            name: labelled(cells, table.value_labels.get(str(name), {}))
            if name in texts
            else number_column(
                cells, table.options, decimal_comma=table.decimal_comma, asked=subject if name in known else ""
            )
            for name, cells in table.frame.items()
        }
    )
