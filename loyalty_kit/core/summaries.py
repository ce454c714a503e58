"""What a bare object shows: counts and columns, never a row of the data that it holds."""

from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import Field, fields
from html import escape
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from loyalty_kit.core.selection import FEWEST

_MOST = 8


class Summarized:
    """Base of dataclasses that hold data: what they show of themselves is a short summary, in which no row stands."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __init_subclass__(cls, **options: Any) -> None:
        """Keep the summary: a dataclass writes out every field, rows among them, unless its class has a repr."""
        super().__init_subclass__(**options)
        if "__repr__" not in vars(cls):
            cls.__repr__ = Summarized.__repr__  # type: ignore[method-assign]

    def _facts(self) -> dict[str, object]:
        """Name what the summary tells: numbers as they are, tables and lists by their size, no text."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.repr}
        told = {name: _fact(value) for name, value in values.items()}
        return {name: fact for name, fact in told.items() if fact != ""}

    def __repr__(self) -> str:
        """Class and facts, in one line."""
        return f"{type(self).__name__}({', '.join(f'{name}={fact}' for name, fact in self._facts().items())})"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"


def _fact(value: object) -> str:
    """Fact about a field's value; none where only the value itself would be one."""
    if isinstance(value, bool | np.bool_ | int | np.integer):
        return str(value)
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, pd.DataFrame | np.ndarray):
        return " × ".join(map(str, value.shape))
    if isinstance(value, str | bytes) or not isinstance(value, Sized) or not len(value):
        return ""
    return f"{len(value)} entries"


def labels_and_counts(counts: Mapping[Any, float]) -> str:
    """Labels with their counts, the first few of many, but those that hardly anybody shares: they may be people's.

    Examples
    --------
    >>> labels_and_counts({"holdout": 100, "points": 450, "alice": 1})
    "['holdout': 100, 'points': 450, 1 below 5]"
    """
    common = [f"{str(label)!r}: {n:.0f}" for label, n in counts.items() if n >= FEWEST]
    rare, more = len(counts) - len(common), len(common) - _MOST
    ends = [f"{more} more"] * (more > 0) + [f"{rare} below {FEWEST}"] * (rare > 0)
    return f"[{', '.join([*common[:_MOST], *ends])}]"


def column_list(columns: Iterable[object]) -> str:
    """Names in quotation marks, the first few of many.

    Examples
    --------
    >>> column_list(("arm", "spend"))
    "['arm', 'spend']"
    """
    listed = [repr(str(name)) for name in columns]
    return f"[{', '.join(listed[:_MOST] + [f'{len(listed) - _MOST} more'] * (len(listed) > _MOST))}]"


def without_few(table: pd.DataFrame) -> pd.DataFrame:
    """Table without the rows that are about hardly anybody, as the columns 'n' and 'n_…' have it.

    Examples
    --------
    >>> without_few(pd.DataFrame({"group": ["store", "alice"], "n": [40, 1]}))["group"].tolist()
    ['store']
    """
    counts = [name for name in map(str, table.columns) if name == "n" or name.startswith("n_")]
    return table[~((table[counts] > 0) & (table[counts] < FEWEST)).any(axis=1)]


def html_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Table as HTML, its texts escaped.

    Examples
    --------
    >>> html_table(("item",), [("a<b",)])
    '<table><thead><tr><th>item</th></tr></thead><tbody><tr><td>a&lt;b</td></tr></tbody></table>'
    """
    above = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{above}</tr></thead><tbody>{body}</tbody></table>"
