"""Checks of arguments and tables; each refuses in the words of `errors`."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import InputError, kind, nearest, rows
from loyalty_kit.core.messages import Message, message, shown

_TABLES = {"responses": message("The table of responses"), "rows": message("The table of rows")}


def check_choice(value: object, name: str, choices: Sequence[str]) -> None:
    """Refuse a value that is not one of the choices."""
    if value not in choices:
        got = [value] if isinstance(value, str) else repr(value)
        raise InputError(
            "'{name}' must be one of {choices}; got {given}.", name=name, choices=tuple(choices), given=got
        )


def check_level(value: float, name: str) -> None:
    """Refuse a level that does not lie strictly between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < 1:
        raise InputError("'{name}' must be a number between 0 and 1; got {given}.", name=name, given=shown(value))


def check_share(value: float, name: str) -> None:
    """Refuse a share that is not above 0 and up to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value <= 1:
        raise InputError("'{name}' must be a share above 0 and up to 1; got {given}.", name=name, given=shown(value))


def check_whole(value: int, name: str, low: int) -> None:
    """Refuse a value that is not a whole number of at least low."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise InputError(
            "'{name}' must be a whole number of at least {low}; got {given}.", name=name, low=low, given=shown(value)
        )


def check_number(value: float, name: str) -> None:
    """Refuse a value that is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise InputError("'{name}' must be a finite number; got {given}.", name=name, given=shown(value))


def check_columns(present: Iterable[object], needed: Iterable[object], where: Message) -> None:
    """Refuse a table that lacks columns, naming each and the nearest column that it has."""
    have = list(present)
    absent = [name for name in needed if name not in have]
    if absent:
        hint = nearest(absent[0], have) or message(".")
        if len(absent) == 1:
            raise InputError("{table} lacks the column {columns}{hint}", table=where, columns=absent, hint=hint)
        raise InputError("{table} lacks the columns {columns}{hint}", table=where, columns=absent, hint=hint)


def check_range(answers: pd.Series, low: float, high: float, name: str) -> None:
    """Refuse answers outside low to high."""
    outside = answers[(answers < low) | (answers > high)]
    if len(outside):
        raise InputError(
            "'{name}' holds {value} in {rows}; allowed is {low} to {high}.",
            name=name,
            value=f"{outside.iloc[0]:.12g}",
            rows=rows(len(outside)),
            low=f"{low:.12g}",
            high=f"{high:.12g}",
        )


def check_weights(weights: npt.NDArray[np.float64], name: str = "weight") -> None:
    """Refuse weights that are missing, infinite or negative, or that are all zero."""
    lacking, negative = int((~np.isfinite(weights)).sum()), int((weights < 0).sum())
    check_weight_counts(name, lacking, negative, some=bool(weights.any()) or not len(weights))


def check_weight_counts(name: str, lacking: int, negative: int, *, some: bool) -> None:
    """Refuse weights of which some are missing, infinite or negative, or of which not some are above zero."""
    if lacking:
        raise InputError(
            "'{name}' is missing or infinite in {rows}; every row needs a weight.", name=name, rows=rows(lacking)
        )
    if negative:
        raise InputError("'{name}' is negative in {rows}; weights are zero or more.", name=name, rows=rows(negative))
    if not some:
        raise InputError("'{name}' is zero in every row; at least one row needs a positive weight.", name=name)


def check_weight(weight: Any, count: int, name: str = "weight") -> npt.NDArray[np.float64]:
    """Refuse what is not one usable weight a row; return the weights, ones where there are none."""
    if weight is None:
        return np.ones(count)
    if isinstance(weight, str) or not isinstance(weight, Iterable) or getattr(weight, "ndim", 1) != 1:
        raise InputError(
            "'{name}' must hold one number a row ({count}); got {given}.", name=name, count=count, given=kind(weight)
        )
    column = weight if isinstance(weight, pd.Series) else pd.Series(weight)
    if len(column) != count:
        raise InputError(
            "'{name}' must hold one number a row ({count}); got {given}.", name=name, count=count, given=len(column)
        )
    if not pd.api.types.is_numeric_dtype(column) and column.notna().any():
        raise InputError("'{name}' must hold numbers; got {given}.", name=name, given=str(column.dtype))
    weights = column.to_numpy(dtype=float, na_value=np.nan)
    check_weights(weights, name)
    return weights


def check_rng(rng: object) -> np.random.Generator:
    """Refuse what is neither a seed nor a generator; return the generator."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise InputError(
            "'rng' must be a whole number of at least 0 or a numpy Generator; got {given}.", given=shown(rng)
        )
    return np.random.default_rng(int(rng))


