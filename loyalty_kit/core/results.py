"""What every result object shares: a tidy table, its display in a notebook, and the data behind it."""

import math
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from loyalty_kit.core.estimates import Estimate
from loyalty_kit.core.messages import on_display
from loyalty_kit.core.selection import FEWEST
from loyalty_kit.core.summaries import Summarized, without_few
from loyalty_kit.core.tables import MIME, TableColumn, TableData, Value


def keep_messages(table: pd.DataFrame, records: Sequence[Mapping[str, object]], *columns: str) -> pd.DataFrame:
    """Table of records whose columns hold messages as such: pandas makes plain text of them by itself."""
    kept = {name: [record[name] for record in records] for name in columns}
    return table.assign(**{name: pd.Series(told, index=table.index, dtype=object) for name, told in kept.items()})


@dataclass(frozen=True, eq=False)
class Result(Summarized, ABC):
    """Base of the frozen result objects: a tidy table, shown by JupyterLab, with its warnings below."""

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Tidy table of the result, with fixed columns."""

    def estimates(self) -> tuple[Estimate, ...]:
        """Figures that `lk.record(result)` keeps from run to run; none unless the result says which.

        Their names are the same in each language and from run to run; those that are no numbers are not kept.
        """
        return ()

    def _facts(self) -> dict[str, object]:
        return {"n_used": f"below {FEWEST}"} if self._is_about_few() else super()._facts()

    def _is_about_few(self) -> bool:
        """Whether so few stand behind the result that it tells what single people answered."""
        return 0 < getattr(self, "n_used", FEWEST) < FEWEST

    def _shown(self) -> pd.DataFrame:
        """Rows of the table that a bare result shows: none about hardly anybody, for these may be told by it."""
        return without_few(self.to_frame())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Give the data of the table that is shown, for a workbook; none where only a summary is."""
        if self._is_about_few() or type(self)._repr_html_ is not Result._repr_html_:
            return {}
        return {MIME: of_frame(self._shown()).to_dict()}

    def _repr_html_(self) -> str:
        if self._is_about_few():
            return super()._repr_html_()
        shown = self._shown()
        hidden = len(self.to_frame()) - len(shown)
        table = shown.to_html(index=False, float_format="{:.3f}".format, na_rep="–", border=0)
        told = f"Rows about fewer than {FEWEST}, or about groups of unknown size, that are not shown: {hidden}."
        warnings = [escape(on_display(text)) for text in getattr(self, "warnings", ())]
        below = [f"<p>{told}</p>"] * (hidden > 0) + [f"<p><strong>Warning:</strong> {text}</p>" for text in warnings]
        return table + "".join(below)


def value(given: Any) -> Value:
    """Value as JSON knows it: a number as such where it is finite, None for what is missing, else text.

    Examples
    --------
    >>> value(0.72), value(float("nan")), value(pd.Timestamp("2026-11-22").date())
    (0.72, None, '2026-11-22')
    """
    if isinstance(given, str):
        return str(given)
    if given is None or (pd.api.types.is_scalar(given) and pd.isna(given)):
        return None
    if isinstance(given, bool) or not pd.api.types.is_number(given):
        return str(given)
    plain: Any = given.item() if hasattr(given, "item") else given
    if isinstance(plain, int):
        return plain
    number = float(plain)
    return number if math.isfinite(number) else str(number)


def column(heading: Hashable, values: Iterable[Any], *, unit: str = "") -> tuple[TableColumn, list[Value]]:
    """Column and its values; it is one of numbers where any of them is."""
    plain = [value(one) for one in values]
    numeric = any(isinstance(one, int | float) for one in plain)
    return TableColumn(str(heading), unit, "number" if numeric else "text"), plain


def table_of(
    columns: Sequence[tuple[TableColumn, list[Value]]], *, name: str, title: str, notes: Sequence[str] = ()
) -> TableData:
    """Table of columns with their values."""
    heads, values = tuple(head for head, _ in columns), [list(cells) for _, cells in columns]
    return TableData(name, title, heads, tuple(zip(*values, strict=True)), tuple(notes))


def of_frame(frame: pd.DataFrame, *, title: str = "", index: bool = False) -> TableData:
    """Table of a frame, its index first where that is wanted."""
    shown = frame.reset_index() if index else frame
    columns = [column(name, shown.iloc[:, place]) for place, name in enumerate(shown.columns)]
    return table_of(columns, name="", title=title)
