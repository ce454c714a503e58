"""Complete rows and numeric columns that a driver model is fitted to, every fault named."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg

from loyalty_kit.core.checks import check_columns, check_numbers, check_weights
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.drivers.fits.fits import ALONE, DEPENDENT
from loyalty_kit.drivers.fits.specification import WHERE, Specification
from loyalty_kit.statistics.moments import Floats

Integers = npt.NDArray[np.intp]

MOST_LEVELS = 50
"""Levels that a categorical control may have."""

_TAKES_PART = 1e-6
_EXACT = 1e-10


@dataclass(frozen=True, eq=False)
class Coding:
    """How columns of a table become numbers.

    Attributes
    ----------
    sources : tuple of (column, levels)
        Columns in order; levels is None for a number, else the levels of a category, the first of
        which is the one that the others are compared with.
    """

    sources: tuple[tuple[str, tuple[Hashable, ...] | None], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the numeric columns; a level of a category is 'channel = web'."""
        names: list[str] = []
        for name, levels in self.sources:
            names += [name] if levels is None else [f"{name} = {level}" for level in levels[1:]]
        return tuple(names)

    def matrix(self, table: pd.DataFrame) -> Floats:
        """Numbers, rows × columns; NaN where the source is missing.

        Raises
        ------
        InputError
            If a category holds a level that is not coded.
        """
        blocks = [np.empty((len(table), 0))]
        for name, levels in self.sources:
            if levels is None:
                blocks.append(numbers(table, name)[:, None])
                continue
            places = codes(table[name], levels)
            strange = table[name][(places < 0) & table[name].notna().to_numpy()]
            if len(strange):
                raise InputError(
                    "'{name}' holds '{value}', which the model has not seen; it knows {levels}.",
                    name=name,
                    value=strange.iloc[0],
                    levels=list(levels),
                )
            missing = np.where(places < 0, np.nan, 0.0)[:, None]
            blocks.append((places[:, None] == np.arange(1, len(levels))) + missing)
        return np.hstack(blocks)


@dataclass(frozen=True, eq=False)
class Design(Summarized):
    """Complete rows of a driver analysis.

    Attributes
    ----------
    specification : Specification
        Which column plays which part.
    table : DataFrame
        The whole table, rows left out included.
    labels : mapping
        Label of each column that has one.
    coding : Coding
        How x was made.
    rows : array of shape (n,)
        Positions in the table of the rows used.
    y, x, weights : arrays of shape (n,), (n, columns), (n,)
        Outcome; drivers, then controls; weights with mean 1.
    clusters : array of shape (n,), optional
        Number of each row's cluster, from 0.
    warnings : tuple of str
        What was left out that a reader would not expect.
    """

    specification: Specification
    table: pd.DataFrame
    labels: Mapping[str, str]
    coding: Coding
    rows: Integers
    y: Floats
    x: Floats
    weights: Floats
    clusters: Integers | None
    warnings: tuple[str, ...] = ()

    @property
    def drivers(self) -> tuple[str, ...]:
        """The drivers, which are x's first columns."""
        return self.specification.drivers

    def part(self, chosen: npt.NDArray[np.bool_]) -> "Design":
        """Design of some of the rows, without controls that no longer vary."""
        kept = np.zeros(len(self.table), dtype=bool)
        kept[self.rows[chosen]] = True
        varied = tuple(name for name in self.specification.controls if self.table[name][kept].nunique() > 1)
        specification = replace(self.specification, controls=varied)
        kept, _ = _without_single_levels(self.table, specification, kept)
        return _design(self.table, specification, self.labels, np.flatnonzero(kept))


def read_design(table: pd.DataFrame, specification: Specification, labels: Mapping[str, str]) -> Design:
    """Complete rows of the columns asked for, checked.

    Raises
    ------
    InputError
        If a column is absent, not numeric, empty or constant, a category has too many levels, columns
        are collinear or give the outcome exactly, rows are fewer than coefficients, or a weight is
        negative or missing.
    """
    # A copy in name only: what the caller does to the table later does not reach it.
    table = table.copy(deep=False)
    check_columns(table.columns, specification.columns, WHERE)
    weight = [specification.weight] if specification.weight is not None else []
    check_numbers(table, [specification.outcome, *specification.drivers, *weight], WHERE)
    for name in (specification.outcome, *specification.drivers, *specification.controls):
        if not table[name].notna().any():
            raise InputError("'{name}' is missing in every row of the table of scores.", name=name)
    for name in specification.controls:
        count = table[name].nunique()
        if _is_category(table, name, specification) and count > MOST_LEVELS:
            raise InputError(
                "'{name}' holds {count} different values, too many for groups; allowed are {most}.",
                name=name,
                count=count,
                most=MOST_LEVELS,
            )
    complete = np.ones(len(table), dtype=bool)
    for name in specification.columns:
        is_category = name in specification.controls and _is_category(table, name, specification)
        present = table[name].notna().to_numpy()
        complete &= present if is_category or name == specification.cluster else np.isfinite(numbers(table, name))
    if specification.weight is not None:
        weights = numbers(table, specification.weight)
        check_weights(weights, specification.weight)
        complete &= weights > 0
    if not complete.any():
        raise InputError("No row of the table of scores holds the outcome and every driver and control.")
    complete, warnings = _without_single_levels(table, specification, complete)
    return replace(_design(table, specification, labels, np.flatnonzero(complete)), warnings=warnings)


