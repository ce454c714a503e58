"""A campaign's rows in memory: columns as arrays, keys as codes; and the checks that any frame passes first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Number
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from loyalty_kit.campaigns.design.gaps import gap_of
from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message
from loyalty_kit.core.summaries import Summarized
from loyalty_kit.statistics.moments_in_memory import level_codes

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

_AMOUNT = re.compile(
    r"[-−]?\s*((?:[A-Z]{1,2})?[$€£¥￥₩₹]|[A-Z]{3})?\s*[-−]?\d[\d.,' \u00a0]*\s*([$€£¥￥₩₹]|元|[A-Z]{3})?"
)

SIZE = "customers in the cluster"
"""Column that holds how many customers a cluster has."""

MISSING = "(missing)"
"""Level that stands for a missing value of a by-column."""


def open_frame(frame: Any) -> Any:
    """Narwhals view of any frame that Narwhals takes."""
    try:
        return nw.from_native(frame)
    except nw.exceptions.DuplicateError:
        raise InputError("The campaign's table has two columns of one name; each column needs its own.") from None
    except TypeError:
        raise InputError(
            "'frame' must be a table: pandas, Polars, a DuckDB relation, PySpark or Dask; got {given}.",
            given=type(frame).__name__,
        ) from None


def is_lazy(frame: Any) -> bool:
    """Whether the rows lie elsewhere and only aggregates should be fetched."""
    return isinstance(frame, nw.LazyFrame)


def check_frame(frame: Any, keys: Iterable[str], values: Iterable[str]) -> None:
    """Refuse a frame that lacks a column, or holds text where numbers are needed."""
    schema = frame.collect_schema()
    check_columns(schema.names(), dict.fromkeys([*keys, *values]), message("The campaign's table"))
    for name in dict.fromkeys(values):
        kind = schema[name]
        if kind.is_numeric() or kind == nw.Boolean or (kind == nw.Object and _all_numbers(frame[name])):
            continue
        raise InputError(
            "Column '{column}' holds {content}; store it as numbers, or as true and false.",
            column=name,
            content=_content(frame, name, kind),
        )


def _all_numbers(column: Any) -> bool:
    """Whether a column of objects holds nothing but numbers, as decimals from a database."""
    return all(isinstance(value, Number) or value is None or value != value for value in column.to_list())


def _content(frame: Any, name: str, kind: Any) -> Message:
    """Say what a column holds in place of numbers: of amounts as text, what makes them text."""
    if kind not in (nw.String, nw.Categorical, nw.Enum, nw.Object, nw.Unknown):
        return message("{dtype}", dtype=kind)
    if not is_lazy(frame):
        texts = [str(value) for value in frame[name].to_list() if isinstance(value, str)]
        amounts = [found for text in texts if (found := _AMOUNT.fullmatch(text.strip())) is not None]
        if texts and 2 * len(amounts) > len(texts):
            sign = next((found[1] or found[2] for found in amounts if found[1] or found[2]), None)
            if sign:
                return message("amounts with the sign '{sign}'", sign=sign)
            if any(set(text) & set(",' ") for text in texts):
                return message("numbers with marks between their digits")
    return message("mixed values") if kind in (nw.Object, nw.Unknown) else message("text")


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


def count_rows(frame: Any) -> int:
    """Count the rows of a frame, wherever they lie."""
    return int(frame.select(nw.len().alias("n")).collect()["n"].to_list()[0]) if is_lazy(frame) else len(frame)


def collected(frame: Any, columns: Iterable[str]) -> Any:
    """Fetch the named columns into memory."""
    table = frame.select(list(dict.fromkeys(columns)))
    return table.collect() if is_lazy(table) else table


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
