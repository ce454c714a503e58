"""Moments by group of rows that lie elsewhere: grouped sums by a query, made again where they would lose digits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from loyalty_kit.core.cells import level_of
from loyalty_kit.core.checks import check_weight_counts
from loyalty_kit.statistics.grouped_moments import Block, Columns, Floats, GroupedMoments

ROUNDING = 1e-10
"""Error of a variance, as a share of it, from which sums are made again about each group's mean."""


def moments_by_query(
    frame: Any, keys: Sequence[str], sets: Sequence[Columns], *, weight: str | None = None
) -> GroupedMoments:
    """Moments of each set of columns by group, of which only sums are fetched.

    Parameters
    ----------
    frame : narwhals LazyFrame
        The rows; values that are null or NaN are missing.
    keys : list of str
        Columns that make the groups; a single group where there are none.
    sets : list of tuple of str
        Columns that must be present together, one set a block.
    weight : str, optional
        Column of weights, all positive.

    Returns
    -------
    GroupedMoments

    Notes
    -----
    One pass sums x, y and x y. A second is made only where a value turns out to be missing, and another only
    where the scatter is so small beside the raw squares that rounding, about ε √n of these, would exceed
    `ROUNDING` of it: sums are then made about each group's mean, which is found and joined within the query.
    """
    sums = _Sums.planned(frame, keys, sets, weight, masked=False)
    table = sums.fetched()
    if sums.gaps(table):
        sums = _Sums.planned(frame, keys, sets, weight, masked=True)
        table = sums.fetched()
    if sums.rounded(table):
        table = sums.fetched(about_means=sums.lacking_keys(table))
    levels = [table[f"key_{i}"].astype(object).map(level_of, na_action="ignore") for i in range(len(keys))]
    groups = pd.DataFrame(dict(zip(keys, levels, strict=True)), index=table.index, dtype=object)
    blocks = {names: sums.block(table, names, labels, total) for names, labels, total in sums.labelled}
    rows = table["rows"].to_numpy(dtype=float)
    return GroupedMoments(groups.where(groups.notna(), None), rows, tuple(blocks[names] for names in sets))


