"""Frames of any kind that Narwhals takes: opened, checked, and what is needed of them fetched."""

import re
from collections.abc import Iterable
from numbers import Number
from typing import Any

import narwhals as nw

from loyalty_kit.core.checks import check_columns
from loyalty_kit.core.errors import InputError
from loyalty_kit.core.messages import Message, message

_AMOUNT = re.compile(
    r"[-−]?\s*((?:[A-Z]{1,2})?[$€£¥￥₩₹]|[A-Z]{3})?\s*[-−]?\d[\d.,' \u00a0]*\s*([$€£¥￥₩₹]|元|[A-Z]{3})?"
)

CAMPAIGN = message("The campaign's table")


def open_frame(frame: Any) -> Any:
    """Narwhals view of any frame that Narwhals takes."""
    try:
        return nw.from_native(frame)
    except nw.exceptions.DuplicateError:
        raise InputError("The table has two columns of one name; each column needs its own.") from None
    except TypeError:
        raise InputError(
            "'frame' must be a table: pandas, Polars, a DuckDB relation, PySpark or Dask; got {given}.",
            given=type(frame).__name__,
        ) from None


def is_lazy(frame: Any) -> bool:
    """Whether the rows lie elsewhere and only aggregates should be fetched."""
    return isinstance(frame, nw.LazyFrame)


def check_frame(frame: Any, keys: Iterable[str], values: Iterable[str], what: Message = CAMPAIGN) -> None:
    """Refuse a frame that lacks a column, or holds text where numbers are needed."""
    schema = frame.collect_schema()
    check_columns(schema.names(), dict.fromkeys([*keys, *values]), what)
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


def count_rows(frame: Any) -> int:
    """Count the rows of a frame, wherever they lie."""
    return int(frame.select(nw.len().alias("n")).collect()["n"].to_list()[0]) if is_lazy(frame) else len(frame)


def collected(frame: Any, columns: Iterable[str]) -> Any:
    """Fetch the named columns into memory."""
    table = frame.select(list(dict.fromkeys(columns)))
    return table.collect() if is_lazy(table) else table
