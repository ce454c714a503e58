"""Files of a programme's members: ids, dates and segments as text, amounts as numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.conditions import conditions
from loyalty_kit.core.messages import message
from loyalty_kit.core.selection import FEWEST, keep_only
from loyalty_kit.intake.customers import is_simulated, read_customers

SIMULATED = "simulated"


def read_members(
    path: str | Path,
    *,
    texts: Sequence[str] = (),
    numbers: Sequence[str] = (),
    only: Sequence[str] = (),
    file: Mapping[str, object] | Sequence[str] | None = None,
    min_cell: int = FEWEST,
) -> pd.DataFrame:
    r"""Table of a file of customers, a row each or a row each and period.

    Parameters
    ----------
    path : str or Path
        CSV, spreadsheet, SPSS, Stata or Parquet.
    texts : list of str
        Columns that name something: ids, periods, dates of enrolment, segments. Empty names are passed over.
    numbers : list of str
        Columns of amounts, in any spelling.
    only : list of str
        Conditions of the rows that count, as 'region = north'.
    file : mapping of str to object or list of str, optional
        How the file is to be read where it does not say so itself, as 'dates: dmy'.
    min_cell : int
        Fewest rows that conditions may leave.

    Returns
    -------
    DataFrame
        These columns. Whether a truth.json beside the file says that it is simulated stands in its `attrs`.

    Raises
    ------
    UnreadableError
        If the file is absent, damaged, empty or of another kind.
    InputError
        If a column is absent or holds text where numbers are needed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     size = Path(folder, "panel.csv").write_text("id,month,spend\n7,2026-01,20\n7,2026-02,\n")
    ...     read_members(Path(folder, "panel.csv"), texts=["id", "month"], numbers=["spend"])["spend"].tolist()
    [20.0, nan]
    """
    named = [name for name in dict.fromkeys(texts) if name]
    measured = [name for name in dict.fromkeys(numbers) if name and name not in named]
    beside = [column for column, _ in conditions(only) if column not in {*named, *measured}]
    known = [*named, *measured, *beside]
    table = read_customers(Path(path), known, {*named, *beside}, amounts=measured, times=named, file=file)
    check_columns(table.columns, known, message("The customer file"))
    kept = keep_only(table, only, min_cell=min_cell)[known].reset_index(drop=True)
    kept.attrs = {**table.attrs, SIMULATED: is_simulated(path)}
    return kept


def told_simulated(frame: Any) -> bool:
    """Whether the file that a table was read from is simulated; a table of another origin is not known to be.

    Examples
    --------
    >>> told_simulated(pd.DataFrame())
    False
    """
    return isinstance(frame, pd.DataFrame) and bool(frame.attrs.get(SIMULATED, False))
