"""A panel of experts as a table: who rated what, in which round, or what was compared with what."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.checks import check_path
from loyalty_kit.core.errors import InputError, TooLittleError, UnreadableError, nearest
from loyalty_kit.core.messages import Message, message
from loyalty_kit.intake.numbers import number_column, wrong_cell
from loyalty_kit.intake.options import FileOptions
from loyalty_kit.intake.tables import read_table
from loyalty_kit.survey.experts.hierarchy import PAIRS

_BESIDE = ("expert", "round")


@dataclass(frozen=True)
class Round:
    """What a panel said in one round.

    Attributes
    ----------
    name : str
        Of the round.
    ratings : DataFrame of shape (experts, things) or None
        Ratings, zero or more; missing where an expert gave none.
    pairs : DataFrame or None
        Comparisons: expert, thing, against, times.
    """

    name: str
    ratings: pd.DataFrame | None = None
    pairs: pd.DataFrame | None = None


def panel_rounds(
    table: pd.DataFrame | str | Path, things: Sequence[str], *, encoding: str | None = None
) -> tuple[Round, ...]:
    """Read the rounds of a panel's table or file, in their order.

    Raises
    ------
    UnreadableError
        If the file cannot be read.
    InputError
        If a thing has no column or no comparison, a cell holds no number, or an expert stands twice in a round.
    """
    where = message("The table of experts")
    if not isinstance(table, pd.DataFrame):
        check_path(table, "table")
        path = Path(table)
        table = _read(path, [*_BESIDE, *PAIRS, *things], where, encoding)
        where = message("{what} '{name}'", what=where, name=path.name)
    table = table.dropna(how="all").reset_index(drop=True)
    if table.empty:
        raise TooLittleError("{table} holds no rating.", table=where)
    parted = set(PAIRS) <= set(table.columns)
    if parted:
        _check_things(dict.fromkeys(map(cell_text, [*table["thing"], *table["against"]])), things, where)
    else:
        _check_things(table.columns, things, where)
    named = table.assign(expert=_names(table, "expert", [str(at + 1) for at in range(len(table))]))
    named = named.assign(round=_names(table, "round", ["1"] * len(table)))
    rounds = [(name, named[named["round"] == name]) for name in _in_order(named["round"])]
    if parted:
        return tuple(Round(name, pairs=_pairs(rows)) for name, rows in rounds)
    return tuple(Round(name, ratings=_ratings(rows, things, where)) for name, rows in rounds)


def _read(path: Path, known: Sequence[str], where: Message, encoding: str | None) -> pd.DataFrame:
    """Read a file as it says itself, else in the encoding given."""
    options = FileOptions(rows="keep")
    try:
        return read_table(path, known, what=where, options=options).frame
    except UnreadableError:
        if encoding is None or not path.exists():
            raise
        return read_table(path, known, what=where, options=options.every(encoding=encoding)).frame


def _check_things(have: Any, things: Sequence[str], where: Message) -> None:
    """Refuse a table in which a thing does not stand."""
    known = [str(name) for name in have]
    for thing in things:
        if thing not in known:
            hint = nearest(thing, known) or message(".")
            raise InputError("{table} says nothing of '{thing}'{hint}", table=where, thing=thing, hint=hint)


def _names(table: pd.DataFrame, column: str, otherwise: list[str]) -> list[str]:
    """Texts of a column of names, or what stands for them where there is none."""
    if column not in table:
        return otherwise
    return ["" if pd.isna(cell) else cell_text(cell) for cell in table[column]]


def _in_order(rounds: pd.Series) -> list[str]:
    """Put rounds in order by their numbers where all are, else as the table has them."""
    names = list(dict.fromkeys(rounds))
    if all(name.isdigit() for name in names):
        return sorted(names, key=int)
    return names


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    texts = {name: [cell_text(cell) for cell in rows[name]] for name in PAIRS}
    return pd.DataFrame({"expert": list(rows["expert"]), **texts})


def _ratings(rows: pd.DataFrame, things: Sequence[str], where: Message) -> pd.DataFrame:
    """Ratings of a round as numbers of zero or more, an expert a row."""
    twice = rows["expert"].duplicated()
    if twice.any():
        name = rows.loc[twice, "expert"].iloc[0]
        template = "{table} has expert '{expert}' twice in a round; each rates once, or 'round' tells the rounds apart."
        nameless = message("{table} has an expert twice in a round; each rates once.", table=where)
        raise InputError(template, table=where, expert=name, anonymous=nameless)
    columns = {}
    for thing in things:
        column = number_column(rows[thing].reset_index(drop=True))
        if not pd.api.types.is_numeric_dtype(column) and column.notna().any():
            found = wrong_cell(column)
            cell = found.text if found else ""
            raise InputError("{table} rates '{thing}' with '{cell}', which is no number.", **_cell(where, thing, cell))
        values = column.to_numpy(dtype=float, na_value=np.nan)
        if (values < 0).any() or np.isinf(values).any():
            raise InputError("{table} rates '{thing}' below zero; ratings are zero or more.", table=where, thing=thing)
        columns[thing] = values
    return pd.DataFrame(columns, index=pd.Index(rows["expert"], name="expert"))


def _cell(where: Message, thing: str, cell: str) -> dict[str, Any]:
    return {"table": where, "thing": thing, "cell": cell}
