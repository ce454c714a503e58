"""The one pass over a log: what each customer bought and gave back on each day."""

from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from loyalty_kit.core.selection import cell_texts
from loyalty_kit.customers.transactions.columns import Columns

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DAY, BOUGHT, SPEND, REFUNDS, KNOWN = "lk_day", "lk_orders", "lk_spend", "lk_refunds", "lk_known"
NOTHING = 0.0005
"""Amounts of an order up to this are nothing: lines that cancel out leave rounding."""
WIDEST = 2**46
"""Numbers of customers that lie within this are taken as they are: beside 350 years of days they fit in one word."""
MICROSECONDS = 86_400_000_000


class Orders(NamedTuple):
    """Orders in memory: the customer's number, microseconds since 1970, amount.

    The number is the place among `ids`, or, where `ids` is a whole number, what the id lies above it.
    """

    ids: pd.Series | int
    customer: Whole
    time: Whole
    amount: Floats


class CustomerDays(NamedTuple):
    """Rows of customer and day, in any order: numbers as in `Orders`, days since 1970, orders, spend, refunds (< 0)."""

    ids: pd.Series | int
    customer: Whole
    day: Whole
    orders: Floats
    spend: Floats
    refunds: Floats


def known_rows(frame: Any, columns: Columns) -> Any:
    """Rows that say who bought, when and for how much."""
    known = [~is_absent(frame, name) for name in (columns.customer, columns.time, columns.amount)]
    if isinstance(frame, nw.LazyFrame):
        return frame.filter(*known)
    kept = frame.select(nw.all_horizontal(*known, ignore_nulls=False).alias(KNOWN))[KNOWN]
    return frame if kept.all() else frame.filter(kept)


def is_absent(frame: Any, name: str) -> Any:
    """Whether a cell says nothing: null, not a number, or blank text."""
    kind, cell = frame.collect_schema()[name], nw.col(name)
    if kind.is_float():
        return cell.is_null() | cell.is_nan()
    if kind == nw.String:
        return cell.is_null() | (cell.str.strip_chars() == "")
    return cell.is_null()


def local_time(frame: Any, columns: Columns, timezone: str | None) -> Any:
    """Log whose times are those of the clock on the wall in `timezone`, or in their own."""
    kind = frame.collect_schema()[columns.time]
    if getattr(kind, "time_zone", None) is None:
        return frame
    time = nw.col(columns.time)
    time = time.dt.convert_time_zone(timezone) if timezone else time
    return frame.with_columns(time.dt.replace_time_zone(None).alias(columns.time))


def fetched(frame: Any) -> Any:
    """Rows in memory; Polars streams them, with half the memory at a third of the time."""
    if not isinstance(frame, nw.LazyFrame):
        return frame
    options = {"engine": "streaming"} if frame.implementation.is_polars() else {}
    return frame.collect("pyarrow", **options)


def one_row_an_order(rows: Any, columns: Columns) -> Any:
    """Rows of one order of a customer as one, at its first time, with its amount."""
    if columns.order is None:
        return rows
    grouped = rows.group_by(columns.customer, columns.order).agg(
        nw.col(columns.time).min(), nw.col(columns.amount).cast(nw.Float64).sum()
    )
    return grouped.drop(columns.order)


def days_by_engine(rows: Any, columns: Columns) -> CustomerDays:
    """Customer-days grouped by the engine that holds the log.

    Notes
    -----
    Orders are counted as floating numbers: DuckDB gives sums of whole ones as 128-bit numbers, which become Python
    objects in memory.
    """
    amount = nw.col(columns.amount).cast(nw.Float64)
    grouped = (
        one_row_an_order(rows, columns)
        .with_columns(
            nw.col(columns.time).cast(nw.Date).alias(DAY),
            nw.when(amount > NOTHING).then(1.0).otherwise(0.0).alias(BOUGHT),
            nw.when(amount > NOTHING).then(amount).otherwise(0.0).alias(SPEND),
            nw.when(amount < -NOTHING).then(amount).otherwise(0.0).alias(REFUNDS),
        )
        .group_by(columns.customer, DAY)
        .agg(*(nw.col(name).sum() for name in (BOUGHT, SPEND, REFUNDS)))
    )
    table = fetched(grouped).to_arrow()
    customer, ids = _coded(table[columns.customer])
    day = table[DAY].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    sums = (np.asarray(table[name].cast(pa.float64())) for name in (BOUGHT, SPEND, REFUNDS))
    return CustomerDays(ids, customer, day, *sums)


