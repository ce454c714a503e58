"""The cube: counts, sums, squares and cross-products per arm and cell; all that most estimates ever see."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from loyalty_kit.campaigns.gather import gather_lazy, gather_rows
from loyalty_kit.campaigns.rows import MISSING, Floats, Rows
from loyalty_kit.errors import InputError

Columns = tuple[str, ...]
FORMAT = b"loyalty_kit.cube"


@dataclass(frozen=True, eq=False)
class Block:
    """Raw moments of columns over the customers who hold all of them; the first axis is the cell.

    Attributes
    ----------
    columns : tuple of str
        Names, in the order of the other axes.
    n : array of shape (cells,)
        Customers with every column present.
    sums, lows, highs, nonzero : array of shape (cells, columns)
        Sum, smallest, largest, and number of values other than 0.
    products : array of shape (cells, columns, columns)
        Σ xᵢxⱼ.
    """

    columns: Columns
    n: Floats
    sums: Floats
    products: Floats
    lows: Floats
    highs: Floats
    nonzero: Floats

    def over(self, cells: Any) -> "Block":
        """Block of one cell that pools some."""
        return Block(
            self.columns,
            self.n[cells].sum(keepdims=True),
            self.sums[cells].sum(axis=0, keepdims=True),
            self.products[cells].sum(axis=0, keepdims=True),
            self.lows[cells].min(axis=0, keepdims=True, initial=np.inf),
            self.highs[cells].max(axis=0, keepdims=True, initial=-np.inf),
            self.nonzero[cells].sum(axis=0, keepdims=True),
        )

    @property
    def means(self) -> Floats:
        """Means, cells × columns."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.sums / self.n[:, None])

    @property
    def covariances(self) -> Floats:
        """Covariances with n − 1 below the line, cells × columns × columns."""
        means = self.means
        with np.errstate(invalid="ignore", divide="ignore"):
            squares = self.products / self.n[:, None, None] - means[:, :, None] * means[:, None, :]
            return np.asarray(squares * (self.n / (self.n - 1))[:, None, None])