def check_numbers(table: pd.DataFrame, names: Sequence[str], where: Message) -> None:
    """Refuse columns of a table that do not hold numbers; a column without any value passes."""
    wrong = [name for name in names if not pd.api.types.is_numeric_dtype(table[name]) and table[name].notna().any()]
    if wrong:
        raise InputError(
            "{table} must hold numbers in {columns}; got {given}.",
            table=where,
            columns=list(wrong),
            given=table[wrong[0]].dtype,
        )


def check_same_rows(column: object, table: object, name: str) -> None:
    """Refuse a pandas column beside a pandas table of another index; other kinds go by row order."""
    if isinstance(column, pd.Series) and isinstance(table, pd.DataFrame) and not column.index.equals(table.index):
        raise InputError("'{name}' must have the index of the table; got another one.", name=name)


def check_series(column: object, name: str) -> None:
    """Refuse what is not a pandas Series."""
    if not isinstance(column, pd.Series):
        raise InputError(
            "'{name}' must be a pandas Series, a value a respondent; got {given}.", name=name, given=kind(column)
        )


def check_path(path: object, name: str) -> None:
    """Refuse what cannot be a path."""
    if not isinstance(path, str | os.PathLike):
        raise InputError("'{name}' must be the path of a file; got {given}.", name=name, given=kind(path))


def check_new_file(path: str | os.PathLike[str]) -> None:
    """Refuse what cannot be a path, and a file that is there: nothing of a user's is overwritten."""
    check_path(path, "path")
    if os.path.exists(path):
        raise InputError("'{path}' is there already; name another file, or remove it.", path=path)


def check_responses(responses: object, columns: Iterable[str], name: str = "responses") -> None:
    """Refuse what is not a pandas table that holds each of the columns once."""
    if not isinstance(responses, pd.DataFrame):
        raise InputError(
            "'{name}' must be a pandas DataFrame, respondents × columns; got {given}.", name=name, given=kind(responses)
        )
    wanted = list(dict.fromkeys(columns))
    where = _TABLES.get(name) or message("The table of {name}", name=name)
    check_columns(responses.columns, wanted, where)
    have = list(responses.columns)
    twice = [] if responses.columns.is_unique else [column for column in wanted if have.count(column) > 1]
    if twice:
        raise InputError(
            "{table} holds {columns} more than once; each column may stand once.",
            table=where,
            columns=twice,
        )


def check_answers(responses: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse answers that are no numbers or lie outside their item's range."""
    names = list(ranges)
    check_numbers(responses, names, message("The table of responses"))
    answers = responses[names].to_numpy(dtype=float, na_value=np.nan)
    low, high = np.array(list(ranges.values()), dtype=float).reshape(-1, 2).T
    for position in np.flatnonzero(((answers < low) | (answers > high)).any(axis=0))[:1]:
        column = pd.Series(answers[:, position])
        check_range(column, low[position], high[position], names[position])


def check_labels(labels: object) -> dict[str, str]:
    """Labels by name, refusing what is no text and two names that would be called alike."""
    if labels is None:
        return {}
    given = {str(name): label for name, label in labels.items()} if isinstance(labels, Mapping) else None
    if given is None or not all(isinstance(label, str) and label.strip() for label in given.values()):
        raise InputError(
            "'labels' must give arms and metrics the names that readers see, as {{'coupon': 'Coupon 5 €'}}; "
            "got {given}.",
            given=shown(labels),
        )
    names = list(given.values())
    twice = next((label for label in names if names.count(label) > 1), None)
    if twice is not None:
        raise InputError("'labels' calls two things '{label}'; give each its own name.", label=twice)
    return given
