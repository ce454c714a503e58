"""The cube: counts, means and centred cross-products per arm and cell; all that most estimates ever see."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from loyalty_kit.campaigns.design.gaps import with_gaps, without_gaps
from loyalty_kit.campaigns.design.moments_by_cell import moments_by_cell
from loyalty_kit.campaigns.design.rows import MISSING, Floats
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.summaries import Summarized, column_list, labels_and_counts
from loyalty_kit.statistics.grouped_moments import Block, Columns, GroupedMoments

FORMAT = b"loyalty_kit.cube.moments"


@dataclass(frozen=True, eq=False)
class Cube(Summarized):
    """Moments of a campaign's columns by arm, by-columns and period; ``+`` adds two exactly.

    Attributes
    ----------
    arm : str
        Name of the arm column.
    by : tuple of str
        Names of the by-columns.
    period : str or None
        Name of the period column.
    moments : GroupedMoments
        Arm, by-levels and period of each cell, its customers, complete or not, and the moments of each set
        of columns that a metric reads together.
    caps : dict
        Derived columns: name to (column, limit).
    unit : str
        What a row was: 'customer', or the name of the cluster column.
    gaps : dict
        What stands for a missing value of a covariate, beside its indicator.

    Examples
    --------
    >>> from loyalty_kit.campaigns.design.metrics import Mean
    >>> from loyalty_kit.campaigns.campaign import Campaign
    >>> day = pd.DataFrame({"arm": ["A", "A", "none", "none"], "spend": [0.0, 9.0, 0.0, 5.0]})
    >>> cube = Campaign(day, arm="arm", control="none").cube([Mean("spend")])
    >>> (cube + cube).rows.tolist()
    [4.0, 4.0]
    """

    arm: str
    by: Columns
    period: str | None
    moments: GroupedMoments
    caps: dict[str, tuple[str, float]]
    unit: str = "customer"
    gaps: dict[str, float] = field(default_factory=dict)

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
        """Cube of rows in memory or of a lazily held Narwhals frame, by group.

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
        A second pass over a lazily held frame is made only where a value turns out to be missing or where
        raw sums would lose digits.
        """
        keys = [arm, *by, *([period] if period else [])]
        moments = moments_by_cell(source, keys, list(dict.fromkeys(sets)), caps or {})
        if not len(moments.rows):
            raise InputError("The campaign's table holds no customer.")
        lacking = int(moments.rows[moments.groups[arm].isna().to_numpy()].sum())
        if lacking:
            raise InputError(
                "Column '{column}' is missing in {n} rows; every customer needs an arm.", column=arm, n=lacking
            )
        infinite = moments.infinite()
        if infinite is not None:
            raise InputError("Column '{column}' holds infinite values; allowed are finite numbers.", column=infinite)
        cells = _named(moments.groups, keys[1:])
        return cls(arm, by, period, replace(moments, groups=cells).ordered(), dict(caps or {}), unit)

    @property
    def cells(self) -> pd.DataFrame:
        """Arm, by-levels and period of each cell."""
        return self.moments.groups

    @property
    def rows(self) -> Floats:
        """Customers in each cell, complete or not."""
        return self.moments.rows

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Moments of each set of columns that a metric reads together."""
        return self.moments.blocks

    @cached_property
    def _held(self) -> dict[str, Any]:
        """Keys of the cells as object arrays."""
        return {key: self.cells[key].to_numpy(dtype=object) for key in self.cells.columns}

    def _facts(self) -> dict[str, object]:
        arms = {arm: self.customers(arm) for arm in self.arms}
        columns = dict.fromkeys(column for block in self.blocks for column in block.columns)
        return {
            "customers": f"{self.rows.sum():.0f}",
            "arms": labels_and_counts(arms),
            "by": column_list(self.by),
            "period": repr(self.period),
            "unit": repr(self.unit),
            "cells": len(self.cells),
            "columns": column_list(columns),
        }

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
        block = self.moments.block(columns)
        if block is not None:
            return block.over(self.where(arm, by, level))
        raise InputError(
            "The cube holds no moments of {columns} together; gather it with the same metrics.", columns=list(columns)
        )

    def only(self, arms: Sequence[Any]) -> "Cube":
        """Cube of some of the arms."""
        keep = self.cells[self.arm].isin(list(arms)).to_numpy(dtype=bool)
        return replace(self, moments=self.moments.take(np.flatnonzero(keep)))

    def until(self, period: object) -> "Cube":
        """Cube of the cells up to and including a period."""
        keep = (self.cells[str(self.period)] <= period).to_numpy(dtype=bool)
        return replace(self, moments=self.moments.take(np.flatnonzero(keep)))

    def __add__(self, other: "Cube") -> "Cube":
        """Cube of both tables' customers together."""
        mine = (self.arm, self.by, self.period, [without_gaps(b.columns) for b in self.blocks], self.unit)
        theirs = (other.arm, other.by, other.period, [without_gaps(b.columns) for b in other.blocks], other.unit)
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
        gaps = other.gaps | self.gaps
        moments = with_gaps(self.moments, self.gaps, gaps) + with_gaps(other.moments, other.gaps, gaps)
        return replace(self, moments=moments, gaps=gaps)

    def save(self, path: str | Path) -> None:
        """Write the cube to a Parquet file.

        Parameters
        ----------
        path : str or Path
            The file; no row of it is a customer.
        """
        parts = [self.cells, pd.DataFrame({".rows": self.rows})]
        for i, block in enumerate(self.blocks):
            for part, held in block.parts().items():
                values = held.reshape(len(self.rows), -1)
                parts.append(pd.DataFrame(values, columns=[f".{i}.{part}.{j}" for j in range(values.shape[1])]))
        table = pd.concat(parts, axis=1)
        about = {
            "arm": self.arm,
            "by": self.by,
            "period": self.period,
            "blocks": [block.columns for block in self.blocks],
            "caps": self.caps,
            "unit": self.unit,
            "gaps": self.gaps,
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
        moments = GroupedMoments(table[keys], rows, blocks)
        gaps = about.get("gaps", {})
        return cls(about["arm"], tuple(about["by"]), about["period"], moments, caps, about["unit"], gaps)


def _named(cells: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Cells with a name for the missing level of a by-column."""
    return cells.assign(**{key: cells[key].astype(object).where(cells[key].notna(), MISSING) for key in keys})


def _loaded(table: pd.DataFrame, i: int, columns: Columns) -> Block:
    k = len(columns)

    def part(name: str, *shape: int) -> Floats:
        names = [f".{i}.{name}.{j}" for j in range(int(np.prod(shape)) if shape else 1)]
        return table[names].to_numpy(dtype=float).reshape(len(table), *shape)

    counts = part("n"), part("weights"), part("weight_squares")
    extremes = part("lows", k), part("highs", k), part("nonzero", k)
    return Block(columns, *counts, part("means", k), part("scatter", k, k), *extremes)