def orders_in_memory(rows: Any, columns: Columns) -> Orders:
    """Orders of a log, fetched: where rows have no orders, each is one."""
    names = [columns.customer, columns.time, columns.amount, *([columns.order] if columns.order else [])]
    chosen = rows.select(names)
    table = fetched(chosen).to_arrow()
    customer, ids = _coded(table[columns.customer])
    time = table[columns.time].cast(pa.timestamp("us"), safe=False).cast(pa.int64()).to_numpy()
    amount = np.asarray(table[columns.amount].cast(pa.float64()))
    if columns.order is None:
        return Orders(ids, customer, time, amount)
    order = np.asarray(_codes(table[columns.order]), dtype=np.int64)
    width = int(order.max(initial=0)) + 2
    sorting = np.argsort(customer * width + order, kind="stable")
    key = (customer * width + order)[sorting]
    starts = np.flatnonzero(np.r_[True, np.diff(key) != 0][: len(key)])
    return Orders(
        ids,
        customer[sorting][starts],
        np.minimum.reduceat(time[sorting], starts) if len(starts) else time,
        np.add.reduceat(amount[sorting], starts) if len(starts) else amount,
    )


def of_returning(orders: Orders) -> Orders:
    """Orders of the customers who gave something back, refunds and purchases."""
    returning = np.unique(orders.customer[orders.amount < 0])
    place = np.searchsorted(returning, orders.customer)
    kept = np.flatnonzero(place < len(returning))
    kept = kept[returning[place[kept]] == orders.customer[kept]]
    return Orders(texts_of(orders.ids, returning), place[kept], orders.time[kept], orders.amount[kept])


def texts_of(ids: pd.Series | int, numbers: Whole) -> pd.Series:
    """Texts of customers' ids by their numbers."""
    if isinstance(ids, int):
        texts: pd.Series = pa.array(numbers + ids).cast(pa.string()).to_pandas()
        return texts
    return ids.iloc[numbers].reset_index(drop=True)


def days_of(orders: Orders) -> CustomerDays:
    """Customer-days of orders in memory, one row an order: the ledger adds up what falls on one day."""
    bought, back = orders.amount > NOTHING, orders.amount < -NOTHING
    return CustomerDays(
        orders.ids,
        orders.customer,
        orders.time // MICROSECONDS,
        bought.astype(float),
        np.where(bought, orders.amount, 0.0),
        np.where(back, orders.amount, 0.0),
    )


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.intp]:
    coded = column.combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.cast(pa.int64()).fill_null(-1)).astype(np.intp) + 1


def _coded(column: pa.ChunkedArray) -> tuple[Whole, pd.Series | int]:
    """Give the number of each row's customer, and what numbers stand for: 17850.0 and '17850' are one customer."""
    if pa.types.is_integer(column.type) and len(column):
        # Each whole number has a text of its own, so that nothing is merged.
        numbers = np.asarray(column)
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < WIDEST:
            return np.subtract(numbers, low, dtype=np.int64), low
    coded = column.combine_chunks().dictionary_encode()
    texts = cell_texts(pd.Series(coded.dictionary.to_pandas()))
    merged, ids = pd.factorize(texts)
    return merged[np.asarray(coded.indices)].astype(np.int64), pd.Series(ids)
