"""A campaign's rows in memory: columns as arrays, keys as codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from loyalty_kit.campaigns.design.gaps import gap_of
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.intake.panels.frames import is_lazy
from loyalty_kit.statistics.moments_in_memory import level_codes

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

SIZE = "customers in the cluster"
"""Column that holds how many customers a cluster has."""

MISSING = "(missing)"
"""Level that stands for a missing value of a by-column."""


@dataclass(frozen=True, eq=False)
class Rows(Summarized):
    """Columns of an eager frame, turned into arrays on demand and kept.

    Attributes
    ----------
    frame : narwhals DataFrame
        The rows.
    caps : dict
        Derived columns: name to (column, limit).
    fill : dict
        What stands for a missing value of a column; of a covariate beside its indicator.
    """

    frame: Any
    caps: dict[str, tuple[str, float]] = field(default_factory=dict)
    fill: Mapping[str, float] = field(default_factory=dict)
    _values: dict[str, Floats] = field(default_factory=dict)
    _codes: dict[str, tuple[Whole, list[Any]]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Count of rows."""
        return int(self.frame.shape[0])

    def values(self, name: str) -> Floats:
        """Numbers of a column, NaN where missing."""
        if name not in self._values:
            self._values[name] = self._read(name)
        return self._values[name]

    def _read(self, name: str) -> Floats:
        if name in self.caps:
            column, limit = self.caps[name]
            return np.minimum(self.values(column), limit)
        if (of := gap_of(name)) in self.fill:
            return np.isnan(self._stored(of)).astype(float)
        read = self._stored(name)
        return np.where(np.isnan(read), self.fill[name], read) if name in self.fill else read

    def _stored(self, name: str) -> Floats:
        return np.asarray(self.frame[name].cast(nw.Float64).to_numpy(), dtype=float)

    def matrix(self, names: Sequence[str]) -> Floats:
        """Columns side by side, rows × names."""
        return np.column_stack([self.values(name) for name in names]) if names else np.empty((len(self), 0))

    def codes(self, name: str) -> tuple[Whole, list[Any]]:
        """Level number of each row and the levels; a missing value is a level of its own, last."""
        if name not in self._codes:
            self._codes[name] = level_codes(self.frame[name].to_pandas())
        return self._codes[name]

    def where(self, name: str, level: object) -> npt.NDArray[np.bool_]:
        """Rows that hold a level."""
        codes, levels = self.codes(name)
        wanted = None if level == MISSING and MISSING not in levels else level
        return codes == levels.index(wanted) if wanted in levels else np.zeros(len(self), dtype=bool)


def pooled_quantile(frame: Any, column: str, at: float, zero_fill: bool) -> float:
    """Quantile of a column over every customer, linear between order statistics."""
    if not is_lazy(frame):
        values = np.asarray(frame[column].cast(nw.Float64).to_numpy(), dtype=float)
        values = np.nan_to_num(values, nan=0.0) if zero_fill else values[~np.isnan(values)]
        return float(np.quantile(values, at)) if len(values) else float("nan")
    number = nw.col(column).cast(nw.Float64)
    number = number.fill_null(0.0) if zero_fill else number
    table = frame.select(number.quantile(at, interpolation="linear").alias("q"))
    return float(table.collect()["q"].to_list()[0])
