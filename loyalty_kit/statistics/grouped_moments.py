"""n, means and centred cross-products by group: what any pass over rows gives, merged without them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import listing
from loyalty_kit.core.summaries import Summarized

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]
Columns = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Block(Summarized):
    """Moments of some columns over the rows that hold all of them; the first axis is the group.

    Attributes
    ----------
    columns : tuple of str
        Names, in the order of the other axes.
    n, weights, weight_squares : array of shape (groups,)
        Rows with every column present, Σw and Σw²; both are n where rows have no weights.
    means, lows, highs, nonzero : array of shape (groups, columns)
        Weighted mean (NaN in an empty group), smallest, largest, and number of values other than 0.
    scatter : array of shape (groups, columns, columns)
        Σw (x − x̄)(y − ȳ).
    """

    columns: Columns
    n: Floats
    weights: Floats
    weight_squares: Floats
    means: Floats
    scatter: Floats
    lows: Floats
    highs: Floats
    nonzero: Floats

    @classmethod
    def of_sums(
        cls,
        columns: Columns,
        counts: tuple[Floats, Floats, Floats],
        sums: tuple[Floats, Floats, Floats],
        values: tuple[Floats, Floats, Floats],
    ) -> "Block":
        """Block of sums about an origin that lies near the means.

        Parameters
        ----------
        columns : tuple of str
            Names.
        counts : arrays of shape (groups,)
            n, Σw and Σw².
        sums : arrays of shape (groups, columns), (groups, columns) and (groups, columns, columns)
            Origin, Σw (x − origin) and Σw (x − origin)(y − origin).
        values : arrays of shape (groups, columns)
            Lows, highs and number of values other than 0.

        Notes
        -----
        The scatter is the sum of products less S Sᵀ / Σw: the corrected two-pass formula of Chan, Golub &
        LeVeque (1983), in which little is subtracted. A column that is the same in every row has no
        scatter at all, and its value for its mean.
        """
        (n, weights, squares), (origin, first, second), (lows, highs, nonzero) = counts, sums, values
        with np.errstate(invalid="ignore", divide="ignore"):
            away = first / weights[:, None]
            scatter = second - away[:, :, None] * first[:, None, :]
            means = np.where(n[:, None] > 0, origin + away, np.nan)
        flat = lows == highs
        means = np.where(flat, lows, means)
        still = flat[:, :, None] | flat[:, None, :] | (n[:, None, None] == 0)
        return cls(columns, n, weights, squares, means, np.where(still, 0.0, scatter), lows, highs, nonzero)

    @property
    def sums(self) -> Floats:
        """Weighted sums, groups × columns."""
        return np.where(self.n[:, None] > 0, self.means * self.weights[:, None], 0.0)

    @cached_property
    def covariances(self) -> Floats:
        """Covariances, groups × columns × columns: unbiased under equal weights, as `Moments.covariance`."""
        with np.errstate(invalid="ignore", divide="ignore"):
            divisor = np.where(self.n > 1, self.weights - self.weight_squares / self.weights, np.nan)
        return np.asarray(self.scatter / divisor[:, None, None])

    def binary(self, column: str) -> bool:
        """Whether a column holds nothing but 0 and 1: its values lie between, and their sum counts those above 0."""
        at = self.columns.index(column)
        inside = (self.lows[:, at] >= 0) & (self.highs[:, at] <= 1) | (self.n == 0)
        total = np.where(self.n > 0, self.means[:, at] * self.n, 0.0)
        return bool((inside & (np.abs(total - self.nonzero[:, at]) <= 1e-9 * np.maximum(self.n, 1))).all())

    def pick(self, names: Columns) -> "Block":
        """Block of some of the columns, over the same rows."""
        at = [self.columns.index(name) for name in names]
        parts = (part[:, at] for part in (self.lows, self.highs, self.nonzero))
        counts = self.n, self.weights, self.weight_squares
        return Block(names, *counts, self.means[:, at], self.scatter[:, at][:, :, at], *parts)

    def take(self, groups: Any) -> "Block":
        """Block of some of the groups."""
        return Block(self.columns, *(part[groups] for part in self.parts().values()))

    def parts(self) -> dict[str, Floats]:
        """Arrays of the block by name."""
        return {
            name: part for name, part in vars(self).items() if name in self.__dataclass_fields__ and name != "columns"
        }

    def over(self, groups: Any) -> "Block":
        """Block of one group that pools some."""
        part = self.take(groups)
        if not len(part.n):
            return _empty(self.columns)
        return part if len(part.n) == 1 else part.pooled(np.zeros(len(part.n), dtype=np.intp))

    def pooled(self, into: Whole) -> "Block":
        """Block in which groups that share a number are one.

        Parameters
        ----------
        into : array of shape (groups,)
            Number of the group that each goes into; each number from 0 on stands at least once.

        Notes
        -----
        The scatter within the parts is added to that between their means, Σ W (m − x̄)(m − x̄)ᵀ, with means
        taken as distances from the first part's: for two parts this is equation 2.1 of Chan, Golub & LeVeque.

        References
        ----------
        Chan, T. F., Golub, G. H. & LeVeque, R. J. (1983). Algorithms for computing the sample variance:
        analysis and recommendations. The American Statistician 37(3), 242–247.
        """
        order = np.argsort(into, kind="stable")
        starts = np.searchsorted(into[order], np.arange(int(into.max()) + 1))

        def total(values: Floats, add: np.ufunc = np.add) -> Floats:
            return np.asarray(add.reduceat(values[order], starts, axis=0))

        filled = np.flatnonzero(self.n > 0)[::-1]
        origin = np.zeros((len(starts), len(self.columns)))
        origin[into[filled]] = self.means[filled]
        delta = np.where(self.n[:, None] > 0, self.means - origin[into], 0.0)
        first = self.weights[:, None] * delta
        weights = total(self.weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            away = np.where(self.n[:, None] > 0, delta - (total(first) / weights[:, None])[into], 0.0)
        between = self.weights[:, None, None] * away[:, :, None] * away[:, None, :]
        merged = Block.of_sums(
            self.columns,
            (total(self.n), weights, total(self.weight_squares)),
            (origin, total(first), np.zeros((len(starts), len(self.columns), len(self.columns)))),
            (total(self.lows, np.minimum), total(self.highs, np.maximum), total(self.nonzero)),
        )
        still = np.asarray(merged.lows == merged.highs)
        scatter = np.where(still[:, :, None] | still[:, None, :], 0.0, total(self.scatter + between))
        return replace(merged, scatter=scatter)


def _empty(columns: Columns) -> Block:
    k = len(columns)
    none, edge = np.zeros(1), np.full((1, k), np.inf)
    zero = np.zeros((1, k))
    return Block(columns, none, none, none, np.full((1, k), np.nan), np.zeros((1, k, k)), edge, -edge, zero)


@dataclass(frozen=True, eq=False, repr=False)
class GroupedMoments(Summarized):
    """Moments of columns by group; ``+`` pools two exactly, in any order.

    Attributes
    ----------
    groups : DataFrame of shape (groups, keys)
        Level of each key; None where it is missing. One row and no column where there are no keys.
    rows : array of shape (groups,)
        Rows of each group, complete or not; those of weight zero are left out.
    blocks : tuple of Block
        Moments of each set of columns that must be present together.
    """

    groups: pd.DataFrame
    rows: Floats
    blocks: tuple[Block, ...]

    def __repr__(self) -> str:
        """Sizes alone: a group may be a single person."""
        keys = listing(list(self.groups.columns)) or "none"
        return f"GroupedMoments({len(self.rows)} groups by {keys}; {self.rows.sum():.0f} rows)"

    def block(self, columns: Columns) -> Block | None:
        """Block of a set of columns; None where they were not gathered together."""
        return next((block for block in self.blocks if block.columns == columns), None)

    def take(self, groups: Any) -> "GroupedMoments":
        """Moments of some of the groups, given by their places."""
        table = self.groups.iloc[groups].reset_index(drop=True)
        return GroupedMoments(table, self.rows[groups], tuple(block.take(groups) for block in self.blocks))

    def ordered(self) -> "GroupedMoments":
        """Moments with the groups in an order that does not depend on who gathered them."""
        keys = list(self.groups.columns)
        return self.take(_texts(self.groups).sort_values(keys, kind="stable").index.to_numpy()) if keys else self

    def infinite(self) -> str | None:
        """Name of the first column that holds an infinite value."""
        for block in self.blocks:
            ends = np.isinf(np.where(block.n[:, None] > 0, [block.lows, block.highs], 0.0)).any(axis=(0, 1))
            if ends.any():
                return block.columns[int(ends.argmax())]
        return None

    def __add__(self, other: "GroupedMoments") -> "GroupedMoments":
        """Moments of both tables' rows together, groups of the same levels as one."""
        sets = [[block.columns for block in each.blocks] for each in (self, other)]
        if sets[0] != sets[1] or list(self.groups.columns) != list(other.groups.columns):
            raise InputError("Moments by group pool only over the same columns and the same keys.")
        groups = pd.concat([self.groups, other.groups], ignore_index=True)
        keys = list(groups.columns)
        into: Whole = np.zeros(len(groups), dtype=np.intp)
        if keys:
            into = np.asarray(_texts(groups).groupby(keys, sort=False).ngroup(), dtype=np.intp)
        first = np.unique(into, return_index=True)[1]
        rows = np.bincount(into, weights=np.concatenate([self.rows, other.rows])).astype(float)
        blocks = tuple(_joined(a, b).pooled(into) for a, b in zip(self.blocks, other.blocks, strict=True))
        return GroupedMoments(groups.iloc[first].reset_index(drop=True), rows, blocks).ordered()


def _texts(groups: pd.DataFrame) -> pd.DataFrame:
    """Levels as text, missing ones after all others."""
    return groups.astype(object).where(groups.notna(), "\U0010ffff").astype(str)


def _joined(a: Block, b: Block) -> Block:
    """Put the groups of one after those of the other."""
    theirs = b.parts()
    return Block(a.columns, *(np.concatenate([part, theirs[name]]) for name, part in a.parts().items()))