@dataclass(frozen=True, eq=False)
class _Sums:
    """The query: a staged frame of keys, values v… and weights w…, and which labels make each set.

    A column has one label for all sets, or where values are missing one for each, empty in the rows that
    lack another column of the set.
    """

    staged: Any
    keys: list[str]
    labelled: list[tuple[Columns, list[str], str]]
    weighted: bool

    @classmethod
    def planned(
        cls, frame: Any, keys: Sequence[str], sets: Sequence[Columns], weight: str | None, *, masked: bool
    ) -> "_Sums":
        floating = {name for name, kind in frame.collect_schema().items() if kind.is_float()}
        union = list(dict.fromkeys(name for names in sets for name in names))
        columns: dict[str, Any] = {f"key_{i}": nw.col(key) for i, key in enumerate(keys)}
        labelled = []
        for b, names in enumerate(dict.fromkeys(sets)):
            mark = f"_{b}" if masked else ""
            labels = [f"{mark}_{union.index(name)}" for name in names]
            there = nw.all_horizontal(*(_present(name, floating) for name in names), ignore_nulls=False)
            numbers = {f"v{label}": nw.col(name).cast(nw.Float64) for label, name in zip(labels, names, strict=True)}
            if weight is not None:
                numbers[f"w{mark}"] = nw.col(weight).cast(nw.Float64)
            columns |= {name: nw.when(there).then(number) if masked else number for name, number in numbers.items()}
            labelled.append((names, labels, f"w{mark}"))
        return cls(frame.select(**columns), [f"key_{i}" for i in range(len(keys))], labelled, weight is not None)

    def fetched(self, about_means: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Table of the sums, a row a group, about 0 or about each group's means.

        For sums about means, the keys that have missing levels are named with one of their other levels.
        """
        staged = (
            self.staged if about_means is None else _with_means(self.staged, self.keys, self._labels(), about_means)
        )
        origin = {label: nw.col(f"v{label}") for label in self._labels()}
        if about_means is not None:
            origin = {label: value - nw.col(f"m{label}") for label, value in origin.items()}
        made: dict[str, Any] = {f"z{label}": (nw.col(f"v{label}") != 0).cast(nw.Int64) for label in origin}
        for _, labels, total in self.labelled:
            weight = nw.col(total) if self.weighted else None
            for label in labels:
                made[f"s{label}"] = origin[label] if weight is None else origin[label] * weight
            for a, b in combinations_with_replacement(labels, 2):
                product = origin[a] * origin[b]
                made[f"p{a}{b}"] = product if weight is None else product * weight
            if weight is not None:
                made[f"q{total}"] = weight * weight
        totals = [nw.col(name).sum() for name in made]
        for label in origin:
            value = nw.col(f"v{label}")
            totals += [value.count().alias(f"n{label}"), value.min().alias(f"l{label}"), value.max().alias(f"h{label}")]
            totals += [nw.col(f"m{label}").max()] if about_means is not None else []
        totals += [nw.col(total).sum() for total in dict.fromkeys(t for _, _, t in self.labelled) if self.weighted]
        rows = nw.len().alias("rows")
        ready = staged.with_columns(**made)
        table = ready.group_by(self.keys).agg(rows, *totals) if self.keys else ready.select(rows, *totals)
        return pd.DataFrame(table.collect().to_pandas())

    def _labels(self) -> list[str]:
        return list(dict.fromkeys(label for _, labels, _ in self.labelled for label in labels))

    def gaps(self, table: pd.DataFrame) -> bool:
        """Whether any value is missing: a null is not counted, and a NaN makes the sum one."""
        counts, sums = _part(table, "n", self._labels()), _part(table, "s", self._labels())
        return bool((counts != table["rows"].to_numpy(dtype=float)[:, None]).any() or np.isnan(sums).any())

    def rounded(self, table: pd.DataFrame) -> bool:
        """Whether rounding of the sums would show in the scatter of any group; infinite values are not its matter."""
        for names, labels, total in self.labelled:
            block = self.block(table, names, labels, total)
            raw = _part(table, "p", [f"{label}{label}" for label in labels])
            with np.errstate(invalid="ignore", over="ignore"):
                error = np.finfo(float).eps * np.sqrt(block.n)[:, None] * raw
                wide = error > ROUNDING * np.diagonal(block.scatter, axis1=1, axis2=2)
            if (wide & np.isfinite(raw) & (block.lows < block.highs)).any():
                return True
        return False

    def lacking_keys(self, table: pd.DataFrame) -> dict[str, Any]:
        """Keys with a missing level, each with one of its other levels, or None where it has none."""
        lacking = [key for key in self.keys if table[key].isna().any()]
        return {key: next(iter(table[key].dropna().tolist()), None) for key in lacking}

    def block(self, table: pd.DataFrame, names: Columns, labels: list[str], total: str) -> Block:
        """Moments of one set of columns out of the query's table."""
        second = np.empty((len(table), len(labels), len(labels)))
        for i, a in enumerate(labels):
            for j, b in enumerate(labels):
                name = f"p{a}{b}" if f"p{a}{b}" in table else f"p{b}{a}"
                second[:, i, j] = np.nan_to_num(table[name].to_numpy(dtype=float), nan=0.0, posinf=np.inf)
        n = _part(table, "n", labels[:1])[:, 0]
        weights, squares = n, n
        if self.weighted:
            weights, squares = np.nan_to_num(_part(table, "", [total, f"q{total}"])).T
        origin = np.zeros((len(table), len(labels)))
        if f"m{labels[0]}" in table:
            origin = np.nan_to_num(_part(table, "m", labels))
        lows = np.where(n[:, None] > 0, _part(table, "l", labels), np.inf)
        highs = np.where(n[:, None] > 0, _part(table, "h", labels), -np.inf)
        sums = origin, np.nan_to_num(_part(table, "s", labels)), second
        return Block.of_sums(
            names, (n, weights, squares), sums, (lows, highs, np.nan_to_num(_part(table, "z", labels)))
        )


def _present(name: str, floating: set[str]) -> Any:
    there = ~nw.col(name).is_null()
    return there & ~nw.col(name).is_nan() if name in floating else there


def _part(table: pd.DataFrame, letter: str, labels: Sequence[str]) -> Floats:
    return table[[f"{letter}{label}" for label in labels]].to_numpy(dtype=float)


def _with_means(staged: Any, keys: list[str], labels: list[str], lacking: Mapping[str, Any]) -> Any:
    """Staged rows with each group's means beside them, found by the query itself.

    A join does not match missing levels, so these are joined by a flag and a level that stands in for them.
    """
    means = [nw.col(f"v{label}").mean().alias(f"m{label}") for label in labels]
    if not keys:
        return staged.join(staged.select(*means), how="cross")
    on = {f"on_{key}": nw.col(key) for key in keys if key not in lacking}
    for key, other in lacking.items():
        on[f"flag_{key}"] = nw.col(key).is_null()
        if other is not None:
            on[f"on_{key}"] = nw.when(nw.col(key).is_null()).then(nw.lit(other)).otherwise(nw.col(key))
    marked = staged.with_columns(**on)
    return marked.join(marked.group_by(list(on)).agg(*means), on=list(on), how="left")


def weighted_rows(table: Any, weight: str | None) -> tuple[Any, int]:
    """Rows of positive weight of a lazily held table, and how many rows there are in all."""
    if weight is None:
        return table, int(first_row(table.select(nw.len().alias("rows")))["rows"])
    w = nw.col(weight).cast(nw.Float64)
    bad = w.is_null() | ~w.is_finite()
    counted = {"lacking": bad, "negative": w < 0, "some": w > 0}
    sums = [some.cast(nw.Int64).sum().alias(name) for name, some in counted.items()]
    found = first_row(table.select(nw.len().alias("rows"), *sums))
    check_weight_counts(weight, found["lacking"], found["negative"], some=found["some"] > 0 or not found["rows"])
    return table.filter(w > 0), found["rows"]


def finite_columns(table: Any, names: Sequence[str], *kept: str) -> Any:
    """Columns as floating numbers, null where they are not finite, beside those that are kept."""
    numbers = {name: nw.col(name).cast(nw.Float64) for name in names}
    finite = {name: nw.when(number.is_finite()).then(number) for name, number in numbers.items()}
    return table.select(*dict.fromkeys(kept), **finite)


def first_row(table: Any) -> dict[str, int]:
    """Whole numbers of the one row of a lazily held table; a sum over no row is 0."""
    return {name: int(column[0] or 0) for name, column in table.collect().to_dict(as_series=False).items()}