@dataclass(frozen=True, eq=False)
class Cube:
    """Moments of a campaign's columns by arm, by-columns and period; ``+`` adds two exactly.

    Attributes
    ----------
    arm : str
        Name of the arm column.
    by : tuple of str
        Names of the by-columns.
    period : str or None
        Name of the period column.
    cells : DataFrame of shape (cells, keys)
        Arm, by-levels and period of each cell.
    rows : array of shape (cells,)
        Customers in each cell, complete or not.
    blocks : tuple of Block
        Moments of each set of columns that a metric reads together.
    caps : dict
        Derived columns: name to (column, limit).
    unit : str
        What a row was: 'customer', or the name of the cluster column.

    Examples
    --------
    >>> from loyalty_kit.campaigns.metrics import Mean
    >>> from loyalty_kit.campaigns.campaign import Campaign
    >>> day = pd.DataFrame({"arm": ["A", "A", "none", "none"], "spend": [0.0, 9.0, 0.0, 5.0]})
    >>> cube = Campaign(day, arm="arm", control="none").cube([Mean("spend")])
    >>> (cube + cube).rows.tolist()
    [4.0, 4.0]
    """

    arm: str
    by: Columns
    period: str | None
    cells: pd.DataFrame
    rows: Floats
    blocks: tuple[Block, ...]
    caps: dict[str, tuple[str, float]]
    unit: str = "customer"

    @classmethod
    def of(
        cls,
        source: Any,
        *,
        arm: str,
        sets: Sequence[Columns],
        by: Columns = (),
        period: str | None = None,
        caps: dict[str, tuple[str, float]] | None = None,
        unit: str = "customer",
    ) -> "Cube":
        """Cube of rows in memory or of a lazily held Narwhals frame, in one grouped pass.

        Parameters
        ----------
        source : Rows or narwhals LazyFrame
            The campaign's rows.
        arm : str
            Arm column.
        sets : list of tuple of str
            Columns that must be present together, one set a block.
        by : tuple of str
            By-columns.
        period : str, optional
            Period column.
        caps : dict, optional
            Derived columns: name to (column, limit).
        unit : str
            What a row is.

        Returns
        -------
        Cube

        Raises
        ------
        InputError
            If an arm is missing in a row, or a column holds infinite values.

        Notes
        -----
        A second pass over a lazily held frame is made only where a value turns out to be missing.
        """
        keys = [arm, *by, *([period] if period else [])]
        gather = gather_rows if isinstance(source, Rows) else gather_lazy
        cells, rows, parts = gather(source, keys, list(dict.fromkeys(sets)), caps or {})
        if not len(cells):
            raise InputError("The campaign's table holds no customer.")
        lacking = int(rows[cells[arm].isna().to_numpy()].sum())
        if lacking:
            raise InputError(
                "Column '{column}' is missing in {n} rows; every customer needs an arm.", column=arm, n=lacking
            )
        blocks = tuple(Block(names, *arrays) for names, arrays in parts.items())
        for block in blocks:
            infinite = [
                c for c, total in zip(block.columns, block.sums.sum(axis=0), strict=True) if not np.isfinite(total)
            ]
            if infinite:
                raise InputError(
                    "Column '{column}' holds infinite values; allowed are finite numbers.", column=infinite[0]
                )
        return cls(arm, by, period, _named(cells, keys[1:]), rows, blocks, dict(caps or {}), unit)._ordered()

    def _ordered(self) -> "Cube":
        """Put the cells in a fixed order."""
        order = self.cells.astype(str).sort_values(list(self.cells.columns), kind="stable").index.to_numpy()
        blocks = tuple(
            Block(
                b.columns, b.n[order], b.sums[order], b.products[order], b.lows[order], b.highs[order], b.nonzero[order]
            )
            for b in self.blocks
        )
        return self._with(self.cells.loc[order].reset_index(drop=True), self.rows[order], blocks)

    def _with(self, cells: pd.DataFrame, rows: Floats, blocks: tuple[Block, ...]) -> "Cube":
        return Cube(self.arm, self.by, self.period, cells, rows, blocks, self.caps, self.unit)

    @cached_property
    def _held(self) -> dict[str, Any]:
        """Keys of the cells as object arrays."""
        return {key: self.cells[key].to_numpy(dtype=object) for key in self.cells.columns}

    @property
    def arms(self) -> list[Any]:
        """Arms in the cube, in the order of the cells."""
        return list(dict.fromkeys(self.cells[self.arm].tolist()))

    def levels(self, by: str) -> list[Any]:
        """Levels of a by-column, in order."""
        return sorted(dict.fromkeys(self.cells[by].tolist()), key=lambda level: (isinstance(level, str), level))

    def where(self, arm: object, by: str | None = None, level: object = None) -> Any:
        """Which cells belong to an arm and, where given, to a level of a by-column."""
        chosen = self._held[self.arm] == arm
        return chosen if by is None else chosen & (self._held[by] == level)

    def customers(self, arm: object, by: str | None = None, level: object = None) -> float:
        """Count the customers of an arm, complete or not."""
        return float(self.rows[self.where(arm, by, level)].sum())

    def block(self, columns: Columns, arm: object, by: str | None = None, level: object = None) -> Block:
        """Moments of a set of columns over an arm, or over an arm's part at a level."""
        for block in self.blocks:
            if block.columns == columns:
                return block.over(self.where(arm, by, level))
        raise InputError(
            "The cube holds no moments of {columns} together; gather it with the same metrics.", columns=list(columns)
        )

    def until(self, period: object) -> "Cube":
        """Cube of the cells up to and including a period."""
        keep = (self.cells[str(self.period)] <= period).to_numpy(dtype=bool)
        blocks = tuple(
            Block(b.columns, b.n[keep], b.sums[keep], b.products[keep], b.lows[keep], b.highs[keep], b.nonzero[keep])
            for b in self.blocks
        )
        return self._with(self.cells[keep].reset_index(drop=True), self.rows[keep], blocks)

    def __add__(self, other: "Cube") -> "Cube":
        """Cube of both tables' customers together."""
        mine = (self.arm, self.by, self.period, [b.columns for b in self.blocks], self.unit)
        theirs = (other.arm, other.by, other.period, [b.columns for b in other.blocks], other.unit)
        if mine != theirs:
            raise InputError("Cubes add only over the same arm, by-columns, period, metrics and unit.")
        for name, (_, limit) in self.caps.items():
            if other.caps[name][1] != limit:
                raise InputError(
                    "Cubes add only under the same cap: '{name}' is {limit} in one and {other} in the other; gather "
                    "the second with caps= of the first.",
                    name=name,
                    limit=f"{limit:g}",
                    other=f"{other.caps[name][1]:g}",
                )
        cells = pd.concat([self.cells, other.cells], ignore_index=True)
        group = cells.astype(str).groupby(list(cells.columns), sort=False).ngroup().to_numpy()
        first = np.unique(group, return_index=True)[1]
        rows = np.bincount(group, weights=np.concatenate([self.rows, other.rows])).astype(float)
        blocks = tuple(_merged(a, b, group) for a, b in zip(self.blocks, other.blocks, strict=True))
        return self._with(cells.loc[first].reset_index(drop=True), rows, blocks)._ordered()

    def save(self, path: str | Path) -> None:
        """Write the cube to a Parquet file.

        Parameters
        ----------
        path : str or Path
            The file; no row of it is a customer.
        """
        parts = [self.cells, pd.DataFrame({".rows": self.rows})]
        for i, block in enumerate(self.blocks):
            for part in ("n", "sums", "products", "lows", "highs", "nonzero"):
                values = getattr(block, part).reshape(len(self.rows), -1)
                parts.append(pd.DataFrame(values, columns=[f".{i}.{part}.{j}" for j in range(values.shape[1])]))
        table = pd.concat(parts, axis=1)
        about = {
            "arm": self.arm,
            "by": self.by,
            "period": self.period,
            "blocks": [block.columns for block in self.blocks],
            "caps": self.caps,
            "unit": self.unit,
        }
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        pq.write_table(arrow.replace_schema_metadata({**arrow.schema.metadata, FORMAT: json.dumps(about)}), path)

    @classmethod
    def load(cls, path: str | Path) -> "Cube":
        """Cube of a file that `save` wrote.

        Parameters
        ----------
        path : str or Path
            The file.

        Returns
        -------
        Cube

        Raises
        ------
        InputError
            If the file is absent or is no cube.
        """
        if not Path(path).is_file():
            raise InputError("The cube '{path}' does not exist.", path=path)
        try:
            arrow = pq.read_table(path)
            about = json.loads(arrow.schema.metadata[FORMAT])
        except (pa.ArrowInvalid, KeyError, TypeError):
            raise InputError(
                "The file '{path}' is no cube; allowed is a file that Cube.save wrote.", path=path
            ) from None
        table = arrow.to_pandas()
        blocks = tuple(_loaded(table, i, tuple(names)) for i, names in enumerate(about["blocks"]))
        keys = [about["arm"], *about["by"], *([about["period"]] if about["period"] else [])]
        caps = {name: (column, limit) for name, (column, limit) in about["caps"].items()}
        rows = table[".rows"].to_numpy(dtype=float)
        return cls(about["arm"], tuple(about["by"]), about["period"], table[keys], rows, blocks, caps, about["unit"])


