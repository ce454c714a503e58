"""One grouped pass over a campaign's rows: from arrays in memory, or as one query where the rows lie elsewhere."""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.campaigns.rows import Floats, Rows, Whole
from loyalty_kit.cells import level_of

Columns = tuple[str, ...]
Parts = dict[Columns, tuple[Floats, ...]]


def gather_rows(
    rows: Rows, keys: Sequence[str], sets: Sequence[Columns], caps: dict[str, tuple[str, float]]
) -> tuple[pd.DataFrame, Floats, Parts]:
    """Cells, rows per cell and moments per set of columns, from arrays.

    `caps` is known to the rows already.
    """
    cell, cells = _cells(rows, keys) if len(rows) else (np.zeros(0, dtype=np.int32), pd.DataFrame(columns=list(keys)))
    order = np.argsort(cell, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=len(cells)))])
    union = list(dict.fromkeys(name for names in sets for name in names))
    values = rows.matrix(union)[order]
    present: npt.NDArray[np.bool_] = ~np.isnan(values)
    whole = np.asarray(present.all(axis=0))
    parts: Parts = {}
    shared: dict[bool, tuple[Floats, ...]] = {}
    for names in sets:
        at = [union.index(name) for name in names]
        if whole[at].all():
            if True not in shared:
                shared[True] = _moments(np.where(present, values, 0.0), np.ones(len(cell), dtype=bool), bounds)
            parts[names] = _picked(shared[True], at)
        else:
            chosen = present[:, at].all(axis=1)
            parts[names] = _moments(values[:, at], chosen, bounds)
    return cells, np.diff(bounds).astype(float), parts


def _cells(rows: Rows, keys: Sequence[str]) -> tuple[Whole, pd.DataFrame]:
    """Cell number of each row, and the keys of each cell."""
    coded = [rows.codes(key) for key in keys]
    shape = [max(len(levels), 1) for _, levels in coded]
    flat = np.ravel_multi_index([codes for codes, _ in coded], shape)
    present, cell = np.unique(flat, return_inverse=True) if len(keys) > 1 else (np.arange(shape[0]), flat)
    at = np.unravel_index(present, shape)
    table = {
        key: pd.Series([levels[i] for i in index], dtype=object)
        for key, (_, levels), index in zip(keys, coded, at, strict=True)
    }
    return np.asarray(cell, dtype=np.intp).astype(np.int32), pd.DataFrame(table)


def _moments(values: Floats, chosen: Any, bounds: Whole) -> tuple[Floats, ...]:
    """n, sums, products, lows, highs and nonzero of each run of rows between bounds."""
    k, size = values.shape[1], len(bounds) - 1
    n, sums, products = np.zeros(size), np.zeros((size, k)), np.zeros((size, k, k))
    lows, highs, nonzero = np.full((size, k), np.inf), np.full((size, k), -np.inf), np.zeros((size, k))
    every = bool(chosen.all())
    for i, (low, high) in enumerate(zip(bounds[:-1], bounds[1:], strict=True)):
        x = values[low:high] if every else values[low:high][chosen[low:high]]
        n[i] = len(x)
        if len(x):
            with np.errstate(invalid="ignore"):
                sums[i], products[i] = x.sum(axis=0), x.T @ x
            lows[i], highs[i], nonzero[i] = x.min(axis=0), x.max(axis=0), np.count_nonzero(x, axis=0)
    return n, sums, products, lows, highs, nonzero


def _picked(moments: tuple[Floats, ...], at: list[int]) -> tuple[Floats, ...]:
    n, sums, products, lows, highs, nonzero = moments
    return n, sums[:, at], products[:, at][:, :, at], lows[:, at], highs[:, at], nonzero[:, at]


def gather_lazy(
    frame: Any, keys: Sequence[str], sets: Sequence[Columns], caps: dict[str, tuple[str, float]]
) -> tuple[pd.DataFrame, Floats, Parts]:
    """Cells, rows per cell and moments per set of columns, by a query; by a second one where values are missing."""
    table = _query(frame, keys, sets, caps, masked=False)
    union = list(dict.fromkeys(name for names in sets for name in names))
    counts = table[[f"n_{i}" for i in range(len(union))]].to_numpy(dtype=float)
    sums = table[[f"s_{i}" for i in range(len(union))]].to_numpy(dtype=float)
    rows = table["rows"].to_numpy(dtype=float)
    if (counts == rows[:, None]).all() and not np.isnan(sums).any():
        parts = {names: _read(table, [f"_{union.index(name)}" for name in names]) for names in sets}
    else:
        table = _query(frame, keys, sets, caps, masked=True)
        rows = table["rows"].to_numpy(dtype=float)
        parts = {names: _read(table, [f"_{b}x{i}" for i in range(len(names))]) for b, names in enumerate(sets)}
    cells = pd.DataFrame({key: _levels(table[f"key_{i}"]) for i, key in enumerate(keys)})
    return cells, rows, parts