def numbers(table: pd.DataFrame, name: str) -> Floats:
    """One column as floats, missing answers NaN."""
    return table[name].to_numpy(dtype=float, na_value=np.nan)


def codes(column: pd.Series, levels: tuple[Hashable, ...]) -> Integers:
    """Place of each value among the levels; −1 where it is missing or none of them."""
    return pd.Index(levels).get_indexer(pd.Index(column)).astype(np.intp)


def levels_of(column: pd.Series) -> tuple[Hashable, ...]:
    """Levels that occur: in a categorical's own order, else sorted, numbers before text."""
    found = list(column.dropna().unique())
    if isinstance(column.dtype, pd.CategoricalDtype):
        return tuple(level for level in column.dtype.categories if level in found)
    return tuple(sorted(found, key=lambda level: (isinstance(level, str), level)))


def _is_category(table: pd.DataFrame, name: str, specification: Specification) -> bool:
    return name in specification.categorical or not pd.api.types.is_numeric_dtype(table[name])


def _without_single_levels(
    table: pd.DataFrame, specification: Specification, complete: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], tuple[str, ...]]:
    """Leave out a row that alone holds a level: its own coefficient fits it, whatever the others say."""
    complete, warnings = complete.copy(), []
    for name in specification.controls:
        if _is_category(table, name, specification):
            counts = table[name][complete].value_counts()
            for level in counts.index[counts == 1]:
                complete &= (table[name] != level).to_numpy(dtype=bool, na_value=False)
                warnings.append(
                    message("One respondent was left out, the only one with '{level}' in '{by}'.", level=level, by=name)
                )
    return complete, tuple(warnings)


def _design(table: pd.DataFrame, specification: Specification, labels: Mapping[str, str], rows: Integers) -> Design:
    """Design of the rows given, all of them complete."""
    used = table.iloc[rows]
    for name in (specification.outcome, *specification.drivers, *specification.controls):
        if used[name].nunique() < 2:
            raise InputError(
                "'{name}' is constant in the {n} complete rows; a model needs it to vary.", name=name, n=len(used)
            )
    categories = [name for name in specification.controls if _is_category(table, name, specification)]
    sources = (*specification.drivers, *specification.controls)
    coding = Coding(tuple((name, levels_of(used[name]) if name in categories else None) for name in sources))
    weights = np.ones(len(rows)) if specification.weight is None else numbers(used, specification.weight)
    clusters = None if specification.cluster is None else pd.factorize(used[specification.cluster])[0]
    x, y = coding.matrix(used), numbers(used, specification.outcome)
    design = Design(specification, table, labels, coding, rows, y, x, weights / weights.mean(), clusters)
    _check_columns_apart(design)
    return design


def _check_columns_apart(design: Design) -> None:
    """Refuse columns that no regression can tell apart."""
    n, k = len(design.y), design.x.shape[1] + 1
    if n <= k:
        raise InputError(
            "{count} coefficients need at least {least} complete rows; got {n}.", count=k, least=k + 1, n=n
        )
    centred = design.x - design.x.mean(axis=0)
    z = centred / np.linalg.norm(centred, axis=0)
    _, r, order = linalg.qr(z, mode="economic", pivoting=True)
    rank = int((np.abs(np.diag(r)) > DEPENDENT).sum())
    if rank < k - 1:
        parts = linalg.solve_triangular(r[:rank, :rank], r[:rank, rank])
        takes = [*order[:rank][np.abs(parts) > _TAKES_PART], order[rank]]
        names = [design.coding.columns[j] for j in sorted(takes)]
        raise InputError("{columns} are perfectly collinear; leave one of them out.", columns=list(names))
    y = design.y - design.y.mean()
    rest = y - z @ np.linalg.lstsq(z, y)[0]
    if rest @ rest < _EXACT * (y @ y):
        raise InputError(
            "The drivers and controls give '{outcome}' exactly, as if it were made of them; leave its parts out.",
            outcome=design.specification.outcome,
        )
    exog = np.column_stack([np.ones(n), z]) * np.sqrt(design.weights)[:, None]
    leverage = (np.linalg.qr(exog)[0] ** 2).sum(axis=1)
    if leverage.max() > ALONE:
        row = int(leverage.argmax())
        away = np.abs(design.x[row] - np.median(design.x, axis=0)) / design.x.std(axis=0)
        name = design.coding.columns[int(away.argmax())]
        raise InputError(
            "'{name}' varies by one respondent alone, who settles its coefficient; leave it out.", name=name
        )