def _named(cells: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Cells with a name for the missing level of a by-column."""
    return cells.assign(**{key: cells[key].astype(object).where(cells[key].notna(), MISSING) for key in keys})


def _merged(a: Block, b: Block, group: Any) -> Block:
    size = int(group.max()) + 1

    def added(part: str) -> Floats:
        whole = np.concatenate([getattr(a, part), getattr(b, part)])
        out = np.zeros((size, *whole.shape[1:]))
        np.add.at(out, group, whole)
        return out

    lows, highs = np.full((size, len(a.columns)), np.inf), np.full((size, len(a.columns)), -np.inf)
    np.minimum.at(lows, group, np.concatenate([a.lows, b.lows]))
    np.maximum.at(highs, group, np.concatenate([a.highs, b.highs]))
    return Block(a.columns, added("n"), added("sums"), added("products"), lows, highs, added("nonzero"))


def _loaded(table: pd.DataFrame, i: int, columns: Columns) -> Block:
    k = len(columns)

    def part(name: str, *shape: int) -> Floats:
        names = [f".{i}.{name}.{j}" for j in range(int(np.prod(shape)) if shape else 1)]
        return table[names].to_numpy(dtype=float).reshape(len(table), *shape)

    sums, products = part("sums", k), part("products", k, k)
    return Block(columns, part("n"), sums, products, part("lows", k), part("highs", k), part("nonzero", k))
