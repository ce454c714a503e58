"""Moments by group of columns in memory: sorted by group once, then sums of runs, with no loop over groups."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import level_of
from loyalty_kit.statistics.grouped_moments import Block, Columns, Floats, GroupedMoments, Whole

Coded = tuple[Whole, list[Any]]


def level_codes(column: pd.Series) -> Coded:
    """Level number of each row and the levels; a missing value is a level of its own, None, and the last."""
    codes, levels = pd.factorize(column)
    kept: list[Any] = pd.Index(levels).tolist()
    if not pd.api.types.is_string_dtype(levels):
        kept = [level_of(level) for level in kept]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(kept), codes)
        kept = [*kept, None]
    return np.asarray(codes, dtype=np.intp), kept


def moments_in_memory(
    keys: Mapping[str, Coded],
    values: Mapping[str, Floats],
    sets: Sequence[Columns],
    *,
    rows: int,
    weights: Floats | None = None,
) -> GroupedMoments:
    """Moments of each set of columns by group.

    Parameters
    ----------
    keys : mapping of str to (codes, levels)
        Keys by name, as `level_codes` gives them; a single group where there are none.
    values : mapping of str to array of shape (rows,)
        Columns by name, NaN where missing.
    sets : list of tuple of str
        Columns that must be present together, one set a block.
    rows : int
        How many.
    weights : array of shape (rows,), optional
        Positive.

    Returns
    -------
    GroupedMoments

    Notes
    -----
    Values are centred at their group's mean before products are summed.
    """
    cell, groups = _cells(keys, rows)
    order = np.argsort(cell, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=len(groups)))])
    union = tuple(dict.fromkeys(name for names in sets for name in names))
    sorted_values = {name: values[name][order] for name in union}
    present = {name: ~np.isnan(column) for name, column in sorted_values.items()}
    whole = tuple(name for name in union if present[name].all())
    w = None if weights is None else weights[order]
    shared = _block(whole, sorted_values, np.diff(bounds), w)
    blocks = []
    for names in sets:
        if set(names) <= set(whole):
            blocks.append(shared.pick(names))
            continue
        chosen = np.logical_and.reduce([present[name] for name in names])
        n = np.diff(np.concatenate([[0], np.cumsum(chosen)])[bounds])
        mine = {name: sorted_values[name][chosen] for name in names}
        blocks.append(_block(names, mine, n, None if w is None else w[chosen]))
    return GroupedMoments(groups, np.diff(bounds).astype(float), tuple(blocks))


def _cells(keys: Mapping[str, Coded], rows: int) -> tuple[Whole, pd.DataFrame]:
    """Group of each row, and the levels of each group; groups without rows do not count."""
    if not keys or not rows:
        return np.zeros(rows, dtype=np.int32), pd.DataFrame(columns=list(keys), index=range(min(rows, 1)), dtype=object)
    shape = [max(len(levels), 1) for _, levels in keys.values()]
    flat = np.ravel_multi_index([codes for codes, _ in keys.values()], shape)
    present, cell = np.unique(flat, return_inverse=True) if len(keys) > 1 else (np.arange(shape[0]), flat)
    at = np.unravel_index(present, shape)
    table = {
        key: pd.Series([levels[i] for i in index], dtype=object)
        for (key, (_, levels)), index in zip(keys.items(), at, strict=True)
    }
    return np.asarray(cell, dtype=np.intp).astype(np.int32), pd.DataFrame(table)


def _block(names: Columns, values: Mapping[str, Floats], n: Whole, weights: Floats | None) -> Block:
    """Block of columns without gaps, rows sorted by group, n of them in each."""
    filled, k = np.flatnonzero(n), len(names)
    starts = np.cumsum(n[filled]) - n[filled]

    def total(column: Floats, add: np.ufunc = np.add, empty: float = 0.0) -> Floats:
        out = np.full(len(n), empty)
        out[filled] = add.reduceat(column, starts) if len(filled) else 0.0
        return out

    def weighted(column: Floats) -> Floats:
        return column if weights is None else column * weights

    count = n.astype(float)
    counts = (count, count, count) if weights is None else (count, total(weights), total(weights**2))
    origin, first = np.zeros((len(n), k)), np.zeros((len(n), k))
    second = np.zeros((len(n), k, k))
    extremes = np.zeros((3, len(n), k))
    centred = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for i, name in enumerate(names):
            x = values[name]
            origin[:, i] = total(x) / np.maximum(count, 1)
            centred.append(x - np.repeat(origin[:, i], n))
            first[:, i] = total(weighted(centred[i]))
            extremes[:, :, i] = (
                total(x, np.minimum, np.inf),
                total(x, np.maximum, -np.inf),
                total((x != 0).astype(float)),
            )
            for j in range(i + 1):
                second[:, i, j] = second[:, j, i] = total(weighted(centred[i] * centred[j]))
    return Block.of_sums(names, counts, (origin, first, second), (extremes[0], extremes[1], extremes[2]))
