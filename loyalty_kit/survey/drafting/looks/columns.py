"""What each column of a file looks like: what kind of cells it holds, how many different ones, how many are missing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from loyalty_kit.core.cells import cell_text
from loyalty_kit.intake.numbers import distinct_cells, marks_of, meaning
from loyalty_kit.intake.numerals.columns import Column as Numerals
from loyalty_kit.intake.numerals.columns import figures
from loyalty_kit.intake.sources import RawTable
from loyalty_kit.statistics.moments import Floats

Kind = Literal["empty", "numbers", "whole", "dates", "words", "text"]
MANY = 200
"""Different cells of a column that are looked at; one with more holds no answers to choose from."""
WORDS = 25
EMPTY = -1
_LONG = 60
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(\s|$)")


@dataclass(frozen=True, eq=False)
class Column:
    """Cells of a column, each different one once.

    Attributes
    ----------
    name, label : str
        As the file calls it, and the file's own wording where it has one.
    rows, distinct : int
        Of the file, and different cells among them.
    codes : array of shape (rows,)
        Position of each row's cell among `texts`; `EMPTY`, or one more where it is beyond the first `MANY`.
    texts : tuple of str
        Different cells, at most `MANY`, the first found first.
    numbers : tuple of float or None
        Number that each is, where it is one.
    counts : tuple of int
        Rows of each.
    missing : int
        Rows without a cell.
    low, high : float or None
        Range, where all cells are numbers.
    value_labels : mapping of float to str
        The file's own labels of its numbers.
    declared : tuple
        Codes that the file declares missing.
    """

    name: str
    label: str
    rows: int
    distinct: int
    codes: np.ndarray
    texts: tuple[str, ...]
    numbers: tuple[float | None, ...]
    counts: tuple[int, ...]
    missing: int
    low: float | None = None
    high: float | None = None
    dated: bool = False
    whole: bool = False
    value_labels: Mapping[float, str] = field(default_factory=dict)
    declared: tuple[Any, ...] = ()

    @cached_property
    def kind(self) -> Kind:
        """What its cells are."""
        if not self.distinct:
            return "empty"
        if self.dated:
            return "dates"
        if self.low is not None:
            return "whole" if self.whole else "numbers"
        short = all(len(text) <= _LONG for text in self.texts)
        shared = self.distinct <= WORDS and self.distinct <= max(2, (self.rows - self.missing) / 2)
        return "words" if short and shared else "text"

    @cached_property
    def unique(self) -> bool:
        """Whether every row has a cell of its own."""
        return self.rows > 1 and not self.missing and self.distinct == self.rows

    @property
    def wording(self) -> str:
        """What the file says of it: its label, else its name."""
        return self.label or self.name

    def values(self, meant: Mapping[str, float]) -> Floats:
        """Row by row, the number that a mapping of texts gives; NaN for others."""
        known = np.array([*(meant.get(text, np.nan) for text in self.texts), np.nan, np.nan])
        return np.asarray(known[self.codes])


def columns_of(table: RawTable) -> list[Column]:
    """Look of each column of a table, in the file's order.

    Examples
    --------
    >>> [column.kind for column in columns_of(RawTable(pd.DataFrame({"a": ["1", "2"], "b": [None, "x"]})))]
    ['whole', 'words']
    """
    frame = table.frame
    return [_column(str(name), frame.iloc[:, position], table) for position, name in enumerate(frame.columns)]


def _column(name: str, cells: pd.Series, table: RawTable) -> Column:
    codes, held = distinct_cells(cells)
    few, rest = held[:-1][:MANY], held[:-1][MANY:]
    marks = marks_of(table.options, decimal_comma=table.decimal_comma)
    numbers: dict[str, float | None] = {}
    for cell, meant in zip(few, figures(few, marks, Numerals()).cells, strict=True):
        numbers.setdefault(cell_text(cell), meant if isinstance(meant, float) else None)
    texts = tuple(filter(None, numbers))
    position = {text: place for place, text in enumerate(texts)}
    places = [position.get(cell_text(cell), EMPTY) for cell in few] + [len(texts)] * len(rest)
    codes = np.array([*places, EMPTY])[codes]
    low, high, whole = _range([numbers[text] for text in texts], rest)
    return Column(
        name=name,
        label=" ".join(str(table.column_labels.get(name) or "").split()),
        rows=len(cells),
        distinct=len(texts) + len(rest),
        codes=codes,
        texts=texts,
        numbers=tuple(numbers[text] for text in texts),
        counts=tuple(np.bincount(codes[codes >= 0], minlength=len(texts))[: len(texts)].tolist()),
        missing=int((codes == EMPTY).sum()),
        low=low,
        high=high,
        whole=whole,
        dated=_dated(cells, texts),
        value_labels=_numbered(table.value_labels.get(name, {})),
        declared=tuple(table.missing.get(name, ())),
    )


def _range(numbers: list[float | None], rest: list[float | str]) -> tuple[float | None, float | None, bool]:
    """Lowest and highest number and whether all are whole, where all cells are numbers."""
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return None, None, False
    others = pd.to_numeric(pd.Series(rest, dtype=object), errors="coerce") if rest else pd.Series(dtype=float)
    held = np.array([*known, *others.astype(float)], dtype=float)
    if np.isnan(held).any():
        return None, None, False
    return float(held.min()), float(held.max()), bool((held == np.round(held)).all())


def _dated(cells: pd.Series, shown: tuple[str, ...]) -> bool:
    if pd.api.types.is_datetime64_any_dtype(cells):
        return True
    return bool(shown) and all(_DATE.match(text) for text in shown[:20])


def _numbered(labels: Mapping[Any, str]) -> dict[float, str]:
    """Labels by their numbers; those of texts are left out."""
    found = ((meaning(cell_text(value)), cell_text(label)) for value, label in labels.items())
    return {value: label for value, label in found if isinstance(value, float)}
