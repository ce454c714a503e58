"""The columns that segments are made of: complete rows, standardized, or as categories."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError, TooLittleError
from loyalty_kit.core.messages import message
from loyalty_kit.core.summaries import Summarized

Floats = npt.NDArray[np.float64]
MOST_CATEGORIES = 12
LEAST_ROWS = 50


@dataclass(frozen=True, eq=False)
class Features(Summarized):
    """How columns become the values of a fit.

    Attributes
    ----------
    columns : tuple of str
        In their order.
    means, sds : array of shape (columns,)
        Of the rows that were fitted; unused where `levels` are given.
    levels : tuple of tuple
        Categories of each column, in order; empty where columns are numbers.
    logs : tuple of str
        Columns that count as log(1 + x).
    """

    columns: tuple[str, ...]
    means: Floats
    sds: Floats
    levels: tuple[tuple[object, ...], ...] = ()
    logs: tuple[str, ...] = ()

    def complete(self, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Rows that have every column."""
        known: npt.NDArray[np.bool_] = table[list(self.columns)].notna().all(axis=1).to_numpy()
        return known

    def values(self, table: pd.DataFrame) -> Floats:
        """Values of complete rows: standardized numbers, or numbers of categories."""
        if not self.levels:
            numbers = _numbers(table, self.columns, self.logs)
            found: Floats = (numbers - self.means) / self.sds
            return found
        coded = []
        for name, levels in zip(self.columns, self.levels, strict=True):
            codes = pd.Categorical(table[name], categories=list(levels)).codes
            if (codes < 0).any():
                raise InputError("Column '{column}' holds a value that the segments do not know.", column=name)
            coded.append(codes.astype(float))
        return np.column_stack(coded)


def features_of(table: pd.DataFrame, columns: Sequence[str], logs: Sequence[str], *, categories: bool) -> Features:
    """Check columns and say how they become values."""
    if isinstance(columns, str) or len(columns) < 2:
        raise InputError("'columns' must name two columns or more; got {given}.", given=[str(columns)])
    check_columns(table.columns, columns, message("The table"))
    known = table[list(columns)].dropna()
    if len(known) < LEAST_ROWS:
        raise TooLittleError(
            "Segments need {least} complete rows or more; got {n} of {total}.",
            least=LEAST_ROWS,
            n=len(known),
            total=len(table),
        )
    texts = [name for name in columns if not categories and not pd.api.types.is_numeric_dtype(known[name])]
    if texts:
        raise InputError(
            "Column '{column}' holds text; give numbers, or method=\"latent_class\" for categories.", column=texts[0]
        )
    constant = [name for name in columns if known[name].nunique() < 2]
    if constant:
        raise TooLittleError("Column '{column}' is constant, so it parts nobody; leave it out.", column=constant[0])
    nothing = np.zeros(0)
    if categories:
        return Features(tuple(columns), nothing, nothing, tuple(_levels(known[name], name) for name in columns))
    negative = [name for name in logs if name not in columns or (known[name] < 0).any()]
    if negative:
        raise InputError(
            "'logs' must name columns of 'columns' without negative values; '{column}' is not.", column=negative[0]
        )
    numbers = _numbers(known, columns, logs)
    if not np.isfinite(numbers).all():
        name = columns[int(np.flatnonzero(~np.isfinite(numbers).all(axis=0))[0])]
        raise InputError("Column '{column}' holds infinite values.", column=name)
    return Features(tuple(columns), numbers.mean(axis=0), numbers.std(axis=0, ddof=1), logs=tuple(logs))


def _numbers(table: pd.DataFrame, columns: Sequence[str], logs: Sequence[str]) -> Floats:
    numbers = table[list(columns)].to_numpy(dtype=float, copy=True)
    taken = [position for position, name in enumerate(columns) if name in logs]
    numbers[:, taken] = np.log1p(numbers[:, taken])
    return numbers


def _levels(column: pd.Series, name: str) -> tuple[object, ...]:
    levels = sorted(column.unique().tolist(), key=lambda value: (isinstance(value, str), value))
    if len(levels) > MOST_CATEGORIES:
        raise InputError(
            "Column '{column}' holds {n} different values; latent classes take {most} categories at most.",
            column=name,
            n=len(levels),
            most=MOST_CATEGORIES,
        )
    return tuple(levels)
