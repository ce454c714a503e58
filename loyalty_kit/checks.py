"""Checks of arguments and tables: the home of the kit's error wording.

A refusal is one sentence: what is wrong, where, what was got and what is allowed.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

ANONYMOUS = "LOYALTY_KIT_ANONYMOUS"
"""Environment variable that a rendering kernel carries: errors then name rows, never respondents."""


def anonymous() -> bool:
    """Whether this process builds a report, in which nobody may be named."""
    return bool(os.environ.get(ANONYMOUS))


_IN_TOML = {
    "tuple_type": "must be a list, [ … ]",
    "dict_type": "must be a table, { name = value }",
    "model_type": "must be a table, { name = value }",
    "string_type": "must be text in quotation marks",
    "float_type": "must be a number",
    "missing": "is required",
    "too_short": "needs at least one entry",
}
"""Types of pydantic's faults, in the words of the file that holds them."""


class InputError(ValueError):
    """Input that the kit refuses, in one sentence.

    Parameters
    ----------
    message : str
        The sentence; it may name a respondent.
    anonymous : str, optional
        The same sentence with row numbers in place of respondents; shown wherever a report is built.
    """

    def __init__(self, message: str, *, anonymous: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.anonymous = message if anonymous is None else anonymous

    def __str__(self) -> str:
        """Sentence for this process: without respondents where a report is being built."""
        return self.anonymous if anonymous() else self.message


class UnreadableError(InputError):
    """A file that cannot be read at all, as against one that holds something wrong."""


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file; `what` is what errors call it, as in 'The codebook'."""
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise UnreadableError(f"{what} '{path}' does not exist.") from None
    except OSError as error:
        raise UnreadableError(f"{what} '{path}' cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UnreadableError(f"{what} '{path}' is not UTF-8 text; save it as UTF-8.") from None
    return parse_toml(text, f"{what} '{path.name}'")


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Parse TOML text; `where` is what errors call it."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Beside its own error tomllib lets through those of numbers too long and of brackets too deep.
        raise UnreadableError(f"{where} is not TOML: {str(error).rstrip('.')}.") from None


def listing(names: Iterable[object], most: int = 8) -> str:
    """Names in quotes, the first few of many.

    Examples
    --------
    >>> listing(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    quoted = [f"'{name}'" for name in names]
    rest = len(quoted) - most
    return ", ".join(quoted[:most]) + (f" and {rest} more" if rest > 0 else "")


def rows(count: int) -> str:
    """Say a number of rows.

    Examples
    --------
    >>> rows(1), rows(12)
    ('1 row', '12 rows')
    """
    return "1 row" if count == 1 else f"{count} rows"


def kind(value: object) -> str:
    """Name the type of a value in a refusal.

    Examples
    --------
    >>> kind([1]), kind(None)
    ('list', 'None')
    """
    return "None" if value is None else type(value).__name__


def nearest(name: object, known: Iterable[object]) -> str:
    """'; did you mean …?' where a known name is close, else nothing.

    Examples
    --------
    >>> nearest("CUSL01", ["CUSL1", "IMAG1"])
    "; did you mean 'CUSL1'?"
    """
    folded = {str(other).strip().casefold(): str(other) for other in known}
    close = difflib.get_close_matches(str(name).strip().casefold(), list(folded), n=1, cutoff=0.7)
    return f"; did you mean '{folded[close[0]]}'?" if close else ""


def check_choice(value: object, name: str, choices: Sequence[str]) -> None:
    """Refuse a value that is not one of the choices."""
    if value not in choices:
        got = f"'{value}'" if isinstance(value, str) else repr(value)
        raise InputError(f"'{name}' must be one of {listing(choices, most=20)}; got {got}.")


def check_level(value: float, name: str) -> None:
    """Refuse a level that does not lie strictly between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < 1:
        raise InputError(f"'{name}' must be a number between 0 and 1; got {value!r}.")


def check_share(value: float, name: str) -> None:
    """Refuse a share that is not above 0 and up to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value <= 1:
        raise InputError(f"'{name}' must be a share above 0 and up to 1; got {value!r}.")


def check_whole(value: int, name: str, low: int) -> None:
    """Refuse a value that is not a whole number of at least low."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise InputError(f"'{name}' must be a whole number of at least {low}; got {value!r}.")


def check_number(value: float, name: str) -> None:
    """Refuse a value that is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise InputError(f"'{name}' must be a finite number; got {value!r}.")


def plain_faults(faults: Sequence[Any]) -> list[tuple[Any, str]]:
    """Say pydantic's faults in the words of TOML; what only follows from a fault further in is left out.

    Parameters
    ----------
    faults : sequence of ErrorDetails
        As `ValidationError.errors` lists them.

    Returns
    -------
    list of (ErrorDetails, str)
        Each fault with what is wrong, without the key and without what was got.
    """
    within = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    told = [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in within]
    return [(fault, _IN_TOML.get(fault["type"]) or fault["msg"][:1].lower() + fault["msg"][1:]) for fault in told]


def check_columns(present: Iterable[object], needed: Iterable[object], where: str) -> None:
    """Refuse a table that lacks columns, naming each and the nearest column that it has."""
    have = list(present)
    absent = [name for name in needed if name not in have]
    if absent:
        hints = "".join(nearest(name, have) for name in absent[:1])
        noun = "column" if len(absent) == 1 else "columns"
        raise InputError(f"{where} lacks the {noun} {listing(absent)}{hints or '.'}")


def check_range(answers: pd.Series, low: float, high: float, name: str) -> None:
    """Refuse answers outside low to high."""
    outside = answers[(answers < low) | (answers > high)]
    if len(outside):
        held = f"'{name}' holds {outside.iloc[0]:.12g} in {rows(len(outside))}"
        raise InputError(f"{held}; allowed is {low:.12g} to {high:.12g}.")


def check_weights(weights: npt.NDArray[np.float64], name: str = "weight") -> None:
    """Refuse weights that are missing, infinite or negative, or that are all zero."""
    lacking = int((~np.isfinite(weights)).sum())
    if lacking:
        raise InputError(f"'{name}' is missing or infinite in {rows(lacking)}; every row needs a weight.")
    if (weights < 0).any():
        raise InputError(f"'{name}' is negative in {rows(int((weights < 0).sum()))}; weights are zero or more.")
    if len(weights) and not weights.any():
        raise InputError(f"'{name}' is zero in every row; at least one row needs a positive weight.")


def check_weight(weight: Any, count: int, name: str = "weight") -> npt.NDArray[np.float64]:
    """Refuse what is not one usable weight a row; return the weights, ones where there are none."""
    if weight is None:
        return np.ones(count)
    if isinstance(weight, str) or not isinstance(weight, Iterable) or getattr(weight, "ndim", 1) != 1:
        raise InputError(f"'{name}' must hold one number a row ({count}); got {kind(weight)}.")
    column = weight if isinstance(weight, pd.Series) else pd.Series(weight)
    if len(column) != count:
        raise InputError(f"'{name}' must hold one number a row ({count}); got {len(column)}.")
    if not pd.api.types.is_numeric_dtype(column) and column.notna().any():
        raise InputError(f"'{name}' must hold numbers; got {column.dtype}.")
    weights = column.to_numpy(dtype=float, na_value=np.nan)
    check_weights(weights, name)
    return weights


def check_rng(rng: object) -> np.random.Generator:
    """Refuse what is neither a seed nor a generator; return the generator."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
        raise InputError(f"'rng' must be a whole number of at least 0 or a numpy Generator; got {rng!r}.")
    return np.random.default_rng(int(rng))


def check_numbers(table: pd.DataFrame, names: Sequence[str], where: str) -> None:
    """Refuse columns of a table that do not hold numbers; a column without any value passes."""
    wrong = [name for name in names if not pd.api.types.is_numeric_dtype(table[name]) and table[name].notna().any()]
    if wrong:
        raise InputError(f"{where} must hold numbers in {listing(wrong)}; got {table[wrong[0]].dtype}.")


def check_same_rows(column: object, table: object, name: str) -> None:
    """Refuse a pandas column beside a pandas table of another index; other kinds go by row order."""
    if isinstance(column, pd.Series) and isinstance(table, pd.DataFrame) and not column.index.equals(table.index):
        raise InputError(f"'{name}' must have the index of the table; got another one.")


def check_series(column: object, name: str) -> None:
    """Refuse what is not a pandas Series."""
    if not isinstance(column, pd.Series):
        raise InputError(f"'{name}' must be a pandas Series, a value a respondent; got {kind(column)}.")


def check_path(path: object, name: str) -> None:
    """Refuse what cannot be a path."""
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"'{name}' must be the path of a file; got {kind(path)}.")


def check_responses(responses: object, columns: Iterable[str], name: str = "responses") -> None:
    """Refuse what is not a pandas table that holds each of the columns once."""
    if not isinstance(responses, pd.DataFrame):
        raise InputError(f"'{name}' must be a pandas DataFrame, respondents × columns; got {kind(responses)}.")
    wanted = list(dict.fromkeys(columns))
    check_columns(responses.columns, wanted, f"The table of {name}")
    have = list(responses.columns)
    twice = [] if responses.columns.is_unique else [column for column in wanted if have.count(column) > 1]
    if twice:
        raise InputError(f"The table of {name} holds {listing(twice)} more than once; each column may stand once.")


def check_answers(responses: pd.DataFrame, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse answers that are no numbers or lie outside their item's range."""
    names = list(ranges)
    check_numbers(responses, names, "The table of responses")
    answers = responses[names].to_numpy(dtype=float, na_value=np.nan)
    low, high = np.array(list(ranges.values()), dtype=float).reshape(-1, 2).T
    for position in np.flatnonzero(((answers < low) | (answers > high)).any(axis=0))[:1]:
        column = pd.Series(answers[:, position])
        check_range(column, low[position], high[position], names[position])
