"""Checks of arguments and tables: the home of the kit's error wording.

A refusal is one sentence: what is wrong, where, what was got and what is allowed.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Sequence
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
        rows = "1 row" if len(outside) == 1 else f"{len(outside)} rows"
        raise InputError(f"'{name}' holds {outside.iloc[0]:g} in {rows}; allowed is {low:g} to {high:g}.")


def check_weights(weights: npt.NDArray[np.float64], name: str = "weight") -> None:
    """Refuse weights that are missing, infinite or negative, or that are all zero."""
    lacking = int((~np.isfinite(weights)).sum())
    if lacking:
        raise InputError(f"'{name}' is missing or infinite in {lacking} rows; every row needs a weight.")
    if (weights < 0).any():
        raise InputError(f"'{name}' is negative in {int((weights < 0).sum())} rows; weights are zero or more.")
    if len(weights) and not weights.any():
        raise InputError(f"'{name}' is zero in every row; at least one row needs a positive weight.")


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
