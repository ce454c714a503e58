"""Files with a row a customer: names as text, amounts as numbers."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from loyalty_kit.core.errors import InputError, UnreadableError
from loyalty_kit.core.messages import message
from loyalty_kit.intake.numbers import number_column
from loyalty_kit.intake.tables import labelled, read_table


def read_customers(path: Path, known: Sequence[str], texts: Collection[str]) -> pd.DataFrame:
    """Table of a file of customers: the columns `texts` as text, others as numbers where every cell is one.

    Parameters
    ----------
    path : Path
        File of any kind that is read, one row a customer.
    known : sequence of str
        Columns that are asked for.
    texts : collection of str
        Those among them that name something: arms, segments, ids.
    """
    table = read_table(path, known, what=message("The customer file"))
    subject = message("{what} '{name}'", what=message("The customer file"), name=path.name)
    if table.frame.empty:
        raise UnreadableError("The customer file '{file}' holds no customers.", file=path.name)
    columns = list(table.frame.columns)
    twice = [name for name in known if columns.count(name) > 1]
    if twice:
        raise InputError(
            "The customer file '{file}' has {n} columns '{column}'; one is needed.",
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
