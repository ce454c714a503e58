"""Weighted n, means and covariances: one pass over the rows, mergeable, the mathematics' only view of the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Any, Literal

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.checks import check_choice, check_columns, check_same_rows, check_weights
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import message
from loyalty_kit.core.summaries import Summarized, column_list
from loyalty_kit.statistics.grouped_moments import Block, GroupedMoments
from loyalty_kit.statistics.moments_by_query import finite_columns, first_row, moments_by_query, weighted_rows
from loyalty_kit.statistics.moments_in_memory import level_codes, moments_in_memory
from loyalty_kit.statistics.weights import effective_size

Floats = npt.NDArray[np.float64]
Missing = Literal["listwise", "pairwise"]

# What lies below these shares of a sum and of a mean is rounding: a constant column has no variance at all.
_ROUNDED_SUM = 1e-13
_ROUNDED_MEAN = 1e-15


@dataclass(frozen=True, eq=False)
class Moments(Summarized):
    """Sufficient statistics of some columns; ``+`` pools two exactly.

    Every matrix is columns × columns and holds, at (i, j), a statistic over the rows where both
    i and j are present; under listwise deletion these are the complete rows, whatever the pair.

    Attributes
    ----------
    columns : tuple of str
        Names, in the order of the matrices.
    missing : str
        'listwise' or 'pairwise'.
    n_used, n_dropped : int
        Rows of positive weight with (listwise) every or (pairwise) any value; rows left out.
    counts, weights, weight_squares : array of shape (columns, columns)
        Number of rows, Σw and Σw².
    centers : array of shape (columns, columns)
        At (i, j), the mean of column i.
    comoments : array of shape (columns, columns)
        Σw (xᵢ − x̄ᵢ)(xⱼ − x̄ⱼ).
    squares : array of shape (columns, columns)
        At (i, j), Σw (xᵢ − x̄ᵢ)².
    """

    columns: tuple[str, ...]
    missing: Missing
    n_used: int
    n_dropped: int
    counts: Floats
    weights: Floats
    weight_squares: Floats
    centers: Floats
    comoments: Floats
    squares: Floats

    @classmethod
    def of(
        cls,
        frame: Any,
        columns: list[str] | None = None,
        *,
        weight: Any = None,
        missing: Missing = "listwise",
    ) -> "Moments":
        """Moments of a table's columns.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            Anything that Narwhals takes: pandas, Polars, a DuckDB relation, PySpark, Dask …
            Only the named columns are read; of a lazily held table only sums are fetched, unless
            weights are given in row order.
        columns : list of str, optional
            Which columns; all where not given.
        weight : str or array-like of shape (rows,), optional
            Weight column, or weights in row order; zero or more, none missing. A row of weight
            zero is left out.
        missing : {'listwise', 'pairwise'}
            Use rows that are complete, or for each pair the rows that hold both.

        Returns
        -------
        Moments

        Raises
        ------
        InputError
            If a column is absent, doubled or not numeric, a weight is negative or missing, or no row
            is left.

        Notes
        -----
        Columns are centred before products are summed, so large means lose no digits. Values that
        are not finite count as missing.

        Examples
        --------
        >>> day = pd.DataFrame({"store": [1.0, 2.0, 4.0], "web": [2.0, 1.0, 5.0]})
        >>> (Moments.of(day) + Moments.of(day)).n_used
        6
        """
        check_choice(missing, "missing", ("listwise", "pairwise"))
        table, names = _opened(frame, columns, weight)
        if isinstance(table, nw.LazyFrame) and (weight is None or isinstance(weight, str)):
            return cls._queried(table, names, weight, missing)
        values, w = _read(table, frame, names, weight)
        present = np.isfinite(values)
        rows = (present.all(axis=1) if missing == "listwise" else present.any(axis=1)) & (w > 0)
        if not rows.any():
            raise _no_row(names, missing)
        values, m, w = values[rows], present[rows].astype(float), w[rows]
        shift = np.where(m > 0, values, 0.0).sum(axis=0) / np.maximum(m.sum(axis=0), 1)
        x = np.where(m > 0, values - shift, 0.0)
        total = m.T @ (m * w[:, None])
        sums = x.T @ (m * w[:, None])
        raw = (x**2).T @ (m * w[:, None])
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = sums / total
        squares = raw - mean * sums
        return cls(
            columns=names,
            missing=missing,
            n_used=int(rows.sum()),
            n_dropped=int((~rows).sum()),
            counts=m.T @ m,
            weights=total,
            weight_squares=m.T @ (m * (w**2)[:, None]),
            centers=mean + shift[:, None],
            comoments=x.T @ (x * w[:, None]) - mean * sums.T,
            squares=np.where(squares > _ROUNDED_SUM * raw, squares, 0.0),
        )

    @classmethod
    def _queried(cls, table: Any, names: tuple[str, ...], weight: str | None, missing: Missing) -> "Moments":
        """Moments of a lazily held table; what is pairwise for all columns is listwise for each two."""
        table, rows = weighted_rows(table, weight)
        table = finite_columns(table, names, *([weight] if weight else []))
        present = [~nw.col(name).is_null() for name in names]
        some = nw.all_horizontal if missing == "listwise" else nw.any_horizontal
        used = some(*present, ignore_nulls=False).cast(nw.Int64).sum().alias("used")
        n_used = first_row(table.select(used))["used"]
        if not n_used:
            raise _no_row(names, missing)
        pairs = [tuple(dict.fromkeys(pair)) for pair in combinations_with_replacement(names, 2)]
        sets = [names] if missing == "listwise" else sorted(pairs, key=len, reverse=True)
        blocks = moments_by_query(table, [], sets, weight=weight).blocks
        return cls(names, missing, n_used, rows - n_used, *_matrices(names, blocks))

    @staticmethod
    def by(frame: Any, columns: Sequence[str], *, by: Sequence[str], weight: str | None = None) -> GroupedMoments:
        """Moments of a table's columns by group, over the rows that hold all of the columns.

        Parameters
        ----------
        frame : DataFrame of shape (rows, columns)
            As for `of`. Of a lazily held table only sums by group are fetched, so it may be of any length.
        columns : list of str
            Which columns.
        by : list of str
            Columns that make the groups; a missing level is a group of its own. May be empty.
        weight : str, optional
            Weight column; zero or more, none missing. A row of weight zero is left out.

        Returns
        -------
        GroupedMoments
            With one block.

        Raises
        ------
        InputError
            As for `of`; a group in which no row is complete is there with n = 0.

        Examples
        --------
        >>> day = pd.DataFrame({"arm": ["A", "A", "none"], "spend": [1e8, 1e8 + 2, 5.0]})
        >>> Moments.by(day, ["spend"], by=["arm"]).blocks[0].scatter.ravel().tolist()
        [2.0, 0.0]
        """
        table, names = _opened(frame, columns, weight)
        check_columns(table.collect_schema().names(), by, message("The table"))
        if isinstance(table, nw.LazyFrame):
            kept = [name for name in [*by, *([weight] if weight else [])] if name not in names]
            table = finite_columns(weighted_rows(table, weight)[0], names, *kept)
            return moments_by_query(table, by, [names], weight=weight).ordered()
        w = np.ones(len(table)) if weight is None else _numbers(table[weight])
        check_weights(w, str(weight))
        table, w = table.filter((w > 0).tolist()), w[w > 0]
        values = {name: _numbers(table[name]) for name in names}
        values = {name: np.where(np.isfinite(column), column, np.nan) for name, column in values.items()}
        keys = {name: level_codes(table[name].to_pandas()) for name in by}
        weights = None if weight is None else w
        return moments_in_memory(keys, values, [names], rows=len(w), weights=weights).ordered()

    def _facts(self) -> dict[str, object]:
        counts = {"n_used": self.n_used, "n_dropped": self.n_dropped}
        return {"columns": column_list(self.columns), **counts, "missing": repr(self.missing)}

    def __add__(self, other: "Moments") -> "Moments":
        """Moments of both tables' rows together (Chan, Golub & LeVeque 1983, equation 2.1)."""
        if self.columns != other.columns or self.missing != other.missing:
            raise InputError("Moments pool only over the same columns and the same handling of missing values.")
        total = self.weights + other.weights
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(total > 0, other.weights / total, 0.0)
        first = np.where(self.weights > 0, self.centers, other.centers)
        delta = np.where(other.weights > 0, other.centers, first) - first
        delta = np.where(np.abs(delta) > _ROUNDED_MEAN * np.abs(first), delta, 0.0)
        between = self.weights * share
        return Moments(
            columns=self.columns,
            missing=self.missing,
            n_used=self.n_used + other.n_used,
            n_dropped=self.n_dropped + other.n_dropped,
            counts=self.counts + other.counts,
            weights=total,
            weight_squares=self.weight_squares + other.weight_squares,
            centers=first + share * delta,
            comoments=_filled(self.comoments) + _filled(other.comoments) + between * delta * delta.T,
            squares=_filled(self.squares) + _filled(other.squares) + between * delta**2,
        )

    @cached_property
    def effective_n(self) -> float:
        """Kish's effective sample size (Σw)²/Σw²; under pairwise deletion that of the smallest pair."""
        return float(np.nanmin(effective_size(self.weights, self.weight_squares)))

    @cached_property
    def means(self) -> pd.Series:
        """Weighted mean of each column over all rows that hold it."""
        return pd.Series(np.diag(self.centers), index=list(self.columns))

    @cached_property
    def covariance(self) -> pd.DataFrame:
        """Weighted covariances, unbiased under equal weights.

        Σw(x − x̄)(y − ȳ) / Σw, divided by 1 − Σw²/(Σw)², which is n − 1 below the line
        where the weights are equal: R's ``cov.wt(method = "unbiased")``.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            divisor = np.where(self.counts > 1, self.weights - self.weight_squares / self.weights, np.nan)
        return self._table(self.comoments / divisor)

    @cached_property
    def correlation(self) -> pd.DataFrame:
        """Weighted Pearson correlations; NaN for a column without variance."""
        varies = (self.squares > 0) & (self.squares.T > 0)
        scale = np.sqrt(self.squares) * np.sqrt(self.squares.T)
        values = np.divide(self.comoments, scale, out=np.full_like(scale, np.nan), where=varies)
        np.fill_diagonal(values, np.where(np.diag(varies), 1.0, np.nan))
        return self._table(np.clip(values, -1.0, 1.0))

    def _table(self, values: Floats) -> pd.DataFrame:
        return pd.DataFrame(values, index=list(self.columns), columns=list(self.columns))


def _matrices(names: Sequence[str], blocks: Sequence[Block]) -> tuple[Floats, ...]:
    """Fill in counts, weights, Σw², centers, comoments and squares from blocks of one group; later ones count."""
    counts, weights, weight_squares, centers, comoments, squares = np.zeros((6, len(names), len(names)))
    for block in blocks:
        at = [names.index(name) for name in block.columns]
        here = np.ix_(at, at)
        counts[here], weights[here], weight_squares[here] = block.n[0], block.weights[0], block.weight_squares[0]
        centers[here], comoments[here] = block.means[0][:, None], block.scatter[0]
        squares[here] = np.diag(block.scatter[0])[:, None]
    return counts, weights, weight_squares, centers, comoments, squares


def _filled(matrix: Floats) -> Floats:
    return np.nan_to_num(matrix, nan=0.0)


def _opened(frame: Any, columns: Sequence[str] | None, weight: Any) -> tuple[Any, tuple[str, ...]]:
    """Table as Narwhals sees it, and the names of the columns asked for."""
    table, have = _table_and_names(frame)
    names = tuple(have if columns is None else (str(name) for name in columns))
    if columns is None and isinstance(weight, str):
        names = tuple(name for name in have if name != weight)
    wanted = list(dict.fromkeys([*names, weight] if isinstance(weight, str) else names))
    check_columns(have, wanted, message("The table"))
    if not names or len(set(names)) < len(names):
        raise InputError("Columns must be named, and each once; got {given}.", given=list(names) or message("none"))
    schema = table.collect_schema()
    for name in [*names, weight] if isinstance(weight, str) else names:
        if not (schema[name].is_numeric() or schema[name] == nw.Boolean):
            raise InputError("Column '{column}' must be numeric; got {given}.", column=name, given=str(schema[name]))
    return table, names


def _read(table: Any, frame: Any, names: Sequence[str], weight: Any) -> tuple[Floats, Floats]:
    """Values (rows × columns) and weights, read once."""
    table = table.select(list(dict.fromkeys([*names, weight] if isinstance(weight, str) else names)))
    table = table.collect() if isinstance(table, nw.LazyFrame) else table
    values = np.column_stack([_numbers(table[name]) for name in names])
    w = _numbers(table[weight]) if isinstance(weight, str) else _weights(weight, frame, len(values))
    check_weights(w, weight if isinstance(weight, str) else "weight")
    return values, w


def _table_and_names(frame: Any) -> tuple[Any, list[str]]:
    try:
        table: Any = nw.from_native(frame.rename(columns=str) if isinstance(frame, pd.DataFrame) else frame)
        return table, table.collect_schema().names()
    except TypeError:
        raise InputError(
            "A table must be a data frame that Narwhals knows; got {given}.", given=type(frame).__name__
        ) from None
    except nw.exceptions.DuplicateError:
        raise InputError("The table has two columns of one name; each column needs its own.") from None


def _weights(weight: Any, frame: Any, rows: int) -> Floats:
    """Weights in row order, one each where none are given."""
    if weight is None:
        return np.ones(rows)
    check_same_rows(weight, frame, "weight")
    try:
        w = np.asarray(weight, dtype=float)
    except (TypeError, ValueError):
        raise InputError("'weight' must hold numbers only.") from None
    if w.shape != (rows,):
        raise InputError(
            "'weight' must hold one number a row ({count}); got shape {shape}.", count=rows, shape=str(w.shape)
        )
    return w


def _numbers(column: Any) -> Floats:
    return np.asarray(column.cast(nw.Float64).to_numpy(), dtype=float)


def _no_row(names: Sequence[str], missing: Missing) -> InputError:
    if missing == "listwise":
        return InputError("No row holds every one of the columns {columns}.", columns=list(names))
    return InputError("No row holds any of the columns {columns}.", columns=list(names))