def _levels(column: pd.Series) -> pd.Series:
    """Levels of a key, as rows in memory have them."""
    return column.astype(object).map(level_of, na_action="ignore").astype(object)


def _query(frame: Any, keys: Sequence[str], sets: Sequence[Columns], caps: Any, *, masked: bool) -> pd.DataFrame:
    """Query the grouped sums: one column set for all metrics, or one for each metric's complete customers."""
    floating = {name for name, kind in frame.collect_schema().items() if kind.is_float()}
    union = list(dict.fromkeys(name for names in sets for name in names))
    groups: list[tuple[list[str], Columns]] = (
        [([f"_{b}x{i}" for i in range(len(names))], names) for b, names in enumerate(sets)]
        if masked
        else [([f"_{union.index(name)}" for name in names], names) for names in sets]
    )
    columns: dict[str, Any] = {f"key_{i}": nw.col(key) for i, key in enumerate(keys)}
    pairs: dict[str, Any] = {}
    for labels, names in groups:
        there = nw.all_horizontal(*(_present(name, caps, floating) for name in names), ignore_nulls=False)
        for label, name in zip(labels, names, strict=True):
            number = column_number(name, caps)
            columns[f"v{label}"] = nw.when(there).then(number) if masked else number
        for a, b in combinations_with_replacement(labels, 2):
            pairs[f"p{a}{b}"] = nw.col(f"v{a}") * nw.col(f"v{b}")
    labels = list(dict.fromkeys(label for some, _ in groups for label in some))
    ones = {f"z{label}": (nw.col(f"v{label}") != 0).cast(nw.Int64) for label in labels}
    staged = frame.select(**columns).with_columns(**pairs, **ones)
    totals = [nw.col(f"v{label}").count().alias(f"n{label}") for label in labels]
    totals += [nw.col(f"v{label}").sum().alias(f"s{label}") for label in labels]
    totals += [nw.col(f"v{label}").min().alias(f"l{label}") for label in labels]
    totals += [nw.col(f"v{label}").max().alias(f"h{label}") for label in labels]
    totals += [nw.col(f"z{label}").sum() for label in labels] + [nw.col(pair).sum() for pair in pairs]
    grouped = staged.group_by([f"key_{i}" for i in range(len(keys))]).agg(nw.len().alias("rows"), *totals)
    return pd.DataFrame(grouped.collect().to_pandas())


def column_number(name: str, caps: dict[str, tuple[str, float]]) -> Any:
    """Expression of a column as floating numbers, cut at its cap where it has one."""
    if name not in caps:
        return nw.col(name).cast(nw.Float64)
    column, limit = caps[name]
    number = nw.col(column).cast(nw.Float64)
    return nw.when(number > limit).then(nw.lit(limit)).otherwise(number)


def _present(name: str, caps: dict[str, tuple[str, float]], floating: set[str]) -> Any:
    column = caps[name][0] if name in caps else name
    there = ~nw.col(column).is_null()
    return there & ~nw.col(column).is_nan() if column in floating else there


def _read(table: pd.DataFrame, labels: list[str]) -> tuple[Floats, ...]:
    """Moments of one set of columns out of the query's table."""

    def part(letter: str) -> Floats:
        return table[[f"{letter}{label}" for label in labels]].to_numpy(dtype=float)

    products = np.empty((len(table), len(labels), len(labels)))
    for i, a in enumerate(labels):
        for j, b in enumerate(labels):
            name = f"p{a}{b}" if f"p{a}{b}" in table else f"p{b}{a}"
            products[:, i, j] = table[name].to_numpy(dtype=float)
    lows, highs = np.nan_to_num(part("l"), nan=np.inf), np.nan_to_num(part("h"), nan=-np.inf)
    sums = np.nan_to_num(part("s"))
    return part("n")[:, 0], sums, np.nan_to_num(products), lows, highs, np.nan_to_num(part("z"))
